package quota

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// use is one thing that was had.
type use struct {
	at     time.Duration
	amount int64
}

// twinWait goes through all uses there ever were: it puts them into samples again, leaves
// out those that began too long ago, and divides.
func twinWait(w Windows, uses []use, now time.Duration, perSecond int64) time.Duration {
	begin, total, oldest := time.Duration(-1), int64(0), time.Duration(-1)
	var starts []time.Duration
	var sums []int64
	for _, u := range uses {
		if begin < 0 || u.at-begin >= w.Size {
			begin = u.at
			starts, sums = append(starts, begin), append(sums, 0)
		}
		sums[len(sums)-1] += u.amount
	}
	for i, start := range starts {
		if now-start < time.Duration(w.Number)*w.Size {
			if oldest < 0 {
				oldest = start
			}
			total += sums[i]
		}
	}
	window := time.Duration(0)
	if oldest >= 0 {
		window = now - oldest
	}
	for window/w.Size < time.Duration(w.Number-1) {
		window += w.Size
	}
	if window < w.Size {
		window = w.Size
	}
	wait := total*1000/perSecond - window.Milliseconds()
	if wait < 0 {
		return 0
	}
	return time.Duration(wait) * time.Millisecond
}

// TestTwin: the samples come to what a list of everything comes to.
func TestTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Windows{rapid.IntRange(1, 11).Draw(t, "samples"), time.Duration(rapid.IntRange(1, 3).Draw(t, "seconds")) * time.Second}
		perSecond := rapid.Int64Range(1, 5000).Draw(t, "quota")
		var r Rate
		var uses []use
		now := time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "uses") {
			now += time.Duration(rapid.IntRange(0, 5000).Draw(t, "pause")) * time.Millisecond
			u := use{now, rapid.Int64Range(0, 4000).Draw(t, "amount")}
			r.Record(w, now, u.amount)
			uses = append(uses, u)
			if rapid.IntRange(0, 4).Draw(t, "take back") == 0 {
				r.Unrecord(u.amount)
				uses[len(uses)-1].amount = 0
			}
			now += time.Duration(rapid.IntRange(0, 20000).Draw(t, "later")) * time.Microsecond // and never goes back
			if got, want := r.Wait(w, now, perSecond), twinWait(w, uses, now, perSecond); got != want {
				t.Fatalf("after %v at %v: wait %v, want %v", uses, now, got, want)
			}
		}
	})
}

// TestKafkasNumbers: with 11 samples of a second, a client that had 1500 bytes of 100 a
// second at once has had them in ten seconds, and waits five.
func TestKafkasNumbers(t *testing.T) {
	w := Windows{11, time.Second}
	var r Rate
	r.Record(w, time.Minute, 1500)
	if got := r.Wait(w, time.Minute, 100); got != 5*time.Second {
		t.Errorf("it waits %v", got)
	}
	if got := w.Most(100); got != 1000 {
		t.Errorf("at most %d at once", got)
	}
}
