package live

import (
	"fmt"
	"time"
)

// expiring checks a leader's decision to close a session.
func (c *Checker) expiring(s *server, session int64, stated time.Duration) {
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
