package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
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
	kind, row := watch.Data, rowData
	switch {
	case r.Type == wire.OpGetChildren || r.Type == wire.OpGetChildren2:
		kind, row = watch.Child, rowChild
	case r.Type == wire.OpExists && err == wire.OK:
		row = rowPresent
	case r.Type == wire.OpExists:
		row = rowAbsent
	}
	if s.bug(bugs.WatchMissesInFlight) && s.db.log.LastZxid() > s.db.tree.LastProcessed() {
		s.lateWatches = append(s.lateWatches, lateWatch{c, kind, b.Path})
		return
	}
	s.watches.Add(kind, b.Path, c.id)
	s.observe(facts.WatchSet, c.session, int64(c.id), 0, row)
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

// forgetWatches ends the watches of a connection that is gone. The reads that still
// wait in it leave none: nobody is there to be told, and nobody would ever take them
// out of the table again.
func (s *Server) forgetWatches(c *clientConn) {
	if dropped := s.watches.Drop(c.id); c.ready {
		s.observe(facts.WatchesDropped, int64(c.id), int64(dropped))
	}
	for _, p := range c.queue {
		if b, ok := p.req.Body.(*wire.PathRequest); !ok || !b.Watch {
			continue
		}
		s.observe(facts.WatchedByNobody, int64(c.id))
		if s.bug(bugs.WatchOfDeadConnection) {
			s.read(c, p)
		}
	}
}

// fireWatches notifies whoever watches what a transaction changed. That comes before
// any reply that shows the change: replies on this connection follow it, be they the
// transaction's own or of reads that waited for it.
func (s *Server) fireWatches(zxid wire.Zxid, changes []change) {
	for i := range changes {
		switch c := &changes[i]; c.event {
		case wire.NodeCreated:
			s.notify(zxid, c, s.watches.Created(c.path))
		case wire.NodeDeleted:
			s.notify(zxid, c, s.watches.Deleted(c.path))
		case wire.NodeDataChanged:
			s.notify(zxid, c, s.watches.Changed(c.path))
		}
	}
	s.enterLateWatches()
}

// notify sends the events of one change. The zxid of the transaction is in the
// header, as in ZooKeeper from 3.9 on. Who may not read what an event is about is not
// told; a one-shot watch is used up all the same (CVE-2024-23944).
func (s *Server) notify(zxid wire.Zxid, c *change, events []watch.Event) {
	for _, e := range events {
		list := c.own
		if e.Path != c.path {
			list = c.over
		}
		if !s.bug(bugs.EventsUnfiltered) && !s.mayHear(e.To, list) {
			s.observe(facts.WatchWithheld, int64(zxid), int64(e.Type))
			continue
		}
		s.observeFired(zxid, e)
		s.sendEvent(e.To, zxid, e.Type, e.Path)
	}
}

// mayHear reports whether a connection may read what has this list.
func (s *Server) mayHear(to node.ConnID, list []wire.ACL) bool {
	k := s.conns[to]
	return k != nil && s.mayRead(k.client.auth, list)
}

func (s *Server) sendEvent(to node.ConnID, zxid wire.Zxid, what wire.EventType, path string) {
	if k := s.conns[to]; k != nil {
		s.sent(k.client)
	}
	s.env.Send(to, &wire.Reply{
		Xid: wire.XidNotification, Zxid: zxid, Type: wire.OpNotification,
		Body: &wire.WatcherEvent{Type: what, State: wire.SyncConnected, Path: path},
	})
}

// aboutWatches answers a request that is about watches and nothing else. It reports
// whether this was one.
func (s *Server) aboutWatches(c *clientConn, r *wire.Request, out *wire.Reply) bool {
	out.Body = &wire.Empty{}
	switch b := r.Body.(type) {
	case *wire.SetWatchesRequest:
		s.setWatches(c, b)
	case *wire.SetWatches2Request:
		s.setWatches(c, &b.SetWatchesRequest)
		s.setPersistent(c, b)
	case *wire.AddWatchRequest:
		out.Err, out.Body = s.addWatch(c, b), &wire.ErrorReply{}
	case *wire.WatchesRequest:
		out.Err = s.namedWatches(c, r.Type, b)
	default:
		out.Body = nil
		return false
	}
	if out.Err != wire.OK {
		out.Body = nil
	}
	return true
}

// addWatch sets a persistent watch, on a znode that exists or may exist one day. A
// mode that is none is an error of decoding, as upstream has it.
func (s *Server) addWatch(c *clientConn, b *wire.AddWatchRequest) wire.ErrorCode {
	kind, row := watch.Persistent, rowPersistent
	switch b.Mode {
	case wire.WatchPersistent:
	case wire.WatchRecursive:
		kind, row = watch.Recursive, rowRecursive
	default:
		return wire.ErrMarshalling
	}
	s.watches.Add(kind, b.Path, c.id)
	s.observe(facts.WatchSet, c.session, int64(c.id), 0, row)
	return wire.OK
}

// namedWatches answers checkWatches and removeWatches.
func (s *Server) namedWatches(c *clientConn, op wire.OpCode, b *wire.WatchesRequest) wire.ErrorCode {
	if !b.Type.Known() {
		return wire.ErrMarshalling
	}
	of, row := watch.Named(b.Type), int64(b.Type-wire.ChildWatches)
	if op == wire.OpCheckWatches {
		has := s.watches.Has(of, b.Path, c.id) != 0
		s.observe(facts.WatchChecked, c.session, int64(b.Type), 0, rowYesNo(has))
		return noWatcherUnless(has)
	}
	if s.watches.Remove(of, b.Path, c.id) == 0 {
		s.observe(facts.WatchNotRemoved, c.session, int64(c.id), 0, row)
		return wire.ErrNoWatcher
	}
	s.observe(facts.WatchRemoved, c.session, int64(c.id), 0, row)
	return wire.OK
}

func noWatcherUnless(has bool) wire.ErrorCode {
	if has {
		return wire.OK
	}
	return wire.ErrNoWatcher
}
