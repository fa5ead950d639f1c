package workloads

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// pace is how a client of any system goes through its list: it knows the time of the
// world, and what it still waits for.
type pace struct {
	rec      *Recorder
	inFlight int
	idle     *node.Signal // set when inFlight falls to 0; nil if nobody waits
}

// landed notes that one operation has ended.
func (p *pace) landed() {
	p.inFlight--
	if s := p.idle; s != nil && p.inFlight == 0 {
		p.idle = nil
		s.Set(nil)
	}
}

// drain waits until nothing is in flight.
func (p *pace) drain(t *node.Task) {
	for p.inFlight > 0 {
		p.idle = new(node.Signal)
		t.Await(p.idle)
	}
}

// sleepUntil waits for a time of the world on the node's own clock, which may
// drift; hence the loop.
func (p *pace) sleepUntil(t *node.Task, at time.Duration) {
	for rest := at - p.rec.Now(); rest > 0; rest = at - p.rec.Now() {
		t.Sleep(max(rest, minSleep))
	}
}
