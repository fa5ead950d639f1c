package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/election"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// ballotLink is our election connection to one peer. It holds one notification
// while it opens; a newer one replaces it, for only the latest vote matters.
type ballotLink struct {
	conn node.ConnID
	open bool
	next *wire.Notification
}

func (s *Server) newElection() *election.Election {
	return election.New(election.Config{
		Sid: s.cfg.Sid, View: s.view(),
		TimeoutMax: s.cfg.ElectionTimeoutMax, Bugs: s.cfg.Bugs,
	}, (*ballotHost)(s))
}

// ballotHost is the server as its election sees it.
type ballotHost Server

// Notify sends a vote, connecting first if need be.
func (h *ballotHost) Notify(to int64, n wire.Notification) {
	s := (*Server)(h)
	if s.nodeOf(to) == node.Nobody {
		return // a configuration may name a server that was never set up
	}
	l := s.ballots[to]
	if l == nil {
		l = &ballotLink{}
		s.ballots[to] = l
	}
	switch {
	case l.open:
		s.env.Send(l.conn, &n)
	case l.conn != 0:
		l.next = &n
	default:
		l.conn = s.env.Dial(s.nodeOf(to), wire.ElectionPort)
		l.next = &n
		s.conns[l.conn] = &connection{port: wire.ElectionPort, sid: to}
	}
}

// SetTimeout replaces a timer of the election.
func (h *ballotHost) SetTimeout(d time.Duration, kind election.TimeoutKind) {
	h.env.StopTimer(h.electionTimers[kind])
	delete(h.electionTimers, kind)
	if d > 0 {
		h.electionTimers[kind] = h.env.SetTimer(d, node.Tag{Kind: tagElection, Arg: uint64(kind)})
	}
}

// Observe passes a fact on.
func (h *ballotHost) Observe(e node.Event) { h.env.Observe(e) }

func (s *Server) ballotLinkOpened(sid int64) {
	l := s.ballots[sid]
	l.open = true
	if n := l.next; n != nil {
		l.next = nil
		s.env.Send(l.conn, n)
	}
}

// ballotLinkClosed forgets our own link; the next vote dials again. The peer's
// link to us needs nothing.
func (s *Server) ballotLinkClosed(sid int64, c node.ConnID) {
	if l := s.ballots[sid]; l != nil && l.conn == c {
		*l = ballotLink{}
	}
}
