package workloads

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The IDs of what recipe steps request: the step's own ID says where they begin, so
// that they depend on nothing that happens elsewhere in the run.
const (
	recipeID        = 10_000_000
	requestsPerStep = 10_000
)

// stepTimer is the kind of the timer that ends a step's waiting.
const stepTimer = client.TimerKinds

// step is a recipe step while it runs: a line of the plan that reads, decides and
// writes. What it requests is recorded as ordinary operations, what it concludes as
// claims.
//
// A step belongs to the session it began in. When that is over, so is the step: its
// ephemerals and its watches are gone, or will be, and what it knew is void.
type step struct {
	c      *Client
	t      *node.Task
	op     Op
	life   int // c.sessions when it began
	issued int // requests so far
	// until is when it stops waiting, on the client's clock.
	until  time.Duration
	events []client.WatchEvent // received and not yet forgotten
	wake   *node.Signal        // set by whatever the step may wait for; nil if it does not wait
}

// follow performs a recipe step.
func (c *Client) follow(t *node.Task, op Op) {
	c.revive()
	s := &step{c: c, t: t, op: op, life: c.sessions, until: c.env.Now() + op.Recipe.Within}
	c.step = s
	s.perform()
	c.step = nil
}

// has is the switch of a bug planted in a recipe.
func (s *step) has(id bugs.ID) bool { return s.c.cfg.Bugs.Has(id) }

// alive reports whether the session that the step began in is the client's still, as
// far as the client knows.
func (s *step) alive() bool { return s.c.sessions == s.life }

// late reports whether the step should not wait any longer.
func (s *step) late() bool { return s.c.env.Now() >= s.until }

// name begins the names of znodes that the step creates. It is the same in every
// attempt and no other step's, so that a client that was not told whether it
// created a znode can look for it.
func (s *step) name() string { return fmt.Sprintf("c%d.%d-", s.c.cfg.Index, s.op.ID) }

// do issues a request, in whatever session, and waits for its end.
func (s *step) do(op Op) history.Op {
	s.issued++
	op.ID, op.Client, op.step = recipeID+s.op.ID*requestsPerStep+s.issued, s.c.cfg.Index, s.op.ID
	if op.F == history.Create && op.Value == "" {
		op.Value = fmt.Sprintf("c%d.%d.%d", op.Client, s.op.ID, s.issued)
	}
	s.c.submit(&op, false)
	s.c.drain(s.t)
	return s.c.rec.op(op.ID)
}

// ask issues a request if the step still is in its session; ok tells that it was
// until the end.
func (s *step) ask(op Op) (got history.Op, ok bool) {
	if !s.alive() {
		return history.Op{}, false
	}
	got = s.do(op)
	return got, s.alive()
}

// insist repeats a request that does no harm if it happens twice until a server has
// answered it: with success or with an error about the tree.
func (s *step) insist(op Op) (got history.Op, ok bool) {
	for {
		got, ok = s.ask(op)
		if !ok || answered(got) {
			return got, ok
		}
		s.t.Sleep(retryPause)
	}
}

// answered reports whether a server decided a request.
func answered(got history.Op) bool {
	switch got.Err {
	case wire.OK, wire.ErrNoNode, wire.ErrNodeExists, wire.ErrBadVersion, wire.ErrNotEmpty:
		return got.Outcome != history.Info
	}
	return false
}

// readMade reads a znode that was there before the plan began. A server may not have it
// all the same: one that is read-only since it never found a leader has nothing. Then
// the client goes on to others, and asks again.
func (s *step) readMade(op Op) (got history.Op, ok bool) {
	for {
		got, ok = s.insist(op)
		if !ok || got.Outcome == history.OK {
			return got, ok
		}
		if s.late() {
			return got, false
		}
		s.t.Sleep(retryPause)
	}
}

// list reads the children of a directory.
func (s *step) list(dir string, watch bool) (history.Op, bool) {
	return s.insist(Op{F: history.Children, Path: dir, Watch: watch})
}

// remove deletes a znode of the step's own, or finds it gone.
func (s *step) remove(path string) bool {
	_, ok := s.insist(Op{F: history.Delete, Path: path, Version: Any})
	return ok
}

// pause lets time pass, in silence if the plan wants the client to hang: then the
// session may end without the client's knowledge.
func (s *step) pause() {
	if !s.op.Recipe.Mute {
		s.t.Sleep(s.op.Recipe.Hold)
		return
	}
	s.c.zk.Hang()
	s.t.Sleep(s.op.Recipe.Hold)
	s.c.zk.Wake()
}

// claim records what the client now believes. Filled in are kind and reasons.
func (s *step) claim(c history.Claim) {
	c.Client, c.Session, c.Step, c.Recipe = s.c.cfg.Index, s.c.zk.Session(), s.op.ID, s.op.F
	if c.Path == "" {
		c.Path = s.op.Path
	}
	s.c.rec.Claim(c)
}

// gaveUp records that the step ends without what it was for.
func (s *step) gaveUp() {
	if s.alive() {
		s.claim(history.Claim{Kind: history.GaveUp})
	}
}

// notified takes an event for the step to look at.
func (s *step) notified(e client.WatchEvent) {
	if s != nil {
		s.events = append(s.events, e)
		s.stir()
	}
}

// stir lets a waiting step look again whether it still has to wait.
func (s *step) stir() {
	if s != nil && s.wake != nil {
		w := s.wake
		s.wake = nil
		w.Set(nil)
	}
}

// forget makes ready for a new watch on a path.
func (s *step) forget(path string) {
	s.events = slices.DeleteFunc(s.events, func(e client.WatchEvent) bool { return e.Path == path })
}

// event returns the last event about a path.
func (s *step) event(path string) (client.WatchEvent, bool) {
	for i := len(s.events) - 1; i >= 0; i-- {
		if s.events[i].Path == path {
			return s.events[i], true
		}
	}
	return client.WatchEvent{}, false
}

// await waits for an event about one of the paths. False: the time is over, or the
// session is.
func (s *step) await(paths ...string) bool {
	told := func(path string) bool { _, there := s.event(path); return there }
	return s.wait(func() bool { return slices.ContainsFunc(paths, told) })
}

// wait waits for something that events bring about. False: the time is over, or the
// session is.
func (s *step) wait(enough func() bool) bool {
	for s.alive() && !enough() {
		rest := s.until - s.c.env.Now()
		if rest <= 0 {
			return false
		}
		s.wake = new(node.Signal)
		timer := s.c.env.SetTimer(rest, node.Tag{Kind: stepTimer})
		s.t.Await(s.wake)
		s.c.env.StopTimer(timer)
	}
	return s.alive()
}
