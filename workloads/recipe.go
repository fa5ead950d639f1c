package workloads

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// Recipe steps of a plan. Each is many requests, decided on by what earlier ones
// brought; only those show in the history, and what the client concludes.
const (
	// Lock takes an exclusive lock, ReadLock and WriteLock a shared one, Lead the
	// lead among those who stand for election.
	Lock      history.F = "lock"
	ReadLock  history.F = "read-lock"
	WriteLock history.F = "write-lock"
	Lead      history.F = "lead"
)

// RecipeArgs are the arguments of a recipe step. Those it does not take stay zero.
type RecipeArgs struct {
	// Hold is how long it keeps what it got, Within how long it waits for it.
	Hold, Within time.Duration
	// N is a number of clients, a priority, an amount.
	N int
	// To is a second path.
	To string
	// Mute lets the client hang while it holds.
	Mute bool
}

// recipeVerbs are the words for recipe steps, with the arguments each takes.
var recipeVerbs = []verb{
	{name: "lock", f: Lock, path: true, recipe: "hold within mute"},
	{name: "read-lock", f: ReadLock, path: true, recipe: "hold within mute"},
	{name: "write-lock", f: WriteLock, path: true, recipe: "hold within mute"},
	{name: "lead", f: Lead, path: true, recipe: "hold within mute"},
}

// isRecipe reports whether a function is a recipe step.
func isRecipe(f history.F) bool {
	return slices.ContainsFunc(recipeVerbs, func(v verb) bool { return v.f == f })
}

// perform runs the recipe.
func (s *step) perform() {
	switch s.op.F {
	case Lock, ReadLock, WriteLock, Lead:
		s.lock()
	default:
		panic(fmt.Sprintf("workloads: nobody knows the recipe %q", s.op.F))
	}
}

// takes reports whether a verb is a recipe that takes the argument in a token.
func (v verb) takes(t token) bool {
	if t.bracket != 0 || v.recipe == "" {
		return false
	}
	word := t.value
	if t.hasKey {
		word = t.key
	}
	return slices.Contains(strings.Fields(v.recipe), word) && t.hasKey == (word != "mute")
}

// set takes one argument.
func (a *RecipeArgs) set(t token) (err error) {
	switch t.key {
	case "hold":
		a.Hold, err = parseDuration("hold", t.value)
	case "within":
		a.Within, err = parseDuration("within", t.value)
	case "n":
		if a.N, err = strconv.Atoi(t.value); err != nil || a.N < 0 {
			return fmt.Errorf("n=%q; write a number from 0", t.value)
		}
	case "to":
		if a.To = t.value; !strings.HasPrefix(a.To, "/") {
			return fmt.Errorf("to=%q; paths start with /", t.value)
		}
	default:
		a.Mute = true
	}
	return err
}

// append writes the arguments that are not zero.
func (a RecipeArgs) append(b *strings.Builder) {
	if a.To != "" {
		b.WriteString(" to=" + quote(a.To))
	}
	if a.N != 0 {
		fmt.Fprintf(b, " n=%d", a.N)
	}
	if a.Hold != 0 {
		fmt.Fprintf(b, " hold=%v", a.Hold)
	}
	if a.Within != 0 {
		fmt.Fprintf(b, " within=%v", a.Within)
	}
	if a.Mute {
		b.WriteString(" mute")
	}
}
