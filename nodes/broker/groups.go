package broker

import (
	"fmt"
	"path"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// groupHost shows the broker to its coordinator of groups.
type groupHost struct{ *Server }

// serveGroup hands a request to the coordinator.
func (s *Server) serveGroup(x *exchange) {
	s.groups.Serve(group.Client{ID: x.ClientID, Host: "/" + strconv.Itoa(int(x.channel.peer))}, x.Body, func(r kmsg.Response) {
		s.authorizedGroups(x, r)
		x.reply(r)
	})
}

// ledOffsets tells the coordinator that a partition of its topic is led here, or not.
func (s *Server) ledOffsets(r *localReplica) {
	switch {
	case r.tp.Topic != group.Topic:
	case r.Leads():
		s.groups.Elected(r.tp.Partition, r.LeaderEpoch())
	case r.Leader() < 0:
		s.groups.Resigned(r.tp.Partition, -1)
	default:
		s.groups.Resigned(r.tp.Partition, r.LeaderEpoch())
	}
}

func offsetsPartition(partition int32) znodes.TopicPartition {
	return znodes.TopicPartition{Topic: group.Topic, Partition: partition}
}

// groupAppend is an append that waits for the in-sync replicas.
type groupAppend struct {
	waiter
	replica *localReplica
	last    int64
	done    func(wire.ErrorCode)
}

// Append implements [group.Host].
func (h groupHost) Append(partition, epoch int32, records []batch.Record, done func(wire.ErrorCode)) {
	r := h.replicas[offsetsPartition(partition)]
	if r == nil || r.LeaderEpoch() != epoch {
		done(wire.NotLeaderOrFollower)
		return
	}
	o := batch.Plain()
	o.Codec = h.cfg.OffsetsCodec
	b := &h.commits
	b.Reset(o)
	for _, record := range records {
		b.Add(record)
	}
	h.writing(r, records)
	r, got, code := h.appendTo(r.tp, b.Build(), acksAll)
	if code != wire.OK {
		done(code)
		return
	}
	if h.cfg.Bugs.Has(bugs.CommitAckedEarly) {
		done(wire.OK)
		return
	}
	if a := (&groupAppend{replica: r, last: got.Last, done: done}); !a.try(h.Server) {
		h.delay(a, []*localReplica{r}, h.cfg.OffsetsCommitTimeout)
	}
}

// writing states what is about to be appended: a crash may come between the write and
// whatever could be said of it afterwards.
func (h groupHost) writing(r *localReplica, records []batch.Record) {
	var said []facts.GroupRecord
	for _, record := range records {
		said = append(said, facts.GroupRecord{Key: record.Key, Value: record.Value})
	}
	h.env.Observe(node.Event{Kind: facts.GroupsWriting, Text: r.Name(), Body: said, N: [4]int64{r.log.End(), int64(r.LeaderEpoch())}})
}

func (a *groupAppend) try(*Server) bool {
	decided, code := a.replica.Reached(a.last)
	if decided {
		a.done(code)
	}
	return decided
}

func (a *groupAppend) expire(*Server) { a.done(wire.RequestTimedOut) }

// Read implements [group.Host].
func (h groupHost) Read(partition int32, from int64) (batches []byte, end, mark int64) {
	r := h.replicas[offsetsPartition(partition)]
	if r == nil {
		return nil, from, from
	}
	end, mark = r.log.End(), r.log.HighWatermark()
	if h.cfg.Bugs.Has(bugs.GroupsLoadedToMark) {
		end = mark
	}
	batches, code := r.log.Read(max(from, r.log.Start()), end, h.cfg.OffsetsLoadBytes)
	if code != wire.OK {
		panic(fmt.Sprintf("broker: %s cannot be read from %d on: %v", r.Name(), from, code))
	}
	return batches, end, mark
}

// Exists implements [group.Host].
func (h groupHost) Exists(topic string, partition int32) bool {
	t := h.metadata.topics[topic]
	return t != nil && partition >= 0 && int(partition) < len(t.partitions)
}

// Stored implements [group.Host].
func (h groupHost) Stored(name, topic string, partition int32, done func(int64, wire.ErrorCode)) {
	path := znodes.ConsumerOffsetPath(name, znodes.TopicPartition{Topic: topic, Partition: partition})
	h.zk.Submit(zookeeper.Get(path), func(r zookeeper.Reply) {
		switch {
		case r.Err == cwire.ErrNoNode:
			done(-1, wire.OK)
		case !r.OK():
			done(-1, wire.Unknown)
		default:
			offset, err := znodes.DecodeConsumerOffset(path, r.Data)
			if err != nil {
				done(-1, wire.Unknown)
				return
			}
			done(offset, wire.OK)
		}
	})
}

// Store implements [group.Host].
func (h groupHost) Store(name, topic string, partition int32, offset int64, done func(wire.ErrorCode)) {
	at := znodes.ConsumerOffsetPath(name, znodes.TopicPartition{Topic: topic, Partition: partition})
	h.env.Go("offset of "+name, func(t *node.Task) { done(h.put(t, at, znodes.EncodeConsumerOffset(offset))) })
}

// put writes a znode, which comes to be with what is in it: a broker that died between an
// empty one and what belongs there would leave one that nobody can read.
func (h groupHost) put(t *node.Task, at string, content []byte) wire.ErrorCode {
	for {
		r := h.zk.One(t, zookeeper.Set(at, content, zookeeper.AnyVersion))
		if r.Err == cwire.ErrNoNode {
			if r = h.zk.Ensure(t, path.Dir(at)); r.OK() {
				r = h.zk.One(t, zookeeper.Create(at, content))
			}
			if r.Err == cwire.ErrNodeExists {
				continue
			}
		}
		if !r.OK() {
			return wire.Unknown
		}
		return wire.OK
	}
}

// The types of coordinators that clients look for.
const findGroup int8 = 0

// findCoordinator says which broker coordinates a group: the leader of the partition that
// the group lives in. Who asks first has the topic created.
func (s *Server) findCoordinator(x *exchange) {
	r := x.Body.(*kmsg.FindCoordinatorRequest)
	answer := kmsg.NewPtrFindCoordinatorResponse()
	keys := r.CoordinatorKeys
	if r.Version < 4 {
		keys = []string{r.CoordinatorKey}
	}
	for _, key := range keys {
		answer.Coordinators = append(answer.Coordinators, s.coordinatorOf(x, r.CoordinatorType, key))
	}
	if r.Version < 4 {
		one := &answer.Coordinators[0]
		answer.ErrorCode, answer.NodeID, answer.Host, answer.Port = one.ErrorCode, one.NodeID, one.Host, one.Port
	}
	x.reply(answer)
}

func (s *Server) coordinatorOf(x *exchange, kind int8, name string) kmsg.FindCoordinatorResponseCoordinator {
	out := kmsg.NewFindCoordinatorResponseCoordinator()
	out.Key, out.NodeID, out.Port, out.ErrorCode = name, -1, -1, int16(wire.CoordinatorNotAvailable)
	switch {
	case kind != findGroup:
		out.ErrorCode = int16(wire.InvalidRequest)
		return out
	case !s.may(x, describeGroup.op, describeGroup.on, name):
		out.ErrorCode = int16(wire.GroupAuthorizationFailed)
		return out
	}
	t := s.metadata.topics[group.Topic]
	if t == nil {
		s.createMissing(group.Topic)
		return out
	}
	at := int(group.PartitionOf(name, int32(s.cfg.OffsetsPartitions)))
	if at >= len(t.partitions) || t.partitions[at] == nil {
		return out
	}
	p := s.metadata.brokers[t.partitions[at].Leader]
	if p == nil {
		return out
	}
	if e, has := p.endpoints[listenerOf(x.channel.port)]; has {
		out.NodeID, out.Host, out.Port, out.ErrorCode = p.id, e.host, e.port, 0
	}
	return out
}
