package coordinator

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/session"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// clientConn is one client's connection, and the session it carries.
type clientConn struct {
	id   node.ConnID
	peer node.ID
	// auth is who the client is, on this connection. It is replaced, never changed:
	// requests on their way share it.
	auth []wire.Identity
	// greeted: the ConnectRequest has been read; what follows are requests.
	greeted bool
	// session is 0 until the ConnectRequest; ready once it was answered.
	session   int64
	ready     bool
	old       bool // of before 3.4, see wire.ConnectRequest
	timeoutMs int32
	gone      bool // closed, by whomever
	// queue holds the requests not answered yet, in arrival order. Its head always
	// waits for a commit or a sync: a read that reaches the head is served at once.
	queue []*pending
	// outstanding counts them. While held, nothing is read from the connection, and
	// what came stays in unread.
	outstanding int
	held        bool
	unread      []*wire.Request
	stats       admin.ConnStats
}

// pending is one request of a session in its server.
type pending struct {
	req  *wire.Request
	at   time.Duration   // when it arrived
	auth []wire.Identity // of its connection when it arrived
	// waits for the leader's word; what does not is answered from here.
	waits bool
	// refusal replaces what the leader says of it, if it is not OK.
	refusal wire.ErrorCode
	// reply is set early only by a planted bug, for reads.
	reply *wire.Reply
}

// connect opens a session, or moves an existing one to this server.
func (s *Server) connect(c *clientConn, r *wire.ConnectRequest) {
	s.received(c)
	if !s.admits(c, r) {
		s.drop(c)
		return
	}
	if s.isBehind(r.LastZxidSeen) && !(s.readOnly && s.bug(bugs.ReadOnlyIgnoresSeen)) {
		// The client has seen the future. Serving it would show it the past.
		s.observe(facts.ConnectRefused, r.Session, int64(s.db.tree.LastProcessed()), int64(r.LastZxidSeen))
		s.drop(c)
		return
	}
	c.timeoutMs, c.old = s.clampTimeout(r.TimeoutMs), r.Old
	if r.Session == 0 && s.cfg.LocalSessions {
		s.openLocal(c)
		return
	}
	if r.Session == 0 {
		c.session = s.ids.Next()
		s.opening[c.session] = c
		s.submit(&wire.ForwardedRequest{
			Session: c.session, Type: wire.OpCreateSession,
			Body: &wire.CreateSessionRequest{TimeoutMs: c.timeoutMs},
		})
		return
	}
	c.session = r.Session
	s.dropOlder(c.session) // even if the password turns out to be wrong: upstream is as trusting
	if r.Password != session.Password(r.Session) {
		s.rejectSession(c)
		return
	}
	if s.locals.has(c.session) {
		s.observe(facts.LocalReturned, c.session)
		s.welcome(c)
		return
	}
	if s.readOnly {
		s.reopenReadOnly(c)
		return
	}
	s.askRevalidation(c)
}

// dropOlder ends earlier connections of a session that its client brings here
// again. What still waits in them was sent before the move, and must not be
// forwarded after the leader made us the owner:
//
//	The client sends a write here; we are paused.  It moves to B, writes there,
//	and comes back.  We wake, take the new connection, ask the leader; then read
//	the old write, and the leader, which has made us the owner, accepts it.
func (s *Server) dropOlder(id int64) {
	if s.bug(bugs.OldConnectionKept) {
		return
	}
	for _, c := range s.asked {
		if c.session == id && !c.gone {
			s.drop(c)
		}
	}
	if old := s.clients[id]; old != nil {
		s.drop(old)
	}
}

func (s *Server) clampTimeout(ms int32) int32 {
	lo, hi := s.cfg.MinSessionTimeout.Milliseconds(), s.cfg.MaxSessionTimeout.Milliseconds()
	return int32(min(max(int64(ms), lo), hi))
}

// askRevalidation asks the leader whether the session still lives.
func (s *Server) askRevalidation(c *clientConn) {
	s.asked = append(s.asked, c)
	p := &wire.Packet{Type: wire.PacketRevalidate, Session: c.session, TimeoutMs: c.timeoutMs}
	if s.primary != nil {
		s.revalidate(s.cfg.Sid, p)
		return
	}
	s.observe(facts.RevalidationAsked, c.session)
	s.env.Send(s.leaderConn, p)
}

// revalidated goes on with the connection that asked. The leader answers in the
// order of the questions, and an answer counts for its own question only:
//
//	A client comes here, loses patience, comes again. The answer to its first
//	question would let it in before the leader has heard the second, which then
//	makes us the owner of a session that has meanwhile moved on.
func (s *Server) revalidated(id int64, valid bool) {
	c := s.answered(id)
	if c == nil || c.gone {
		return // the client has lost patience
	}
	if !valid {
		s.rejectSession(c)
		return
	}
	s.welcome(c)
}

// answered takes the connection off the queue that an answer is for.
func (s *Server) answered(id int64) *clientConn {
	at := 0
	if s.bug(bugs.RevalidationBySession) {
		at = slices.IndexFunc(s.asked, func(c *clientConn) bool { return c.session == id && !c.gone })
		if at < 0 {
			return nil
		}
	}
	c := s.asked[at]
	if c.session != id {
		panic(fmt.Sprintf("coordinator: the leader answers for session %#x, asked was %#x", uint64(id), uint64(c.session)))
	}
	s.asked = slices.Delete(s.asked, at, at+1)
	return c
}

// welcome tells the client that its session is open here.
func (s *Server) welcome(c *clientConn) {
	if old := s.clients[c.session]; old != nil {
		s.drop(old) // the client reconnected before we noticed it had gone
	}
	c.ready = true
	s.clients[c.session] = c
	s.touch(c)
	s.sent(c)
	if s.readOnly {
		s.observe(facts.ReadOnlyOpened, c.session, int64(c.timeoutMs), int64(s.db.tree.LastProcessed()))
	} else {
		s.observe(facts.SessionOpened, c.session, int64(c.timeoutMs))
	}
	s.env.Send(c.id, &wire.ConnectResponse{
		TimeoutMs: c.timeoutMs, Session: c.session, Password: session.Password(c.session), Old: c.old, ReadOnly: s.readOnly,
	})
}

// rejectSession tells the client that its session is no more.
func (s *Server) rejectSession(c *clientConn) {
	s.sent(c)
	s.observe(facts.SessionRejected, c.session)
	s.env.Send(c.id, &wire.ConnectResponse{Old: c.old})
	s.drop(c)
}

// drop closes a client's connection and forgets what waits on it. Requests that
// were forwarded take their course.
func (s *Server) drop(c *clientConn) {
	s.env.Close(c.id)
	delete(s.conns, c.id)
	s.clientGone(c)
}

// clientGone forgets a connection that is no more.
func (s *Server) clientGone(c *clientConn) {
	c.gone = true
	s.forgetWatches(c)
	s.forgetOutstanding(c)
	for _, m := range []map[int64]*clientConn{s.clients, s.opening} {
		if m[c.session] == c {
			delete(m, c.session)
		}
	}
	if s.bug(bugs.FollowerExpiresSession) && c.ready && s.learner != nil && !s.locals.has(c.session) {
		s.lastWord[c.session] = int64(s.env.Now())
		s.env.SetTimer(time.Duration(c.timeoutMs)*time.Millisecond, node.Tag{Kind: tagSilent, Arg: uint64(c.session)})
	}
}

// silentSession is the planted bug of a follower that expires sessions by its own
// clock, not knowing that the client has moved to another server.
func (s *Server) silentSession(id int64) {
	if s.learner == nil || !s.serving || s.clients[id] != nil {
		return
	}
	idle := (int64(s.env.Now()) - s.lastWord[id]) / int64(time.Millisecond)
	s.observe(facts.SessionExpiring, id, 0, idle)
	s.submit(&wire.ForwardedRequest{Session: id, Type: wire.OpCloseSession, Body: &wire.Empty{}})
}

// touch notes that the session was heard from.
func (s *Server) touch(c *clientConn) {
	if s.locals.touch(c.session, s.env.Now()) {
		s.observe(facts.SessionTouched, c.session)
		return
	}
	if s.primary != nil {
		s.touchSession(c.session)
		return
	}
	s.touched[c.session] = c.timeoutMs
}
