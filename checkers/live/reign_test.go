package live

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
)

// reignScenes break what holds when a reign begins, and when it commits.
var reignScenes = []scene{
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
	{LeaderCompleteness, "a leader lacks what is committed", func(p *play) {
		p.discover(C, 2, 0, B)
	}},
	{"", "a leader sleeps until its successor has committed what it never saw", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.disks[A].sync()
		p.epoch(B, acceptedEpoch, 2)
		p.fact(B, facts.EpochProposed, 2)
		p.accept(C, 2)
		p.discover(A, 3, z(1, 2), C)
		p.append(C, z(1, 1), z(1, 2))
		p.disks[C].sync()
		p.join(C, 3, z(1, 2))
		p.fact(A, facts.Established, 3, n(1, 2), bit(A, C))
		p.fact(B, facts.Synchronizing, 2, n(1, 1), bit(B, C))
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
	{CommittedDurable, "a snapshot that is asked for takes a committed transaction", func(p *play) {
		p.snapshotOnC()
		delete(p.disks[C].cached, "snapshot.100000002")
		p.trees[A] = nil
		p.load(C, A, 0)
	}},
	{ProcessConsistency, "a snapshot that is asked for leaves the longer one on the disk", func(p *play) {
		p.snapshotOnC()
		p.load(C, B, z(1, 1))
		p.disks[C].sync()
		p.join(C, 4, z(1, 1))
	}},
	{ProcessConsistency, "a learner keeps a tail that its leader does not have", func(p *play) {
		p.loseOnA()
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
		p.loseOnA()
		p.leadByB()
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
}
