package client

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// timers are functions to be called later. They share one tag kind of their node: the
// argument of the tag is the number of the timer, which is never used again, so that a
// callback that was overtaken finds nothing.
type timers struct {
	env     node.Env
	kind    uint32
	serial  uint64
	pending map[uint64]alarm
}

type alarm struct {
	id   node.TimerID
	ring func()
}

// timer names a pending function; 0 is none.
type timer uint64

// after arranges that ring is called once.
func (t *timers) after(d time.Duration, ring func()) timer {
	t.serial++
	id := t.env.SetTimer(d, node.Tag{Kind: t.kind, Arg: t.serial})
	t.pending[t.serial] = alarm{id, ring}
	return timer(t.serial)
}

// stop cancels a timer, if it is pending, and forgets it.
func (t *timers) stop(which *timer) {
	if a, ok := t.pending[uint64(*which)]; ok {
		t.env.StopTimer(a.id)
		delete(t.pending, uint64(*which))
	}
	*which = 0
}

// ring calls what a tag stands for.
func (t *timers) ring(serial uint64) {
	if a, ok := t.pending[serial]; ok {
		delete(t.pending, serial)
		a.ring()
	}
}
