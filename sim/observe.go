package sim

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Seen is one fact a process stated with node.Env.Observe, and when.
type Seen struct {
	Step  uint64
	At    time.Duration
	Node  node.ID
	Event node.Event
}

// OnEvent adds an observer of facts. It is called inside Observe, before the
// process goes on, so that it may crash the process at that very effect. It may
// call any method of the world but Run and Close.
func (w *World) OnEvent(fn func(Seen)) { w.onEvent = append(w.onEvent, fn) }

// ChangeKind says what happened to a process.
type ChangeKind uint8

// What can happen to a process.
const (
	// Booted: a new incarnation starts; stated just before its Boot runs.
	Booted ChangeKind = iota + 1
	// Crashed: the world killed it.
	Crashed
	// Exited: it called node.Env.Exit.
	Exited
	// Paused: its callbacks are put off from now on.
	Paused
	// Resumed: the callbacks put off run now.
	Resumed
)

// String returns the trace verb of the change.
func (k ChangeKind) String() string {
	switch k {
	case Booted:
		return "boot"
	case Crashed:
		return "crash"
	case Exited:
		return "exit"
	case Paused:
		return "pause"
	case Resumed:
		return "resume"
	}
	return "unknown"
}

// ProcessChange is one change in the life of a process.
type ProcessChange struct {
	Kind ChangeKind
	Node node.ID
	At   time.Duration
	Step uint64
	// Incarnation counts the boots of the process, this one included.
	Incarnation int
	// Mode is what the crash did to the disk; only for Crashed.
	Mode CrashMode
	// Reason is what the process said on Exit; only for Exited.
	Reason string
	// Spoiled: what the process wrote before it last booted need not be there any more.
	// Power failed, a sync failed, a bit flipped, or the disk was replaced. Only for Booted.
	Spoiled bool
}

// OnProcess adds an observer of process changes. It may call any method of the
// world but Run and Close.
func (w *World) OnProcess(fn func(ProcessChange)) { w.onProcess = append(w.onProcess, fn) }

// ProcessInfo is what the world knows about a process at this moment.
type ProcessInfo struct {
	ID          node.ID
	Name, Group string
	// Up: an incarnation lives. Paused: it lives and its callbacks wait.
	Up, Paused bool
	// Role and Term are what the incarnation last stated with node.Role; empty
	// and 0 before that, and after its death.
	Role string
	Term int64
	// Incarnation counts the boots so far.
	Incarnation int
}

// Failure is a bug: a panic in the code of a node, or an encoding that does not
// decode to the same message.
type Failure struct {
	Step   uint64
	At     time.Duration
	Node   node.ID
	Name   string // of the process
	Reason string // the value of the panic
	Stack  string // for people; addresses in it differ between runs
}
