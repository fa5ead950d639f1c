package replication

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// startAdvanced: a log never begins behind its high watermark, or earlier than before. Why it
// does says nothing of records that have taken the place of those that were deleted:
//
//	b1 is alone in sync, loses 131 with its power, and leads on with another 131
//	b2, which has not heard of that, deletes its own 131, which is old enough
func (c *Checker) startAdvanced(p *partition, r *replica, e node.Event) {
	start, mark, left, why := e.N[0], e.N[1], e.N[2], facts.StartReasons[e.CaseOf()]
	if start < r.log.start || start > mark {
		c.fail(r.Name, LogStart, fmt.Sprintf("the log of %s on %s begins at %d, having begun at %d, with the high watermark at %d", p.name, r.Name, start, r.log.start, mark))
		return
	}
	if why == byLeader && !r.leads && start > p.hidden {
		c.fail(r.Name, LogStart, fmt.Sprintf("%s follows its leader and lets its log of %s begin at %d, where no log began later than at %d", r.Name, p.name, start, p.hidden))
		return
	}
	p.hidden = max(p.hidden, start)
	if (why == bySize || why == byAge) && !c.mayBeDeleted(p) {
		c.fail(r.Name, RetentionAllowed, fmt.Sprintf("%s deletes %s below %d for %s, and its cleanup.policy was never that", r.Name, p.name, start, why))
		return
	}
	if least := c.leastBytes(p); why == bySize && left < least {
		c.fail(r.Name, RetentionLeaves, fmt.Sprintf("%s deletes %s below %d and has %d bytes left, of %d that it should keep", r.Name, p.name, start, left, least))
		return
	}
	if c.retains(p, r, e); c.finding != nil {
		return
	}
	if _, _, others := p.holds(r, start); others || start > p.ledger.end {
		why = ""
	}
	c.hides(p, r, start)
	r.log.start, r.log.end = start, max(r.log.end, start)
	r.hid = max(r.hid, start)
	if start > p.ledger.start {
		p.ledger.start = start
		c.events = append(c.events, history.LogEvent{At: c.now.at, Kind: history.StartMoved, Partition: p.name, Offset: start, Why: why})
	}
}

// Why the start of a log moved: it had got too long; that of the leader had.
const (
	bySize   = "retention-size"
	byAge    = "retention-time"
	byLeader = "leader"
)

// compacting: from now on what is left below an offset need not be what others have, be the
// pass that begins cut short or not. A record that is not committed must not supersede one
// that is: it may be cut off yet (KAFKA-13194).
func (c *Checker) compacting(p *partition, r *replica, upTo int64) {
	if upTo > r.mark {
		c.fail(r.Name, CompactedBelow, fmt.Sprintf("%s compacts %s up to %d, with the high watermark at %d", r.Name, p.name, upTo, r.mark))
		return
	}
	c.compacts(p, r)
	r.log.cleaned, r.log.reach = max(r.log.cleaned, upTo), max(r.log.reach, upTo)
	r.log.found, r.log.left, r.log.alike = r.log.left, nil, 0
	if upTo > p.ledger.cleaned {
		p.ledger.cleaned = upTo
		c.explain(history.CompactedTo, p, upTo)
	}
}

// compacted: what a pass leaves is what it should.
func (c *Checker) compacted(p *partition, r *replica, e node.Event) {
	done := e.Body.(*facts.Compaction)
	had, last := map[int64]facts.Keyed{}, map[string]facts.Keyed{}
	for _, k := range done.Before {
		had[k.Offset] = k
		if !k.Keyless {
			last[k.Key] = k
		}
	}
	after, left := map[int64]bool{}, map[string]int64{}
	for _, k := range done.After {
		was, there := had[k.Offset]
		switch {
		case !there || was.Key != k.Key || was.Tombstone != k.Tombstone:
			c.fail(r.Name, CompactionLeaves, fmt.Sprintf("%s compacts %s, and offset %d comes to have a record of the key %q", r.Name, p.name, k.Offset, k.Key))
		case was.Sum != k.Sum:
			c.fail(r.Name, CompactionLeaves, fmt.Sprintf("%s compacts %s, and the record of %q at offset %d comes to have another value", r.Name, p.name, k.Key, k.Offset))
		case k.Tombstone && was.Horizon >= 0 && (k.Horizon != was.Horizon || was.Horizon <= done.Now):
			c.fail(r.Name, TombstoneStays, fmt.Sprintf("at %d, %s keeps the tombstone of %q at offset %d of %s until %d, which was to go at %d", done.Now, r.Name, k.Key, k.Offset, p.name, k.Horizon, was.Horizon))
		case k.Tombstone && was.Horizon < 0 && k.Horizon < done.Now+c.leastDelay(p):
			c.fail(r.Name, TombstoneStays, fmt.Sprintf("at %d, %s lets the tombstone of %q at offset %d of %s go at %d, with delete.retention.ms=%d", done.Now, r.Name, k.Key, k.Offset, p.name, k.Horizon, c.leastDelay(p)))
		}
		after[k.Offset], left[k.Key] = true, k.Offset
	}
	for _, k := range r.log.found {
		o := k.Offset
		if _, there := had[o]; !there && o >= r.log.start && o < e.N[0] {
			c.fail(r.Name, CompactionLeaves, fmt.Sprintf("%s compacts %s, and has nothing at offset %d, where the last compaction had left something", r.Name, p.name, o))
			return
		}
	}
	r.log.found, r.log.left, r.log.alike = nil, done.After, e.N[0]
	for _, k := range done.Before {
		if k.Keyless || last[k.Key] != k || after[k.Offset] || k.Offset < r.log.start {
			continue
		}
		c.lastGone(p, r, k, done, left)
	}
	c.tooYoung(p, r, done, after)
	c.likeOthers(p, r)
}

// tooYoung: what has not been through a compaction is safe from it for a while. What has been
// was old enough then, be it by a clock that is behind now.
func (c *Checker) tooYoung(p *partition, r *replica, done *facts.Compaction, after map[int64]bool) {
	lag := max(c.leastLag(p), r.waits)
	for _, k := range done.Before {
		if lag > 0 && k.Offset >= max(done.From, r.log.start) && !after[k.Offset] && k.Time > done.Now-lag {
			c.fail(r.Name, CompactionWaits, fmt.Sprintf("at %d, %s compacts %s and takes the record of %q at offset %d, which is of %d, with min.compaction.lag.ms=%d", done.Now, r.Name, p.name, k.Key, k.Offset, k.Time, lag))
			return
		}
	}
}

// likeOthers holds what a compaction left against what compactions left of the other
// replicas. After a loss that is explained nothing can be said: what superseded a record may
// be what was lost.
func (c *Checker) likeOthers(p *partition, r *replica) {
	if p.excused < math.MaxInt64 || p.tainted || p.topic.doomed {
		return
	}
	for _, m := range c.brokers {
		if other := p.replicas[m.ID]; other != nil && other != r && other.log.alike > 0 {
			c.likeOther(p, r, other)
			c.likeOther(p, other, r)
		}
	}
}

// likeOther wants the last record of each key, as one replica has it, of another. A
// tombstone may be gone there, its time being over; not so a value. The other has not been
// further: what superseded a record there might be behind all that is known of the first.
//
//	b1 to 10: k0@3        b2 to 20: nothing, the tombstone k0@15 being gone
//	b3, copied from b2, to 10: the same
//
// Nor can it be helped that one who was away for too long keeps what was deleted, be the
// tombstone still there with a third, or one that has not been as far have a value in between.
// Two who were away each keep what was the last when they went:
//
//	b1: k0@3, k0@5, the tombstone k0@8, and all are gone
//	b2, away from 4 on: k0@3      b3, away from 6 on: k0@5
func (c *Checker) likeOther(p *partition, r, other *replica) {
	if r.log.reach > r.log.alike || other.log.reach > r.log.alike {
		return
	}
	from := max(r.log.start, other.log.start)
	last, lastThere := map[string]facts.Keyed{}, map[string]facts.Keyed{}
	for _, k := range r.log.left {
		last[k.Key] = k
	}
	for _, k := range other.log.left {
		lastThere[k.Key] = k
	}
	for _, k := range r.log.left {
		if k.Keyless || last[k.Key] != k || k.Offset < from || k.Offset >= other.log.alike {
			continue
		}
		there, ok := lastThere[k.Key]
		behind := there.Offset > k.Offset && other.log.alike < r.log.reach
		ghost := there.Offset != k.Offset && there.Offset < other.log.ghosts
		if (!ok || there.Tombstone || behind || ghost) && k.Offset < r.log.ghosts || k.Tombstone && there.Offset < other.log.ghosts {
			continue
		}
		same := ok && there.Offset == k.Offset && there.Tombstone == k.Tombstone && there.Sum == k.Sum
		if !same && !(k.Tombstone && (!ok || there.Tombstone)) {
			c.fail(other.Name, CompactedAlike, fmt.Sprintf("%s, which has compacted %s up to %d, has its last record of %q at offset %d, and %s, up to %d, %s",
				r.Name, p.name, r.log.alike, k.Key, k.Offset, other.Name, other.log.alike, lastOf(there, ok)))
			return
		}
	}
}

// copiesCleaned: a follower takes over what a compaction has left. Of what it has already
// something may have been deleted, and the tombstone be gone; or so it was with its leader.
func (p *partition) copiesCleaned(r *replica) {
	r.log.reach = max(r.log.reach, p.ledger.cleaned)
	r.log.ghosts = max(r.log.ghosts, r.log.end)
	if named := p.elected[r.epoch]; named != nil && p.replicas[named.leader] != nil {
		r.log.ghosts = max(r.log.ghosts, p.replicas[named.leader].log.ghosts)
	}
}

// lastOf says what the last record of a key is.
func lastOf(k facts.Keyed, there bool) string {
	switch {
	case !there:
		return "has none"
	case k.Tombstone:
		return fmt.Sprintf("has a tombstone at %d", k.Offset)
	}
	return fmt.Sprintf("has one at %d, checksum %08x", k.Offset, k.Sum)
}

// lastGone: the last record of a key is gone, which must be a tombstone whose time is over,
// and the last that there was of the key.
func (c *Checker) lastGone(p *partition, r *replica, k facts.Keyed, done *facts.Compaction, left map[string]int64) {
	older, some := left[k.Key]
	switch {
	case !k.Tombstone:
		c.fail(r.Name, CompactionLeaves, fmt.Sprintf("%s compacts %s and takes the last record of %q, at offset %d", r.Name, p.name, k.Key, k.Offset))
	case k.Horizon < 0 || done.Now < k.Horizon:
		c.fail(r.Name, TombstoneStays, fmt.Sprintf("at %d, %s compacts %s and takes the tombstone of %q at offset %d, which is to be shown until %d (-1: for as long as nobody has kept it)", done.Now, r.Name, p.name, k.Key, k.Offset, k.Horizon))
	case some && older >= r.log.start:
		c.fail(r.Name, CompactionLeaves, fmt.Sprintf("%s compacts %s and takes the tombstone of %q at offset %d, and not the older record at %d", r.Name, p.name, k.Key, k.Offset, older))
	}
}

// before is how many of some records, which ascend, are below an offset.
func before(records []facts.Keyed, end int64) int {
	n, _ := slices.BinarySearchFunc(records, end, func(k facts.Keyed, end int64) int { return cmp.Compare(k.Offset, end) })
	return n
}
