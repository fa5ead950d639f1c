package stampede

import "testing"

// BenchmarkRun measures judged runs of a scenario, seed after seed: planning,
// simulating and judging, on one processor.
func BenchmarkRun(b *testing.B) {
	for _, s := range Scenarios() {
		b.Run(s.Name, func(b *testing.B) {
			events, virtual, seed := uint64(0), 0.0, uint64(0)
			for b.Loop() {
				seed++
				plan, err := PlanFor(s.Name, seed, PlanOptions{})
				if err != nil {
					b.Fatal(err)
				}
				r := Run(plan, RunOptions{})
				events += r.Events
				virtual += r.VirtualSeconds
			}
			wall := b.Elapsed().Seconds()
			b.ReportMetric(float64(seed)/wall*3600, "seeds/h")
			b.ReportMetric(float64(events)/wall, "events/s")
			b.ReportMetric(virtual/wall, "virtual-s/s")
		})
	}
}
