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

// TestFaultsOfThePage runs what docs/FAULTS.md has for brokers, row by row: each fault
// strikes somebody, and no guarantee falls.
func TestFaultsOfThePage(t *testing.T) {
	page, err := os.ReadFile("docs/FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## What happens to brokers")
	rows := 0
	for row := range strings.Lines(section) {
		var struck []faults.Fault
		for _, line := range regexp.MustCompile("`(fault [^`]+)`").FindAllStringSubmatch(row, -1) {
			f, err := faults.ParseFault(line[1])
			if err != nil {
				t.Fatal(err)
			}
			struck = append(struck, f)
		}
		if len(struck) == 0 {
			continue
		}
		rows++
		t.Run(strings.Split(row, "|")[1], func(t *testing.T) {
			p, err := PlanFor("broker/log", 3, PlanOptions{
				Profile: faults.None, Duration: 8 * time.Second,
				Knobs: []string{"brokers=3", "replication=3", "min-insync=2", "servers=3", "tick=200ms", "broker-session=2s"},
			})
			if err != nil {
				t.Fatal(err)
			}
			p.Faults = struck
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			r := Run(p, RunOptions{})
			times := 0
			for _, n := range r.Faults { //sim:unordered a sum
				times += n
			}
			if r.Verdict != checkers.Pass || times != len(struck) {
				t.Errorf("%d of %d faults struck: %s %s: %s", times, len(struck), r.Verdict, r.Guarantee, r.Explanation)
			}
		})
	}
	if rows < 10 {
		t.Fatalf("only %d rows are found", rows)
	}
}
