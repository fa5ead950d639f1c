package sim

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// Odd constants with well-spread bits, as multiplicative hashes use them.
const (
	hashKey0 = 0xa0761d6478bd642f
	hashKey1 = 0xe7037ed1a0b428db
	hashKey2 = 0x8ebc6af09c88c6e3
)

// mum folds the 128-bit product of two words into one.
func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// fold2 mixes two words into h.
func fold2(h, a, b uint64) uint64 { return mum(a^hashKey1, b^h^hashKey0) }

// fold4 mixes four words into h with two multiplications.
func fold4(h, a, b, c, d uint64) uint64 {
	h = mum(a^hashKey1, b^h^hashKey0)
	return mum(c^hashKey2, d^h)
}

// hashBytes hashes a byte sequence, eight bytes a step.
func hashBytes(h uint64, b []byte) uint64 {
	h ^= uint64(len(b)) * hashKey2
	for len(b) >= 16 {
		h = fold2(h, binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
		b = b[16:]
	}
	var tail [16]byte
	copy(tail[:], b)
	return fold2(h, binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:]))
}

// hashString hashes a short name without copying it.
func hashString(h uint64, s string) uint64 {
	h = fold2(h, uint64(len(s)), hashKey2)
	for len(s) >= 8 {
		h = fold2(h, whole(s), hashKey1)
		s = s[8:]
	}
	return fold2(h, word(s), hashKey0)
}

// whole is [word] of eight bytes, which the compiler makes one load of.
func whole(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// word packs up to eight bytes into one word.
func word(s string) (x uint64) {
	for i := range len(s) {
		x |= uint64(s[i]) << (8 * i)
	}
	return x
}

// Checkpoint is the value of the run's hash after one step.
type Checkpoint struct {
	Step uint64
	At   time.Duration
	Hash uint64
}

// maxCheckpoints bounds the memory of a run's checkpoints.
const maxCheckpoints = 64

// firstInterval is the number of steps between checkpoints of a short run.
const firstInterval = 16

// ledger is the running hash of a run and some of its past values.
type ledger struct {
	hash uint64
	step uint64
	// marks holds the hash of every step divisible by interval, a power of two
	// that doubles whenever marks is full. So two runs of different lengths keep
	// comparable steps.
	marks    []Checkpoint
	interval uint64
}

func newLedger(seed uint64) ledger {
	return ledger{hash: fold2(hashKey2, seed, hashKey1), interval: firstInterval}
}

// add folds one step's identity into the hash.
func (l *ledger) add(now int64, a, b, c uint64) {
	l.hash = fold4(l.hash, uint64(now), a, b, c)
}

// begin starts the next step, and keeps a checkpoint of the steps so far.
func (l *ledger) begin(now int64) {
	if l.step&(l.interval-1) == 0 && l.step > 0 {
		l.mark(now)
	}
	l.step++
}

func (l *ledger) mark(now int64) {
	l.marks = append(l.marks, Checkpoint{Step: l.step, At: time.Duration(now), Hash: l.hash})
	if len(l.marks) < maxCheckpoints {
		return
	}
	l.interval *= 2
	kept := l.marks[:0]
	for _, m := range l.marks {
		if m.Step&(l.interval-1) == 0 {
			kept = append(kept, m)
		}
	}
	l.marks = kept
}
