package stampede

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/faults"
)

// TestFaultsOfThePage runs every line that docs/FAULTS.md has for brokers: each strikes
// somebody, and no guarantee falls.
func TestFaultsOfThePage(t *testing.T) {
	page, err := os.ReadFile("docs/FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## What happens to brokers")
	lines := regexp.MustCompile("`(fault [^`]+)`").FindAllStringSubmatch(section, -1)
	if len(lines) < 10 {
		t.Fatalf("only %d lines are found", len(lines))
	}
	for _, line := range lines {
		t.Run(line[1], func(t *testing.T) {
			f, err := faults.ParseFault(line[1])
			if err != nil {
				t.Fatal(err)
			}
			p, err := PlanFor("broker/log", 3, PlanOptions{
				Profile: faults.None, Duration: 8 * time.Second,
				Knobs: []string{"brokers=3", "replication=3", "min-insync=2", "servers=3", "tick=200ms", "broker-session=2s"},
			})
			if err != nil {
				t.Fatal(err)
			}
			p.Faults = []faults.Fault{f}
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			r := Run(p, RunOptions{})
			if r.Verdict != checkers.Pass || r.Faults[f.Kind] != 1 {
				t.Errorf("it struck %d times: %s %s: %s", r.Faults[f.Kind], r.Verdict, r.Guarantee, r.Explanation)
			}
		})
	}
}
