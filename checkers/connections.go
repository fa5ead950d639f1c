package checkers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
)

// sent is one request in the order its session sent it.
type sent struct {
	session int64
	conn    int
	xid     int32
	op      int
}

func bySending(a, b sent) int {
	return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.conn, b.conn),
		cmp.Compare(a.xid, b.xid), cmp.Compare(a.op, b.op))
}

// connections checks what a session promises its client: the order of its requests.
func (w *witness) connections() {
	list := make([]sent, 0, len(w.h.Ops))
	for i := range w.h.Ops {
		if op := &w.h.Ops[i]; op.Session != 0 && op.Xid > 0 {
			list = append(list, sent{op.Session, op.Conn, op.Xid, i})
		}
	}
	if !slices.IsSortedFunc(list, bySending) {
		slices.SortFunc(list, bySending)
	}
	var s sessionOrder
	for i, r := range list {
		if i == 0 || r.session != list[i-1].session {
			s = sessionOrder{w: w, seen: none, write: none, missing: none, replied: none}
		} else if r.conn != list[i-1].conn {
			s.reconnect()
		}
		s.next(r.op)
	}
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
	// replied is the last on this connection that was answered.
	replied int
}

func (s *sessionOrder) reconnect() {
	s.moved, s.written, s.missing, s.replied = true, false, none, none
}

// next checks one request against those before it.
func (s *sessionOrder) next(i int) {
	op := &s.w.h.Ops[i]
	s.order(i, op)
	if isWrite(op.F) {
		s.writes(i, op)
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

// replies: replies on a connection arrive in the order of the requests.
func (s *sessionOrder) replies(i int, op *history.Op) {
	if s.replied != none {
		if before := &s.w.h.Ops[s.replied]; op.Return < before.Return {
			s.w.report(FIFOReplies, i, fmt.Sprintf("But op %d was answered at %v, before op %d with the lower xid, at %v.",
				op.ID, op.Return, before.ID, before.Return), s.replied)
		}
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
