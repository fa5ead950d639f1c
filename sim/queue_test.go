package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestQueueAgainstSortedSlice holds the heap against a slice that is sorted after
// every push.
func TestQueueAgainstSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var dumb []event
		t.Repeat(map[string]func(*rapid.T){
			"schedule": func(t *rapid.T) {
				at := rapid.Int64Range(0, 20).Draw(t, "at")
				key := q.schedule(at, evTimer, 0, uint32(at))
				dumb = append(dumb, event{at: at, key: key, slot: uint32(at)})
				slices.SortStableFunc(dumb, func(a, b event) int { return int(a.at - b.at) })
			},
			"pop": func(t *rapid.T) {
				if len(dumb) == 0 {
					t.Skip("empty")
				}
				if got := q.pop(); got != dumb[0] {
					t.Fatalf("popped %+v, want %+v", got, dumb[0])
				}
				dumb = dumb[1:]
			},
			"filter": func(t *rapid.T) {
				lost := uint32(rapid.IntRange(0, 20).Draw(t, "lost"))
				q.filter(func(e event) bool { return e.slot != lost })
				dumb = slices.DeleteFunc(dumb, func(e event) bool { return e.slot == lost })
			},
			"": func(t *rapid.T) {
				if len(q.h) != len(dumb) {
					t.Fatalf("%d events, want %d", len(q.h), len(dumb))
				}
			},
		})
	})
}

func TestEventKeyCarriesKind(t *testing.T) {
	var q queue
	for kind := evAction; kind <= evDisk; kind++ {
		q.schedule(int64(kind), kind, 3, 4)
	}
	for kind := evAction; kind <= evDisk; kind++ {
		if e := q.pop(); e.kind() != kind || e.node != 3 || e.slot != 4 {
			t.Errorf("popped kind %d of %+v, want kind %d", e.kind(), e, kind)
		}
	}
}
