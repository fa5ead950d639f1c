package reports

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
	"github.com/stampede-sim/stampede/workloads"
)

// passed is a run that nothing is wrong with.
func passed() stampede.Result {
	return stampede.Result{
		Scenario: "coordinator/register", Seed: 7, Verdict: checkers.Pass,
		Hash: "0123456789abcdef", Events: 12_000, VirtualSeconds: 15, WallSeconds: 0.02,
		Ops:    stampede.OpCounts{OK: 300, Fail: 20, Info: 1},
		Faults: map[string]int{"crash": 2, "cut": 0, "pause": 1},
		Marks: map[string]uint64{
			"zk.election-started": 9, "zk.established": 3, "zk.sync-diff": 2, "zk.sync-diff-from-disk": 1,
			"sim.crashes-torn": 1, "sim.crashes-lose-all": 1, "zk.recovered": 5,
		},
		Notes: []string{"2 windows were too wide to search"},
	}
}

// failed is a run that broke a guarantee.
func failed() stampede.Result {
	r := passed()
	r.Seed, r.Verdict, r.Bugs = 91, checkers.Violation, "ack-before-sync"
	r.Plan.Faults = make([]faults.Fault, 3)
	r.Plan.Ops = make([]workloads.Op, 1)
	sentence := "An acknowledged write is in the committed log."
	r.Findings = []guarantee.Finding{{
		Guarantee: checkers.Durability, Explanation: sentence + " But op 1001 was acknowledged at 1:7, which is not in the log.",
		Evidence: []string{"op 1001 [4.1s, 4.2s] process 0: set /r/1 \"x\" -> ok version 3 at 1:7"},
		Step:     902, At: 4200 * time.Millisecond,
	}}
	r.Guarantee, r.Explanation = r.Findings[0].Guarantee, r.Findings[0].Explanation
	return r
}

// TestTerminal shows the blocks as people see them.
//
//	block passed|failed|written|vacuous|twice
//	summary clean|broken
//	matrix
func TestTerminal(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) {
		scripttest.Run(t, path, func(t *testing.T, c *script.Command) string {
			switch c.Name {
			case "block":
				return text(t, block(c, c.Word("which")))
			case "summary":
				return text(t, summary(c, c.Word("which")))
			case "matrix":
				return matrix()
			}
			return c.Unknown()
		})
	})
}

func text(t *testing.T, from io.WriterTo) string {
	t.Helper()
	var b strings.Builder
	if _, err := from.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func block(c *script.Command, which string) Block {
	b := Block{Result: passed(), Runs: 1}
	switch which {
	case "passed":
	case "failed":
		b.Result, b.Recipe = failed(), Recipe{Faults: "heavy", Knobs: []string{"servers=5"}}
	case "written":
		b.Result, b.Runs, b.Dir = failed(), 2, "runs/coordinator-register-91"
		b.Result.Artifacts = []string{b.Dir + "/plan.txt", b.Dir + "/report.html"}
	case "vacuous":
		b.Result.Verdict, b.Result.Explanation = checkers.Vacuous, "no write succeeded"
	case "twice":
		b.Result.Verdict = stampede.Nondeterministic
		b.Result.Explanation = "the same plan gave hash 1 and then 2; they part after step 640"
	default:
		c.Fatalf("no block is called %s", which)
	}
	return b
}

func summary(c *script.Command, which string) Summary {
	s := Summary{Seeds: "1-4", Walls: []float64{0.01, 0.02, 0.03, 0.5}}
	r := passed()
	s.Runs, s.Events, s.VirtualSeconds, s.WallSeconds, s.CPUSeconds = 4, 48_000, 60, 0.3, 0.56
	s.Ops, s.Faults, s.Marks = r.Ops, r.Faults, r.Marks
	s.Verdicts = map[checkers.Verdict]int{checkers.Pass: 4}
	s.NeverHit = []string{"zk.sync-snap", "zk.torn-tail"}
	switch which {
	case "clean":
	case "broken":
		one, two := failed(), failed()
		two.Seed = 3
		s.Verdicts = map[checkers.Verdict]int{checkers.Pass: 2, checkers.Violation: 2}
		s.Failures = []stampede.Result{two, one}
		s.Dirs = map[Seed]string{{one.Scenario, one.Seed}: "runs/coordinator-register-91"}
	default:
		c.Fatalf("no summary is called %s", which)
	}
	return s
}

func matrix() string {
	rows := []stampede.BugResult{
		{Bug: "ack-before-sync", Scenario: "coordinator/register", Caught: true, Seed: 3, Runs: 3, CPUSeconds: 0.5, Guarantee: "durability", Intended: true},
		{Bug: "late-forwarding", Scenario: "coordinator/register", Runs: 900, CPUSeconds: 60},
	}
	text := MatrixHead()
	for _, r := range rows {
		text += MatrixRow(r)
	}
	return text + MatrixFoot(rows)
}

func TestAFewUnprovenRunsDoNotSpoilAHunt(t *testing.T) {
	for _, c := range []struct {
		runs, unproven int
		tooLittle      bool
	}{{0, 0, true}, {1, 1, true}, {50, 1, true}, {100, 1, false}, {1000, 11, true}, {1000, 10, false}, {7, 0, false}} {
		s := Summary{Unproven: make([]Unproven, c.unproven)}
		s.Runs = c.runs
		if got := s.ProvesTooLittle(); got != c.tooLittle {
			t.Errorf("%d of %d runs unproven: too little is %v", c.unproven, c.runs, got)
		}
	}
}
