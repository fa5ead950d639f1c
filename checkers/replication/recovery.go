package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// opened: a replica exists, with what recovery found on the disk. A crash may have taken
// the end of its log. It may as well have brought back what had been cut off, hidden or
// thrown away, none of which is synced when it is told. So what the log is from now on
// nobody knows but its owner; but it wrote every batch of it some time. Only that an end is
// missing explains that committed records are: brokers append nothing before a truncation
// is durable, so nothing else can be in their place. And only of a disk that lost something:
// where a process alone was killed, or stopped, the page cache has it all.
func (c *Checker) opened(m *member, e node.Event) {
	found := e.Body.(*facts.Opened)
	p := c.belongs(e.Text, found.Topic)
	if p == nil {
		return
	}
	start, end := e.N[0], e.N[1]
	r := p.replicas[m.ID]
	if r == nil && end > start && p.buried[m.ID] != nil {
		r = p.buried[m.ID]
		p.replicas[m.ID] = r
	}
	if r == nil {
		r = p.newReplica(m)
		r.log = emptyLog(start)
		r.gave = m.life == 0 && p.buried[m.ID] != nil // found, and not begun by an order
		if end > start && !p.topic.gone {
			c.fail(m.Name, TopicIdentity, fmt.Sprintf("the log of %s on %s, which is new, has records up to %d", p.name, m.Name, end))
			return
		}
	}
	m.open[e.Text], r.absent = r, false
	c.comesBack(p, r, start, end)
	r.hid = max(r.hid, start)
	if start > max(p.hidden, r.log.start) && !p.topic.gone {
		c.fail(m.Name, LogStart, fmt.Sprintf("%s finds that its log of %s begins at %d, where no log began later than at %d", m.Name, p.name, start, p.hidden))
		return
	}
	batches := readBatches(found)
	if i := misplaced(batches); i > 0 {
		c.fail(m.Name, RecoveredWritten, fmt.Sprintf("%s finds %v behind %v in its log of %s", m.Name, batches[i], batches[i-1], p.name))
		return
	}
	c.written(p, r, batches)
	if o, lacks := r.log.lacks(batches, start, end); lacks {
		c.fail(m.Name, CompactionLeaves, fmt.Sprintf("%s finds nothing at offset %d in its log of %s, from %d to %d, where a compaction had left something", m.Name, o, p.name, start, end))
		return
	}
	had, _, lacked := p.holds(r, p.ledger.end)
	r.reopens(start, end, batches)
	if mark := e.N[2]; mark > max(r.peak, start) && !p.topic.gone {
		c.fail(m.Name, HighWatermarkGrows, fmt.Sprintf("%s opens its log of %s with a high watermark of %d, and never knew of more than %d", m.Name, p.name, mark, r.peak))
		return
	}
	r.knows(e.N[2])
	spoiled := r.spoils < m.spoils
	if r.spoils = m.spoils; spoiled {
		r.torn = end
	}
	if want, _, lacks := p.holds(r, p.ledger.end); lacks && spoiled && want.last >= end && (!lacked || want.first < had.first) && (r.lost < 0 || want.first < r.lost) {
		r.lost = want.first
	}
	c.stillHolds(p, r, fmt.Sprintf("is opened with what lies from %d to %d", start, end))
	c.knows(p, r, found.Producers)
}

// logsFound: a broker is about to open what logs its disk has. The marker of a clean stop
// tells of the last stop only: one that outlives the start after it has the broker believe
// files that a crash has torn since.
func (c *Checker) logsFound(m *member, believed bool) {
	if believed && !m.closed {
		c.fail(m.Name, CleanStopBelieved, m.Name+" believes its logs, which were not closed when it stopped last")
		return
	}
	m.closed = false
}

// misplaced is the first batch that does not come behind the one before, 0 if all do.
func misplaced(found []batch) int {
	for i := 1; i < len(found); i++ {
		if found[i].first <= found[i-1].last {
			return i
		}
	}
	return 0
}

// readBatches is what a log was found to hold.
func readBatches(found *facts.Opened) []batch {
	all := make([]batch, len(found.Batches))
	for i, b := range found.Batches {
		all[i] = batch{first: b.First, last: b.Last, epoch: b.Epoch, sum: b.Checksum, producer: b.Producer}
	}
	return all
}

// written: a replica wrote every batch that it finds. It did not get to say so of the last
// ones, if the crash came first; but then it led in their epoch, or somebody else has told
// of them. What a compaction leaves nobody can know again.
func (c *Checker) written(p *partition, r *replica, found []batch) {
	if p.topic.gone || p.ledger.cleaned > 0 || c.mayBeCompacted(p) {
		return
	}
	untold := false
	for _, b := range found {
		told := r.wrote[b.key()]
		if untold && told || !told && !p.couldHave(r, b) {
			c.fail(r.Name, RecoveredWritten, fmt.Sprintf("%s finds %v in its log of %s", r.Name, b, p.name))
			return
		}
		untold = !told
		r.wrote[b.key()] = true
	}
}

// couldHave reports whether a replica may have written a batch without anybody having
// heard of that.
func (p *partition) couldHave(r *replica, b batch) bool {
	if named := p.elected[b.epoch]; named != nil && named.leader == r.ID {
		return true
	}
	for _, other := range p.replicas { //sim:unordered any will do
		if other.wrote[b.key()] {
			return true
		}
	}
	return p.deceased[b.key()]
}

// reopens makes the mirror what was found on the disk. Of epochs without a batch, those
// are kept that were noted below what has changed.
func (r *replica) reopens(start, end int64, found []batch) {
	same := r.log.sameUpTo(start, found)
	was := r.log
	r.furthest = max(r.furthest, end)
	r.disturbed()
	r.log = mirror{start: start, end: end, cleaned: min(was.cleaned, end), batches: found, left: was.left, alike: min(was.alike, end), reach: was.reach, ghosts: was.ghosts}
	r.log.left = r.log.left[:before(r.log.left, end)]
	for _, e := range was.epochs {
		if e.start < same {
			r.log.epochs = append(r.log.epochs, e)
		}
	}
	for _, b := range found {
		if b.last >= same && b.epoch > r.log.latest() {
			r.log.assign(b.epoch, b.first)
		}
	}
	r.agreed = min(r.agreed, same)
	if start < was.start {
		r.agreed = min(r.agreed, start)
	}
}

// sameUpTo is the offset up to which a log is what was found.
func (m *mirror) sameUpTo(start int64, found []batch) int64 {
	if len(found) == 0 {
		return min(start, m.end)
	}
	at, j := found[0].first, m.at(found[0].first)
	for _, b := range found {
		switch {
		case b.last < m.cleaned:
			j = m.at(b.last + 1)
		case j < len(m.batches) && m.batches[j].same(b):
			j++
		default:
			return at
		}
		at = b.last + 1
	}
	return at
}
