package coordinator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

func TestAStandaloneServerGoesOnWhereItsLogEnds(t *testing.T) {
	e := newEnsemble(t, 1, func(c *coordinator.Config) { c.Standalone = true })
	var first, last wire.Zxid
	e.script(func(s *scripted, task *node.Task) {
		for i := range 50 { // enough for snapshots
			r := s.call(task, wire.OpCreate2, create(fmt.Sprintf("/n%d", i), wire.ModePersistent))
			if r.Err != wire.OK {
				t.Fatalf("create %d: %v", i, r.Err)
			}
			if first == 0 {
				first = r.Zxid
			}
			last = r.Zxid
		}
	})
	if first != wire.MakeZxid(0, 2) || last != wire.MakeZxid(0, 51) {
		t.Errorf("creates from %v to %v, want 0:2, behind the session, to 0:51", first, last)
	}
	if len(e.role("standalone")) != 1 || e.seen[facts.ElectionStarted] != 0 {
		t.Errorf("roles %v, %d elections", e.role("standalone"), e.seen[facts.ElectionStarted])
	}
	if e.seen[facts.SnapshotTaken] == 0 {
		t.Error("no snapshot was taken")
	}
	e.world.Crash(e.servers[0], sim.LoseAll)
	e.world.Start(e.servers[0])
	e.script(func(s *scripted, task *node.Task) {
		r := s.call(task, wire.OpGetChildren, &wire.PathRequest{Path: "/"})
		if names := r.Body.(*wire.ChildrenReply).Children; len(names) != 51 { // and /zookeeper
			t.Errorf("%d znodes after a crash: %v", len(names), names)
		}
		r = s.call(task, wire.OpCreate2, create("/later", wire.ModePersistent))
		if r.Err != wire.OK || r.Zxid <= last || r.Zxid.Epoch() != 0 {
			t.Errorf("create after a crash: %v at %v, after %v", r.Err, r.Zxid, last)
		}
	})
}

func TestALeaderThatRefusesLeavesClientsToTheOthers(t *testing.T) {
	e := newEnsemble(t, 3, func(c *coordinator.Config) { c.LeaderRefuses = true })
	e.script(func(s *scripted, task *node.Task) {
		for i := range 5 {
			r := s.call(task, wire.OpCreate, create(fmt.Sprintf("/n%d", i), wire.ModePersistent))
			if r.Err != wire.OK || r.Server == e.role("leader")[0] {
				t.Errorf("create: %v by server %d, the leader is %v", r.Err, r.Server, e.role("leader"))
			}
			s.zk.Move()
		}
	})
	if e.seen[facts.LeaderShunned] == 0 {
		t.Error("nobody came to the leader")
	}
}

// knocker opens raw client connections, and counts those that are not closed on it.
type knocker struct {
	node.Base
	to    node.ID
	knock int
	open  *int
}

func (k *knocker) Boot(env node.Env) {
	for range k.knock {
		*k.open++
		env.Dial(k.to, wire.ClientPort)
	}
}

func (k *knocker) Closed(node.ConnID, node.CloseReason) { *k.open-- }

func TestConnectionsAreBounded(t *testing.T) {
	e := newEnsemble(t, 1, func(c *coordinator.Config) { c.MaxClientCnxns, c.MaxCnxns = 3, 5 })
	e.run(2 * time.Second)
	open := make([]int, 3)
	for i, knocks := range []int{4, 3, 1} {
		id := e.world.Add(fmt.Sprintf("k%d", i), "client", func() node.Node { return &knocker{to: e.servers[0], knock: knocks, open: &open[i]} })
		e.world.Start(id)
		e.run(500 * time.Millisecond)
	}
	if want := [...]int{3, 2, 0}; [3]int(open) != want {
		t.Errorf("%v connections are open, want %v: three of one address, five in all", open, want)
	}
	if e.seen[facts.ClientsTooMany] != 3 {
		t.Errorf("%d refused, want 3", e.seen[facts.ClientsTooMany])
	}
}

func TestAnEnsembleIsNoStandaloneServer(t *testing.T) {
	cfg := coordinator.Config{Sid: 1, Standalone: true, Members: []coordinator.Member{{Sid: 1}, {Sid: 2, Node: 1}}}
	if err := cfg.Validate(); err == nil {
		t.Error("two members passed for a standalone server")
	}
	cfg.Members = cfg.Members[:1]
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}
