package live

import (
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

func z(epoch int64, counter uint32) wire.Zxid { return wire.MakeZxid(epoch, counter) }

func n(epoch int64, counter uint32) int64 { return int64(z(epoch, counter)) }

// opened is a play in which A leads B in epoch 1 and both applied 1:1; C idles.
func opened() *play {
	p := newPlay()
	p.elect(A, 1, 0, B)
	p.write(A, z(1, 1), znode("a"), B)
	return p
}

// plays tells for each invariant how it holds (want empty) and how it breaks.
var plays = []struct {
	want, story string
	act         func(p *play)
}{
	{"", "writes, all servers", func(p *play) {
		p.write(A, z(1, 2), znode("b"), B)
	}},
	{"", "the rejoining server gets a DIFF", func(p *play) {
		p.accept(C, 1)
		p.append(C, z(1, 1))
		p.apply(C, z(1, 1))
		p.disks[C].sync()
		p.join(C, 1, z(1, 1))
		p.fact(C, facts.UpToDate, 1, n(1, 1))
		p.write(A, z(1, 2), znode("b"), B, C)
	}},
	{"", "the rejoining server gets a snapshot and what is in flight", func(p *play) {
		p.accept(C, 1)
		p.propose(A, z(1, 2), znode("b"))
		p.load(C, A, z(1, 1))
		p.append(C, z(1, 2))
		p.disks[C].sync()
		p.join(C, 1, z(1, 2))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.fact(A, facts.Committed, n(1, 2), bit(A, C))
		p.apply(C, z(1, 2))
		p.fact(C, facts.UpToDate, 1, n(1, 2))
	}},
	{"", "a tail that was never committed is cut; another leader's takes its place", func(p *play) {
		p.propose(A, z(1, 2), znode("lost"))
		p.append(A, z(1, 2))
		p.disks[A].sync()
		p.crash(A)
		p.accept(C, 1)
		p.crash(B)
		p.boot(B)
		p.discover(B, 2, z(1, 1), C)
		p.append(C, z(1, 1))
		p.disks[C].sync()
		p.join(C, 2, z(1, 1))
		p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
		p.propose(B, z(2, 1), znode("new"))
		p.append(B, z(2, 1))
		p.ack(B, z(2, 1))
		p.boot(A)
		p.accept(A, 2)
		p.truncate(A, z(1, 1))
		p.append(A, z(2, 1))
		p.disks[A].sync()
		p.join(A, 2, z(2, 1))
		p.fact(B, facts.Committed, n(2, 1), bit(A, B))
		p.apply(A, z(2, 1))
		p.fact(A, facts.UpToDate, 2, n(2, 1))
	}},
	{"", "a tail survives the crash of all and is committed by establishment", func(p *play) {
		p.propose(A, z(1, 2), znode("kept"))
		p.append(A, z(1, 2))
		p.append(B, z(1, 2))
		p.disks[A].sync()
		p.disks[B].sync()
		p.crash(A)
		p.crash(B)
		p.boot(A)
		p.boot(B)
		p.elect(A, 2, z(1, 2), B)
		p.write(A, z(2, 1), znode("c"), B)
	}},
	{"", "a crash hits a server that has cut its log and not said so yet", func(p *play) {
		p.tailOnA(func() {
			p.fact(B, facts.SyncTrunc, 1, n(1, 2), n(1, 1))
			p.cut(A, z(1, 1))
			p.disks[A].sync()
			p.crash(A)
			p.boot(A)
		})
	}},
	{"", "a term ends after the log was cut and before that was said", func(p *play) {
		p.tailOnA(func() {
			p.boot(A)
			p.accept(A, 2)
			p.fact(B, facts.SyncTrunc, 1, n(1, 2), n(1, 1))
			p.cut(A, z(1, 1))
			p.disks[A].sync()
			p.fact(A, facts.ElectionStarted, 5, n(1, 1), 1)
			p.epoch(A, acceptedEpoch, 2)
			p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
			p.join(A, 2, z(1, 1))
			p.propose(B, z(2, 1), znode("new"))
			p.append(A, z(2, 1))
			p.ack(A, z(2, 1))
		})
	}},
	{AckDurability, "an acknowledged tail vanishes though nobody told to cut it", func(p *play) {
		p.tailOnA(func() {
			p.cut(A, z(1, 1))
			p.disks[A].sync()
			p.boot(A)
		})
	}},
	{CommittedDurable, "a truncation that was never stated took a committed transaction", func(p *play) {
		p.fact(A, facts.SyncTrunc, 2, n(1, 1), 0)
		p.cut(B, 0)
		p.fact(B, facts.ElectionStarted, 5, 0, 1)
	}},
	{EpochSanity, "currentEpoch is durable before the history it stands for (ZOOKEEPER-4643)", func(p *play) {
		p.accept(C, 1)
		p.epoch(C, currentEpoch, 1)
		p.append(C, z(1, 1))
		p.write(A, z(1, 2), znode("b"), B)
		p.elect(A, 2, z(1, 2), B)
		p.accept(C, 2)
		p.epoch(C, currentEpoch, 2)
		p.crash(C)
		p.boot(C)
	}},
	{OneLeader, "two servers synchronise in one epoch", func(p *play) {
		p.epoch(B, acceptedEpoch, 2)
		p.fact(B, facts.EpochProposed, 2)
		p.accept(A, 2)
		p.fact(B, facts.Synchronizing, 2, n(1, 1), bit(A, B))
		p.fact(A, facts.Synchronizing, 2, n(1, 1), bit(A, B))
	}},
	{OneEstablishment, "a follower establishes itself in its leader's epoch", func(p *play) {
		p.fact(B, facts.Established, 1, n(1, 1), bit(A, B))
	}},
	{PrefixConsistency, "a tree is not what the history makes it", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		for _, id := range []node.ID{A, B} {
			p.append(id, z(1, 2))
			p.ack(id, z(1, 2))
		}
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
		p.apply(A, z(1, 2))
		p.say(B, facts.Applied, "", p.txns[z(1, 2)], n(1, 2), 0, p.digest(B))
	}},
	{PrefixConsistency, "a snapshot is not the leader's tree", func(p *play) {
		p.fact(C, facts.SnapshotLoaded, n(1, 1), 0, p.digest(C))
	}},
	{PrefixConsistency, "the tree went down a branch the committed log did not take", func(p *play) {
		p.propose(A, z(1, 2), znode("lost"))
		p.append(A, z(1, 2))
		p.disks[A].sync()
		p.crash(A)
		p.discover(B, 2, z(1, 1), C)
		p.append(C, z(1, 1))
		p.disks[C].sync()
		p.join(C, 2, z(1, 1))
		p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
		p.propose(B, z(2, 1), znode("new"))
		p.boot(A)
		p.apply(A, z(2, 1))
	}},
	{Integrity, "a server logs what nobody proposed", func(p *play) {
		p.txns[z(1, 2)] = &wire.Txn{Zxid: z(1, 2), Type: wire.OpCreate, Body: znode("b")}
		p.append(B, z(1, 2))
	}},
	{Integrity, "a transaction changed on its way", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		other := *p.txns[z(1, 2)]
		other.Body = znode("c")
		p.say(B, facts.Logged, logFile, &other, n(1, 2), 500)
	}},
	{TotalOrder, "a server logs a transaction twice", func(p *play) {
		p.append(B, z(1, 1))
	}},
	{LocalPrimaryOrder, "a server logs past a hole", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.propose(A, z(1, 3), znode("c"))
		p.append(B, z(1, 3))
	}},
	{LocalPrimaryOrder, "a leader leaves a hole", func(p *play) {
		p.propose(A, z(1, 3), znode("c"))
	}},
	{LocalPrimaryOrder, "a server applies past a hole", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.propose(A, z(1, 3), znode("c"))
		p.apply(C, z(1, 3))
	}},
	{GlobalPrimaryOrder, "an earlier epoch's transaction comes after a later one's", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.crash(B)
		p.boot(B)
		p.discover(B, 2, z(1, 1), C)
		p.append(C, z(1, 1))
		p.disks[C].sync()
		p.join(C, 2, z(1, 1))
		p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
		p.propose(B, z(2, 1), znode("new"))
		p.append(B, z(2, 1))
		p.append(B, z(1, 2))
	}},
	{PrimaryIntegrity, "the old leader commits while the new one, without it, is being established", func(p *play) {
		p.discover(B, 2, z(1, 1), C)
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.append(C, z(1, 1), z(1, 2))
		p.ack(C, z(1, 2))
		p.fact(A, facts.Committed, n(1, 2), bit(A, C))
		p.fact(B, facts.NewLeaderAcked, 2, n(1, 1))
		p.c.epochOf(2).newLeader |= uint64(bit(C)) // C's acknowledgement, before all this
		p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
	}},
	{PrimaryIntegrity, "a leader proposes before it is established", func(p *play) {
		p.discover(B, 2, z(1, 1), A)
		p.propose(B, z(2, 1), znode("b"))
	}},
	{CommittedLog, "a commit skips one", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.propose(A, z(1, 3), znode("c"))
		for _, id := range []node.ID{A, B} {
			p.append(id, z(1, 2), z(1, 3))
			p.ack(id, z(1, 3))
		}
		p.fact(A, facts.Committed, n(1, 3), bit(A, B))
	}},
	{CommittedLog, "a serving server applies what is not committed", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 2))
		p.apply(B, z(1, 2))
	}},
	{CommittedLog, "a learner starts to serve a tree ahead of the commits", func(p *play) {
		p.accept(C, 1)
		p.propose(A, z(1, 2), znode("b"))
		p.append(C, z(1, 1), z(1, 2))
		p.apply(C, z(1, 1), z(1, 2))
		p.disks[C].sync()
		p.join(C, 1, z(1, 2))
		p.fact(C, facts.UpToDate, 1, n(1, 2))
	}},
	{LeaderCompleteness, "a leader lacks what is committed", func(p *play) {
		p.discover(C, 2, 0, B)
	}},
	{LeaderCompleteness, "a leader hides a tail of its log", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.discover(A, 2, z(1, 1), B)
	}},
	{CommittedDurable, "a truncation takes a committed transaction", func(p *play) {
		p.truncate(B, 0)
	}},
	{CommittedDurable, "a snapshot takes a committed transaction", func(p *play) {
		p.load(B, C, 0)
	}},
	{ProcessConsistency, "a learner keeps a tail that its leader does not have", func(p *play) {
		p.propose(A, z(1, 2), znode("lost"))
		p.append(A, z(1, 2))
		p.disks[A].sync()
		p.crash(A)
		p.discover(B, 2, z(1, 1), C)
		p.boot(A)
		p.accept(A, 2)
		p.join(A, 2, z(1, 2))
	}},
	{ProcessConsistency, "a learner hides a tail on its disk (ZOOKEEPER-2845)", func(p *play) {
		p.propose(A, z(1, 2), znode("lost"))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.discover(B, 2, z(1, 1), C)
		p.accept(A, 2)
		p.join(A, 2, z(1, 1))
	}},
	{ProcessConsistency, "a learner acknowledges less than the initial history", func(p *play) {
		p.accept(C, 1)
		p.discover(B, 2, z(1, 1), C)
		p.join(C, 2, 0)
	}},
	{ProcessConsistency, "a newer snapshot outlives the truncation (ZOOKEEPER-4837)", func(p *play) {
		p.propose(A, z(1, 2), znode("lost"))
		p.append(A, z(1, 2))
		p.disks[A].cached["snapshot.100000002"] = []byte("snapshot")
		p.disks[A].sync()
		p.discover(B, 2, z(1, 1), C)
		p.truncate(A, z(1, 1))
		p.accept(A, 2)
		p.join(A, 2, z(1, 1))
	}},
	{ProcessConsistency, "a DIFF where a TRUNC is due (ZOOKEEPER-1154)", func(p *play) {
		p.propose(A, z(1, 2), znode("lost"))
		p.append(A, z(1, 2))
		p.disks[A].sync()
		p.crash(A)
		p.discover(B, 2, z(1, 1), C)
		p.append(C, z(1, 1))
		p.disks[C].sync()
		p.join(C, 2, z(1, 1))
		p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
		p.propose(B, z(2, 1), znode("new"))
		p.boot(A)
		p.append(A, z(2, 1))
	}},
	{EpochSanity, "a learner accepts an epoch before the file is durable", func(p *play) {
		p.disks[C].cached[acceptedEpoch] = []byte("1")
		p.fact(C, facts.AckEpochSent, 1, 0, 0)
	}},
	{EpochSanity, "a leader announces an epoch before the file is durable", func(p *play) {
		p.disks[B].cached[acceptedEpoch] = []byte("2")
		p.fact(B, facts.EpochProposed, 2)
	}},
	{EpochSanity, "NEWLEADER is acknowledged before currentEpoch is durable", func(p *play) {
		p.accept(C, 1)
		p.append(C, z(1, 1))
		p.disks[C].sync()
		p.disks[C].cached[currentEpoch] = []byte("1")
		p.fact(C, facts.NewLeaderAcked, 1, n(1, 1))
	}},
	{EpochSanity, "currentEpoch is ahead of acceptedEpoch", func(p *play) {
		p.epoch(C, currentEpoch, 3)
		p.accept(C, 1)
	}},
	{EpochSanity, "acceptedEpoch falls", func(p *play) {
		p.accept(C, 4)
		p.accept(C, 3)
	}},
	{AckDurability, "an acknowledgement before the sync", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 2))
		p.fact(B, facts.Acked, n(1, 2))
	}},
	{AckDurability, "an acknowledgement of what was never logged", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.fact(B, facts.Acked, n(1, 2))
	}},
	{AckDurability, "NEWLEADER is acknowledged before the history is durable (ZOOKEEPER-4646)", func(p *play) {
		p.accept(C, 1)
		p.epoch(C, currentEpoch, 1)
		p.append(C, z(1, 1))
		p.fact(C, facts.NewLeaderAcked, 1, n(1, 1))
	}},
	{AckDurability, "NEWLEADER is acknowledged before the snapshot is durable", func(p *play) {
		p.accept(C, 1)
		p.epoch(C, currentEpoch, 1)
		p.load(C, A, z(1, 1))
		p.fact(C, facts.NewLeaderAcked, 1, n(1, 1))
	}},
	{AckDurability, "an acknowledged transaction is gone after a crash", func(p *play) {
		p.c.Crashed(B)
		p.disks[B].cached[logFile] = logHeader
		p.boot(B)
	}},
	{QuorumEvidence, "a commit on a minority", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.fact(A, facts.Committed, n(1, 2), bit(A))
	}},
	{QuorumEvidence, "a commit counts a server that did not acknowledge it", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	}},
	{QuorumEvidence, "a commit counts a server that was made to cut it since", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.append(B, z(1, 2))
		p.ack(A, z(1, 2))
		p.ack(B, z(1, 2))
		p.fact(A, facts.SyncTrunc, 2, n(1, 2), n(1, 1))
		p.truncate(B, z(1, 1))
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	}},
	{QuorumEvidence, "a commit by a follower", func(p *play) {
		p.fact(B, facts.Committed, n(1, 1), bit(A, B))
	}},
	{QuorumEvidence, "synchronisation without a quorum", func(p *play) {
		p.epoch(B, acceptedEpoch, 2)
		p.fact(B, facts.EpochProposed, 2)
		p.fact(B, facts.Synchronizing, 2, n(1, 1), bit(B))
	}},
	{QuorumEvidence, "an old acceptance is counted", func(p *play) {
		p.epoch(B, acceptedEpoch, 2)
		p.fact(B, facts.EpochProposed, 2)
		p.epoch(C, acceptedEpoch, 2)
		p.fact(C, facts.AckEpochSent, 2, -1, 0)
		p.fact(B, facts.Synchronizing, 2, n(1, 1), bit(B, C))
	}},
	{QuorumEvidence, "establishment without an acknowledgement", func(p *play) {
		p.discover(B, 2, z(1, 1), C)
		p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
	}},
	{QuorumEvidence, "a learner serves before its leader is established", func(p *play) {
		p.discover(B, 2, z(1, 1), A)
		p.join(A, 2, z(1, 1))
		p.fact(A, facts.UpToDate, 2, n(1, 1))
	}},
	{ReplayDeterminism, "a recovered tree lacks a transaction", func(p *play) {
		p.crash(B)
		p.fact(B, facts.Recovered, n(1, 1), 0, p.digest(C))
	}},
	{ReplayDeterminism, "recovery stops before the end of the log", func(p *play) {
		p.crash(B)
		p.fact(B, facts.Recovered, 0, 0, p.digest(C))
	}},
	{ReplayDeterminism, "the memory tree stays behind the log", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.fact(A, facts.FastForwarded, n(1, 1), 0)
	}},
	{"", "a session expires after its timeout", func(p *play) {
		p.session(func() {
			p.fact(A, facts.SessionTouched, 9)
			p.at += 4 * time.Second
			p.fact(A, facts.SessionExpiring, 9, 4000, 4001, 0)
			p.proposeFor(A, z(1, 3), 9, 0, &wire.CloseSessionTxn{})
		})
	}},
	{"", "a client closes its session at once", func(p *play) {
		p.session(func() { p.proposeFor(A, z(1, 3), 9, 2, &wire.CloseSessionTxn{}) })
	}},
	{"", "a fast clock expires a session a little early", func(p *play) {
		p.session(func() {
			p.at += 4*time.Second - 2*time.Millisecond
			p.fact(A, facts.SessionExpiring, 9, 4000, 4000, 0)
		})
	}},
	{ExpiryByLeader, "a follower expires a session", func(p *play) {
		p.session(func() {
			p.at += time.Minute
			p.fact(B, facts.SessionExpiring, 9, 4000, 60000, 0)
		})
	}},
	{ExpiryNotEarly, "a session expires too early after its last touch", func(p *play) {
		p.session(func() {
			p.at += 3 * time.Second
			p.fact(A, facts.SessionTouched, 9)
			p.at += 3 * time.Second
			p.fact(A, facts.SessionExpiring, 9, 4000, 6000, 0)
		})
	}},
	{ExpiryNotEarly, "a new leader does not give a fresh timeout", func(p *play) {
		p.session(func() {
			p.at += time.Minute
			p.elect(B, 2, z(1, 2), A)
			p.at += time.Second
			p.fact(B, facts.SessionExpiring, 9, 4000, 60000, 0)
		})
	}},
	{ExpiryNotEarly, "a session is closed unasked, without a word", func(p *play) {
		p.session(func() { p.proposeFor(A, z(1, 3), 9, 0, &wire.CloseSessionTxn{}) })
	}},
	{EphemeralsDie, "an ephemeral outlives its session", func(p *play) {
		p.session(func() {
			eph := znode("eph")
			eph.Ephemeral = true
			p.proposeFor(A, z(1, 3), 9, 1, eph)
			p.replicate(A, z(1, 3), B)
			p.proposeFor(A, z(1, 4), 9, 2, &wire.CloseSessionTxn{})
			for _, id := range []node.ID{A, B} {
				p.append(id, z(1, 4))
				p.ack(id, z(1, 4))
			}
			p.fact(A, facts.Committed, n(1, 4), bit(A, B))
			p.say(A, facts.Applied, "", p.txns[z(1, 4)], n(1, 4), 0, p.digest(A))
		})
	}},
}

// tailOnA leaves 1:2 on A alone, acknowledged, with B leading C into epoch 2.
func (p *play) tailOnA(then func()) {
	p.propose(A, z(1, 2), znode("lost"))
	p.append(A, z(1, 2))
	p.ack(A, z(1, 2))
	p.crash(A)
	p.discover(B, 2, z(1, 1), C)
	p.append(C, z(1, 1))
	p.disks[C].sync()
	p.join(C, 2, z(1, 1))
	then()
}

// session opens session 9, of 4 s, before what follows.
func (p *play) session(then func()) {
	p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
	p.replicate(A, z(1, 2), B)
	then()
}

// TestInvariants acts every play: sound ones stay silent, the others break
// exactly the guarantee they are about.
func TestInvariants(t *testing.T) {
	broken := map[string]bool{}
	for _, tc := range plays {
		t.Run(tc.want+" "+tc.story, func(t *testing.T) {
			p := opened()
			if f := p.c.Finding(); f != nil {
				t.Fatalf("the opening broke %v", f)
			}
			tc.act(p)
			got := ""
			if f := p.c.Finding(); f != nil {
				got = f.Guarantee
				checkText(t, p)
			}
			if got != tc.want {
				t.Fatalf("broke %q, want %q\n%v", got, tc.want, p.c.Finding())
			}
		})
		broken[tc.want] = true
	}
	for _, g := range Guarantees {
		if !broken[g.ID] {
			t.Errorf("no play breaks %s", g.ID)
		}
	}
}

// checkText checks that a finding can stand alone in a report.
func checkText(t *testing.T, p *play) {
	f := p.c.Finding()
	sentence := strings.TrimSuffix(sentences[f.Guarantee], ".")
	if sentence == "" || !strings.HasPrefix(f.Explanation, sentence+"; but ") || !strings.Contains(f.Explanation, "zk") {
		t.Errorf("explanation %q does not go from the sentence to a server", f.Explanation)
	}
	if f.Step != p.step || f.At != p.at || f.Node == "" || len(f.Evidence) == 0 {
		t.Errorf("finding %+v does not say where", f)
	}
	if strings.Contains(f.Explanation+strings.Join(f.Evidence, ""), "%!") {
		t.Errorf("finding %+v is badly formatted", f)
	}
	t.Logf("%v", f)
	for _, e := range f.Evidence {
		t.Log(e)
	}
}

// TestLog checks that the committed log has everything committed in order, with
// the time of the first application.
func TestLog(t *testing.T) {
	p := opened()
	p.propose(A, z(1, 2), znode("b"))
	for _, id := range []node.ID{A, B} {
		p.append(id, z(1, 2))
		p.ack(id, z(1, 2))
	}
	p.propose(A, z(1, 3), znode("c"))
	p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	committed := p.at
	if got := p.c.Log(); len(got) != 2 || got[1].Txn.Zxid != z(1, 2) || got[1].At != committed {
		t.Fatalf("log before application: %+v", got)
	}
	p.apply(B, z(1, 2))
	first := p.at
	p.apply(A, z(1, 2))
	if got := p.c.Log(); len(got) != 2 || got[0].Txn.Zxid != z(1, 1) || got[1].At != first {
		t.Fatalf("log after application: %+v", got)
	}
}

// TestStrangers checks that facts of other processes are nobody's.
func TestStrangers(t *testing.T) {
	p := opened()
	p.fact(17, facts.Committed, n(1, 1), bit(A, B))
	p.fact(17, facts.SessionExpiring, 9, 4000, 0, 0)
	p.c.Booted(17)
	p.c.Crashed(17)
	if f := p.c.Finding(); f != nil {
		t.Fatal(f)
	}
}
