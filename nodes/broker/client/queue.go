package client

import (
	"math"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// queue is what a producer has for one partition.
type queue struct {
	p  *Producer
	at TopicPartition
	// batches are those that have not ended, in the order of their records. Those in
	// flight may be anywhere in front; only the last is open.
	batches []*parcel

	// identity is what the sequences of this partition run under, and next the sequence
	// of the next record that gets one.
	identity identity
	next     int32
	// introduced: a batch under the identity was appended, so that the partition knows it
	// and refuses what is not next. One that does not takes any first sequence (KIP-360).
	introduced bool
	// gap: a batch ended that had a sequence and is not known to be appended. The broker
	// may wait for it for ever and refuse all that follows, so there has to be a new
	// epoch, in which sequences begin at 0.
	gap bool
}

// parcel is some records on their way together: a batch, and what its producer knows of it.
type parcel struct {
	q       *queue
	serial  uint64
	records []*record
	one     [1]*record // room for as many as there mostly are without a linger
	size    int
	opened  time.Duration
	closed  bool // it takes no more records
	ended   bool

	inFlight  bool
	attempts  int
	broker    int32         // of the last
	notBefore time.Duration // of the next attempt
	// ambiguous: an attempt may have appended the records, or may yet. That never
	// becomes untrue, so the batch cannot fail for sure any more.
	ambiguous bool

	// Under what the batch is sent. The sequence is -1 before the first attempt and
	// then stays, as long as the batch is ambiguous: brokers know it again by that.
	identity identity
	sequence int32
}

// ending is what became of a batch.
type ending struct {
	ok   bool
	base int64 // the offset of its first record, -1 if unknown
	code wire.ErrorCode
	err  error
}

// add puts a record into the open batch.
func (q *queue) add(r *record) {
	size := r.bytes()
	var last *parcel
	if n := len(q.batches); n > 0 && !q.batches[n-1].closed {
		last = q.batches[n-1]
	}
	if last != nil && last.size+size > q.p.cfg.BatchBytes {
		last.closed = true
		last = nil
	}
	if last == nil {
		q.p.serial++
		last = &parcel{q: q, serial: q.p.serial, size: batch.HeaderBytes, opened: q.p.c.env.Now(), identity: nobody, sequence: -1}
		last.records = last.one[:0]
		q.batches = append(q.batches, last)
	}
	last.records = append(last.records, r)
	last.size += size
}

// idle reports whether all batches that there are, if any, are in flight.
func (q *queue) idle() bool {
	return !slices.ContainsFunc(q.batches, func(b *parcel) bool { return !b.inFlight })
}

// ready returns the batch to be sent next, nil if there is none for now.
func (q *queue) ready() *parcel {
	i := slices.IndexFunc(q.batches, func(b *parcel) bool { return !b.inFlight })
	if i < 0 {
		return nil
	}
	if q.p.cfg.Idempotent && !q.mend() {
		return nil
	}
	i = slices.IndexFunc(q.batches, func(b *parcel) bool { return !b.inFlight })
	if i >= 0 && q.p.c.cfg.Bugs.Has(bugs.YoungestBatchFirst) {
		for i+1 < len(q.batches) && q.batches[i].attempts == 0 {
			i++
		}
	}
	if i < 0 || !q.mayFollow(i) || q.batches[i].wakes() > q.p.c.env.Now() {
		return nil
	}
	return q.batches[i]
}

// mayFollow reports whether batch i may be sent while those before it are in flight.
func (q *queue) mayFollow(i int) bool {
	switch {
	case i == 0:
		return true
	case q.p.cfg.MaxInFlight == 1:
		return false // also if the leader has moved, and the limit is another broker's
	case !q.p.cfg.Idempotent:
		return true
	case !q.introduced:
		// Were the first batch refused, the partition would take the second as the first
		// that it hears of, and the first never again (KAFKA-14920). Kafka's producer
		// lets them go together.
		return false
	}
	// A repetition waits for what is before it, or it would be refused as out of order;
	// and brokers recognise no more than so many.
	return q.batches[i].sequence < 0 && i < rememberedBatches
}

// wakes is when a batch is to be sent, going by itself.
func (b *parcel) wakes() time.Duration {
	if b.attempts == 0 && !b.closed {
		return b.opened + b.q.p.cfg.Linger
	}
	return b.notBefore
}

// deadline is when the batch expires: with its oldest record.
func (b *parcel) deadline() time.Duration { return b.records[0].deadline }

// leave notes that a batch is being sent.
func (b *parcel) leave(broker int32) {
	b.inFlight, b.closed, b.broker = true, true, broker
	b.attempts++
	if b.q.p.sticky[b.q.at.Topic] == b.q.at.Partition {
		delete(b.q.p.sticky, b.q.at.Topic)
	}
	if b.q.p.cfg.Idempotent && b.sequence < 0 {
		b.identity, b.sequence = b.q.identity, b.q.next
		b.q.next = batch.AddSequence(b.q.next, int32(len(b.records)))
	}
}

// unanswered takes that no broker answered.
func (b *parcel) unanswered(err error) {
	b.ambiguous = b.ambiguous || sent(err)
	e := ending{base: -1, err: err}
	if err == ErrUnsupported || err == ErrClosed {
		b.q.end(b, e)
		return
	}
	b.again(e)
}

// judge takes what a broker answered.
func (b *parcel) judge(code wire.ErrorCode, base int64) {
	e := ending{base: -1, code: code}
	if code == wire.OK {
		e.ok, e.base = true, base
		b.q.introduced = b.q.introduced || b.identity == b.q.identity
		b.q.end(b, e)
		return
	}
	b.ambiguous = b.ambiguous || !refused(code, b.q.p.cfg.Acks)
	switch {
	case code == wire.OutOfOrderSequenceNumber && (b.q.gap || b.q.batches[0] != b):
		b.again(e) // what was before it is not in the log, yet or ever
	case code == wire.UnknownProducerID && !b.ambiguous:
		b.q.gap = true
		b.again(e)
	case code.Retriable():
		b.again(e)
	default:
		b.q.end(b, e)
	}
}

// refused reports whether an error says that a broker has not appended a batch, and
// never will. What a leader may also answer that appended it first, and then was
// deposed, lost its disk or its topic while the batch waited for replicas, does not.
func refused(code wire.ErrorCode, acks int16) bool {
	switch code {
	case wire.CorruptMessage, wire.MessageTooLarge, wire.RecordListTooLarge, wire.InvalidTopic, wire.NotEnoughReplicas,
		wire.InvalidRequiredAcks, wire.TopicAuthorizationFailed, wire.ClusterAuthorizationFailed, wire.InvalidTimestamp, wire.UnsupportedVersion,
		wire.InvalidRequest, wire.UnsupportedForMessageFormat, wire.PolicyViolation, wire.OutOfOrderSequenceNumber, wire.InvalidProducerEpoch,
		wire.UnsupportedCompressionType, wire.InvalidRecord, wire.UnknownProducerID, wire.ThrottlingQuotaExceeded:
		return true
	case wire.NotLeaderOrFollower, wire.UnknownTopicOrPartition, wire.LeaderNotAvailable:
		return acks != -1
	}
	return false
}

// again makes a batch wait for another attempt, or ends it.
func (b *parcel) again(e ending) {
	p := b.q.p
	p.c.refresh()
	if p.cfg.NoRetries || p.c.env.Now() >= b.deadline() {
		b.q.end(b, e)
		return
	}
	b.notBefore = p.c.env.Now() + p.c.backoff(b.attempts)
}

// end tells the owners of a batch's records what became of them.
func (q *queue) end(b *parcel, e ending) {
	b.ended = true
	q.batches = slices.DeleteFunc(q.batches, func(other *parcel) bool { return other == b })
	if !e.ok && b.sequence >= 0 {
		q.gap = true
	}
	result := Sent{
		Outcome: Failed, Partition: q.at.Partition, Offset: -1, Code: e.code, Err: e.err, Attempts: b.attempts, Broker: b.broker,
		Producer: b.identity.id, Epoch: b.identity.epoch, Sequence: b.sequence,
	}
	switch {
	case e.ok:
		result.Outcome = Succeeded
	case b.ambiguous:
		result.Outcome = Unknown
	}
	for i, r := range b.records {
		each := result
		if e.base >= 0 {
			each.Offset = e.base + int64(i)
		}
		if b.sequence >= 0 {
			each.Sequence = batch.AddSequence(b.sequence, int32(i))
		}
		q.p.c.tell(func() { r.done(each) })
	}
}

// refuse ends what waits for a topic that the client may not know of: what it had when it
// asked. What it was given since may be of somebody who has just been granted it.
func (q *queue) refuse() {
	for _, b := range slices.Clone(q.batches) {
		if !b.inFlight && b.records[len(b.records)-1].born <= q.p.c.metadata.asked {
			q.end(b, ending{base: -1, code: wire.TopicAuthorizationFailed})
		}
	}
}

// expire ends what waits past its deadline.
func (p *Producer) expire() {
	now := p.c.env.Now()
	for _, q := range p.order {
		if q.idle() {
			continue
		}
		overdue := func(b *parcel) bool { return !b.inFlight && b.deadline() <= now }
		for i := slices.IndexFunc(q.batches, overdue); i >= 0; i = slices.IndexFunc(q.batches, overdue) {
			q.end(q.batches[i], ending{base: -1, err: ErrExpired})
		}
	}
}

// sleep arranges that pump looks again when time alone makes something ready. Answers
// and metadata wake it themselves.
func (p *Producer) sleep() {
	now := p.c.env.Now()
	next := time.Duration(math.MaxInt64)
	for _, q := range p.order {
		i := slices.IndexFunc(q.batches, func(b *parcel) bool { return !b.inFlight })
		if i < 0 {
			continue
		}
		b := q.batches[i]
		next = min(next, b.deadline())
		if at := b.wakes(); at > now {
			next = min(next, at)
		}
		if _, ok := p.c.leader(q.at); !ok {
			p.c.refresh()
		}
	}
	if next != math.MaxInt64 {
		p.pumping.in(next - now)
	}
}

// bytes is about what a record adds to its batch. Most lengths take a byte or two.
func (r *record) bytes() int {
	const lengths = 12
	n := lengths + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += 2 + len(h.Key) + len(h.Value)
	}
	return n
}

// encode makes the bytes of a batch.
func (b *parcel) encode() []byte {
	o := batch.Plain()
	o.Codec = b.q.p.cfg.Codec
	if b.sequence >= 0 {
		o.ProducerID, o.ProducerEpoch, o.BaseSequence = b.identity.id, b.identity.epoch, b.sequence
	}
	build := &b.q.p.build
	build.Reset(o)
	for _, r := range b.records {
		build.Add(batch.Record{Timestamp: r.Timestamp, Key: r.Key, Value: r.Value, Headers: r.Headers})
	}
	return build.Build()
}
