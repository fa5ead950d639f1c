package stampede

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/sim"
	"github.com/stampede-sim/stampede/workloads"
)

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

// BenchmarkCluster measures judged runs of three coordinators, three brokers and ten
// clients that do 20 operations a second each, for a minute in which nothing goes wrong.
func BenchmarkCluster(b *testing.B) {
	for _, mix := range [...]struct{ name, text string }{{"send", "send:1"}, {"poll", "poll:1"}, {"mixed", "send:10,poll:10"}} {
		b.Run(mix.name, func(b *testing.B) {
			plan := clusterPlan(b, mix.text)
			b.ReportAllocs()
			events, virtual, ops := uint64(0), 0.0, 0
			for b.Loop() {
				r := Run(plan, RunOptions{})
				if r.Verdict != checkers.Pass && mix.name == "mixed" {
					b.Fatal(r.Verdict, r.Explanation)
				}
				events, virtual, ops = events+r.Events, virtual+r.VirtualSeconds, ops+r.Ops.OK
			}
			wall := b.Elapsed().Seconds()
			b.ReportMetric(float64(events)/wall, "events/s")
			b.ReportMetric(float64(events)/float64(ops), "events/op")
			b.ReportMetric(float64(ops)/wall, "ops/s")
			b.ReportMetric(virtual/wall, "virtual-s/s")
		})
	}
}

// clusterPlan is a plan of usual knobs.
func clusterPlan(b *testing.B, mix string) Plan {
	p, err := PlanFor("broker/log", 1, PlanOptions{Profile: faults.None, Duration: time.Minute, Knobs: []string{
		"servers=3", "brokers=3", "replication=3", "min-insync=2", "unclean=false", "replica-wait=500ms", "replica-lag=2s", "broker-session=6s",
		"segment-bytes=1000000", "index-bytes=4096", "mark-interval=5s", "cleaner-interval=0s", "request-timeout=2s", "delivery-timeout=5s", "linger=0s", "poll-wait=50ms",
		"retries=true", "idempotent=true", "fetch-sessions=1000", "fetch-idle=1m", "follower-reads=false", "wire=false", "net-tail-one-in=0", "net-tail=0s",
		"snap-count=10000", "tick=500ms", "codec=none", "compression-type=producer", "offsets-codec=0",
	}})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Lookup(p.Scenario)
	if err != nil {
		b.Fatal(err)
	}
	p.Shape = workloads.Shape{Clients: 10, Keys: 10, Duration: time.Minute, Think: 50 * time.Millisecond}
	for _, w := range strings.Split(mix, ",") {
		name, weight, _ := strings.Cut(w, ":")
		n, _ := strconv.Atoi(weight)
		p.Shape.Mix = append(p.Shape.Mix, workloads.Weight{Name: name, Weight: n})
	}
	p.Ops = s.workload().Generate(sim.NewStream(1, "workload"), p.Shape)
	return p
}
