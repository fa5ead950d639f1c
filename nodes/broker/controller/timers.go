package controller

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// TimerKinds is how many timer tag kinds a controller takes, from Config.TimerKind.
const TimerKinds = 1

// timers are the callbacks that wait for their time, by the argument of their tag.
type timers struct {
	serial uint64
	due    map[uint64]pendingTimer
}

type pendingTimer struct {
	id node.TimerID
	fn func()
}

func (t *timers) init() { t.due = map[uint64]pendingTimer{} }

// after calls fn after d, unless stop is called before.
func (c *Controller) after(d time.Duration, fn func()) (stop func()) {
	c.timers.serial++
	serial := c.timers.serial
	id := c.env.SetTimer(d, node.Tag{Kind: c.cfg.TimerKind, Arg: serial})
	c.timers.due[serial] = pendingTimer{id, fn}
	return func() {
		if p, pending := c.timers.due[serial]; pending {
			delete(c.timers.due, serial)
			c.env.StopTimer(p.id)
		}
	}
}

// Timer forwards [node.Node.Timer], and reports whether the timer is the controller's.
func (c *Controller) Timer(tag node.Tag) bool {
	if tag.Kind != c.cfg.TimerKind {
		return false
	}
	if p, pending := c.timers.due[tag.Arg]; pending {
		delete(c.timers.due, tag.Arg)
		p.fn()
	}
	return true
}
