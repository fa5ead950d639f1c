package broker

import (
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// delayed is what is left of a request that cannot be answered yet. It has a waiter in it.
type delayed interface {
	// asWaiter is the waiter.
	asWaiter() *waiter
	// try answers if it can, and reports whether it did.
	try(s *Server) bool
	// expire answers because the time is up.
	expire(s *Server)
}

// waiter is a delayed request in the purgatory: whatever happens to one of its replicas
// has it tried again.
type waiter struct {
	what     delayed // nil before the request is delayed
	id       uint64
	replicas []*localReplica
	timer    node.TimerID
	done     bool
}

// purgatory holds the requests that wait. Replicas that something has happened to are
// touched, and those who wait for them are tried when the callback that touched them is
// about to end: in the order of the touches, and for each replica in the order of their
// arrival. So nobody is answered in the middle of a change.
type purgatory struct {
	last    uint64
	waiters map[uint64]*waiter
	touched []*localReplica
	// trying are the waiters of a replica while they are tried: answered ones leave it.
	trying []*waiter
}

func (w *waiter) asWaiter() *waiter { return w }

// delay has a request wait for its replicas, for so long at most.
func (s *Server) delay(d delayed, replicas []*localReplica, patience time.Duration) {
	s.purgatory.last++
	w := d.asWaiter()
	w.what, w.id, w.replicas = d, s.purgatory.last, replicas
	w.timer = s.env.SetTimer(patience, node.Tag{Kind: tagWaiter, Arg: w.id})
	s.purgatory.waiters[w.id] = w
	for _, r := range replicas {
		r.waiters = append(r.waiters, w)
	}
}

// touch has everybody tried who waits for a replica, soon.
func (s *Server) touch(r *localReplica) {
	if len(r.waiters) > 0 && !r.touched {
		r.touched = true
		s.purgatory.touched = append(s.purgatory.touched, r)
		s.settleSoon()
	}
}

// tryTouched tries who waits for the replica that was touched first.
func (s *Server) tryTouched() {
	r := s.purgatory.touched[0]
	s.purgatory.touched = slices.Delete(s.purgatory.touched, 0, 1)
	r.touched = false
	s.purgatory.trying = append(s.purgatory.trying[:0], r.waiters...)
	for _, w := range s.purgatory.trying {
		if !w.done && w.what.try(s) {
			s.release(w)
		}
	}
}

// release forgets a waiter that was answered.
func (s *Server) release(w *waiter) {
	w.done = true
	s.env.StopTimer(w.timer)
	delete(s.purgatory.waiters, w.id)
	for _, r := range w.replicas {
		at := slices.Index(r.waiters, w)
		r.waiters = slices.Delete(r.waiters, at, at+1)
	}
}

// waiterDue answers a waiter whose time is up.
func (s *Server) waiterDue(id uint64) {
	if w := s.purgatory.waiters[id]; w != nil {
		s.release(w)
		w.what.expire(s)
	}
}
