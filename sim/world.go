package sim

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// World is one simulated world. It is not safe for concurrent use; worlds share
// nothing, so that many can run side by side.
type World struct {
	cfg     Config
	now     int64 // virtual nanoseconds since the beginning
	queue   queue
	ledger  ledger
	procs   []*process
	net     network
	actions []action
	streams map[string]*rand.Rand
	counts  [counterCount]uint64
	scratch []byte // for encoding messages
	slab    slab

	coroutines node.Coroutines

	// current is the incarnation whose code is on the stack, nil if none is.
	current *incarnation
	// watching is true while an observer, rule or action runs: a panic there is
	// the harness's, not a node's.
	watching bool
	// stale estimates how many events of the queue nobody waits for any more.
	stale int

	// reached is the step at which the clock came to now.
	reached uint64

	stopped    bool
	stopReason string
	failure    *Failure
	closed     bool

	onEvent   []func(Seen)
	onProcess []func(ProcessChange)
	trace     func(Line)
}

// action is a world-level function to be called at some time.
type action struct {
	label string
	fn    func()
}

// NewWorld makes an empty world. It panics if cfg does not validate: call
// [Config.Validate] first on values that come from people.
func NewWorld(cfg Config) *World {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	w := &World{cfg: cfg, ledger: newLedger(cfg.Seed), streams: map[string]*rand.Rand{}}
	w.net.init(cfg)
	return w
}

// Add registers a process, which is down until [World.Start]. make returns a new
// node for every incarnation; group is what faults select by ("zk"). Names must
// be unique: random streams hang on them.
func (w *World) Add(name, group string, make func() node.Node) node.ID {
	for _, p := range w.procs {
		if p.name == name {
			panic(fmt.Sprintf("sim: two processes named %q", name))
		}
	}
	id := node.ID(len(w.procs))
	w.procs = append(w.procs, newProcess(w, id, name, group, make))
	return id
}

// Now returns the virtual time since the beginning of the run.
func (w *World) Now() time.Duration { return time.Duration(w.now) }

// Hash returns the running hash over everything that happened so far.
func (w *World) Hash() uint64 { return w.ledger.hash }

// Steps returns the number of events processed so far.
func (w *World) Steps() uint64 { return w.ledger.step }

// Checkpoints returns past values of the hash, at most 64, in order of steps. Two
// runs that agree have equal checkpoints wherever both have one for a step.
func (w *World) Checkpoints() []Checkpoint { return slices.Clone(w.ledger.marks) }

// At arranges that fn is called at virtual time t, or at once if t has passed: to
// inject faults and to begin phases. label names it in the trace and the hash.
func (w *World) At(t time.Duration, label string, fn func()) {
	w.actions = append(w.actions, action{label, fn})
	w.queue.schedule(max(int64(t), w.now), evAction, int32(node.Nobody), uint32(len(w.actions)-1))
}

// Stop ends the present [World.Run] after the event being processed. A later Run
// goes on from there.
func (w *World) Stop(reason string) {
	if !w.stopped {
		w.stopped, w.stopReason = true, reason
	}
}

// StopReason returns the reason of the Stop that ended the last Run, or "".
func (w *World) StopReason() string { return w.stopReason }

// Failure returns the bug that ended the run, or nil.
func (w *World) Failure() *Failure { return w.failure }

// Run processes events up to and including virtual time until, then sets the
// clock to it and returns true. It returns false if a failure or Stop ended it
// early; after a failure the world stays as it was and every Run returns false.
func (w *World) Run(until time.Duration) bool {
	if w.closed {
		panic("sim: Run of a closed world")
	}
	w.stopped, w.stopReason = false, ""
	for w.failure == nil {
		if w.drain(int64(until)) {
			break
		}
	}
	if w.failure != nil || w.stopped {
		return false
	}
	w.now = max(w.now, int64(until))
	return true
}

// Standstill is the reason of a Stop by the world itself: so many events have happened
// at one instant that time will not go on. Somebody sets timers that are due at once.
const Standstill = "time stands still"

// instantMost is how many events of one instant are a standstill. Honest worlds see
// some hundreds.
const instantMost = 1 << 20

// drain processes events until the end of this Run, and reports whether it
// got there. It returns false after a panic of a node that was dead already,
// which changes nothing.
func (w *World) drain(until int64) (done bool) {
	defer w.catch()
	for !w.stopped && len(w.queue.h) > 0 && w.queue.h[0].at <= until {
		e := w.queue.pop()
		if !w.live(e) {
			w.stale = max(w.stale-1, 0)
			continue
		}
		if e.at > w.now {
			w.now, w.reached = e.at, w.ledger.step
		} else if w.ledger.step-w.reached > instantMost {
			w.Stop(Standstill)
		}
		w.dispatch(e)
	}
	return true
}

// catch is the one place where panics of nodes end up. A panic of the harness
// (an observer, an action, the world itself) goes on.
//
// A node that the world killed in the middle of a callback goes on to the
// callback's end with effects swallowed; should it stumble over that, nobody can
// tell, because it is dead.
func (w *World) catch() {
	inc := w.current
	if inc == nil || w.watching {
		return
	}
	r := recover()
	if r == nil {
		return
	}
	if inc.alive {
		w.failure = &Failure{
			Step: w.ledger.step, At: w.Now(), Node: inc.p.id, Name: inc.p.name,
			Reason: fmt.Sprint(r), Stack: string(debug.Stack()),
		}
	}
	w.leave(inc)
}

// enter and leave bracket every call into a node.
func (w *World) enter(inc *incarnation) { w.current = inc }

func (w *World) leave(inc *incarnation) {
	w.current = nil
	if !inc.alive {
		inc.bury()
	}
}

// step opens a new step of the run for an event that is about to take effect.
func (w *World) step(e event, b, c uint64) {
	w.ledger.begin(w.now)
	w.fold(e, b, c)
}

// fold adds an event and two numbers of its payload to the hash.
func (w *World) fold(e event, b, c uint64) {
	w.ledger.add(w.now, uint64(e.kind())<<32|uint64(uint32(e.node)), b, c)
}

// dispatch hands an event that is live to its handler.
func (w *World) dispatch(e event) {
	switch e.kind() {
	case evDeliver:
		w.arrive(e)
	case evTimer:
		w.fireTimer(e)
	case evDisk:
		w.completeSync(e)
	case evDatagram:
		w.arriveDatagram(e)
	case evStall:
		w.stallExpired(e)
	case evConnect:
		w.connectExpired(e)
	case evBoot:
		w.boot(e)
	case evTerminate:
		w.terminate(e)
	case evAction:
		w.act(e)
	}
}

// live reports whether somebody still waits for the event.
func (w *World) live(e event) bool {
	switch e.kind() {
	case evDeliver:
		return w.net.flow(flowRef(e.slot)).due == e.key
	case evTimer:
		inc := w.procs[e.node].inc
		return inc != nil && int(e.slot) < len(inc.timers) && inc.timers[e.slot].key == e.key
	case evDisk:
		inc := w.procs[e.node].inc
		return inc != nil && int(e.slot) < len(inc.requests) && inc.requests[e.slot].key == e.key
	case evStall:
		return w.net.flow(flowRef(e.slot)).stall == e.key
	case evConnect:
		return w.net.conns[e.slot].connect == e.key
	case evBoot:
		return w.procs[e.node].booting == e.key
	case evTerminate:
		p := w.procs[e.node]
		return p.up() && uint32(p.incarnations) == e.slot
	}
	return true
}

// abandonEvent notes that an event became stale, and sweeps the queue when most
// of it is: otherwise timers that are set and stopped over and over would pile up
// until their time comes.
func (w *World) abandonEvent() {
	w.stale++
	if w.stale > 256 && 2*w.stale > len(w.queue.h) {
		w.queue.filter(w.live)
		w.stale = 0
	}
}

func (w *World) act(e event) {
	a := &w.actions[e.slot]
	fn, label := a.fn, a.label
	a.fn = nil
	w.step(e, hashString(0, label), 0)
	if w.trace != nil {
		w.emit(verbStep, node.Nobody, node.Nobody, label)
	}
	w.watching = true
	fn()
	w.watching = false
}

// Close ends the world: it stops every task, whose coroutines would otherwise
// stay. A closed world can still be asked, but not run.
func (w *World) Close() {
	if w.closed {
		return
	}
	w.closed = true
	for _, p := range w.procs {
		if p.inc != nil {
			p.inc.alive = false
			p.inc.stopTasks()
		}
	}
	w.coroutines.Close()
}
