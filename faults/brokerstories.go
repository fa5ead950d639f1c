package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// DrawStories tells one story or two, each a few times: schedules of several faults in a
// row, of which nothing else in the plan may spoil one. They are about a group whose
// members rest on sessions with the servers of another group, and on one of their own who
// controls them.
func DrawStories(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	if s.Coordinators == "" || s.Duration <= 0 || len(s.Orders) == 0 {
		return nil
	}
	stories := []func(*drawer) []Fault{
		(*drawer).oust, (*drawer).oust, (*drawer).bounce, (*drawer).mute, (*drawer).mute, (*drawer).takeover, (*drawer).takeover,
		(*drawer).relapse, (*drawer).relapse, (*drawer).demote, (*drawer).deafen, (*drawer).outlast, (*drawer).outlast, (*drawer).flicker,
	}
	var plan []Fault
	for range d.between(1, 2) {
		tell := stories[r.IntN(len(stories))]
		for at := d.upTo(s.Duration / 4); at < s.Duration; at += 2*(s.Notice+s.Settle) + d.upTo(s.Duration/4) {
			for _, f := range tell(d) {
				f.At += at
				plan = append(plan, f)
			}
		}
	}
	slices.SortStableFunc(plan, func(a, b Fault) int { return int(a.At - b.At) })
	return plan
}

// controls is who controls the group, member one that does or does not, actor who states
// the fact that a fault waits for.
func (d *drawer) controls() Target { return Target{Select: Controller, Name: d.shape.Group} }
func (d *drawer) actor() Target    { return Target{Select: Actor, Name: d.shape.Group} }
func (d *drawer) member() Target {
	return Target{Select: Any, Name: d.shape.Group, Index: d.r.IntN(d.shape.Voters)}
}

// heads is who leads one of the partitions.
func (d *drawer) heads() Target {
	if p := d.shape.Partitions; len(p) > 0 {
		return Target{Select: Leader, Name: p[d.r.IntN(len(p))]}
	}
	return d.member()
}

// once is a trigger at one of some marks.
func (d *drawer) once(marks []string, after int) *Trigger {
	return &Trigger{Mark: marks[d.r.IntN(len(marks))], After: after, Within: 2 * (d.shape.Notice + d.shape.Settle)}
}

// oust lets the session of the controller end while it has orders under way: it is cut
// off the coordinators, or stands still, as soon as it has decided something, for which
// somebody dies before. One of the others does not hear it meanwhile, and does again when
// its successor rules and it does not know: it repeats what was not answered.
func (d *drawer) oust() []Fault {
	asleep := d.shape.Notice + d.upTo(d.shape.Notice)
	kind, port := Isolate, d.shape.Sessions
	if d.chance(1, 3) {
		kind, port = Pause, ""
	}
	victim := d.heads()
	if d.chance(1, 3) {
		victim = d.member()
	}
	deaf := Fault{
		Kind: OneWay, From: d.controls(), To: d.member(), Port: d.shape.Peers, For: d.shape.Notice + d.upTo(d.shape.Notice/2),
		When: d.once(d.shape.Orders, 1),
	}
	gone := Fault{Kind: kind, Target: d.controls(), At: time.Millisecond, Port: port, For: asleep + d.shape.Settle, When: d.once(d.shape.Orders, 1)}
	return []Fault{
		{Kind: Crash, Target: victim, Keep: d.keep(), Restart: time.Millisecond + d.upTo(2*d.shape.Notice)},
		deaf, gone,
	}
}

// bounce lets a member go and come again faster than the controller looks, which hears
// from the coordinators late: its session ends, and it has another at once (KIP-380).
func (d *drawer) bounce() []Fault {
	delay := d.shape.Notice/8 + d.upTo(d.shape.Notice/6)
	slow := Fault{
		Kind: Slow, Target: d.controls(), Port: d.shape.Sessions, AddMin: delay / 2, AddMax: delay,
		For: 2*d.shape.Notice + d.shape.Settle,
	}
	gone := Fault{Kind: Crash, Target: d.member(), Keep: d.keep(), At: time.Millisecond, Restart: time.Millisecond + d.upTo(d.shape.Notice/4)}
	if d.chance(1, 2) {
		gone = Fault{Kind: Isolate, Target: gone.Target, Port: d.shape.Sessions, At: gone.At, For: d.shape.Notice + d.upTo(2*delay)}
	}
	return []Fault{slow, gone}
}

// mute breaks the connection of a member to the coordinators while something is being
// written there, or takes the answers from it: whether it happened, it has to find out.
func (d *drawer) mute() []Fault {
	ask := d.r.IntN(len(d.shape.Asks))
	f := Fault{Kind: Cut, Target: d.actor(), Port: d.shape.Sessions, At: time.Millisecond, When: d.once(d.shape.Asks[ask:ask+1], d.skewed(2))}
	if d.chance(1, 3) {
		f = Fault{
			Kind: OneWay, From: Target{Select: All, Name: d.shape.Coordinators}, To: d.actor(), Port: d.shape.Sessions, At: time.Millisecond,
			For: d.shape.Notice/4 + d.upTo(d.shape.Notice), When: f.When,
		}
	}
	return []Fault{d.cause(ask), f}
}

// cause makes that something is written: nobody controls the group, somebody dies, or falls
// out of sync.
func (d *drawer) cause(ask int) Fault {
	crash := Fault{Kind: Crash, Target: d.controls(), Keep: d.keep(), Restart: time.Millisecond + d.upTo(d.shape.Notice)}
	switch {
	case ask == 0:
		return crash
	case d.chance(1, 2):
		crash.Target = d.leader()
		return crash
	}
	return Fault{Kind: Isolate, Target: d.follower(d.r.IntN(d.shape.Voters)), Port: d.shape.Peers, For: d.shape.Settle/2 + d.upTo(d.shape.Settle)}
}

// takeover has a controller fail, and then its successor between two steps of taking over,
// and often the one after that: it dies, stands still until its session is over, is cut off
// as long, or loses its connection.
func (d *drawer) takeover() []Fault {
	if len(d.shape.Takeovers) == 0 {
		return d.oust()
	}
	made := []Fault{{Kind: Crash, Target: d.controls(), Keep: d.keep(), Restart: time.Millisecond + d.upTo(2*d.shape.Notice)}}
	for range d.between(1, 2) {
		then := d.betweenTakeovers()
		then.At = time.Duration(len(made)) * time.Millisecond
		made = append(made, then)
	}
	return made
}

// betweenTakeovers strikes whoever comes to a step of taking over.
func (d *drawer) betweenTakeovers() Fault {
	f := Fault{Target: d.actor(), When: d.once(d.shape.Takeovers, d.skewed(2))}
	asleep := d.shape.Notice + d.upTo(d.shape.Notice)
	switch d.r.IntN(8) {
	case 0, 1:
		f.Kind, f.For = Pause, asleep
	case 2:
		f.Kind, f.For, f.Port = Isolate, asleep, d.shape.Sessions
	case 3, 4:
		f.Kind, f.Port = Cut, d.shape.Sessions
	default:
		f.Kind, f.Keep, f.Restart = Crash, d.keep(), time.Millisecond+d.upTo(2*d.shape.Notice)
		f.When.Effects = max(0, d.r.IntN(6)-3)
	}
	return f
}

// DrawTakeovers has controllers fail, and their successors while they take over, one to
// four times.
func DrawTakeovers(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	if s.Coordinators == "" || s.Duration <= 0 || len(s.Orders) == 0 {
		return nil
	}
	var plan []Fault
	at := d.upTo(s.Duration / 4)
	for range d.between(1, 4) {
		for _, f := range d.takeover() {
			f.At += at
			plan = append(plan, f)
		}
		at += 2*(s.Notice+s.Settle) + d.upTo(s.Settle)
	}
	return plan
}

// relapse gives a leader a tail that nobody has, takes it out until another leads, lets
// that one write a little, and takes it out in turn, so that the first, which has heard of
// nothing, leads again (KIP-279). Others who might, are away.
func (d *drawer) relapse() []Fault { return d.relapseOf(d.heads()) }

func (d *drawer) relapseOf(lead Target) []Fault {
	alone := d.upTo(d.shape.Settle)
	out := d.shape.Notice + d.shape.Settle/8 + d.upTo(d.shape.Settle)
	made := []Fault{
		{Kind: Partition, Target: lead, Port: d.shape.Peers, For: alone + out},
		{Kind: Isolate, Target: lead, At: alone, For: out},
		{Kind: Crash, Target: lead, Keep: d.keep(), At: alone + out + time.Millisecond, Restart: d.shape.Notice + d.upTo(3*d.shape.Settle)},
	}
	if lead.Select == Leader && d.shape.Copies > 2 {
		other := Target{Select: Follower, Name: lead.Name, Index: 1}
		made = append(made, Fault{Kind: Isolate, Target: other, For: alone + 2*out + d.upTo(2*out)})
	}
	return made
}

// DrawRelapses has a leader die, and its successor cut off by the others as soon as it
// leads, so that nobody has a record of its epoch; what follows is a relapse. Each of two
// logs has an epoch then that the other has not.
func DrawRelapses(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	if len(s.Partitions) == 0 || len(s.Reigns) == 0 || s.Duration <= 0 {
		return nil
	}
	at := d.upTo(s.Duration / 8)
	lead := d.heads()
	elected := d.shape.Notice + d.shape.Settle/4
	plan := []Fault{
		{Kind: Crash, Target: lead, At: at, Restart: elected},
		{Kind: Partition, Target: d.actor(), Port: s.Peers, At: at + time.Millisecond, For: elected + s.Settle, When: &Trigger{Mark: s.Reigns[0], After: 1, Within: 2 * elected}},
	}
	for _, f := range d.relapseOf(lead) {
		f.At += at + elected
		plan = append(plan, f)
	}
	return plan
}

// DrawHandovers has leaders replaced although they live, and hear of that late: they go on
// beside their successors, who think them in sync, and take what nobody else will have. One
// who should lead dies before, and so does the controller, for the next looks soon who leads
// elsewhere than preferred; where operators ask for such things, that may be left out.
func DrawHandovers(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	if len(s.Partitions) == 0 || len(s.Moves) == 0 || s.Duration <= 0 {
		return nil
	}
	at := d.upTo(s.Duration / 8)
	var plan []Fault
	if !d.chance(1, 3) {
		plan = []Fault{
			{Kind: Crash, Target: d.heads(), At: at, Restart: time.Millisecond + d.upTo(s.Notice/2)},
			{Kind: Crash, Target: d.controls(), At: at + time.Millisecond, Restart: time.Millisecond + d.upTo(s.Notice)},
		}
	}
	for _, partition := range s.Partitions {
		for _, mark := range s.Moves {
			plan = append(plan, Fault{
				Kind: OneWay, From: d.controls(), To: Target{Select: Leader, Name: partition}, Port: s.Peers, At: at, For: s.Settle/16 + d.upTo(s.Settle/4),
				When: &Trigger{Mark: mark, About: partition, After: 1, Within: s.Duration},
			})
		}
		if len(plan) >= 8 {
			break
		}
	}
	return plan
}

// demote lets a member fall behind who would lead, and dies and comes back so that
// others lead meanwhile: it is registered, not in sync, and may be asked for.
func (d *drawer) demote() []Fault {
	away := d.shape.Notice + d.shape.Settle
	return []Fault{
		{Kind: Crash, Target: d.heads(), Keep: d.keep(), Restart: time.Millisecond + d.upTo(away)},
		{Kind: Isolate, Target: d.member(), Port: d.shape.Peers, At: away / 2, For: away + d.upTo(away)},
	}
}

// deafen keeps all answers from a client for about as long as it waits for one: of much
// that it sends it does not know whether it came. Or for about as long as it tries: some of
// that it gives up, and the rest it sends again.
func (d *drawer) deafen() []Fault {
	if d.shape.Clients == 0 {
		return d.mute()
	}
	all := Target{Select: All, Name: d.shape.Group}
	from := Fault{Kind: OneWay, From: all, To: d.client(), Port: d.shape.Service, For: d.shape.Patience + d.upTo(3*d.shape.Patience)}
	if d.shape.Expiry > 0 && d.chance(1, 2) {
		from.For = d.shape.Expiry + d.upTo(d.shape.Patience)
	} else if d.chance(1, 3) {
		from = Fault{Kind: Slow, Target: from.To, AddMin: from.For / 4, AddMax: from.For / 2, For: 2 * from.For}
	}
	return []Fault{from}
}

// outlast keeps the answers to some requests from a client, and then has the leader die
// that has done what they asked for. When there is a leader again, some of them have expired
// and others have not.
func (d *drawer) outlast() []Fault {
	if d.shape.Clients == 0 {
		return d.mute()
	}
	mute := d.shape.Notice/8 + d.upTo(d.shape.Notice/2)
	all := Target{Select: All, Name: d.shape.Group}
	return []Fault{
		{Kind: OneWay, From: all, To: Target{Select: All, Name: ClientGroup}, Port: d.shape.Service, For: mute + time.Millisecond},
		{Kind: Crash, Target: d.heads(), At: mute, Restart: time.Millisecond + d.upTo(d.shape.Notice)},
	}
}

// flicker has two members die, or lose their sessions, one shortly after the other.
func (d *drawer) flicker() []Fault {
	var made []Fault
	var at time.Duration
	for range d.between(2, 3) {
		f := Fault{Kind: Crash, Target: d.member(), Keep: d.keep(), At: at, Restart: time.Millisecond + d.upTo(2*d.shape.Notice)}
		if d.chance(1, 3) {
			f = Fault{Kind: Isolate, Target: f.Target, Port: d.shape.Sessions, At: at, For: d.shape.Notice + d.upTo(d.shape.Notice)}
		}
		made = append(made, f)
		at += d.upTo(d.shape.Settle / 8)
	}
	return made
}
