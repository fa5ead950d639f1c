package sim

import "github.com/stampede-sim/stampede/nodes/node"

// datagram is one datagram under way, in a slot of network.grams.
type datagram struct {
	from node.ID
	port node.Port
	m    node.Message
}

// SendDatagram sends a message that may be lost, duplicated or overtaken. Both
// copies of a duplicate are the same value.
func (inc *incarnation) SendDatagram(to node.ID, port node.Port, m node.Message) {
	if !inc.effect() {
		return
	}
	w := inc.w
	w.process(to)
	if w.trace != nil {
		w.emit(verbSend, inc.p.id, to, m)
	}
	inc.throw(to, port, m)
	inc.done()
}

func (inc *incarnation) throw(to node.ID, port node.Port, m node.Message) {
	w, n := inc.w, &inc.w.net
	verdict := w.judge(inc.p.id, to, port, m)
	if verdict == Drop || n.isBlocked(inc.p.id, to, port) || n.dice.hit(n.cfg.Loss) {
		w.count(datagramsLost)
		if w.trace != nil {
			w.emit(verbDrop, inc.p.id, to, m)
		}
		return
	}
	g := datagram{inc.p.id, port, m}
	delay := int64(max(verdict, 0))
	if n.dice.hit(n.cfg.Reorder) {
		w.count(datagramsReordered)
		delay += int64(n.dice.below(uint64(n.cfg.ReorderDelay) + 1))
	}
	w.launch(to, g, delay)
	if verdict == Duplicate || n.dice.hit(n.cfg.Duplicate) {
		w.count(datagramsDuplicated)
		if w.trace != nil {
			w.emit(verbDup, inc.p.id, to, m)
		}
		w.launch(to, g, delay)
	}
}

// launch puts one copy of a datagram on its way.
func (w *World) launch(to node.ID, g datagram, delay int64) {
	n := &w.net
	delay += n.dice.sample(n.latency[g.port])
	for _, extra := range n.slowsOn(nil, g.from, to, g.port) {
		delay += n.dice.sample(&extra)
	}
	var slot uint32
	if k := len(n.freeGram); k > 0 {
		slot = n.freeGram[k-1]
		n.freeGram = n.freeGram[:k-1]
		n.grams[slot] = g
	} else {
		slot = uint32(len(n.grams))
		n.grams = append(n.grams, g)
	}
	w.queue.schedule(w.now+delay, evDatagram, int32(to), slot)
}

func (w *World) arriveDatagram(e event) {
	p := w.procs[e.node]
	if p.up() && p.postpone(e) {
		return
	}
	g := w.net.grams[e.slot]
	w.net.grams[e.slot] = datagram{}
	w.net.freeGram = append(w.net.freeGram, e.slot)
	w.step(e, uint64(g.from)<<8|uint64(g.port), g.m.Fingerprint())
	if !p.up() {
		w.count(datagramsLost)
		return
	}
	if w.trace != nil {
		w.emit(verbRecv, p.id, g.from, g.m)
	}
	inc := p.inc
	w.enter(inc)
	inc.node.Datagram(g.from, g.port, g.m)
	w.leave(inc)
}
