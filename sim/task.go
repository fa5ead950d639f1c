package sim

import "github.com/stampede-sim/stampede/nodes/node"

// Go starts a task of this incarnation.
func (inc *incarnation) Go(name string, body func(*node.Task)) {
	if !inc.alive {
		return
	}
	t := inc.w.coroutines.NewTask(name, inc, body)
	inc.keepTask(t)
	t.Start()
}

// keepTask remembers a task to stop it at the end. The ended ones are dropped
// whenever the list would grow.
func (inc *incarnation) keepTask(t *node.Task) {
	if len(inc.tasks) == cap(inc.tasks) {
		running := inc.tasks[:0]
		for _, old := range inc.tasks {
			if !old.Ended() {
				running = append(running, old)
			}
		}
		clear(inc.tasks[len(running):])
		inc.tasks = running
	}
	inc.tasks = append(inc.tasks, t)
}

// stopTasks ends all tasks. What their deferred functions still do is swallowed,
// because the incarnation is dead. A task whose body panicked has ended already.
func (inc *incarnation) stopTasks() {
	for _, t := range inc.tasks {
		t.Stop()
	}
	inc.tasks = nil
}
