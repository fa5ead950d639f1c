package node

import "iter"

// Coroutines keeps the coroutines of tasks that ended for tasks that begin: a new one
// starts on a small stack, and would have to grow it to the depth that the last one
// had reached. The zero value is empty. It belongs to one world.
type Coroutines struct{ idle []*coroutine }

// coroutine runs one task after the other.
type coroutine struct {
	task   *Task // nil while idle
	yield  func(struct{}) bool
	resume func() (struct{}, bool)
	stop   func()
}

// take returns an idle coroutine, a new one if there is none. Those of no pool end with
// their task.
func (p *Coroutines) take() *coroutine {
	if p != nil && len(p.idle) > 0 {
		last := len(p.idle) - 1
		c := p.idle[last]
		p.idle = p.idle[:last]
		return c
	}
	c := &coroutine{}
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for again := true; again; again = p != nil && p.rest(c) {
			c.task.run()
		}
	})
	return c
}

// rest parks a coroutine until it gets another task; false if it is to end.
func (p *Coroutines) rest(c *coroutine) bool {
	c.task = nil
	p.idle = append(p.idle, c)
	return c.yield(struct{}{})
}

// Close ends the idle coroutines. Tasks that still run must have been stopped before.
func (p *Coroutines) Close() {
	for _, c := range p.idle {
		c.stop()
	}
	p.idle = nil
}
