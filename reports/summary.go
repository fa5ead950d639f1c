package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/exp/stats"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
)

// Summary is what the terminal shows of a hunt.
type Summary struct {
	stampede.HuntSummary
	Recipe Recipe
	// Seeds says which were asked for, in words.
	Seeds string
	// Walls are the wall times of the runs in seconds, in any order.
	Walls []float64
	// Unproven are the runs that were neither a pass nor a failure.
	Unproven []Unproven
	// Dirs are the failure directories by scenario and seed, where one was written.
	Dirs map[Seed]string
}

// Seed names a run of a hunt.
type Seed struct {
	Scenario string
	Seed     uint64
}

// Unproven is a run that proved nothing, and why.
type Unproven struct {
	Scenario string
	Seed     uint64
	Verdict  checkers.Verdict
	Why      string
}

// ProvesTooLittle reports whether a hunt may not count as a pass although nothing
// failed: it had no run, or more than one in a hundred proved nothing. A few are to
// be expected, since some seeds leave clients hardly a moment in which to succeed.
func (s Summary) ProvesTooLittle() bool {
	return s.Runs == 0 || 100*len(s.Unproven) > s.Runs
}

// maxListed is how many failures a summary lists for a guarantee.
const maxListed = 5

// WriteTo writes the summary.
func (s Summary) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	s.head(&b)
	s.speed(&b)
	fmt.Fprintf(&b, "      operations  %d ok, %d fail, %d info\n", s.Ops.OK, s.Ops.Fail, s.Ops.Info)
	for _, line := range happened(s.Faults, s.Marks) {
		fmt.Fprintf(&b, "      %s\n", line)
	}
	if len(s.NeverHit) > 0 && len(s.Failures) == 0 { // a failing run ends early
		fmt.Fprintf(&b, "note  never hit: %s\n", Hang(strings.Join(s.NeverHit, " "), 6))
	}
	for _, u := range s.Unproven[:min(len(s.Unproven), maxListed)] {
		fmt.Fprintf(&b, "note  %s seed %d is %s: %s\n", u.Scenario, u.Seed, u.Verdict, Hang(u.Why, 6))
	}
	s.failures(&b)
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func (s Summary) head(b *strings.Builder) {
	word := "PASS"
	switch {
	case len(s.Failures) > 0:
		word = "FAIL"
	case s.ProvesTooLittle():
		word = "VACUOUS"
	}
	var verdicts []string
	for _, v := range slices.Sorted(maps.Keys(s.Verdicts)) {
		verdicts = append(verdicts, fmt.Sprintf("%d %s", s.Verdicts[v], v))
	}
	fmt.Fprintf(b, "%-5s %s of seeds %s: %s\n", word, plural(s.Runs, "run"), s.Seeds, cmp.Or(strings.Join(verdicts, ", "), "none"))
}

func (s Summary) speed(b *strings.Builder) {
	wall := max(s.WallSeconds, 1e-9)
	fmt.Fprintf(b, "stats %.1f seeds/s; %.2f virtual h in %s, %.0f times real time; %s events, %s events/s\n",
		float64(s.Runs)/wall, s.VirtualSeconds/3600, seconds(s.WallSeconds), s.VirtualSeconds/wall,
		quantity(float64(s.Events)), quantity(float64(s.Events)/wall))
	if len(s.Walls) > 0 {
		q := stats.Quantiles(s.Walls, 0.5, 0.99, 1)
		fmt.Fprintf(b, "      a run       %s in the median, %s at the 99th percentile, %s at most\n",
			seconds(q[0]), seconds(q[1]), seconds(q[2]))
	}
}

// failures lists the failing runs by what they broke, most frequent first.
func (s Summary) failures(b *strings.Builder) {
	broken := map[string][]stampede.Result{}
	for _, r := range s.Failures {
		id := cmp.Or(r.Guarantee, string(r.Verdict))
		broken[id] = append(broken[id], r)
	}
	ids := slices.SortedFunc(maps.Keys(broken), func(x, y string) int {
		return cmp.Or(cmp.Compare(len(broken[y]), len(broken[x])), strings.Compare(x, y))
	})
	for _, id := range ids {
		runs := broken[id]
		fmt.Fprintf(b, "\n%s  %s\n", id, plural(len(runs), "run"))
		fmt.Fprintf(b, "why   %s\n", Hang(explanation(&runs[0]), 6))
		for _, r := range runs[:min(len(runs), maxListed)] {
			if dir := s.Dirs[Seed{r.Scenario, r.Seed}]; dir != "" {
				fmt.Fprintf(b, "repro %s\n", Replay(dir))
				continue
			}
			fmt.Fprintf(b, "repro %s\n", s.Recipe.Run(&r))
		}
		if more := len(runs) - maxListed; more > 0 {
			fmt.Fprintf(b, "      … and %d more\n", more)
		}
	}
}

func explanation(r *stampede.Result) string {
	return cmp.Or(r.Explanation, string(r.Verdict))
}

// summaryLine is the last line of a hunt's --json output.
type summaryLine struct {
	Summary bool   `json:"summary"`
	Seeds   string `json:"seeds"`
	stampede.HuntSummary
	MedianSeconds float64 `json:"median_run_seconds"`
	Identity
}

// Line returns the summary as one line of JSON, marked by "summary": true.
func (s Summary) Line() ([]byte, error) {
	line := summaryLine{Summary: true, Seeds: s.Seeds, HuntSummary: s.HuntSummary, Identity: ThisBuild()}
	if len(s.Walls) > 0 {
		line.MedianSeconds = stats.Median(s.Walls)
	}
	line.Failures = slices.Clone(line.Failures)
	for i := range line.Failures {
		if dir := s.Dirs[Seed{line.Failures[i].Scenario, line.Failures[i].Seed}]; dir != "" {
			line.Failures[i].Artifacts = []string{dir}
		}
	}
	b, err := json.Marshal(line)
	return append(b, '\n'), err
}
