package zab

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// members makes a configuration of participants.
func members(version wire.Zxid, sids ...int64) *membership.Config {
	var servers []membership.Server
	for _, sid := range sids {
		servers = append(servers, membership.Usual(sid, "zk"+string(rune('0'+sid)), false))
	}
	c, err := membership.New(version, servers, nil)
	if err != nil {
		panic(err)
	}
	return c
}

// changing is an ensemble of 1, 2 and 3 with 4 beside it, which 1 leads in epoch 1.
func changing(t *testing.T) *lab {
	l := newLab([]int64{1, 2, 3}, []int64{4}, bugs.Set{})
	for _, s := range l.everybody() {
		s.disk.active, s.disk.next = members(wire.MakeZxid(0, 1), 1, 2, 3), members(wire.MakeZxid(0, 1), 1, 2, 3)
	}
	l.lead(l.servers[1])
	for _, sid := range []int64{2, 3, 4} {
		l.join(l.servers[sid], l.servers[1])
	}
	l.settleAll()
	if !l.servers[1].leader.Established() {
		t.Fatalf("1 is not established:\n%s", l.trace.String())
	}
	return l
}

// settleAll delivers and completes until nothing is under way.
func (l *lab) settleAll() { l.settleBut(0) }

// settleBut leaves out what a server's disk would complete.
func (l *lab) settleBut(stuck int64) {
	for range 10_000 {
		switch {
		case len(l.mail) > 0:
			l.deliver(0)
		case !l.completeOne(stuck):
			return
		}
	}
	panic("no end")
}

func (l *lab) completeOne(stuck int64) bool {
	for _, s := range l.everybody() {
		if s.sid != stuck && len(s.disk.ops) > 0 {
			s.complete(0)
			return true
		}
	}
	return false
}

// reconfig proposes a configuration.
func (l *lab) reconfig(leader int64, sids ...int64) wire.Zxid {
	lead := l.servers[leader].leader
	z := lead.NextZxid()
	lead.Propose(&wire.Txn{Zxid: z, Type: wire.OpReconfig, Body: &wire.SetDataTxn{
		Path: "/zookeeper/config", Data: []byte(members(z, sids...).String()), Version: -1,
	}})
	return z
}

func TestReconfigurationNeedsBothQuorums(t *testing.T) {
	l := changing(t)
	z := l.reconfig(1, 1, 4)
	l.settleBut(4) // 1, 2 and 3 acknowledge: that is not a quorum of {1,4}
	lead := l.servers[1].leader
	if lead.lastCommitted >= z || !lead.Reconfiguring() {
		t.Fatalf("committed %v without a quorum of the new configuration:\n%s", lead.lastCommitted, l.trace.String())
	}
	l.servers[1].propose("behind") // waits for the same
	l.settleBut(4)
	if lead.lastCommitted >= z {
		t.Fatalf("what is behind it committed %v", lead.lastCommitted)
	}
	l.settleAll()
	if lead.lastCommitted != z+1 || lead.Reconfiguring() {
		t.Fatalf("committed up to %v, still changing: %v", lead.lastCommitted, lead.Reconfiguring())
	}
	for _, s := range l.everybody() {
		if s.disk.active.Version != z {
			t.Errorf("%d goes by %v", s.sid, s.disk.active.Version)
		}
	}
}

func TestRemovedLeaderHandsOver(t *testing.T) {
	l := changing(t)
	z := l.reconfig(1, 2, 3)
	l.servers[1].propose("behind")
	l.settleAll()
	lead := l.servers[1].leader
	if lead != nil && lead.lastCommitted != z {
		t.Errorf("the removed leader committed %v after %v", lead.lastCommitted, z)
	}
	for _, follower := range []string{"2 -> 2 is to lead", "3 -> 2 is to lead"} {
		if !strings.Contains(l.trace.String(), follower) {
			t.Errorf("nobody says %q:\n%s", follower, l.trace.String())
		}
	}
}

// A sync that a removed leader answers may be followed by a read that lacks what its
// successor committed, long before it notices that its followers are gone.
func TestRemovedLeaderAnswersNoSync(t *testing.T) {
	l := changing(t)
	lead := l.servers[1].leader
	lead.Sync(1, 7, 1)
	l.reconfig(1, 2, 3)
	lead.Sync(1, 7, 2) // is behind the reconfiguration, whose commit is the leader's last
	l.settleAll()
	if !lead.retired || lead.over {
		t.Fatalf("1 is not a removed leader whose followers are leaving:\n%s", l.trace.String())
	}
	lead.Sync(1, 7, 3)
	for cxid, want := range map[int]bool{1: true, 2: true, 3: false} { //sim:unordered each stands for itself
		if got := strings.Contains(l.trace.String(), fmt.Sprintf("cxid=%d", cxid)); got != want {
			t.Errorf("sync %d is answered: %v, want %v\n%s", cxid, got, want, l.trace.String())
		}
	}
}

func TestLearnerOfLaterConfigurationIsSentAway(t *testing.T) {
	l := changing(t)
	late := l.servers[4]
	late.endRole()
	l.settleAll()
	late.disk.active = members(wire.MakeZxid(9, 9), 4)
	l.join(late, l.servers[1])
	l.settleAll()
	if late.learner != nil && late.learner.Epoch() != 0 {
		t.Errorf("4 follows a leader of an earlier configuration:\n%s", l.trace.String())
	}
}

// A learner that missed one reconfiguration and is told of another on its way holds the
// first as the active one before it logs the second, whether that was proposed before it
// was synchronised or since; see [Learner.supersede].
func TestLearnerKeepsWhatIsReplaced(t *testing.T) {
	for _, c := range []struct {
		name  string
		since bool
	}{{"proposed before", false}, {"proposed since", true}} {
		t.Run(c.name, func(t *testing.T) {
			l := changing(t)
			late, lead := l.servers[3], l.servers[1].leader
			late.endRole()
			l.settleAll()
			first := l.reconfig(1, 1, 2, 4)
			l.settleAll()
			second := wire.Zxid(0)
			propose := func() { second = l.reconfig(1, 2, 3) }
			if !c.since {
				propose()
			}
			l.join(late, l.servers[1])
			for range 1000 {
				if f := lead.learner(3); second == 0 && f != nil && f.forwarding {
					propose()
				}
				l.lose(func(m letter) bool { return m.toward == 3 && m.p != nil && m.p.Type == wire.PacketUpToDate })
				if len(l.mail) > 0 {
					l.deliver(0)
				} else if !l.completeOne(2) {
					break
				}
			}
			if late.LastLogged() != second || lead.lastCommitted >= second {
				t.Fatalf("3 does not hold the second reconfiguration, on its way:\n%s", l.trace.String())
			}
			if active, next := late.disk.active.Version, late.disk.next.Version; active != first || next != second {
				t.Errorf("a crash leaves 3 with %v active and %v next, want %v and %v\n%s", active, next, first, second, l.trace.String())
			}
		})
	}
}

// 1 goes by {1,2} and is to finish {1,2,3}; 3 has not heard of {1,2} yet; see
// [Leader.outdated].
func TestLearnerOfEarlierConfigurationLooksAgain(t *testing.T) {
	l := newLab([]int64{1, 2}, []int64{3}, bugs.Set{})
	first, active, next := members(wire.MakeZxid(0, 1), 1, 2, 3), members(wire.MakeZxid(0, 2), 1, 2), members(wire.MakeZxid(0, 3), 1, 2, 3)
	for _, s := range l.everybody() {
		s.disk.active, s.disk.next = active, next
	}
	l.servers[3].disk.active, l.servers[3].disk.next = first, first
	l.lead(l.servers[1])
	l.join(l.servers[3], l.servers[1])
	l.settleAll()
	if f := l.servers[1].leader.learner(3); f != nil {
		t.Fatalf("3 is let in:\n%s", l.trace.String())
	}
	l.join(l.servers[2], l.servers[1])
	l.settleAll()
	l.join(l.servers[3], l.servers[1]) // by now, what is told is what is active
	l.settleAll()
	if f := l.servers[1].leader.learner(3); f == nil || !f.synced || l.servers[3].disk.active.Version != next.Version {
		t.Fatalf("3 does not follow by %v:\n%s", next.Version, l.trace.String())
	}
}
