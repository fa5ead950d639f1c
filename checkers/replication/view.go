package replication

import "strings"

// What judges of other things ask of partitions: those of groups, which live in one.

// Held is a batch that a replica holds: where it begins and in which leader epoch it was
// appended. Epoch and offset together name a batch for all time.
type Held struct{ First, Epoch int64 }

// Partitions is how many partitions a topic has, 0 if there is none of the name. Who knows a
// topic of the name knows of no fewer than least: as many as it had when its creation was
// over or interrupted, or one of the name that was deleted, which somebody may still take for it.
func (c *Checker) Partitions(topic string) (now, least int) {
	t := c.topics[topic]
	if t == nil {
		return 0, 0
	}
	least = min(t.least, t.states())
	for _, old := range c.gone { //sim:unordered the least of all
		if old.name == topic {
			least = min(least, old.least)
		}
	}
	return len(t.assigned), least
}

// TopicEnded reports whether a topic of a name was deleted some time, or is about to be.
func (c *Checker) TopicEnded(name string) bool {
	if t := c.topics[name]; t != nil && t.doomed {
		return true
	}
	for id, t := range c.gone { //sim:unordered any will do
		if strings.HasSuffix(id, name) && t.name == name {
			return true
		}
	}
	return false
}

// Named is the broker that the state znode made the leader of a partition in an epoch, 0
// for none.
func (c *Checker) Named(partition string, epoch int64) int32 {
	if p := c.partition(partition); p != nil && p.elected[epoch] != nil {
		return p.elected[epoch].leader
	}
	return 0
}

// Leads is who leads a partition now and in which epoch; 0 and -1 for nobody.
func (c *Checker) Leads(partition string) (broker int32, epoch int64) {
	if p := c.partition(partition); p != nil && p.truth.exists && p.truth.leader >= 0 {
		return p.truth.leader, p.truth.epoch
	}
	return 0, -1
}

// HasCommitted reports whether a batch is committed; judged is false where what is done in
// its epoch says nothing, after a loss that is explained.
func (c *Checker) HasCommitted(partition string, b Held) (committed, judged bool) {
	p := c.partition(partition)
	if p == nil || !p.judged(b.Epoch) {
		return false, false
	}
	i := p.ledger.at(b.First)
	return i < len(p.ledger.batches) && p.ledger.batches[i].first == b.First && p.ledger.batches[i].epoch == b.Epoch, true
}

// Holds lists what a broker holds of a partition: what is committed, also what its own
// log was compacted to the last of, and then its own tail. ok is false if it lacks
// something below its end, or has something else there, or has lost what it was compacted
// to, itself or the one it copied from, or the partition is not judged: then nothing can be
// said. Who hears late that it led may
// have a tail where others have committed something, and compacted it since.
func (c *Checker) Holds(partition string, broker int32) (all []Held, ok bool) {
	p := c.partition(partition)
	if p == nil || p.replicas[broker] == nil {
		return nil, false
	}
	r := p.replicas[broker]
	if _, _, lacks := p.holds(r, min(r.log.end, p.ledger.end)); lacks || p.tainted || p.ledger.ripped || r.log.end < r.log.reach || !p.judged(r.epoch) {
		return nil, false
	}
	tail := r.log.at(p.ledger.end)
	for _, b := range r.log.batches[:tail] {
		if i := p.ledger.at(b.first); i < len(p.ledger.batches) && p.ledger.batches[i].first <= b.last && p.ledger.batches[i].epoch != b.epoch {
			return nil, false
		}
	}
	for _, b := range p.ledger.batches {
		if b.last < r.log.end {
			all = append(all, Held{b.first, b.epoch})
		}
	}
	for _, b := range r.log.batches[tail:] {
		all = append(all, Held{b.first, b.epoch})
	}
	return all, true
}
