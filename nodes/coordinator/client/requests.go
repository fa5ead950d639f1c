package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// request is one submitted operation.
type request struct {
	op       wire.OpCode
	body     wire.Record
	done     func(Result)
	deadline time.Duration // on the node's clock; without meaning if there is no OpTimeout
	// trip is the result as far as known from sending: how it travelled.
	trip Result
}

// ending is a request with its result, ready to be told.
type ending struct {
	done   func(Result)
	result Result
}

// deliver tells the owners, in order. It runs last in every transition, because
// they may call the client again.
func deliver(endings []ending) {
	for _, e := range endings {
		e.done(e.result)
	}
}

// Submit sends a request after all submitted before it, as soon as there is a
// connection, and calls done once. The body must not change afterwards. Once the
// session is over, or a closeSession was submitted, requests fail at once with
// ErrSessionExpired, before Submit returns.
func (c *Client) Submit(op wire.OpCode, body wire.Record, done func(Result)) {
	r := &request{op: op, body: body, done: done, trip: Result{Server: node.Nobody}}
	if c.Over() || c.closing {
		done(r.failed(wire.ErrSessionExpired))
		return
	}
	c.closing = op == wire.OpCloseSession
	r.deadline = c.env.Now() + c.cfg.OpTimeout
	c.queue = append(c.queue, r)
	c.armOldest()
	c.flush()
}

// flush sends what is queued.
func (c *Client) flush() {
	for c.Connected() && len(c.queue) > 0 {
		r := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		c.send(r)
	}
}

func (c *Client) send(r *request) {
	c.xid++
	r.trip = Result{Sent: true, Session: c.session, Conn: c.connNo, Xid: c.xid, Server: c.server}
	c.pending = append(c.pending, r)
	c.spoke = c.env.Now()
	c.env.Send(c.conn, &wire.Request{Xid: c.xid, Type: r.op, Body: r.body})
}

// answered takes a reply. Replies are matched by xid, so that an order which
// breaks the protocol ends up in the history for the judges to see.
func (c *Client) answered(m *wire.Reply) {
	switch m.Xid {
	case wire.XidPing:
		return
	case wire.XidNotification:
		c.notified(m)
		return
	case wire.XidSetWatches:
		c.tookOver(m)
		return
	case wire.XidAuth:
		c.authenticated(m)
		return
	}
	i := c.find(m.Xid)
	if i < 0 {
		panic(fmt.Sprintf("client: server %d answered xid %d, which is not outstanding", c.server, m.Xid))
	}
	r := c.pending[i]
	c.pending = slices.Delete(c.pending, i, i+1)
	c.seen = max(c.seen, m.Zxid)
	e := ending{r.done, r.trip}
	e.result.Sure, e.result.Err, e.result.Zxid, e.result.Body = true, m.Err, m.Zxid, m.Body
	e.result.Order = c.received
	removed := c.watches.registered(r, m.Err)
	if r.op == wire.OpCloseSession && m.Err != wire.OK {
		c.closing = false
	}
	switch {
	case m.Err == wire.ErrSessionExpired:
		c.expire(e)
	case m.Err == wire.ErrSessionMoved: // this server no longer owns the session
		c.lose(wire.ErrConnectionLoss, e)
	case r.op == wire.OpCloseSession && m.Err == wire.OK:
		c.finish(e)
	default:
		c.tellRemoved(e.result, removed)
		e.done(e.result)
	}
}

// find returns the index of a pending xid, -1 if there is none. In order, it is
// the first.
func (c *Client) find(xid int32) int {
	return slices.IndexFunc(c.pending, func(r *request) bool { return r.trip.Xid == xid })
}

// typeOf tells the decoder what a reply answers.
func (c *Client) typeOf(xid int32) (wire.OpCode, bool) {
	if xid == wire.XidPing {
		return wire.OpPing, true
	}
	if i := c.find(xid); i >= 0 {
		return c.pending[i].op, true
	}
	return 0, false
}

// lost is the result of a request that was sent and will not be answered: a
// write may yet happen, a read cannot.
func (r *request) lost(err wire.ErrorCode) Result {
	res := r.trip
	res.Sure, res.Err = !r.op.IsWrite(), err
	return res
}

// failed is the result of a request that was never sent.
func (r *request) failed(err wire.ErrorCode) Result {
	return Result{Sure: true, Err: err, Server: node.Nobody}
}

// losePending ends everything that was sent. What is past its deadline says so.
func (c *Client) losePending(err wire.ErrorCode) []ending {
	var endings []ending
	for _, r := range c.pending {
		why := err
		if c.due(r) {
			why = wire.ErrOperationTimeout
		}
		endings = append(endings, ending{r.done, r.lost(why)})
	}
	c.pending = nil
	return endings
}

// failQueue ends everything that was not sent.
func (c *Client) failQueue(err wire.ErrorCode) []ending {
	var endings []ending
	for _, r := range c.queue {
		endings = append(endings, ending{r.done, r.failed(err)})
	}
	c.queue = nil
	return endings
}

func (c *Client) due(r *request) bool {
	return c.cfg.OpTimeout > 0 && r.deadline <= c.env.Now()
}

// overdue ends what had no answer in time.
func (c *Client) overdue() {
	var endings []ending
	for len(c.queue) > 0 && c.due(c.queue[0]) {
		r := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		c.closing = c.closing && r.op != wire.OpCloseSession
		endings = append(endings, ending{r.done, r.failed(wire.ErrOperationTimeout)})
	}
	if len(c.pending) > 0 && c.due(c.pending[0]) {
		c.lose(wire.ErrConnectionLoss)
	}
	c.armOldest()
	deliver(endings)
}
