package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// falter kills a server at a moment of the protocol, some effects in. Most moments are
// those of a new reign, so that mostly the old one ends first; and now and then there
// is a tail to be cut.
func (d *drawer) falter() []Fault {
	if len(d.shape.Moments) == 0 {
		return []Fault{d.crash()}
	}
	moments := d.shape.Moments
	if len(d.shape.Windows) > 0 && d.chance(2, 3) {
		moments = d.shape.Windows
	}
	mark := moments[d.r.IntN(len(moments))]
	when := &Trigger{Mark: mark, After: d.skewed(3), Effects: max(0, d.r.IntN(6)-2), Within: d.shape.Notice + d.shape.Settle}
	var made []Fault
	switch cuts := slices.Contains(d.shape.Cuts, mark); {
	case cuts, slices.Contains(d.shape.Joins, mark) && d.chance(2, 3):
		made = d.depose(cuts || d.chance(1, 2))
		when.After, when.Within = 1, 3*when.Within
	case d.chance(3, 5):
		made = []Fault{{
			Kind: Crash, Target: d.leader(), Keep: d.keep(),
			Restart: time.Millisecond + d.upTo(d.shape.Settle),
		}}
	}
	return append(made, Fault{
		Kind: Crash, Target: Target{Select: Actor, Name: d.shape.Group}, Keep: d.keep(), At: time.Millisecond,
		Restart: time.Millisecond + d.upTo(d.shape.Settle), When: when,
	})
}

// DrawFalters has servers die at one of some moments, one to three times, or their disk
// refuse them the next sync there.
func DrawFalters(r *rand.Rand, s Shape, moments []string) []Fault {
	d := &drawer{r: r, shape: s}
	if s.Voters == 0 || s.Duration <= 0 {
		return nil
	}
	d.shape.Moments, d.shape.Windows = moments, nil
	var plan []Fault
	at := d.upTo(s.Duration / 4)
	for range d.between(1, 3) {
		made := d.falter()
		if last := &made[len(made)-1]; d.chance(1, 5) {
			last.When.Effects = 0
			*last = Fault{Kind: FailSync, Target: last.Target, At: last.At, For: s.Settle, When: last.When}
		}
		for _, f := range made {
			f.At += at
			plan = append(plan, f)
		}
		at += s.Notice + 2*s.Settle + d.upTo(s.Settle)
	}
	return plan
}

// cutting is the moment in which a server gives up what others do not have.
func (d *drawer) cutting() *Trigger {
	return &Trigger{Mark: d.shape.Cuts[0], After: 1, Within: 3 * (d.shape.Notice + d.shape.Settle)}
}

// choke leaves a leader that was deposed no room for cutting off what it wrote alone.
func (d *drawer) choke() []Fault {
	if len(d.shape.Cuts) == 0 {
		return []Fault{d.fullDisk()}
	}
	return append(d.depose(true), Fault{
		Kind: FullDisk, Target: Target{Select: Actor, Name: d.shape.Group}, At: time.Millisecond,
		For: time.Millisecond + d.upTo(12*time.Millisecond), When: d.cutting(),
	})
}

// waver breaks the connections of a server while it cuts off what others do not have,
// which its disk takes its time for.
func (d *drawer) waver() []Fault {
	if len(d.shape.Cuts) == 0 {
		return []Fault{d.cut()}
	}
	made := d.depose(true)
	delay := time.Millisecond + d.upTo(d.shape.Settle/8)
	return append(made,
		Fault{
			Kind: SlowDisk, Target: Target{Select: Actor, Name: d.shape.Group}, At: time.Millisecond,
			AddMin: delay, AddMax: 2 * delay, For: d.shape.Settle, When: d.cutting(),
		},
		Fault{Kind: Cut, Target: Target{Select: Actor, Name: d.shape.Group}, At: time.Millisecond, Port: d.shape.Peers, When: d.cutting()})
}

// relay lets one follower fall far behind and another a little, ends the reign when
// the second has caught up, and brings the first back to whoever follows: it is
// synchronised by one who was synchronised not long ago.
func (d *drawer) relay() []Fault {
	step := d.shape.Settle + d.upTo(d.shape.Settle)
	k := d.r.IntN(d.shape.Voters)
	return []Fault{
		{Kind: Isolate, Target: d.follower(k), For: 4 * step},
		{Kind: Isolate, Target: d.follower(k + 1), At: step / 2, For: step},
		{Kind: Crash, Target: d.leader(), At: 3 * step, Restart: 3 * step},
	}
}

// lull ends two reigns in a row in which nothing is written, the first without one of
// the servers: histories are equal then, and only the epochs differ.
func (d *drawer) lull() []Fault {
	all := Target{Select: All, Name: ClientGroup}
	leader := d.leader()
	away := d.shape.Notice + d.shape.Settle + d.upTo(d.shape.Settle)
	return []Fault{
		{Kind: Pause, Target: all, For: 3 * away},
		{Kind: Isolate, Target: Target{Select: Any, Name: d.shape.Group, Index: d.r.IntN(d.shape.Voters)}, At: d.shape.Settle / 4, For: away},
		{Kind: Crash, Target: leader, At: d.shape.Settle / 2, Restart: time.Millisecond + d.upTo(d.shape.Settle/8)},
		{Kind: Crash, Target: leader, At: away + d.shape.Settle/4 - d.upTo(d.shape.Settle/4), Restart: time.Millisecond + d.upTo(d.shape.Settle/4)},
	}
}

// muffle lets a follower hear its leader, and not the other way round: the leader ends
// the sessions of clients that are served there and know of nothing.
func (d *drawer) muffle() []Fault {
	if d.shape.Peers == "" {
		return []Fault{d.oneWay()}
	}
	from := d.follower(d.r.IntN(max(1, d.shape.Voters-1)))
	to := d.leader()
	length := d.shape.Notice/2 + d.upTo(d.shape.Notice)
	made := []Fault{{Kind: OneWay, From: from, To: to, Port: d.shape.Peers, For: length}}
	from.Index++
	return append(made, Fault{Kind: OneWay, From: from, To: to, Port: d.shape.Peers, At: length + d.shape.Settle, For: length})
}

// drag makes the disk late that one kind of files is on, so that others overtake what
// depends on them.
func (d *drawer) drag() []Fault {
	f := d.slowDisk()
	if len(d.shape.Rots) > 0 {
		f.File = d.shape.Rots[0]
	}
	f.AddMax = 2*time.Millisecond + d.upTo(d.shape.Notice)
	f.AddMin = f.AddMax / 2
	f.For = d.shape.Settle + d.upTo(4*d.shape.Settle)
	return []Fault{f}
}

// straggle keeps a server away, lets another reign begin meanwhile, and kills the
// server where it takes over what it missed, between one file and the next.
func (d *drawer) straggle() []Fault {
	if len(d.shape.Saves) == 0 {
		return d.stumble()
	}
	victim := Target{Name: d.shape.Names[d.r.IntN(d.shape.Voters)]}
	away := d.shape.Notice + d.shape.Settle + d.upTo(d.shape.Settle)
	reign := Fault{
		Kind: Crash, Target: d.leader(), At: away / 4,
		Restart: time.Millisecond + d.upTo(d.shape.Settle/8),
	}
	crash := Fault{
		Kind: Crash, Target: victim, Keep: d.keep(), At: away / 2, Restart: time.Millisecond + d.upTo(d.shape.Settle/2),
		When: &Trigger{
			Mark: d.shape.Saves[d.r.IntN(len(d.shape.Saves))], After: d.between(1, 2), Effects: d.r.IntN(3),
			Within: away + d.shape.Notice + d.shape.Settle,
		},
	}
	return []Fault{{Kind: Isolate, Target: victim, For: away}, reign, crash}
}

// DrawPretender lets a server be elected twice in a row and die each time when it has a
// number for its reign, and has told nobody. The others elect somebody else while it is
// away, whose number is below the pretender's second; then it comes back.
func DrawPretender(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	if len(s.Claims) == 0 || s.Voters < 3 || s.Duration <= 0 {
		return nil
	}
	claimed := func(count int) *Trigger {
		return &Trigger{Mark: s.Claims[0], After: count, Within: s.Notice + 4*s.Settle}
	}
	group, actor := Target{Select: All, Name: s.Group}, Target{Select: Actor, Name: s.Group}
	at := d.upTo(s.Duration / 2)
	return []Fault{
		{Kind: Crash, Target: group, Keep: d.keep(), At: at, Restart: time.Millisecond + d.upTo(s.Settle/4)},
		{Kind: Crash, Target: actor, Keep: d.keep(), At: at + time.Millisecond, Restart: time.Millisecond, When: claimed(1)},
		{Kind: Crash, Target: actor, Keep: d.keep(), At: at + 2*time.Millisecond, Restart: s.Settle + d.upTo(2*s.Settle), When: claimed(2)},
	}
}

// DrawStops has operators at work: they stop members in order and start them again, one
// now and then or all in turn, as for an upgrade, beginning with whoever leads. In some
// cases the way out fails: there is nobody to give the leaderships to, or the process dies
// on it.
func DrawStops(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	if s.Voters == 0 || s.Duration <= 0 {
		return nil
	}
	at := d.upTo(s.Duration / 2)
	if d.chance(1, 3) {
		return d.rollOut(at)
	}
	var plan []Fault
	for range d.between(1, 3) {
		plan = append(plan, d.stop(at)...)
		at += s.Settle + d.upTo(s.Duration/3)
	}
	return plan
}

// rollOut stops all members, one after the other.
func (d *drawer) rollOut(at time.Duration) (plan []Fault) {
	away := time.Millisecond + d.upTo(d.shape.Settle)
	step := away + d.shape.Settle/2 + d.upTo(d.shape.Settle)
	for _, k := range d.r.Perm(d.shape.Voters) {
		plan = append(plan, Fault{Kind: Stop, Target: Target{Name: d.shape.Names[k]}, At: at, Restart: away})
		at += step
	}
	return plan
}

// stop stops one member, and lets something go wrong with that in some cases.
func (d *drawer) stop(at time.Duration) []Fault {
	stop := Fault{Kind: Stop, Target: d.target(), At: at, Restart: time.Millisecond + d.upTo(d.shape.Settle+d.shape.Notice)}
	switch d.r.IntN(4) {
	case 0: // it dies before it has ended
		return []Fault{stop, {Kind: Crash, Target: stop.Target, Keep: d.keep(), At: at + d.upTo(d.shape.Settle/16), Restart: stop.Restart}}
	case 1: // nobody hears it
		apart := Fault{Kind: Partition, Target: stop.Target, At: at, For: d.upTo(d.shape.Settle) + time.Millisecond, Port: d.shape.Peers}
		stop.At += time.Millisecond
		return []Fault{apart, stop}
	case 2: // who could take over is away
		return []Fault{{Kind: Pause, Target: Target{Select: Controller, Name: d.shape.Group}, At: at, For: time.Millisecond + d.upTo(d.shape.Settle)}, stop}
	}
	return []Fault{stop}
}

// DrawInterruptions kills whoever comes to one of some moments, a few effects in, one to
// four times: what it was at is cut short.
func DrawInterruptions(r *rand.Rand, s Shape, moments []string) []Fault {
	d := &drawer{r: r, shape: s}
	var plan []Fault
	for range d.between(1, 4) {
		plan = append(plan, Fault{
			Kind: Crash, Target: Target{Select: Actor, Name: s.Group}, Keep: d.keep(), At: d.upTo(s.Duration),
			Restart: time.Millisecond + d.upTo(s.Settle),
			When:    &Trigger{Mark: moments[r.IntN(len(moments))], After: d.skewed(8), Effects: r.IntN(6), Within: s.Duration},
		})
	}
	return plan
}

// DrawBlinks kills whoever comes to one of some moments, in most cases before it has done
// anything else, one to four times.
func DrawBlinks(r *rand.Rand, s Shape, moments []string) []Fault {
	plan := DrawInterruptions(r, s, moments)
	for i := range plan {
		plan[i].When.After = 1 + r.IntN(3)
		plan[i].When.Effects = max(0, plan[i].When.Effects-3)
	}
	return plan
}

// DrawWipes takes the disks of some voters for good: never of more than can be lost with
// a quorum left.
func DrawWipes(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	var plan []Fault
	for _, k := range r.Perm(s.Voters)[:d.between(min(1, s.Tolerated), s.Tolerated)] {
		plan = append(plan, Fault{
			Kind: Wipe, Target: Target{Name: s.Names[k]}, At: d.upTo(s.Duration),
			Restart: time.Millisecond + d.upTo(s.Settle+s.Notice),
		})
	}
	return plan
}
