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
	s.received(c)
	if a, ok := r.Body.(*wire.AuthRequest); ok {
		s.authenticate(c, a)
		return
	}
	if s.shutOut(c, r) {
		return
	}
	s.touch(c)
	if !r.Type.ForClients() && !(r.Type == wire.OpCheck && s.bug(bugs.CheckAlone)) {
		s.refuse(c, r)
		return
	}
	if s.readOnly && s.answerReadOnly(c, r) {
		return
	}
	p := &pending{req: r, at: s.env.Now(), auth: c.auth}
	if p.refusal = s.upgrade(c, r); c.gone {
		return // the leader's zxids are used up
	}
	if p.waits = s.waits(c, r); p.waits {
		s.enqueue(c, p)
		s.submit(&wire.ForwardedRequest{Session: c.session, Cxid: r.Xid, Type: r.Type, Body: r.Body, Auth: s.sender(c)})
		return
	}
	if s.behindWrites(c, p) {
		return
	}
	if len(c.queue) == 0 {
		s.answerHere(c, p)
		return
	}
	if s.bug(bugs.ReadOvertakesWrite) {
		p.reply = s.read(c, p)
	} else {
		s.observe(facts.ReadWaited, c.session, int64(r.Xid))
	}
	s.enqueue(c, p)
}

// refuse answers what is no operation for clients, before anything that was asked
// earlier, and hangs up: nothing that follows can be relied on to be understood.
func (s *Server) refuse(c *clientConn, r *wire.Request) {
	s.reply(c, &wire.Reply{Xid: r.Xid, Zxid: wire.NoZxid, Type: r.Type, Err: wire.ErrUnimplemented}, s.env.Now())
	s.drop(c)
}

// waits reports whether a request is answered by the leader's word. Of what cannot be
// read only a multi is: like one that fails, it has its place in the order.
func (s *Server) waits(c *clientConn, r *wire.Request) bool {
	if _, malformed := r.Body.(*wire.Malformed); malformed && r.Type != wire.OpMulti {
		return false
	}
	switch r.Type {
	case wire.OpSync:
		return !s.bug(bugs.SyncAnsweredLocally)
	case wire.OpCloseSession:
		return !s.locals.has(c.session)
	}
	return r.Type.IsWrite() || r.Type == wire.OpCheck && s.bug(bugs.CheckAlone)
}

// answerHere answers what needs nobody's word but ours.
func (s *Server) answerHere(c *clientConn, p *pending) {
	if p.reply == nil {
		p.reply = s.read(c, p)
	}
	s.reply(c, p.reply, p.at)
	if p.req.Type == wire.OpCloseSession {
		s.closeLocal(c)
	}
}

// submit brings a request to the leader.
func (s *Server) submit(r *wire.ForwardedRequest) {
	if s.primary != nil {
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
		s.primary.Sync(sid, r.Session, r.Cxid)
		return
	}
	if s.primary.MustEnd() {
		s.primary.EndEpoch()
		return
	}
	zxid, now := s.primary.NextZxid(), s.env.WallMillis()
	var txn *wire.Txn
	if code != wire.OK {
		txn = &wire.Txn{
			Session: r.Session, Cxid: r.Cxid, Zxid: zxid, Time: now,
			Type: wire.OpError, Body: &wire.ErrorTxn{Err: code},
		}
	} else {
		txn = s.prepare(prep.Request{
			Session: r.Session, Cxid: r.Cxid, Type: r.Type, Body: r.Body, Local: s.localRefusal(r.Session), Auth: r.Auth,
		}, zxid, now)
	}
	s.trackPrepared(sid, txn)
	s.observeRejection(txn)
	if n := s.prep.OverSoftQuota(); n > 0 {
		s.observe(facts.SoftQuotaExceeded, int64(txn.Zxid), int64(n))
	}
	s.primary.Propose(txn)
}

// prepare makes the transaction of a request whose session is in order.
func (s *Server) prepare(r prep.Request, zxid wire.Zxid, nowMs int64) *wire.Txn {
	if change, ok := r.Body.(*wire.ReconfigRequest); ok {
		return s.reconfigTxn(r, change, zxid, nowMs)
	}
	return s.prep.Prepare(r, zxid, nowMs)
}

func (s *Server) observeRejection(txn *wire.Txn) {
	switch body := txn.Body.(type) {
	case *wire.ErrorTxn:
		s.observe(facts.WriteRejected, int64(txn.Zxid), int64(body.Err))
		s.observeDenied(txn.Zxid, body.Err)
		s.observeQuota(txn.Zxid, body.Err)
	case *wire.MultiTxn:
		for _, part := range body.Parts {
			if e, failed := part.Body.(*wire.ErrorTxn); failed && e.Err != wire.OK {
				s.observe(facts.MultiRejected, int64(txn.Zxid), int64(e.Err))
				s.observeDenied(txn.Zxid, e.Err)
				s.observeQuota(txn.Zxid, e.Err)
				return
			}
		}
	}
}

func (s *Server) observeQuota(zxid wire.Zxid, err wire.ErrorCode) {
	if err == wire.ErrQuotaExceeded {
		s.observe(facts.QuotaExceeded, int64(zxid))
	}
}

// observeDenied tells of a write that was turned away for who sent it.
func (s *Server) observeDenied(zxid wire.Zxid, err wire.ErrorCode) {
	switch err {
	case wire.ErrNoAuth:
		s.observe(facts.WriteDenied, int64(zxid))
	case wire.ErrInvalidACL:
		s.observe(facts.ACLRefused, int64(zxid))
	}
}

// answerHead replies to the request at the head of a session's queue and serves
// the reads that waited behind it.
func (s *Server) answerHead(c *clientConn, reply *wire.Reply) {
	s.reply(c, reply, s.dequeue(c).at)
	for len(c.queue) > 0 && !c.queue[0].waits {
		if p := s.dequeue(c); !s.bug(bugs.QueuedReadsLost) {
			s.answerHere(c, p)
		}
	}
	s.release(c)
}

// syncAnswered completes the sync that the leader answered.
func (s *Server) syncAnswered(session int64, cxid int32) {
	c := s.clients[session]
	if c == nil || len(c.queue) == 0 || c.queue[0].req.Xid != cxid {
		return // it came in on an older connection
	}
	s.answerHead(c, s.read(c, c.queue[0]))
}
