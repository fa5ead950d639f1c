package client

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// WatchEvent is a notification: a watch of the session fired.
type WatchEvent struct {
	Session int64
	Conn    int
	Server  node.ID
	// Order is its position among the replies and events of the connection, from 1.
	Order int
	Type  wire.EventType
	Path  string
	// Zxid is that of the transaction that fired it, NoZxid for what was missed
	// between two connections.
	Zxid wire.Zxid
}

// Rearmed says that a server has taken over the watches of a session that came to
// it: the reply to a setWatches. Events it gave rise to came before.
type Rearmed struct {
	Session int64
	Conn    int
	Server  node.ID
	Order   int
	Zxid    wire.Zxid // of the reply: the state that the watches were held against
	Request *wire.SetWatchesRequest
}

// watches are those of a session that did not fire yet: what the client hands to
// the next server. The three sets are of paths; exist holds those where no znode was.
type watches struct{ data, exist, child map[string]struct{} }

func newWatches() watches {
	return watches{map[string]struct{}{}, map[string]struct{}{}, map[string]struct{}{}}
}

// registered notes the watch that a reply confirms. A request that was lost leaves
// none: if the server has set it, its event will find nobody, and harm nobody.
func (w watches) registered(r *request, err wire.ErrorCode) {
	b, ok := r.body.(*wire.PathRequest)
	if !ok || !b.Watch {
		return
	}
	switch {
	case r.op == wire.OpExists && err == wire.ErrNoNode:
		w.exist[b.Path] = struct{}{}
	case err != wire.OK:
	case r.op == wire.OpGetChildren || r.op == wire.OpGetChildren2:
		w.child[b.Path] = struct{}{}
	default:
		w.data[b.Path] = struct{}{}
	}
}

// fired forgets what an event has used up.
func (w watches) fired(e *wire.WatcherEvent) {
	if e.Type != wire.NodeChildrenChanged {
		delete(w.data, e.Path)
		delete(w.exist, e.Path)
	}
	if e.Type == wire.NodeChildrenChanged || e.Type == wire.NodeDeleted {
		delete(w.child, e.Path)
	}
}

// rearm hands the watches to the server that has just accepted the session. It goes
// out before any request, or a change that the client causes there could fire no watch.
func (c *Client) rearm() {
	w := c.watches
	if c.mute || len(w.data)+len(w.exist)+len(w.child) == 0 {
		return
	}
	c.rearming = &wire.SetWatchesRequest{Seen: c.seen, Data: sorted(w.data), Exist: sorted(w.exist), Child: sorted(w.child)}
	c.spoke = c.env.Now()
	c.env.Send(c.conn, &wire.Request{Xid: wire.XidSetWatches, Type: wire.OpSetWatches, Body: c.rearming})
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

// rearmed takes the answer to a setWatches.
func (c *Client) rearmed(m *wire.Reply) {
	if m.Err != wire.OK { // the session has moved on, or is over: the next server knows
		c.lose(wire.ErrConnectionLoss)
		return
	}
	c.seen = max(c.seen, m.Zxid)
	c.listener.WatchesRearmed(Rearmed{
		Session: c.session, Conn: c.connNo, Server: c.server, Order: c.received, Zxid: m.Zxid, Request: c.rearming,
	})
	c.rearming = nil
}
