package client

import (
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// waker calls what a user does when something may have become ready: not in the middle of
// a change but after it, and once for all that changed together, so that records that are
// sent together share batches and batches share requests.
type waker struct {
	c    *Cluster
	call func()
	// queued: it is one of the cluster's wakers, to be called at the end of the callback.
	// Otherwise it is called when the alarm rings, if that is set, at due.
	queued bool
	alarm  alarm.Alarm
	due    time.Duration
}

func newWaker(c *Cluster, call func()) *waker {
	w := &waker{c: c}
	w.call = func() {
		c.clock.Stop(&w.alarm)
		call()
	}
	return w
}

// soon arranges for the call when the present callback is over: a forwarded one ends with
// it, and any other is followed by a timer that is due at once.
func (w *waker) soon() {
	switch {
	case w.c.inside == 0:
		w.in(0)
	case !w.queued:
		w.queued = true
		w.c.wakers = append(w.c.wakers, w)
	}
}

// in arranges for the call after d, unless it will come anyway before.
func (w *waker) in(d time.Duration) {
	at := w.c.env.Now() + max(d, 0)
	if w.queued || w.alarm != 0 && w.due <= at {
		return
	}
	w.c.clock.Stop(&w.alarm)
	w.due = at
	w.alarm = w.c.clock.After(max(d, 0), w.call)
}

// stop takes back what was arranged.
func (w *waker) stop() {
	w.c.clock.Stop(&w.alarm)
	if w.queued {
		w.queued = false
		w.c.wakers = slices.DeleteFunc(w.c.wakers, func(o *waker) bool { return o == w })
	}
}
