package client

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Reassign makes other brokers the replicas of a partition, the preferred leader first.
// nil gives up a reassignment that is under way (KIP-455).
func (a *Admin) Reassign(tp TopicPartition, replicas []int32, done func(Done)) {
	a.start(&task{
		at: a.controller,
		make: func() kmsg.Request {
			p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
			p.Partition, p.Replicas = tp.Partition, replicas
			t := kmsg.NewAlterPartitionAssignmentsRequestTopic()
			t.Topic, t.Partitions = tp.Topic, append(t.Partitions, p)
			ask := kmsg.NewPtrAlterPartitionAssignmentsRequest()
			ask.Topics, ask.TimeoutMillis = append(ask.Topics, t), a.timeout()
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			answer := r.(*kmsg.AlterPartitionAssignmentsResponse)
			if answer.ErrorCode != 0 || len(answer.Topics) == 0 {
				return wire.ErrorCode(answer.ErrorCode)
			}
			return wire.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// Reassignment is one that is under way.
type Reassignment struct {
	TopicPartition
	Replicas, Adding, Removing []int32
}

// Reassignments lists what is under way.
func (a *Admin) Reassignments(done func([]Reassignment, Done)) {
	a.start(&task{
		at: a.controller, reads: true,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrListPartitionReassignmentsRequest()
			ask.TimeoutMillis = a.timeout()
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.ListPartitionReassignmentsResponse).ErrorCode)
		},
		done: func(r kmsg.Response, d Done) {
			var all []Reassignment
			if d.Outcome == Succeeded {
				for _, t := range r.(*kmsg.ListPartitionReassignmentsResponse).Topics {
					for _, p := range t.Partitions {
						all = append(all, Reassignment{TopicPartition{t.Topic, p.Partition}, p.Replicas, p.AddingReplicas, p.RemovingReplicas})
					}
				}
			}
			done(all, d)
		},
	})
}

// ElectLeader makes a partition elect its preferred leader; or, unclean, any replica
// that is alive, if it has no leader (KIP-460).
func (a *Admin) ElectLeader(tp TopicPartition, unclean bool, done func(Done)) {
	a.start(&task{
		at: a.controller,
		make: func() kmsg.Request {
			t := kmsg.NewElectLeadersRequestTopic()
			t.Topic, t.Partitions = tp.Topic, []int32{tp.Partition}
			ask := kmsg.NewPtrElectLeadersRequest()
			if unclean {
				ask.ElectionType = 1
			}
			ask.Topics, ask.TimeoutMillis = append(ask.Topics, t), a.timeout()
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			answer := r.(*kmsg.ElectLeadersResponse)
			if answer.ErrorCode != 0 || len(answer.Topics) == 0 {
				return wire.ErrorCode(answer.ErrorCode)
			}
			return wire.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// SetTopicConfig changes entries of a topic's configuration, and leaves the others
// (KIP-339).
func (a *Admin) SetTopicConfig(topic string, settings []Setting, done func(Done)) {
	a.alterConfig(kmsg.ConfigResourceTypeTopic, topic, a.anybody, settings, done)
}

// SetBrokerConfig changes entries of a broker's dynamic configuration (KIP-226). Only
// the broker itself can take those.
func (a *Admin) SetBrokerConfig(broker int32, settings []Setting, done func(Done)) {
	at := func() (int32, bool) {
		_, ok := a.c.metadata.hosts[broker]
		return broker, ok
	}
	a.alterConfig(kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(broker)), at, settings, done)
}

func (a *Admin) alterConfig(kind kmsg.ConfigResourceType, name string, at func() (int32, bool), settings []Setting, done func(Done)) {
	a.start(&task{
		at: at,
		make: func() kmsg.Request {
			res := kmsg.NewIncrementalAlterConfigsRequestResource()
			res.ResourceType, res.ResourceName = kind, name
			for _, s := range settings {
				c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
				c.Name, c.Value = s.Name, s.Value
				if s.Value == nil {
					c.Op = kmsg.IncrementalAlterConfigOpDelete
				}
				res.Configs = append(res.Configs, c)
			}
			ask := kmsg.NewPtrIncrementalAlterConfigsRequest()
			ask.Resources = append(ask.Resources, res)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// TopicConfig asks for a topic's configuration.
func (a *Admin) TopicConfig(topic string, done func([]Setting, Done)) {
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request {
			res := kmsg.NewDescribeConfigsRequestResource()
			res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, topic
			ask := kmsg.NewPtrDescribeConfigsRequest()
			ask.Resources = append(ask.Resources, res)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DescribeConfigsResponse).Resources[0].ErrorCode)
		},
		done: func(r kmsg.Response, d Done) {
			var all []Setting
			if d.Outcome == Succeeded {
				for _, c := range r.(*kmsg.DescribeConfigsResponse).Resources[0].Configs {
					all = append(all, Setting{c.Name, c.Value})
				}
			}
			done(all, d)
		},
	})
}

// DescribeGroup asks the coordinator of a group about it.
func (a *Admin) DescribeGroup(group string, done func(*kmsg.DescribeGroupsResponseGroup, Done)) {
	a.start(&task{
		group: group, reads: true,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrDescribeGroupsRequest()
			ask.Groups = []string{group}
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DescribeGroupsResponse).Groups[0].ErrorCode)
		},
		done: func(r kmsg.Response, d Done) {
			if d.Outcome != Succeeded {
				done(nil, d)
				return
			}
			done(&r.(*kmsg.DescribeGroupsResponse).Groups[0], d)
		},
	})
}

// DeleteGroup deletes a group that has no members, and its offsets.
func (a *Admin) DeleteGroup(group string, done func(Done)) {
	a.start(&task{
		group: group,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrDeleteGroupsRequest()
			ask.Groups = []string{group}
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DeleteGroupsResponse).Groups[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}
