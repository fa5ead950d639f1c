package quota

import "time"

// millionth is the unit that buckets count in, so that a refill is never rounded: a
// thousandth of a change a second is a millionth in a millisecond.
const millionth = 1_000_000

// Bucket is how much somebody may change at once: tokens that come at a steady rate and are
// not kept beyond what the windows bring (KIP-599). Rates are in thousandths a second. What
// takes more than there is overdraws it, and has to be waited for.
type Bucket struct {
	// tokens are millionths, below 0 what is overdrawn; at is the millisecond that they are
	// of. began: it has been used, before which it is full.
	tokens, at int64
	began      bool
}

// Overdrawn is how long it takes until the bucket is not overdrawn any more; ok is whether
// it is not.
func (b *Bucket) Overdrawn(w Windows, now time.Duration, rate int64) (wait time.Duration, ok bool) {
	b.refill(w, now, rate)
	if b.tokens >= 0 {
		return 0, true
	}
	return time.Duration((-2*b.tokens+rate)/(2*rate)) * time.Millisecond, false
}

// Take takes tokens, whether they are there or not.
func (b *Bucket) Take(w Windows, now time.Duration, rate int64, n int) {
	b.refill(w, now, rate)
	b.tokens -= int64(n) * millionth
}

func (b *Bucket) refill(w Windows, now time.Duration, rate int64) {
	most := rate * int64(w.Number) * w.Size.Milliseconds()
	if !b.began {
		b.tokens, b.began = most, true
	} else {
		b.tokens = min(most, b.tokens+rate*(now.Milliseconds()-b.at))
	}
	b.at = now.Milliseconds()
}
