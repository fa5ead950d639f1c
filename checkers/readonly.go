package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// connection names a connection: a session and its number within it.
type connection struct {
	session int64
	conn    int
}

// readOnly checks what connections to read-only servers showed, and that no connection
// of any kind shows a client less than it had seen when it came.
func (w *witness) readOnly() {
	came := map[connection]*history.SessionEvent{}
	for i := range w.h.Sessions {
		e := &w.h.Sessions[i]
		if e.Kind == history.Connected || e.Kind == history.ConnectedReadOnly {
			came[connection{e.Session, e.Conn}] = e
		}
		if e.Kind == history.ConnectedReadOnly && !e.Asked {
			w.blameSession(ReadOnlyAsked, e, "did not ask for a read-only server")
		}
	}
	first := map[connection]int{} // the first reply of each read-only connection
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		e := came[connection{op.Session, op.Conn}]
		if e == nil || !replied(op) {
			continue
		}
		if op.Zxid < e.Zxid {
			w.report(SingleImage, i, fmt.Sprintf("But op %d was answered at %v, and its client had seen %v when it connected.", op.ID, op.Zxid, e.Zxid))
		}
		if e.Kind == history.ConnectedReadOnly {
			w.readOnlyReply(i, first)
		}
	}
}

// readOnlyReply checks a reply from a read-only server against the first on its
// connection: nothing is written there, and nothing changes.
func (w *witness) readOnlyReply(i int, first map[connection]int) {
	op := &w.h.Ops[i]
	if op.Outcome == history.OK && (op.SyncXid > 0 || op.F == history.Sync || isWrite(op.F) && !(op.F == history.Close && w.book.alwaysLocal(op.Session))) {
		w.report(ReadOnlyWrites, i, fmt.Sprintf("But op %d succeeded on a connection to a read-only server.", op.ID))
	}
	at := connection{op.Session, op.Conn}
	before, known := first[at]
	if !known {
		first[at] = i
		return
	}
	if b := &w.h.Ops[before]; b.Zxid != op.Zxid {
		w.report(ReadOnlyFrozen, i, fmt.Sprintf("But op %d was answered at %v and op %d, on the same connection to a read-only server, at %v.",
			op.ID, op.Zxid, b.ID, b.Zxid), before)
	}
}

// blameSession enters a finding about a session event.
func (w *witness) blameSession(id string, e *history.SessionEvent, what string) {
	if w.counts[id]++; w.counts[id] > findingsPerGuarantee {
		return
	}
	about := fmt.Sprintf("client %d %s and was given session %#x/%d by server %d at %s", e.Client, what, uint64(e.Session), e.Conn, e.Server, when(e.At))
	w.findings = append(w.findings, guarantee.Finding{
		Guarantee: id, Explanation: sentence(id) + " But " + about + ".", At: e.At, Evidence: []string{about},
	})
}

// tails holds the reads of what no log has against the tails that read-only servers
// showed: each is the log up to some point and then its own transactions.
func (w *witness) tails(reads []observation) {
	whole := w.tree
	for i := range w.h.Tails {
		t := &w.h.Tails[i]
		w.tree = reference.New()
		w.tree.SetStarts(w.h.Rules)
		for j := range w.h.Log {
			if txn := w.h.Log[j].Txn; txn.Zxid <= t.After {
				w.tree.Apply(txn)
			}
		}
		r := replayer{witness: w}
		for _, txn := range t.Txns {
			w.tree.Apply(txn)
			for _, o := range reads {
				if o.zxid == txn.Zxid {
					r.read(o)
				}
			}
		}
	}
	w.tree = whole
}

// inTail reports whether a zxid is one that a read-only server showed and the log does
// not have.
func (w *witness) inTail(z wire.Zxid) bool {
	return slices.ContainsFunc(w.h.Tails, func(t history.Tail) bool {
		return slices.ContainsFunc(t.Txns, func(txn *wire.Txn) bool { return txn.Zxid == z })
	})
}
