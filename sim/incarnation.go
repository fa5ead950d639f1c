package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// incarnation is one life of a process: all that a crash ends. It is the
// process's node.Env and node.TaskHost.
type incarnation struct {
	w    *World
	p    *process
	node node.Node
	rand *rand.Rand
	disk diskHandle

	// alive turns false at the effect where the process dies. Until its callback
	// has returned the incarnation lingers, and every effect is swallowed.
	alive bool
	// death, mode and reason say how it died.
	death  ChangeKind
	mode   CrashMode
	reason string

	role string
	term int64

	// origin is what the monotonic clock adds to the machine's local time.
	origin int64

	timers    []timer
	freeTimer []uint32
	requests  []request
	freeReq   []uint32
	tasks     []*node.Task
	ends      []endRef // the connection ends it holds
}

func newIncarnation(p *process) *incarnation {
	label := fmt.Sprintf("sim/node/%s/%d", p.name, p.incarnations)
	inc := &incarnation{w: p.w, p: p, rand: NewStream(p.w.cfg.Seed, label), alive: true}
	inc.disk = diskHandle{inc: inc, d: p.disk}
	// An origin that is no round number, so that nobody mistakes the monotonic
	// clock for the time since boot.
	inc.origin = NewStream(p.w.cfg.Seed, label+"/origin").Int64N(int64(time.Hour)) - p.clock.at(p.w.now)
	inc.origin += int64(time.Second)
	return inc
}

// effect accounts for one effect about to happen, and reports whether the
// process lives to make it. A fuse that burns down strikes after this effect:
// done must be called behind it.
func (inc *incarnation) effect() bool { return inc.alive }

// done ends one effect.
func (inc *incarnation) done() {
	p := inc.p
	if p.fuse < 0 || !inc.alive {
		return
	}
	if p.fuse--; p.fuse <= 0 {
		inc.die(Crashed, p.fuseMode, "")
	}
}

// die ends the incarnation. In the middle of its own callback, the end takes
// effect for the world at once, and what remains is buried when the callback has
// returned: only then can its tasks be stopped, and until then the node may still
// read its disk.
func (inc *incarnation) die(death ChangeKind, mode CrashMode, reason string) {
	if !inc.alive {
		return
	}
	inc.alive = false
	inc.death, inc.mode, inc.reason = death, mode, reason
	if inc.w.current != inc {
		inc.bury()
	}
}

// bury takes down everything a dead incarnation held.
func (inc *incarnation) bury() {
	w, p := inc.w, inc.p
	if p.inc != inc {
		return
	}
	p.inc = nil
	if p.fuse == 0 {
		p.fuse = -1
	}
	inc.stopTasks()
	w.stale += len(inc.timers) - len(inc.freeTimer) + len(inc.requests) - len(inc.freeReq)
	p.release()
	w.ledger.add(w.now, uint64(inc.death)<<8|uint64(inc.mode), uint64(p.id), 0)
	if w.trace != nil {
		w.emit(traceVerb(inc.death.String()), p.id, node.Nobody, inc.epitaph())
	}
	w.breakAll(inc)
	p.disk.evict()
	if inc.death == Crashed {
		w.count(crashesKeep + counter(inc.mode))
		w.crashDisk(p, inc.mode)
	} else {
		w.count(exits)
	}
	w.changed(p, ProcessChange{Kind: inc.death, Mode: inc.mode, Reason: inc.reason})
}

func (inc *incarnation) epitaph() string {
	if inc.death == Exited {
		return inc.reason
	}
	return "keep=" + inc.mode.String()
}

// Self returns the process's ID.
func (inc *incarnation) Self() node.ID { return inc.p.id }

// Now returns the monotonic clock.
func (inc *incarnation) Now() time.Duration {
	return time.Duration(inc.origin + inc.p.clock.at(inc.w.now))
}

// WallMillis returns the wall clock.
func (inc *incarnation) WallMillis() int64 { return inc.p.clock.wallMillis(inc.w.now) }

// Rand returns the stream of this incarnation.
func (inc *incarnation) Rand() *rand.Rand { return inc.rand }

// Disk returns the process's disk.
func (inc *incarnation) Disk() node.Disk { return &inc.disk }

// Observe folds a fact into the hash and tells the observers.
func (inc *incarnation) Observe(e node.Event) {
	if !inc.effect() {
		return
	}
	w := inc.w
	w.ledger.add(w.now, uint64(evObserve)<<32|uint64(uint32(inc.p.id)), e.Kind.Code, uint64(e.N[0]))
	w.ledger.add(int64(len(e.Text)), uint64(e.N[1]), uint64(e.N[2]), uint64(e.N[3]))
	if e.Text != "" {
		w.ledger.hash = hashString(w.ledger.hash, e.Text)
	}
	if e.Kind == node.Role {
		inc.role, inc.term = e.Text, e.N[0]
	}
	if w.trace != nil {
		w.emit(verbMark, inc.p.id, node.Nobody, e)
	}
	if len(w.onEvent) > 0 {
		w.tell(Seen{Step: w.ledger.step, At: w.Now(), Node: inc.p.id, Event: e})
	}
	inc.done()
}

// tell calls the observers of facts.
func (w *World) tell(s Seen) {
	was := w.watching
	w.watching = true
	for _, fn := range w.onEvent {
		fn(s)
	}
	w.watching = was
}

// Exit ends the process at its own wish.
func (inc *incarnation) Exit(reason string) {
	if inc.effect() {
		inc.die(Exited, KeepAll, reason)
	}
}
