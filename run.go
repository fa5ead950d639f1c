package stampede

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/groups"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/checkers/rights"
	"github.com/stampede-sim/stampede/checkers/usage"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
	"github.com/stampede-sim/stampede/workloads"
)

// RunOptions say what to watch of a run. None of them changes what happens in it.
type RunOptions struct {
	// Trace receives every line of the trace.
	Trace func(sim.Line)
	// Observe receives every fact that a process states.
	Observe func(sim.Seen)
	// Ask lists four-letter words and administration commands that every server is
	// asked when the run has ended.
	Ask []string
	// Clock measures the wall time of the result; nil leaves it 0.
	Clock func() time.Time
}

// run is one execution of a plan.
type run struct {
	plan     Plan
	workload workloads.Workload
	world    *sim.World
	injector *faults.Injector
	recorder *workloads.Recorder
	checker  *live.Checker
	clients  []actor
	servers  []*coordinator.Server // by process; the present life of each
	// replication and groups judge brokers, nil if there are none; seats say who leads what.
	replication *replication.Checker
	groups      *groups.Checker
	seats       *replicas
	// rights judges who may do what with brokers, nil if they do not ask.
	rights *rights.Checker
	// usage judges what clients may have of brokers, nil if they hold nobody to anything.
	usage *usage.Checker
	// forgotten is what groups of consumers were made to forget.
	forgotten []history.LogEvent
	finals    int
	marks     tally
	windows   windows
	zombies   *zombies
	ensemble  ensemble
	broken    *guarantee.Finding
}

// Run executes a plan and judges it. The same plan gives the same result on any
// machine, wall time aside. A plan that [Plan.Validate] rejects is a bug of the
// caller and panics.
func Run(p Plan, o RunOptions) Result {
	if err := p.Validate(); err != nil {
		panic("stampede: " + err.Error())
	}
	var began time.Time
	if o.Clock != nil {
		began = o.Clock()
	}
	r := newRun(p, o)
	defer r.world.Close()
	r.phases()
	result := r.result()
	result.Answers = r.ask(o.Ask)
	if o.Clock != nil {
		result.WallSeconds = o.Clock().Sub(began).Seconds()
	}
	return result
}

// phases runs the world through its life: warm-up, safety with faults, then
// healing and convergence. It returns early when a guarantee breaks.
func (r *run) phases() {
	k := r.plan.Knobs
	if !r.advance(k.WarmUp) {
		return
	}
	if !r.recorder.Ready() {
		r.fail(k.WarmUp, "the workload was not set up during warm-up")
		return
	}
	if !r.advance(k.healAt()) {
		return
	}
	r.injector.HealAll()
	r.converge()
}

// advance lets the world run until a time, and blames a world that never gets there.
func (r *run) advance(until time.Duration) bool {
	ran := r.world.Run(until)
	if !ran && r.world.StopReason() == sim.Standstill {
		r.fail(r.world.Now(), sim.Standstill+": somebody acts again and again without any wait")
	}
	return ran
}

// healAt is when the safety phase ends.
func (k Knobs) healAt() time.Duration { return k.WarmUp + k.Safety }

// calm is the time between healing and the final reads, in which clients may still
// start operations: long enough to notice that a leader is lost and to elect another.
func (k Knobs) calm() time.Duration {
	return k.Tick*time.Duration(k.SyncLimit) + k.settle()
}

// glance is how often the harness looks whether the ensemble has converged.
const glance = 50 * time.Millisecond

// converge lets the healed world run until it has converged, or blames it.
func (r *run) converge() {
	deadline := r.plan.Knobs.healAt() + r.plan.Knobs.Liveness
	for r.world.Now() < deadline {
		if !r.advance(min(r.world.Now()+glance, deadline)) {
			return
		}
		if r.pending() == "" {
			r.checker.Finish(r.world.Now())
			return
		}
	}
	r.fail(deadline, r.pending())
}

// pending is the first reason why the world has not converged, "" if it has.
func (r *run) pending() string {
	if reason := r.ensemble.pending(); reason != "" {
		return reason
	}
	if r.replication != nil {
		if reason := r.replication.Pending(); reason != "" {
			return reason
		}
		if reason := r.groups.Pending(); reason != "" {
			return reason
		}
	}
	if r.rights != nil {
		if reason := r.rights.Pending(); reason != "" {
			return reason
		}
	}
	if r.usage != nil {
		if reason := r.usage.Pending(); reason != "" {
			return reason
		}
	}
	if done := r.recorder.Finals(); done < r.finals {
		return fmt.Sprintf("%d of %d final reads are answered", done, r.finals)
	}
	if path := r.checker.Expired(r.world.Now(), r.plan.Knobs.healAt()); path != "" {
		return path + " has expired and is still there"
	}
	return ""
}

// fail blames servers, brokers or clients for not making progress.
func (r *run) fail(at time.Duration, reason string) {
	var evidence []string
	for _, p := range r.world.Processes() {
		switch p.Group {
		case serverGroup:
			evidence = append(evidence, describe(p)+r.ensemble.describe(p.ID))
		case brokerGroup:
			evidence = append(evidence, describe(p))
		}
	}
	for i, c := range r.clients {
		evidence = append(evidence, clientName(i)+": "+c.State())
	}
	r.broken = &guarantee.Finding{
		Guarantee:   Liveness,
		Explanation: fmt.Sprintf("%v after the faults ended: %s (%s)", at-min(at, r.plan.Knobs.healAt()), reason, strings.Join(evidence, "; ")),
		Evidence:    evidence, At: at, Step: r.world.Steps(),
	}
}

func describe(p sim.ProcessInfo) string {
	if !p.Up {
		return p.Name + ": down"
	}
	return fmt.Sprintf("%s: %s, term %d", p.Name, p.Role, p.Term)
}

// result collects what the run came to and has it judged.
func (r *run) result() Result {
	out := r.measured()
	if f := r.world.Failure(); f != nil {
		out.Stack = f.Stack
		out.blame(guarantee.Finding{
			Guarantee: asserted(f.Reason), Explanation: f.Name + " panicked: " + f.Reason,
			Step: f.Step, At: f.At, Node: f.Name,
		})
		return out
	}
	if f := r.checker.Finding(); f != nil {
		out.blame(*f)
		return out
	}
	if r.replication != nil && r.replication.Finding() != nil {
		out.blame(*r.replication.Finding())
		return out
	}
	if r.groups != nil && r.groups.Finding() != nil {
		out.blame(*r.groups.Finding())
		return out
	}
	if r.usage != nil && r.usage.Finding() != nil {
		out.blame(*r.usage.Finding())
		return out
	}
	if r.rights != nil && r.rights.Finding() != nil {
		out.blame(*r.rights.Finding())
		return out
	}
	out.Report = checkers.Judge(out.History, checkers.Options{Judges: r.workload.Judges, Require: r.workload.NeedsKinds, Claims: r.workload.NeedsClaims})
	out.Notes = out.Report.Notes
	out.blame(out.Report.Findings...)
	if out.Failed() {
		return out
	}
	if r.broken != nil {
		out.blame(*r.broken)
		return out
	}
	out.Verdict = out.Report.Verdict
	if out.Verdict != checkers.Pass {
		out.Explanation = strings.Join(out.Notes, "; ")
	}
	return out
}

// measured is the result without a verdict.
func (r *run) measured() Result {
	out := Result{
		Scenario: r.plan.Scenario, Seed: r.plan.Seed, Bugs: r.plan.Bugs.String(),
		Hash: fmt.Sprintf("%016x", r.world.Hash()), Events: r.world.Steps(),
		VirtualSeconds: r.world.Now().Seconds(),
		Faults:         map[string]int{}, Skipped: map[string]int{},
		Marks: r.marks.named(r.world.Counters()), Knobs: map[string]string{},
		Plan: r.plan, Spans: r.injector.Spans(), Checkpoints: r.world.Checkpoints(),
	}
	out.Ops.OK, out.Ops.Fail, out.Ops.Info = r.recorder.Counts()
	for _, c := range r.injector.Counts() {
		out.Faults[c.Kind], out.Skipped[c.Kind] = c.Injected, c.Skipped
	}
	r.windows.marks(out.Marks)
	for mark, n := range r.zombies.hits { //sim:unordered each for itself
		out.Marks[mark] = n
	}
	for _, s := range r.plan.Knobs.Settings() {
		out.Knobs[s.Name] = s.Value
	}
	out.History = r.recorder.History()
	out.History.Log, out.History.Locals = r.checker.Log(), r.checker.Locals()
	out.History.Tails = r.checker.Tails()
	out.History.Rules = r.plan.Knobs.rules()
	out.History.Rules.ClocksWrong = r.plan.brokersMistime()
	out.History.Config = r.checker.InitialConfig()
	if r.replication != nil {
		out.History.Partitions, out.History.States = append(r.replication.Events(), r.forgotten...), r.replication.States()
		slices.SortStableFunc(out.History.Partitions, func(a, b history.LogEvent) int { return cmp.Compare(a.At, b.At) })
	}
	if r.rights != nil {
		out.History.Access = r.rights.Events()
	}
	return out
}

// tally counts facts by the code of their kind, and those of kinds with cases by case.
type tally struct {
	kinds []uint64
	cases map[*node.EventKind][]uint64
}

func (t *tally) add(e *node.Event) {
	if missing := int(e.Kind.Code) - len(t.kinds) + 1; missing > 0 {
		t.kinds = append(t.kinds, make([]uint64, missing)...)
	}
	t.kinds[e.Kind.Code]++
	if e.Kind.Cases == nil {
		return
	}
	if t.cases == nil {
		t.cases = map[*node.EventKind][]uint64{}
	}
	if t.cases[e.Kind] == nil {
		t.cases[e.Kind] = make([]uint64, len(e.Kind.Cases))
	}
	t.cases[e.Kind][e.CaseOf()]++
}

// named turns the counts into marks, with the world's own counters.
func (t tally) named(counters []sim.Counter) map[string]uint64 {
	marks := map[string]uint64{}
	for _, k := range allFacts() {
		if int(k.Code) < len(t.kinds) && t.kinds[k.Code] > 0 {
			marks[k.Mark()] = t.kinds[k.Code]
		}
		for i, n := range t.cases[k] {
			if n > 0 {
				marks[k.CaseMark(i)] = n
			}
		}
	}
	for _, c := range counters {
		if c.N > 0 {
			marks[c.Name] = c.N
		}
	}
	return marks
}
