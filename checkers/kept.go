package checkers

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// clockMargin is the part of a timeout, one in so many, by which a leader's clock may
// run fast.
const clockMargin = 16

// sessionKept: a session is not expired within its timeout of a request that its
// leader must have heard of.
//
// A follower passes on which sessions it heard of when the leader pings it, every
// half tick, and a timeout is two ticks at least. What the two say to each other
// arrives in order. So if, on one connection, half a timeout passed between request a
// and write b, the ping came before the answer to b; and the word of a came before
// any write c that was sent after that answer.
func (w *witness) sessionKept() {
	g := group(len(w.h.Ops), func(i int) (int64, bool) {
		op := &w.h.Ops[i]
		return op.Session, w.closed[op.Session] != 0 && op.Xid > 0
	})
	timeouts := map[int64]time.Duration{}
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		switch b := txn.Body.(type) {
		case *wire.CreateSessionTxn:
			timeouts[txn.Session] = time.Duration(b.TimeoutMs) * time.Millisecond
		case *wire.CloseSessionTxn:
			if txn.Cxid == 0 && txn.Zxid == w.closed[txn.Session] {
				w.keptUntil(t, timeouts[txn.Session], g.of(txn.Session))
			}
		}
	}
}

// keptUntil checks that the expiry at index t of the log came no sooner than a
// timeout after a, the last request known to the leader; ops are the session's.
func (w *witness) keptUntil(t int, timeout time.Duration, ops []int32) {
	a, b, c := none, none, none
	for k := len(ops) - 1; k >= 0 && a == none; k-- {
		i := int(ops[k])
		op := &w.h.Ops[i]
		written := isWrite(op.F) && op.Outcome == history.OK
		switch {
		case c != none && op.Conn != w.h.Ops[c].Conn:
			b, c = none, none
		case b != none && op.Invoke <= w.h.Ops[b].Invoke-timeout/2:
			a = i
			continue
		case b == none && c != none && written && op.Return <= w.h.Ops[c].Invoke:
			b = i
		}
		if c == none && written && w.zxidOf(i) < w.h.Log[t].Txn.Zxid {
			c = i
		}
	}
	if a == none {
		return
	}
	if idle := w.h.Log[t].At - w.h.Ops[a].Invoke; idle < timeout-timeout/clockMargin {
		w.report(SessionKept, a, fmt.Sprintf("But session %#x, of timeout %v, is expired at %v, %v after op %d, of which the leader knew by op %d.",
			w.h.Ops[a].Session, timeout, w.h.Log[t].Txn.Zxid, idle, w.h.Ops[a].ID, w.h.Ops[c].ID), ^t, b, c)
	}
}
