package live

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// localOpened notes a session that only its server knows.
func (c *Checker) localOpened(s *server, e node.Event) {
	session := e.N[0]
	known := func(l history.LocalSession) bool { return l.Session == session }
	if _, proposed := c.created[session]; proposed || slices.ContainsFunc(c.locals, known) {
		c.fail(s, SessionOnce, fmt.Sprintf("%s opens the local session %#x, which there was before", s.Name, uint64(session)))
		return
	}
	c.locals = append(c.locals, history.LocalSession{
		At: c.now.at, Session: session, Server: int(s.ID),
		Timeout: time.Duration(e.N[1]) * time.Millisecond, Upgradable: e.N[2] != 0,
	})
	s.locals[session], s.touched[session] = true, c.now.at
}

// Locals returns the sessions that one server each opened and told nobody of, in the
// order of their opening.
func (c *Checker) Locals() []history.LocalSession { return slices.Clone(c.locals) }

// atHome checks that a session which was never proposed is let in by nobody but the
// server that opened it, in the same term.
func (c *Checker) atHome(s *server, session int64) {
	if _, proposed := c.created[session]; !proposed && !s.locals[session] {
		c.fail(s, LocalHome, fmt.Sprintf("%s lets session %#x in, which it did not open and nobody proposed", s.Name, uint64(session)))
	}
}

// localExpired checks the end of a local session as that of any other.
func (c *Checker) localExpired(s *server, session int64, timeout time.Duration) {
	if !s.locals[session] {
		c.fail(s, LocalHome, fmt.Sprintf("%s expires the local session %#x, which is not its own", s.Name, uint64(session)))
		return
	}
	delete(s.locals, session)
	c.notEarly(s, session, max(timeout, 2*c.cfg.Tick))
}

// upgradeLost reports whether a session that was local is not known to all after all:
// its client had it before the transaction that was to make it known, and that was
// not committed by the leader of an epoch, nor of one before.
func (c *Checker) upgradeLost(session int64, created wire.Zxid, epoch int64) bool {
	p := c.proposal(created)
	return c.wasLocal(session) && (p == nil || !p.committed || p.reign > epoch)
}

// wasLocal reports whether a server opened a session for itself, whatever became of it.
func (c *Checker) wasLocal(session int64) bool {
	return slices.ContainsFunc(c.locals, func(l history.LocalSession) bool { return l.Session == session })
}

// denied checks a leader that does not know a session. Of one that was local this is
// the word that counts: its client had it before the leader, and may ask for it, by
// way of another server, before it is made known; it is still told so afterwards.
func (c *Checker) denied(s *server, session int64) {
	if c.wasLocal(session) {
		c.refused(s, session, s.serves)
	}
}
