package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// ListTopics asks for the names of all topics that the client may see, sorted.
func (a *Admin) ListTopics(done func([]string, Done)) {
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrMetadataRequest()
			ask.Topics = nil // all
			return ask
		},
		code: func(kmsg.Response) wire.ErrorCode { return wire.OK },
		done: func(r kmsg.Response, d Done) {
			var names []string
			if d.Outcome == Succeeded {
				for _, t := range r.(*kmsg.MetadataResponse).Topics {
					if t.Topic != nil {
						names = append(names, *t.Topic)
					}
				}
			}
			slices.Sort(names)
			done(names, d)
		},
	})
}

// ListGroups asks a broker for the groups that it coordinates and the client may see, sorted.
func (a *Admin) ListGroups(done func([]string, Done)) {
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request { return kmsg.NewPtrListGroupsRequest() },
		code: func(r kmsg.Response) wire.ErrorCode { return wire.ErrorCode(r.(*kmsg.ListGroupsResponse).ErrorCode) },
		done: func(r kmsg.Response, d Done) {
			var names []string
			if d.Outcome == Succeeded {
				for _, g := range r.(*kmsg.ListGroupsResponse).Groups {
					names = append(names, g.Group)
				}
			}
			slices.Sort(names)
			done(names, d)
		},
	})
}

// Rights asks what the client may do with a topic, a group, or the cluster (KIP-430).
func (a *Admin) Rights(on acl.Type, name string, done func([]acl.Operation, Done)) {
	told := func(r kmsg.Response, d Done) {
		if d.Outcome != Succeeded {
			done(nil, d)
			return
		}
		done(operationsIn(r), d)
	}
	switch on {
	case kmsg.ACLResourceTypeTopic:
		ask := func() kmsg.Request {
			ask, topic := kmsg.NewPtrMetadataRequest(), kmsg.NewMetadataRequestTopic()
			topic.Topic, ask.IncludeTopicAuthorizedOperations = &name, true
			ask.Topics = append(ask.Topics, topic)
			return ask
		}
		a.start(&task{at: a.anybody, reads: true, make: ask, done: told, code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.MetadataResponse).Topics[0].ErrorCode)
		}})
	case kmsg.ACLResourceTypeGroup:
		ask := func() kmsg.Request {
			ask := kmsg.NewPtrDescribeGroupsRequest()
			ask.Groups, ask.IncludeAuthorizedOperations = []string{name}, true
			return ask
		}
		a.start(&task{group: name, reads: true, make: ask, done: told, code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DescribeGroupsResponse).Groups[0].ErrorCode)
		}})
	default:
		ask := func() kmsg.Request {
			ask := kmsg.NewPtrDescribeClusterRequest()
			ask.IncludeClusterAuthorizedOperations = true
			return ask
		}
		a.start(&task{at: a.anybody, reads: true, make: ask, done: told, code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DescribeClusterResponse).ErrorCode)
		}})
	}
}

// operationsIn reads the set of operations in an answer.
func operationsIn(r kmsg.Response) (all []acl.Operation) {
	var bits int32
	switch r := r.(type) {
	case *kmsg.MetadataResponse:
		bits = r.Topics[0].AuthorizedOperations
	case *kmsg.DescribeGroupsResponse:
		bits = r.Groups[0].AuthorizedOperations
	case *kmsg.DescribeClusterResponse:
		bits = r.ClusterAuthorizedOperations
	}
	for op := range acl.Operation(31) {
		if bits&(1<<op) != 0 {
			all = append(all, op)
		}
	}
	return all
}
