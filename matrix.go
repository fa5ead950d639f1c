package stampede

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// MatrixOptions bound the search for each planted bug.
type MatrixOptions struct {
	// Bugs are the names to hunt, empty for the whole zoo.
	Bugs []string
	// For bounds the wall time, Seeds the number of seeds spent on each bug;
	// 0 means one minute and no bound.
	For   time.Duration
	Seeds uint64
	// Workers is the number of runs at a time, 0 for one a processor.
	Workers int
	// Plan changes every plan in the same way; its bugs are replaced.
	Plan PlanOptions
	// OnResult receives each row as it is done.
	OnResult func(BugResult)
}

// BugResult is one row of the detection matrix: whether the harness sees a bug
// that is known to be there.
type BugResult struct {
	Bug      string `json:"bug"`
	Scenario string `json:"scenario"`
	Caught   bool   `json:"caught"`
	// Seed is the first that caught it, Runs how many were tried by then.
	Seed uint64 `json:"seed,omitempty"`
	Runs int    `json:"runs"`
	// CPUSeconds were spent in all those runs together.
	CPUSeconds float64 `json:"cpu_seconds"`
	// Guarantee is what fell; Intended says whether the catalogue names it among
	// those the bug breaks.
	Guarantee string `json:"guarantee,omitempty"`
	Intended  bool   `json:"intended"`
	// Failure is the run that caught it, without its history.
	Failure *Result `json:"-"`
}

// HuntBugs plants each bug of the zoo and hunts it where its catalogue page says.
// It returns a row a bug in the order of the catalogue; a cancelled ctx returns
// the rows that are done.
func HuntBugs(ctx context.Context, o MatrixOptions) ([]BugResult, error) {
	zoo, err := o.zoo()
	if err != nil {
		return nil, err
	}
	var rows []BugResult
	for _, bug := range zoo {
		if ctx.Err() != nil {
			break
		}
		row, err := huntBug(ctx, bug, o)
		if err != nil {
			return rows, fmt.Errorf("bug %s: %w", bug.Name, err)
		}
		rows = append(rows, row)
		if o.OnResult != nil {
			o.OnResult(row)
		}
	}
	return rows, nil
}

func (o MatrixOptions) zoo() ([]bugs.Bug, error) {
	if len(o.Bugs) == 0 {
		return bugs.Catalogue, nil
	}
	var zoo []bugs.Bug
	var errs []error
	for _, name := range o.Bugs {
		bug, ok := bugs.Lookup(name)
		if !ok {
			errs = append(errs, fmt.Errorf("unknown bug %q; `stampede list bugs` names them all", name))
		}
		zoo = append(zoo, bug)
	}
	return zoo, errors.Join(errs...)
}

func huntBug(ctx context.Context, bug bugs.Bug, o MatrixOptions) (BugResult, error) {
	plan := o.Plan
	plan.Bugs = bugs.Of(bug.ID)
	limit := o.For
	if limit == 0 {
		limit = time.Minute
	}
	summary, err := Hunt(ctx, HuntOptions{
		Scenarios: []string{bug.Scenario}, First: 1, Last: o.Seeds,
		For: limit, Workers: o.Workers, Failures: 1, Plan: plan,
	})
	row := BugResult{Bug: bug.Name, Scenario: bug.Scenario, Runs: summary.Runs, CPUSeconds: summary.CPUSeconds}
	if len(summary.Failures) > 0 {
		first := summary.Failures[0]
		row.Caught, row.Seed, row.Guarantee, row.Failure = true, first.Seed, first.Guarantee, &first
		row.Intended = slices.Contains(bug.Breaks, first.Guarantee)
	}
	return row, err
}
