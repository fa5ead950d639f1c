package reports

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede"
)

// Recipe is how to run something again by its seed: the options that the command
// line was given beyond scenario and seed.
type Recipe struct {
	// Faults is the profile, "" for the scenario's own; Knobs are name=value.
	Faults string   `json:"faults,omitempty"`
	Knobs  []string `json:"knobs,omitempty"`
}

// IsZero reports whether there are no options.
func (r Recipe) IsZero() bool { return r.Faults == "" && len(r.Knobs) == 0 }

// Run is the command that runs a seed again. It holds for this commit only: what
// a seed means changes with the code.
func (r Recipe) Run(result *stampede.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "stampede run %s --seed %d", result.Scenario, result.Seed)
	if result.Bugs != "" {
		b.WriteString(" --bug " + result.Bugs)
	}
	if r.Faults != "" {
		b.WriteString(" --faults " + r.Faults)
	}
	for _, knob := range r.Knobs {
		b.WriteString(" --knob " + knob)
	}
	return b.String()
}

// Replay is the command that runs a failure directory again.
func Replay(dir string) string { return "stampede replay " + quote(dir) }

// quote makes a word safe to paste into a shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./+:@%,=", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
