package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// CreateACLs makes bindings. Those that exist stay.
func (a *Admin) CreateACLs(bindings []acl.Binding, done func(Done)) {
	a.start(&task{
		at: a.anybody,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrCreateACLsRequest()
			for _, b := range bindings {
				one := kmsg.NewCreateACLsRequestCreation()
				one.ResourceType, one.ResourceName, one.ResourcePatternType = b.Type, b.Name, b.Pattern
				one.Principal, one.Host, one.Operation, one.PermissionType = b.Principal, b.Host, b.Operation, b.Permission
				ask.Creations = append(ask.Creations, one)
			}
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			for _, one := range r.(*kmsg.CreateACLsResponse).Results {
				if one.ErrorCode != 0 {
					return wire.ErrorCode(one.ErrorCode)
				}
			}
			return wire.OK
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// DeleteACLs removes the bindings that a filter chooses.
func (a *Admin) DeleteACLs(f acl.Filter, done func(Done)) {
	a.start(&task{
		at: a.anybody,
		make: func() kmsg.Request {
			one := kmsg.NewDeleteACLsRequestFilter()
			one.ResourceType, one.ResourceName, one.ResourcePatternType = f.Type, f.Name, f.Pattern
			one.Principal, one.Host, one.Operation, one.PermissionType = f.Principal, f.Host, f.Operation, f.Permission
			ask := kmsg.NewPtrDeleteACLsRequest()
			ask.Filters = append(ask.Filters, one)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			result := &r.(*kmsg.DeleteACLsResponse).Results[0]
			for _, one := range result.MatchingACLs {
				if one.ErrorCode != 0 {
					return wire.ErrorCode(one.ErrorCode)
				}
			}
			return wire.ErrorCode(result.ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// DescribeACLs asks for the bindings that a filter chooses.
func (a *Admin) DescribeACLs(f acl.Filter, done func([]acl.Binding, Done)) {
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrDescribeACLsRequest()
			ask.ResourceType, ask.ResourceName, ask.ResourcePatternType = f.Type, f.Name, f.Pattern
			ask.Principal, ask.Host, ask.Operation, ask.PermissionType = f.Principal, f.Host, f.Operation, f.Permission
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode { return wire.ErrorCode(r.(*kmsg.DescribeACLsResponse).ErrorCode) },
		done: func(r kmsg.Response, d Done) {
			var all []acl.Binding
			if d.Outcome == Succeeded {
				for _, at := range r.(*kmsg.DescribeACLsResponse).Resources {
					for _, e := range at.ACLs {
						all = append(all, acl.Binding{
							Resource: acl.Resource{Type: at.ResourceType, Name: at.ResourceName, Pattern: at.ResourcePatternType},
							Entry:    acl.Entry{Principal: e.Principal, Host: e.Host, Operation: e.Operation, Permission: e.PermissionType},
						})
					}
				}
			}
			done(all, d)
		},
	})
}
