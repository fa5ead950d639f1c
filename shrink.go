package stampede

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/workloads"
)

// ShrinkOptions bound the search for a smaller plan.
type ShrinkOptions struct {
	// Attempts is the largest number of runs, 0 for DefaultAttempts.
	Attempts int
	// Progress is told after every run that made the plan smaller.
	Progress func(ShrinkStats)
}

// DefaultAttempts is the number of runs that shrinking may take.
const DefaultAttempts = 8000

// ShrinkStats says how far shrinking came.
type ShrinkStats struct {
	// Attempts counts the runs so far, Repeats the candidates that were not run
	// because an equal one had been.
	Attempts, Repeats int
	// Faults and Ops are the sizes of the smallest plan so far.
	Faults, Ops int
}

// Shrink looks for a smaller plan that breaks the same guarantee: fewer faults,
// operations and clients, plainer faults, fewer servers, calmer knobs; the seed may
// change as well, for what the world draws while the plan runs. It returns
// the smallest it found within the budget, which it has seen fail twice with one
// hash; when ctx is cancelled, the smallest so far. An error means that the plan
// does not break that guarantee to begin with.
func Shrink(ctx context.Context, p Plan, guarantee string, o ShrinkOptions) (Plan, ShrinkStats, error) {
	s := newShrinker(ctx, p, guarantee, o)
	if !s.fails(p) {
		return p, s.stats, fmt.Errorf("shrink: the plan does not break %q; run it to see what it does", guarantee)
	}
	s.toFixpoint()
	s.reseeds = reseeds
	s.toFixpoint()
	first, second := Run(s.best, RunOptions{}), Run(s.best, RunOptions{})
	if first.Hash != second.Hash {
		return s.best, s.stats, fmt.Errorf("shrink: the shrunk plan gave hash %s and then %s; the harness is not deterministic", first.Hash, second.Hash)
	}
	return s.best, s.stats, nil
}

// toFixpoint makes every kind of change until none helps any more.
func (s *shrinker) toFixpoint() {
	for before := ""; before != s.best.String() && !s.over(); {
		before = s.best.String()
		s.dropFaults()
		s.dropOps()
		s.dropClients()
		s.simplifyFaults()
		s.calmKnobs()
	}
}

// shrinker holds the best plan so far and the candidates already judged.
type shrinker struct {
	ctx       context.Context
	guarantee string
	options   ShrinkOptions
	best      Plan
	stats     ShrinkStats
	judged    map[uint64]bool
	reseeds   int
}

func newShrinker(ctx context.Context, p Plan, guarantee string, o ShrinkOptions) *shrinker {
	if o.Attempts == 0 {
		o.Attempts = DefaultAttempts
	}
	return &shrinker{ctx: ctx, guarantee: guarantee, options: o, best: p, judged: map[uint64]bool{}}
}

func (s *shrinker) over() bool {
	return s.stats.Attempts >= s.options.Attempts || s.ctx.Err() != nil
}

// reseeds is how many other seeds a candidate may fail with. A plan is fixed, but what
// the world draws while it runs is not: without an operation every later message has
// another latency, and a schedule of some precision is missed by a hair that has
// nothing to do with what was deleted. They are costly, so a plan is first made small
// without.
const reseeds = 3

// try runs a candidate, under a few seeds, and keeps it if the same guarantee breaks.
func (s *shrinker) try(p Plan) bool {
	for range 1 + s.reseeds*s.worth(p) {
		if s.fails(p) {
			s.keep(p)
			return true
		}
		p.Seed++
	}
	return false
}

// worth is by how much more a candidate may be tried because it would spare a large
// part of the plan.
func (s *shrinker) worth(p Plan) int {
	now, then := len(p.Faults)+len(p.Ops), len(s.best.Faults)+len(s.best.Ops)
	if then-now > then/5 {
		return 6
	}
	return 1
}

// fails runs a candidate, unless it is known, and reports whether it breaks the
// guarantee.
func (s *shrinker) fails(p Plan) bool {
	key := digest(p)
	if breaks, known := s.judged[key]; known {
		s.stats.Repeats++
		return breaks
	}
	if s.over() || p.Validate() != nil {
		return false
	}
	s.stats.Attempts++
	r := Run(p, RunOptions{})
	breaks := r.Verdict == checkers.Violation && r.Guarantee == s.guarantee
	s.judged[key] = breaks
	return breaks
}

func (s *shrinker) keep(p Plan) {
	s.best = p
	s.stats.Faults, s.stats.Ops = len(p.Faults), len(p.Ops)
	if s.options.Progress != nil {
		s.options.Progress(s.stats)
	}
}

// digest stands for the text of a plan among the candidates.
func digest(p Plan) uint64 {
	h := fnv.New64a()
	io.WriteString(h, p.String())
	return h.Sum64()
}

// with tries the best plan with one change.
func (s *shrinker) with(change func(*Plan)) bool {
	p := s.best
	p.Faults, p.Ops = slices.Clone(p.Faults), slices.Clone(p.Ops)
	change(&p)
	return s.try(p)
}

func (s *shrinker) dropFaults() {
	minimize(s.best.Faults, func(rest []faults.Fault) bool {
		return s.with(func(p *Plan) { p.Faults = rest })
	})
}

func (s *shrinker) dropOps() {
	minimize(s.best.Ops, func(rest []workloads.Op) bool {
		return s.with(func(p *Plan) { p.Ops = rest })
	})
}

// dropClients removes clients at the end that have nothing left to do.
func (s *shrinker) dropClients() {
	for s.best.Shape.Clients > 1 && !s.over() {
		last := s.best.Shape.Clients - 1
		if len(workloads.OpsOf(s.best.Ops, last)) > 0 || !s.with(func(p *Plan) { p.Shape.Clients = last }) {
			return
		}
	}
}

// simplifyFaults replaces each fault by plainer ones as long as that works.
func (s *shrinker) simplifyFaults() {
	for i := range s.best.Faults {
		for s.simplify(i) && !s.over() {
		}
	}
}

func (s *shrinker) simplify(i int) bool {
	for _, f := range faults.Simplify(s.best.Faults[i]) {
		if s.with(func(p *Plan) { p.Faults[i] = f }) {
			return true
		}
	}
	return false
}

// calmKnobs turns the knobs that make runs harder to read to their calm values.
func (s *shrinker) calmKnobs() {
	calmer := []string{
		"wire=false", "net-tail-one-in=0", "disk-tail-one-in=0", "datagram-trouble=0",
		"disk-sync=false", "snap-count=1000", "commit-log-count=500", "counter-limit=4294967295",
	}
	calmer = append(calmer, "groups="+noGroups, "observers=0")
	for n := s.best.Knobs.Servers - 2; n >= 1; n -= 2 {
		calmer = append(calmer, fmt.Sprintf("servers=%d", n))
	}
	for _, word := range calmer {
		s.with(func(p *Plan) {
			if err := p.Knobs.Set(word); err != nil {
				panic("stampede: " + err.Error())
			}
		})
	}
	if end := s.lastMoment(); end < s.best.Knobs.Safety {
		s.with(func(p *Plan) { p.Knobs.Safety, p.Shape.Duration = end, min(end, p.Shape.Duration) })
	}
}

// lastMoment is when the last fault or operation of the plan begins, and a second.
func (s *shrinker) lastMoment() time.Duration {
	last := time.Duration(0)
	for _, f := range s.best.Faults {
		last = max(last, f.At)
	}
	for _, op := range s.best.Ops {
		last = max(last, op.At)
	}
	return last + time.Second
}
