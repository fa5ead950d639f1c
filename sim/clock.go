package sim

import (
	"math"
	"math/bits"

	"github.com/stampede-sim/stampede/nodes/node"
)

// wallBase is the wall clock of a new world: 2025-01-01T00:00:00Z in
// milliseconds. Arbitrary, and the same for every run.
const wallBase = 1_735_689_600_000

// farFuture stands for deadlines that no run reaches.
const farFuture = math.MaxInt64 / 2

// million is the rate of a clock without drift.
const million = 1_000_000

// maxDrift bounds the drift of a clock in parts per million; a clock must go
// forward.
const maxDrift = 900_000

// clock is the oscillator of one machine. It runs through crashes.
type clock struct {
	// Since virtual time since it runs at rate/10^6 from local on, in ns.
	since, local int64
	rate         uint64
	// jumpedMillis is the sum of all jumps of the wall clock.
	jumpedMillis int64
}

func newClock() clock { return clock{rate: million} }

// at returns the local time at a virtual time not before c.since.
func (c *clock) at(now int64) int64 {
	if c.rate == million {
		return c.local + now - c.since
	}
	hi, lo := bits.Mul64(uint64(now-c.since), c.rate)
	q, _ := bits.Div64(hi, lo, million)
	return c.local + int64(q)
}

// when returns the first virtual time, not before c.since, whose local time is
// at least the given one: the inverse of at.
func (c *clock) when(local int64) int64 {
	if local <= c.local {
		return c.since
	}
	if c.rate == million {
		return c.since + local - c.local
	}
	hi, lo := bits.Mul64(uint64(local-c.local), million)
	if hi >= c.rate {
		return farFuture
	}
	q, r := bits.Div64(hi, lo, c.rate)
	if r > 0 {
		q++
	}
	return c.since + int64(min(q, farFuture))
}

// setDrift changes the rate from now on.
func (c *clock) setDrift(now, ppm int64) {
	c.local, c.since = c.at(now), now
	c.rate = uint64(million + min(max(ppm, -maxDrift), maxDrift))
}

func (c *clock) wallMillis(now int64) int64 {
	return wallBase + c.jumpedMillis + c.at(now)/million
}

// WallMillis returns what a process's wall clock shows, in milliseconds.
func (w *World) WallMillis(id node.ID) int64 { return w.process(id).clock.wallMillis(w.now) }

// SetDrift makes a process's clocks run ppm parts per million faster than virtual
// time (slower if negative) from now on, at most 900,000 either way. Pending
// timers follow. The drift stays through crashes.
func (w *World) SetDrift(id node.ID, ppm int64) {
	p := w.process(id)
	w.fault("drift", id, ppm)
	p.clock.setDrift(w.now, ppm)
	if p.inc != nil {
		p.inc.aimTimers()
	}
}

// JumpWall moves a process's wall clock by ms milliseconds, in either direction.
// Its monotonic clock and its timers do not notice.
func (w *World) JumpWall(id node.ID, ms int64) {
	p := w.process(id)
	w.fault("jump", id, ms)
	p.clock.jumpedMillis += ms
}
