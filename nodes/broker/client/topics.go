package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// NewTopic is a topic to be created.
type NewTopic struct {
	Name string
	// Partitions and Replication are without meaning if there is an Assignment: the
	// brokers of each partition, the preferred leader first.
	Partitions  int32
	Replication int16
	Assignment  [][]int32
	Configs     []Setting
	// Oldest asks in the first version of the request, which knows of nothing that came
	// later.
	Oldest bool
}

// Setting is an entry of a configuration. A nil value deletes it, so that the default
// holds again.
type Setting struct {
	Name  string
	Value *string
}

// CreateTopic creates a topic.
func (a *Admin) CreateTopic(n NewTopic, done func(Done)) {
	a.start(&task{
		at: a.controller,
		make: func() kmsg.Request {
			t := kmsg.NewCreateTopicsRequestTopic()
			t.Topic, t.NumPartitions, t.ReplicationFactor = n.Name, n.Partitions, n.Replication
			for i, replicas := range n.Assignment {
				t.NumPartitions, t.ReplicationFactor = -1, -1
				r := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
				r.Partition, r.Replicas = int32(i), replicas
				t.ReplicaAssignment = append(t.ReplicaAssignment, r)
			}
			for _, s := range n.Configs {
				c := kmsg.NewCreateTopicsRequestTopicConfig()
				c.Name, c.Value = s.Name, s.Value
				t.Configs = append(t.Configs, c)
			}
			ask := kmsg.NewPtrCreateTopicsRequest()
			ask.Topics, ask.TimeoutMillis = append(ask.Topics, t), a.timeout()
			if n.Oldest {
				return oldest{ask}
			}
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// DeleteTopic deletes a topic.
func (a *Admin) DeleteTopic(name string, done func(Done)) {
	a.start(&task{
		at: a.controller,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrDeleteTopicsRequest()
			ask.TopicNames, ask.TimeoutMillis = []string{name}, a.timeout()
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DeleteTopicsResponse).Topics[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// CreatePartitions makes a topic have so many partitions.
func (a *Admin) CreatePartitions(topic string, count int32, done func(Done)) {
	a.start(&task{
		at: a.controller,
		make: func() kmsg.Request {
			t := kmsg.NewCreatePartitionsRequestTopic()
			t.Topic, t.Count = topic, count
			ask := kmsg.NewPtrCreatePartitionsRequest()
			ask.Topics, ask.TimeoutMillis = append(ask.Topics, t), a.timeout()
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.CreatePartitionsResponse).Topics[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// DeleteRecords makes a partition begin at an offset, -1 for its high watermark.
func (a *Admin) DeleteRecords(tp TopicPartition, before int64, done func(Done)) {
	a.start(&task{
		at: a.leaderOf(tp),
		make: func() kmsg.Request {
			p := kmsg.NewDeleteRecordsRequestTopicPartition()
			p.Partition, p.Offset = tp.Partition, before
			t := kmsg.NewDeleteRecordsRequestTopic()
			t.Topic, t.Partitions = tp.Topic, append(t.Partitions, p)
			ask := kmsg.NewPtrDeleteRecordsRequest()
			ask.Topics, ask.TimeoutMillis = append(ask.Topics, t), a.timeout()
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// Place is an offset in a log, and the leader epoch of the record there, -1 if it is
// not known.
type Place struct {
	Offset int64
	Epoch  int32
}

// The ends of a log, as times for [Admin.ListOffsets].
const (
	// LogEnd is the high watermark.
	LogEnd int64 = latest
	// LogStart is where the log begins.
	LogStart int64 = earliest
)

// ListOffsets asks for the first offset whose record is as late as a time in
// milliseconds, or for an end of the log. An offset of -1 is none.
func (a *Admin) ListOffsets(tp TopicPartition, millis int64, done func(Place, Done)) {
	a.start(&task{
		at: a.leaderOf(tp), reads: true,
		make: func() kmsg.Request {
			leader, _ := a.c.leader(tp)
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.CurrentLeaderEpoch, p.Timestamp = tp.Partition, leader.Epoch, millis
			t := kmsg.NewListOffsetsRequestTopic()
			t.Topic, t.Partitions = tp.Topic, append(t.Partitions, p)
			ask := kmsg.NewPtrListOffsetsRequest()
			ask.ReplicaID, ask.Topics = -1, append(ask.Topics, t)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0].ErrorCode)
		},
		done: func(r kmsg.Response, d Done) {
			place := Place{-1, -1}
			if d.Outcome == Succeeded {
				p := &r.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
				place = Place{p.Offset, p.LeaderEpoch}
			}
			done(place, d)
		},
	})
}
