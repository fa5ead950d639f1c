package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// highWatermark: the leader says that everything below is committed.
func (c *Checker) highWatermark(p *partition, r *replica, e node.Event) {
	mark, epoch, set := e.N[0], e.N[1], e.N[2]
	before := r.mark
	switch {
	case !r.leads || epoch != r.epoch:
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s moves the high watermark of %s to %d in epoch %d, %s", r.Name, p.name, mark, epoch, r.role()))
		return
	case mark < before || mark > r.log.end:
		c.fail(r.Name, HighWatermarkGrows, fmt.Sprintf("the high watermark of %s on %s goes from %d to %d in epoch %d, where the log ends at %d", p.name, r.Name, before, mark, epoch, r.log.end))
		return
	case epoch == p.truth.epoch && p.truth.isr&^set != 0:
		c.fail(r.Name, CountsInSync, fmt.Sprintf("%s moves the high watermark of %s to %d by %s, and the state znode calls %s in sync", r.Name, p.name, mark, c.names(set), c.names(p.truth.isr)))
		return
	}
	in := r.isr | p.lastInSync(epoch)
	if least := c.minInsync(p, epoch); len(facts.Members(in)) < least {
		c.fail(r.Name, CommitMinInsync, fmt.Sprintf("%s moves the high watermark of %s to %d with %s in sync, and %d are needed", r.Name, p.name, mark, c.names(in), least))
		return
	}
	for _, id := range facts.Members(set &^ (1 << r.ID)) {
		if at, ok := r.fetched[id]; !ok || at < mark {
			c.fail(r.Name, MarkFetched, fmt.Sprintf("%s moves the high watermark of %s to %d, and %s has fetched no further than %d in epoch %d", r.Name, p.name, mark, c.names(1<<id), at, epoch))
			return
		}
	}
	r.knows(mark)
	p.raise(mark, c.now.at, c.cfg.Lag)
	if epoch < p.truth.epoch && p.countsTorn(r, set, before, mark) {
		p.disputes(epoch+1, history.LastReplicaLost)
	}
	if !p.judged(epoch) {
		c.excuse(p, p.dispute, before) // committed in vain
		for b := range r.log.within(before, mark) {
			p.once[b.key()] = true
		}
		return
	}
	if want, got, lacks := p.holds(r, mark); lacks {
		c.fail(r.Name, LogMatching, fmt.Sprintf("%s commits %s up to %d without the committed %v%s", r.Name, p.name, mark, want, instead(got)))
		return
	}
	if mark > p.ledger.end {
		c.commit(p, r, mark)
	}
}

// commit enters what a leader says is committed, which every in-sync replica must have.
func (c *Checker) commit(p *partition, r *replica, mark int64) {
	c.enter(p, r, mark)
	if p.tainted || p.topic.doomed {
		return
	}
	for _, id := range facts.Members(p.truth.isr) {
		if r.former[id] {
			p.forgotten(id)
		}
		c.holdsAll(p, id, r.Name, func() string { return fmt.Sprintf("%s commits up to %d, while ", r.Name, mark) })
	}
}

// enter adds to the ledger what a leader has below a mark. A mark falls inside of a batch
// only where a log begins there: the batch is committed when all of it is.
func (c *Checker) enter(p *partition, r *replica, mark int64) {
	for _, b := range r.log.batches[r.log.at(p.ledger.end):] {
		if b.last >= mark {
			break
		}
		p.ledger.append(b)
		p.once[b.key()] = true
		c.numbered(p, r, b)
	}
	p.ledger.end = mark
	p.longest = max(p.longest, mark)
	r.agreed = max(r.agreed, mark)
}

// followedMark: what a follower takes for committed is, and it has it. After a loss that
// is explained, the mark of before may still be on its way. Of a topic that is being deleted
// nobody elects a leader any more, not even in place of one that lost its log and is back: in
// the epoch of before it gives offsets out again, and followers cannot tell.
func (c *Checker) followedMark(p *partition, r *replica, mark int64) {
	if mark < r.mark {
		c.fail(r.Name, MarkFollowed, fmt.Sprintf("%s takes %s for committed up to %d only, having known of %d", r.Name, p.name, mark, r.mark))
		return
	}
	r.knows(mark)
	if !p.judged(r.epoch) || p.topic.doomed || mark > p.ledger.end && r.epoch == p.disputed && mark <= p.longest {
		return
	}
	if mark > p.ledger.end {
		c.fail(r.Name, MarkFollowed, fmt.Sprintf("%s takes %s for committed up to %d, where only %d is", r.Name, p.name, mark, p.ledger.end))
		return
	}
	if want, got, lacks := p.shows(r, mark); lacks {
		c.fail(r.Name, LogMatching, fmt.Sprintf("%s takes %s for committed up to %d without the committed %v%s", r.Name, p.name, mark, want, instead(got)))
	}
}

// endTold: a leader tells how far it knows records to be committed, and does not before it
// knows that: in the beginning its high watermark may be behind what a former leader told
// (KIP-207).
func (c *Checker) endTold(p *partition, r *replica, mark, epoch int64) {
	switch {
	case r.leads && epoch == r.epoch && mark != r.mark:
		c.fail(r.Name, EndTold, fmt.Sprintf("%s tells that %s ends at %d, its high watermark being %d", r.Name, p.name, mark, r.mark))
	case r.leads && epoch == r.epoch && mark < r.began:
		c.fail(r.Name, EndTold, fmt.Sprintf("%s tells that %s ends at %d, its epoch %d having begun at %d", r.Name, p.name, mark, epoch, r.began))
	}
}

// all is how a producer wants the acknowledgements of all in-sync replicas.
const all = -1

// acknowledged: success with all acknowledgements means that the records are committed,
// those that were sent, with enough in-sync replicas. Fewer than enough may be known for
// sure; that counts which are on their way in is Kafka's reading.
func (c *Checker) acknowledged(p *partition, r *replica, e node.Event) {
	last, acks, epoch := e.N[0], e.N[1], e.N[2]
	if acks != all || !p.judged(epoch) {
		return
	}
	if last >= p.ledger.end {
		c.fail(r.Name, AckCommitted, fmt.Sprintf("%s acknowledges %s up to %d, where only %d is committed", r.Name, p.name, last, p.ledger.end))
		return
	}
	if i := p.ledger.at(last); i < len(p.ledger.batches) && p.ledger.batches[i].epoch > epoch {
		c.fail(r.Name, AckCommitted, fmt.Sprintf("%s acknowledges %d of %s as appended in epoch %d, where %v is committed", r.Name, last, p.name, epoch, p.ledger.batches[i]))
		return
	}
	in := r.counted() | p.lastInSync(r.epoch)
	if least := c.minInsync(p, epoch); len(facts.Members(in)) < least {
		c.fail(r.Name, AckMinInsync, fmt.Sprintf("%s acknowledges %s up to %d with %s in sync, and %d are needed", r.Name, p.name, last, c.names(in), least))
	}
	c.enoughInForce(p, r, last, in)
}
