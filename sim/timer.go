package sim

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// timer is one slot of an incarnation's timers. Free slots have key 0.
type timer struct {
	tag  node.Tag
	task *node.Task // woken instead of a callback, if set
	// deadline is in the machine's local time, so that drift re-aims it.
	deadline int64
	key      uint64 // of its event
	gen      uint32 // counts the uses of the slot, so that IDs are not reused
}

// SetTimer arranges one Timer callback.
func (inc *incarnation) SetTimer(d time.Duration, tag node.Tag) node.TimerID {
	if !inc.effect() {
		return 0
	}
	id := inc.setTimer(d, timer{tag: tag})
	inc.done()
	return id
}

// WakeAfter wakes a task after d on the process's clock.
func (inc *incarnation) WakeAfter(t *node.Task, d time.Duration) {
	if inc.effect() {
		inc.setTimer(d, timer{task: t})
		inc.done()
	}
}

func (inc *incarnation) setTimer(d time.Duration, t timer) node.TimerID {
	now := inc.p.clock.at(inc.w.now)
	t.deadline = now + min(max(int64(d), 0), farFuture-now)
	slot := inc.timerSlot()
	t.gen = inc.timers[slot].gen + 1
	t.key = inc.w.queue.schedule(inc.p.clock.when(t.deadline), evTimer, int32(inc.p.id), slot)
	inc.timers[slot] = t
	return node.TimerID(t.gen)<<32 | node.TimerID(slot+1)
}

func (inc *incarnation) timerSlot() uint32 {
	if n := len(inc.freeTimer); n > 0 {
		slot := inc.freeTimer[n-1]
		inc.freeTimer = inc.freeTimer[:n-1]
		return slot
	}
	inc.timers = append(inc.timers, timer{})
	return uint32(len(inc.timers) - 1)
}

// StopTimer cancels a timer. It is no effect: nobody outside can tell.
func (inc *incarnation) StopTimer(id node.TimerID) {
	slot, gen := uint32(id)-1, uint32(id>>32)
	if id == 0 || !inc.alive || int(slot) >= len(inc.timers) {
		return
	}
	if t := &inc.timers[slot]; t.gen == gen && t.key != 0 {
		inc.releaseTimer(slot)
		inc.w.abandonEvent()
	}
}

func (inc *incarnation) releaseTimer(slot uint32) {
	t := &inc.timers[slot]
	t.key, t.task = 0, nil
	inc.freeTimer = append(inc.freeTimer, slot)
}

// aimTimers schedules every pending timer anew after the clock's rate changed.
// Timers that came due in a pause stay with what the pause put off.
func (inc *incarnation) aimTimers() {
	for slot := range inc.timers {
		t := &inc.timers[slot]
		if t.key == 0 || inc.p.hasDeferred(t.key) {
			continue
		}
		t.key = inc.w.queue.schedule(inc.p.clock.when(t.deadline), evTimer, int32(inc.p.id), uint32(slot))
		inc.w.abandonEvent()
	}
}

func (p *process) hasDeferred(key uint64) bool {
	for _, e := range p.deferred {
		if e.key == key {
			return true
		}
	}
	return false
}

func (w *World) fireTimer(e event) {
	p := w.procs[e.node]
	if p.postpone(e) {
		return
	}
	inc := p.inc
	t := inc.timers[e.slot]
	inc.releaseTimer(e.slot)
	w.step(e, uint64(t.tag.Kind), t.tag.Arg)
	if w.trace != nil {
		w.emit(verbTimer, p.id, node.Nobody, timerText{t.tag, t.task})
	}
	w.enter(inc)
	if t.task != nil {
		t.task.Wake(nil)
	} else {
		inc.node.Timer(t.tag)
	}
	w.leave(inc)
}
