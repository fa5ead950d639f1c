package live

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// expiring checks a leader's decision to close a session.
func (c *Checker) expiring(s *server, session int64, stated time.Duration) {
	c.ended[session] = true
	// A deposed leader that does not know it yet may still decide; its close will
	// never commit.
	if !s.reigns() {
		c.fail(s, ExpiryByLeader, fmt.Sprintf("%s, which is no established leader, expires session %#x", s.Name, uint64(session)))
		return
	}
	timeout, known := c.promised(session)
	if !known {
		timeout = stated
	}
	c.notEarly(s, session, max(timeout, 2*c.cfg.Tick))
}

// promised is the timeout that a session's client was told last, or, before it was
// told anything, the one in its transaction.
func (c *Checker) promised(session int64) (timeout time.Duration, known bool) {
	if timeout, known = c.granted[session]; !known {
		timeout, known = c.timeouts[session]
	}
	return timeout, known
}

// letIn notes what a client is told, by a server that may tell it.
func (c *Checker) letIn(s *server, session int64, timeout time.Duration) {
	c.granted[session] = timeout
	c.atHome(s, session)
	c.mayServe(s, session)
	if !s.serving {
		c.fail(s, ServesCurrent, fmt.Sprintf("%s lets session %#x in, and neither leads nor follows", s.Name, uint64(session)))
	}
}

// watchSet checks that somebody is there to be told.
func (c *Checker) watchSet(s *server, session, conn int64) {
	if s.gone[conn] {
		c.fail(s, WatchesOfLiving, fmt.Sprintf("%s enters a watch of session %#x for connection %#x, which is gone", s.Name, uint64(session), uint64(conn)))
	}
}

// moved checks that a session which is refused as moved was let in elsewhere after
// it was let in here.
func (c *Checker) moved(s *server, session, sid int64) {
	if owner, known := s.owners[session]; known && owner == sid {
		c.fail(s, MovedTruly, fmt.Sprintf("%s refuses session %#x at server %d, where it let it in last", s.Name, uint64(session), sid))
	}
}

// syncAnswered checks that the writes which a session sent before a sync are
// committed: they reached the leader before it, on the same connections. Those the
// leader turned away may have been overtaken, when their session moved.
func (c *Checker) syncAnswered(s *server, session int64, cxid int32) {
	ep := c.epochs[s.leads]
	if ep == nil {
		return
	}
	for e := ep.tail; e != nil && !e.committed; e = e.prev {
		if e.txn.Session == session && 0 < e.txn.Cxid && e.txn.Cxid < cxid && e.txn.Type != wire.OpError {
			c.fail(s, SyncBehindWrites, fmt.Sprintf("%s answers sync %d of session %#x while %v, its request %d, is not committed",
				s.Name, cxid, uint64(session), e, e.txn.Cxid), e)
			return
		}
	}
}

// notEarly checks that the leader heard nothing of a session for its timeout: of
// what reached it, since it leads. Its clock may have run fast, and rounds to
// milliseconds.
func (c *Checker) notEarly(s *server, session int64, timeout time.Duration) {
	heard, ok := s.touched[session]
	if !ok || heard < s.since {
		heard = s.since
	}
	idle := c.now.at - heard
	byItsClock := idle + time.Duration(idle.Microseconds()*c.cfg.DriftPPM/1000) + time.Millisecond
	if byItsClock < timeout {
		c.fail(s, ExpiryNotEarly, fmt.Sprintf("%s expires session %#x, of timeout %v, after %v without a word", s.Name, uint64(session), timeout, idle))
	}
}

// rejected checks that a client which is told, in an epoch, that its session is over
// is told the truth: somebody closed it, or a leader decided to. That decision may
// still come to nothing, when the leader falls before it commits; the word is out by
// then. And a leader that was deposed and does not know it yet cannot know the
// sessions of later epochs.
func (c *Checker) rejected(s *server, session, epoch int64) {
	if s.readOnly != nil {
		c.rejectedReadOnly(s, session)
		return
	}
	if !c.wasLocal(session) {
		c.refused(s, session, epoch)
	}
}

// refused checks the reason of a refusal.
func (c *Checker) refused(s *server, session, epoch int64) {
	created, proposed := c.created[session]
	if proposed && c.upgradeLost(session, created, epoch) {
		return
	}
	if proposed && created.Epoch() <= epoch && !c.ended[session] {
		c.fail(s, SessionsSurvive, fmt.Sprintf("%s, in epoch %d, does not know session %#x of %v, which nobody has closed",
			s.Name, epoch, uint64(session), created))
	}
}

// patience is what a leader may take beyond a session's timeout to propose its
// end: rounding up to its next tick, touches in flight, and a commit.
const patience = time.Second

// Finish checks, at the end of a run whose faults have healed, that no session
// outlives its client: an established leader must have noticed.
func (c *Checker) Finish(at time.Duration) {
	for _, s := range c.servers {
		if c.finding != nil {
			return
		}
		if !s.reigns() {
			continue
		}
		c.now.at = at
		for _, session := range slices.Sorted(maps.Keys(c.timeouts)) {
			c.notLate(s, session)
		}
	}
}

func (c *Checker) notLate(s *server, session int64) {
	if c.upgradeLost(session, c.created[session], s.leads) {
		return
	}
	timeout, _ := c.promised(session)
	heard := max(s.touched[session], s.since)
	limit := timeout + 2*c.cfg.Tick + timeout*time.Duration(c.cfg.DriftPPM)/1_000_000 + patience
	if idle := c.now.at - heard; c.finding == nil && c.granted[session] > 0 && !c.ended[session] && idle > limit {
		c.fail(s, ExpiryNotLate, fmt.Sprintf("%s leads and has not heard of session %#x, of timeout %v, for %v",
			s.Name, uint64(session), timeout, idle))
	}
}
