package zab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// These tests hold the roles against sentences of the paper (Junqueira, Reed,
// Serafini: "Zab: High-performance broadcast for primary-backup systems", DSN
// 2011) and of the issues that amended it.

// established returns n voters of which the last leads and the others follow, all
// synchronised.
func established(n int64) (*lab, *server) {
	var voters []int64
	for sid := range n {
		voters = append(voters, sid+1)
	}
	l := newLab(voters, nil, bugs.Set{})
	l.lead(l.servers[n])
	for _, s := range l.everybody()[:n-1] {
		l.join(s, l.servers[n])
	}
	l.settle()
	return l, l.servers[n]
}

// settle delivers and completes until nothing is left to do.
func (l *lab) settle() {
	for busy := true; busy; {
		busy = len(l.mail) > 0
		for len(l.mail) > 0 {
			l.deliver(0)
		}
		for _, s := range l.everybody() {
			busy = s.completeAll(nil, false) > 0 || busy
		}
	}
}

// Phase 1, discovery: the leader proposes an epoch greater than any that a quorum
// of followers has accepted.
func TestPaperDiscoveryChoosesAHigherEpoch(t *testing.T) {
	for _, c := range []struct {
		name     string
		accepted [4]int64 // by sid; 3 leads
		joining  []int64
		want     int64
	}{
		{"nobody has accepted anything", [4]int64{}, []int64{1}, 1},
		{"the follower knows the highest", [4]int64{1: 7}, []int64{1}, 8},
		{"the leader knows the highest", [4]int64{3: 7}, []int64{1}, 8},
		{"who is not there does not count", [4]int64{1: 2, 2: 9}, []int64{1}, 3},
		{"alone, no epoch", [4]int64{3: 7}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab([]int64{1, 2, 3}, nil, bugs.Set{})
			for _, s := range l.everybody() {
				s.disk.accepted = c.accepted[s.sid]
			}
			leader := l.servers[3]
			l.lead(leader)
			for _, sid := range c.joining {
				l.join(l.servers[sid], leader)
			}
			for len(l.mail) > 0 {
				l.deliver(0)
			}
			if got := leader.leader.Epoch(); got != c.want {
				t.Errorf("epoch %d, want %d", got, c.want)
			}
		})
	}
}

// Phase 1, discovery: a follower that has accepted a later epoch does not follow. Its
// leader, established by others, must not leave it at that: the next election has the
// chance to choose a later epoch.
func TestLeaderYieldsToALaterEpoch(t *testing.T) {
	for _, c := range []struct {
		name     string
		accepted int64
		bugs     bugs.Set
		leads    bool
	}{
		{"earlier", 0, bugs.Set{}, true},
		{"the same", 1, bugs.Set{}, true},
		{"later", 2, bugs.Set{}, false},
		{"later, and the follower does not care", 2, bugs.Of(bugs.FollowsLowerEpoch), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab([]int64{1, 2, 3}, nil, c.bugs)
			l.servers[1].disk.accepted = c.accepted
			l.lead(l.servers[3])
			l.join(l.servers[2], l.servers[3])
			l.settle()
			l.join(l.servers[1], l.servers[3])
			l.settle()
			if leads := l.servers[3].state() == "leading"; leads != c.leads {
				t.Errorf("leads: %t, want %t\n%s", leads, c.leads, l.takeTrace())
			}
		})
	}
}

// Phase 1, discovery: the history of the new epoch is that of the follower with the
// highest current epoch and, among those, the highest zxid. ZooKeeper elects for
// it, so the leader only has to see that nobody is better.
func TestPaperDiscoveryKeepsTheNewestHistory(t *testing.T) {
	for _, c := range []struct {
		name                  string
		leaderEpoch, peer     int64
		leaderLast, peersLast wire.Zxid
		leads                 bool
	}{
		{"equal", 1, 1, z(1, 2), z(1, 2), true},
		{"longer", 1, 1, z(1, 2), z(1, 1), true},
		{"shorter", 1, 1, z(1, 1), z(1, 2), false},
		{"shorter, of a later epoch", 2, 1, z(1, 1), z(1, 2), true},
		{"longer, of an earlier epoch", 1, 2, z(1, 2), z(1, 1), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab([]int64{1, 2, 3}, nil, bugs.Set{})
			give := func(s *server, epoch int64, last wire.Zxid) {
				s.disk = disk{accepted: 2, current: epoch}
				for n := range last.Counter() {
					s.disk.log = append(s.disk.log, newTxn(z(1, n+1), ""))
				}
				s.disk.durable = len(s.disk.log)
			}
			give(l.servers[1], c.peer, c.peersLast)
			give(l.servers[3], c.leaderEpoch, c.leaderLast)
			l.lead(l.servers[3])
			l.join(l.servers[1], l.servers[3])
			l.settle()
			if leads := l.servers[3].state() == "leading"; leads != c.leads {
				t.Errorf("leads: %t, want %t\n%s", leads, c.leads, l.takeTrace())
			}
		})
	}
}

// ZOOKEEPER-261: a voter that lost its disk comes as an observer. It is synchronised, and
// its word completes no quorum: not of epochs, not of histories, not of commits.
func TestLostDiskCompletesNoQuorum(t *testing.T) {
	l := newLab([]int64{1, 2, 3}, nil, bugs.Set{})
	l.observers = []int64{1}
	leader := l.servers[3]
	l.lead(leader)
	l.join(l.servers[1], leader)
	l.settle()
	if epoch := leader.leader.Epoch(); epoch != 0 {
		t.Errorf("with the bare server, a quorum for epoch %d", epoch)
	}
	l.join(l.servers[2], leader)
	l.settle()
	if !leader.leader.Established() || !l.servers[1].learner.Serving() {
		t.Fatalf("with a voter: established %t\n%s", leader.leader.Established(), l.takeTrace())
	}
	l.cut(l.servers[2].link)
	leader.propose("alone")
	l.settle()
	if got := len(leader.tree); got != 0 {
		t.Errorf("%d transactions are committed by the leader and a bare server", got)
	}
}

// Phase 2, synchronisation: followers alone do not establish a leader. Its own
// currentEpoch must be durable, or it could come back as a voter of an older epoch.
func TestPaperLeaderIsPartOfItsQuorum(t *testing.T) {
	l := newLab([]int64{1, 2, 3}, nil, bugs.Set{})
	leader := l.servers[3]
	l.lead(leader)
	l.join(l.servers[1], leader)
	l.join(l.servers[2], leader)
	for range 20 {
		for len(l.mail) > 0 {
			l.deliver(0)
		}
		l.servers[1].completeAll(nil, false)
		l.servers[2].completeAll(nil, false)
		leader.completeAll([]string{"acceptedEpoch"}, false)
	}
	if leader.leader.Established() {
		t.Fatal("established without itself")
	}
	leader.completeAll([]string{"currentEpoch"}, false)
	if !leader.leader.Established() {
		t.Error("not established by all")
	}
}

// Phase 3, broadcast: a transaction is committed when a quorum has acknowledged it,
// whichever, and never before. The leader's own disk is one vote.
func TestPaperAnyQuorumCommits(t *testing.T) {
	for _, n := range []int64{1, 3, 5} {
		for who := range 1 << n {
			l, leader := established(n)
			leader.propose("a")
			votes := 0
			for _, s := range l.everybody() {
				if who&(1<<(s.sid-1)) == 0 {
					continue
				}
				votes++
				for i := 0; i < len(l.mail); {
					if l.mail[i].toward == s.sid {
						l.deliver(i)
						continue
					}
					i++
				}
				s.completeAll(nil, false)
			}
			for i := 0; i < len(l.mail); {
				if l.mail[i].toward == leader.sid {
					l.deliver(i)
					continue
				}
				i++
			}
			committed := len(l.judge.committed) == 1
			if want := 2*votes > int(n); committed != want {
				t.Fatalf("%d of %d voters (bits %b): committed %t", votes, n, who, committed)
			}
			if l.judge.verdict != "" {
				t.Fatal(l.judge.verdict)
			}
		}
	}
}

// Primary integrity: a primary broadcasts only after it has delivered what earlier
// epochs committed, that is, once it is established.
func TestPaperNoProposalBeforeEstablishment(t *testing.T) {
	l := newLab([]int64{1, 2, 3}, nil, bugs.Set{})
	l.lead(l.servers[3])
	mustPanic(t, "outside of an established term", func() { l.servers[3].leader.Propose(newTxn(z(1, 1), "")) })
}

// Local primary order: zxids of one primary are consecutive.
func TestPaperProposalsAreConsecutive(t *testing.T) {
	_, leader := established(3)
	if next := leader.leader.NextZxid(); next != z(1, 1) {
		t.Errorf("an epoch begins with %v", next)
	}
	mustPanic(t, "proposal 1:2 after 1:0", func() { leader.leader.Propose(newTxn(z(1, 2), "")) })
}

// ZOOKEEPER-1277: the last counter value of an epoch is never used, so no zxid can
// carry into the epoch.
func TestEpochEndsBeforeItsCounter(t *testing.T) {
	_, leader := established(3)
	for _, c := range []struct {
		last uint32
		ends bool
	}{{0, false}, {0xfffffffd, false}, {0xfffffffe, true}} {
		leader.leader.lastProposed = z(1, c.last)
		if leader.leader.MustEnd() != c.ends {
			t.Errorf("after 1:%#x: must end %t", c.last, !c.ends)
		}
	}
	leader.leader.cfg.CounterLimit = 7
	for _, last := range []uint32{5, 6, 7} {
		leader.leader.lastProposed = z(1, last)
		if ends := leader.leader.MustEnd(); ends != (last >= 6) {
			t.Errorf("limit 7, after 1:%d: must end %t", last, ends)
		}
	}
	leader.leader.cfg.Bugs = bugs.Of(bugs.CounterCarries)
	leader.leader.lastProposed = z(1, 6)
	if next := leader.leader.NextZxid(); next != z(2, 0) || leader.leader.MustEnd() {
		t.Errorf("with the bug, %v follows 1:6 and must end is %t", next, leader.leader.MustEnd())
	}
}

// ZOOKEEPER-4685: an ACK of a proposal that overtakes the one of NEWLEADER is not
// taken for it.
func TestAckOfProposalIsNoNewLeaderAck(t *testing.T) {
	l, leader := established(3)
	l.cut(l.servers[1].link)
	l.join(l.servers[1], leader)
	leader.propose("a")
	for len(l.mail) > 0 { // up to NEWLEADER
		l.deliver(0)
	}
	leader.leader.Receive(1, &wire.Packet{Type: wire.PacketAck, Zxid: z(1, 1)})
	if f := leader.leader.learner(1); f.synced || f.upToDate {
		t.Error("synchronised by an ACK of 1:1")
	}
	leader.leader.Receive(1, &wire.Packet{Type: wire.PacketAck, Zxid: z(1, 0)})
	if f := leader.leader.learner(1); !f.synced || !f.upToDate {
		t.Error("not synchronised by the ACK of NEWLEADER")
	}
}

// What must never happen in the protocol ends the process instead of spreading.
func TestImpossiblePacketsPanic(t *testing.T) {
	for _, c := range []struct {
		name, want string
		packet     wire.Packet
		toLeader   bool
	}{
		{"a hole", "proposal 1:3 does not follow 1:0", proposalOf(z(1, 3)), false},
		{"a new epoch in the middle", "proposal 2:2 does not follow", proposalOf(z(2, 2)), false},
		{"COMMIT of nothing", "oldest pending proposal is none", wire.Packet{Type: wire.PacketCommit, Zxid: z(1, 1)}, false},
		{"a leader's packet to a leader", "leader got", wire.Packet{Type: wire.PacketCommit, Zxid: z(1, 1)}, true},
		{"a learner's packet to a learner", "learner got", wire.Packet{Type: wire.PacketAck, Zxid: z(1, 1)}, false},
		{"ACK of what was never proposed", "acknowledged 1:5", wire.Packet{Type: wire.PacketAck, Zxid: z(1, 5)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, leader := established(3)
			// A learner of an empty database knows no zxid; the epoch's first is 1:1.
			l.servers[1].learner.lastSeen = z(1, 0)
			mustPanic(t, c.want, func() {
				if c.toLeader {
					leader.leader.Receive(1, &c.packet)
					return
				}
				l.servers[1].learner.Receive(&c.packet)
			})
		})
	}
}

func proposalOf(zxid wire.Zxid) wire.Packet {
	return wire.Packet{Type: wire.PacketProposal, Zxid: zxid, Txn: newTxn(zxid, "")}
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("panic %q, want one about %q", got, want)
		}
	}()
	f()
}

// A role that is over hears nothing and does nothing.
func TestEndedRolesAreDeaf(t *testing.T) {
	l, leader := established(3)
	ended, learner := leader.leader, l.servers[1].learner
	leader.StepDown("")
	l.servers[1].StepDown("")
	l.takeTrace()
	for _, p := range []wire.PacketType{wire.PacketFollowerInfo, wire.PacketAckEpoch, wire.PacketAck, wire.PacketCommit} {
		ended.Receive(1, &wire.Packet{Type: p})
		learner.Receive(&wire.Packet{Type: p})
	}
	for _, k := range []TimerKind{PhaseTimer, PingTimer, SilenceTimer} {
		ended.Timeout(k)
		learner.Timeout(k)
	}
	ended.LogDurable(z(1, 1))
	learner.LogDurable(z(1, 1))
	if trace := l.takeTrace(); trace != "" {
		t.Errorf("still alive:\n%s", trace)
	}
}

// A snapshot larger than one packet travels in several and arrives whole.
func TestLargeSnapshotArrivesWhole(t *testing.T) {
	l := newLab([]int64{1, 2, 3}, nil, bugs.Set{})
	l.cache = 0
	var history []*wire.Txn
	for n := range uint32(3 * chunkSize / 16) {
		history = append(history, newTxn(z(1, n+1), "a name of some length"))
	}
	for _, s := range l.everybody()[1:] {
		s.disk = disk{accepted: 1, current: 1, log: slices.Clone(history), durable: len(history)}
	}
	l.lead(l.servers[3])
	l.join(l.servers[1], l.servers[3])
	l.settle()
	if got := l.servers[1].disk.log; common(got, history) != len(history) || len(got) != len(history) {
		t.Errorf("%d of %d transactions arrived", len(got), len(history))
	}
	if chunks := strings.Count(l.takeTrace(), "1 <- 3 SNAPSHOT-CHUNK"); chunks < 4 {
		t.Errorf("%d chunks: the snapshot was not large", chunks)
	}
}

// In Zab two servers that hold a transaction of one epoch share that epoch's
// history up to it. Therefore what a TRUNC cuts is always the end: no transaction
// of the leader's follows it.
func TestTruncIsNeverFollowedByTransactions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leader, peer := histories(t)
		var h History
		var last wire.Zxid
		if len(leader) > 0 {
			h.Last = leader[len(leader)-1]
			h.Recent = txns(leader[rapid.IntRange(0, len(leader)).Draw(t, "cache"):]...)
		}
		if len(peer) > 0 {
			last = peer[len(peer)-1]
		}
		if p := decide(last, h, bugs.Set{}); p.Op == wire.PacketTrunc && len(p.Txns) > 0 {
			t.Fatalf("leader %v, learner %v: TRUNC %v and %v", leader, peer, p.Cut, zxidsOf(p.Txns))
		}
	})
}
