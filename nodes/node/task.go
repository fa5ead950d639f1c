package node

import "time"

// Task is a coroutine inside a node, for flows that take several awaited steps
// and read best straight down: a client's script, the atomic replacement of a
// file. A task runs only inside callbacks of its process, so it may touch the
// node's state freely between awaits, and must expect that state to have
// changed across one. It dies with its incarnation at whatever await it is in;
// deferred functions of the body run then, and must have no effects.
//
// Tasks cost two coroutine switches an await (about 150 ns). Keep the message
// path of a server on the typed callbacks of [Node].
type Task struct {
	// Name is for traces.
	Name string

	host TaskHost
	body func(*Task)
	pool *Coroutines
	// on is the coroutine that runs it; nil until it has started.
	on      *coroutine
	err     error
	parked  bool
	stopped bool
	ended   bool
}

// TaskHost is what a world gives a task beyond [Env]: completions that resume
// it. Each calls t.Wake when done, from a callback of its process.
type TaskHost interface {
	// WakeAfter wakes t after d on the process's monotonic clock.
	WakeAfter(t *Task, d time.Duration)
	// WakeSynced wakes t when the file is durable, WakeDirSynced when the
	// directory is; both with the disk's error.
	WakeSynced(t *Task, file string)
	WakeDirSynced(t *Task)
}

// taskStopped unwinds the body of a task whose process died.
type taskStopped struct{}

// NewTask makes a task that has not started, on a coroutine of its own. Worlds call it,
// or [Coroutines.NewTask], to implement [Env.Go]; nodes never do.
func NewTask(name string, host TaskHost, body func(*Task)) *Task {
	return &Task{Name: name, host: host, body: body}
}

// NewTask makes a task that has not started, and will run on a coroutine of the pool.
func (p *Coroutines) NewTask(name string, host TaskHost, body func(*Task)) *Task {
	return &Task{Name: name, host: host, body: body, pool: p}
}

// Start runs the task to its first await.
func (t *Task) Start() {
	t.on = t.pool.take()
	t.on.task = t
	t.on.resume()
}

// run is the task's life on its coroutine.
func (t *Task) run() {
	defer func() {
		t.ended = true
		if r := recover(); r != nil {
			if _, ok := r.(taskStopped); !ok {
				panic(r)
			}
		}
	}()
	t.body(t)
}

// Stop ends a task at its present await. The world calls it when the
// incarnation ends, never from inside the task.
func (t *Task) Stop() {
	switch {
	case t.ended:
	case t.on == nil:
		t.ended = true
	default:
		t.stopped = true
		t.on.resume()
	}
}

// Ended reports whether the body has returned or was stopped.
func (t *Task) Ended() bool { return t.ended }

// Wake resumes a parked task with the outcome of what it awaited. Waking a task
// that is not parked is a bug of the caller.
func (t *Task) Wake(err error) {
	if t.ended {
		return
	}
	if !t.parked {
		panic("node: woke task " + t.Name + " which awaits nothing")
	}
	t.parked, t.err = false, err
	t.on.resume()
}

// park gives control back to the world until Wake.
func (t *Task) park() error {
	t.parked = true
	t.on.yield(struct{}{})
	if t.stopped {
		panic(taskStopped{})
	}
	return t.err
}

// Sleep awaits d on the process's monotonic clock.
func (t *Task) Sleep(d time.Duration) {
	t.host.WakeAfter(t, d)
	t.park()
}

// Sync awaits the durability of a file; see [Disk.Sync].
func (t *Task) Sync(file string) error {
	t.host.WakeSynced(t, file)
	return t.park()
}

// SyncDir awaits the durability of the directory; see [Disk.SyncDir].
func (t *Task) SyncDir() error {
	t.host.WakeDirSynced(t)
	return t.park()
}

// Await parks the task until the signal is set, and returns its error. A signal
// set before is not waited for.
func (t *Task) Await(s *Signal) error {
	if s.set {
		return s.err
	}
	if s.waiter != nil {
		panic("node: two tasks await one signal")
	}
	s.waiter = t
	return t.park()
}

// Signal is a one-shot completion that one task can await and ordinary
// callbacks can set. The zero value is unset.
type Signal struct {
	set    bool
	err    error
	waiter *Task
}

// Set completes the signal and resumes its waiter, before Set returns. Setting
// twice does nothing.
func (s *Signal) Set(err error) {
	if s.set {
		return
	}
	s.set, s.err = true, err
	if w := s.waiter; w != nil {
		s.waiter = nil
		w.Wake(err)
	}
}

// IsSet reports whether the signal has been set.
func (s *Signal) IsSet() bool { return s.set }
