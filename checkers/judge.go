package checkers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/models"
)

// Judge decides a history. The layers build on one another, so judging stops at
// the first that breaks: is there anything to judge, does every reply agree with
// the committed log, does a search that knows no zxid find an order.
//
// A violation counts even where too little happened for a pass.
func Judge(h *history.History, o Options) Report {
	r := judge(h, o)
	if reasons := gate(h, o); len(reasons) > 0 && r.Verdict != Violation {
		r.Verdict = Vacuous
		r.Notes = append(reasons, r.Notes...)
	}
	return r
}

// judge is Judge without the gate.
func judge(h *history.History, o Options) Report {
	budget := &models.Budget{Steps: o.StepBudget}
	if o.StepBudget == 0 {
		budget.Steps = DefaultBudget
	}
	if onlyLogs(h) {
		r := Report{Verdict: Pass, Counted: countOps(h)}
		r.judgeLogs(h, budget)
		return r
	}
	r := Report{Verdict: Pass, Counted: countOps(h)}
	w := runWitness(h)
	r.Findings, r.Notes = w.findings, w.notes()
	if len(r.Findings) > 0 {
		r.Verdict = Violation
		return r
	}
	source := models.Source{H: h, Fates: w.txnOf, Strong: o.Strong}
	for _, name := range o.Judges {
		switch name {
		case Register:
			if h.Rules.VersionStart != 0 {
				r.Notes = append(r.Notes, "registers not searched: versions do not start at 1")
				break
			}
			r.searched(models.Znodes(source, budget), true)
		case Directory:
			if h.Rules.SequenceStart != 0 {
				r.Notes = append(r.Notes, "directories not searched: sequence numbers do not start at 0")
				break
			}
			r.searched(models.Directories(source, budget), true)
		case Queue:
			r.searched(models.Queues(source, budget), true)
		case Fence:
			r.searched(models.Fences(source, budget), true)
		case Log:
			r.judgeLogs(h, budget)
		case Witness, Session:
		default:
			panic("checkers: no judge is called " + name)
		}
		if r.Verdict == Violation {
			break
		}
	}
	return r
}

// countOps begins a report's table.
func countOps(h *history.History) []Count {
	var by [3]int
	for i := range h.Ops {
		by[h.Ops[i].Outcome]++
	}
	counts := []Count{
		{"ok", by[history.OK]}, {"fail", by[history.Fail]}, {"info", by[history.Info]},
		{"transactions", len(h.Log)},
	}
	if len(h.Claims) > 0 {
		counts = append(counts, Count{"claims", len(h.Claims)})
	}
	if n := overlaps(h); n > 0 {
		counts = append(counts, Count{"locks acquired while another client believed to hold them", n})
	}
	return counts
}

// searched enters the answers of searches. Where the witness has passed before, a
// search too large is a second opinion missing, not a verdict.
func (r *Report) searched(results []models.Result, witnessed bool) {
	done, open := 0, map[string]int{}
	for i := range results {
		s := &results[i]
		switch s.Outcome {
		case porcupine.Ok:
			done++
		case porcupine.Unknown:
			open[s.Why]++
		case porcupine.Illegal:
			r.illegal(s)
		}
		if r.Verdict == Violation {
			break
		}
	}
	if len(results) > 0 {
		r.Counted = append(r.Counted, Count{results[0].Model + " windows searched", done})
	}
	for _, why := range sortedKeys(open) {
		r.Notes = append(r.Notes, fmt.Sprintf("%d windows not searched: %s", open[why], why))
		if !witnessed && r.Verdict == Pass {
			r.Verdict = Unknown
		}
	}
}

// illegal enters a window without a linearization.
func (r *Report) illegal(s *models.Result) {
	of := s.Path
	if of == "" {
		of = "the register"
	}
	r.Verdict, r.Linear = Violation, s
	f := guarantee.Finding{
		Guarantee:   Linearizable,
		Explanation: fmt.Sprintf("%s But no order of the %d operations on %s explains them as a %s.", sentence(Linearizable), s.Size(), of, s.Model),
		Ops:         s.Ops,
	}
	if order := longest(s.Info.PartialLinearizations()); len(order) > 0 {
		ids := make([]string, len(order))
		for i, at := range order {
			ids[i] = s.Name(at)
		}
		f.Evidence = append(f.Evidence, fmt.Sprintf("the longest order found explains %d of %d: %s", len(order), s.Size(), strings.Join(ids, " ")))
	}
	r.Findings = append(r.Findings, f)
}

// longest picks one of the longest partial orders, the least of them: porcupine lists
// them in the order of a map.
func longest(partial [][][]int) []int {
	var best []int
	for _, orders := range partial {
		for _, order := range orders {
			if len(order) > len(best) || len(order) == len(best) && slices.Compare(order, best) < 0 {
				best = order
			}
		}
	}
	return best
}

// sortedKeys lists the keys of a small table in order.
func sortedKeys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m { //sim:unordered sorted below
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Model names what CheckHistory can hold a history against.
type Model struct {
	Name, Doc string
	// plain and coordinator judge the two kinds of histories; nil if it does not fit.
	plain, coordinator func(*history.History) Report
}

// Models lists them in the order to show them.
var Models = []Model{
	{"register", "read, write and cas of plain registers (Jepsen's), or every versioned znode", checkPlain, checkWith(Register)},
	{"cas-register", "plain registers, under Jepsen's name", checkPlain, nil},
	{"witness", "every guarantee of the coordinator that its log can witness", nil, checkWith(Witness)},
	{"directory", "the witness, and a search of every directory", nil, checkWith(Directory)},
	{"queue", "the witness, and a search of every plain queue", nil, checkWith(Queue)},
	{"fence", "the witness, and a search of every resource behind a lock", nil, checkWith(Fence)},
	{"log", "what clients of brokers sent and read", nil, checkWith(Log)},
}

// CheckHistory judges a recorded history for `stampede check FILE --model NAME`. The
// error says that the model is unknown or does not fit the history.
func CheckHistory(h *history.History, model string) (Report, error) {
	i := slices.IndexFunc(Models, func(m Model) bool { return m.Name == model })
	if i < 0 {
		names := make([]string, len(Models))
		for i, m := range Models {
			names[i] = m.Name
		}
		return Report{}, fmt.Errorf("unknown model %q, it is one of %s", model, strings.Join(names, ", "))
	}
	if len(h.Ops) == 0 {
		return Report{}, fmt.Errorf("the history has no operations; was the run recorded?")
	}
	check, kind, other := Models[i].coordinator, "a coordinator", "witness"
	if isPlain(h) {
		check, kind, other = Models[i].plain, "plain registers", "register"
	}
	if check == nil {
		return Report{}, fmt.Errorf("model %s does not fit a history of %s; use --model %s", model, kind, other)
	}
	return check(h), nil
}

// isPlain reports whether a history is of plain registers.
func isPlain(h *history.History) bool {
	switch h.Ops[0].F {
	case history.Read, history.Write, history.CAS:
		return true
	}
	return false
}

// checkPlain judges plain registers, by search alone: there is no log.
func checkPlain(h *history.History) Report {
	r := Report{Verdict: Pass, Counted: countOps(h)}
	r.searched(models.Registers(h, &models.Budget{Steps: 100 * DefaultBudget}), false)
	if r.Verdict == Pass && r.Counted[0].N == 0 {
		r.Verdict, r.Notes = Vacuous, append(r.Notes, "no operation succeeded")
	}
	return r
}

// checkWith judges a coordinator's history by one judge.
func checkWith(name string) func(*history.History) Report {
	return func(h *history.History) Report {
		o := Options{Judges: []string{name}, StepBudget: 100 * DefaultBudget}
		r := judge(h, o)
		if reasons := nothingHappened(h); len(reasons) > 0 && r.Verdict != Violation {
			r.Verdict, r.Notes = Vacuous, append(reasons, r.Notes...)
		}
		return r
	}
}
