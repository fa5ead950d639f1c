package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// A server that finds no leader for a while serves, if it may, clients that asked for
// that: reads of the state it has, and nothing else. That state is the end of its log,
// of which the last transactions may never be committed anywhere.
//
// It knows which sessions all servers know, and takes none of those: it could not keep
// them alive. What it opens are local sessions, which end with it. And it ends when the
// election does, whatever comes of it: all its connections are cut.

// armReadOnly has a server that looks for a leader become read-only in a while.
func (s *Server) armReadOnly() {
	if s.cfg.ReadOnlyAfter > 0 {
		s.env.SetTimer(s.cfg.ReadOnlyAfter, node.Tag{Kind: tagReadOnly, Arg: s.term})
	}
}

// beginReadOnly opens the client port if the server is still looking.
func (s *Server) beginReadOnly(term uint64) {
	if term != s.term || s.state != wire.Looking || s.draining {
		return
	}
	s.readOnly = true
	if s.bug(bugs.ReadOnlyShortensCache) {
		s.db.recent = s.db.recent[:len(s.db.recent)/2]
	}
	s.observe(facts.ReadOnlyBegan, int64(s.db.tree.LastProcessed()), 0, int64(s.db.tree.Digest()))
}

// endReadOnly cuts the clients of a read-only server, and forgets their sessions.
func (s *Server) endReadOnly() {
	if !s.readOnly || s.bug(bugs.ReadOnlyServesOn) {
		return
	}
	s.closeTermConnections()
	s.readOnly = false
	s.forgetClients()
	s.observe(facts.ReadOnlyEnded, int64(s.db.tree.LastProcessed()))
}

// forgetClients drops what a term knows of clients and their sessions.
func (s *Server) forgetClients() {
	s.clients = map[int64]*clientConn{}
	s.opening = map[int64]*clientConn{}
	s.asked, s.lastAuth = nil, nil
	s.touched = map[int64]int32{}
	s.lastWord = map[int64]int64{}
	s.env.StopTimer(s.locals.expiry)
	s.locals = newLocalSessions(s.cfg.Tick)
	s.watches, s.lateWatches = watch.New(s.cfg.Bugs), nil
}

// turnsAway reports whether a read-only server refuses a client: one that did not ask
// for such a server, one with a session that all servers know, and everybody where
// sessions are not local. A new session could not be made known there, and one that
// this server does not know may be over: Apache ZooKeeper lets it in, and thus serves
// sessions that it has seen closed.
func (s *Server) turnsAway(r *wire.ConnectRequest) bool {
	if !s.readOnly {
		return false
	}
	_, global := s.db.tree.SessionTimeout(r.Session)
	switch {
	case !r.ReadOnly && !s.bug(bugs.ReadOnlyTakesAll):
		s.observe(facts.ReadOnlyUnwanted, r.Session)
	case global && !s.bug(bugs.ReadOnlyTakesGlobal):
		s.observe(facts.ReadOnlyGlobal, r.Session)
	default:
		unknown := r.Session != 0 && s.bug(bugs.ReadOnlyTakesClosed)
		return !s.cfg.LocalSessions && !unknown
	}
	return true
}

// reopenReadOnly rules on a session that came to a read-only server and is neither
// among those of its tree nor one of its own: to this server it is over.
func (s *Server) reopenReadOnly(c *clientConn) {
	if s.bug(bugs.ReadOnlyTakesGlobal) || s.bug(bugs.ReadOnlyTakesClosed) {
		s.welcome(c)
		return
	}
	s.rejectSession(c)
}

// pretend is the planted bug of a read-only server that does not know a multi for a
// write: its chain prepares and applies it like any other, and logs it nowhere.
func (s *Server) pretend(c *clientConn, r *wire.Request) {
	p := prep.New(s.db.tree, s.cfg.rules())
	txn := p.Prepare(prep.Request{Session: c.session, Cxid: r.Xid, Type: r.Type, Body: r.Body, Local: wire.ErrEphemeralOnLocal},
		s.db.tree.LastProcessed()+1, s.env.WallMillis())
	err, body := tree.Reply(txn, s.db.tree.Apply(txn), r.Type)
	s.reply(c, &wire.Reply{Xid: r.Xid, Zxid: txn.Zxid, Err: err, Type: r.Type, Body: body}, s.env.Now())
}

// answerReadOnly answers what a read-only server must refuse, false if it may serve it.
func (s *Server) answerReadOnly(c *clientConn, r *wire.Request) bool {
	if r.Type == wire.OpMulti && s.bug(bugs.ReadOnlyMultiPasses) {
		s.pretend(c, r)
		return true
	}
	switch r.Type {
	case wire.OpSync, wire.OpReconfig:
	case wire.OpCloseSession:
		if s.locals.has(c.session) {
			return false
		}
	default:
		if !r.Type.IsWrite() {
			return false
		}
	}
	z := s.db.tree.LastProcessed()
	s.observe(facts.NotReadOnly, c.session, int64(r.Xid), int64(z))
	s.reply(c, &wire.Reply{Xid: r.Xid, Zxid: z, Err: wire.ErrNotReadOnly, Type: r.Type}, s.env.Now())
	return true
}

// readOnlyGrace is the least time that Apache ZooKeeper gives an election before it
// serves read-only.
const readOnlyGrace = 2 * time.Second
