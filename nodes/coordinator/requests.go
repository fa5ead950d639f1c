package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// request takes a client's request. Writes and syncs go to the leader at once;
// reads wait only behind those of their own session.
func (s *Server) request(c *clientConn, r *wire.Request) {
	if !c.ready {
		s.drop(c) // a client speaks after it was answered
		return
	}
	s.touch(c)
	p := &pending{req: r}
	if s.waits(r) {
		c.queue = append(c.queue, p)
		s.submit(&wire.ForwardedRequest{Session: c.session, Cxid: r.Xid, Type: r.Type, Body: r.Body})
		return
	}
	if len(c.queue) == 0 {
		s.env.Send(c.id, s.read(c, r))
		return
	}
	if s.bug(bugs.ReadOvertakesWrite) {
		p.reply = s.read(c, r)
	} else {
		s.observe(facts.ReadWaited, c.session, int64(r.Xid))
	}
	c.queue = append(c.queue, p)
}

// waits reports whether a request is answered by the leader's word.
func (s *Server) waits(r *wire.Request) bool {
	if r.Type == wire.OpSync {
		return !s.bug(bugs.SyncAnsweredLocally)
	}
	return r.Type.IsWrite()
}

// submit brings a request to the leader.
func (s *Server) submit(r *wire.ForwardedRequest) {
	if s.leader != nil {
		s.leaderRequest(s.cfg.Sid, r)
		return
	}
	s.env.Send(s.leaderConn, &wire.Packet{Type: wire.PacketRequest, Request: r})
}

// leaderRequest turns a request of server sid into a proposal. A request that
// fails validation becomes an error transaction: it has its place in the order
// like any other, which is what makes its answer linearizable.
func (s *Server) leaderRequest(sid int64, r *wire.ForwardedRequest) {
	code := s.checkSession(sid, r)
	if r.Type == wire.OpSync && code == wire.OK {
		s.leader.Sync(sid, r.Session, r.Cxid)
		return
	}
	if s.leader.MustEnd() {
		s.leader.EndEpoch()
		return
	}
	zxid, now := s.leader.NextZxid(), s.env.WallMillis()
	var txn *wire.Txn
	if code != wire.OK {
		txn = &wire.Txn{
			Session: r.Session, Cxid: r.Cxid, Zxid: zxid, Time: now,
			Type: wire.OpError, Body: &wire.ErrorTxn{Err: code},
		}
	} else {
		txn = s.prep.Prepare(prep.Request{Session: r.Session, Cxid: r.Cxid, Type: r.Type, Body: r.Body}, zxid, now)
	}
	s.trackPrepared(sid, txn)
	s.observeRejection(txn)
	s.leader.Propose(txn)
}

func (s *Server) observeRejection(txn *wire.Txn) {
	switch body := txn.Body.(type) {
	case *wire.ErrorTxn:
		s.observe(facts.WriteRejected, int64(txn.Zxid), int64(body.Err))
	case *wire.MultiTxn:
		for _, part := range body.Parts {
			if e, failed := part.Body.(*wire.ErrorTxn); failed && e.Err != wire.OK {
				s.observe(facts.MultiRejected, int64(txn.Zxid), int64(e.Err))
				return
			}
		}
	}
}

// answerHead replies to the request at the head of a session's queue and serves
// the reads that waited behind it.
func (s *Server) answerHead(c *clientConn, reply *wire.Reply) {
	s.env.Send(c.id, reply)
	c.queue[0] = nil
	c.queue = c.queue[1:]
	for len(c.queue) > 0 && !s.waits(c.queue[0].req) {
		p := c.queue[0]
		c.queue = c.queue[1:]
		if s.bug(bugs.QueuedReadsLost) {
			continue
		}
		if p.reply == nil {
			p.reply = s.read(c, p.req)
		}
		s.env.Send(c.id, p.reply)
	}
}

// syncAnswered completes the sync that the leader answered.
func (s *Server) syncAnswered(session int64, cxid int32) {
	c := s.clients[session]
	if c == nil || len(c.queue) == 0 || c.queue[0].req.Xid != cxid {
		return // it came in on an older connection
	}
	s.answerHead(c, s.read(c, c.queue[0].req))
}
