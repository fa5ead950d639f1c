package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// These guarantees compare what clients were told of a write with what became of
// it; none of them needs the tree.

// definiteFailure: a write that was answered with an error, or never sent, takes
// no effect.
func (w *witness) definiteFailure() {
	for i := range w.h.Ops {
		op, t := &w.h.Ops[i], w.txnOf[i]
		if op.Outcome == history.Fail && t != none && !failed(w.h.Log[t].Txn) {
			w.report(DefiniteFailure, i, fmt.Sprintf("But op %d failed (%v) and is transaction %v of the log.",
				op.ID, op.Err, w.zxidOf(i)), ^int(t))
		}
	}
}

// nothingUnasked: a transaction in a session's name is a request that its client
// sent. A client that was stopped before it noted what it sent excuses everything, and
// so does a history of no client. Syncs are not on record, and become transactions
// when they are turned away.
func (w *witness) nothingUnasked() {
	if len(w.h.Ops) == 0 {
		return
	}
	for i := range w.h.Ops {
		if op := &w.h.Ops[i]; isWrite(op.F) && op.Outcome == history.Info && op.Xid == 0 {
			return
		}
	}
	known := w.knownSessions()
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		if w.h.Rules.Strangers && !known[txn.Session] {
			continue
		}
		if _, opens := txn.Body.(*wire.CreateSessionTxn); w.opOf[t] == none && txn.Cxid > 0 && !opens && !turnedAway(txn) {
			w.report(NothingUnasked, ^t, fmt.Sprintf("But %v is request %d of session %#x, and no client sent that.", txn.Zxid, txn.Cxid, txn.Session))
		}
	}
}

// knownSessions are those of the clients on record.
func (w *witness) knownSessions() map[int64]bool {
	known := map[int64]bool{}
	for i := range w.h.Sessions {
		known[w.h.Sessions[i].Session] = true
	}
	return known
}

// durability: an acknowledged write is in the committed log. So is a write rejected
// for the state of the tree: the rejection took a zxid.
func (w *witness) durability() {
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if !isWrite(op.F) || op.Xid <= 0 || w.txnOf[i] != none {
			continue
		}
		if op.F == history.Close && w.closed[op.Session] != 0 {
			continue // the ensemble ended the session by itself just then
		}
		if op.F == history.Close && w.book.alwaysLocal(op.Session) {
			continue // its server alone knew it, and ended it alone
		}
		if op.Outcome == history.OK || op.Outcome == history.Fail && replied(op) && aboutTheTree(op.Err) {
			w.report(Durability, i, fmt.Sprintf("But the log has no transaction of op %d, which was answered %v at %v.",
				op.ID, op.Err, op.Zxid))
		}
	}
}

// aboutTheTree reports whether an error speaks of the state of the tree, so that
// only the leader can have found it.
func aboutTheTree(e wire.ErrorCode) bool {
	switch e {
	case wire.ErrNoNode, wire.ErrBadVersion, wire.ErrNodeExists, wire.ErrNotEmpty, wire.ErrNoChildrenForEph,
		wire.ErrNoAuth, wire.ErrInvalidACL:
		return true
	}
	return false
}

// writeZxid: the reply to a write bears the zxid of its own transaction. As those
// of the log differ, so do those of the replies.
func (w *witness) writeZxid() {
	for i := range w.h.Ops {
		op, t := &w.h.Ops[i], w.txnOf[i]
		if t != none && replied(op) && op.Zxid != w.zxidOf(i) {
			w.report(WriteZxid, i, fmt.Sprintf("But op %d is transaction %v and was answered with %v.",
				op.ID, w.zxidOf(i), op.Zxid), ^int(t))
		}
	}
}

// turnedAway reports whether a transaction records that the session was not
// entitled to a request any more. Such a request may arrive late, from a server that
// the session has left, and has its place in the log but no effect.
func turnedAway(txn *wire.Txn) bool {
	e, rejected := txn.Body.(*wire.ErrorTxn)
	return rejected && (e.Err == wire.ErrSessionMoved || e.Err == wire.ErrSessionExpired)
}

// realTimeOrder: a write that returned before another was invoked has the lower
// zxid. A client that gave up has not returned in this sense: its write may still be
// on its way. Walking up the log, no write may have returned before the latest invocation
// below it.
func (w *witness) realTimeOrder() {
	latest := none // the write invoked last, of those below
	for t := range w.h.Log {
		i := int(w.opOf[t])
		if i == none {
			continue
		}
		op := &w.h.Ops[i]
		if latest != none && op.Outcome != history.Info && op.Return < w.h.Ops[latest].Invoke {
			w.report(RealTimeOrder, i, fmt.Sprintf("But op %d returned at %v with zxid %v, and op %d, invoked at %v, got %v.",
				op.ID, op.Return, w.zxidOf(i), w.h.Ops[latest].ID, w.h.Ops[latest].Invoke, w.zxidOf(latest)), latest)
		}
		if latest == none || op.Invoke > w.h.Ops[latest].Invoke {
			latest = i
		}
	}
}

// closedSession: after its end a session does nothing more, and gets no successful
// reply from a server that has applied it. Being told of an end that then does not come to pass is legal: a leader
// may crash between.
func (w *witness) closedSession() {
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		end, ended := w.closed[op.Session]
		if ended && op.F != history.Close && op.Outcome == history.OK && op.Zxid >= end {
			w.report(ClosedSession, i, fmt.Sprintf("But session %#x ended at %v and op %d succeeded at %v.",
				op.Session, end, op.ID, op.Zxid))
		}
	}
}

// silentAfterEnd: after its end a session does nothing more. What is narrower, such as
// an ephemeral of a session that is gone, has been said before.
func (w *witness) silentAfterEnd() {
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		if end, ended := w.closed[txn.Session]; !ended || txn.Zxid <= end || failed(txn) {
			continue
		}
		who := ^t
		if i := w.opOf[t]; i != none {
			who = int(i)
		}
		w.report(ClosedSession, who, fmt.Sprintf("But session %#x ended at %v, and %v is in its name.",
			txn.Session, w.closed[txn.Session], txn.Zxid), ^t)
	}
}

// ending is an acknowledged write at the moment its client knew.
type ending struct {
	at time.Duration
	op int
}

// acknowledged lists the successful writes by the time they returned.
func (w *witness) acknowledged() []ending {
	if w.acks != nil {
		return w.acks
	}
	out := make([]ending, 0, len(w.h.Log))
	for i := range w.h.Ops {
		if op := &w.h.Ops[i]; op.Outcome == history.OK && isWrite(op.F) && w.txnOf[i] != none {
			out = append(out, ending{op.Return, i})
		}
	}
	slices.SortFunc(out, func(a, b ending) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.op, b.op)) })
	w.acks = out
	return out
}

// synced lists the successful synced reads by the time they were invoked.
func (w *witness) synced() []int {
	var out []int
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if op.Outcome != history.Info && isRead(op.F) && op.SyncZxid > 0 && replied(op) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(w.h.Ops[a].Invoke, w.h.Ops[b].Invoke), cmp.Compare(a, b))
	})
	return out
}

// syncOrder: a read after a sync sees every write its leader had acknowledged
// before. That is all a sync promises: the leader that answers may have been
// deposed without knowing, so writes of later epochs may be missing. Of the read's
// own epoch none may be: that epoch's leader answers a sync after all it proposed.
// If sync and read bear different epochs, a reconnection may lie between them, and
// the sync says nothing of the later epoch.
func (w *witness) syncOrder() {
	reads := w.synced()
	if len(reads) == 0 {
		return
	}
	acks := w.acknowledged()
	highest := map[int64]int{} // epoch -> the acknowledged write of highest zxid
	for _, i := range reads {
		op := &w.h.Ops[i]
		for len(acks) > 0 && acks[0].at < op.Invoke {
			a := acks[0].op
			epoch := w.zxidOf(a).Epoch()
			if best, ok := highest[epoch]; !ok || w.zxidOf(a) > w.zxidOf(best) {
				highest[epoch] = a
			}
			acks = acks[1:]
		}
		if op.Zxid < op.SyncZxid {
			w.report(SyncOrder, i, fmt.Sprintf("But op %d read at %v after its sync returned %v.", op.ID, op.Zxid, op.SyncZxid))
		}
		epoch := op.Zxid.Epoch()
		if a, ok := highest[epoch]; ok && epoch == op.SyncZxid.Epoch() && w.zxidOf(a) > op.Zxid && !op.Final {
			w.report(SyncOrder, i, fmt.Sprintf("But op %d synced and read at %v, after op %d of the same epoch had been acknowledged at %v.",
				op.ID, op.Zxid, w.h.Ops[a].ID, w.zxidOf(a)), a)
		}
	}
}

// finalReads: a synced read after healing sees every write acknowledged before it.
// By then one leader is left, so the excuse of syncOrder is void.
func (w *witness) finalReads() {
	var acks []ending
	highest := none
	for _, i := range w.synced() {
		op := &w.h.Ops[i]
		if !op.Final {
			continue
		}
		if acks == nil {
			acks = w.acknowledged()
		}
		for len(acks) > 0 && acks[0].at < op.Invoke {
			if a := acks[0].op; highest == none || w.zxidOf(a) > w.zxidOf(highest) {
				highest = a
			}
			acks = acks[1:]
		}
		if highest != none && w.zxidOf(highest) > op.Zxid {
			w.report(FinalReads, i, fmt.Sprintf("But op %d read at %v, after op %d had been acknowledged at %v.",
				op.ID, op.Zxid, w.h.Ops[highest].ID, w.zxidOf(highest)), highest)
		}
	}
}

// checksAlone: a version check is part of a multi, and alone is refused without a trace.
func (w *witness) checksAlone() {
	asked := map[[2]int64]bool{}
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if op.F != history.Check {
			continue
		}
		if op.Xid > 0 {
			asked[[2]int64{op.Session, int64(op.Xid)}] = true
		}
		if op.Outcome == history.OK || op.Outcome == history.Fail && aboutTheTree(op.Err) {
			w.report(CheckInMulti, i, fmt.Sprintf("But op %d was answered %v at %v.", op.ID, op.Err, op.Zxid))
		}
	}
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		if _, checks := txn.Body.(*wire.CheckTxn); checks || asked[[2]int64{txn.Session, int64(txn.Cxid)}] {
			w.report(CheckInMulti, ^t, fmt.Sprintf("But %v is one.", txn.Zxid))
		}
	}
}
