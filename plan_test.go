package stampede

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// drawPlan draws a plan of any scenario, seed and options.
func drawPlan(t *rapid.T) Plan {
	scenario := rapid.SampledFrom(Scenarios()).Draw(t, "scenario").Name
	p, err := PlanFor(scenario, rapid.Uint64().Draw(t, "seed"), PlanOptions{
		Profile: rapid.SampledFrom(faults.Profiles).Draw(t, "profile"),
		Bugs:    bugs.Set(rapid.SampledFrom([]bugs.Set{{}, bugs.Of(bugs.AckBeforeSync, bugs.DiffWhereTrunc)}).Draw(t, "bugs")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryPlanSurvivesPrintingAndParsing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawPlan(t).String()
		parsed, err := ParsePlan("plan.txt", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if again := parsed.String(); again != text {
			t.Fatalf("printed\n%s\nparsed and printed again\n%s", text, again)
		}
	})
}

func TestOneSeedOnePlan(t *testing.T) {
	for _, s := range Scenarios() {
		first, err := PlanFor(s.Name, 7, PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		second, _ := PlanFor(s.Name, 7, PlanOptions{})
		other, _ := PlanFor(s.Name, 8, PlanOptions{})
		if first.String() != second.String() || first.String() == other.String() {
			t.Errorf("%s: plans do not follow their seed", s.Name)
		}
	}
}

// TestFaultsDoNotShiftOperations holds the streams of a seed apart: what goes
// wrong may be changed without changing what the clients do.
func TestFaultsDoNotShiftOperations(t *testing.T) {
	calm, _ := PlanFor("coordinator/register", 3, PlanOptions{Profile: faults.None})
	heavy, _ := PlanFor("coordinator/register", 3, PlanOptions{Profile: faults.Heavy})
	if len(calm.Faults) != 0 || len(heavy.Faults) == 0 {
		t.Fatalf("%d and %d faults", len(calm.Faults), len(heavy.Faults))
	}
	heavy.Faults = nil
	if calm.String() != heavy.String() {
		t.Error("another fault profile changed the operations or knobs")
	}
}

func TestPlanErrorsNameTheLine(t *testing.T) {
	plan, err := PlanFor("coordinator/register", 1, PlanOptions{Profile: faults.None})
	if err != nil {
		t.Fatal(err)
	}
	whole := plan.String()
	for _, c := range []struct{ name, old, new, want string }{
		{"empty", whole, "", "plan.txt: the plan is empty"},
		{"no plan", "stampede plan 1\n", "", `plan.txt:1: want "stampede plan 1" first`},
		{"newer format", "plan 1", "plan 2", `plan.txt:1: this build reads "plan 1"`},
		{"scenario", "coordinator/register", "coordinator/registers", `plan.txt:2: unknown scenario "coordinator/registers"; did you mean coordinator/register?`},
		{"seed", "seed 1\n", "seed one\n", `plan.txt:3: seed "one"`},
		{"twice", "seed 1\n", "seed 1\nseed 1\n", `plan.txt:4: a second "seed" line`},
		{"bug", "seed 1\n", "seed 1\nbug none-such\n", `plan.txt:4: unknown bug "none-such"`},
		{"knob", "knob servers=", "knob serves=", `plan.txt:4: unknown knob "serves"`},
		{"knob twice", "knob servers=", "knob tick=1s\nknob servers=", `knob tick is set twice`},
		{"missing knob", "knob wire=", "# knob wire=", `plan.txt: the line "knob wire=…" is missing`},
		{"missing seed", "seed 1\n", "", "plan.txt: the seed line is missing"},
		{"fault", "shape ", "fault 1s crash zk1 now\nshape ", `unexpected word "now"`},
		{"fault's target", "shape ", "fault 1s crash zk9\nshape ", `no process is called "zk9"`},
		{"line", "seed 1\n", "seed 1\nsead 1\n", `plan.txt:4: unknown line "sead"`},
		{"op's client", "shape clients=", "shape clients=1 # was ", "shape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(whole, c.old, c.new, 1)
			_, err := ParsePlan("plan.txt", strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want …%s…", err, c.want)
			}
		})
	}
}

func TestLookupHelps(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"register", "did you mean coordinator/register?"},
		{"broker/session", "did you mean coordinator/session?"},
		{"nothing", "`stampede list scenarios` names them all"},
	} {
		if _, err := Lookup(c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", c.name, err, c.want)
		}
	}
}
