package sim

import "github.com/stampede-sim/stampede/nodes/node"

// startStall begins the patience of the end that sent what a flow holds. An end
// that is still dialling has its connect timeout instead, and one that nobody
// holds has nobody to tell.
func (w *World) startStall(c *conn, to int) {
	f, sender := &c.sides[to].in, &c.sides[1-to]
	if f.stall != 0 || sender.inc == nil || c.dialing && to == 1 {
		return
	}
	f.stall = w.queue.schedule(w.now+int64(w.cfg.Net.StallTimeout), evStall, int32(sender.id), uint32(refOf(c, to)))
}

// awaitAck begins that patience for something that arrived while the way back is
// blocked: the sender does not hear that it did.
func (w *World) awaitAck(c *conn, to int) {
	if c.sides[1-to].in.blocked {
		w.startStall(c, to)
	}
}

// stallExpired breaks a connection at the end that waited in vain.
func (w *World) stallExpired(e event) {
	c, to := w.net.at(flowRef(e.slot))
	w.giveUp(e, c, 1-to)
}

// connectExpired breaks a connection whose handshake took too long.
func (w *World) connectExpired(e event) {
	w.giveUp(e, w.net.conns[e.slot], 0)
}

// giveUp ends a connection at one side for lack of any answer. The other side
// learns by a reset, if the link lets it through, or when its own patience ends.
func (w *World) giveUp(e event, c *conn, side int) {
	inc := c.sides[side].inc
	if inc.p.postpone(e) {
		return
	}
	w.step(e, uint64(c.id(side)), 6)
	w.detach(c, side)
	out := &c.sides[1-side].in
	w.counts[messagesLost] += uint64(out.cut(0))
	c.synPending = false // if it was under way, it is lost now
	out.last, out.ended = w.now, false
	w.transmit(c, 1-side, item{kind: itemEnd, why: node.Reset}, 0)
	w.tellClosed(inc, c, side, node.TimedOut)
}

// breakAll ends every connection of an incarnation that died.
func (w *World) breakAll(inc *incarnation) {
	for len(inc.ends) > 0 {
		c, side := w.net.at(inc.ends[len(inc.ends)-1])
		w.detach(c, side)
		if inc.death == Crashed {
			w.losePrefix(c, 1-side)
		}
		w.transmit(c, 1-side, item{kind: itemEnd, why: node.Reset}, 0)
		w.net.release(c)
	}
}

// losePrefix lets an arbitrary prefix of a flow still arrive and loses the rest.
func (w *World) losePrefix(c *conn, to int) {
	f := &c.sides[to].in
	n := len(f.items) - f.head
	kept := int(f.dice().below(uint64(n) + 1))
	if kept == n {
		return
	}
	w.counts[messagesLost] += uint64(f.cut(kept))
	f.ended, f.last = false, w.now
	if kept > 0 {
		f.last = f.items[len(f.items)-1].at
	} else if to == 1 {
		c.synPending = false
	}
}

// reset breaks a connection from outside: both directions end in a reset, after
// an arbitrary prefix of what is under way or after all of it.
func (w *World) reset(c *conn, arbitrary bool) {
	for to := range c.sides {
		if arbitrary {
			w.losePrefix(c, to)
		}
		w.transmit(c, to, item{kind: itemEnd, why: node.Reset}, 0)
	}
}

// Cut resets every live connection with a direction that matches, and returns
// how many these were. Of what is in flight an arbitrary prefix still arrives.
func (w *World) Cut(match LinkMatch) int {
	cut := 0
	for _, c := range w.net.conns {
		from, to := c.sides[0].id, c.sides[1].id
		if c.used && (match(from, to, c.port) || match(to, from, c.port)) {
			w.reset(c, true)
			cut++
		}
	}
	w.fault("cut", node.Nobody, int64(cut))
	w.counts[connsCut] += uint64(cut)
	return cut
}
