package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// TestClockInverse: when returns the first virtual time at which at shows the
// local time.
func TestClockInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		now := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			before := c.at(now)
			c.setDrift(now, rapid.Int64Range(-maxDrift, maxDrift).Draw(t, "ppm"))
			if c.at(now) != before {
				t.Fatalf("changing the rate moved the clock from %d to %d", before, c.at(now))
			}
			local := c.local + rapid.Int64Range(1, int64(time.Hour)).Draw(t, "ahead")
			due := c.when(local)
			if c.at(due) < local || c.at(due-1) >= local {
				t.Fatalf("when(%d) = %d, where the clock shows %d, and %d before", local, due, c.at(due), c.at(due-1))
			}
			now = due
		}
	})
}

func TestClockFarFuture(t *testing.T) {
	c := newClock()
	c.setDrift(0, -maxDrift)
	if got := c.when(farFuture); got != farFuture {
		t.Errorf("a deadline nobody reaches is at %d, want %d", got, int64(farFuture))
	}
}

// TestTimersUnderDrift: a clock 50 % fast fires a 300 ms timer after 200 ms; when
// the drift ends half-way the rest takes its full time.
func TestTimersUnderDrift(t *testing.T) {
	ms := time.Millisecond
	tests := []struct {
		name   string
		before int64
		change time.Duration // when the drift ends; 0 is never
		want   time.Duration
	}{
		{"exact", 0, 0, 300 * ms},
		{"fast", 500_000, 0, 200 * ms},
		{"slow", -500_000, 0, 600 * ms},
		{"fast for 100 ms", 500_000, 100 * ms, 250 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWorld(quick(1))
			defer w.Close()
			fired := time.Duration(0)
			_, id := add(w, "a", script{
				boot:  func(s *script) { s.env.SetTimer(300*ms, node.Tag{}) },
				timer: func(s *script, _ node.Tag) { fired = w.Now() },
			})
			w.SetDrift(id, tt.before)
			if tt.change > 0 {
				w.At(tt.change, "exact again", func() { w.SetDrift(id, 0) })
			}
			w.Run(time.Second)
			if fired != tt.want {
				t.Errorf("fired at %v, want %v", fired, tt.want)
			}
		})
	}
}

func TestStoppedTimersDoNotFire(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	s, _ := add(w, "a", script{boot: func(s *script) {
		for range 1000 {
			s.env.StopTimer(s.env.SetTimer(time.Hour, node.Tag{Kind: 1}))
		}
		old := s.env.SetTimer(0, node.Tag{Kind: 2})
		s.env.StopTimer(old)
		s.env.SetTimer(time.Second, node.Tag{Kind: 3})
		s.env.StopTimer(old) // must not hit the new user of the slot
		s.env.SetTimer(-time.Second, node.Tag{Kind: 4})
	}})
	w.Run(2 * time.Hour)
	if want := []string{"timer 4", "timer 3"}; !slices.Equal(s.log, want) {
		t.Errorf("saw %q, want %q", s.log, want)
	}
	if len(w.queue.h) > 0 {
		t.Errorf("%d events left", len(w.queue.h))
	}
}

func TestStoppedTimersDoNotPileUp(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	most := 0
	add(w, "a", script{boot: func(s *script) {
		for range 10_000 {
			s.env.StopTimer(s.env.SetTimer(time.Hour, node.Tag{}))
			most = max(most, len(w.queue.h))
		}
	}})
	w.Run(0)
	if most > 1000 {
		t.Errorf("the queue grew to %d events for timers that were stopped", most)
	}
}

func TestWallClockJumpsAndMonotonicDoesNot(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	s, id := add(w, "a", script{})
	w.Run(time.Second)
	wall, mono := s.env.WallMillis(), s.env.Now()
	w.JumpWall(id, -5000)
	if got := s.env.WallMillis() - wall; got != -5000 {
		t.Errorf("the wall clock moved by %d ms, want -5000", got)
	}
	if s.env.Now() != mono {
		t.Errorf("the monotonic clock moved by %v", s.env.Now()-mono)
	}
	w.Run(3 * time.Second)
	if got := s.env.Now() - mono; got != 2*time.Second {
		t.Errorf("the monotonic clock went %v in 2 s", got)
	}
}
