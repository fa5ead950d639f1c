package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

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

// DeleteOffsets deletes what a group has committed of a partition that none of its members
// reads (KIP-496).
func (a *Admin) DeleteOffsets(group string, tp TopicPartition, done func(Done)) {
	a.start(&task{
		group: group,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrOffsetDeleteRequest()
			ask.Group = group
			topic, part := kmsg.NewOffsetDeleteRequestTopic(), kmsg.NewOffsetDeleteRequestTopicPartition()
			topic.Topic, part.Partition = tp.Topic, tp.Partition
			topic.Partitions = append(topic.Partitions, part)
			ask.Topics = append(ask.Topics, topic)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			answer := r.(*kmsg.OffsetDeleteResponse)
			if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK || len(answer.Topics) == 0 {
				return code
			}
			return wire.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
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
