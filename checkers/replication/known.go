package replication

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// recognised is how many batches of a producer a broker knows again (KIP-98).
const recognised = 5

// trail is what a log has of one producer: its latest batch, and how many of that epoch
// there are for sure.
type trail struct {
	epoch   int16
	last    int64 // where the latest batch ends
	number  int32 // the last sequence number of that
	batches int
}

// trails are those of the producers in a log, by ID. What lies below where logs were compacted
// may be gone, and is not counted among the batches.
func (m *mirror) trails(compacted int64) map[int64]trail {
	all := map[int64]trail{}
	for _, b := range m.batches[m.at(m.start):] {
		if b.producer == nil {
			continue
		}
		t := trail{epoch: b.producer.Epoch, last: b.last, number: after(b.producer.FirstSequence, int32(b.last-b.first))}
		if was, known := all[b.producer.ID]; known && was.epoch == t.epoch {
			t.batches = was.batches
		}
		if b.first >= compacted {
			t.batches++
		}
		all[b.producer.ID] = t
	}
	return all
}

// knows: a replica that opens its log, cuts it or begins to lead knows of producers what its
// log says. By what it does not know it would append a batch again, or refuse the one that is
// next; by what it knows and has not, it would acknowledge a batch that is lost:
//
//	b1 appends 5 of producer 7, is deposed, and cuts it
//	b1 leads again; the producer, which had no answer, repeats the batch
//	b1 takes it for a duplicate of what was at 5
//
// What was deleted with the front of the log it may know or not, and so what compaction took,
// of which a crash can bring one part back and not another, be it thrown away since.
func (c *Checker) knows(p *partition, r *replica, known facts.ProducersKnown) {
	if r.of.topic.gone {
		return
	}
	compacted := max(p.ledger.cleaned, r.log.cleaned, r.log.reach)
	trails := r.log.trails(compacted)
	for _, k := range known {
		t, has := trails[k.ID]
		delete(trails, k.ID)
		if how := r.log.misknown(k, t, has, compacted); how != "" {
			c.fail(r.Name, ProducersKnown, fmt.Sprintf("of producer %d in %s, whose log ends at %d, %s knows sequence %d of epoch %d at offset %d, with %d batches, and %s",
				k.ID, p.name, r.log.end, r.Name, k.LastSequence, k.Epoch, k.LastOffset, k.Batches, how))
			return
		}
	}
	for _, id := range slices.Sorted(maps.Keys(trails)) {
		if t := trails[id]; t.last >= compacted {
			c.fail(r.Name, ProducersKnown, fmt.Sprintf("%s knows nothing of producer %d in %s, whose log has sequence %d of epoch %d of it at offset %d", r.Name, id, p.name, t.number, t.epoch, t.last))
			return
		}
	}
}

// outOfSequence: a leader refuses neither the batch that is the next of its producer nor one of
// its latest, which the producer sends again as it does not know that it is there (KIP-98).
func (c *Checker) outOfSequence(p *partition, r *replica, e node.Event) {
	sent, _ := e.Body.(*facts.Producer)
	compacted := max(p.ledger.cleaned, r.log.cleaned, r.log.reach)
	if sent == nil || !r.leads || p.topic.doomed {
		return
	}
	t, has := r.log.trails(compacted)[sent.ID]
	if !has || t.last < compacted || t.epoch != sent.Epoch {
		return
	}
	if t.number == sequenceBefore(sent.FirstSequence) {
		c.fail(r.Name, SequenceTaken, fmt.Sprintf("%s refuses sequence %d of producer %d in %s, which is the next", r.Name, sent.FirstSequence, sent.ID, p.name))
		return
	}
	left := min(recognised, t.batches)
	for _, b := range slices.Backward(r.log.batches) {
		if b.producer == nil || b.producer.ID != sent.ID {
			continue
		}
		if left--; left < 0 {
			return
		}
		if b.producer.FirstSequence == sent.FirstSequence && b.producer.Records == sent.Records {
			c.fail(r.Name, SequenceTaken, fmt.Sprintf("%s refuses sequence %d of producer %d in %s, which it has at offset %d", r.Name, sent.FirstSequence, sent.ID, p.name, b.first))
			return
		}
	}
}

// sequenceBefore is the number before a number, which behind 2^31-1 begin again.
func sequenceBefore(n int32) int32 {
	if n == 0 {
		return math.MaxInt32
	}
	return n - 1
}

// misknown says what is wrong with what is known of a producer, "" if nothing is.
func (m *mirror) misknown(k facts.ProducerKnown, t trail, has bool, compacted int64) string {
	switch {
	case k.LastOffset >= m.end:
		return "has nothing there"
	case !has || k.LastOffset > t.last:
		if k.LastOffset >= max(m.start, compacted) {
			return "has no batch of it there"
		}
		return ""
	case t.last < compacted:
		return ""
	case k.LastOffset < t.last, k.Epoch != t.epoch, k.LastSequence != t.number:
		return fmt.Sprintf("has sequence %d of epoch %d at offset %d", t.number, t.epoch, t.last)
	case k.Batches < min(recognised, t.batches):
		return fmt.Sprintf("has %d of that epoch", t.batches)
	}
	return ""
}
