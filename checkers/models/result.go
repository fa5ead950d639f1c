// Package models holds sequential specifications for porcupine, and the rules by
// which a history becomes something porcupine can search within bounds: parted by
// znode, cut into windows, unknown outcomes resolved or few.
//
// The search is the second opinion. It trusts no zxid where it has operations
// enough without; the log only settles what nobody was told.
package models

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/anishathalye/porcupine"
)

// Bounds of one search. Porcupine's memory grows with the square of a window, its
// time with two to the number of unknown outcomes once a violation is in.
const (
	maxWindow   = 10_000
	goodWindow  = 256 // a quiet moment after so many operations ends a window
	maxUnknowns = 20
)

// Result is the answer of one search.
type Result struct {
	// Model is the specification's name, Path the znode it was held against.
	Model, Path string
	// Outcome is porcupine's word.
	Outcome porcupine.CheckResult
	// Why says why the outcome is unknown.
	Why string
	// Ops are the identifiers of the operations searched; Names say what they are if no
	// client made them.
	Ops   []int
	Names []string
	// Spec and Info draw the failed search with porcupine.Visualize.
	Spec porcupine.Model
	Info porcupine.LinearizationInfo
}

// Size is how many operations were searched.
func (r *Result) Size() int { return len(r.Ops) + len(r.Names) }

// Name is what to call one of the operations searched.
func (r *Result) Name(i int) string {
	if r.Names != nil {
		return r.Names[i] + ";"
	}
	return strconv.Itoa(r.Ops[i])
}

// Budget bounds the work of all searches of a verdict in steps of a model, which,
// unlike seconds, are the same on every machine.
type Budget struct{ Steps int }

// search asks porcupine about one window. Porcupine has no bound but a wall clock,
// so the model itself counts: once the budget is spent it refuses every step, which
// ends the search at once, and the answer is unknown.
func search(r Result, spec porcupine.Model, ops []porcupine.Operation, budget *Budget) Result {
	if len(ops) > maxWindow {
		r.Outcome, r.Why = porcupine.Unknown, "more operations overlap than a search can hold"
		return r
	}
	spent, step, before := false, spec.Step, budget.Steps
	bounded := spec
	bounded.Step = func(state, in, out any) (bool, any) {
		if budget.Steps <= 0 {
			spent = true
			return false, state
		}
		budget.Steps--
		return step(state, in, out)
	}
	ok := porcupine.CheckOperations(bounded, ops)
	switch {
	case ok:
		r.Outcome = porcupine.Ok
	case spent:
		r.Outcome, r.Why = porcupine.Unknown, "the step budget is spent"
	default:
		r.Outcome = porcupine.Illegal
		r.Spec = spec
		// To draw it costs more than to find it. Half a picture is better than none in time.
		budget.Steps = min(before-budget.Steps, drawSteps)
		_, r.Info = porcupine.CheckOperationsVerbose(bounded, ops, 0)
	}
	return r
}

// drawSteps bounds the search that is made once more, for its picture.
const drawSteps = 10_000

// cut splits operations, in order of their calls, into windows at moments when
// nothing was in flight.
func cut(ops []porcupine.Operation) [][]porcupine.Operation {
	slices.SortStableFunc(ops, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var out [][]porcupine.Operation
	first, returned := 0, int64(-1)
	for i := range ops {
		if i-first >= goodWindow && returned < ops[i].Call {
			out = append(out, ops[first:i])
			first = i
		}
		returned = max(returned, ops[i].Return)
	}
	return append(out, ops[first:])
}
