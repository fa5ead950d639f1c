package client

import (
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
