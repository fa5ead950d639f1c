package faults

import (
	"math/rand/v2"
	"time"
)

// target draws one process of the group, leaders first because most depends on them.
func (d *drawer) target() Target {
	t := Target{Name: d.shape.Group}
	if d.shape.Observers > 0 && d.chance(1, 6) {
		t.Select, t.Index = Observer, d.r.IntN(d.shape.Observers)
		return t
	}
	switch d.r.IntN(8) {
	case 0, 1, 2, 3:
		return d.leader()
	case 4, 5:
		return d.follower(d.r.IntN(max(1, d.shape.Voters-1)))
	case 6:
		t.Select, t.Index = Any, d.r.IntN(d.shape.Voters)
	default:
		t = Target{Name: d.shape.Names[d.r.IntN(len(d.shape.Names))]}
	}
	return t
}

// leader is who leads the group; where there are partitions, who leads one of them, or
// controls the group.
func (d *drawer) leader() Target {
	if p := d.shape.Partitions; len(p) > 0 {
		if d.chance(1, 4) {
			return Target{Select: Controller, Name: d.shape.Group}
		}
		return Target{Select: Leader, Name: p[d.r.IntN(len(p))]}
	}
	return Target{Select: Leader, Name: d.shape.Group}
}

// follower is one of those behind the leader.
func (d *drawer) follower(k int) Target {
	if p := d.shape.Partitions; len(p) > 0 {
		return Target{Select: Follower, Name: p[d.r.IntN(len(p))], Index: k}
	}
	return Target{Select: Follower, Name: d.shape.Group, Index: k}
}

// few draws one process or a minority.
func (d *drawer) few() Target {
	if d.shape.Tolerated > 1 && d.chance(1, 4) {
		return d.grouped(Minority)
	}
	return d.target()
}

func (d *drawer) grouped(s Select) Target {
	return Target{Select: s, Name: d.shape.Group, Index: d.r.IntN(permutations(d.shape.Voters))}
}

// permutations is n!, bounded: six processes have more orders than anyone needs.
func permutations(n int) int {
	product := 1
	for k := 2; k <= min(n, 6); k++ {
		product *= k
	}
	return product
}

// port draws a single service in one of three cases.
func (d *drawer) port() string {
	if len(d.shape.Ports) == 0 || !d.chance(1, 3) {
		return ""
	}
	return d.shape.Ports[d.r.IntN(len(d.shape.Ports))]
}

func (d *drawer) keep() Keep { return Keep(d.r.IntN(len(keepNames))) }

func (d *drawer) crash() Fault {
	f := Fault{Kind: Crash, Target: d.few(), Keep: d.keep(), Restart: d.length()}
	if d.chance(1, 12) {
		f.Restart = 0
	}
	return f
}

// dethrone cuts the leader off its followers and, while it still believes that it
// leads, kills it: what it logged meanwhile is on its disk alone, and it comes
// back, usually, when others have gone on without it. With the clients paused in
// half of the cases, nothing may have been written since, and what it has too much
// must be cut off and not be overwritten.
func (d *drawer) dethrone() []Fault { return d.depose(d.chance(1, 2)) }

func (d *drawer) depose(silence bool) []Fault {
	leader := d.leader()
	apart := d.shape.Notice + d.shape.Settle
	cut := Fault{Kind: Partition, Target: leader, For: apart/2 + d.upTo(apart)}
	crash := Fault{
		Kind: Crash, Target: leader, Keep: d.keep(), At: time.Millisecond + d.upTo(d.shape.Notice),
		Restart: apart/2 + d.upTo(apart),
	}
	if d.shape.Clients == 0 || !silence {
		return []Fault{cut, crash}
	}
	quiet := Fault{
		Kind: Pause, Target: Target{Select: All, Name: ClientGroup},
		At: crash.At, For: crash.Restart + d.shape.Settle,
	}
	return []Fault{cut, crash, quiet}
}

// usurp lets a leader with a tail of its own be elected again by nobody but the
// longer log, and cuts it off just before it is established. Whatever it kept of
// that reign, it must give up when it comes back to the leader that follows.
func (d *drawer) usurp() []Fault {
	if len(d.shape.Rises) == 0 {
		return d.dethrone()
	}
	leader, group := d.leader(), Target{Select: All, Name: d.shape.Group}
	apart := d.shape.Notice + d.shape.Settle
	dark := Fault{
		Kind: Crash, Target: group, At: 50*time.Millisecond + d.upTo(d.shape.Notice),
		Restart: 50*time.Millisecond + d.upTo(d.shape.Settle/4),
	}
	cut := Fault{Kind: Partition, Target: leader, For: dark.At + dark.Restart/2}
	quiet := Fault{Kind: Pause, Target: Target{Select: All, Name: ClientGroup}, At: dark.At, For: dark.Restart + 3*apart}
	again := Fault{
		Kind: Partition, Target: Target{Select: Actor, Name: d.shape.Group}, At: dark.At, For: apart + d.upTo(apart),
		When: &Trigger{Mark: d.shape.Rises[d.r.IntN(len(d.shape.Rises))], After: 1, Within: apart},
	}
	return []Fault{cut, dark, quiet, again}
}

// lag slows the leader's replication, so that much is under way at once, and breaks
// a follower's connections just before the delay ends: the follower comes back with
// what its leader is still proposing.
func (d *drawer) lag() []Fault {
	if d.shape.Peers == "" {
		return []Fault{d.slow()}
	}
	delay := d.shape.Notice/4 + d.upTo(d.shape.Notice/2)
	slow := Fault{
		Kind: Slow, Target: d.leader(), Port: d.shape.Peers,
		AddMin: delay, AddMax: delay, For: delay + delay/4,
	}
	follower := d.follower(d.r.IntN(max(1, d.shape.Voters-1)))
	cut := Fault{Kind: Cut, Target: follower, Port: d.shape.Peers, At: delay + d.upTo(delay/4)}
	return []Fault{slow, cut}
}

// detour slows the leader's replication, and with it its answers to the servers that
// ask for sessions, and sends clients looking for servers: they lose patience with
// one, try the next, and come back before their first question is answered.
func (d *drawer) detour() []Fault {
	if d.shape.Peers == "" || d.shape.Clients == 0 {
		return []Fault{d.slow()}
	}
	delay := min(d.shape.Patience/4+d.upTo(d.shape.Patience/2), d.shape.Notice*3/4)
	slow := Fault{
		Kind: Slow, Target: d.leader(), Port: d.shape.Peers,
		AddMin: delay / 2, AddMax: delay, For: 2*delay + d.upTo(2*delay),
	}
	made := []Fault{slow}
	for range d.between(2, 5) {
		made = append(made, Fault{Kind: Cut, Target: d.client(), At: d.upTo(slow.For)})
	}
	return made
}

// shun keeps clients from one server for longer than they have patience: they leave
// it with requests under way and work elsewhere. Half way they are made to leave if
// they have not, and just before the end to look for a server again, so that some come
// back at the moment in which those requests arrive.
func (d *drawer) shun() []Fault {
	if d.shape.Service == "" || d.shape.Clients == 0 {
		return []Fault{d.isolate()}
	}
	away := d.shape.Patience*3/4 + d.upTo(d.shape.Patience/2)
	made := []Fault{{Kind: Isolate, Target: d.target(), Port: d.shape.Service, For: away}}
	cuts := []time.Duration{away/2 + d.upTo(away/3), away - d.upTo(d.shape.Patience/8)}
	for range d.between(0, 2) {
		cuts = append(cuts, away-d.upTo(d.shape.Patience/4))
	}
	for _, at := range cuts {
		made = append(made, Fault{Kind: Cut, Target: Target{Select: All, Name: ClientGroup}, At: at})
	}
	return made
}

// stumble keeps a server away until others have gone on, and kills it on its way
// back, somewhere among the steps by which it takes over their history.
func (d *drawer) stumble() []Fault {
	if len(d.shape.Joins) == 0 {
		return []Fault{d.crash()}
	}
	away := d.shape.Settle + d.upTo(d.shape.Settle)
	apart := Fault{Kind: Isolate, Target: d.target(), For: away}
	crash := Fault{
		Kind: Crash, Target: Target{Select: Actor, Name: d.shape.Group}, Keep: d.keep(), At: away / 2,
		Restart: time.Millisecond + d.upTo(d.shape.Settle),
		When: &Trigger{
			Mark: d.shape.Joins[d.r.IntN(len(d.shape.Joins))], After: d.between(1, 3),
			Effects: d.r.IntN(40), Within: away + d.shape.Notice + d.shape.Settle,
		},
	}
	return []Fault{apart, crash}
}

// oversleep lets a leader stand still until others have gone on without it, and sends
// the clients looking for servers as it wakes: for a moment it does not know that it is
// deposed, and some come to it that have seen what it has not.
func (d *drawer) oversleep() []Fault {
	if d.shape.Clients == 0 {
		return []Fault{d.pause()}
	}
	asleep := d.shape.Notice + d.shape.Settle + d.upTo(d.shape.Settle)
	made := []Fault{{Kind: Pause, Target: d.leader(), For: asleep}}
	for range d.between(1, 3) {
		made = append(made, Fault{
			Kind: Cut, Target: Target{Select: All, Name: ClientGroup},
			At: asleep + d.upTo(d.shape.Settle/8) - 10*time.Millisecond,
		})
	}
	return made
}

func (d *drawer) powerLoss() Fault {
	all := Target{Select: All, Name: d.shape.Group}
	return Fault{Kind: Crash, Target: all, Keep: d.keep(), Restart: time.Millisecond + d.upTo(d.shape.Settle/2)}
}

func (d *drawer) pause() Fault {
	return Fault{Kind: Pause, Target: d.few(), For: d.length()}
}

func (d *drawer) isolate() Fault {
	return Fault{Kind: Isolate, Target: d.target(), For: d.length(), Port: d.port()}
}

func (d *drawer) partition() Fault {
	f := Fault{Kind: Partition, For: d.length(), Port: d.port()}
	switch d.r.IntN(6) {
	case 0, 1:
		f.Target = d.grouped(Halves)
	case 2:
		f.Target = d.grouped(Bridge)
	case 3:
		f.Target = d.grouped(MajoritiesRing)
	default:
		f.Target = d.few()
	}
	return f
}

func (d *drawer) oneWay() Fault {
	f := Fault{Kind: OneWay, From: d.target(), To: d.target(), For: d.length(), Port: d.port()}
	if d.chance(1, 2) {
		f.From, f.To = f.To, f.From
	}
	return f
}

func (d *drawer) cut() Fault {
	if d.shape.Clients > 0 && d.chance(1, 3) {
		return Fault{Kind: Cut, Target: d.client()}
	}
	return Fault{Kind: Cut, Target: d.target(), Port: d.port()}
}

func (d *drawer) client() Target {
	return Target{Select: Client, Index: d.r.IntN(d.shape.Clients)}
}

// clientTrouble takes a client from its session for a while.
func (d *drawer) clientTrouble() Fault {
	if d.shape.Clients == 0 {
		return d.cut()
	}
	kind := Isolate
	if d.chance(1, 2) {
		kind = Pause
	}
	return Fault{Kind: kind, Target: d.client(), For: d.length()}
}

func (d *drawer) slow() Fault {
	most := time.Millisecond + d.upTo(d.shape.Settle/2)
	least := d.upTo(most)
	return Fault{Kind: Slow, Target: d.few(), AddMin: least, AddMax: most, For: d.length(), Port: d.port()}
}

func (d *drawer) skew() Fault {
	jump := time.Millisecond + d.upTo(10*time.Second)
	if d.chance(1, 4) {
		jump *= 360
	}
	if d.chance(1, 2) {
		jump = -jump
	}
	return Fault{Kind: Skew, Target: d.few(), Jump: jump}
}

func (d *drawer) drift() Fault {
	ppm := max(1, int64(d.skewed(MaxDrift))) // a drift of nothing is none
	if d.chance(1, 2) {
		ppm = -ppm
	}
	return Fault{Kind: Drift, Target: d.few(), PPM: ppm, For: d.length()}
}

// DrawClocks gives some servers clocks that are wrong from the start: wall clocks
// that were never set alike, oscillators that are a little off. They stay so
// until everything is healed.
func DrawClocks(r *rand.Rand, s Shape) []Fault {
	d := &drawer{r: r, shape: s}
	var plan []Fault
	for _, name := range s.Names {
		if d.chance(1, 3) {
			f := d.skew()
			f.Target = Target{Name: name}
			plan = append(plan, f)
		}
		if d.chance(1, 4) {
			f := d.drift()
			f.Target, f.For = Target{Name: name}, 0
			if f.PPM /= 50; f.PPM == 0 {
				f.PPM = 1
			}
			plan = append(plan, f)
		}
	}
	return plan
}
