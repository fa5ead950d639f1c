package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// leaveWatch sets the watch that a read asked for, at the moment the read looks at
// the tree: between the two no change can slip through. Of the reads that find no
// znode only exists leaves one.
func (s *Server) leaveWatch(c *clientConn, r *wire.Request, err wire.ErrorCode) {
	b, ok := r.Body.(*wire.PathRequest)
	if !ok || !b.Watch || err != wire.OK && !(r.Type == wire.OpExists && err == wire.ErrNoNode) {
		return
	}
	kind := watch.Data
	if r.Type == wire.OpGetChildren || r.Type == wire.OpGetChildren2 {
		kind = watch.Child
	}
	if s.bug(bugs.WatchMissesInFlight) && s.db.log.LastZxid() > s.db.tree.LastProcessed() {
		s.lateWatches = append(s.lateWatches, lateWatch{c, kind, b.Path})
		return
	}
	s.watches.Add(kind, b.Path, c.id)
	s.observe(facts.WatchSet, c.session, int64(kind))
}

// lateWatch is a watch that the planted bug enters only when the transaction in
// flight has been applied.
type lateWatch struct {
	conn *clientConn
	kind watch.Kind
	path string
}

func (s *Server) enterLateWatches() {
	for _, l := range s.lateWatches {
		if !l.conn.gone {
			s.watches.Add(l.kind, l.path, l.conn.id)
		}
	}
	s.lateWatches = nil
}

// fireWatches notifies whoever watches what a transaction changed. That comes before
// any reply that shows the change: replies on this connection follow it, be they the
// transaction's own or of reads that waited for it.
func (s *Server) fireWatches(txn *wire.Txn) {
	if multi, ok := txn.Body.(*wire.MultiTxn); ok {
		for _, part := range multi.Parts {
			s.fireBody(txn.Zxid, part.Body)
		}
	} else {
		s.fireBody(txn.Zxid, txn.Body)
	}
	s.enterLateWatches()
}

func (s *Server) fireBody(zxid wire.Zxid, body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		s.notify(zxid, s.watches.Created(b.Path, tree.Parent(b.Path)))
	case *wire.DeleteTxn:
		s.notify(zxid, s.watches.Deleted(b.Path, tree.Parent(b.Path)))
	case *wire.SetDataTxn:
		s.notify(zxid, s.watches.Changed(b.Path))
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			s.notify(zxid, s.watches.Deleted(path, tree.Parent(path)))
		}
	}
}

func (s *Server) notify(zxid wire.Zxid, events []watch.Event) {
	for _, e := range events {
		s.observe(facts.WatchFired, int64(zxid), int64(e.Type))
		s.sendEvent(e.To, zxid, e.Type, e.Path)
	}
}

func (s *Server) sendEvent(to node.ConnID, zxid wire.Zxid, what wire.EventType, path string) {
	s.env.Send(to, &wire.Reply{
		Xid: wire.XidNotification, Zxid: zxid, Type: wire.OpNotification,
		Body: &wire.WatcherEvent{Type: what, State: wire.SyncConnected, Path: path},
	})
}

// setWatches takes over the watches of a client that reconnected. What it missed it
// is told at once, the rest is watched from here on. Of a znode that was deleted and
// created anew it hears as of a change; of one that came and went, nothing.
func (s *Server) setWatches(c *clientConn, r *wire.SetWatchesRequest) {
	arm := func(k watch.Kind, path string, missed wire.EventType) {
		if missed != 0 {
			s.observe(facts.WatchCaughtUp, c.session, int64(missed))
			s.sendEvent(c.id, wire.NoZxid, missed, path)
			return
		}
		s.watches.Add(k, path, c.id)
		s.observe(facts.WatchRearmed, c.session, int64(k))
	}
	for _, path := range r.Data {
		stat, err := s.db.tree.Stat(path)
		arm(watch.Data, path, missed(err, stat.Mzxid > r.Seen, wire.NodeDataChanged))
	}
	for _, path := range r.Exist {
		if s.bug(bugs.ExistWatchesForgotten) {
			break
		}
		event := wire.EventType(0)
		if _, err := s.db.tree.Stat(path); err == wire.OK {
			event = wire.NodeCreated
		}
		arm(watch.Data, path, event)
	}
	for _, path := range r.Child {
		stat, err := s.db.tree.Stat(path)
		arm(watch.Child, path, missed(err, stat.Pzxid > r.Seen, wire.NodeChildrenChanged))
	}
}

// missed is the event that a watch on an existing znode would have fired, 0 if none.
func missed(err wire.ErrorCode, changed bool, change wire.EventType) wire.EventType {
	switch {
	case err != wire.OK:
		return wire.NodeDeleted
	case changed:
		return change
	}
	return 0
}
