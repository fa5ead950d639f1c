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

	// Offer adds an element to a queue, Take takes the first; the others do so by
	// priority, N.
	Offer         history.F = "offer"
	Take          history.F = "take"
	OfferPriority history.F = "offer-priority"
	TakePriority  history.F = "take-priority"

	// Pass waits until a barrier is gone, Meet enters a double barrier with N clients
	// and leaves it with them.
	Pass history.F = "pass"
	Meet history.F = "meet"

	// Publish replaces a configuration, Configure reads one.
	Publish   history.F = "publish"
	Configure history.F = "configure"

	// Increment raises a counter, Transfer moves N from an account to another, Audit
	// adds up all accounts.
	Increment history.F = "increment"
	Transfer  history.F = "transfer"
	Audit     history.F = "audit"

	// VoteCommit and VoteAbort are the votes of one of N sites in a two-phase commit,
	// which then learns what was decided.
	VoteCommit history.F = "vote-commit"
	VoteAbort  history.F = "vote-abort"

	// Serve is a member of a group, Discover keeps a cache of its members.
	Serve    history.F = "serve"
	Discover history.F = "discover"

	// Mirror keeps a copy of a tree by the events of a recursive watch.
	Mirror history.F = "mirror"
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
	{name: "offer", f: Offer, path: true, recipe: "within"},
	{name: "take", f: Take, path: true, recipe: "within"},
	{name: "offer-priority", f: OfferPriority, path: true, recipe: "n within"},
	{name: "take-priority", f: TakePriority, path: true, recipe: "within"},
	{name: "pass", f: Pass, path: true, recipe: "within"},
	{name: "meet", f: Meet, path: true, recipe: "n hold within"},
	{name: "publish", f: Publish, path: true, recipe: "hold within"},
	{name: "configure", f: Configure, path: true, recipe: "within"},
	{name: "increment", f: Increment, path: true, recipe: "within"},
	{name: "transfer", f: Transfer, path: true, recipe: "to n within"},
	{name: "audit", f: Audit, path: true, recipe: "within"},
	{name: "vote-commit", f: VoteCommit, path: true, recipe: "n within"},
	{name: "vote-abort", f: VoteAbort, path: true, recipe: "n within"},
	{name: "serve", f: Serve, path: true, recipe: "hold within mute"},
	{name: "discover", f: Discover, path: true, recipe: "hold within"},
	{name: "mirror", f: Mirror, path: true, recipe: "hold mute"},
}

// isRecipe reports whether a function is a recipe step.
func isRecipe(f history.F) bool { return recipes[f] }

var recipes = func() map[history.F]bool {
	all := map[history.F]bool{}
	for _, v := range recipeVerbs {
		all[v.f] = true
	}
	return all
}()

// perform runs the recipe.
func (s *step) perform() {
	switch s.op.F {
	case Lock, ReadLock, WriteLock, Lead:
		s.lock()
	case Offer, OfferPriority:
		s.offer()
	case Take, TakePriority:
		s.take()
	case Pass:
		s.pass()
	case Meet:
		s.meet()
	case Publish:
		s.publish()
	case Configure:
		s.configure()
	case Increment:
		s.increment()
	case Transfer:
		s.transfer()
	case Audit:
		s.audit()
	case VoteCommit, VoteAbort:
		s.agree()
	case Serve:
		s.serve()
	case Discover:
		s.discover()
	case Mirror:
		s.reflect()
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
