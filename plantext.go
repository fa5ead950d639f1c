package stampede

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/workloads"
)

// String renders the plan as text, one line a thing:
//
//	stampede plan 1
//	scenario coordinator/register
//	seed 91
//	bug ack-before-sync
//	knob servers=3
//	shape clients=4 keys=2 …
//	fault 1.25s crash leader(zk) keep=lose restart=800ms
//	op 1001 c3 1.204s …
//
// [ParsePlan] reads it back. Lines that begin with # are comments.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stampede plan %d\nscenario %s\nseed %d\n", PlanFormat, p.Scenario, p.Seed)
	if !p.Bugs.None() {
		fmt.Fprintf(&b, "bug %s\n", p.Bugs)
	}
	for _, s := range p.Knobs.Settings() {
		fmt.Fprintf(&b, "knob %s=%s\n", s.Name, s.Value)
	}
	fmt.Fprintf(&b, "shape %s\n", p.Shape)
	for _, f := range p.Faults {
		fmt.Fprintln(&b, f)
	}
	for _, op := range p.Ops {
		fmt.Fprintln(&b, op)
	}
	return b.String()
}

// WriteTo writes the text form of the plan.
func (p Plan) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, p.String())
	return int64(n), err
}

// ParsePlan reads the text form of a plan. name is what errors call the text, as
// in "plan.txt:12: unknown knob …".
func ParsePlan(name string, r io.Reader) (Plan, error) {
	reader := planReader{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	number := 0
	for lines.Scan() {
		number++
		if err := reader.line(strings.TrimSpace(lines.Text())); err != nil {
			return Plan{}, fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Plan{}, fmt.Errorf("%s:%d: %w", name, number+1, err)
	}
	if err := reader.complete(); err != nil {
		return Plan{}, fmt.Errorf("%s: %w", name, err)
	}
	return reader.plan, nil
}

// planReader collects a plan line by line.
type planReader struct {
	plan Plan
	// knobs names those set so far, seen the header lines met.
	knobs, seen map[string]bool
}

func (p *planReader) line(text string) error {
	if text == "" || strings.HasPrefix(text, "#") {
		return nil
	}
	word, rest, _ := strings.Cut(text, " ")
	if p.seen == nil && word != "stampede" {
		return fmt.Errorf("want %q first: this is no plan", fmt.Sprint("stampede plan ", PlanFormat))
	}
	if p.seen == nil {
		p.seen, p.knobs = map[string]bool{}, map[string]bool{}
	}
	switch word {
	case "stampede", "scenario", "seed", "bug", "shape":
		if p.seen[word] {
			return fmt.Errorf("a second %q line", word)
		}
		p.seen[word] = true
		return p.header(word, rest)
	case "knob":
		return p.knob(rest)
	case "fault":
		f, err := faults.ParseFault(text)
		p.plan.Faults = append(p.plan.Faults, f)
		return err
	case "op":
		op, err := workloads.ParseOp(text)
		p.plan.Ops = append(p.plan.Ops, op)
		return err
	}
	return fmt.Errorf("unknown line %q; lines begin with stampede, scenario, seed, bug, knob, shape, fault, op or #", word)
}

// header reads a line that occurs once.
func (p *planReader) header(word, rest string) (err error) {
	switch word {
	case "stampede":
		if rest != fmt.Sprint("plan ", PlanFormat) {
			return fmt.Errorf("this build reads \"plan %d\", not %q; run the version of stampede that wrote it", PlanFormat, rest)
		}
	case "scenario":
		p.plan.Scenario = rest
		_, err = Lookup(rest)
	case "seed":
		if p.plan.Seed, err = strconv.ParseUint(rest, 10, 64); err != nil {
			return fmt.Errorf("seed %q: want a number from 0 to %d", rest, uint64(1<<64-1))
		}
	case "bug":
		p.plan.Bugs, err = bugs.Parse(rest)
	case "shape":
		p.plan.Shape, err = workloads.ParseShape(rest)
	}
	return err
}

func (p *planReader) knob(word string) error {
	name, _, _ := strings.Cut(word, "=")
	if p.knobs[name] {
		return fmt.Errorf("knob %s is set twice", name)
	}
	p.knobs[name] = true
	return p.plan.Knobs.Set(word)
}

// complete checks that nothing is missing and everything fits together. Every
// knob must be there, so that no default of this build slips into an old plan;
// features that are not named are off.
func (p *planReader) complete() error {
	if p.seen == nil {
		return errors.New("the plan is empty")
	}
	for _, word := range []string{"scenario", "seed", "shape"} {
		if !p.seen[word] {
			return fmt.Errorf("the %s line is missing", word)
		}
	}
	for _, n := range knobs {
		if !p.knobs[n.name] && !n.feature {
			return fmt.Errorf("the line \"knob %s=…\" is missing", n.name)
		}
	}
	return p.plan.Validate()
}
