package client

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// ProducerConfig is what a [Producer] has to be told.
type ProducerConfig struct {
	// Acks is what a broker waits for before it answers: 0 nothing, and it does not
	// answer; 1 its own log; -1 all in-sync replicas.
	Acks int16
	// Idempotent makes brokers recognise batches that they have appended before. It
	// needs Acks of -1 and MaxInFlight of at most 5, which is what they remember.
	Idempotent bool
	// Linger is how long a record waits for others to share its batch. 0 sends at once
	// what no request in flight holds up.
	Linger time.Duration
	// BatchBytes closes a batch (batch.size), RequestBytes a request (max.request.size).
	// Default 16 KiB, 1 MiB.
	BatchBytes, RequestBytes int
	// MaxInFlight is how many requests to one broker may be unanswered; with 1, batches
	// of a partition never overtake each other. Default 5.
	MaxInFlight int
	// DeliveryTimeout is how long a record may take, from [Producer.Send] on. A request
	// that is in flight then is waited for, and not repeated. Default 120 s.
	DeliveryTimeout time.Duration
	// AckTimeout is how long a broker may wait for replicas (timeout.ms in requests).
	// Default the cluster's request timeout.
	AckTimeout time.Duration
	// NoRetries makes the first failure final.
	NoRetries bool
	// Codec compresses batches (compression.type). How long a batch may get is reckoned
	// without it.
	Codec batch.Codec
}

// rememberedBatches is how many batches of a producer a broker can recognise.
const rememberedBatches = 5

// Validate reports what contradicts itself, and fills in defaults.
func (c *ProducerConfig) Validate() error {
	if c.Acks < -1 || c.Acks > 1 {
		return fmt.Errorf("client: acks=%d; use -1, 0 or 1", c.Acks)
	}
	if !c.Codec.Known() {
		return fmt.Errorf("client: codec %v; use one of %s", c.Codec, strings.Join(batch.CodecNames, ", "))
	}
	defaultTo(&c.BatchBytes, 16<<10)
	defaultTo(&c.RequestBytes, 1<<20)
	defaultTo(&c.MaxInFlight, 5)
	defaultTo(&c.DeliveryTimeout, 120*time.Second)
	if c.Idempotent && (c.Acks != -1 || c.MaxInFlight > rememberedBatches) {
		return errors.New("client: an idempotent producer needs acks=-1 and at most 5 requests in flight")
	}
	return nil
}

// Record is one record to be written.
type Record struct {
	Topic string
	// Partition is where it goes; -1 lets the key choose, or chance if it has none.
	Partition int32
	// Key and Value may be nil. Nobody may change them after [Producer.Send].
	Key, Value []byte
	Headers    []kmsg.Header
	// Timestamp is in milliseconds; 0 takes the clock of the node.
	Timestamp int64
}

// AnyPartition leaves the choice of a partition to the producer.
const AnyPartition int32 = -1

// Sent is how a record ended.
type Sent struct {
	Outcome Outcome
	// Partition is where it went, -1 if that was never decided. Offset is where it is,
	// -1 unless it succeeded.
	Partition int32
	Offset    int64
	// Code is the last error that a broker answered for it, and Err why no broker did,
	// for the last attempt.
	Code wire.ErrorCode
	Err  error
	// Broker is whom the last attempt was made with, 0 without one.
	Broker int32
	// Attempts is how often it was sent. Without idempotence each may have left a copy.
	Attempts int
	// Producer, Epoch and Sequence are under what the last attempt was made; -1 without
	// idempotence.
	Producer int64
	Epoch    int16
	Sequence int32
}

// Producer writes records. Make it with [NewProducer].
type Producer struct {
	c    *Cluster
	cfg  ProducerConfig
	lane int

	// undecided are records whose partition awaits the metadata of their topic, in the
	// order of Send.
	undecided []*record
	queues    map[TopicPartition]*queue
	order     []*queue         // all queues, sorted
	inFlight  map[int32]int    // unanswered requests by broker
	sticky    map[string]int32 // where records without a key go for now

	identity identity
	asking   bool   // for an identity
	failures int    // to get one, in a row
	pumping  *waker // calls pump
	serial   uint64 // of the last batch
	build    batch.Builder
	closed   bool
}

// record is a record on its way.
type record struct {
	Record
	done     func(Sent)
	born     time.Duration
	deadline time.Duration
	expiry   alarm.Alarm // while it is undecided
}

// NewProducer makes a producer. A config that [ProducerConfig.Validate] rejects is a
// bug and panics.
func (c *Cluster) NewProducer(cfg ProducerConfig) *Producer {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	defaultTo(&cfg.AckTimeout, c.cfg.RequestTimeout)
	p := &Producer{
		c: c, cfg: cfg, queues: map[TopicPartition]*queue{},
		inFlight: map[int32]int{}, sticky: map[string]int32{}, identity: nobody,
	}
	p.pumping = newWaker(c, p.pump)
	p.lane = c.join(p)
	return p
}

// Send writes a record and calls done once.
func (p *Producer) Send(r Record, done func(Sent)) {
	if p.closed {
		p.c.tell(func() { done(Sent{Outcome: Failed, Partition: r.Partition, Offset: -1, Err: ErrClosed}) })
		return
	}
	if r.Timestamp == 0 {
		r.Timestamp = p.c.env.WallMillis()
	}
	rec := &record{Record: r, done: done, born: p.c.env.Now(), deadline: p.c.env.Now() + p.cfg.DeliveryTimeout}
	p.c.Want(r.Topic)
	if !p.place(rec) {
		rec.expiry = p.c.clock.After(p.cfg.DeliveryTimeout, func() { p.giveUp(rec) })
		p.undecided = append(p.undecided, rec)
	}
	p.soon()
}

// Flush closes all batches, so that nothing in them lingers. It does not wait.
func (p *Producer) Flush() {
	for _, q := range p.order {
		if n := len(q.batches); n > 0 {
			q.batches[n-1].closed = true
		}
	}
	p.soon()
}

// Close ends everything that is pending: what may have left is unknown. Results come
// before Close returns to the world.
func (p *Producer) Close() { p.shutDown() }

func (p *Producer) shutDown() {
	if p.closed {
		return
	}
	p.closed = true
	p.pumping.stop()
	for _, r := range p.undecided {
		p.c.clock.Stop(&r.expiry)
		p.c.tell(func() { r.done(Sent{Outcome: Failed, Partition: r.Partition, Offset: -1, Err: ErrClosed}) })
	}
	p.undecided = nil
	for _, q := range p.order {
		for len(q.batches) > 0 {
			b := q.batches[0]
			b.ambiguous = b.ambiguous || b.inFlight
			q.end(b, ending{base: -1, err: ErrClosed})
		}
	}
}

// place puts a record into the batch of its partition, if the topic's are known.
func (p *Producer) place(r *record) bool {
	partition := r.Partition
	if partition == AnyPartition {
		t, ok := p.c.Topic(r.Topic)
		if !ok || len(t.Partitions) == 0 {
			return false
		}
		partition = p.choose(r, len(t.Partitions))
	}
	tp := TopicPartition{r.Topic, partition}
	q := p.queues[tp]
	if q == nil {
		q = &queue{p: p, at: tp, identity: nobody}
		p.queues[tp] = q
		p.order = append(p.order, q)
		slices.SortFunc(p.order, func(a, b *queue) int { return a.at.Compare(b.at) })
	}
	q.add(r)
	return true
}

// choose picks a partition: by the hash of the key, as Kafka's producers do, so that
// all agree; without a key the same one until its batch is closed.
func (p *Producer) choose(r *record, partitions int) int32 {
	if r.Key != nil {
		return PartitionForKey(r.Key, partitions)
	}
	at, ok := p.sticky[r.Topic]
	if !ok || int(at) >= partitions {
		at = int32(p.c.env.Rand().IntN(partitions))
		p.sticky[r.Topic] = at
	}
	return at
}

// giveUp ends a record whose topic did not turn up in time.
func (p *Producer) giveUp(r *record) {
	p.undecided = slices.DeleteFunc(p.undecided, func(other *record) bool { return other == r })
	code := wire.OK
	if t, ok := p.c.Topic(r.Topic); ok {
		code = t.Err
	}
	p.c.tell(func() {
		r.done(Sent{Outcome: Failed, Partition: r.Partition, Offset: -1, Code: code, Err: ErrExpired, Producer: -1, Epoch: -1, Sequence: -1})
	})
}

func (p *Producer) metadataChanged() {
	rest := p.undecided
	p.undecided = nil
	for _, r := range rest {
		switch {
		case p.c.hides(r.Topic) && r.born <= p.c.metadata.asked:
			p.c.clock.Stop(&r.expiry)
			p.giveUp(r)
		case p.place(r):
			p.c.clock.Stop(&r.expiry)
		default:
			p.undecided = append(p.undecided, r)
		}
	}
	for _, q := range p.order {
		if p.c.hides(q.at.Topic) {
			q.refuse()
		}
	}
	p.soon()
}

// soon arranges that pump runs when the present callback is over.
func (p *Producer) soon() {
	if !p.closed {
		p.pumping.soon()
	}
}

// pump sends what can be sent and sees when it has to look again.
func (p *Producer) pump() {
	p.expire()
	for _, broker := range p.c.metadata.ids {
		p.drain(broker)
	}
	if p.cfg.Idempotent && !p.identity.known() {
		p.identify()
	}
	p.sleep()
}

// drain sends to one broker, batch by batch of the partitions that it leads, until
// nothing is ready or enough is in flight.
func (p *Producer) drain(broker int32) {
	for p.inFlight[broker] < p.cfg.MaxInFlight {
		var chosen []*parcel
		size := 0
		for _, q := range p.order {
			if q.idle() {
				continue
			}
			leader, ok := p.c.leader(q.at)
			if !ok || leader.Leader != broker {
				continue
			}
			b := q.ready()
			if b == nil || size > 0 && size+b.size > p.cfg.RequestBytes {
				continue
			}
			size += b.size
			chosen = append(chosen, b)
		}
		if len(chosen) == 0 {
			return
		}
		p.produce(broker, chosen)
	}
}

// produce sends one request, with one batch of each of some partitions.
func (p *Producer) produce(broker int32, chosen []*parcel) {
	ask := newProduction()
	ask.Acks = p.cfg.Acks
	ask.TimeoutMillis = int32(p.cfg.AckTimeout / time.Millisecond)
	for _, b := range chosen {
		b.leave(broker)
		if n := len(ask.Topics); n == 0 || ask.Topics[n-1].Topic != b.q.at.Topic {
			t := kmsg.NewProduceRequestTopic()
			t.Topic = b.q.at.Topic
			if n < cap(ask.Topics) {
				t.Partitions = ask.Topics[:n+1][n].Partitions // the room of a new request
			}
			ask.Topics = append(ask.Topics, t)
		}
		part := kmsg.NewProduceRequestTopicPartition()
		part.Partition, part.Records = b.q.at.Partition, b.encode()
		t := &ask.Topics[len(ask.Topics)-1]
		t.Partitions = append(t.Partitions, part)
	}
	p.inFlight[broker]++
	p.c.call(p.lane, broker, ask, func(r kmsg.Response, err error) {
		p.inFlight[broker]--
		p.answered(chosen, r, err)
		p.soon()
	})
}

// newProduction makes a request that is in one piece with the room for what it mostly has:
// one batch.
func newProduction() *kmsg.ProduceRequest {
	r := &struct {
		kmsg.ProduceRequest
		topics [1]kmsg.ProduceRequestTopic
		parts  [1]kmsg.ProduceRequestTopicPartition
	}{}
	r.Default()
	r.topics[0].Partitions = r.parts[:0]
	r.Topics = r.topics[:0]
	return &r.ProduceRequest
}

// answered takes the answer to one request.
func (p *Producer) answered(chosen []*parcel, r kmsg.Response, err error) {
	answer, _ := r.(*kmsg.ProduceResponse)
	slices.SortStableFunc(chosen, func(a, b *parcel) int { return cmp.Compare(a.serial, b.serial) })
	for _, b := range chosen {
		if b.ended {
			continue // the producer was closed
		}
		b.inFlight = false
		part := answerFor(answer, b.q.at)
		switch {
		case err != nil:
			b.unanswered(err)
		case p.cfg.Acks == 0:
			b.ambiguous = true
			b.q.end(b, ending{base: -1})
		case part == nil:
			panic(fmt.Sprintf("client: an answer to a produce leaves out %v", b.q.at))
		default:
			b.judge(wire.ErrorCode(part.ErrorCode), part.BaseOffset)
		}
	}
}

// answerFor finds what an answer says of a partition, nil for nothing. Mostly there is one.
func answerFor(r *kmsg.ProduceResponse, at TopicPartition) *kmsg.ProduceResponseTopicPartition {
	if r == nil {
		return nil
	}
	for i := range r.Topics {
		t := &r.Topics[i]
		for j := range t.Partitions {
			if t.Topic == at.Topic && t.Partitions[j].Partition == at.Partition {
				return &t.Partitions[j]
			}
		}
	}
	return nil
}
