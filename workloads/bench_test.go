package workloads

import (
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkGenerate draws plans of one seed after the other.
func BenchmarkGenerate(b *testing.B) {
	for _, w := range All() {
		b.Run(w.Name, func(b *testing.B) {
			n := 0
			for seed := range b.N {
				_, plan := drawn(w, uint64(seed))
				n += len(plan)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

// BenchmarkClients runs four clients against the test ensemble: the cost of an
// operation without a real server, network and history included.
func BenchmarkClients(b *testing.B) {
	w := register()
	s := Shape{Clients: 4, Keys: 4, Duration: 10 * time.Second, Think: 5 * time.Millisecond, Mix: []Weight{{"write", 1}, {"cas", 1}, {"get", 1}}}
	plan := w.Generate(rand.New(rand.NewPCG(1, 0)), s)
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	for range b.N {
		st := build(1, false, w, s, plan)
		st.run(b, s)
		n += len(st.record.ops)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkParseOp(b *testing.B) {
	line := "op 17 c3 1.204s cas /r/2 value=c3.17 version=seen"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseOp(line); err != nil {
			b.Fatal(err)
		}
	}
}
