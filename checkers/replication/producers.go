package replication

import (
	"fmt"
	"strconv"
)

// sequence is how far an idempotent producer has come in a partition: its epoch, and the
// number that is next in it.
type sequence struct {
	epoch int16
	next  int32
	// last is where its latest batch ends.
	last int64
}

// numbered: the batches of a producer follow each other, and with its next epoch the
// numbers begin anew. Of a producer that the log has nothing of, any number is taken
// (KIP-360): what was before may have been deleted. That brokers forget a producer after
// a day of silence is left out: no run is so long.
func (c *Checker) numbered(p *partition, r *replica, b batch) {
	if b.producer == nil {
		return
	}
	was, known := p.producers[b.producer.ID]
	p.count(b)
	who := func() string { // asked for when something is wrong: words cost more than all of this
		return fmt.Sprintf("%v of producer %d has sequence %d in epoch %d of it in %s", b, b.producer.ID, b.producer.FirstSequence, b.producer.Epoch, p.name)
	}
	switch {
	case !known || was.last < max(r.log.start, r.log.cleaned):
	case b.producer.Epoch < was.epoch:
		c.fail(r.Name, ProducerFenced, fmt.Sprintf("%s, after epoch %d", who(), was.epoch))
	case b.producer.Epoch > was.epoch && b.producer.FirstSequence != 0:
		c.fail(r.Name, SequenceWhole, who()+", which is the first")
	case b.producer.Epoch == was.epoch && b.producer.FirstSequence != was.next:
		c.fail(r.Name, SequenceWhole, fmt.Sprintf("%s, where %d is next", who(), was.next))
	}
}

// blockTaken: a broker takes a block of producer IDs, none of which anybody has given away. Two
// producers of one ID would be taken for one, that repeats itself or leaves something out.
func (c *Checker) blockTaken(data []byte) {
	var v struct {
		Start string `json:"block_start"`
		End   string `json:"block_end"`
	}
	if !parse(data, &v) {
		return
	}
	start, err := strconv.ParseInt(v.Start, 10, 64)
	end, err2 := strconv.ParseInt(v.End, 10, 64)
	if err != nil || err2 != nil {
		return
	}
	if start < c.nextProducer {
		c.fail("", ProducerIDsApart, fmt.Sprintf("a block from %d to %d is taken, and all IDs below %d were", start, end, c.nextProducer))
		return
	}
	c.nextProducer = end + 1
}

// count notes how far a producer has come with a batch.
func (p *partition) count(b batch) {
	if b.producer != nil {
		p.producers[b.producer.ID] = sequence{b.producer.Epoch, after(b.producer.FirstSequence, b.producer.Records), b.last}
	}
}

// recount notes it again, the ledger having been cut.
func (p *partition) recount() {
	clear(p.producers)
	for _, b := range p.ledger.batches {
		p.count(b)
	}
}

// after is the sequence number so many records later: they begin again behind 2^31-1.
func after(first, records int32) int32 {
	const numbers = int64(1) << 31
	return int32((int64(first) + int64(records)) % numbers)
}
