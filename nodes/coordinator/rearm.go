package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// setWatches takes over the one-shot watches of a client that reconnected. What it
// missed it is told at once, the rest is watched from here on. Of a znode that was
// deleted and created anew it hears as of a change; of one that came and went, nothing.
func (s *Server) setWatches(c *clientConn, r *wire.SetWatchesRequest) {
	for _, path := range r.Data {
		stat, err := s.db.tree.Stat(path)
		s.rearm(c, watch.Data, rowRearmedData, path, missed(err, stat.Mzxid > r.Seen, wire.NodeDataChanged))
	}
	for _, path := range r.Exist {
		if s.bug(bugs.ExistWatchesForgotten) {
			break
		}
		event := wire.EventType(0)
		if _, err := s.db.tree.Stat(path); err == wire.OK {
			event = wire.NodeCreated
		}
		s.rearm(c, watch.Data, rowRearmedExist, path, event)
	}
	for _, path := range r.Child {
		stat, err := s.db.tree.Stat(path)
		s.rearm(c, watch.Child, rowRearmedChild, path, missed(err, stat.Pzxid > r.Seen, wire.NodeChildrenChanged))
	}
}

// setPersistent takes over the watches that stay. Of what happened meanwhile their
// client is told nothing: it has to look for itself.
func (s *Server) setPersistent(c *clientConn, r *wire.SetWatches2Request) {
	for _, path := range r.Persistent {
		s.rearm(c, watch.Persistent, rowRearmedPersistent, path, 0)
	}
	for _, path := range r.Recursive {
		if s.bug(bugs.RecursiveWatchesForgotten) {
			break
		}
		s.rearm(c, watch.Recursive, rowRearmedRecursive, path, 0)
	}
}

// rearm tells the event that a watch has missed, or sets it if that is 0.
func (s *Server) rearm(c *clientConn, k watch.Kind, row int64, path string, missed wire.EventType) {
	if missed != 0 {
		s.observe(facts.WatchCaughtUp, c.session, int64(missed), 0, rowCaughtUp(row, missed))
		s.sendEvent(c.id, wire.NoZxid, missed, path)
		return
	}
	s.watches.Add(k, path, c.id)
	s.observe(facts.WatchRearmed, c.session, int64(c.id), 0, row)
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
