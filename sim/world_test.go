package sim

import (
	"testing"
	"time"
)

func TestSameSeedSameHash(t *testing.T) {
	run := func(seed uint64) *World {
		w := chat(Config{Seed: seed}, 4)
		defer w.Close()
		if !w.Run(2 * time.Second) {
			t.Fatalf("run ended early: %+v", w.Failure())
		}
		return w
	}
	for seed := range uint64(10) {
		a, b := run(seed), run(seed)
		if a.Hash() != b.Hash() || a.Steps() != b.Steps() {
			t.Errorf("seed %d: hash %x after %d steps, then %x after %d", seed, a.Hash(), a.Steps(), b.Hash(), b.Steps())
		}
		if c := run(seed + 100); c.Hash() == a.Hash() {
			t.Errorf("seeds %d and %d give the same hash", seed, seed+100)
		}
	}
}
