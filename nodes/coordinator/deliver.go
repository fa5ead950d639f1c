package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// deliver applies a committed transaction and answers whoever waits for it here.
func (s *Server) deliver(txn *wire.Txn) {
	changes := s.changes(txn)
	res := s.db.apply(txn, s.serving)
	s.env.Observe(node.Event{
		Kind: facts.Applied,
		N:    [4]int64{int64(txn.Zxid), 0, int64(s.db.tree.Digest())}, Body: txn,
	})
	if s.prep != nil {
		s.prep.Done(txn.Zxid)
	}
	if s.tracker != nil && txn.Type == wire.OpCloseSession {
		s.tracker.Remove(txn.Session)
		s.locals.closed[txn.Session] = true
	}
	if s.bug(bugs.WatchAfterReply) {
		s.answerCommit(txn, res)
		s.fireWatches(txn.Zxid, changes)
	} else {
		s.fireWatches(txn.Zxid, changes)
		s.answerCommit(txn, res)
	}
	s.maybeSnapshot()
}

// answerCommit replies to the client of a transaction, if it is connected here
// and still waits: the transaction must be the one at the head of its queue.
func (s *Server) answerCommit(txn *wire.Txn, res tree.Result) {
	if txn.Type == wire.OpCreateSession {
		if c := s.opening[txn.Session]; c != nil {
			delete(s.opening, txn.Session)
			s.welcome(c)
		}
		return
	}
	c := s.clients[txn.Session]
	if c == nil {
		return
	}
	if e, failed := txn.Body.(*wire.ErrorTxn); failed && e.Err == wire.ErrSessionMoved {
		s.drop(c) // an error of the connection, not of the request: there is nobody to answer
		return
	}
	if len(c.queue) > 0 && c.queue[0].req.Xid == txn.Cxid {
		op := c.queue[0].req.Type
		code, body := tree.Reply(txn, res, op)
		if refusal := c.queue[0].refusal; refusal != wire.OK && op != wire.OpMulti {
			code, body = refusal, nil
		}
		s.answerHead(c, &wire.Reply{Xid: txn.Cxid, Zxid: txn.Zxid, Err: code, Type: op, Body: body})
	}
	if txn.Type == wire.OpCloseSession && !s.bug(bugs.ClosedSessionServed) {
		s.drop(c)
	}
}
