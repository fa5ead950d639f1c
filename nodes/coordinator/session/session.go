package session

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"time"
)

// Tracker knows when sessions expire. Times are of the leader's monotonic clock.
//
// Expiry is bucketed: a session last heard of at t expires at the first multiple
// of the tick strictly above t + timeout, so between timeout and timeout + tick
// later. Sessions therefore expire in batches, and a touch seldom changes when.
type Tracker struct {
	tick     time.Duration
	sessions map[int64]*entry
	// due holds the sessions that are not closing, in order of the deadline they
	// had when queued. Touching only moves a session's deadline; its place in the
	// queue is corrected when it comes up.
	due queue
}

// entry is one session. Invariant: queued <= deadline.
type entry struct {
	id       int64
	timeout  time.Duration
	heard    time.Duration
	deadline time.Duration
	queued   time.Duration
	place    int // index in due, -1 if closing
	owner    int64
	owned    bool
}

// NewTracker makes an empty tracker whose deadlines are multiples of tick.
func NewTracker(tick time.Duration) *Tracker {
	if tick <= 0 {
		panic("session: the tick must be positive")
	}
	return &Tracker{tick: tick, sessions: map[int64]*entry{}}
}

// Add starts tracking a session, with its full timeout ahead of it. A session
// already tracked is only touched.
func (t *Tracker) Add(id int64, timeout, now time.Duration) {
	if t.sessions[id] != nil {
		t.Touch(id, now)
		return
	}
	e := &entry{id: id, timeout: timeout, heard: now}
	e.deadline = t.deadline(e)
	e.queued = e.deadline
	t.sessions[id] = e
	heap.Push(&t.due, e)
}

// Touch puts a session's expiry off. It returns false if the session is unknown
// or closing: such a session cannot come back to life.
func (t *Tracker) Touch(id int64, now time.Duration) bool {
	e := t.sessions[id]
	if e == nil || e.place < 0 {
		return false
	}
	e.heard = max(e.heard, now)
	e.deadline = t.deadline(e)
	return true
}

// deadline rounds up to the next tick boundary, exclusive.
func (t *Tracker) deadline(e *entry) time.Duration {
	return ((e.heard+e.timeout)/t.tick + 1) * t.tick
}

// Expire returns the sessions whose deadline has come, sorted, and marks them
// closing.
func (t *Tracker) Expire(now time.Duration) []int64 {
	var expired []int64
	for len(t.due) > 0 && t.due[0].queued <= now {
		e := t.due[0]
		t.settle(e)
		if e.deadline <= now {
			t.SetClosing(e.id)
			expired = append(expired, e.id)
		}
	}
	slices.Sort(expired)
	return expired
}

// settle moves a session to its right place in the queue.
func (t *Tracker) settle(e *entry) {
	if e.queued != e.deadline {
		e.queued = e.deadline
		heap.Fix(&t.due, e.place)
	}
}

// NextDeadline returns when the next session expires if none is touched again;
// false if no session can expire.
func (t *Tracker) NextDeadline() (time.Duration, bool) {
	for len(t.due) > 0 {
		e := t.due[0]
		if e.queued == e.deadline {
			return e.deadline, true
		}
		t.settle(e)
	}
	return 0, false
}

// Deadline returns when a session expires if it is not touched again; false if it is
// unknown or closing.
func (t *Tracker) Deadline(id int64) (time.Duration, bool) {
	e := t.sessions[id]
	if e == nil || e.place < 0 {
		return 0, false
	}
	return e.deadline, true
}

// SetClosing marks a session closing: it no longer expires and cannot be touched.
func (t *Tracker) SetClosing(id int64) {
	if e := t.sessions[id]; e != nil && e.place >= 0 {
		heap.Remove(&t.due, e.place)
	}
}

// Closing reports whether a session is tracked and closing.
func (t *Tracker) Closing(id int64) bool {
	e := t.sessions[id]
	return e != nil && e.place < 0
}

// Remove forgets a session: it is closed.
func (t *Tracker) Remove(id int64) {
	t.SetClosing(id)
	delete(t.sessions, id)
}

// Owner returns the server the session's client was last known at; false if the
// session or its server is unknown.
func (t *Tracker) Owner(id int64) (sid int64, ok bool) {
	if e := t.sessions[id]; e != nil {
		return e.owner, e.owned
	}
	return 0, false
}

// SetOwner says which server a tracked session's client is connected to.
func (t *Tracker) SetOwner(id, sid int64) {
	if e := t.sessions[id]; e != nil {
		e.owner, e.owned = sid, true
	}
}

// Idle returns the time since a session was added or last touched, 0 if it is
// unknown.
func (t *Tracker) Idle(id int64, now time.Duration) time.Duration {
	if e := t.sessions[id]; e != nil {
		return now - e.heard
	}
	return 0
}

// Timeout returns a session's timeout, and whether it is tracked.
func (t *Tracker) Timeout(id int64) (time.Duration, bool) {
	if e := t.sessions[id]; e != nil {
		return e.timeout, true
	}
	return 0, false
}

// IDs returns all tracked sessions, sorted.
func (t *Tracker) IDs() []int64 { return slices.Sorted(maps.Keys(t.sessions)) }

// queue is a heap of sessions by queued deadline, then id; see container/heap.
type queue []*entry

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].queued, q[j].queued), cmp.Compare(q[i].id, q[j].id)) < 0
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last], e.place = nil, -1
	*q = (*q)[:last]
	return e
}
