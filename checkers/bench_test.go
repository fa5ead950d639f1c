package checkers

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/models"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// recorded caches the histories of a size between benchmarks.
var recorded = map[string]*history.History{}

func benchHistory(n, infoPercent int) *history.History {
	key := fmt.Sprintf("%d %d", n, infoPercent)
	if recorded[key] == nil {
		s := shape{ops: n, clients: 30, keys: max(10, n/1000), infoPercent: infoPercent}
		recorded[key] = random(rand.New(rand.NewPCG(1, 2)), s)
	}
	return recorded[key]
}

func sizes(b *testing.B, run func(b *testing.B, n int)) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("ops=%d", n), func(b *testing.B) { run(b, n) })
	}
}

// judged runs one judge over a history.
func judged(b *testing.B, h *history.History, want Verdict, judges ...string) {
	b.ReportAllocs()
	for b.Loop() {
		if r := judge(h, Options{Judges: judges}); r.Verdict != want {
			b.Fatalf("%v %v", r.Verdict, r.Findings)
		}
	}
	b.ReportMetric(float64(len(h.Ops))*float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkWitness is the whole check in linear memory.
func BenchmarkWitness(b *testing.B) {
	sizes(b, func(b *testing.B, n int) { judged(b, benchHistory(n, 0), Pass, Witness) })
}

// BenchmarkWitnessUnknown has one write in ten end unknown.
func BenchmarkWitnessUnknown(b *testing.B) {
	sizes(b, func(b *testing.B, n int) { judged(b, benchHistory(n, 10), Pass, Witness) })
}

// BenchmarkWitnessViolation has lost a write in the middle.
func BenchmarkWitnessViolation(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		h := *benchHistory(n, 0)
		h.Log = loseOne(h.Log)
		judged(b, &h, Violation, Witness)
	})
}

// loseOne drops a setData from the middle of a log.
func loseOne(log []history.Applied) []history.Applied {
	i := len(log) / 2
	for log[i].Txn.Type != wire.OpSetData {
		i++
	}
	return append(log[:i:i], log[i+1:]...)
}

// BenchmarkRegister adds the searches that the default budget affords.
func BenchmarkRegister(b *testing.B) {
	sizes(b, func(b *testing.B, n int) { judged(b, benchHistory(n, 0), Pass, Register) })
}

// BenchmarkPorcupineAlone searches the same histories, writes and reads, without
// the witness: a search a key, no windows.
func BenchmarkPorcupineAlone(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		h := benchHistory(n, 0)
		b.ReportAllocs()
		for b.Loop() {
			models.Znodes(models.Source{H: h, Strong: true}, &models.Budget{Steps: 1 << 60})
		}
	})
}
