package sim

import (
	"math/rand/v2"

	"github.com/stampede-sim/stampede/nodes/node"
)

// conn is one connection: two ends, and a flow toward each.
//
// It lives in a slot of network.conns. The slot is used again when both ends are
// gone and nothing can wake either; gen makes the IDs of its next use different.
type conn struct {
	slot uint32
	gen  uint32
	port node.Port
	used bool
	// dialing is true until the dialling end heard of the acceptor; connect is
	// the key of the event that gives up then.
	dialing bool
	connect uint64
	// synPending is true until the handshake reached the acceptor's machine, or
	// was lost.
	synPending bool
	// accepted: the acceptor was told of the connection.
	accepted bool
	// side 0 dialled, side 1 accepted.
	sides [2]side
}

// side is one end of a connection, and the flow toward it.
type side struct {
	id node.ID
	// inc is the incarnation that holds this end: nil before it accepted, and
	// after it closed, was told of the end, or died.
	inc *incarnation
	// pos is the index of this end in inc.ends.
	pos int
	in  flow
}

// flow is one direction of a connection.
type flow struct {
	// items[head:] are under way, in order; their times never decrease.
	items []item
	head  int
	last  int64 // delivery time of the latest item
	pcg   rand.PCG
	// due is the key of the event that delivers the head; 0 if the flow is empty
	// or held.
	due uint64
	// held: the head came due while the link was blocked.
	held bool
	// stall is the key of the event that gives up on acknowledgements.
	stall uint64
	// ended: the last word of this direction has been queued.
	ended bool
	// What the named faults of the network do to this direction at present.
	blocked bool
	latency *Latency
	slow    []Latency
}

// item is one thing travelling on a connection.
type item struct {
	at   int64
	m    node.Message
	kind itemKind
	why  node.CloseReason // for itemEnd
}

type itemKind uint8

const (
	itemMessage itemKind = iota
	itemSyn              // asks the acceptor's machine for a connection
	itemAccept           // tells the acceptor, whose machine has agreed
	itemOpened           // tells the dialler
	itemEnd              // tells that the connection is over
)

// dice is the random stream of this direction.
func (f *flow) dice() dice { return dice{&f.pcg} }

func (f *flow) empty() bool { return f.head == len(f.items) }

func (f *flow) pop() item {
	it := f.items[f.head]
	f.items[f.head] = item{}
	f.head++
	switch {
	case f.empty():
		f.items, f.head = f.items[:0], 0
	case f.head >= 64 && 2*f.head >= len(f.items):
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	return it
}

// cut drops all but the first n items, and returns how many it dropped.
func (f *flow) cut(n int) int {
	dropped := len(f.items) - f.head - n
	clear(f.items[f.head+n:])
	f.items = f.items[:f.head+n]
	if n == 0 {
		f.items, f.head = f.items[:0], 0
		f.due, f.held = 0, false
	}
	return dropped
}

// endRef names one end of a connection: the slot above the side.
type endRef uint32

// flowRef names the flow toward an end.
type flowRef = endRef

func refOf(c *conn, side int) endRef { return endRef(c.slot<<1 | uint32(side)) }

func (n *network) at(r endRef) (*conn, int) { return n.conns[r>>1], int(r & 1) }

func (n *network) flow(r flowRef) *flow { return &n.conns[r>>1].sides[r&1].in }

// id returns the public ID of one end: generation, slot and side.
func (c *conn) id(side int) node.ConnID {
	return node.ConnID(c.gen)<<32 | node.ConnID(c.slot+1)<<1 | node.ConnID(side)
}

// find returns the end an incarnation knows as id, if it still holds it.
func (inc *incarnation) find(id node.ConnID) (c *conn, side int, ok bool) {
	slot := uint32(id)>>1 - 1
	if id == 0 || int(slot) >= len(inc.w.net.conns) {
		return nil, 0, false
	}
	c, side = inc.w.net.conns[slot], int(id&1)
	return c, side, c.gen == uint32(id>>32) && c.sides[side].inc == inc
}

// newConn takes a slot for a connection.
func (n *network) newConn(from, to node.ID, port node.Port) *conn {
	var c *conn
	if k := len(n.freeConn); k > 0 {
		c = n.conns[n.freeConn[k-1]]
		n.freeConn = n.freeConn[:k-1]
	} else {
		c = &conn{slot: uint32(len(n.conns))}
		n.conns = append(n.conns, c)
	}
	c.gen++
	c.port, c.used, c.dialing, c.synPending, c.accepted = port, true, true, true, false
	c.sides[0].id, c.sides[1].id = from, to
	n.seedFlows(c)
	n.link(c)
	return c
}

// route is who dialled whom for what.
type route struct {
	from, to node.ID
	port     node.Port
}

// seedFlows gives both directions of a connection random streams that hang on
// nothing but the link and on how often it was dialled before: what happens between
// two processes moves no message between two others. So an operation can be taken
// out of a plan, and the election goes on as it did.
func (n *network) seedFlows(c *conn) {
	l := route{c.sides[0].id, c.sides[1].id, c.port}
	nth := n.dials[l]
	n.dials[l]++
	for to := range c.sides {
		h := fold4(n.seed, uint64(l.from), uint64(l.to), uint64(l.port)<<1|uint64(to), nth)
		c.sides[to].in.pcg.Seed(h, fold2(h, n.seed, nth))
	}
}

// release frees the slot once nobody can notice any more.
func (n *network) release(c *conn) {
	if c.sides[0].inc != nil || c.sides[1].inc != nil || c.synPending || !c.used {
		return
	}
	c.used, c.dialing, c.connect = false, false, 0
	for i := range c.sides {
		f := &c.sides[i].in
		f.cut(0)
		*f = flow{items: f.items, slow: f.slow[:0]}
	}
	n.freeConn = append(n.freeConn, c.slot)
}

// attach gives an end to an incarnation.
func (inc *incarnation) attach(c *conn, side int) {
	s := &c.sides[side]
	s.inc, s.pos = inc, len(inc.ends)
	inc.ends = append(inc.ends, refOf(c, side))
}

// detach takes an end from its incarnation, which will hear nothing more of it.
// What is under way toward the end travels on and arrives nowhere, because its
// sender waits for acknowledgements.
func (w *World) detach(c *conn, side int) {
	s := &c.sides[side]
	inc := s.inc
	last := len(inc.ends) - 1
	moved := inc.ends[last]
	inc.ends[s.pos] = moved
	mc, ms := w.net.at(moved)
	mc.sides[ms].pos = s.pos
	inc.ends = inc.ends[:last]
	s.inc = nil
	c.sides[1-side].in.stall = 0 // nobody waits for acknowledgements of what it sent
	if side == 0 {
		c.connect = 0
	}
}
