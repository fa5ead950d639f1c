package replication

import (
	"fmt"
	"maps"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// leaderAppended: offsets follow each other, epochs do not fall, and only the broker
// appends in an epoch that the state znode names.
func (c *Checker) leaderAppended(p *partition, r *replica, e node.Event) {
	b := batch{first: e.N[0], last: e.N[1], epoch: e.N[2], sum: e.N[3]}
	sent, _ := e.Body.(*facts.Sent)
	if sent != nil {
		b.producer = sent.Producer
	}
	switch named := p.elected[b.epoch]; {
	case named == nil || named.leader != r.ID:
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s appends %v to %s, and no state znode ever made it the leader of that epoch", r.Name, b, p.name))
	case b.first != r.log.end || b.last < b.first || b.epoch < r.log.epoch() || !r.leads || b.epoch != r.epoch:
		c.fail(r.Name, Contiguous, fmt.Sprintf("%s appends %v to %s, whose log ends at %d in epoch %d, %s", r.Name, b, p.name, r.log.end, r.log.epoch(), r.role()))
	default:
		r.grows(c.now.at)
		untouched := b.first > r.brink
		r.append(b)
		p.grew = c.now.at
		c.waits(p, r)
		if sent != nil && sent.Acks == all {
			c.enough(p, r, b)
		}
		if sent != nil {
			c.inForce(p, r, b, sent, untouched && !r.rollWaits)
		}
		r.rollWaits = false
	}
}

// knownInSync are those that a leader may take for in sync: as it knows, be it by a change of
// its own, or one that a controller told it of. Those on their way in do not count yet.
func (r *replica) knownInSync() int64 { return r.isr | r.of.lastInSync(r.epoch) }

// enough: what all in-sync replicas are to have is not even appended while they are too few.
// It could be committed later, its producer having been told that it was refused.
func (c *Checker) enough(p *partition, r *replica, b batch) {
	in := r.knownInSync()
	if least := c.minInsync(p, b.epoch); len(facts.Members(in)) < least {
		c.fail(r.Name, AppendMinInsync, fmt.Sprintf("%s appends %v to %s with %s in sync, and %d are needed", r.Name, b, p.name, c.names(in), least))
	}
}

// role says what a replica takes itself for.
func (r *replica) role() string {
	if r.leads {
		return fmt.Sprintf("leading in epoch %d", r.epoch)
	}
	return fmt.Sprintf("not leading, in epoch %d", r.epoch)
}

// followerAppended: a follower takes what its leader sent, at the offsets it has there.
// There may be gaps, where the leader's log was compacted.
func (c *Checker) followerAppended(p *partition, r *replica, e node.Event) {
	b := batch{first: e.N[0], last: e.N[1], epoch: e.N[2], sum: e.N[3]}
	b.producer, _ = e.Body.(*facts.Producer)
	if b.first < r.log.end || b.last < b.first || b.epoch < r.log.epoch() || r.leads {
		c.fail(r.Name, Contiguous, fmt.Sprintf("%s takes %v over into %s, whose log ends at %d in epoch %d, %s", r.Name, b, p.name, r.log.end, r.log.epoch(), r.role()))
		return
	}
	if b.first < p.ledger.cleaned {
		p.copiesCleaned(r)
	}
	r.append(b)
	if r.lost >= 0 && r.log.end >= p.ledger.end {
		if _, _, lacks := p.holds(r, p.ledger.end); !lacks {
			r.lost = -1
		}
	}
}

// truncated: a replica that counts as in sync does not cut what is committed.
func (c *Checker) truncated(p *partition, r *replica, to int64, known facts.ProducersKnown) {
	r.cut(to)
	c.stillHolds(p, r, fmt.Sprintf("is cut to %d", to))
	c.knows(p, r, known)
}

// startedOver: the log was thrown away because its leader's begins later. Nothing is below
// its start any more, so its high watermark is there, and is not told again.
func (c *Checker) startedOver(p *partition, r *replica, start int64) {
	if start > p.hidden {
		c.fail(r.Name, LogStart, fmt.Sprintf("%s lets its log of %s begin anew at %d, where no log began later than at %d", r.Name, p.name, start, p.hidden))
		return
	}
	r.log, r.agreed, r.hid = emptyLog(start), 0, max(r.hid, start)
	r.noted, r.owed = min(r.noted, start), min(r.owed, start)
	r.disturbed()
	r.knows(start)
	c.stillHolds(p, r, fmt.Sprintf("starts over at %d", start))
}

// removed: the log is gone, which nobody wants of a replica in sync. Its files may come
// back with a crash.
func (c *Checker) removed(p *partition, r *replica) {
	delete(r.open, p.name)
	delete(p.replicas, r.ID)
	r.gave, r.noted, r.owed = true, 0, 0
	r.forgets(p.topic.name)
	p.buried[r.ID] = r
	maps.Copy(p.deceased, r.wrote)
	if p.inSync(r.ID) && !p.tainted {
		c.holdsAll(p, r.ID, r.Name, func() string { return "it was deleted, while " })
	}
}

// stillHolds: if the state znode calls the replica in sync, it has all that is
// committed, unless a crash took it.
func (c *Checker) stillHolds(p *partition, r *replica, how string) {
	if p.inSync(r.ID) && !p.tainted {
		c.holdsAll(p, r.ID, r.Name, func() string { return fmt.Sprintf("the log of %s on %s %s, while ", p.name, r.Name, how) })
	}
}

// holdsAll reports a broker that lacks something committed and should have it.
func (c *Checker) holdsAll(p *partition, id int32, who string, how func() string) {
	r := p.replicas[id]
	var want batch
	var got *batch
	lacks := len(p.ledger.batches) > 0
	if lacks {
		want = p.ledger.batches[0]
	}
	if r != nil {
		want, got, lacks = p.holds(r, p.ledger.end)
		lacks = lacks && !r.explains(want.first)
	}
	if lacks {
		c.fail(who, StrongIsr, fmt.Sprintf("%s%s, which is in sync on %s, lacks the committed %v%s", how(), c.names(1<<id), p.name, want, instead(got)))
	}
}

// explains reports whether a crash took what a replica has not at an offset.
func (r *replica) explains(offset int64) bool { return r.lost >= 0 && offset >= r.lost }

// instead says what is where something else should be.
func instead(got *batch) string {
	if got == nil {
		return ""
	}
	return fmt.Sprintf(", and has %v instead", *got)
}
