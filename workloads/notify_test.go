package workloads

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// oneShot is a watch that a connection of a test's server has set.
type oneShot struct {
	conn     node.ConnID
	path     string
	children bool
}

// watch sets the watch that a read asked for.
func (s *server) watch(c node.ConnID, m *wire.Request, err wire.ErrorCode) {
	b, ok := m.Body.(*wire.PathRequest)
	if ok && b.Watch && (err == wire.OK || m.Type == wire.OpExists) {
		s.arm(oneShot{c, b.Path, m.Type == wire.OpGetChildren2})
	}
}

func (s *server) arm(w oneShot) {
	for _, other := range s.watches {
		if other == w {
			return
		}
	}
	s.watches = append(s.watches, w)
}

// notify fires watches for what has been committed since it was called last. Servers
// call it before they answer anything, so events come before what shows the change.
func (s *server) notify() {
	for ; s.notified < len(s.log); s.notified++ {
		txn := s.log[s.notified]
		bodies := []wire.TxnBody{txn.Body}
		if m, ok := txn.Body.(*wire.MultiTxn); ok {
			bodies = nil
			for _, part := range m.Parts {
				bodies = append(bodies, part.Body)
			}
		}
		for _, body := range bodies {
			s.changed(txn.Zxid, body)
		}
	}
}

func (s *server) changed(z wire.Zxid, body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		s.fire(z, b.Path, wire.NodeCreated)
	case *wire.DeleteTxn:
		s.fire(z, b.Path, wire.NodeDeleted)
	case *wire.SetDataTxn:
		s.fire(z, b.Path, wire.NodeDataChanged)
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			s.fire(z, path, wire.NodeDeleted)
		}
	}
}

// fire tells those who watch a znode, and for its coming and going those who watch
// its parent's children.
func (s *server) fire(z wire.Zxid, path string, what wire.EventType) {
	parent := path[:max(1, strings.LastIndexByte(path, '/'))]
	var rest, fired []oneShot
	for _, w := range s.watches {
		if w.path == path && (!w.children || what == wire.NodeDeleted) || w.children && w.path == parent && what != wire.NodeDataChanged {
			fired = append(fired, w)
			continue
		}
		rest = append(rest, w)
	}
	s.watches = rest
	slices.SortStableFunc(fired, func(a, b oneShot) int { // the znode comes before its parent
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), cmp.Compare(a.conn, b.conn))
	})
	for i, w := range fired {
		kind := what
		if w.path != path {
			kind = wire.NodeChildrenChanged
		}
		twin := i > 0 && fired[i-1].conn == w.conn && fired[i-1].path == w.path
		if !twin { // a deletion tells who watches data and children once
			s.tell(w.conn, z, w.path, kind)
		}
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
		s.takeOver(oneShot{c, path, false}, err != wire.OK, stat.Mzxid > m.Seen, wire.NodeDataChanged)
	}
	for _, path := range m.Exist {
		_, err := s.tree.Stat(path)
		s.takeOver(oneShot{c, path, false}, false, err == wire.OK, wire.NodeCreated)
	}
	for _, path := range m.Child {
		stat, err := s.tree.Stat(path)
		s.takeOver(oneShot{c, path, true}, err != wire.OK, stat.Pzxid > m.Seen, wire.NodeChildrenChanged)
	}
}

// takeOver tells at once what the client missed, or arms the watch.
func (s *server) takeOver(w oneShot, gone, missed bool, what wire.EventType) {
	switch {
	case gone:
		s.tell(w.conn, wire.NoZxid, w.path, wire.NodeDeleted)
	case missed:
		s.tell(w.conn, wire.NoZxid, w.path, what)
	default:
		s.arm(w)
	}
}
