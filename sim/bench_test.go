package sim

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// spinner keeps a number of timers pending, of pseudo-random lengths.
type spinner struct {
	node.Base
	env     node.Env
	pending int
	x       uint64
}

func (s *spinner) Boot(env node.Env) {
	s.env, s.x = env, 88172645463325252
	for range s.pending {
		s.Timer(node.Tag{})
	}
}

func (s *spinner) Timer(tag node.Tag) {
	s.x ^= s.x << 13
	s.x ^= s.x >> 7
	s.x ^= s.x << 17
	s.env.SetTimer(time.Duration(s.x&(1<<20-1)), tag)
}

// runSteps runs a world in small slices until it has made b.N steps.
func runSteps(b *testing.B, w *World, slice time.Duration) {
	b.ReportAllocs()
	w.Run(w.Now() + 100*slice) // settle
	b.ResetTimer()
	start := w.Steps()
	for w.Steps()-start < uint64(b.N) {
		w.Run(w.Now() + slice)
	}
	steps := float64(w.Steps() - start)
	b.ReportMetric(steps/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

// BenchmarkKernel measures schedule + pop + dispatch of a timer with 1000 pending,
// through the node interface and with the hash on.
func BenchmarkKernel(b *testing.B) {
	w := NewWorld(Config{Seed: 1})
	defer w.Close()
	w.Start(w.Add("spinner", "toy", func() node.Node { return &spinner{pending: 1000} }))
	runSteps(b, w, 10*time.Microsecond)
}

// BenchmarkQueue measures push + pop alone, with 1000 pending.
func BenchmarkQueue(b *testing.B) {
	var q queue
	r := NewStream(1, "bench")
	for range 1000 {
		q.schedule(r.Int64N(1<<20), evTimer, 0, 0)
	}
	b.ReportAllocs()
	b.ResetTimer()
	x := uint64(88172645463325252)
	for range b.N {
		e := q.pop()
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		q.schedule(e.at+int64(x&(1<<20-1)), evTimer, 0, 0)
	}
}

// ponger sends every message back; the first incarnation of the dialling one
// puts a window of messages on the way.
type ponger struct {
	node.Base
	env  node.Env
	dial bool
}

func (p *ponger) Boot(env node.Env) {
	p.env = env
	if !p.dial {
		return
	}
	for range 16 {
		c := env.Dial(1, 1)
		for i := range 8 {
			env.Send(c, &number{uint64(i)})
		}
	}
}

func (p *ponger) Receive(c node.ConnID, m node.Message) { p.env.Send(c, m) }

// BenchmarkPingPong measures messages over 16 connections with 8 in flight each.
func BenchmarkPingPong(b *testing.B) {
	w := NewWorld(Config{Seed: 1})
	defer w.Close()
	a := w.Add("a", "toy", func() node.Node { return &ponger{dial: true} })
	w.Start(w.Add("b", "toy", func() node.Node { return &ponger{} }))
	w.Start(a)
	runSteps(b, w, 10*time.Millisecond)
}
