package coordinator

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// A server limits how long a request may be, and how many it has taken and not
// answered yet. Beyond the first it hangs up; beyond the second it stops reading from
// the connections that wait for answers, pings included, so a client must be patient
// or lose its session. ZooKeeper's RequestThrottler, off by default, is left out.

// defaultMaxBuffer is ZooKeeper's jute.maxbuffer; leastMargin is what records may be
// longer at least than a request may be, because servers add to what clients send
// (ZOOKEEPER-3496).
const (
	defaultMaxBuffer = 0xfffff
	leastMargin      = 1024
)

// receiveRequest takes a request from a connection, unless it is not read at present.
func (s *Server) receiveRequest(c *clientConn, r *wire.Request) {
	if s.tooLong(r) {
		s.observe(facts.RequestTooLong, c.session, int64(r.Xid), int64(len(s.scratch)))
		s.drop(c)
		return
	}
	if c.held || len(c.unread) > 0 {
		c.unread = append(c.unread, r)
		return
	}
	s.request(c, r)
	s.hold(c)
}

// tooLong reports whether a request is longer than any may be. What has no room for
// that is not measured.
func (s *Server) tooLong(r *wire.Request) bool {
	if s.cfg.MaxBuffer == defaultMaxBuffer && !bulky(r.Body) {
		return false
	}
	s.scratch = r.AppendWire(s.scratch[:0])
	return len(s.scratch) > s.cfg.MaxBuffer
}

// bulky tells the requests that can be long from those that are a path or less.
func bulky(body wire.Record) bool {
	switch b := body.(type) {
	case *wire.CreateRequest:
		return len(b.Data) > defaultMaxBuffer/2
	case *wire.SetDataRequest:
		return len(b.Data) > defaultMaxBuffer/2
	case *wire.PathRequest, *wire.SyncRequest, *wire.DeleteRequest, *wire.Empty:
		return false
	}
	return true
}

// intelligible reports whether a server can read a record of its leader's. The list of
// ephemerals at the end of a session may be of any length: ZooKeeper's followers die of
// a long one (ZOOKEEPER-4306).
func (s *Server) intelligible(txn *wire.Txn) bool {
	if s.cfg.MaxBuffer == defaultMaxBuffer || txn.Type == wire.OpCloseSession {
		return true
	}
	margin := max(leastMargin, s.cfg.MaxBuffer)
	if s.bug(bugs.RecordWithoutMargin) {
		margin = 0
	}
	s.scratch = wire.EncodeTxn(s.scratch[:0], txn)
	return len(s.scratch) <= s.cfg.MaxBuffer+margin
}

// enqueue counts a request that waits for its answer.
func (s *Server) enqueue(c *clientConn, p *pending) {
	c.queue = append(c.queue, p)
	c.outstanding++
	s.inProcess++
}

// dequeue takes the request at the head, which is being answered.
func (s *Server) dequeue(c *clientConn) *pending {
	p := c.queue[0]
	c.queue = slices.Delete(c.queue, 0, 1)
	if !s.bug(bugs.OutstandingNotReleased) {
		c.outstanding--
		s.inProcess--
	}
	return p
}

// forgetOutstanding stops counting what waits in a connection that is gone.
func (s *Server) forgetOutstanding(c *clientConn) {
	s.inProcess -= c.outstanding
	c.outstanding, c.unread = 0, nil
}

// congested reports whether a connection should not be read: it waits for answers, and
// so do too many others.
func (s *Server) congested(c *clientConn) bool {
	return c.outstanding > 0 && s.inProcess > s.fairShare
}

// hold stops reading from a connection if it must.
func (s *Server) hold(c *clientConn) {
	if c.gone || c.held || !s.congested(c) {
		return
	}
	c.held = true
	s.observe(facts.ConnectionHeld, c.session, int64(s.inProcess))
}

// release reads on from a connection that was answered, if it may be read again. It
// does so on its own, not amid the transaction that brought the answer.
func (s *Server) release(c *clientConn) {
	if c.held && !s.congested(c) {
		c.held = false
		s.env.SetTimer(0, node.Tag{Kind: tagUnread, Arg: uint64(c.id)})
	}
}

// readOn takes what came while a connection was not read.
func (s *Server) readOn(id node.ConnID) {
	k := s.conns[id]
	if k == nil || k.client == nil {
		return
	}
	for c := k.client; len(c.unread) > 0 && !c.held && !c.gone; {
		r := c.unread[0]
		c.unread = c.unread[1:]
		s.request(c, r)
		s.hold(c)
	}
}

// outstandingHere is this server's share of the limit on outstanding requests: the
// leader gets what all its followers let through.
func (c Config) outstandingHere() int {
	if n := len(c.votingSids()); n > 2 {
		return c.OutstandingLimit / (n - 1)
	}
	return c.OutstandingLimit
}
