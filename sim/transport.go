package sim

import (
	"bytes"
	"fmt"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Dial starts the handshake of a connection.
func (inc *incarnation) Dial(to node.ID, port node.Port) node.ConnID {
	if !inc.effect() {
		return 0
	}
	w := inc.w
	w.process(to)
	c := w.net.newConn(inc.p.id, to, port)
	id := c.id(0)
	inc.attach(c, 0)
	c.connect = w.queue.schedule(w.now+int64(w.cfg.Net.ConnectTimeout), evConnect, int32(inc.p.id), c.slot)
	if w.trace != nil {
		w.emit(verbDial, inc.p.id, to, connText{id, port})
	}
	w.transmit(c, 1, item{kind: itemSyn}, 0)
	inc.done()
	return id
}

// Send queues a message on a connection.
func (inc *incarnation) Send(id node.ConnID, m node.Message) {
	if !inc.effect() {
		return
	}
	c, side, ok := inc.find(id)
	if ok {
		inc.send(c, 1-side, m)
	}
	inc.done()
}

// send transmits a message toward side to, as the rules allow.
func (inc *incarnation) send(c *conn, to int, m node.Message) {
	w := inc.w
	peer := c.sides[to].id
	verdict := w.judge(inc.p.id, peer, c.port, m)
	if w.trace != nil {
		w.emit(verbSend, inc.p.id, peer, m)
	}
	if verdict == Drop {
		if w.trace != nil {
			w.emit(verbDrop, inc.p.id, peer, m)
		}
		w.count(connsCutByRule)
		w.reset(c, false /* arbitrary */)
		return
	}
	if w.cfg.Wire {
		m = w.encode(m)
	}
	w.transmit(c, to, item{m: m}, int64(max(verdict, 0)))
}

// Close ends a connection after what was sent.
func (inc *incarnation) Close(id node.ConnID) {
	if !inc.effect() {
		return
	}
	w := inc.w
	if c, side, ok := inc.find(id); ok {
		if w.trace != nil {
			w.emit(verbClose, inc.p.id, c.sides[1-side].id, connText{id, c.port})
		}
		w.detach(c, side)
		w.transmit(c, 1-side, item{kind: itemEnd, why: node.ClosedByPeer}, 0)
		w.net.release(c)
	}
	inc.done()
}

// transmit puts an item on the way toward side to. Behind the last word of a
// direction everything is lost.
func (w *World) transmit(c *conn, to int, it item, delay int64) {
	f := &c.sides[to].in
	if f.ended {
		return
	}
	f.ended = it.kind == itemEnd
	it.at = max(f.last, w.now+w.net.travel(f)+delay)
	f.last = it.at
	f.items = append(f.items, it)
	if f.due == 0 && !f.held {
		w.aim(c, to)
	}
}

// aim schedules the delivery of a flow's head.
func (w *World) aim(c *conn, to int) {
	s := &c.sides[to]
	s.in.due = w.queue.schedule(s.in.items[s.in.head].at, evDeliver, int32(s.id), uint32(refOf(c, to)))
}

// arrive handles the head of a flow coming due.
func (w *World) arrive(e event) {
	c, to := w.net.at(flowRef(e.slot))
	s := &c.sides[to]
	if s.in.blocked {
		w.hold(e, c, to)
		return
	}
	kind := s.in.items[s.in.head].kind
	if kind == itemSyn {
		w.arriveSyn(e, c)
		return
	}
	if s.inc != nil && s.inc.p.postpone(e) {
		return
	}
	it := s.in.pop()
	s.in.due = 0
	if !s.in.empty() {
		w.aim(c, to)
	}
	if s.inc == nil {
		w.arriveNowhere(e, c, to, kind)
		return
	}
	switch kind {
	case itemMessage:
		w.receive(e, c, to, it.m)
	case itemAccept:
		w.accept(e, c)
	case itemOpened:
		w.opened(e, c)
	case itemEnd:
		w.ended(e, c, to, it.why)
	}
}

// hold keeps a flow's head until its link is open again.
func (w *World) hold(e event, c *conn, to int) {
	f := &c.sides[to].in
	f.due, f.held = 0, true
	w.step(e, uint64(c.id(to)), 1)
	w.count(messagesStalled)
	if w.trace != nil {
		w.emit(verbHold, c.sides[to].id, c.sides[1-to].id, connText{c.id(to), c.port})
	}
	w.startStall(c, to)
}

// arriveNowhere drops what comes to an end that nobody holds. The end that sent
// it learns of that by the last word this end left behind.
func (w *World) arriveNowhere(e event, c *conn, to int, kind itemKind) {
	w.step(e, uint64(c.id(to)), 2)
	if kind == itemMessage {
		w.awaitAck(c, to)
	}
}

// arriveSyn is the acceptor's machine answering a handshake, which it does even
// while its process is paused.
func (w *World) arriveSyn(e event, c *conn) {
	f := &c.sides[1].in
	p := w.procs[e.node]
	c.synPending = false
	if !p.up() {
		w.step(e, uint64(c.id(1)), 3)
		f.cut(0)
		f.ended = true
		w.transmit(c, 0, item{kind: itemEnd, why: node.Refused}, 0)
		w.net.release(c)
		return
	}
	p.inc.attach(c, 1)
	w.transmit(c, 0, item{kind: itemOpened}, 0)
	f.items[f.head].kind = itemAccept
	w.arrive(e)
}

func (w *World) accept(e event, c *conn) {
	inc, id := c.sides[1].inc, c.id(1)
	w.step(e, uint64(id), 4)
	if w.trace != nil {
		w.emit(verbOpen, c.sides[1].id, c.sides[0].id, connText{id, c.port})
	}
	w.awaitAck(c, 1)
	c.accepted = true
	w.enter(inc)
	inc.node.Accept(id, c.sides[0].id, c.port)
	w.leave(inc)
}

func (w *World) opened(e event, c *conn) {
	inc, id := c.sides[0].inc, c.id(0)
	c.dialing, c.connect = false, 0
	w.step(e, uint64(id), 5)
	if w.trace != nil {
		w.emit(verbOpen, c.sides[0].id, c.sides[1].id, connText{id, c.port})
	}
	w.abandonEvent() // the connect timeout
	if c.sides[1].in.held {
		w.startStall(c, 1)
	}
	w.awaitAck(c, 0)
	w.enter(inc)
	inc.node.Opened(id)
	w.leave(inc)
}

// receive hands a message to the process that holds the end.
func (w *World) receive(e event, c *conn, to int, m node.Message) {
	s := &c.sides[to]
	inc, id, peer := s.inc, c.id(to), c.sides[1-to].id
	w.awaitAck(c, to)
	w.ledger.begin(w.now)
	w.enter(inc)
	if w.cfg.Wire {
		m = inc.decode(id, m.(*frame))
	}
	w.fold(e, uint64(id), m.Fingerprint())
	if w.trace != nil {
		w.emit(verbRecv, inc.p.id, peer, m)
	}
	inc.node.Receive(id, m)
	w.leave(inc)
}

// ended tells the process that holds the end that the connection is over.
func (w *World) ended(e event, c *conn, to int, why node.CloseReason) {
	inc, id := c.sides[to].inc, c.id(to)
	w.detach(c, to)
	w.step(e, uint64(id), 16+uint64(why))
	w.tellClosed(inc, c, to, why)
}

// tellClosed is the last callback of an end, which is detached already.
func (w *World) tellClosed(inc *incarnation, c *conn, side int, why node.CloseReason) {
	id := c.id(side)
	w.countEnd(why)
	if w.trace != nil {
		w.emit(verbClose, inc.p.id, c.sides[1-side].id, endText{connText{id, c.port}, why})
	}
	w.net.release(c)
	w.enter(inc)
	inc.node.Closed(id, why)
	w.leave(inc)
}

// frame is a message in its encoding, on the way in a world with Wire set.
type frame struct {
	kind string
	b    []byte
}

func (f *frame) Kind() string               { return f.kind }
func (f *frame) Fingerprint() uint64        { return hashBytes(0, f.b) }
func (f *frame) AppendWire(b []byte) []byte { return append(b, f.b...) }
func (f *frame) String() string             { return fmt.Sprintf("%s, %d bytes", f.kind, len(f.b)) }

// encode puts a message into a frame of its own size.
func (w *World) encode(m node.Message) *frame {
	w.scratch = m.AppendWire(w.scratch[:0])
	if len(w.slab.frames) == 0 {
		w.slab.frames = make([]frame, slabFrames)
	}
	f := &w.slab.frames[0]
	w.slab.frames = w.slab.frames[1:]
	f.kind, f.b = m.Kind(), w.slab.keep(w.scratch)
	return f
}

// slab is where frames and their bytes come from, many at a time: most messages are
// short. No byte is used twice, so that whoever keeps a part of a frame may.
type slab struct {
	frames []frame
	bytes  []byte
}

const (
	slabFrames = 64
	slabBytes  = 4096
)

// keep returns a copy of b.
func (s *slab) keep(b []byte) []byte {
	if len(b) > slabBytes/8 {
		return bytes.Clone(b)
	}
	if len(b) > len(s.bytes) {
		s.bytes = make([]byte, slabBytes)
	}
	n := copy(s.bytes, b)
	kept := s.bytes[:n:n]
	s.bytes = s.bytes[n:]
	return kept
}

// decode turns a frame into a message. That it fails, or that the message
// encodes differently, is a bug of the node's codec.
func (inc *incarnation) decode(id node.ConnID, f *frame) node.Message {
	m, err := inc.node.Decode(id, f.b)
	if err != nil {
		panic(fmt.Sprintf("wire: %s does not decode: %v\nframe: %x", f.kind, err, f.b))
	}
	w := inc.w
	if w.scratch = m.AppendWire(w.scratch[:0]); !bytes.Equal(w.scratch, f.b) {
		panic(fmt.Sprintf("wire: %s decodes to %v, which encodes differently\nsent:  %x\nagain: %x", f.kind, m, f.b, w.scratch))
	}
	return m
}
