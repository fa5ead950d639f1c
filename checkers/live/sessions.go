package live

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// expiring checks a leader's decision to close a session.
func (c *Checker) expiring(s *server, session int64, stated time.Duration) {
	c.ended[session] = true
	// A deposed leader that does not know it yet may still decide; its close will
	// never commit.
	if s.leads == 0 || !s.serving {
		c.fail(s, ExpiryByLeader, fmt.Sprintf("%s, which is no established leader, expires session %#x", s.Name, uint64(session)))
		return
	}
	timeout, known := c.timeouts[session]
	if !known || stated > 0 && stated < timeout {
		timeout = stated // a client may ask for another timeout when it reconnects
	}
	c.notEarly(s, session, max(timeout, 2*c.cfg.Tick))
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
	created, proposed := c.created[session]
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
		if s.leads == 0 || !s.serving {
			continue
		}
		c.now.at = at
		for _, session := range slices.Sorted(maps.Keys(c.timeouts)) {
			c.notLate(s, session)
		}
	}
}

func (c *Checker) notLate(s *server, session int64) {
	timeout := c.timeouts[session]
	heard := max(s.touched[session], s.since)
	limit := timeout + 2*c.cfg.Tick + timeout*time.Duration(c.cfg.DriftPPM)/1_000_000 + patience
	if idle := c.now.at - heard; c.finding == nil && c.opened[session] && !c.ended[session] && idle > limit {
		c.fail(s, ExpiryNotLate, fmt.Sprintf("%s leads and has not heard of session %#x, of timeout %v, for %v",
			s.Name, uint64(session), timeout, idle))
	}
}
