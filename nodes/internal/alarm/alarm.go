// Package alarm calls functions later, for state machines that have many timers of many
// kinds and would rather say at the spot what is to happen.
package alarm

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Clock is the alarms of one state machine. They share one tag kind of their node: the
// argument of the tag is the number of the alarm, which is never used again, so that a
// callback that was overtaken finds nothing.
type Clock struct {
	env     node.Env
	kind    uint32
	serial  uint64
	pending map[uint64]entry
}

type entry struct {
	id   node.TimerID
	ring func()
}

// Alarm names a pending call; 0 is none.
type Alarm uint64

// New makes a clock that takes a tag kind for itself.
func New(env node.Env, kind uint32) Clock {
	return Clock{env: env, kind: kind, pending: map[uint64]entry{}}
}

// After arranges that ring is called once, never before After returns.
func (c *Clock) After(d time.Duration, ring func()) Alarm {
	c.serial++
	id := c.env.SetTimer(d, node.Tag{Kind: c.kind, Arg: c.serial})
	c.pending[c.serial] = entry{id, ring}
	return Alarm(c.serial)
}

// Stop cancels an alarm if it is pending, and forgets it.
func (c *Clock) Stop(which *Alarm) {
	if *which == 0 {
		return
	}
	if a, ok := c.pending[uint64(*which)]; ok {
		c.env.StopTimer(a.id)
		delete(c.pending, uint64(*which))
	}
	*which = 0
}

// Owns reports whether a timer is one of the clock's.
func (c *Clock) Owns(tag node.Tag) bool { return tag.Kind == c.kind }

// Ring calls what a tag of the clock stands for.
func (c *Clock) Ring(tag node.Tag) {
	if a, ok := c.pending[tag.Arg]; ok {
		delete(c.pending, tag.Arg)
		a.ring()
	}
}
