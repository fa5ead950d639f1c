package election

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
	"pgregory.net/rapid"
)

// patience is how long a server waits for its leader, or its followers, before it
// looks for another (initLimit).
const patience = 2 * time.Second

// flow runs a world in virtual time, with a network that delivers everything
// within a bound and in any order.
type flow struct {
	*world
	maxDelayMs int
	now        time.Duration
	events     []flowEvent // in order of planning
}

type flowEvent struct {
	at time.Duration
	do func()
}

func newFlow(w *world, maxDelayMs int) *flow {
	f := &flow{world: w, maxDelayMs: maxDelayMs}
	for _, el := range w.up() {
		el.onTimeout = func(d time.Duration, kind TimeoutKind) { f.planTimeout(el, d, kind) }
		for kind := range el.pending {
			f.planTimeout(el, el.pending[kind], TimeoutKind(kind))
		}
		f.at(patience, func() { f.giveUp(el) })
	}
	return f
}

func (f *flow) at(t time.Duration, do func()) { f.events = append(f.events, flowEvent{t, do}) }

// planTimeout fires a timeout when due, unless it was replaced meanwhile.
func (f *flow) planTimeout(el *elector, d time.Duration, kind TimeoutKind) {
	el.generation[kind]++
	generation := el.generation[kind]
	if d > 0 {
		f.at(f.now+d, func() {
			if el.generation[kind] == generation {
				el.fire(kind)
			}
		})
	}
}

// run processes events up to a time.
func (f *flow) run(until time.Duration) {
	for {
		f.post()
		next := -1
		for i, e := range f.events {
			if next < 0 || e.at < f.events[next].at {
				next = i
			}
		}
		if next < 0 || f.events[next].at > until {
			return
		}
		e := f.events[next]
		f.events = append(f.events[:next], f.events[next+1:]...)
		f.now = e.at
		e.do()
	}
}

// post gives every new letter its time of arrival.
func (f *flow) post() {
	for _, l := range f.mail {
		delay := time.Duration(rapid.IntRange(0, f.maxDelayMs).Draw(f.t, "delayMs")) * time.Millisecond
		f.at(f.now+delay, func() { f.deliver(l) })
	}
	f.mail = nil
}

// giveUp stands in for the discovery phase: followers need a leader that leads,
// and a leader needs a quorum of followers.
func (f *flow) giveUp(el *elector) {
	f.at(f.now+patience, func() { f.giveUp(el) })
	switch el.State() {
	case wire.Following:
		if f.electors[el.Vote().Leader].State() != wire.Leading {
			f.start(el)
		}
	case wire.Leading:
		if !f.voters.HasQuorum(f.followers(el)) {
			f.start(el)
		}
	}
}

// followers returns a leader and who follows it.
func (f *flow) followers(leader *elector) quorum.Bits {
	var who quorum.Bits
	for _, el := range f.up() {
		if el.State() != wire.Looking && el.Vote().Leader == leader.cfg.Sid {
			who = who.Add(el.cfg.Sid)
		}
	}
	return who
}
