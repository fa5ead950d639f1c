package client

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// fakeCluster is some brokers that answer at once from one memory, as the test has it.
// Whatever a real cluster may do wrong or late is for the test to ask for.
type fakeCluster struct {
	brokers map[int32]*fakeBroker
	topics  map[string][]*fakePartition
	// before is asked about each request before it is performed; after, once it has
	// been. Either may answer by something else, or have the connection closed.
	before, after func(broker int32, r kmsg.Request) verdict
	nextProducer  int64
	requests      []string // the names of all but the most common
	// stale makes a broker tell metadata of the past.
	stale map[int32]*kmsg.MetadataResponse
	// answer is asked for what the fake knows nothing of.
	answer func(b *fakeBroker, conn node.ConnID, r *wire.Request) kmsg.Response
}

// verdict is what becomes of a request.
type verdict struct {
	hangUp bool
	ignore bool // no answer, ever
	code   wire.ErrorCode
}

// fakePartition is a log that all brokers share.
type fakePartition struct {
	leader, epoch int32
	start         int64
	batches       []batch.Batch
	// ends are where leader epochs end, by epoch.
	producers map[int64]*fakeProducer
	preferred int32
}

// fakeProducer is all that a partition knows of a producer: every batch, for ever.
type fakeProducer struct {
	epoch   int16
	next    int32
	batches map[int32]int64 // offsets of this epoch's batches by their sequences
}

func (p *fakePartition) end() int64 {
	if n := len(p.batches); n > 0 {
		return p.batches[n-1].NextOffset()
	}
	return p.start
}

// cut truncates the log.
func (p *fakePartition) cut(to int64) {
	for len(p.batches) > 0 && p.batches[len(p.batches)-1].NextOffset() > to {
		p.batches = p.batches[:len(p.batches)-1]
	}
}

// lead makes a broker the leader in the next epoch.
func (p *fakePartition) lead(broker int32) {
	p.leader = broker
	p.epoch++
}

// fakeBroker is one of them.
type fakeBroker struct {
	node.Base
	env     node.Env
	id      int32
	cluster *fakeCluster
	// hung are connections of which a request was ignored: what comes later has to wait
	// behind it.
	hung  map[node.ConnID]bool
	timer func(node.Tag) bool
	// held are the requests behind one that is not answered yet.
	held map[node.ConnID][]node.Message
}

func (b *fakeBroker) Boot(env node.Env) {
	b.env, b.hung, b.held = env, map[node.ConnID]bool{}, map[node.ConnID][]node.Message{}
}

func (b *fakeBroker) Decode(_ node.ConnID, frame []byte) (node.Message, error) {
	return wire.DecodeRequest(frame)
}

func (b *fakeBroker) Receive(conn node.ConnID, m node.Message) {
	r := m.(*wire.Request)
	c := b.cluster
	if held, busy := b.held[conn]; busy {
		b.held[conn] = append(held, m)
		return
	}
	if b.hung[conn] {
		return
	}
	c.requests = append(c.requests, fmt.Sprintf("b%d %s", b.id, r.Kind()))
	var v verdict
	if c.before != nil {
		v = c.before(b.id, r.Body)
	}
	var answer kmsg.Response
	if !v.hangUp && !v.ignore && v.code == wire.OK {
		answer = b.perform(conn, r)
		if c.after != nil {
			v = c.after(b.id, r.Body)
		}
	}
	if p, ok := r.Body.(*kmsg.ProduceRequest); ok && v.code != wire.OK {
		answer = refuseProduce(p, v.code)
	}
	switch {
	case v.hangUp:
		b.env.Close(conn)
	case v.ignore:
		b.hung[conn] = true
	case answer == nil:
	default:
		answer.SetVersion(r.Version)
		b.env.Send(conn, &wire.Response{Correlation: r.Correlation, Body: answer})
	}
}

// perform does what a request asks for. A nil answer is given later or never.
func (b *fakeBroker) perform(conn node.ConnID, r *wire.Request) kmsg.Response {
	switch body := r.Body.(type) {
	case *kmsg.ApiVersionsRequest:
		answer := kmsg.NewPtrApiVersionsResponse()
		for key, v := range versions { //sim:unordered a test's fake: nobody looks at the order
			k := kmsg.NewApiVersionsResponseApiKey()
			k.ApiKey, k.MinVersion, k.MaxVersion = key, v.min, v.max
			answer.ApiKeys = append(answer.ApiKeys, k)
		}
		slices.SortFunc(answer.ApiKeys, func(a, b kmsg.ApiVersionsResponseApiKey) int { return cmp.Compare(a.ApiKey, b.ApiKey) })
		return answer
	case *kmsg.MetadataRequest:
		if old := b.cluster.stale[b.id]; old != nil {
			return old
		}
		return b.cluster.metadata(body)
	case *kmsg.InitProducerIDRequest:
		b.cluster.nextProducer++
		answer := kmsg.NewPtrInitProducerIDResponse()
		answer.ProducerID = b.cluster.nextProducer
		return answer
	case *kmsg.ProduceRequest:
		answer := b.produce(body)
		if body.Acks == 0 {
			return nil
		}
		return answer
	case *kmsg.FetchRequest:
		return b.fetch(conn, r.Correlation, body)
	case *kmsg.ListOffsetsRequest:
		return b.listOffsets(body)
	case *kmsg.OffsetForLeaderEpochRequest:
		return b.endOfEpoch(body)
	}
	if b.cluster.answer != nil {
		return b.cluster.answer(b, conn, r)
	}
	panic("the fake broker does not know " + r.Kind())
}

func (c *fakeCluster) metadata(ask *kmsg.MetadataRequest) *kmsg.MetadataResponse {
	answer := kmsg.NewPtrMetadataResponse()
	for _, id := range []int32{1, 2, 3} {
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Host, b.Port = id, fmt.Sprintf("b%d", id), 9092
		answer.Brokers = append(answer.Brokers, b)
	}
	answer.ControllerID = 1
	for _, t := range ask.Topics {
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic = t.Topic
		parts, ok := c.topics[*t.Topic]
		if !ok {
			topic.ErrorCode = int16(wire.UnknownTopicOrPartition)
		}
		for i, p := range parts {
			part := kmsg.NewMetadataResponseTopicPartition()
			part.Partition, part.Leader, part.LeaderEpoch = int32(i), p.leader, p.epoch
			part.Replicas, part.ISR = []int32{1, 2, 3}, []int32{p.leader}
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func refuseProduce(ask *kmsg.ProduceRequest, code wire.ErrorCode) kmsg.Response {
	answer := kmsg.NewPtrProduceResponse()
	for _, t := range ask.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewProduceResponseTopicPartition()
			part.Partition, part.ErrorCode, part.BaseOffset = p.Partition, int16(code), -1
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func (b *fakeBroker) produce(ask *kmsg.ProduceRequest) *kmsg.ProduceResponse {
	answer := kmsg.NewPtrProduceResponse()
	for _, t := range ask.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewProduceResponseTopicPartition()
			part.Partition = p.Partition
			base, code := b.append(b.cluster.topics[t.Topic][p.Partition], batch.Batch(slices.Clone(p.Records)))
			part.BaseOffset, part.ErrorCode = base, int16(code)
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

// append is what a leader does with a batch, recognising those it has.
func (b *fakeBroker) append(p *fakePartition, records batch.Batch) (int64, wire.ErrorCode) {
	if p.leader != b.id {
		return -1, wire.NotLeaderOrFollower
	}
	if err := records.Check(); err != nil {
		return -1, wire.CorruptMessage
	}
	if records.Idempotent() {
		if base, code, done := p.known(records); done {
			return base, code
		}
	}
	base := p.end()
	records.SetBaseOffset(base)
	records.SetLeaderEpoch(p.epoch)
	p.batches = append(p.batches, records)
	return base, wire.OK
}

// known looks a batch up among those of its producer, and notes it if it is the next.
func (p *fakePartition) known(records batch.Batch) (base int64, code wire.ErrorCode, done bool) {
	if p.producers == nil {
		p.producers = map[int64]*fakeProducer{}
	}
	s := p.producers[records.ProducerID()]
	if s == nil || records.ProducerEpoch() > s.epoch {
		if s != nil && records.BaseSequence() != 0 {
			return -1, wire.OutOfOrderSequenceNumber, true
		}
		s = &fakeProducer{records.ProducerEpoch(), records.BaseSequence(), map[int32]int64{}}
		p.producers[records.ProducerID()] = s
	}
	if records.ProducerEpoch() < s.epoch {
		return -1, wire.InvalidProducerEpoch, true
	}
	if base, ok := s.batches[records.BaseSequence()]; ok {
		return base, wire.OK, true
	}
	if records.BaseSequence() != s.next {
		return -1, wire.OutOfOrderSequenceNumber, true
	}
	s.next = batch.AddSequence(records.LastSequence(), 1)
	s.batches[records.BaseSequence()] = p.end()
	return 0, wire.OK, false
}

func (b *fakeBroker) fetch(conn node.ConnID, correlation int32, ask *kmsg.FetchRequest) kmsg.Response {
	answer, empty := b.read(ask), true
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			empty = empty && p.ErrorCode == 0 && len(p.RecordBatches) == 0 && p.PreferredReadReplica < 0 && p.DivergingEpoch.Epoch < 0
		}
	}
	if !empty {
		return answer
	}
	b.later(conn, correlation, ask, time.Duration(ask.MaxWaitMillis)*time.Millisecond, func() kmsg.Response { return b.read(ask) })
	return nil
}

// later answers a request after a while, and then what came behind it.
func (b *fakeBroker) later(conn node.ConnID, correlation int32, ask kmsg.Request, wait time.Duration, answer func() kmsg.Response) {
	b.held[conn] = []node.Message{}
	b.env.Go("answer later", func(t *node.Task) {
		t.Sleep(wait)
		late := answer()
		late.SetVersion(ask.GetVersion())
		b.env.Send(conn, &wire.Response{Correlation: correlation, Body: late})
		b.release(conn)
	})
}

// release goes on with what came behind a request.
func (b *fakeBroker) release(conn node.ConnID) {
	held := b.held[conn]
	delete(b.held, conn)
	for _, m := range held {
		b.Receive(conn, m)
	}
}

func (b *fakeBroker) Timer(tag node.Tag) { b.timer(tag) }

func (b *fakeBroker) read(ask *kmsg.FetchRequest) *kmsg.FetchResponse {
	answer := kmsg.NewPtrFetchResponse()
	for _, t := range ask.Topics {
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic = t.Topic
		for _, want := range t.Partitions {
			p := b.cluster.topics[t.Topic][want.Partition]
			part := kmsg.NewFetchResponseTopicPartition()
			part.Partition, part.HighWatermark, part.RecordBatches = want.Partition, p.end(), []byte{}
			code := p.fence(b.id, want.CurrentLeaderEpoch)
			if p.preferred == b.id {
				code = wire.OK
			}
			switch {
			case code != wire.OK:
			case want.FetchOffset < p.start || want.FetchOffset > p.end():
				code = wire.OffsetOutOfRange
			case p.preferred > 0 && p.preferred != b.id:
				part.PreferredReadReplica = p.preferred
			default:
				for _, r := range p.batches {
					if r.NextOffset() > want.FetchOffset {
						part.RecordBatches = append(part.RecordBatches, r...)
					}
				}
			}
			part.ErrorCode = int16(code)
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func (p *fakePartition) fence(broker, epoch int32) wire.ErrorCode {
	switch {
	case p.leader != broker:
		return wire.NotLeaderOrFollower
	case epoch >= 0 && epoch < p.epoch:
		return wire.FencedLeaderEpoch
	case epoch > p.epoch:
		return wire.UnknownLeaderEpoch
	}
	return wire.OK
}

func (b *fakeBroker) listOffsets(ask *kmsg.ListOffsetsRequest) kmsg.Response {
	answer := kmsg.NewPtrListOffsetsResponse()
	for _, t := range ask.Topics {
		topic := kmsg.NewListOffsetsResponseTopic()
		topic.Topic = t.Topic
		for _, want := range t.Partitions {
			p := b.cluster.topics[t.Topic][want.Partition]
			part := kmsg.NewListOffsetsResponseTopicPartition()
			part.Partition, part.LeaderEpoch, part.Offset = want.Partition, p.epoch, p.end()
			if want.Timestamp == earliest {
				part.Offset = p.start
			}
			part.ErrorCode = int16(p.fence(b.id, want.CurrentLeaderEpoch))
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func (b *fakeBroker) endOfEpoch(ask *kmsg.OffsetForLeaderEpochRequest) kmsg.Response {
	answer := kmsg.NewPtrOffsetForLeaderEpochResponse()
	for _, t := range ask.Topics {
		topic := kmsg.NewOffsetForLeaderEpochResponseTopic()
		topic.Topic = t.Topic
		for _, want := range t.Partitions {
			p := b.cluster.topics[t.Topic][want.Partition]
			part := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			part.Partition, part.ErrorCode = want.Partition, int16(p.fence(b.id, want.CurrentLeaderEpoch))
			for _, r := range p.batches {
				if r.LeaderEpoch() <= want.LeaderEpoch {
					part.LeaderEpoch, part.EndOffset = r.LeaderEpoch(), r.NextOffset()
				}
			}
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

// host is the node that a client lives in.
type host struct {
	node.Base
	boot func(env node.Env) *Cluster
	c    *Cluster
}

func (h *host) Boot(env node.Env)                                    { h.c = h.boot(env) }
func (h *host) Receive(c node.ConnID, m node.Message)                { mine(h.c.Receive(c, m)) }
func (h *host) Closed(c node.ConnID, r node.CloseReason)             { mine(h.c.Closed(c, r)) }
func (h *host) Timer(t node.Tag)                                     { mine(h.c.Timer(t)) }
func (h *host) Decode(c node.ConnID, f []byte) (node.Message, error) { return h.c.Decode(c, f) }

func mine(ok bool) {
	if !ok {
		panic("the client does not know what is its own")
	}
}

// rig is a world with three fake brokers and a client.
type rig struct {
	*testing.T
	*fakeCluster
	w *sim.World
	c *Cluster
}

// newRig starts a world. Topic t has two partitions, led by brokers 1 and 2.
func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{T: t, fakeCluster: &fakeCluster{brokers: map[int32]*fakeBroker{}, stale: map[int32]*kmsg.MetadataResponse{}}}
	r.topics = map[string][]*fakePartition{"t": {{leader: 1, epoch: 3}, {leader: 2, epoch: 5}}}
	r.w = sim.NewWorld(sim.Config{Seed: 7, Wire: true})
	t.Cleanup(r.w.Close)
	hosts := map[string]node.ID{}
	for id := int32(1); id <= 3; id++ {
		name := fmt.Sprintf("b%d", id)
		b := &fakeBroker{id: id, cluster: r.fakeCluster}
		r.brokers[id] = b
		hosts[name] = r.w.Add(name, "broker", func() node.Node { return b })
		r.w.Start(hosts[name])
	}
	cfg := Config{Bootstrap: []string{"b1", "b2", "b3"}, Hosts: hosts, ClientID: "c"}
	for _, f := range change {
		f(&cfg)
	}
	me := r.w.Add("c", "client", func() node.Node {
		return &host{boot: func(env node.Env) *Cluster {
			r.c = New(env, cfg)
			return r.c
		}}
	})
	r.w.Start(me)
	r.run(0)
	return r
}

// run lets time pass.
func (r *rig) run(d time.Duration) {
	r.Helper()
	if !r.w.Run(r.w.Now() + d) {
		r.Fatal(r.w.Failure())
	}
}

// log lists the values in a partition, with their offsets.
func (r *rig) log(topic string, partition int32) []string {
	var all []string
	for _, b := range r.topics[topic][partition].batches {
		records := b.Records()
		for rec := (batch.Record{}); records.Next(&rec); {
			all = append(all, fmt.Sprintf("%d:%s", rec.Offset, rec.Value))
		}
		if records.Err() != nil {
			r.Fatal(records.Err())
		}
	}
	return all
}
