package checkers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// connections checks what a session promises its client: the order of its requests.
func (w *witness) connections() {
	g := group(len(w.h.Ops), func(i int) (int64, bool) {
		op := &w.h.Ops[i]
		return op.Session, op.Session != 0 && op.Xid > 0
	})
	for _, session := range g.sessions {
		list := g.of(session)
		if !slices.IsSortedFunc(list, w.bySending) {
			slices.SortFunc(list, w.bySending)
		}
		s := sessionOrder{w: w, seen: none, write: none, missing: none, replied: none, lost: none}
		for i, op := range list {
			if i > 0 && w.h.Ops[op].Conn != w.h.Ops[list[i-1]].Conn {
				s.reconnect()
			}
			s.next(int(op))
		}
	}
}

// bySending orders the operations of one session as it sent them.
func (w *witness) bySending(a, b int32) int {
	x, y := &w.h.Ops[a], &w.h.Ops[b]
	return cmp.Or(cmp.Compare(x.Conn, y.Conn), cmp.Compare(x.Xid, y.Xid), cmp.Compare(a, b))
}

// sessionOrder walks the requests of one session. Fields are indices of operations.
type sessionOrder struct {
	w *witness
	// seen is the one answered with the highest zxid so far, moved whether that was
	// on an earlier connection.
	seen  int
	moved bool
	// write is the write of highest zxid, written that it was on this connection.
	write   int
	written bool
	// missing is the first write of this connection that is not in the log.
	missing int
	// replied is the last on this connection that was answered, lost the first that
	// was not and never will be.
	replied, lost int
}

func (s *sessionOrder) reconnect() {
	s.moved, s.written, s.missing, s.replied, s.lost = true, false, none, none, none
}

// next checks one request against those before it.
func (s *sessionOrder) next(i int) {
	op := &s.w.h.Ops[i]
	s.order(i, op)
	if isWrite(op.F) {
		s.writes(i, op)
	}
	if s.lost == none && lost(op) {
		s.lost = i
	}
	if replied(op) {
		s.replies(i, op)
		s.zxids(i, op)
	}
}

// order: a read sees the earlier writes of its connection, answered or not: had one
// not been applied, its answer and all after it would not have come.
func (s *sessionOrder) order(i int, op *history.Op) {
	if s.written && isRead(op.F) && replied(op) && op.Zxid < s.w.zxidOf(s.write) {
		s.w.report(ReadYourWrites, i, fmt.Sprintf("But op %d read at %v, after op %d on the same connection wrote %v.",
			op.ID, op.Zxid, s.w.h.Ops[s.write].ID, s.w.zxidOf(s.write)), s.write)
	}
}

// writes: the writes of a session take effect in the order it sent them, and those
// of one connection without gaps, as a stream broken anywhere leaves a prefix.
func (s *sessionOrder) writes(i int, op *history.Op) {
	z := s.w.zxidOf(i)
	if z != 0 && turnedAway(s.w.h.Log[s.w.txnOf[i]].Txn) {
		return // a straggler of a connection the session had left: no write took effect
	}
	if z == 0 {
		if s.missing == none && op.Outcome == history.Info {
			s.missing = i
		}
		return
	}
	if s.missing != none {
		m := &s.w.h.Ops[s.missing]
		s.w.report(FIFOWrites, i, fmt.Sprintf("But op %d is %v in the log, and op %d, sent before it on the same connection, is not in it.",
			op.ID, z, m.ID), s.missing)
	}
	if s.write != none && z < s.w.zxidOf(s.write) {
		s.w.report(FIFOWrites, i, fmt.Sprintf("But op %d became %v, and op %d, sent before it, became %v.",
			op.ID, z, s.w.h.Ops[s.write].ID, s.w.zxidOf(s.write)), s.write)
	} else {
		s.write, s.written = i, true
	}
}

// lost reports whether a request got no answer before its connection ended. A read
// that went without its sync is recorded so, whatever became of it.
func lost(op *history.Op) bool {
	return (op.Err == wire.ErrConnectionLoss || op.Err == wire.ErrOperationTimeout) && op.SyncXid == 0
}

// replies: replies on a connection arrive in the order of the requests, without gaps.
func (s *sessionOrder) replies(i int, op *history.Op) {
	if s.replied != none {
		if before := &s.w.h.Ops[s.replied]; op.Return < before.Return {
			s.w.report(FIFOReplies, i, fmt.Sprintf("But op %d was answered at %v, before op %d with the lower xid, at %v.",
				op.ID, op.Return, before.ID, before.Return), s.replied)
		}
	}
	if op.Outcome == history.OK && op.SyncXid > 0 && op.SyncZxid == 0 {
		s.w.report(FIFOReplies, i, fmt.Sprintf("But op %d was answered before the sync that went before it, xid %d.", op.ID, op.SyncXid))
	}
	if s.lost != none {
		s.w.report(FIFOReplies, i, fmt.Sprintf("But op %d was answered, and op %d, sent before it on the same connection, was not.",
			op.ID, s.w.h.Ops[s.lost].ID), s.lost)
	}
	s.replied = i
}

// zxids: what a session sees never goes back, on one connection or the next.
func (s *sessionOrder) zxids(i int, op *history.Op) {
	if s.seen == none || op.Zxid >= s.w.h.Ops[s.seen].Zxid {
		s.seen, s.moved = i, false
		return
	}
	before := &s.w.h.Ops[s.seen]
	id, where := MonotonicReads, "on the same connection"
	if s.moved {
		id, where = SingleImage, "on an earlier connection"
	}
	s.w.report(id, i, fmt.Sprintf("But op %d was answered at %v, and op %d, %s, had seen %v.",
		op.ID, op.Zxid, before.ID, where, before.Zxid), s.seen)
}
