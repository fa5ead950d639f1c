// Package guarantee is the catalogue of what Stampede promises to check, and the
// form in which a broken promise is reported. One guarantee is one sentence, and
// the text of a finding is that sentence with the evidence.
package guarantee

import (
	"slices"
	"strings"
	"time"
)

// Guarantee is one promise of the system under test.
type Guarantee struct {
	// ID is short, lower-case and dash-joined; results, plans and the bug
	// catalogue name guarantees by it.
	ID string
	// Sentence states the guarantee.
	Sentence string
	// Source says where it is promised: a paper section, an upstream document.
	Source string
	// Not says what one might take it to promise, and it does not; "" if that is clear.
	Not string
}

// Finding is one broken guarantee with its evidence.
type Finding struct {
	// Guarantee is the ID of what broke; Explanation its sentence with the
	// concrete evidence filled in.
	Guarantee, Explanation string
	// Evidence lists what supports it, a line each, in the order it happened.
	Evidence []string
	// Ops are the IDs of the operations involved, if any.
	Ops []int
	// Step, At and Node say where a live check failed; zero for whole-history checks.
	Step uint64
	At   time.Duration
	Node string
}

// Error returns the explanation, led by the guarantee's ID.
func (f *Finding) Error() string { return f.Guarantee + ": " + f.Explanation }

// Catalogue is a set of guarantees under unique IDs.
type Catalogue struct{ list []Guarantee }

// Add enters guarantees; a repeated ID is a bug and panics.
func (c *Catalogue) Add(gs ...Guarantee) {
	for _, g := range gs {
		if _, ok := c.Lookup(g.ID); ok {
			panic("guarantee: " + g.ID + " is declared twice")
		}
		c.list = append(c.list, g)
	}
}

// Lookup finds a guarantee by ID.
func (c *Catalogue) Lookup(id string) (Guarantee, bool) {
	for _, g := range c.list {
		if g.ID == id {
			return g, true
		}
	}
	return Guarantee{}, false
}

// Sorted lists all by ID.
func (c *Catalogue) Sorted() []Guarantee {
	out := slices.Clone(c.list)
	slices.SortFunc(out, func(a, b Guarantee) int { return strings.Compare(a.ID, b.ID) })
	return out
}
