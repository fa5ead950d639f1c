package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// opened: a replica exists, with the log that its disk has. What a crash took from the
// end is gone; nothing can have been added.
func (c *Checker) opened(p *partition, r *replica, e node.Event) {
	if id, ok := e.Body.(facts.TopicID); ok && id != p.topic {
		if p.topic != (facts.TopicID{}) {
			return // of a topic that had this name before; it will be deleted
		}
		p.topic = id
	}
	start, end := e.N[0], e.N[1]
	if end > r.log.end {
		c.fail(r.Name, Contiguous, fmt.Sprintf("the log of %s on %s ends at %d after a restart, having ended at %d", p.name, r.Name, end, r.log.end))
		return
	}
	if end < r.log.end {
		if end < p.ledger.end && (r.lost < 0 || end < r.lost) {
			r.lost = end
		}
		r.log.cut(end)
	}
	r.log.begin(start) // which may be earlier: where a log begins is noted now and then
	r.leads = false
}

// leaderAppended: offsets follow each other, epochs do not fall, and only one broker
// appends in an epoch, the one that the state znode names.
func (c *Checker) leaderAppended(p *partition, r *replica, e node.Event) {
	b := batch{first: e.N[0], last: e.N[1], epoch: e.N[2], sum: e.N[3]}
	b.producer, _ = e.Body.(*facts.Producer)
	if b.first != r.log.end || b.last < b.first || b.epoch < r.log.epoch() {
		c.fail(r.Name, Contiguous, fmt.Sprintf("%s appends %v to %s, whose log ends at %d in epoch %d", r.Name, b, p.name, r.log.end, r.log.epoch()))
		return
	}
	if other, ok := p.leaders[b.epoch]; ok && other != r.ID {
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s appends %v to %s, in an epoch in which %s did", r.Name, b, p.name, c.names(1<<other)))
		return
	}
	if named, ok := p.elected[b.epoch]; !ok || named.leader != r.ID {
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s appends %v to %s, and no state znode ever made it the leader of that epoch", r.Name, b, p.name))
		return
	}
	p.leaders[b.epoch] = r.ID
	r.log.append(b)
}

// followerAppended: a follower takes what its leader sent, at the offsets it has there.
func (c *Checker) followerAppended(p *partition, r *replica, e node.Event) {
	b := batch{first: e.N[0], last: e.N[1], epoch: e.N[2], sum: e.N[3]}
	if b.first < r.log.end || b.last < b.first || b.epoch < r.log.epoch() {
		c.fail(r.Name, Contiguous, fmt.Sprintf("%s takes %v over into %s, whose log ends at %d in epoch %d", r.Name, b, p.name, r.log.end, r.log.epoch()))
		return
	}
	r.log.append(b)
	if r.lost >= 0 && r.log.end >= p.ledger.end {
		r.lost = -1
	}
}

// truncated: a replica that counts as in sync does not cut what is committed.
func (c *Checker) truncated(p *partition, r *replica, to int64) {
	r.log.cut(to)
	r.mark = min(r.mark, to)
	c.stillHolds(p, r, fmt.Sprintf("is cut to %d", to))
}

// startedOver: the log was thrown away because its leader's begins later.
func (c *Checker) startedOver(p *partition, r *replica, start int64) {
	r.log = mirror{start: start, end: start}
	r.mark = min(r.mark, start)
	c.stillHolds(p, r, fmt.Sprintf("starts over at %d", start))
}

// stillHolds: if the state znode calls the replica in sync, it has all that is
// committed, unless a crash took it.
func (c *Checker) stillHolds(p *partition, r *replica, how string) {
	if p.truth.isr&(1<<r.ID) == 0 || r.lost >= 0 {
		return
	}
	if want, got, lacks := r.log.missing(&p.ledger, 0, p.ledger.end); lacks {
		c.fail(r.Name, StrongIsr, fmt.Sprintf("the log of %s on %s, which is in sync, %s and lacks the committed %v%s", p.name, r.Name, how, want, instead(got)))
	}
}

// instead says what is where something else should be.
func instead(got *batch) string {
	if got == nil {
		return ""
	}
	return fmt.Sprintf(", and has %v instead", *got)
}

// startAdvanced: a log never begins behind its high watermark, or earlier than before.
func (c *Checker) startAdvanced(p *partition, r *replica, start, mark int64) {
	if start < r.log.start || start > mark {
		c.fail(r.Name, LogStart, fmt.Sprintf("the log of %s on %s begins at %d, having begun at %d, with the high watermark at %d", p.name, r.Name, start, r.log.start, mark))
		return
	}
	r.log.begin(start)
	if start > p.ledger.start {
		p.ledger.start = start
		c.explain(history.StartMoved, p, start)
	}
}

// compacted: what is left below an offset need not be what others have.
func (c *Checker) compacted(p *partition, r *replica, upto int64) {
	r.log.cleaned = max(r.log.cleaned, upto)
	if upto > p.ledger.cleaned {
		p.ledger.cleaned = upto
		c.explain(history.CompactedTo, p, upto)
	}
}

// highWatermark: the leader says that everything below is committed.
func (c *Checker) highWatermark(p *partition, r *replica, mark, epoch int64) {
	if mark < r.mark && epoch == r.epoch {
		c.fail(r.Name, HighWatermarkGrows, fmt.Sprintf("the high watermark of %s on %s falls from %d to %d in epoch %d", p.name, r.Name, r.mark, mark, epoch))
		return
	}
	if mark > r.log.end {
		c.fail(r.Name, HighWatermarkGrows, fmt.Sprintf("the high watermark of %s on %s is %d, where its log ends at %d", p.name, r.Name, mark, r.log.end))
		return
	}
	r.mark = mark
	if want, got, lacks := r.log.missing(&p.ledger, 0, min(mark, p.ledger.end)); lacks {
		c.fail(r.Name, LogMatching, fmt.Sprintf("%s commits %s up to %d without the committed %v%s", r.Name, p.name, mark, want, instead(got)))
		return
	}
	if mark > p.ledger.end {
		c.commit(p, r, mark)
	}
}

// commit enters what a leader says is committed, which every in-sync replica must have.
func (c *Checker) commit(p *partition, r *replica, mark int64) {
	from := p.ledger.end
	for _, b := range r.log.batches[r.log.at(from):] {
		if b.first >= mark {
			break
		}
		p.ledger.append(b)
		c.numbered(p, r, b)
	}
	p.ledger.end = max(p.ledger.end, mark)
	for _, id := range facts.Members(p.truth.isr) {
		other := p.replicas[id]
		if other == nil || other == r || other.lost >= 0 {
			continue
		}
		if want, got, lacks := other.log.missing(&p.ledger, from, mark); lacks {
			c.fail(r.Name, StrongIsr, fmt.Sprintf("%s commits %s up to %d, while %s, which is in sync, lacks %v%s", r.Name, p.name, mark, other.Name, want, instead(got)))
			return
		}
	}
}

// numbered: a producer's batches follow each other.
func (c *Checker) numbered(p *partition, r *replica, b batch) {
	if b.producer == nil {
		return
	}
	key := producerEpoch{b.producer.ID, b.producer.Epoch}
	next, known := p.sequence[key]
	if known && b.producer.FirstSequence != next {
		c.fail(r.Name, SequenceWhole, fmt.Sprintf("%v of producer %d in epoch %d has sequence %d in %s, where %d is next", b, key.id, key.epoch, b.producer.FirstSequence, p.name, next))
		return
	}
	p.sequence[key] = after(b.producer.FirstSequence, b.producer.Records)
}

// after is the sequence number so many records later: they begin again behind 2^31-1.
func after(first, records int32) int32 {
	const numbers = int64(1) << 31
	return int32((int64(first) + int64(records)) % numbers)
}

// followedMark: what a follower takes for committed is, and it has it.
func (c *Checker) followedMark(p *partition, r *replica, mark int64) {
	if mark > p.ledger.end {
		c.fail(r.Name, HighWatermarkGrows, fmt.Sprintf("%s takes %s for committed up to %d, where only %d is", r.Name, p.name, mark, p.ledger.end))
		return
	}
	r.mark = mark
	if want, got, lacks := r.log.missing(&p.ledger, 0, mark); lacks && r.lost < 0 {
		c.fail(r.Name, LogMatching, fmt.Sprintf("%s takes %s for committed up to %d without the committed %v%s", r.Name, p.name, mark, want, instead(got)))
	}
}

// acknowledged: success with all acknowledgements means that the records are committed,
// with enough in-sync replicas.
func (c *Checker) acknowledged(p *partition, r *replica, last, acks int64) {
	const all = -1
	if acks != all {
		return
	}
	if last >= p.ledger.end {
		c.fail(r.Name, AckCommitted, fmt.Sprintf("%s acknowledges %s up to %d, where only %d is committed", r.Name, p.name, last, p.ledger.end))
		return
	}
	least := c.minInsync(p.name)
	if in := len(facts.Members(r.isr)); in < least {
		c.fail(r.Name, AckMinInsync, fmt.Sprintf("%s acknowledges %s up to %d with %s in sync, and %d are needed", r.Name, p.name, last, c.names(r.isr), least))
	}
}
