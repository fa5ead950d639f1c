package client

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// WatchEvent is a notification: a watch of the session fired, or was removed at the
// client's own wish.
type WatchEvent struct {
	Session int64
	Conn    int
	Server  node.ID
	// Order is its position among the replies and events of the connection, from 1.
	// What the client tells itself of a watch it had removed bears that of the reply.
	Order int
	Type  wire.EventType
	Path  string
	// Zxid is that of the transaction that fired it, NoZxid for what was missed
	// between two connections and for what the client tells itself.
	Zxid wire.Zxid
}

// watches are those of a session that are set: what the client hands to the next
// server. The sets are of paths; exist holds those where no znode was.
type watches struct{ data, exist, child, persistent, recursive map[string]struct{} }

func newWatches() watches {
	set := func() map[string]struct{} { return map[string]struct{}{} }
	return watches{set(), set(), set(), set(), set()}
}

func (w watches) none() bool {
	return len(w.data)+len(w.exist)+len(w.child)+len(w.persistent)+len(w.recursive) == 0
}

// removal is what the client tells of watches that are gone.
type removal struct {
	event wire.EventType
	path  string
}

// registered notes the watch that a reply confirms or takes away, and returns what
// the client has to tell of the latter. A request that was lost leaves none: if the
// server has set it, it went with the connection.
func (w watches) registered(r *request, err wire.ErrorCode) (removed []removal) {
	switch b := r.body.(type) {
	case *wire.PathRequest:
		if b.Watch {
			w.leave(r.op, b.Path, err)
		}
	case *wire.AddWatchRequest:
		switch {
		case err != wire.OK:
		case b.Mode == wire.WatchRecursive:
			w.recursive[b.Path] = struct{}{}
		default:
			w.persistent[b.Path] = struct{}{}
		}
	case *wire.WatchesRequest:
		if r.op == wire.OpRemoveWatches && err == wire.OK {
			return w.remove(b)
		}
	}
	return nil
}

// leave notes the one-shot watch of a read.
func (w watches) leave(op wire.OpCode, path string, err wire.ErrorCode) {
	switch {
	case op == wire.OpExists && err == wire.ErrNoNode:
		w.exist[path] = struct{}{}
	case err != wire.OK:
	case op == wire.OpGetChildren || op == wire.OpGetChildren2:
		w.child[path] = struct{}{}
	default:
		w.data[path] = struct{}{}
	}
}

// remove forgets the watches of a type on a path, and lists an event for each sort of
// them that there was.
func (w watches) remove(b *wire.WatchesRequest) (removed []removal) {
	take := func(t wire.WatchType, event wire.EventType, sets ...map[string]struct{}) {
		if b.Type != t && b.Type != wire.AnyWatches {
			return
		}
		for _, set := range sets {
			if _, had := set[b.Path]; had && !slices.Contains(removed, removal{event, b.Path}) {
				removed = append(removed, removal{event, b.Path})
			}
			delete(set, b.Path)
		}
	}
	take(wire.DataWatches, wire.DataWatchRemoved, w.data, w.exist)
	take(wire.ChildWatches, wire.ChildWatchRemoved, w.child)
	take(wire.PersistentWatches, wire.PersistentWatchRemoved, w.persistent)
	take(wire.RecursiveWatches, wire.PersistentWatchRemoved, w.recursive)
	return removed
}

// fired forgets what an event has used up. Watches of addWatch stay.
func (w watches) fired(e *wire.WatcherEvent) {
	if e.Type != wire.NodeChildrenChanged {
		delete(w.data, e.Path)
		delete(w.exist, e.Path)
	}
	if e.Type == wire.NodeChildrenChanged || e.Type == wire.NodeDeleted {
		delete(w.child, e.Path)
	}
}

// sorted lists a set, never nil: servers of ZooKeeper take a null list amiss.
func sorted(set map[string]struct{}) []string {
	return append([]string{}, slices.Sorted(maps.Keys(set))...)
}

// notified takes an event. lastZxidSeen does not move: what a reply showed it may
// come after is for replies to say.
func (c *Client) notified(m *wire.Reply) {
	e := m.Body.(*wire.WatcherEvent)
	c.watches.fired(e)
	c.listener.WatchEvent(WatchEvent{
		Session: c.session, Conn: c.connNo, Server: c.server, Order: c.received,
		Type: e.Type, Path: e.Path, Zxid: m.Zxid,
	})
}

// tellRemoved tells the owner of the watches that a removeWatches has taken away,
// before it tells the result.
func (c *Client) tellRemoved(r Result, removed []removal) {
	for _, gone := range removed {
		c.listener.WatchEvent(WatchEvent{
			Session: r.Session, Conn: r.Conn, Server: r.Server, Order: r.Order,
			Type: gone.event, Path: gone.path, Zxid: wire.NoZxid,
		})
	}
}
