package session

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const tick = 2 * time.Second

func TestExpiryIsBucketed(t *testing.T) {
	tests := []struct {
		heard, timeout, expires time.Duration
	}{
		{heard: 0, timeout: 4 * time.Second, expires: 6 * time.Second},
		{heard: 1, timeout: 4 * time.Second, expires: 6 * time.Second},
		{heard: 1999 * time.Millisecond, timeout: 4 * time.Second, expires: 6 * time.Second},
		{heard: 2 * time.Second, timeout: 4 * time.Second, expires: 8 * time.Second},
		{heard: time.Second, timeout: 999 * time.Millisecond, expires: 2 * time.Second},
	}
	for _, tt := range tests {
		tr := NewTracker(tick)
		tr.Add(7, tt.timeout, tt.heard)
		if at, ok := tr.NextDeadline(); !ok || at != tt.expires {
			t.Errorf("heard %v, timeout %v: deadline %v, want %v", tt.heard, tt.timeout, at, tt.expires)
		}
		if got := tr.Expire(tt.expires - 1); got != nil {
			t.Errorf("heard %v, timeout %v: expired %v before its deadline", tt.heard, tt.timeout, got)
		}
		if got := tr.Expire(tt.expires); !slices.Equal(got, []int64{7}) || !tr.Closing(7) {
			t.Errorf("heard %v, timeout %v: expired %v at its deadline", tt.heard, tt.timeout, got)
		}
	}
}

func TestClosingSessionStaysClosing(t *testing.T) {
	tr := NewTracker(tick)
	tr.Add(1, tick, 0)
	tr.SetClosing(1)
	if tr.Touch(1, tick) {
		t.Error("a closing session was touched")
	}
	if at, ok := tr.NextDeadline(); ok {
		t.Errorf("a closing session expires at %v", at)
	}
	tr.Add(1, tick, tick)
	if !tr.Closing(1) {
		t.Error("adding a closing session brought it back to life")
	}
	tr.Remove(1)
	tr.Add(1, tick, tick)
	if tr.Closing(1) || !tr.Touch(1, tick) {
		t.Error("a session added after its removal is closing")
	}
}

func TestOwnerFollowsTheClient(t *testing.T) {
	tr := NewTracker(tick)
	tr.SetOwner(1, 3)
	if _, ok := tr.Owner(1); ok {
		t.Error("an unknown session has an owner")
	}
	tr.Add(1, tick, 0)
	if _, ok := tr.Owner(1); ok {
		t.Error("a session nobody claimed has an owner")
	}
	tr.SetOwner(1, 3)
	tr.SetOwner(1, 2)
	if sid, ok := tr.Owner(1); !ok || sid != 2 {
		t.Errorf("owner %d, want 2", sid)
	}
}

// twin is the tracker one would write without caring for speed.
type twin map[int64]*twinSession

type twinSession struct {
	timeout, heard time.Duration
	closing        bool
}

func (w twin) deadline(id int64) time.Duration {
	s := w[id]
	return (s.heard+s.timeout)/tick*tick + tick
}

func (w twin) next() (at time.Duration, ok bool) {
	for _, id := range w.ids() {
		if d := w.deadline(id); !w[id].closing && (!ok || d < at) {
			at, ok = d, true
		}
	}
	return at, ok
}

func (w twin) expire(now time.Duration) (out []int64) {
	for _, id := range w.ids() {
		if !w[id].closing && w.deadline(id) <= now {
			w[id].closing = true
			out = append(out, id)
		}
	}
	return out
}

func (w twin) touch(id int64, now time.Duration) bool {
	if w[id] == nil || w[id].closing {
		return false
	}
	w[id].heard = now
	return true
}

func (w twin) ids() []int64 { return slices.Sorted(maps.Keys(w)) }

func TestTrackerAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, w, now := NewTracker(tick), twin{}, time.Duration(0)
		id := rapid.Int64Range(1, 8)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id, timeout := id.Draw(t, "id"), time.Duration(rapid.Int64Range(1, int64(5*tick)).Draw(t, "timeout"))
				tr.Add(id, timeout, now)
				if !w.touch(id, now) && w[id] == nil {
					w[id] = &twinSession{timeout: timeout, heard: now}
				}
			},
			"touch": func(t *rapid.T) {
				id := id.Draw(t, "id")
				if got, want := tr.Touch(id, now), w.touch(id, now); got != want {
					t.Fatalf("touch %d: %v, want %v", id, got, want)
				}
			},
			"close": func(t *rapid.T) {
				id := id.Draw(t, "id")
				tr.SetClosing(id)
				if w[id] != nil {
					w[id].closing = true
				}
			},
			"remove": func(t *rapid.T) {
				id := id.Draw(t, "id")
				tr.Remove(id)
				delete(w, id)
			},
			"wait": func(t *rapid.T) { now += time.Duration(rapid.Int64Range(0, int64(3*tick)).Draw(t, "d")) },
			"expire": func(t *rapid.T) {
				if got, want := tr.Expire(now), w.expire(now); !slices.Equal(got, want) {
					t.Fatalf("expired %v, want %v", got, want)
				}
			},
			"": func(t *rapid.T) { compare(t, tr, w, now) },
		})
	})
}

func compare(t *rapid.T, tr *Tracker, w twin, now time.Duration) {
	at, ok := tr.NextDeadline()
	if wantAt, want := w.next(); at != wantAt || ok != want {
		t.Fatalf("next deadline %v %v, want %v %v", at, ok, wantAt, want)
	}
	if got := tr.IDs(); !slices.Equal(got, w.ids()) {
		t.Fatalf("ids %v, want %v", got, w.ids())
	}
	for _, id := range w.ids() {
		s := w[id]
		timeout, _ := tr.Timeout(id)
		if timeout != s.timeout || tr.Closing(id) != s.closing || tr.Idle(id, now) != now-s.heard {
			t.Fatalf("session %d: timeout %v closing %v idle %v, want %+v", id, timeout, tr.Closing(id), tr.Idle(id, now), *s)
		}
	}
}

func TestIDsCarryTheServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sid := rapid.Int64Range(0, 255).Draw(t, "sid")
		g := NewIDs(sid, rapid.Int64().Draw(t, "wallMs"))
		seen := map[int64]bool{0: true}
		for range 50 {
			id := g.Next()
			if seen[id] || int64(uint64(id)>>56) != sid {
				t.Fatalf("id %#x of server %d is used or foreign", id, sid)
			}
			seen[id] = true
		}
	})
}

func TestIDsOfALaterIncarnationAreNew(t *testing.T) {
	first := NewIDs(3, 1_700_000_000_000)
	var last int64
	for range 1 << 16 {
		last = first.Next()
	}
	if id := NewIDs(3, 1_700_000_000_001).Next(); id <= last {
		t.Errorf("an incarnation one millisecond later starts at %#x, not above %#x", id, last)
	}
}

func TestPasswordsDiffer(t *testing.T) {
	seen := map[[16]byte]int64{}
	for id := range int64(1000) {
		p := Password(id)
		if other, ok := seen[p]; ok || p != Password(id) {
			t.Fatalf("sessions %d and %d share a password", id, other)
		}
		seen[p] = id
	}
}

func BenchmarkTouch(b *testing.B) {
	tr := NewTracker(tick)
	for id := range int64(1000) {
		tr.Add(id, 10*time.Second, 0)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now := time.Duration(i) * time.Millisecond
		tr.Touch(int64(i%1000), now)
		tr.NextDeadline()
	}
}
