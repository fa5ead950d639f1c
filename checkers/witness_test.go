package checkers

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

var everything = Options{Judges: []string{Witness, Register, Directory}, StepBudget: 5_000_000}

// TestGoodHistoriesPass: no judge raises an alarm over an ideal ensemble.
func TestGoodHistoriesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := shape{
			ops:         rapid.IntRange(20, 400).Draw(t, "ops"),
			clients:     rapid.IntRange(1, 6).Draw(t, "clients"),
			keys:        rapid.IntRange(1, 4).Draw(t, "keys"),
			infoPercent: rapid.SampledFrom([]int{0, 10, 50}).Draw(t, "info"),
		}
		h := random(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), s)
		for _, strong := range []bool{false, true} {
			o := everything
			o.Strong = strong // an ideal ensemble keeps even that
			if r := Judge(h, o); r.Verdict != Pass || len(r.Notes) > 0 {
				t.Fatalf("strong %v: %v: %v %v", strong, r.Verdict, r.Findings, r.Notes)
			}
		}
	})
}
