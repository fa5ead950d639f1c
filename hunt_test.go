package stampede

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// report renders what of a summary must not depend on workers or wall time.
func report(t *testing.T, s HuntSummary) string {
	t.Helper()
	s.WallSeconds, s.CPUSeconds = 0, 0
	for i := range s.Failures {
		s.Failures[i].WallSeconds = 0
	}
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHuntDoesNotDependOnItsWorkers(t *testing.T) {
	var reports []string
	for _, workers := range []int{1, 4} {
		s, err := Hunt(context.Background(), HuntOptions{
			Scenarios: []string{"coordinator/session", "coordinator/register"}, First: 1, Last: 3, Workers: workers,
		})
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, report(t, s))
	}
	if reports[0] != reports[1] {
		t.Errorf("one worker:\n%s\nfour workers:\n%s", reports[0], reports[1])
	}
}

func TestHuntStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	runs := 0
	s, err := Hunt(ctx, HuntOptions{
		Scenarios: []string{"coordinator/register"}, First: 1, Workers: 1,
		OnResult: func(Result) { runs++; cancel() },
	})
	if err != nil || s.Runs != runs || runs == 0 || runs > 2 {
		t.Errorf("%d runs in the summary, %d seen, %v", s.Runs, runs, err)
	}
}

func TestHuntRefusesNonsense(t *testing.T) {
	for _, o := range []HuntOptions{
		{},
		{Scenarios: []string{"coordinator/nothing"}},
		{Scenarios: []string{"coordinator/register"}, First: 5, Last: 2},
		{Scenarios: []string{"coordinator/register"}, Plan: PlanOptions{Knobs: []string{"servers=many"}}},
	} {
		if _, err := Hunt(context.Background(), o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// TestTheCatalogueNamesGuaranteesThatExist ties the pages of the bug zoo to the
// guarantees they promise to break, and to scenarios.
func TestTheCatalogueNamesGuaranteesThatExist(t *testing.T) {
	var known []string
	for _, g := range Guarantees() {
		known = append(known, g.ID)
	}
	for _, b := range bugs.Catalogue {
		if _, err := Lookup(b.Scenario); err != nil {
			t.Errorf("%s: %v", b.Name, err)
		}
		for _, id := range b.Breaks {
			if !slices.Contains(known, id) {
				t.Errorf("%s breaks %q, which nobody checks", b.Name, id)
			}
		}
	}
}

// TestAPlantedBugIsCaughtAndShrunk walks the whole way from a seed to the few
// lines that matter.
func TestAPlantedBugIsCaughtAndShrunk(t *testing.T) {
	rows, err := HuntBugs(context.Background(), MatrixOptions{Bugs: []string{"quorum-off-by-one"}, Seeds: 20, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !rows[0].Caught || !rows[0].Intended {
		t.Fatalf("not caught as intended: %+v", rows[0])
	}
	found := *rows[0].Failure
	small, stats, err := Shrink(context.Background(), found.Plan, found.Guarantee, ShrinkOptions{Attempts: 300})
	if err != nil {
		t.Fatal(err)
	}
	if lines := len(small.Faults) + len(small.Ops); lines > 10 {
		t.Errorf("%d lines are left after %d attempts:\n%s", lines, stats.Attempts, small)
	}
	if r := Run(small, RunOptions{}); r.Verdict != checkers.Violation || r.Guarantee != found.Guarantee {
		t.Errorf("the shrunk plan ends in %s %s", r.Verdict, r.Guarantee)
	}
}
