package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// GroupShape is what the generator must know of groups of clients that share work, besides
// the [Shape] of the servers that coordinate them.
type GroupShape struct {
	// Session is the silence after which a member is taken for dead, Patience how long the
	// others wait for it when they begin anew.
	Session, Patience time.Duration
	// Partitions are those in which groups are kept: who leads them coordinates.
	Partitions []string
	// Steps are the moments of a rebalance that coordinators state, Own those that members
	// do.
	Steps, Own []string
}

// DrawGroups lets members die, fall silent and lose their way, and coordinators do so
// between two steps of a rebalance.
func DrawGroups(r *rand.Rand, s Shape, g GroupShape) []Fault {
	d := &drawer{r: r, shape: s}
	if s.Clients == 0 || s.Duration <= 0 || len(g.Partitions) == 0 {
		return nil
	}
	gap := g.Session + time.Duration(d.between(1, 8))*g.Patience/4
	var plan []Fault
	for at := d.upTo(gap); at < s.Duration; at += gap/2 + d.upTo(gap) {
		var made []Fault
		switch d.r.IntN(6) {
		case 0, 1, 2:
			made = d.memberTrouble(g)
		case 3:
			made = d.coordinatorTrouble(g)
		case 4:
			made = d.betweenSteps(g)
		default:
			made = d.silentLeader(g)
		}
		for i := range made {
			made[i].At += at
		}
		plan = append(plan, made...)
	}
	slices.SortStableFunc(plan, func(a, b Fault) int { return int(a.At - b.At) })
	return plan
}

// memberTrouble takes one or two members away, for about as long as it takes to be missed.
func (d *drawer) memberTrouble(g GroupShape) []Fault {
	var made []Fault
	for range d.between(1, 2) {
		away := g.Session/4 + d.upTo(2*g.Session+g.Patience)
		f := Fault{Kind: Pause, Target: d.client(), For: away}
		switch d.r.IntN(4) {
		case 0:
			f = Fault{Kind: Isolate, Target: f.Target, For: away}
		case 1:
			f = Fault{Kind: Crash, Target: f.Target, Restart: time.Millisecond + d.upTo(away)}
		case 2:
			f = Fault{Kind: Crash, Target: f.Target, Restart: time.Millisecond + d.upTo(g.Session/4)} // back before anybody misses it
		}
		made = append(made, f)
	}
	return made
}

// coordinator is who coordinates some of the groups.
func (d *drawer) coordinator(g GroupShape) Target {
	return Target{Select: Leader, Name: g.Partitions[d.r.IntN(len(g.Partitions))]}
}

// coordinatorTrouble takes a coordinator away: for good, or only from those who could tell
// it that it is deposed.
func (d *drawer) coordinatorTrouble(g GroupShape) []Fault {
	away := d.shape.Notice/2 + d.upTo(2*d.shape.Notice)
	switch d.r.IntN(4) {
	case 0:
		return []Fault{{Kind: Pause, Target: d.coordinator(g), For: away}}
	case 1:
		return []Fault{{Kind: Isolate, Target: d.coordinator(g), Port: d.shape.Peers, For: away}}
	case 2:
		return []Fault{{Kind: Cut, Target: d.coordinator(g), Port: d.shape.Service}}
	}
	return []Fault{{Kind: Crash, Target: d.coordinator(g), Keep: d.keep(), Restart: time.Millisecond + d.upTo(away)}}
}

// betweenSteps strikes a coordinator when it has made one step, and before the next.
func (d *drawer) betweenSteps(g GroupShape) []Fault {
	if len(g.Steps) == 0 {
		return d.coordinatorTrouble(g)
	}
	f := d.coordinatorTrouble(g)[0]
	if d.chance(1, 2) {
		f = Fault{Kind: Crash, Keep: d.keep(), Restart: time.Millisecond + d.upTo(d.shape.Notice)}
	}
	f.Target, f.At = d.actor(), time.Millisecond
	f.When = &Trigger{Mark: g.Steps[d.r.IntN(len(g.Steps))], After: d.skewed(3), Within: 2 * (g.Session + g.Patience)}
	if f.Kind == Crash {
		f.When.Effects = max(0, d.r.IntN(6)-2)
	}
	// Somebody has to make it begin anew.
	return []Fault{{Kind: Crash, Target: d.client(), Restart: time.Millisecond + d.upTo(g.Session)}, f}
}

// silentLeader takes the member away that is to share the work out, before it has.
func (d *drawer) silentLeader(g GroupShape) []Fault {
	if len(g.Own) == 0 {
		return d.memberTrouble(g)
	}
	when := &Trigger{Mark: g.Own[d.r.IntN(len(g.Own))], After: 1, Within: 2 * (g.Session + g.Patience)}
	f := Fault{Kind: Pause, Target: d.client(), For: g.Session/2 + d.upTo(g.Session+2*g.Patience), At: time.Millisecond, When: when}
	if d.chance(1, 2) {
		when.Effects = d.r.IntN(3)
		f = Fault{Kind: Crash, Target: f.Target, Restart: time.Millisecond + d.upTo(g.Session), At: time.Millisecond, When: when}
	}
	other := f.Target
	other.Index++
	return []Fault{{Kind: Crash, Target: other, Restart: time.Millisecond + d.upTo(g.Session)}, f}
}
