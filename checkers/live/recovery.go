package live

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// recovered compares what a server made of its disk with what the disk says, and
// that with what the server had promised to keep.
func (c *Checker) recovered(s *server, z, snapshot wire.Zxid, digest uint64) {
	s.down()
	base := c.position(snapshot)
	if base == nil {
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s starts from a snapshot of %v, a zxid nobody proposed", s.Name, snapshot))
		return
	}
	end, problem := c.logHistory(s, cached, base)
	if problem == "" && c.position(z) != end {
		problem = fmt.Sprintf("the log ends at %v", end)
	}
	if problem != "" {
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s recovers %v from its snapshot of %v, while on its disk %s", s.Name, z, snapshot, problem), end)
		return
	}
	if want := c.folds.digest(end); want != digest {
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s recovers %v with digest %016x, it should be %016x", s.Name, z, digest, want), end)
		return
	}
	if !end.holds(s.promised) {
		c.fail(s, AckDurability, fmt.Sprintf("%s recovers a history up to %v, having acknowledged %v", s.Name, end, s.promised), s.promised, end)
		return
	}
	if ep := c.epochs[c.epochFile(s, cached, currentEpoch)]; ep != nil && ep.leader != nil && !s.released && !end.holds(ep.initial) {
		c.fail(s, EpochSanity, fmt.Sprintf("%s comes back with %s %d and a history up to %v, which is not the one up to %v that epoch %d began with",
			s.Name, currentEpoch, ep.number, end, ep.initial, ep.number), end, ep.initial)
		return
	}
	s.log, s.tree = end, end
}

// reread follows a truncation that ended with its term, before the server said
// so. No durable step is under way when an election starts.
func (c *Checker) reread(s *server) {
	if !s.released || s.log == nil {
		return
	}
	if end, problem := c.diskHistory(s, cached); problem == "" && end.zxid < s.log.zxid {
		c.truncated(s, end.zxid)
	}
}

// fastForwarded moves the memory tree to the end of the log.
func (c *Checker) fastForwarded(s *server, z wire.Zxid) {
	e := c.position(z)
	if e == nil || s.log != nil && e != s.log {
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s brings its tree to %v, its log ends at %v", s.Name, z, s.log), e, s.log)
		return
	}
	s.tree = e
}

// truncated cuts a log. Committed transactions are never cut.
func (c *Checker) truncated(s *server, z wire.Zxid) {
	if s.log == nil {
		return
	}
	end := s.log.upTo(z)
	if kept := s.log.lastCommitted(); kept.zxid > end.zxid {
		c.fail(s, CommittedDurable, fmt.Sprintf("%s cuts its log after %v and loses %v, which is committed", s.Name, z, kept), kept)
		return
	}
	c.void(s, end)
	s.log, s.tree = end, end
	s.unread()
	if s.promised.zxid > end.zxid {
		s.promised = s.promised.upTo(end.zxid)
	}
	for n := len(s.pending); n > 0 && s.pending[n-1].zxid > z; n-- {
		s.pending = s.pending[:n-1]
	}
}

// void takes back what s acknowledged and now drops. A leader that still counts
// it (the learner came back to the same leader and was cut) commits on nothing.
func (c *Checker) void(s *server, end *entry) {
	for e := s.log; e != nil && !end.holds(e); e = e.prev {
		ep := c.epochOf(e.zxid.Epoch())
		ep.acked[s.index] = min(ep.acked[s.index], e.prev.zxid)
	}
}

// snapshotLoaded replaces a learner's history by its leader's.
func (c *Checker) snapshotLoaded(s *server, z wire.Zxid, digest uint64) {
	e := c.position(z)
	if e == nil {
		c.fail(s, Integrity, fmt.Sprintf("%s loads a snapshot of %v, a zxid nobody proposed", s.Name, z))
		return
	}
	if s.log != nil {
		if kept := s.log.lastCommitted(); !e.holds(kept) {
			c.fail(s, CommittedDurable, fmt.Sprintf("%s replaces its history by a snapshot of %v and loses %v, which is committed", s.Name, z, kept), e, kept)
			return
		}
	}
	if want := c.folds.digest(e); want != digest {
		c.fail(s, PrefixConsistency, fmt.Sprintf("%s loads a snapshot of %v with digest %016x, it should be %016x", s.Name, z, digest, want), e)
		return
	}
	c.void(s, e)
	s.log, s.tree, s.pending = e, e, s.pending[:0]
	s.unread()
	// A crash brings back the old history until the snapshot is durable, and only
	// the new one after.
	s.promised = s.promised.lastCommitted()
}
