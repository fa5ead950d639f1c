package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Draw makes a plan: faults in order of time, no two budgets' worth of voters
// lost at once. It draws from r alone, so a seed means one plan.
//
// The budget: the voters that are down, paused or cut off at any moment never
// exceed the largest number that leaves a majority, unless the seed is one of
// those that lose majorities; every fault then still ends by itself or by the
// healing that follows the safety phase. No fault loses synced data.
func Draw(r *rand.Rand, p Profile, s Shape) []Fault {
	if p == None || s.Voters == 0 || s.Duration <= 0 {
		return nil
	}
	d := newDrawer(r, p, s)
	at := d.gap()
	for at < s.Duration {
		d.plan = append(d.plan, d.draw(at)...)
		at += d.gap()
	}
	slices.SortStableFunc(d.plan, func(a, b Fault) int { return int(a.At - b.At) })
	return d.plan
}

// drawer is one seed's taste: what may happen, how often, how long.
type drawer struct {
	r     *rand.Rand
	shape Shape
	plan  []Fault

	makers  []maker
	meanGap time.Duration
	// triggers and longs say in how many of 8 cases a fault waits for a moment
	// of the protocol, and in how many it lasts long.
	triggers, longs int
	// limit is how many voters may be impaired at once.
	limit    int
	impaired []impairment
}

// impairment is a stretch of time for which some voters are out.
type impairment struct {
	from, until time.Duration
	voters      int
}

// maker draws one fault, or a few that belong together and hit the same process,
// with times counted from the first. It knows how often to be asked.
type maker struct {
	weight int
	// power marks faults that take everybody down at once.
	power bool
	draw  func(*drawer) []Fault
}

func one(draw func(*drawer) Fault) func(*drawer) []Fault {
	return func(d *drawer) []Fault { return []Fault{draw(d)} }
}

// makers lists what can be drawn. Crashes lead because they are what the
// protocols are about.
var makers = []maker{
	{weight: 6, draw: one((*drawer).crash)},
	{weight: 3, draw: (*drawer).dethrone},
	{weight: 5, draw: one((*drawer).isolate)},
	{weight: 5, draw: one((*drawer).partition)},
	{weight: 2, draw: one((*drawer).oneWay)},
	{weight: 3, draw: one((*drawer).cut)},
	{weight: 3, draw: one((*drawer).slow)},
	{weight: 3, draw: one((*drawer).pause)},
	{weight: 2, draw: one((*drawer).clientTrouble)},
	{weight: 1, draw: one((*drawer).skew)},
	{weight: 1, draw: one((*drawer).drift)},
	{weight: 2, power: true, draw: one((*drawer).powerLoss)},
	{weight: 3, draw: (*drawer).lag},
	{weight: 8, draw: (*drawer).shun},
	{weight: 3, draw: (*drawer).detour},
	{weight: 3, draw: (*drawer).stumble},
	{weight: 2, draw: (*drawer).oversleep},
	{weight: 2, power: true, draw: (*drawer).usurp},
	{weight: 2, draw: one((*drawer).failSync)},
	{weight: 2, draw: one((*drawer).fullDisk)},
	{weight: 3, draw: one((*drawer).slowDisk)},
	{weight: 2, draw: (*drawer).decay},
	{weight: 2, draw: (*drawer).choke},
	{weight: 14, draw: (*drawer).falter},
	{weight: 4, draw: (*drawer).straggle},
	{weight: 2, draw: (*drawer).waver},
	{weight: 2, draw: (*drawer).relay},
	{weight: 2, draw: (*drawer).lull},
	{weight: 3, draw: (*drawer).muffle},
	{weight: 2, draw: (*drawer).drag},
}

func newDrawer(r *rand.Rand, p Profile, s Shape) *drawer {
	d := &drawer{r: r, shape: s, limit: max(1, s.Tolerated)}
	switch p {
	case Light:
		d.makers = slices.Clone(makers[:6])
		d.meanGap, d.triggers, d.longs = 3*s.Settle, 1, 1
	case Heavy:
		d.makers = slices.Clone(makers)
		d.meanGap, d.triggers, d.longs, d.limit = s.Settle/2, 4, 2, s.Voters
	default:
		d.makers = d.someMakers()
		d.meanGap = s.Settle * time.Duration(d.between(1, 16)) / 4
		d.triggers, d.longs = d.between(0, 7), d.between(0, 4)
		if d.chance(1, 4) {
			d.limit = s.Voters
		}
	}
	return d
}

// someMakers keeps each kind with an even chance, and a random weight: seeds that
// do one thing only reach states that seeds doing a bit of everything never do.
//
// Some seeds tell one story only, over and over: the rarest schedules need several
// faults in a row that any other would spoil.
func (d *drawer) someMakers() []maker {
	if d.chance(1, 3) {
		d.makers = makers
		return []maker{d.pick()}
	}
	power := d.chance(1, 3)
	var some []maker
	for _, m := range makers {
		keep := d.chance(1, 2)
		m.weight *= d.between(1, 4)
		if keep && (!m.power || power) {
			some = append(some, m)
		}
	}
	if len(some) == 0 {
		some = append(some, makers[0])
	}
	return some
}

// draw makes the faults of one moment, or none if the budget forbids what came up.
func (d *drawer) draw(at time.Duration) []Fault {
	m := d.pick()
	made := m.draw(d)
	for i := range made {
		made[i].At += at
	}
	f := &made[0]
	if len(made) == 1 && d.chance(d.triggers, 8) && len(d.shape.Moments) > 0 && f.Kind != Skew && f.Kind != Drift {
		d.delay(f)
	}
	limit := d.limit
	if m.power {
		limit = d.shape.Voters
	}
	if !d.spend(made, limit) {
		return nil
	}
	return made
}

func (d *drawer) pick() maker {
	total := 0
	for _, m := range d.makers {
		total += m.weight
	}
	n := d.r.IntN(total)
	for _, m := range d.makers {
		if n -= m.weight; n < 0 {
			return m
		}
	}
	panic("faults: weights do not add up")
}

// spend enters faults that hit the same voters into the budget, or refuses them.
func (d *drawer) spend(made []Fault, limit int) bool {
	now := impairment{from: made[0].At}
	for _, f := range made {
		now.voters, now.until = max(now.voters, d.cost(f)), max(now.until, f.until())
	}
	cost := now.voters
	if cost == 0 {
		return true
	}
	for _, other := range d.impaired {
		if other.until > now.from && other.from < now.until {
			cost += other.voters
		}
	}
	if cost > limit {
		return false
	}
	d.impaired = append(d.impaired, now)
	return true
}

// cost is how many voters the fault takes out while it lasts.
func (d *drawer) cost(f Fault) int {
	switch f.Kind {
	case Cut, Slow, Skew, Drift, SlowDisk:
		return 0
	}
	if f.Target.Select == Client || f.Target.Name == ClientGroup || d.votesNot(f.Target) {
		return 0
	}
	switch f.Target.Select {
	case All:
		return d.shape.Voters
	case Minority, Halves, Bridge, MajoritiesRing:
		return max(1, d.shape.Tolerated)
	}
	return 1
}

// votesNot reports whether a target is surely an observer.
func (d *drawer) votesNot(t Target) bool {
	if t.Select == Named {
		return slices.Contains(d.shape.Names[len(d.shape.Names)-d.shape.Observers:], t.Name)
	}
	return t.Select == Observer
}

// until is when the voters a fault hits are well again, at the latest.
func (f Fault) until() time.Duration {
	length := f.For + f.Restart
	if length == 0 {
		return never
	}
	if ailment(f.Kind) {
		length += mending
	}
	if f.When == nil {
		return f.At + length
	}
	if f.When.Within == 0 {
		return never
	}
	return f.At + f.When.Within + length
}

const never = time.Duration(1<<63 - 1)

// delay ties the fault to a moment of the protocol. Half of them hit whoever
// reaches the moment.
func (d *drawer) delay(f *Fault) {
	f.When = &Trigger{
		Mark:   d.shape.Moments[d.r.IntN(len(d.shape.Moments))],
		After:  d.skewed(8),
		Within: d.shape.Settle * time.Duration(d.between(1, 6)),
	}
	if f.Kind == Crash {
		f.When.Effects = d.skewed(12) - 1
	}
	single := f.Target.Select == Leader || f.Target.Select == Follower || f.Target.Select == Any
	if single && d.chance(2, 3) {
		f.Target = Target{Select: Actor, Name: d.shape.Group}
	}
}

// between draws a number from low to high, both included.
func (d *drawer) between(low, high int) int { return low + d.r.IntN(high-low+1) }

// chance is true in num of den cases.
func (d *drawer) chance(num, den int) bool { return d.r.IntN(den) < num }

// skewed draws from 1 to high, small numbers more often.
func (d *drawer) skewed(high int) int { return d.between(1, d.between(1, high)) }

// gap is the time to the next fault.
func (d *drawer) gap() time.Duration {
	return time.Millisecond + d.upTo(2*d.meanGap)
}

// upTo draws a duration of whole milliseconds below most.
func (d *drawer) upTo(most time.Duration) time.Duration {
	return time.Duration(d.r.Int64N(max(1, most.Milliseconds()))) * time.Millisecond
}

// length is how long a fault lasts: mostly around the time the group needs to
// settle, sometimes much shorter, sometimes long enough to be forgotten.
func (d *drawer) length() time.Duration {
	settle := d.shape.Settle
	switch {
	case d.chance(d.longs, 8):
		return settle + d.upTo(2*(settle+d.shape.Notice))
	case d.chance(1, 3):
		return 10*time.Millisecond + d.upTo(settle/4)
	}
	return settle/4 + d.upTo(3*settle/2)
}
