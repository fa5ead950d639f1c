package checkers

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// sessionBook tells the sessions that the log knows from those that are local.
type sessionBook struct {
	// opened is the zxid of a session's createSession.
	opened map[int64]wire.Zxid
	local  map[int64]*history.LocalSession
}

func (w *witness) bookSessions() {
	w.book = sessionBook{opened: map[int64]wire.Zxid{}, local: map[int64]*history.LocalSession{}}
	for t := range w.h.Log {
		if txn := w.h.Log[t].Txn; txn.Type == wire.OpCreateSession {
			w.book.opened[txn.Session] = txn.Zxid
		}
	}
	for i := range w.h.Locals {
		w.book.local[w.h.Locals[i].Session] = &w.h.Locals[i]
	}
}

// localUntil reports whether a session was known to one server only as long as the
// log had not got beyond z.
func (b *sessionBook) localUntil(session int64, z wire.Zxid) bool {
	opened, known := b.opened[session]
	return b.local[session] != nil && (!known || z < opened)
}

// alwaysLocal reports whether the log never got to know a session.
func (b *sessionBook) alwaysLocal(session int64) bool {
	_, known := b.opened[session]
	return b.local[session] != nil && !known
}

// localUpgrade: a session that only its server knows is made known to all before it
// owns an ephemeral; where that is not done it is refused, and it alone. The order
// is what counts: the log must have the session before the request.
func (w *witness) localUpgrade() {
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		l := w.book.local[txn.Session]
		if l == nil || !l.Upgradable || !w.book.localUntil(txn.Session, txn.Zxid) || !refusedForSession(txn) {
			continue
		}
		who := ^t
		if i := w.opOf[t]; i != none {
			who = int(i)
		}
		w.report(LocalUpgrade, who, fmt.Sprintf("But %v is refused because nobody knows session %#x, whose server was to make it known.",
			txn.Zxid, uint64(txn.Session)), ^t)
	}
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if op.Err != wire.ErrEphemeralOnLocal {
			continue
		}
		if l := w.book.local[op.Session]; l == nil || l.Upgradable || !w.book.localUntil(op.Session, op.Zxid) {
			w.report(LocalUpgrade, i, fmt.Sprintf("But op %d was refused as one of a local session, and session %#x is none that has to stay so.",
				op.ID, uint64(op.Session)))
		}
	}
}

// refusedForSession reports whether a request failed because of whose it was.
func refusedForSession(txn *wire.Txn) bool {
	bodies := appendParts(nil, txn)
	for _, b := range bodies {
		if e, ok := b.(*wire.ErrorTxn); ok && (e.Err == wire.ErrSessionExpired || e.Err == wire.ErrEphemeralOnLocal) {
			return true
		}
	}
	return false
}
