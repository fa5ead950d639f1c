package live

import (
	"fmt"
	"strconv"
	"strings"
)

// Names of the epoch files.
const (
	acceptedEpoch = "acceptedEpoch"
	currentEpoch  = "currentEpoch"
)

// epochFile reads an epoch file in a view, 0 if it is missing or unreadable: a
// server that starts from such a file knows no epoch either.
func (c *Checker) epochFile(s *server, v view, name string) int64 {
	b, ok := c.read(s, v, name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// epochsSane checks what always holds between the durable epoch files.
func (c *Checker) epochsSane(s *server) bool {
	accepted, current := c.epochFile(s, durable, acceptedEpoch), c.epochFile(s, durable, currentEpoch)
	problem := ""
	switch {
	case current > accepted:
		problem = fmt.Sprintf("currentEpoch is %d, acceptedEpoch %d", current, accepted)
	case accepted < s.accepted:
		problem = fmt.Sprintf("acceptedEpoch fell from %d to %d", s.accepted, accepted)
	case current < s.current:
		problem = fmt.Sprintf("currentEpoch fell from %d to %d", s.current, current)
	}
	if problem != "" {
		c.fail(s, EpochSanity, fmt.Sprintf("on the disk of %s %s", s.Name, problem))
		return false
	}
	s.accepted, s.current = accepted, current
	return true
}

// acceptedAtLeast checks that s durably accepted an epoch before it tells
// anybody.
func (c *Checker) acceptedAtLeast(s *server, number int64, verb string) bool {
	if have := c.epochFile(s, durable, acceptedEpoch); have < number {
		c.fail(s, EpochSanity, fmt.Sprintf("%s %s epoch %d while its durable %s is %d", s.Name, verb, number, acceptedEpoch, have))
		return false
	}
	return c.epochsSane(s)
}

// epochsAre checks that s durably belongs to the epoch whose history it holds,
// and that its log is not ahead of it.
func (c *Checker) epochsAre(s *server, number int64) bool {
	if have := c.epochFile(s, durable, currentEpoch); have != number {
		c.fail(s, EpochSanity, fmt.Sprintf("%s takes part in epoch %d while its durable %s is %d", s.Name, number, currentEpoch, have))
		return false
	}
	if s.log != nil && s.log.zxid.Epoch() > number {
		c.fail(s, EpochSanity, fmt.Sprintf("%s takes part in epoch %d with a log up to %v", s.Name, number, s.log), s.log)
		return false
	}
	return c.epochsSane(s)
}
