package coordinator_test

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

func localSessions(upgrade bool) func(*coordinator.Config) {
	return func(c *coordinator.Config) { c.LocalSessions, c.UpgradeSessions = true, upgrade }
}

// transactions counts those of a type that one server proposed.
func (e *ensemble) transactions(op wire.OpCode) int {
	n := 0
	for _, s := range e.facts {
		if txn, ok := s.Event.Body.(*wire.Txn); ok && s.Event.Kind == facts.Proposed && txn.Type == op {
			n++
		}
	}
	return n
}

func create(path string, mode int32) *wire.CreateRequest {
	return &wire.CreateRequest{Path: path, ACL: wire.OpenACL, Mode: mode}
}

// script runs a client's task to its end.
func (e *ensemble) script(body func(s *scripted, t *node.Task)) {
	e.t.Helper()
	e.run(2 * time.Second)
	finished := false
	e.client(func(s *scripted, t *node.Task) { body(s, t); finished = true })
	e.run(10 * time.Second)
	if !finished {
		e.t.Fatal("the client did not come to its end")
	}
}

func TestALocalSessionCostsNoTransaction(t *testing.T) {
	e := newEnsemble(t, 3, localSessions(true))
	e.script(func(s *scripted, task *node.Task) {
		if r := s.call(task, wire.OpCreate, create("/a", wire.ModePersistent)); r.Err != wire.OK {
			t.Errorf("create: %v", r.Err)
		}
		if r := s.call(task, wire.OpCloseSession, &wire.Empty{}); r.Err != wire.OK {
			t.Errorf("close: %v", r.Err)
		}
	})
	if n := e.transactions(wire.OpCreateSession) + e.transactions(wire.OpCloseSession); n != 0 {
		t.Errorf("%d transactions of sessions", n)
	}
	if e.seen[facts.LocalClosed] != 1 {
		t.Errorf("%d local sessions closed", e.seen[facts.LocalClosed])
	}
}

func TestAnEphemeralUpgradesItsSessionOnce(t *testing.T) {
	e := newEnsemble(t, 3, localSessions(true))
	e.script(func(s *scripted, task *node.Task) {
		both := &wire.MultiRequest{Ops: []wire.MultiOp{
			{Type: wire.OpCreate, Body: create("/p", wire.ModePersistent)},
			{Type: wire.OpCreate, Body: create("/e", wire.ModeEphemeral)},
		}}
		for _, c := range []struct {
			op   wire.OpCode
			body wire.Record
		}{{wire.OpMulti, both}, {wire.OpCreate, create("/f", wire.ModeEphemeral)}, {wire.OpCloseSession, &wire.Empty{}}} {
			if r := s.call(task, c.op, c.body); r.Err != wire.OK {
				t.Errorf("%v: %v", c.op, r.Err)
			}
		}
	})
	if o, c := e.transactions(wire.OpCreateSession), e.transactions(wire.OpCloseSession); o != 1 || c != 1 {
		t.Errorf("%d sessions created and %d closed in the log, want one each", o, c)
	}
}

func TestWithoutUpgradingAnEphemeralIsRefused(t *testing.T) {
	for _, servers := range []int{1, 3} { // by the leader, and most often through a follower
		e := newEnsemble(t, servers, localSessions(false))
		e.script(func(s *scripted, task *node.Task) {
			r := s.call(task, wire.OpCreate, create("/e", wire.ModeEphemeral))
			if r.Err != wire.ErrEphemeralOnLocal || r.Zxid == 0 {
				t.Errorf("create: %v at %v, want a place in the order", r.Err, r.Zxid)
			}
			if r := s.call(task, wire.OpExists, &wire.PathRequest{Path: "/e"}); r.Err != wire.ErrNoNode {
				t.Errorf("exists: %v", r.Err)
			}
		})
	}
}

func TestALocalSessionIsExpiredByItsServer(t *testing.T) {
	e := newEnsemble(t, 3, localSessions(true))
	e.script(func(s *scripted, task *node.Task) {
		s.call(task, wire.OpCreate, create("/a", wire.ModePersistent))
		s.zk.Hang()
	})
	if e.seen[facts.LocalExpired] != 1 || e.transactions(wire.OpCloseSession) != 0 {
		t.Errorf("%d local sessions expired, %d transactions", e.seen[facts.LocalExpired], e.transactions(wire.OpCloseSession))
	}
}
