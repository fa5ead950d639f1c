package sim

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/node"
)

// process is one machine with one program: what survives a crash.
type process struct {
	w           *World
	id          node.ID
	name, group string
	make        func() node.Node
	clock       clock
	disk        *Disk

	// inc is the running incarnation. It stays set until the callback in which
	// it died has returned; then inc.alive is false.
	inc          *incarnation
	incarnations int
	// booting is the key of the pending boot event, 0 if none is.
	booting uint64

	paused bool
	// deferred holds what came due while paused, in order.
	deferred []event

	// fuse counts down the effects left until a CrashAfter strikes; -1 is none.
	fuse     int
	fuseMode CrashMode
}

func newProcess(w *World, id node.ID, name, group string, make func() node.Node) *process {
	return &process{
		w: w, id: id, name: name, group: group, make: make, clock: newClock(),
		disk: newDisk(w.Stream("sim/disk/"+name), w.cfg.Disk), fuse: -1,
	}
}

// up reports whether an incarnation lives.
func (p *process) up() bool { return p.inc != nil && p.inc.alive }

// process returns a process by ID, and panics if there is none: a bug of the
// caller.
func (w *World) process(id node.ID) *process {
	if id < 0 || int(id) >= len(w.procs) {
		panic(fmt.Sprintf("sim: no process %d; there are %d", id, len(w.procs)))
	}
	return w.procs[id]
}

// Processes returns what is known about every process, in order of IDs.
func (w *World) Processes() []ProcessInfo {
	all := make([]ProcessInfo, len(w.procs))
	for i, p := range w.procs {
		all[i] = ProcessInfo{
			ID: p.id, Name: p.name, Group: p.group, Up: p.up(),
			Paused: p.up() && p.paused, Incarnation: p.incarnations,
		}
		if p.up() {
			all[i].Role, all[i].Term = p.inc.role, p.inc.term
		}
	}
	return all
}

// Peers lists who is at the other ends of the connections to a port that a process was
// told of and has open, one for each, in no particular order.
func (w *World) Peers(id node.ID, port node.Port) []node.ID {
	var peers []node.ID
	inc := w.process(id).inc
	if inc == nil {
		return nil
	}
	for _, end := range inc.ends {
		if c, side := w.net.at(end); side == 1 && c.accepted && c.port == port {
			peers = append(peers, c.sides[0].id)
		}
	}
	return peers
}

// Start boots a process with a new node, as the next event of this instant. A
// process that is up or about to boot is left alone.
func (w *World) Start(id node.ID) {
	p := w.process(id)
	if p.up() || p.booting != 0 {
		return
	}
	p.booting = w.queue.schedule(w.now, evBoot, int32(id), 0)
}

func (w *World) boot(e event) {
	p := w.procs[e.node]
	p.booting = 0
	p.incarnations++
	p.paused = false
	w.step(e, uint64(p.incarnations), 0)
	if w.trace != nil {
		w.emit(verbBoot, p.id, node.Nobody, fmt.Sprintf("incarnation %d", p.incarnations))
	}
	inc := newIncarnation(p)
	p.inc = inc
	spoiled := p.disk.spoiled
	p.disk.spoiled = false
	w.changed(p, ProcessChange{Kind: Booted, Spoiled: spoiled})
	if !inc.alive { // an observer crashed it
		return
	}
	w.enter(inc)
	inc.node = p.make()
	inc.node.Boot(inc)
	w.leave(inc)
}

// Terminate asks a process to end in order, as the next event of this instant: what a
// [node.Terminator] does then is its own affair and takes its time. Any other node dies of
// the signal and leaves its machine up. A process that is down stays down; one that is
// paused hears of it when it goes on.
func (w *World) Terminate(id node.ID) {
	if p := w.process(id); p.up() {
		w.queue.schedule(w.now, evTerminate, int32(id), uint32(p.incarnations))
	}
}

func (w *World) terminate(e event) {
	p := w.procs[e.node]
	if p.postpone(e) {
		return
	}
	w.step(e, uint64(e.slot), 0)
	if w.trace != nil {
		w.emit(verbTerm, p.id, node.Nobody, nil)
	}
	n, able := p.inc.node.(node.Terminator)
	if !able {
		w.Crash(p.id, KeepAll)
		return
	}
	w.enter(p.inc)
	n.Shutdown()
	w.leave(p.inc)
}

// Crash kills a process, from outside or from inside an observer of one of its
// own effects; in the second case the rest of its callback has no effect. A
// process that is down stays down, and its disk is not harmed.
func (w *World) Crash(id node.ID, how CrashMode) {
	p := w.process(id)
	p.booting = 0
	if p.up() {
		p.inc.die(Crashed, how, "")
	}
}

// CrashAfter kills a process right after it has made that many more effects: a
// send, datagram, dial, close, disk write or sync request, timer, fact or exit.
// 0 kills it now. If the process is down or dies before, the count goes on in its
// next incarnation. A second call replaces the first.
func (w *World) CrashAfter(id node.ID, effects int, how CrashMode) {
	p := w.process(id)
	if effects <= 0 && p.up() {
		w.Crash(id, how)
		return
	}
	p.fuse, p.fuseMode = max(effects, 1), how
	if p.up() && w.current == p.inc {
		p.fuse++ // the fact being observed is an effect that has not ended yet
	}
}

// Disarm takes back a CrashAfter that has not struck.
func (w *World) Disarm(id node.ID) { w.process(id).fuse = -1 }

// Pause puts off the callbacks of a process (SIGSTOP, a long collection, a
// descheduled machine), while its clocks go on and its kernel still accepts
// connections and completes disk requests.
func (w *World) Pause(id node.ID) {
	p := w.process(id)
	if !p.up() || p.paused {
		return
	}
	p.paused = true
	w.ledger.add(w.now, uint64(Paused), uint64(id), 0)
	if w.trace != nil {
		w.emit(verbPause, id, node.Nobody, "")
	}
	w.changed(p, ProcessChange{Kind: Paused})
}

// Resume ends a pause: the callbacks put off run now, in their order.
func (w *World) Resume(id node.ID) {
	p := w.process(id)
	if !p.paused {
		return
	}
	p.release()
	w.ledger.add(w.now, uint64(Resumed), uint64(id), 0)
	if w.trace != nil {
		w.emit(verbResume, id, node.Nobody, "")
	}
	w.changed(p, ProcessChange{Kind: Resumed})
}

// release puts back into the queue what a pause put off. The events keep their
// times, which have passed, and so come in their order before everything else of
// this instant. If the process is dead, they find nobody, as they should.
func (p *process) release() {
	p.paused = false
	for _, e := range p.deferred {
		p.w.queue.push(e)
	}
	p.deferred = p.deferred[:0]
}

// postpone puts an event off if its process is paused, and reports whether.
func (p *process) postpone(e event) bool {
	if p.paused {
		p.deferred = append(p.deferred, e)
	}
	return p.paused
}

// changed tells the observers of processes.
func (w *World) changed(p *process, c ProcessChange) {
	c.Node, c.At, c.Step, c.Incarnation = p.id, w.Now(), w.ledger.step, p.incarnations
	was := w.watching
	w.watching = true
	for _, fn := range w.onProcess {
		fn(c)
	}
	w.watching = was
}
