package live

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// epochProposed checks what must be durable before LEADERINFO leaves. The leader
// is the first to accept its epoch.
func (c *Checker) epochProposed(s *server, number int64) {
	s.idle()
	if c.acceptedAtLeast(s, number, "proposes") {
		c.epochOf(number).accepted |= s.bit
	}
}

// ackEpochSent checks what must be durable before ACKEPOCH leaves. currentEpoch
// -1 says that the epoch had been accepted before: that is no vote for a leader.
func (c *Checker) ackEpochSent(s *server, number, current int64) {
	s.idle()
	if c.acceptedAtLeast(s, number, "accepts") && current >= 0 {
		c.epochOf(number).accepted |= s.bit
	}
}

// synchronizing begins the reign of a leader: nobody else's epoch, a quorum's
// word, and all that was ever committed.
func (c *Checker) synchronizing(s *server, number int64, z wire.Zxid, acks uint64) {
	ep := c.epochOf(number)
	if ep.leader != nil && ep.leader != s {
		c.fail(s, OneLeader, fmt.Sprintf("%s enters synchronisation in epoch %d, and so did %s", s.Name, number, ep.leader.Name))
		return
	}
	if ep.leader == s {
		c.fail(s, OneLeader, fmt.Sprintf("%s enters synchronisation twice in epoch %d", s.Name, number))
		return
	}
	initial := c.position(z)
	if initial == nil {
		c.fail(s, LeaderCompleteness, fmt.Sprintf("%s states an initial history up to %v, which nobody proposed", s.Name, z))
		return
	}
	if problem := c.evidence(acks, ep.accepted, "acceptance of it", c.inQuestion(s, number, initial)...); problem != "" {
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s leads epoch %d %s", s.Name, number, problem))
		return
	}
	onDisk, problem := c.diskHistory(s, cached)
	if problem == "" && onDisk != initial {
		problem = fmt.Sprintf("it ends at %v", onDisk)
	}
	if problem != "" {
		c.fail(s, LeaderCompleteness, fmt.Sprintf("%s states an initial history up to %v while on its disk %s", s.Name, z, problem), initial, onDisk)
		return
	}
	if due := c.committedBefore(number); !initial.holds(due) {
		c.fail(s, LeaderCompleteness, fmt.Sprintf("the initial history of %s ends at %v and lacks %v", s.Name, initial, due), initial, due)
		return
	}
	ep.leader, ep.initial, ep.tail = s, initial, initial
	ep.config = c.configAfter(initial)
	s.leads, s.serving = number, false
}

// inQuestion lists the configurations that a leader with a history has to reckon with:
// the active one, the one that its history ends with, and the one that it goes by, which
// is older if nobody has told it.
func (c *Checker) inQuestion(s *server, number int64, history *entry) []*config {
	out := both(c.configAfter(c.committedBefore(number)), c.configAfter(history))
	if !slices.Contains(out, s.config) && s.config.version != 0 {
		out = append(out, s.config)
	}
	return out
}

// offered is the version of the configuration that NEWLEADER of an epoch brings.
func (ep *epoch) offered() wire.Zxid {
	if ep.config.version == 0 {
		return wire.MakeZxid(ep.number, 0)
	}
	return ep.config.version
}

// committedBefore is the committed log as the leader of an epoch must have it: what
// leaders of the epochs before committed. One that slept through its own deposition
// may wake up and take a step more, when later epochs have committed already, even
// transactions of its predecessor that it never saw; nobody follows it there.
func (c *Checker) committedBefore(number int64) *entry {
	e := c.frontier
	for e.prev != nil && e.reign >= number {
		e = e.prev
	}
	return e
}

// release notes that a leader tells a learner to drop what the leader lacks.
func (c *Checker) release(sid int64) {
	for _, s := range c.servers {
		if s.Sid == sid {
			s.released = true
			s.promised = s.promised.lastCommitted()
		}
	}
}

// newLeaderAcked compares the learner's disk with its leader's history. The disk,
// not memory: what is hidden there comes back after a crash (ZOOKEEPER-2845).
func (c *Checker) newLeaderAcked(s *server, number int64, z wire.Zxid) {
	ep := c.epochOf(number)
	if ep.leader == nil {
		c.fail(s, ProcessConsistency, fmt.Sprintf("%s acknowledges NEWLEADER of epoch %d, which has no leader", s.Name, number))
		return
	}
	end, problem := c.diskHistory(s, cached)
	stated := c.position(z)
	switch {
	case problem != "":
	case stated != end:
		problem = fmt.Sprintf("the log ends at %v, not at %v", end, z)
	case !ep.tail.holds(end):
		problem = fmt.Sprintf("the log ends at %v, which the leader's history up to %v does not hold", end, ep.tail)
	case !end.holds(ep.initial):
		problem = fmt.Sprintf("the log ends at %v, before the leader's initial history, %v", end, ep.initial)
	}
	if problem != "" {
		c.fail(s, ProcessConsistency, fmt.Sprintf("on the disk of %s, which acknowledges epoch %d of %s, %s", s.Name, number, ep.leader.Name, problem), end, ep.tail)
		return
	}
	if !c.durableUpTo(s, end, fmt.Sprintf("acknowledges NEWLEADER of epoch %d", number)) || !c.epochsAre(s, number) {
		return
	}
	if c.cfg.Initial != "" && !c.configDurable(s, ep.offered(), fmt.Sprintf("acknowledges NEWLEADER of epoch %d", number)) {
		return
	}
	if !c.predecessorDurable(s, end, fmt.Sprintf("acknowledges NEWLEADER of epoch %d", number)) {
		return
	}
	ep.newLeader |= s.bit
	// Proposals in flight that came with the synchronisation are acknowledged with
	// it: they are as durable as the rest.
	if z.Epoch() == number {
		ep.acked[s.index] = max(ep.acked[s.index], z)
	}
	s.promised, s.released, s.log = end, false, end
}

// durableUpTo checks that the disk of s after any crash holds history e.
func (c *Checker) durableUpTo(s *server, e *entry, act string) bool {
	kept, problem := c.diskHistory(s, durable)
	if problem == "" && !kept.holds(e) {
		problem = fmt.Sprintf("the history ends at %v", kept)
	}
	if problem != "" {
		c.fail(s, AckDurability, fmt.Sprintf("%s %s with a history up to %v, while after a crash %s", s.Name, act, e, problem), e)
		return false
	}
	s.pending = s.pending[:0]
	return true
}

// established ends synchronisation: by being acknowledged, the leader's initial
// history becomes committed.
func (c *Checker) established(s *server, number int64, z wire.Zxid, acks uint64) {
	ep := c.epochOf(number)
	if ep.established != nil && ep.established != s {
		c.fail(s, OneEstablishment, fmt.Sprintf("%s is established in epoch %d, and so was %s", s.Name, number, ep.established.Name))
		return
	}
	if ep.leader != s || s.leads != number {
		c.fail(s, OneEstablishment, fmt.Sprintf("%s is established in epoch %d without having entered its synchronisation as leader", s.Name, number))
		return
	}
	end := c.position(z)
	if end == nil || !ep.tail.holds(end) || !end.holds(ep.initial) {
		c.fail(s, PrimaryIntegrity, fmt.Sprintf("%s commits up to %v by being established, its initial history ends at %v", s.Name, z, ep.initial), ep.initial, end)
		return
	}
	// The leader's own acknowledgement is its disk.
	if !c.durableUpTo(s, end, fmt.Sprintf("is established in epoch %d", number)) || !c.epochsAre(s, number) {
		return
	}
	if problem := c.evidence(acks, ep.newLeader|s.bit, "acknowledgement of NEWLEADER", c.inQuestion(s, number, end)...); problem != "" {
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s is established in epoch %d %s", s.Name, number, problem))
		return
	}
	if due := c.committedBefore(number); !end.holds(due) {
		c.fail(s, PrimaryIntegrity, fmt.Sprintf("%s is established in epoch %d with a history up to %v, which lacks %v", s.Name, number, end, due), end, due)
		return
	}
	c.commitUpTo(end, number)
	c.named(number)
	ep.established = s
	ep.removed = c.configAfter(end).participants&s.bit == 0
	ep.acked[s.index] = max(ep.acked[s.index], z)
	if end.zxid > s.promised.zxid {
		s.promised = end
	}
	c.alone(s, number)
	s.serving, s.serves = true, number
	clear(s.locals)
	s.since, s.touched, s.owners = c.now.at, map[int64]time.Duration{}, map[int64]int64{}
}

// upToDate lets clients see a learner's tree.
func (c *Checker) upToDate(s *server, number int64) {
	ep := c.epochOf(number)
	if ep.established == nil {
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s serves in epoch %d, which has no established leader", s.Name, number))
		return
	}
	if s.tree != nil && !s.tree.committed {
		c.fail(s, CommittedLog, fmt.Sprintf("%s starts to serve a tree that stands at %v, the committed log ends at %v", s.Name, s.tree, c.frontier), s.tree)
		return
	}
	c.alone(s, number)
	s.serving, s.serves = true, number
	clear(s.locals)
}
