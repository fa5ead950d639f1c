package log

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
)

// TestEpochsAreTheirTwin drives the epochs and a twin that looks at all of them.
func TestEpochsAreTheirTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e epochs
		w := &twin{}
		t.Repeat(map[string]func(*rapid.T){
			"assign": func(t *rapid.T) {
				epoch, start := int32(rapid.IntRange(0, 9).Draw(t, "epoch")), rapid.Int64Range(0, 20).Draw(t, "start")
				before := slices.Clone(w.epochs)
				w.assign(epoch, start)
				w.end = max(w.end, start)
				if changed := e.assign(epoch, start); changed == slices.Equal(before, w.epochs) {
					t.Fatalf("changed: %v, from %v to %v", changed, before, w.epochs)
				}
			},
			"cut end": func(t *rapid.T) {
				to := rapid.Int64Range(0, 22).Draw(t, "to")
				w.truncate(to)
				e.cutEnd(to)
			},
			"cut start": func(t *rapid.T) {
				to := rapid.Int64Range(0, w.end).Draw(t, "to")
				w.start = 0
				w.advance(to)
				e.cutStart(to)
			},
			"write": func(t *rapid.T) {
				got, ok := parseEpochs(string(e.encode()))
				if !ok || !slices.Equal(got, e) {
					t.Fatalf("%v, %v", ok, got)
				}
			},
			"": func(t *rapid.T) {
				want := slices.Clone(w.epochs)
				if !slices.Equal(e, want) {
					t.Fatalf("%v, want %v", e, want)
				}
				for q := int32(-1); q < 11; q++ {
					epoch, end := e.endOf(q, w.end)
					wantEpoch, wantEnd := w.endOf(q)
					if epoch != wantEpoch || end != wantEnd {
						t.Fatalf("epoch %d ends in %d at %d, want %d at %d", q, epoch, end, wantEpoch, wantEnd)
					}
				}
				for o := int64(0); o < 25; o++ {
					at := NoEpoch
					for _, s := range want {
						if s.start <= o {
							at = s.epoch
						}
					}
					if e.at(o) != at {
						t.Fatalf("offset %d is of epoch %d, want %d", o, e.at(o), at)
					}
				}
			},
		})
	})
}

// TestEpochCheckpointText is the text as Kafka writes it, and what is refused.
func TestEpochCheckpointText(t *testing.T) {
	e := epochs{{0, 0}, {3, 17}}
	if got := string(e.encode()); got != "0\n2\n0 0\n3 17\n" {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{"", "0", "1\n0\n", "0\n1\n", "0\n1\n0 0\n1 1\n", "0\n1\nx 0\n", "0\n1\n0 -1\n", "0\n2\n3 1\n2 5\n", "0\n2\n3 5\n4 5\n"} {
		if e, ok := parseEpochs(bad); ok {
			t.Errorf("%q was read as %v", bad, e)
		}
	}
}

// TestStaleEpochAtTheEndGoes: truncation at or behind the end still forgets the epoch of
// a leader that never appended (KAFKA-10706); the question for truncation points would
// never come to an end otherwise.
func TestStaleEpochAtTheEndGoes(t *testing.T) {
	h := newHistory(tiny())
	h.log.AppendAsLeader(sent(batch.Plain(), 1000, 1, 2), 1, 1000)
	end := h.log.End()
	h.log.AssignEpoch(5)
	if epoch, at := h.log.EndOffsetFor(5); epoch != 5 || at != end || h.log.LatestEpoch() != 5 {
		t.Fatalf("epoch 5 ends in %d at %d (KAFKA-7415)", epoch, at)
	}
	h.log.Truncate(end)
	if h.log.LatestEpoch() != 1 || h.log.End() != end {
		t.Errorf("%v", h.log)
	}
}
