package sim

import (
	"math/bits"
	"math/rand/v2"
)

// NewStream returns the random stream that a seed and a label name: a PCG whose
// state is a hash of both. Streams of different labels are independent.
func NewStream(seed uint64, label string) *rand.Rand {
	return rand.New(newPCG(seed, label))
}

func newPCG(seed uint64, label string) *rand.PCG {
	hi := hashString(seed, label)
	return rand.NewPCG(hi, fold2(hi, seed, uint64(len(label))))
}

// Stream returns the world's random stream of that label. Asking twice gives the
// same stream, which goes on where it was. The world's own streams have labels
// that start with "sim/"; the others are free for workloads and faults.
func (w *World) Stream(label string) *rand.Rand {
	if r, ok := w.streams[label]; ok {
		return r
	}
	r := NewStream(w.cfg.Seed, label)
	w.streams[label] = r
	return r
}

// dice is a stream for the world's own hot paths: one draw, one multiplication,
// no interface call.
type dice struct{ pcg *rand.PCG }

// below returns a number in [0, n), n > 0. The bias of the multiply-shift is
// below n/2^64.
func (d dice) below(n uint64) uint64 {
	hi, _ := bits.Mul64(d.pcg.Uint64(), n)
	return hi
}

// hit reports whether odds of r came true. Odds of zero draw nothing.
func (d dice) hit(r Ratio) bool {
	return r.Num > 0 && d.below(uint64(r.Den)) < uint64(r.Num)
}

// sample draws from a latency distribution: one draw for the body, a second for
// an outlier.
//
// The body is (zeros + u) * 2/3 * (Mean-Min), where zeros counts the trailing
// zero bits of the draw (geometric, mean 1) and u is uniform in [0, 1): piecewise
// linear and halving with each step, which is an exponential in integers.
func (d dice) sample(l *Latency) int64 {
	x := d.pcg.Uint64()
	if l.Tail.Num > 0 && (x>>40)*uint64(l.Tail.Den)>>24 < uint64(l.Tail.Num) {
		return int64(l.Max) + int64(d.below(uint64(l.TailMax-l.Max)+1))
	}
	zeros := int64(bits.TrailingZeros64(x | 1<<20))
	u := int64(x >> 20 & (1<<20 - 1))
	body := (zeros<<20 + u) * (int64(l.Mean-l.Min) >> 4) / (3 << 15)
	return min(int64(l.Min)+body, int64(l.Max))
}
