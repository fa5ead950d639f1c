package replication

import (
	"slices"
	"testing"
)

// TestHolds: what a broker holds is told where it is what is committed, whatever became of
// that, and its own tail. Nothing is told of one that has something else: a leader that was
// cut off has what nobody took, and others have committed, and compacted, in its place.
func TestHolds(t *testing.T) {
	s := newStage(t, false)
	s.play(usual + `
		commit 0..3
		elect b3 epoch 2 isr b1,b2,b3
		b3 leads
		b3 appends 4..4
		elect b1 epoch 3 isr b1,b2
		b1 leads
		b2 follows
		commit 4..4
		commit 5..5
		b1 appends 6..6`)
	holds := func(broker int32) []Held {
		all, ok := s.c.Holds(scenePartition, broker)
		if ok != (all != nil) {
			t.Fatalf("%v, %v", all, ok)
		}
		return all
	}
	whole := []Held{{0, 1}, {4, 3}, {5, 3}, {6, 3}}
	for range 2 {
		if got := holds(1); !slices.Equal(got, whole) {
			t.Errorf("b1 holds %v", got)
		}
		if got := holds(2); !slices.Equal(got, whole[:3]) {
			t.Errorf("b2 holds %v", got)
		}
		if got := holds(3); got != nil {
			t.Errorf("b3 holds %v", got)
		}
		s.play("b1 compacts 6")
	}
}
