package workloads

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// binding is the one that an operation on access control entries is about.
func (o Op) binding() acl.Binding {
	b := acl.Binding{Resource: acl.Resource{Name: o.Path, Pattern: acl.Literal}}
	b.Type, _ = acl.TypeNamed(o.Log.word("on", "Topic"))
	switch o.Log.word("kind", "literal") {
	case "prefixed":
		b.Pattern = acl.Prefixed
	case "all":
		b.Name = acl.Wildcard
	}
	b.Principal, b.Host = o.Log.word("who", ""), o.Log.word("host", acl.Wildcard)
	b.Operation, _ = acl.OperationNamed(o.Log.word("op", ""))
	b.Permission = acl.Allow
	if o.Log.number("deny", 0) == 1 {
		b.Permission = acl.Deny
	}
	return b
}

// secure begins an operation about who may do what.
func (c *BrokerClient) secure(op Op) {
	b := op.binding()
	done := func(d client.Done) {
		c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) { l.Err = int16(d.Code) })
	}
	switch op.F {
	case history.Grant:
		c.admin.CreateACLs([]acl.Binding{b}, done)
	case history.Revoke:
		c.admin.DeleteACLs(acl.Filter{
			Type: b.Type, Name: &b.Name, Pattern: b.Pattern, Principal: &b.Principal, Host: &b.Host, Operation: b.Operation, Permission: b.Permission,
		}, done)
	case history.Entries:
		f := acl.Filter{Type: b.Type, Name: &b.Name, Pattern: b.Pattern, Operation: acl.AnyOperation, Permission: acl.AnyPermission}
		c.admin.DescribeACLs(f, func(found []acl.Binding, d client.Done) {
			c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) {
				l.Err = int16(d.Code)
				for _, one := range found {
					e := history.AccessEntry{Principal: one.Principal, Host: one.Host, Operation: acl.OperationName(one.Operation), Deny: one.Permission == acl.Deny}
					l.Names = append(l.Names, e.String())
				}
				slices.Sort(l.Names)
			})
		})
	case history.SetQuota:
		c.admin.SetQuotas(op.quotas(), done)
	case history.ListTopics:
		c.admin.ListTopics(c.named(op))
	case history.ListGroups:
		c.admin.ListGroups(c.named(op))
	case history.DescribeGroup:
		c.admin.DescribeGroup(op.Log.Group, func(_ *kmsg.DescribeGroupsResponseGroup, d client.Done) { done(d) })
	case history.LogIn, history.SetPassword, history.Passwords:
		c.identify(op, done)
	case history.Rights:
		c.admin.Rights(b.Type, b.Name, func(all []acl.Operation, d client.Done) {
			var names []string
			for _, one := range all {
				names = append(names, acl.OperationName(one))
			}
			c.named(op)(names, d)
		})
	}
}

// named ends an operation that is answered by names.
func (c *BrokerClient) named(op Op) func([]string, client.Done) {
	return func(names []string, d client.Done) {
		c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) { l.Err, l.Names = int16(d.Code), names })
	}
}

// tryTopics makes one attempt at a final list of topics.
func (c *BrokerClient) tryTopics(t *node.Task, op Op) bool {
	c.rec.Invoke(history.Op{
		ID: op.ID, Client: c.cfg.Index, F: op.F, Server: int(node.Nobody), Final: true,
		Log: &history.LogOp{Offset: history.Unknown, As: c.cfg.As, Super: c.cfg.Super},
	})
	var all []string
	ok := false
	var done node.Signal
	c.admin.ListTopics(func(names []string, d client.Done) {
		all, ok = names, d.Outcome == client.Succeeded
		done.Set(nil)
	})
	t.Await(&done)
	if ok {
		c.rec.Return(op.ID, func(h *history.Op) {
			l := *h.Log
			l.Names = all
			h.Outcome, h.Log = history.OK, &l
		})
	}
	return ok
}

// resume has a reader go on where it was refused: it may be granted by now.
func resume(from *client.Consumer, p client.Polled) {
	for _, s := range p.Stuck {
		if s.Code != wire.TopicAuthorizationFailed || !slices.Contains(from.Assigned(), s.TopicPartition) {
			continue
		}
		if offset, epoch := from.Position(s.TopicPartition); offset >= 0 {
			from.Seek(s.TopicPartition, offset, epoch)
		} else {
			from.SeekToEnd(s.TopicPartition, true)
		}
	}
}
