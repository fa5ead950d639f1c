package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// What a producer may want of acknowledgements.
const (
	acksAll    int16 = -1 // by all in-sync replicas
	acksNone   int16 = 0
	acksLeader int16 = 1
)

// production is a request to produce, with its answer as far as it is known.
type production struct {
	waiter
	x      *exchange
	acks   int16
	answer *kmsg.ProduceResponse
	parts  []produced
	failed bool
	bytes  int // of all records
	// one is room for the usual case, which is one batch.
	one        [1]produced
	oneReplica [1]*localReplica
}

// productionAnswer is an answer with room for what the usual one says, in one piece.
type productionAnswer struct {
	kmsg.ProduceResponse
	topics [1]kmsg.ProduceResponseTopic
	parts  [1]kmsg.ProduceResponseTopicPartition
}

// produced is what became of the records for one partition.
type produced struct {
	topic, partition int // in the answer
	replica          *localReplica
	last             int64
	epoch            int32
	// decided: the answer is known. duplicate: it was appended before.
	decided, duplicate bool
}

// produce appends records as a leader.
func (s *Server) produce(x *exchange) {
	r := x.Body.(*kmsg.ProduceRequest)
	answer := &productionAnswer{}
	answer.Default()
	answer.Topics = answer.topics[:0]
	p := &production{x: x, acks: r.Acks, answer: &answer.ProduceResponse, failed: x.amend != nil}
	p.parts = p.one[:0]
	for i := range r.Topics {
		t := &r.Topics[i]
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = t.Topic
		if i == 0 {
			topic.Partitions = answer.parts[:0]
		}
		p.answer.Topics = append(p.answer.Topics, topic)
		for j := range t.Partitions {
			s.producePart(p, i, t.Topic, &t.Partitions[j])
		}
	}
	s.acknowledge(p, time.Duration(r.TimeoutMillis)*time.Millisecond)
}

// producePart appends the records for one partition.
func (s *Server) producePart(p *production, topic int, name string, in *kmsg.ProduceRequestTopicPartition) {
	p.bytes += len(in.Records)
	r, got, code := (*localReplica)(nil), nowhere, wire.UnsupportedCompressionType
	if p.x.Version >= zstdProduce || codecOf(in.Records) != batch.Zstd {
		r, got, code = s.appendTo(znodes.TopicPartition{Topic: name, Partition: in.Partition}, in.Records, p.acks)
	}
	out := kmsg.NewProduceResponseTopicPartition()
	out.Partition, out.ErrorCode, out.BaseOffset = in.Partition, int16(code), got.Base
	if code == wire.OK {
		out.LogAppendTime, out.LogStartOffset = got.Time, r.log.Start()
		p.parts = append(p.parts, produced{
			topic: topic, partition: len(p.answer.Topics[topic].Partitions), replica: r, last: got.Last, epoch: r.LeaderEpoch(), duplicate: got.Duplicate,
		})
	}
	p.failed = p.failed || code != wire.OK
	p.answer.Topics[topic].Partitions = append(p.answer.Topics[topic].Partitions, out)
}

// The first versions of requests whose senders know zstd (KIP-110).
const (
	zstdProduce = 7
	zstdFetch   = 10
)

// codecOf is the codec of the first batch among records, if there is one.
func codecOf(records []byte) batch.Codec {
	first, _, err := batch.Next(records)
	if err != nil || first == nil {
		return batch.None
	}
	return first.Codec()
}

// nowhere is the place of records that were not appended.
var nowhere = log.Appended{Base: -1, Last: -1, Time: batch.NoTimestamp}

// appendTo appends one batch to a partition that is led here.
func (s *Server) appendTo(tp znodes.TopicPartition, records []byte, acks int16) (*localReplica, log.Appended, wire.ErrorCode) {
	r := s.replicas[tp]
	switch {
	case acks != acksAll && acks != acksNone && acks != acksLeader:
		return r, nowhere, wire.InvalidRequiredAcks
	case r == nil:
		return nil, nowhere, s.absent(tp)
	}
	if code := r.Check(noEpoch, true); code != wire.OK {
		return r, nowhere, code
	}
	if acks == acksAll && !s.cfg.Bugs.Has(bugs.MinInsyncCheckedLate) {
		if code := r.MayAppend(); code != wire.OK {
			return r, nowhere, code
		}
	}
	got, code := r.log.AppendAsLeader(records, r.LeaderEpoch(), s.env.WallMillis())
	s.appended(r, records, acks, got, code)
	return r, got, code
}

// absent is the error for a partition that has no replica here: a client that was told
// otherwise looks again.
func (s *Server) absent(tp znodes.TopicPartition) wire.ErrorCode {
	if t := s.metadata.topics[tp.Topic]; t != nil && int(tp.Partition) < len(t.partitions) && tp.Partition >= 0 {
		return wire.NotLeaderOrFollower
	}
	return wire.UnknownTopicOrPartition
}

// appended goes on after an append: those who wait for records get them, and where
// nobody else is in sync they are committed.
func (s *Server) appended(r *localReplica, records []byte, acks int16, got log.Appended, code wire.ErrorCode) {
	b := batch.Batch(records)
	switch {
	case code == wire.OutOfOrderSequenceNumber:
		s.env.Observe(node.Event{Kind: facts.OutOfSequence, Text: r.Name(), Body: producerOf(b), N: [4]int64{int64(b.BaseSequence()), -1}})
	case code != wire.OK:
		if code == wire.MessageTooLarge {
			r.log.observe(facts.TooLong, int64(len(records)), 0, 0, int64(b.Codec()))
		}
		s.work(r)
	case got.Duplicate:
		r.log.observe(facts.DuplicateBatch, got.Base, int64(b.BaseSequence()))
	default:
		if got.Raised {
			r.log.observe(facts.ProducerEpochUp, b.ProducerID(), int64(b.ProducerEpoch()))
		}
		stored := r.become(b, got.Base)
		e := appending(r, facts.LeaderAppended, stored, got.Base, got.Last, r.LeaderEpoch())
		e.Body = sentOf(b, stored, acks)
		s.env.Observe(e)
		if codec := r.log.Config().Compression.Of(b); codec != b.Codec() {
			r.log.observe(facts.Recoded, got.Base, int64(b.Codec()), int64(codec))
		}
		r.Appended(s.env.Now())
		s.work(r)
		s.touch(r)
	}
}

// acknowledge answers a production as soon as its producer wants it.
func (s *Server) acknowledge(p *production, patience time.Duration) {
	switch {
	case p.acks == acksNone && p.failed:
		p.x.hangup() // nothing else would tell that records were lost
	case p.acks == acksNone:
		p.x.throttle = s.charge(p.x, producerRate, int64(p.bytes), false)
		p.x.finish()
	case p.acks == acksLeader, s.cfg.Bugs.Has(bugs.AckBeforeCommit):
		for i := range p.parts {
			p.parts[i].decide(s, p, wire.OK)
		}
		p.reply(s)
	case !p.try(s):
		s.delay(p, p.replicas(), patience)
	}
}

// reply answers, and says how long the producer has to wait for what it had.
func (p *production) reply(s *Server) {
	p.x.throttle = max(s.charge(p.x, producerRate, int64(p.bytes), false), s.chargeHandling(p.x, p.bytes))
	p.x.reply(p.answer)
}

func (p *production) replicas() []*localReplica {
	all := p.oneReplica[:0]
	for i := range p.parts {
		if !p.parts[i].decided {
			all = append(all, p.parts[i].replica)
		}
	}
	return all
}

// try implements delayed: it answers when it is known of all partitions how it went.
func (p *production) try(s *Server) bool {
	done := true
	for i := range p.parts {
		part := &p.parts[i]
		if part.decided {
			continue
		}
		decided, code := part.replica.Reached(part.last)
		if !decided && part.duplicate && s.cfg.Bugs.Has(bugs.DuplicateAckedEarly) {
			decided, code = true, wire.OK
		}
		if decided {
			part.decide(s, p, code)
		}
		done = done && decided
	}
	if done {
		p.reply(s)
	}
	return done
}

// expire implements delayed. What was appended may yet be committed.
func (p *production) expire(s *Server) {
	for i := range p.parts {
		if part := &p.parts[i]; !part.decided {
			part.replica.log.observe(facts.ProduceTimedOut, part.last, part.replica.log.HighWatermark())
			part.decide(s, p, wire.RequestTimedOut)
		}
	}
	p.reply(s)
}

// decide writes into the answer how it went.
func (part *produced) decide(s *Server, p *production, code wire.ErrorCode) {
	part.decided = true
	out := &p.answer.Topics[part.topic].Partitions[part.partition]
	if out.ErrorCode = int16(code); code != wire.OK {
		out.BaseOffset = -1
		return
	}
	part.replica.log.observe(facts.Acknowledged, part.last, int64(p.acks), int64(part.epoch))
}

// become is what a batch has become that was appended: stamped, or in another codec, it has
// another checksum.
func (r *localReplica) become(b batch.Batch, at int64) batch.Batch {
	if c := r.log.Config(); c.LogAppendTime || c.Compression.Of(b) != b.Codec() {
		return r.stored(at)
	}
	return b
}

// appending is the fact that a batch was appended.
func appending(r *localReplica, k *node.EventKind, b batch.Batch, first, last int64, epoch int32) node.Event {
	return node.Event{Kind: k, Text: r.Name(), N: [4]int64{first, last, int64(epoch), int64(b.CRC())}}
}

// sentOf is what a leader knows of a batch and its sender.
func sentOf(b, stored batch.Batch, acks int16) *facts.Sent {
	sent := facts.Sent{Acks: acks, Bytes: len(stored), Was: b.Codec().String(), Codec: stored.Codec().String()}
	if !b.Idempotent() {
		return &sent
	}
	both := &struct { // in one piece
		facts.Sent
		who facts.Producer
	}{sent, identityOf(b)}
	both.Producer = &both.who
	return &both.Sent
}

// producerOf is the idempotent producer of a batch, nil without one.
func producerOf(b batch.Batch) *facts.Producer {
	if !b.Idempotent() {
		return nil
	}
	who := identityOf(b)
	return &who
}

func identityOf(b batch.Batch) facts.Producer {
	return facts.Producer{ID: b.ProducerID(), Epoch: b.ProducerEpoch(), FirstSequence: b.BaseSequence(), Records: int32(b.Count())}
}

// stored is the batch at an offset as it is in the log.
func (r *localReplica) stored(at int64) batch.Batch {
	b, _ := r.log.Read(at, r.log.End(), 1)
	return b
}
