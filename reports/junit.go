package reports

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
)

// JUnit collects the runs of a hunt in the form that CI servers show: a test
// suite a scenario, a test case a seed. An unknown or vacuous run is a skipped
// test, since it proves nothing either way; two hashes for one seed are an error
// of the harness.
type JUnit struct {
	Recipe Recipe
	suites map[string]*junitSuite
}

type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Skipped  int           `xml:"skipped,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	seconds float64
}

type junitCase struct {
	Name      string       `xml:"name,attr"`
	Classname string       `xml:"classname,attr"`
	Time      string       `xml:"time,attr"`
	Failure   *junitDetail `xml:"failure,omitempty"`
	Error     *junitDetail `xml:"error,omitempty"`
	Skipped   *junitDetail `xml:"skipped,omitempty"`

	seed uint64
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Add enters a run; dir is its failure directory, "" for none.
func (j *JUnit) Add(r *stampede.Result, dir string) {
	if j.suites == nil {
		j.suites = map[string]*junitSuite{}
	}
	s := j.suites[r.Scenario]
	if s == nil {
		s = &junitSuite{Name: r.Scenario}
		j.suites[r.Scenario] = s
	}
	c := junitCase{
		Name: fmt.Sprintf("seed %d", r.Seed), Classname: strings.ReplaceAll(r.Scenario, "/", "."),
		Time: fmt.Sprintf("%.3f", r.WallSeconds), seed: r.Seed,
	}
	detail := &junitDetail{Message: explanation(r), Type: cmp.Or(r.Guarantee, string(r.Verdict))}
	switch r.Verdict {
	case checkers.Violation:
		c.Failure, s.Failures = detail, s.Failures+1
	case stampede.Nondeterministic:
		c.Error, s.Errors = detail, s.Errors+1
	case checkers.Unknown, checkers.Vacuous:
		c.Skipped, s.Skipped = &junitDetail{Message: explanation(r)}, s.Skipped+1
	}
	if r.Failed() {
		detail.Text = j.Recipe.Run(r)
		if dir != "" {
			detail.Text = Replay(dir)
		}
	}
	s.Tests++
	s.seconds += r.WallSeconds
	s.Cases = append(s.Cases, c)
}

// WriteTo writes the document, with suites and cases in order.
func (j *JUnit) WriteTo(w io.Writer) (int64, error) {
	all, total := junitSuites{Name: "stampede"}, 0.0
	for _, name := range slices.Sorted(maps.Keys(j.suites)) {
		s := j.suites[name]
		slices.SortFunc(s.Cases, func(a, b junitCase) int { return cmp.Compare(a.seed, b.seed) })
		s.Time = fmt.Sprintf("%.3f", s.seconds)
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
		all.Errors, all.Skipped = all.Errors+s.Errors, all.Skipped+s.Skipped
		total += s.seconds
	}
	all.Time = fmt.Sprintf("%.3f", total)
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return 0, err
	}
	n, err := io.WriteString(w, xml.Header+string(b)+"\n")
	return int64(n), err
}
