package sim

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/node"
)

// network is everything between the processes, and the faults that act on it.
type network struct {
	dice     dice // of datagrams
	seed     uint64
	dials    map[route]uint64 // how often each was dialled
	conns    []*conn          // by slot
	freeConn []uint32
	grams    []datagram // by slot
	freeGram []uint32

	cfg     NetConfig
	latency [256]*Latency // by port
	blocks  []named[LinkMatch]
	slows   []named[slowdown]
	rules   []named[RuleFunc]
}

// named is a fault that ends by its name.
type named[T any] struct {
	name  string
	fault T
}

type slowdown struct {
	match LinkMatch
	extra Latency
}

// put adds a named fault or replaces the one of that name, in its place.
func put[T any](list []named[T], name string, fault T) []named[T] {
	for i := range list {
		if list[i].name == name {
			list[i].fault = fault
			return list
		}
	}
	return append(list, named[T]{name, fault})
}

func drop[T any](list []named[T], name string) []named[T] {
	return slices.DeleteFunc(list, func(n named[T]) bool { return n.name == name })
}

func (n *network) init(cfg Config) {
	n.cfg, n.dice = cfg.Net, dice{newPCG(cfg.Seed, "sim/net")}
	n.seed, n.dials = hashString(cfg.Seed, "sim/conn"), map[route]uint64{}
	for port := range n.latency {
		n.latency[port] = &n.cfg.Latency
		if l, ok := n.cfg.Ports[node.Port(port)]; ok {
			n.latency[port] = &l
		}
	}
}

// isBlocked reports whether a partition separates two processes. Nothing
// separates a process from itself.
func (n *network) isBlocked(from, to node.ID, port node.Port) bool {
	if from == to {
		return false
	}
	for i := range n.blocks {
		if n.blocks[i].fault(from, to, port) {
			return true
		}
	}
	return false
}

// slowsOn appends the slowdowns of a link to list.
func (n *network) slowsOn(list []Latency, from, to node.ID, port node.Port) []Latency {
	for i := range n.slows {
		if s := &n.slows[i].fault; from != to && s.match(from, to, port) {
			list = append(list, s.extra)
		}
	}
	return list
}

// link works out what the present faults do to both directions of a connection,
// so that messages need not ask.
func (n *network) link(c *conn) {
	for to := range c.sides {
		f := &c.sides[to].in
		sender, receiver := c.sides[1-to].id, c.sides[to].id
		f.latency = n.latency[c.port]
		f.blocked = n.isBlocked(sender, receiver, c.port)
		f.slow = n.slowsOn(f.slow[:0], sender, receiver, c.port)
	}
}

// travel draws how long something travels on a flow.
func (n *network) travel(f *flow) int64 {
	d := f.dice().sample(f.latency)
	for i := range f.slow {
		d += f.dice().sample(&f.slow[i])
	}
	return d
}

// relink works the faults out anew for every connection, and lets flow what is
// no longer held back.
func (w *World) relink() {
	for _, c := range w.net.conns {
		if !c.used {
			continue
		}
		w.net.link(c)
		for to := range c.sides {
			w.unhold(c, to)
		}
	}
}

// unhold resumes a flow whose link is open again: its head is retransmitted. The
// sender need not be patient any more once nothing it sent is held and
// acknowledgements can come back.
func (w *World) unhold(c *conn, to int) {
	f := &c.sides[to].in
	if f.held && !f.blocked {
		f.held = false
		head := &f.items[f.head]
		head.at = w.now + w.net.travel(f)
		f.last = max(f.last, head.at)
		w.aim(c, to)
	}
	if f.stall != 0 && !f.held && !c.sides[1-to].in.blocked {
		f.stall = 0
		w.abandonEvent()
	}
}

// Block begins a partition: what would travel on matching links is held
// (connections) or lost (datagrams) until [World.Unblock]. A partition of the
// same name is replaced. A process is never cut off from itself.
func (w *World) Block(name string, match LinkMatch) {
	w.fault("block "+name, node.Nobody, 0)
	w.net.blocks = put(w.net.blocks, name, match)
	w.relink()
}

// Unblock ends a partition, if it exists.
func (w *World) Unblock(name string) {
	w.heal("block " + name)
	w.net.blocks = drop(w.net.blocks, name)
	w.relink()
}

// Slow makes everything on matching links travel longer by a drawn extra, until
// [World.Unslow]. It panics if extra makes no sense.
func (w *World) Slow(name string, match LinkMatch, extra Latency) {
	if err := extra.check("Slow"); err != nil {
		panic(err)
	}
	w.fault("slow "+name, node.Nobody, int64(extra.Mean))
	w.net.slows = put(w.net.slows, name, slowdown{match, extra})
	w.relink()
}

// Unslow ends a slowdown, if it exists.
func (w *World) Unslow(name string) {
	w.heal("slow " + name)
	w.net.slows = drop(w.net.slows, name)
	w.relink()
}

// Rule adds a rule that judges every message when it is sent, until
// [World.Unrule]. Rules are asked in the order they were added; messages of a
// process to itself are not judged.
func (w *World) Rule(name string, fn RuleFunc) {
	w.fault("rule "+name, node.Nobody, 0)
	w.net.rules = put(w.net.rules, name, fn)
}

// Unrule removes a rule, if it exists.
func (w *World) Unrule(name string) {
	w.heal("rule " + name)
	w.net.rules = drop(w.net.rules, name)
}

// judge returns the verdict of the first rule that does not pass.
func (w *World) judge(from, to node.ID, port node.Port, m node.Message) Verdict {
	if len(w.net.rules) == 0 || from == to {
		return Pass
	}
	was := w.watching
	w.watching = true
	verdict := Pass
	for i := range w.net.rules {
		if verdict = w.net.rules[i].fault(from, to, port, m); verdict != Pass {
			break
		}
	}
	w.watching = was
	return verdict
}

// fault and heal note in hash and trace what the harness did to the world.
func (w *World) fault(what string, id node.ID, arg int64) {
	w.ledger.add(w.now, hashString(1, what), uint64(id), uint64(arg))
	if w.trace != nil {
		w.emit(verbFault, id, node.Nobody, faultText{what, arg})
	}
}

func (w *World) heal(what string) {
	w.ledger.add(w.now, hashString(2, what), 0, 0)
	if w.trace != nil {
		w.emit(verbHeal, node.Nobody, node.Nobody, what)
	}
}
