package coordinator

import (
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/session"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// localSessions are the sessions that this server opened and told nobody of. They
// cost no transaction, and are worth as much: they end with the server's term, no
// other server lets them in, and they own no ephemerals.
//
// A session is local or known to all, never both: what upgrades it takes it out of
// here before it asks the leader. From then on its pings go to the leader, which
// would otherwise expire it while its client is well (ZOOKEEPER-2926).
type localSessions struct {
	*session.Tracker
	expiry node.TimerID
	// closed are the sessions whose end the leader has applied in this term. A
	// request of theirs that was on its way then is not one of a local session.
	closed map[int64]bool
}

func newLocalSessions(tick time.Duration) localSessions {
	return localSessions{Tracker: session.NewTracker(tick), closed: map[int64]bool{}}
}

// has reports whether a session is local to this server.
func (l *localSessions) has(id int64) bool {
	_, known := l.Timeout(id)
	return known
}

// touch notes that a session was heard of, if it is local.
func (l *localSessions) touch(id int64, now time.Duration) bool { return l.Touch(id, now) }

// openLocal opens a session without asking anybody.
func (s *Server) openLocal(c *clientConn) {
	c.session = s.ids.Next()
	s.locals.Add(c.session, time.Duration(c.timeoutMs)*time.Millisecond, s.env.Now())
	upgradable := int64(0)
	if s.cfg.UpgradeSessions {
		upgradable = 1
	}
	s.observe(facts.LocalOpened, c.session, int64(c.timeoutMs), upgradable)
	s.armLocalExpiry()
	s.welcome(c)
}

// closeLocal ends a local session at its client's wish.
func (s *Server) closeLocal(c *clientConn) {
	s.observe(facts.LocalClosed, c.session)
	s.locals.Remove(c.session)
	s.drop(c)
}

// armLocalExpiry sets the timer to the next expiry that could come due.
func (s *Server) armLocalExpiry() {
	s.env.StopTimer(s.locals.expiry)
	s.locals.expiry = 0
	if at, any := s.locals.NextDeadline(); any {
		s.locals.expiry = s.env.SetTimer(at-s.env.Now(), node.Tag{Kind: tagLocal, Arg: s.term})
	}
}

// expireLocals forgets the local sessions that nobody heard of in time.
func (s *Server) expireLocals(term uint64) {
	if term != s.term {
		return
	}
	now := s.env.Now()
	for _, id := range s.locals.Expire(now) {
		timeout, _ := s.locals.Timeout(id)
		s.observe(facts.LocalExpired, id, timeout.Milliseconds(), s.locals.Idle(id, now).Milliseconds())
		s.locals.Remove(id)
		if c := s.clients[id]; c != nil {
			s.drop(c)
		}
	}
	s.armLocalExpiry()
}

// upgrade makes a local session known to all if a request needs that, before the
// request itself is submitted: the leader then sees the session first. It returns
// what the request is to be answered with instead of the leader's word, if upgrading
// is not allowed; it is submitted nevertheless, to have its place in the order.
func (s *Server) upgrade(c *clientConn, r *wire.Request) wire.ErrorCode {
	if !s.locals.has(c.session) || !s.ownsEphemeral(r) {
		return wire.OK
	}
	if !s.cfg.UpgradeSessions {
		s.observe(facts.EphemeralRefused, c.session)
		return wire.ErrEphemeralOnLocal
	}
	timeout, _ := s.locals.Timeout(c.session)
	if !s.bug(bugs.UpgradedSessionKept) {
		s.locals.Remove(c.session)
	}
	s.observe(facts.SessionUpgraded, c.session)
	s.submit(&wire.ForwardedRequest{
		Session: c.session, Type: wire.OpCreateSession,
		Body: &wire.CreateSessionRequest{TimeoutMs: int32(timeout.Milliseconds())},
	})
	return wire.OK
}

// ownsEphemeral reports whether a request would make its session own an ephemeral.
func (s *Server) ownsEphemeral(r *wire.Request) bool {
	switch b := r.Body.(type) {
	case *wire.CreateRequest:
		return ephemeralMode(b)
	case *wire.MultiRequest:
		return !s.bug(bugs.UpgradeForgetsMulti) && slices.ContainsFunc(b.Ops, func(op wire.MultiOp) bool {
			create, ok := op.Body.(*wire.CreateRequest)
			return ok && ephemeralMode(create)
		})
	}
	return false
}

func ephemeralMode(r *wire.CreateRequest) bool {
	return r.Mode == wire.ModeEphemeral || r.Mode == wire.ModeEphemeralSequential
}

// mayBeLocal reports whether a leader takes a session that it does not know for one
// that is local to another server, by the server's id in it. Its own it would know,
// and so it does those whose end it has applied: without that, what a session had on
// its way to the leader when it was closed would still take effect, as it does in
// Apache ZooKeeper.
func (s *Server) mayBeLocal(id int64) bool {
	if !s.cfg.LocalSessions || s.locals.closed[id] && !s.bug(bugs.ClosedTakenForLocal) {
		return false
	}
	return s.locals.has(id) || session.Home(id) != s.cfg.Sid
}

// localRefusal is what an ephemeral of a session is refused with by the leader, OK if
// the session is known to all. Of another server's session the leader only sees that
// it is unknown.
func (s *Server) localRefusal(id int64) wire.ErrorCode {
	if s.locals.has(id) && !s.bug(bugs.UpgradedSessionKept) {
		return wire.ErrEphemeralOnLocal
	}
	if _, known := s.tracker.Timeout(id); known || !s.mayBeLocal(id) {
		return wire.OK
	}
	s.observe(facts.LocalVouched, id)
	return wire.ErrSessionExpired
}
