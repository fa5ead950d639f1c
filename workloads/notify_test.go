package workloads

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// watch sets the watch that a request asked for, or takes one away.
func (s *server) watch(c node.ConnID, m *wire.Request, r *wire.Reply) {
	switch b := m.Body.(type) {
	case *wire.PathRequest:
		kind := watch.Data
		if m.Type == wire.OpGetChildren2 {
			kind = watch.Child
		}
		if b.Watch && (r.Err == wire.OK || m.Type == wire.OpExists) {
			s.watches.Add(kind, b.Path, c)
		}
	case *wire.AddWatchRequest:
		kind := watch.Persistent
		if b.Mode == wire.WatchRecursive {
			kind = watch.Recursive
		}
		s.watches.Add(kind, b.Path, c)
	case *wire.WatchesRequest:
		had := s.watches.Has(watch.Named(b.Type), b.Path, c)
		if m.Type == wire.OpRemoveWatches {
			s.watches.Remove(watch.Named(b.Type), b.Path, c)
		}
		if had == 0 {
			r.Err, r.Body = wire.ErrNoWatcher, nil
		}
	case *wire.SetWatchesRequest:
		s.setWatches(c, b)
	case *wire.SetWatches2Request:
		s.setWatches(c, &b.SetWatchesRequest)
		for _, path := range b.Persistent {
			s.watches.Add(watch.Persistent, path, c)
		}
		for _, path := range b.Recursive {
			s.watches.Add(watch.Recursive, path, c)
		}
	}
}

// notify fires watches for what has been committed since it was called last. Servers
// call it before they answer anything, so events come before what shows the change.
func (s *server) notify() {
	for ; s.notified < len(s.log); s.notified++ {
		txn := s.log[s.notified]
		bodies := []wire.TxnBody{txn.Body}
		if m, ok := txn.Body.(*wire.MultiTxn); ok {
			bodies = nil
			for _, p := range m.Parts {
				bodies = append(bodies, p.Body)
			}
		}
		for _, b := range bodies {
			s.changed(txn.Zxid, b)
		}
	}
}

func (s *server) changed(z wire.Zxid, body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		s.fire(z, s.watches.Created(b.Path))
	case *wire.DeleteTxn:
		s.fire(z, s.watches.Deleted(b.Path))
	case *wire.SetDataTxn:
		s.fire(z, s.watches.Changed(b.Path))
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			s.fire(z, s.watches.Deleted(path))
		}
	}
}

func (s *server) fire(z wire.Zxid, events []watch.Event) {
	for _, e := range events {
		s.tell(e.To, z, e.Path, e.Type)
	}
}

func (s *server) tell(c node.ConnID, z wire.Zxid, path string, what wire.EventType) {
	s.env.Send(c, &wire.Reply{
		Xid: wire.XidNotification, Zxid: z, Type: wire.OpNotification,
		Body: &wire.WatcherEvent{Type: what, State: wire.SyncConnected, Path: path},
	})
}

// setWatches takes over the watches of a client that comes from elsewhere.
func (s *server) setWatches(c node.ConnID, m *wire.SetWatchesRequest) {
	for _, path := range m.Data {
		stat, err := s.tree.Stat(path)
		s.takeOver(watch.Data, path, c, err != wire.OK, stat.Mzxid > m.Seen, wire.NodeDataChanged)
	}
	for _, path := range m.Exist {
		_, err := s.tree.Stat(path)
		s.takeOver(watch.Data, path, c, false, err == wire.OK, wire.NodeCreated)
	}
	for _, path := range m.Child {
		stat, err := s.tree.Stat(path)
		s.takeOver(watch.Child, path, c, err != wire.OK, stat.Pzxid > m.Seen, wire.NodeChildrenChanged)
	}
}

// takeOver tells at once what the client missed, or arms the watch.
func (s *server) takeOver(k watch.Kind, path string, c node.ConnID, gone, missed bool, what wire.EventType) {
	switch {
	case gone:
		s.tell(c, wire.NoZxid, path, wire.NodeDeleted)
	case missed:
		s.tell(c, wire.NoZxid, path, what)
	default:
		s.watches.Add(k, path, c)
	}
}
