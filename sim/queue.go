package sim

import "math/bits"

// eventKind selects the handler of an event.
type eventKind uint8

const (
	evAction    eventKind = iota + 1 // a world-level action; slot in World.actions
	evBoot                           // a process starts
	evTimer                          // slot in incarnation.timers
	evDeliver                        // the head of a flow is due; slot is a flowRef
	evStall                          // a flow has been stalled for too long; slot is a flowRef
	evConnect                        // a dial has waited for too long; slot in network.conns
	evDatagram                       // slot in network.grams
	evDisk                           // an fsync completes; slot in incarnation.requests
	evObserve                        // never queued: facts fold into the hash under this kind
	evWrite                          // never queued: disk writes fold into the hash under this kind
	evTerminate                      // a process is asked to end; slot is its incarnation
)

// event is one entry of the queue: when, what, whose, and where its payload is.
type event struct {
	at int64 // virtual nanoseconds
	// key is the sequence number of scheduling above the kind. Unique within a
	// run: the owner of the payload remembers it, and an event whose owner
	// remembers another key is stale.
	key  uint64
	node int32
	slot uint32
}

func (e event) kind() eventKind { return eventKind(e.key) }

// before is the total order of events: 1 if e comes before f, by time and then by
// order of scheduling, else 0.
//
// It is the borrow of a 128-bit subtraction, so that it costs no branch: the
// outcomes inside a heap are coin tosses to a branch predictor.
func (e *event) before(f *event) uint64 {
	_, borrow := bits.Sub64(e.key, f.key, 0)
	_, borrow = bits.Sub64(uint64(e.at), uint64(f.at), borrow)
	return borrow
}

// queue is a binary heap of event values: h[i] is not after h[2i+1] and h[2i+2].
type queue struct {
	h   []event
	seq uint64
}

// schedule adds an event and returns its key, which is never zero.
func (q *queue) schedule(at int64, kind eventKind, node int32, slot uint32) uint64 {
	q.seq++
	e := event{at: at, key: q.seq<<8 | uint64(kind), node: node, slot: slot}
	q.push(e)
	return e.key
}

func (q *queue) push(e event) {
	q.h = append(q.h, e)
	q.up(len(q.h)-1, e)
}

// pop removes and returns the first event; the queue must not be empty.
//
// The hole at the root sinks to a leaf along the smaller children, and the last
// event rises from there: one comparison a level instead of two, because the
// last event nearly always belongs near the leaves.
func (q *queue) pop() event {
	h := q.h
	first, n := h[0], len(h)-1
	last := h[n]
	q.h = h[:n]
	if n > 0 {
		q.up(sink(h[:n]), last)
	}
	return first
}

// sink moves the smaller children up along one path from the root, and returns
// the leaf where the hole ends.
func sink(h []event) int {
	hole := 0
	for {
		child := 2*hole + 1
		if child+1 < len(h) {
			child += int(h[child+1].before(&h[child]))
		} else if child >= len(h) {
			return hole
		}
		h[hole] = h[child]
		hole = child
	}
}

// up places e at the hole or as far above it as its order demands.
func (q *queue) up(hole int, e event) {
	h := q.h
	for hole > 0 {
		parent := (hole - 1) / 2
		if e.before(&h[parent]) == 0 {
			break
		}
		h[hole] = h[parent]
		hole = parent
	}
	h[hole] = e
}

// filter keeps the events that keep returns true for. Because the order is
// total, it does not change the order of those that stay.
func (q *queue) filter(keep func(event) bool) {
	kept := q.h[:0]
	for _, e := range q.h {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	q.h = kept
	for i := 1; i < len(kept); i++ {
		q.up(i, kept[i])
	}
}
