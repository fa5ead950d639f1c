package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// checkSession decides whether a request that came through server sid may act for
// its session: the session must live, and belong to that server. A request that
// was overtaken by its client's move to another server must not take effect after
// the move (SESSIONMOVED).
func (s *Server) checkSession(sid int64, r *wire.ForwardedRequest) wire.ErrorCode {
	if r.Type == wire.OpCreateSession {
		return wire.OK
	}
	if _, known := s.tracker.Timeout(r.Session); !known && s.mayBeLocal(r.Session) {
		return wire.OK
	} else if !known || s.tracker.Closing(r.Session) {
		return wire.ErrSessionExpired
	}
	owner, owned := s.tracker.Owner(r.Session)
	if !owned {
		s.tracker.SetOwner(r.Session, sid)
		return wire.OK
	}
	if owner != sid {
		s.observe(facts.SessionMoved, r.Session, sid)
		return wire.ErrSessionMoved
	}
	return wire.OK
}

// trackPrepared follows the sessions through what was just prepared.
func (s *Server) trackPrepared(sid int64, txn *wire.Txn) {
	switch body := txn.Body.(type) {
	case *wire.CreateSessionTxn:
		s.tracker.Add(txn.Session, time.Duration(body.TimeoutMs)*time.Millisecond, s.env.Now())
		s.tracker.SetOwner(txn.Session, sid)
		s.armExpiry()
	case *wire.CloseSessionTxn:
		s.tracker.SetClosing(txn.Session)
	}
}

// touchSession notes on the leader that a session was heard from.
func (s *Server) touchSession(id int64) {
	if s.tracker != nil && s.tracker.Touch(id, s.env.Now()) {
		s.observe(facts.SessionTouched, id)
	}
}

// revalidate rules on a session that a client brought to server sid. If it lives
// it belongs to that server from now on.
func (s *Server) revalidate(sid int64, p *wire.Packet) {
	valid := s.tracker.Touch(p.Session, s.env.Now())
	if s.bug(bugs.LocalRevalidated) && !valid {
		valid = s.mayBeLocal(p.Session)
	}
	if valid {
		s.tracker.SetOwner(p.Session, sid)
		s.observe(facts.SessionTouched, p.Session)
		s.observe(facts.SessionRevalidated, p.Session, sid)
	} else {
		s.observe(facts.SessionUnknown, p.Session, sid)
	}
	if sid == s.cfg.Sid {
		s.revalidated(p.Session, valid)
		return
	}
	(*leading)(s).Send(sid, &wire.Packet{
		Type: wire.PacketRevalidate, Session: p.Session, Valid: valid,
	})
}

// armExpiry sets the timer to the next expiry that could come due.
func (s *Server) armExpiry() {
	s.env.StopTimer(s.expiry)
	s.expiry = 0
	if at, any := s.tracker.NextDeadline(); any {
		s.expiry = s.env.SetTimer(at-s.env.Now(), node.Tag{Kind: tagExpiry, Arg: s.term})
	}
}

// expireSessions closes the sessions that nobody heard of in time. Their
// ephemerals go when the transaction commits, on every server alike.
func (s *Server) expireSessions(term uint64) {
	if term != s.term || s.tracker == nil {
		return
	}
	now := s.env.Now()
	active := (int64(now) - s.ledSince) / int64(time.Millisecond)
	for _, id := range s.tracker.Expire(now) {
		timeout, _ := s.tracker.Timeout(id)
		s.observe(facts.SessionExpiring, id, timeout.Milliseconds(), s.tracker.Idle(id, now).Milliseconds(), active)
		s.closeExpired(id)
		if s.primary == nil {
			return
		}
	}
	s.armExpiry()
}

// closeExpired proposes the end of a session in nobody's name.
func (s *Server) closeExpired(id int64) {
	if s.primary.MustEnd() {
		s.primary.EndEpoch()
		return
	}
	zxid := s.primary.NextZxid()
	s.primary.Propose(s.prep.Prepare(closeRequest(id), zxid, s.env.WallMillis()))
}

// closeRequest ends a session by the leader's own decision, hence cxid 0.
func closeRequest(id int64) prep.Request {
	return prep.Request{Session: id, Type: wire.OpCloseSession, Body: &wire.Empty{}}
}
