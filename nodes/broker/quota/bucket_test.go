package quota

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// twinBucket drips: it goes through all milliseconds one by one, and begins full.
type twinBucket struct {
	tokens, at int64
	began      bool
}

func (b *twinBucket) drip(w Windows, now time.Duration, rate int64) {
	most := rate * int64(w.Number) * w.Size.Milliseconds()
	if !b.began {
		b.tokens, b.at, b.began = most, now.Milliseconds(), true
	}
	for ; b.at < now.Milliseconds(); b.at++ {
		if b.tokens += rate; b.tokens > most {
			b.tokens = most
		}
	}
}

// wait drips on until nothing is overdrawn, and rounds to the nearest millisecond.
func (b twinBucket) wait(rate int64) time.Duration {
	if b.tokens >= 0 {
		return 0
	}
	n := time.Duration(0)
	for ; b.tokens < 0; b.tokens += rate {
		n++
	}
	if 2*b.tokens > rate { // the last millisecond was more than half too much
		n--
	}
	return n * time.Millisecond
}

// TestBucketTwin: refilling at once comes to what dripping comes to.
func TestBucketTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Windows{rapid.IntRange(1, 5).Draw(t, "samples"), time.Duration(rapid.IntRange(1, 2).Draw(t, "seconds")) * time.Second}
		rate := rapid.Int64Range(1, 20_000).Draw(t, "thousandths")
		var b Bucket
		var twin twinBucket
		now := time.Duration(rapid.IntRange(0, 5000).Draw(t, "start")) * time.Millisecond
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 3_000_000).Draw(t, "pause")) * time.Microsecond
			twin.drip(w, now, rate)
			want := twin.wait(rate)
			if got, ok := b.Overdrawn(w, now, rate); got != want || ok != (twin.tokens >= 0) {
				t.Fatalf("at %v: wait %v, %v, want %v", now, got, ok, want)
			}
			n := rapid.IntRange(0, 3).Draw(t, "partitions")
			b.Take(w, now, rate, n)
			twin.tokens -= int64(n) * millionth
		}
	})
}

// TestKafkasBucket: 5 changes a second in 10 samples of a second are 50 at once; a request
// for 80 is let pass by a full bucket, and the next waits six seconds.
func TestKafkasBucket(t *testing.T) {
	w := Windows{10, time.Second}
	var b Bucket
	if _, ok := b.Overdrawn(w, time.Minute, 5000); !ok {
		t.Error("it is overdrawn to begin with")
	}
	b.Take(w, time.Minute, 5000, 80)
	if got, ok := b.Overdrawn(w, time.Minute, 5000); ok || got != 6*time.Second {
		t.Errorf("it waits %v, %v", got, ok)
	}
	if got, ok := b.Overdrawn(w, time.Minute+6*time.Second, 5000); !ok || got != 0 {
		t.Errorf("after that it waits %v, %v", got, ok)
	}
}
