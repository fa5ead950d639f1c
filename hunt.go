package stampede

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/sim"
)

// HuntOptions say where to look for bugs and for how long.
type HuntOptions struct {
	// Scenarios are run in turn on every seed.
	Scenarios []string
	// First and Last bound the seeds, both included; Last 0 means no end.
	First, Last uint64
	// Seeds, if not nil, yields the seeds instead of First and Last.
	Seeds iter.Seq[uint64]
	// For ends the hunt after so much wall time; 0 means never. Runs that have
	// begun are finished.
	For time.Duration
	// Workers is the number of runs at a time, 0 for one a processor.
	Workers int
	// Failures ends the hunt after so many failing runs; 0 means never.
	Failures int
	// Plan changes every plan in the same way.
	Plan PlanOptions
	// OnResult receives every result, one at a time, in the order the runs end.
	// Only there is a result's history at hand; the summary drops it.
	OnResult func(Result)
}

// HuntSummary is what a hunt came to. For a range of seeds it depends on nothing
// but the range: not on the number of workers or who came first. Wall times are
// the exception.
type HuntSummary struct {
	// Runs counts the runs, Verdicts them by verdict.
	Runs     int                      `json:"runs"`
	Verdicts map[checkers.Verdict]int `json:"verdicts"`
	// Failures are the failing runs by scenario and seed, without histories.
	Failures []Result `json:"failures"`
	// Events, VirtualSeconds and Ops are sums; Faults and Marks too.
	Events         uint64            `json:"events"`
	VirtualSeconds float64           `json:"virtual_seconds"`
	Ops            OpCounts          `json:"ops"`
	Faults         map[string]int    `json:"faults"`
	Marks          map[string]uint64 `json:"marks"`
	// NeverHit lists the paths of the protocol that no run walked, sorted. A hunt
	// that never truncated a log says nothing about truncation. It is empty for a hunt
	// of some scenarios only: what others are about cannot be expected of it.
	NeverHit []string `json:"never_hit"`
	// WallSeconds passed; CPUSeconds were spent in runs, by all workers.
	WallSeconds float64 `json:"wall_seconds"`
	CPUSeconds  float64 `json:"cpu_seconds"`

	virtual time.Duration
}

// Hunt runs seeds of scenarios on all processors until the options or ctx end it.
// The error is about the options; broken guarantees are in the summary.
func Hunt(ctx context.Context, o HuntOptions) (HuntSummary, error) {
	if err := o.validate(); err != nil {
		return HuntSummary{}, err
	}
	if o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	summary := newSummary()
	for r := range hunters(ctx, o) {
		if o.OnResult != nil {
			o.OnResult(r)
		}
		summary.add(r)
		if o.Failures > 0 && len(summary.Failures) >= o.Failures {
			cancel()
		}
	}
	summary.finish(time.Since(began))
	if o.complete() {
		summary.findNeverHit()
	}
	return summary, nil
}

func (o HuntOptions) validate() error {
	if len(o.Scenarios) == 0 {
		return fmt.Errorf("hunt: name at least one scenario")
	}
	if o.Last != 0 && o.Last < o.First {
		return fmt.Errorf("hunt: seeds %d-%d: the last is before the first", o.First, o.Last)
	}
	for _, name := range o.Scenarios {
		if _, err := PlanFor(name, o.First, o.Plan); err != nil {
			return err
		}
	}
	return nil
}

// seeds yields the seeds to run, in order.
func (o HuntOptions) seeds() iter.Seq[uint64] {
	if o.Seeds != nil {
		return o.Seeds
	}
	return func(yield func(uint64) bool) {
		for seed := o.First; o.Last == 0 || seed <= o.Last; seed++ {
			if !yield(seed) {
				return
			}
		}
	}
}

// prey is one run to do.
type prey struct {
	scenario string
	seed     uint64
}

// hunters starts the workers and returns the channel of their results, which is
// closed when all is done.
func hunters(ctx context.Context, o HuntOptions) <-chan Result {
	work, results := make(chan prey), make(chan Result)
	go func() {
		defer close(work)
		for seed := range o.seeds() {
			for _, name := range o.Scenarios {
				select {
				case work <- prey{name, seed}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	var workers sync.WaitGroup
	for range cmp.Or(o.Workers, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for p := range work {
				results <- runSeed(p, o.Plan)
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	return results
}

// runSeed runs one seed, and a failing one again: a failure that does not repeat
// to the last bit is the harness's own.
func runSeed(p prey, o PlanOptions) Result {
	plan, err := PlanFor(p.scenario, p.seed, o)
	if err != nil {
		panic("stampede: " + err.Error())
	}
	r := Run(plan, RunOptions{Clock: time.Now})
	if r.Failed() {
		return Confirm(r)
	}
	return r
}

// Confirm runs the plan of a result again and returns the result, or, if the
// second run differed, a nondeterministic verdict saying where.
func Confirm(r Result) Result {
	again := Run(r.Plan, RunOptions{})
	if again.Hash == r.Hash && again.Guarantee == r.Guarantee {
		return r
	}
	r.Verdict, r.Guarantee = Nondeterministic, ""
	r.Explanation = fmt.Sprintf("the same plan gave hash %s and then %s; %s", r.Hash, again.Hash, Divergence(r, again))
	return r
}

// Divergence says between which steps two runs of one plan parted, as far as the
// checkpoints of the results tell.
func Divergence(a, b Result) string {
	last := uint64(0)
	for _, c := range a.Checkpoints {
		k, ok := slices.BinarySearchFunc(b.Checkpoints, c.Step, func(c sim.Checkpoint, step uint64) int { return cmp.Compare(c.Step, step) })
		if !ok {
			continue
		}
		if b.Checkpoints[k].Hash != c.Hash {
			return fmt.Sprintf("they part between steps %d and %d", last, c.Step)
		}
		last = c.Step
	}
	return fmt.Sprintf("they part after step %d", last)
}

func newSummary() HuntSummary {
	return HuntSummary{Verdicts: map[checkers.Verdict]int{}, Faults: map[string]int{}, Marks: map[string]uint64{}}
}

// add counts a result. Everything it does commutes, so the order of results does
// not matter.
func (s *HuntSummary) add(r Result) {
	s.Runs++
	s.Verdicts[r.Verdict]++
	s.Events += r.Events
	s.virtual += time.Duration(r.VirtualSeconds * float64(time.Second))
	s.CPUSeconds += r.WallSeconds
	s.Ops.OK, s.Ops.Fail, s.Ops.Info = s.Ops.OK+r.Ops.OK, s.Ops.Fail+r.Ops.Fail, s.Ops.Info+r.Ops.Info
	for kind, n := range r.Faults { //sim:unordered sums
		s.Faults[kind] += n
	}
	for mark, n := range r.Marks { //sim:unordered sums
		s.Marks[mark] += n
	}
	if r.Failed() {
		r.History, r.Report, r.Checkpoints = nil, checkers.Report{}, nil
		s.Failures = append(s.Failures, r)
	}
}

func (s *HuntSummary) finish(wall time.Duration) {
	s.WallSeconds, s.VirtualSeconds = wall.Seconds(), s.virtual.Seconds()
	slices.SortFunc(s.Failures, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Seed, b.Seed))
	})
}

// complete reports whether all scenarios are hunted.
func (o HuntOptions) complete() bool {
	for _, s := range Scenarios() {
		if !slices.Contains(o.Scenarios, s.Name) {
			return false
		}
	}
	return true
}

func (s *HuntSummary) findNeverHit() {
	for _, path := range Paths() {
		if s.Marks[path] == 0 {
			s.NeverHit = append(s.NeverHit, path)
		}
	}
}
