package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// served: whoever serves a consumer, leader or follower, gives it what is committed, as
// far as it knows. What it knows itself is the stricter of the two, and what holds also
// after a loss that is explained, of which a follower may not have heard. Else what it gives
// is what was committed, also where that has been deleted since. What nobody ever committed
// is given by nobody; only that a compaction makes other batches of what it leaves.
func (c *Checker) served(p *partition, r *replica, first, end int64) {
	for b := range r.log.within(first, end) {
		if !p.once[b.key()] && !c.mayBeCompacted(p) {
			c.fail(r.Name, ReadsCommitted, fmt.Sprintf("%s, %s, gives %v of %s, which was never committed", r.Name, r.role(), b, p.name))
			return
		}
	}
	switch {
	case end > r.mark:
		c.fail(r.Name, ReadsCommitted, fmt.Sprintf("%s, %s, gives records of %s from %d up to %d with a high watermark of %d", r.Name, r.role(), p.name, first, end, r.mark))
	case !p.judged(r.epoch) || !r.leads && r.epoch == p.disputed && end <= p.longest:
	case end > p.ledger.end:
		c.fail(r.Name, ReadsCommitted, fmt.Sprintf("%s gives records of %s from %d up to %d, where only %d is committed", r.Name, p.name, first, end, p.ledger.end))
	default:
		if want, got, differs := r.log.differsAlso(&p.ledger, first, end); differs {
			c.fail(r.Name, ReadsCommitted, fmt.Sprintf("%s gives records of %s from %d up to %d without the committed %v%s", r.Name, p.name, first, end, want, instead(got)))
		}
	}
}

// preferred: a replica that consumers are sent to keeps up. One that is out of sync may
// stay behind for as long as it likes, and who reads there with it.
func (c *Checker) preferred(p *partition, r *replica, e node.Event) {
	to, offset := int32(e.N[0]), e.N[1]
	in := r.counted() | p.lastInSync(r.epoch)
	at, fetched := r.fetched[to]
	switch {
	case !r.leads:
		c.fail(r.Name, PreferredInSync, fmt.Sprintf("%s, %s, sends a consumer of %s to %s", r.Name, r.role(), p.name, c.names(1<<to)))
	case in&(1<<to) == 0:
		c.fail(r.Name, PreferredInSync, fmt.Sprintf("%s sends a consumer of %s to %s, and in sync are %s", r.Name, p.name, c.names(1<<to), c.names(in)))
	case !fetched || at < offset:
		c.fail(r.Name, PreferredInSync, fmt.Sprintf("%s sends a consumer of %s that reads from %d to %s, which has fetched no further than %d", r.Name, p.name, offset, c.names(1<<to), at))
	}
}

// ofReader takes a fact about a consumer that was answered.
func (c *Checker) ofReader(p *partition, r *replica, e node.Event) {
	switch e.Kind {
	case facts.ConsumerServed:
		c.served(p, r, e.N[0], e.N[1])
	case facts.PreferredNamed:
		c.preferred(p, r, e)
	case facts.OffsetSought:
		c.sought(p, r, e)
	}
}

// sought: who asks for a time is told the first record of that time or later. Its broker says
// what records there are, having looked at all of them, and not by the indexes that it
// searches; that nothing is told beyond what consumers may read is judged here, too.
func (c *Checker) sought(p *partition, r *replica, e node.Event) {
	asked, told, end := e.N[0], e.N[1], e.N[2]
	want := history.Unknown
	for _, t := range e.Body.(facts.Times) {
		if t.Timestamp >= asked {
			if t.Offset < end {
				want = t.Offset
			}
			break
		}
	}
	switch {
	case told != want:
		c.fail(r.Name, OffsetByTime, fmt.Sprintf("%s tells offset %d of %s for the time %d, and the first record of that is at %d (-1: none below %d)", r.Name, told, p.name, asked, want, end))
	case told >= r.mark:
		c.fail(r.Name, OffsetByTime, fmt.Sprintf("%s tells offset %d of %s for the time %d, with a high watermark of %d", r.Name, told, p.name, asked, r.mark))
	}
}
