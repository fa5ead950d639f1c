package client

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Rearmed says that a server has taken over watches of a session that came to it: the
// reply to a setWatches. Events it gave rise to came before. A client with many
// watches splits them, and hears of each part.
type Rearmed struct {
	Session int64
	Conn    int
	Server  node.ID
	Order   int
	Zxid    wire.Zxid // of the reply: the state that the watches were held against
	Request *wire.SetWatches2Request
}

// rearm hands the watches to the server that has just accepted the session. It goes
// out before any request, or a change that the client causes there could fire no watch.
func (c *Client) rearm() {
	if c.mute || c.watches.none() {
		return
	}
	c.rearming = c.batches()
	c.spoke = c.env.Now()
	if n := len(c.rearming); n > 1 {
		c.env.Observe(node.Event{Kind: facts.WatchesBatched, N: [4]int64{c.session, int64(n)}})
	}
	for _, b := range c.rearming {
		c.env.Send(c.conn, rearmRequest(b))
	}
}

// rearmRequest is a request that the oldest server understands which could serve it:
// those before 3.6 know neither setWatches2 nor the watches it is for.
func rearmRequest(b *wire.SetWatches2Request) *wire.Request {
	if len(b.Persistent)+len(b.Recursive) == 0 {
		return &wire.Request{Xid: wire.XidSetWatches, Type: wire.OpSetWatches, Body: &b.SetWatchesRequest}
	}
	return &wire.Request{Xid: wire.XidSetWatches, Type: wire.OpSetWatches2, Body: b}
}

// batches splits the watches into requests of limited length. They all name the same
// zxid, the last seen before the first of them.
func (c *Client) batches() (out []*wire.SetWatches2Request) {
	w := c.watches
	now, size := c.batch(), 0
	for _, list := range []struct {
		set map[string]struct{}
		of  func(*wire.SetWatches2Request) *[]string
	}{
		{w.data, func(b *wire.SetWatches2Request) *[]string { return &b.Data }},
		{w.exist, func(b *wire.SetWatches2Request) *[]string { return &b.Exist }},
		{w.child, func(b *wire.SetWatches2Request) *[]string { return &b.Child }},
		{w.persistent, func(b *wire.SetWatches2Request) *[]string { return &b.Persistent }},
		{w.recursive, func(b *wire.SetWatches2Request) *[]string { return &b.Recursive }},
	} {
		for _, path := range sorted(list.set) {
			if size >= c.cfg.WatchBatch {
				out, now, size = append(out, now), c.batch(), 0
			}
			paths := list.of(now)
			*paths = append(*paths, path)
			size += len(path)
		}
	}
	if c.cfg.Bugs.Has(bugs.LastWatchBatchDropped) && len(out) > 0 && size < c.cfg.WatchBatch {
		return out
	}
	return append(out, now)
}

// batch is a request without watches. Its lists are empty, not nil.
func (c *Client) batch() *wire.SetWatches2Request {
	return &wire.SetWatches2Request{
		SetWatchesRequest: wire.SetWatchesRequest{Seen: c.seen, Data: []string{}, Exist: []string{}, Child: []string{}},
		Persistent:        []string{}, Recursive: []string{},
	}
}

// tookOver takes the answer to a setWatches. Only when the last has come does
// lastZxidSeen move:
//
//	The client brings its watches in two requests, having seen 5. The first is
//	answered at 9, then the connection breaks. To the next server the watches of
//	the second must come as of 5; as of 9, what they missed between is lost.
func (c *Client) tookOver(m *wire.Reply) {
	if m.Err != wire.OK { // the session has moved on, or is over: the next server knows
		c.lose(wire.ErrConnectionLoss)
		return
	}
	if len(c.rearming) == 0 {
		panic("client: a server confirms watches that were not brought")
	}
	first := c.rearming[0]
	c.rearming = c.rearming[1:]
	c.rearmed = max(c.rearmed, m.Zxid)
	if len(c.rearming) == 0 || c.cfg.Bugs.Has(bugs.WatchBatchMovesSeen) {
		c.seen = max(c.seen, c.rearmed)
	}
	c.listener.WatchesRearmed(Rearmed{
		Session: c.session, Conn: c.connNo, Server: c.server, Order: c.received, Zxid: m.Zxid, Request: first,
	})
}
