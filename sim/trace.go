package sim

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Line is one line of the trace. Its payload is the live value (a message, a
// fact), so it must be formatted before the callback that gets it returns.
type Line struct {
	Step uint64
	At   time.Duration
	// Node is the process the line is about, or node.Nobody for the world; Peer
	// the other process concerned, or node.Nobody. The names are theirs.
	Node, Peer         node.ID
	NodeName, PeerName string
	// Verb is what happened: one of boot step send recv drop dup hold write sync
	// lost torn timer term crash exit pause resume fault heal mark dial open close.
	Verb string

	payload any
}

type traceVerb string

const (
	verbBoot   traceVerb = "boot"   // an incarnation starts
	verbStep   traceVerb = "step"   // a world-level action runs
	verbSend   traceVerb = "send"   // a message leaves
	verbRecv   traceVerb = "recv"   // a message is handed over
	verbDrop   traceVerb = "drop"   // a message is lost
	verbDup    traceVerb = "dup"    // a datagram is sent twice
	verbHold   traceVerb = "hold"   // a blocked link holds a flow back
	verbWrite  traceVerb = "write"  // a file or name changes in the page cache
	verbSync   traceVerb = "sync"   // an fsync completes
	verbLost   traceVerb = "lost"   // a crash lost unsynced data
	verbTorn   traceVerb = "torn"   // a crash left half a write
	verbTimer  traceVerb = "timer"  // a timer fires
	verbTerm   traceVerb = "term"   // a process is asked to end
	verbPause  traceVerb = "pause"  // callbacks are put off
	verbResume traceVerb = "resume" // and run again
	verbFault  traceVerb = "fault"  // the harness harms the world
	verbHeal   traceVerb = "heal"   // and stops
	verbMark   traceVerb = "mark"   // a process states a fact
	verbDial   traceVerb = "dial"   // a handshake starts
	verbOpen   traceVerb = "open"   // an end is open
	verbClose  traceVerb = "close"  // an end is closed, or hears that it is
)

// SetTrace turns tracing on, or off with nil. fn gets every line as it happens.
// Tracing changes nothing in the run.
func (w *World) SetTrace(fn func(Line)) { w.trace = fn }

// emit builds a line; callers check w.trace first, so that a run without a trace
// pays one comparison and no formatting.
func (w *World) emit(verb traceVerb, id, peer node.ID, payload any) {
	was := w.watching
	w.watching = true
	w.trace(Line{
		Step: w.ledger.step, At: w.Now(), Node: id, Peer: peer,
		NodeName: w.nameOf(id), PeerName: w.nameOf(peer), Verb: string(verb), payload: payload,
	})
	w.watching = was
}

func (w *World) nameOf(id node.ID) string {
	if id < 0 || int(id) >= len(w.procs) {
		return "-"
	}
	return w.procs[id].name
}

// Text formats the payload.
func (l Line) Text() string {
	if l.payload == nil {
		return ""
	}
	return fmt.Sprint(l.payload)
}

// String formats the line in fixed columns: step, time in seconds, process, verb,
// peer, payload.
func (l Line) String() string {
	us := l.At.Microseconds()
	head := fmt.Sprintf("%8d +%04d.%06d %-6s %-6s %-6s", l.Step, us/1e6, us%1e6, l.NodeName, l.Verb, l.PeerName)
	if text := l.Text(); text != "" {
		return head + " " + text
	}
	return head
}

// connText shows a connection: generation and slot make it unique in a run.
type connText struct {
	id   node.ConnID
	port node.Port
}

func (t connText) String() string {
	return fmt.Sprintf("conn=%d.%d.%d port=%d", uint32(t.id)>>1, uint32(t.id>>32), t.id&1, t.port)
}

type endText struct {
	connText
	why node.CloseReason
}

func (t endText) String() string { return t.connText.String() + " " + t.why.String() }

type timerText struct {
	tag  node.Tag
	task *node.Task
}

func (t timerText) String() string {
	if t.task != nil {
		return "wakes " + t.task.Name
	}
	return fmt.Sprintf("kind=%d arg=%d", t.tag.Kind, t.tag.Arg)
}

type writeText struct {
	op, name string
	bytes    int
}

func (t writeText) String() string { return fmt.Sprintf("%s %s %d bytes", t.name, t.op, t.bytes) }

type faultText struct {
	what string
	arg  int64
}

func (t faultText) String() string {
	if t.arg == 0 {
		return t.what
	}
	return fmt.Sprintf("%s %d", t.what, t.arg)
}
