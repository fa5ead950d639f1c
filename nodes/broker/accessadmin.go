package broker

import (
	"bytes"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// createACLs adds entries. Any broker does that: what decides is the version of the znode.
func (s *Server) createACLs(x *exchange) {
	r := x.Body.(*kmsg.CreateACLsRequest)
	answer := kmsg.NewPtrCreateACLsResponse()
	answer.Results = make([]kmsg.CreateACLsResponseResult, len(r.Creations))
	add := map[acl.Resource][]int{} // the creations for each
	var order []acl.Resource
	for i := range r.Creations {
		b := bindingOf(r.Creations[i], r.Version)
		switch wrong := b.Valid(); {
		case s.access == nil:
			answer.Results[i].ErrorCode = int16(wire.SecurityDisabled)
		case wrong != "":
			answer.Results[i].ErrorCode, answer.Results[i].ErrorMessage = int16(wire.InvalidRequest), &wrong
		default:
			if add[b.Resource] == nil {
				order = append(order, b.Resource)
			}
			add[b.Resource] = append(add[b.Resource], i)
		}
	}
	s.env.Go("create entries", func(t *node.Task) {
		for _, at := range order {
			code := s.changeEntries(t, at, func(now []acl.Entry) []acl.Entry {
				for _, i := range add[at] {
					now = append(now, bindingOf(r.Creations[i], r.Version).Entry)
				}
				return acl.Set(now)
			})
			for _, i := range add[at] {
				answer.Results[i].ErrorCode = int16(code)
			}
		}
		x.reply(answer)
	})
}

// bindingOf reads a binding. Before version 1 all names were literal.
func bindingOf(c kmsg.CreateACLsRequestCreation, version int16) acl.Binding {
	b := acl.Binding{
		Resource: acl.Resource{Type: c.ResourceType, Name: c.ResourceName, Pattern: c.ResourcePatternType},
		Entry:    acl.Entry{Principal: c.Principal, Host: c.Host, Operation: c.Operation, Permission: c.PermissionType},
	}
	if version == 0 {
		b.Pattern = acl.Literal
	}
	return b
}

// deleteACLs removes the entries that filters choose, among those that this broker knows
// of and those of resources that a filter names.
func (s *Server) deleteACLs(x *exchange) {
	r := x.Body.(*kmsg.DeleteACLsRequest)
	answer := kmsg.NewPtrDeleteACLsResponse()
	answer.Results = make([]kmsg.DeleteACLsResponseResult, len(r.Filters))
	if s.access == nil {
		for i := range answer.Results {
			answer.Results[i].ErrorCode = int16(wire.SecurityDisabled)
		}
		x.reply(answer)
		return
	}
	filters := make([]acl.Filter, len(r.Filters))
	all := s.access.rules.Resources()
	for i, f := range r.Filters {
		filters[i] = acl.Filter{
			Type: f.ResourceType, Name: f.ResourceName, Pattern: f.ResourcePatternType,
			Principal: f.Principal, Host: f.Host, Operation: f.Operation, Permission: f.PermissionType,
		}
		if r.Version == 0 {
			filters[i].Pattern = acl.Literal
		}
		all = append(all, filters[i].Exact()...)
	}
	slices.SortFunc(all, acl.Resource.Compare)
	s.env.Go("delete entries", func(t *node.Task) {
		for _, at := range slices.Compact(all) {
			s.deleteFrom(t, at, filters, answer)
		}
		x.reply(answer)
	})
}

// deleteFrom removes what filters choose of one resource. The first filter that chooses an
// entry answers for it.
func (s *Server) deleteFrom(t *node.Task, at acl.Resource, filters []acl.Filter, answer *kmsg.DeleteACLsResponse) {
	if !slices.ContainsFunc(filters, func(f acl.Filter) bool { return f.Chooses(at) }) {
		return
	}
	by := func(e acl.Entry) int {
		return slices.IndexFunc(filters, func(f acl.Filter) bool { return f.Chooses(at) && f.Matches(e) })
	}
	gone := map[acl.Entry]bool{} // by any attempt: one may have had its effect without that we know
	code := s.changeEntries(t, at, func(now []acl.Entry) (left []acl.Entry) {
		for _, e := range now {
			if by(e) >= 0 {
				gone[e] = true
			} else {
				left = append(left, e)
			}
		}
		return left
	})
	var sorted []acl.Entry
	for e := range gone { //sim:unordered sorted below
		sorted = append(sorted, e)
	}
	for _, e := range acl.Set(sorted) {
		out := kmsg.NewDeleteACLsResponseResultMatchingACL()
		out.ErrorCode, out.ResourceType, out.ResourceName, out.ResourcePatternType = int16(code), at.Type, at.Name, at.Pattern
		out.Principal, out.Host, out.Operation, out.PermissionType = e.Principal, e.Host, e.Operation, e.Permission
		result := &answer.Results[by(e)]
		result.MatchingACLs = append(result.MatchingACLs, out)
	}
	if code != wire.OK && len(sorted) == 0 {
		for i := range filters {
			if filters[i].Chooses(at) {
				answer.Results[i].ErrorCode = int16(code)
			}
		}
	}
}

// describeACLs lists the entries that this broker decides by.
func (s *Server) describeACLs(x *exchange) {
	r := x.Body.(*kmsg.DescribeACLsRequest)
	answer := kmsg.NewPtrDescribeACLsResponse()
	if s.access == nil {
		answer.ErrorCode = int16(wire.SecurityDisabled)
		x.reply(answer)
		return
	}
	f := acl.Filter{
		Type: r.ResourceType, Name: r.ResourceName, Pattern: r.ResourcePatternType,
		Principal: r.Principal, Host: r.Host, Operation: r.Operation, Permission: r.PermissionType,
	}
	if r.Version == 0 {
		f.Pattern = acl.Literal
	}
	for _, at := range s.access.rules.Resources() {
		if !f.Chooses(at) {
			continue
		}
		out := kmsg.NewDescribeACLsResponseResource()
		out.ResourceType, out.ResourceName, out.ResourcePatternType = at.Type, at.Name, at.Pattern
		for _, e := range s.access.rules.Of(at) {
			if f.Matches(e) {
				one := kmsg.NewDescribeACLsResponseResourceACL()
				one.Principal, one.Host, one.Operation, one.PermissionType = e.Principal, e.Host, e.Operation, e.Permission
				out.ACLs = append(out.ACLs, one)
			}
		}
		if len(out.ACLs) > 0 {
			answer.Resources = append(answer.Resources, out)
		}
	}
	x.reply(answer)
}

// changeTries bounds how often a change is tried that others keep overtaking.
const changeTries = 10

// changeEntries replaces the entries of a resource by what change makes of them, as long as
// it takes for nobody to come between. The answer waits until this broker decides by them.
func (s *Server) changeEntries(t *node.Task, at acl.Resource, change func([]acl.Entry) []acl.Entry) wire.ErrorCode {
	for range changeTries {
		version, known := s.access.versions[at]
		if !known {
			version = -1
		}
		now := s.access.rules.Of(at)
		next := change(slices.Clone(now))
		if slices.Equal(next, now) {
			// There is nothing to write, if what is known here is what is so.
			if !s.readEntries(t, at) {
				return wire.Unknown
			}
			if now = s.access.rules.Of(at); slices.Equal(change(slices.Clone(now)), now) {
				return wire.OK
			}
			continue
		}
		done, code := s.writeEntries(t, at, version, next)
		if done {
			return code
		}
		s.env.Observe(node.Event{Kind: facts.EntriesRaced, Text: at.String(), N: [4]int64{int64(version)}})
		t.Sleep(s.cfg.ReplicaFetchBackoff)
		if !s.readEntries(t, at) {
			return wire.Unknown
		}
	}
	return wire.Unknown
}

// writeEntries writes entries over a version, with the notification of it: who dies
// between the two would leave the others deciding by the old ones for good. That none are
// left is written, too, and the znode stays: the versions of another would begin anew, and
// who knows entries of the first would take its own for the next.
//
// It reports whether that is over: not if somebody else was first, or if that may be.
func (s *Server) writeEntries(t *node.Task, at acl.Resource, version int32, next []acl.Entry) (done bool, code wire.ErrorCode) {
	path, data := znodes.ACLPath(at), znodes.EncodeACL(next)
	write := zookeeper.Set(path, data, version)
	switch {
	case version < 0:
		write = zookeeper.Create(path, data)
	case s.cfg.Bugs.Has(bugs.EntriesWithoutVersion):
		write.Version = zookeeper.AnyVersion
	}
	tell := zookeeper.CreateSequential(znodes.ACLChangePath(at), znodes.EncodeACLChange(at))
	both := zookeeper.Multi(write, tell)
	if s.cfg.Bugs.Has(bugs.ChangeToldApart) {
		both = write
		defer func() { s.zk.One(t, tell) }()
	}
	r := s.zk.One(t, both)
	switch {
	case r.Over():
		return true, wire.Unknown
	case r.Unknown:
		return s.wrote(t, at, version, data)
	case !r.OK():
		return false, wire.OK
	}
	s.takeEntries(at, next, version+1, r.Zxid)
	s.env.Observe(node.Event{Kind: facts.EntriesWritten, Text: at.String(), N: [4]int64{int64(version + 1), int64(r.Zxid)}})
	return true, wire.OK
}

// wrote finds out about a write whose answer was lost: what was to be written is there, or
// the change is made again to what is.
func (s *Server) wrote(t *node.Task, at acl.Resource, version int32, data []byte) (bool, wire.ErrorCode) {
	path := znodes.ACLPath(at)
	r := s.zk.Do(t, zookeeper.Sync(path), zookeeper.Get(path))[1]
	switch {
	case r.Over():
		return true, wire.Unknown
	case !r.OK() || r.Stat.Version != version+1 || !bytes.Equal(r.Data, data):
		return false, wire.OK
	}
	entries, _ := znodes.DecodeACL(path, r.Data)
	s.takeEntries(at, entries, r.Stat.Version, r.Zxid)
	return true, wire.OK
}
