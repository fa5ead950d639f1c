package faults

import "time"

// Simplify proposes faults that are weaker, shorter or plainer than f, the
// boldest first. A shrinker keeps those with which the same guarantee still
// breaks. No proposal equals f, and repeated simplification ends.
func Simplify(f Fault) []Fault {
	var out []Fault
	propose := func(change func(*Fault)) {
		g := f
		if f.When != nil {
			t := *f.When
			g.When = &t
		}
		change(&g)
		if g.String() != f.String() {
			out = append(out, g)
		}
	}
	if f.When != nil && f.Target.Select != Actor && f.From.Select != Actor && f.To.Select != Actor {
		propose(func(g *Fault) { g.When = nil })
	}
	propose(func(g *Fault) { g.Port = "" })
	propose(func(g *Fault) { g.File = "" })
	propose(func(g *Fault) { g.Keep = KeepAll })
	if f.Keep == Arbitrary || f.Keep == Torn {
		propose(func(g *Fault) { g.Keep = Lose })
	}
	propose(func(g *Fault) { g.Target = plainer(g.Target) })
	if f.When != nil {
		propose(func(g *Fault) { g.When.About = "" })
		propose(func(g *Fault) { g.When.After = 1 + (g.When.After-1)/2 })
		propose(func(g *Fault) { g.When.Effects /= 2 })
	}
	propose(func(g *Fault) { g.For = shorter(g.For) })
	propose(func(g *Fault) { g.Restart = shorter(g.Restart) })
	propose(func(g *Fault) { g.AddMin = 0 })
	propose(func(g *Fault) { g.Jump = rounder(g.Jump) })
	return out
}

// plainer lowers the index of a target and turns minorities into one process.
func plainer(t Target) Target {
	switch {
	case t.Select == Minority:
		return Target{Select: Any, Name: t.Name, Index: t.Index % 8}
	case t.Select != Client:
		t.Index /= 2
	}
	return t
}

// shorter halves a duration and rounds it; a short one stays as it is, because 0
// would mean "until healed".
func shorter(d time.Duration) time.Duration {
	if half := (d / 2).Truncate(10 * time.Millisecond); half > 0 {
		return half
	}
	return d
}

// rounder halves a jump, keeping its sign.
func rounder(d time.Duration) time.Duration {
	if half := (d / 2).Truncate(100 * time.Millisecond); half != 0 {
		return half
	}
	return d
}
