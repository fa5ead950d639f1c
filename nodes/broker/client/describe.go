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
