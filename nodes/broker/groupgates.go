package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// The gates of requests about groups.

// offsetCommit: it needs the group, and each topic.
func (g *gate) offsetCommit() {
	r := g.x.Body.(*kmsg.OffsetCommitRequest)
	all, code := r.Topics, wire.GroupAuthorizationFailed
	var refused []kmsg.OffsetCommitRequestTopic
	if g.has(0, r.Group) {
		if g.s.cfg.Bugs.Has(bugs.CommitTopicUnchecked) {
			return
		}
		r.Topics, refused = part(g, 1, all, func(t *kmsg.OffsetCommitRequestTopic) string { return t.Topic })
		code = wire.TopicAuthorizationFailed
	} else {
		r.Topics, refused = nil, all
	}
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.OffsetCommitResponse)
		for _, t := range refused {
			out := kmsg.NewOffsetCommitResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewOffsetCommitResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, int16(code)
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
	if code == wire.GroupAuthorizationFailed {
		g.x.reply(kmsg.NewPtrOffsetCommitResponse())
	}
}

// offsetDelete: it needs the group, and each topic.
func (g *gate) offsetDelete() {
	r := g.x.Body.(*kmsg.OffsetDeleteRequest)
	if !g.has(0, r.Group) {
		g.x.reply(refusal(r, wire.GroupAuthorizationFailed))
		return
	}
	var refused []kmsg.OffsetDeleteRequestTopic
	r.Topics, refused = part(g, 1, r.Topics, func(t *kmsg.OffsetDeleteRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.OffsetDeleteResponse)
		for _, t := range refused {
			out := kmsg.NewOffsetDeleteResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewOffsetDeleteResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, int16(wire.TopicAuthorizationFailed)
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
}

func (g *gate) describeGroups() {
	r := g.x.Body.(*kmsg.DescribeGroupsRequest)
	var refused []string
	r.Groups, refused = part(g, 0, r.Groups, func(name *string) string { return *name })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.DescribeGroupsResponse)
		for _, name := range refused {
			out := kmsg.NewDescribeGroupsResponseGroup()
			out.Group, out.ErrorCode = name, int16(wire.GroupAuthorizationFailed)
			answer.Groups = append(answer.Groups, out)
		}
	})
}

func (g *gate) deleteGroups() {
	if g.s.cfg.Bugs.Has(bugs.DeleteGroupsUnchecked) {
		return
	}
	r := g.x.Body.(*kmsg.DeleteGroupsRequest)
	var refused []string
	r.Groups, refused = part(g, 0, r.Groups, func(name *string) string { return *name })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.DeleteGroupsResponse)
		for _, name := range refused {
			out := kmsg.NewDeleteGroupsResponseGroup()
			out.Group, out.ErrorCode = name, int16(wire.GroupAuthorizationFailed)
			answer.Groups = append(answer.Groups, out)
		}
	})
}

// listGroups: who may not describe the cluster sees the groups that it may describe.
func (g *gate) listGroups() {
	if g.has(0, "") || g.s.cfg.Bugs.Has(bugs.GroupsShown) {
		return
	}
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.ListGroupsResponse)
		answer.Groups = slices.DeleteFunc(answer.Groups, func(group kmsg.ListGroupsResponseGroup) bool { return !g.has(1, group.Group) })
	})
}

// offsetFetch: of topics that are not named, those are left out that are hidden.
func (g *gate) offsetFetch() {
	r := g.x.Body.(*kmsg.OffsetFetchRequest)
	if r.Version >= 8 {
		g.offsetFetchOfGroups(r)
		return
	}
	if !g.has(0, r.Group) {
		g.amend(func(a kmsg.Response) { refuseOffsets(a.(*kmsg.OffsetFetchResponse), r) })
		g.x.reply(kmsg.NewPtrOffsetFetchResponse())
		return
	}
	all := r.Topics == nil
	var refused []kmsg.OffsetFetchRequestTopic
	if !all {
		r.Topics, refused = part(g, 1, r.Topics, func(t *kmsg.OffsetFetchRequestTopic) string { return t.Topic })
	}
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.OffsetFetchResponse)
		if all {
			answer.Topics, _ = part(g, 1, answer.Topics, func(t *kmsg.OffsetFetchResponseTopic) string { return t.Topic })
		}
		addOffsets(answer, refused, wire.TopicAuthorizationFailed)
	})
}

// refuseOffsets answers by an error for the group. Before version 2 there was no place for
// one but at each partition.
func refuseOffsets(a *kmsg.OffsetFetchResponse, r *kmsg.OffsetFetchRequest) {
	a.ErrorCode = int16(wire.GroupAuthorizationFailed)
	addOffsets(a, r.Topics, wire.GroupAuthorizationFailed)
}

func addOffsets(a *kmsg.OffsetFetchResponse, topics []kmsg.OffsetFetchRequestTopic, code wire.ErrorCode) {
	for _, t := range topics {
		out := kmsg.NewOffsetFetchResponseTopic()
		out.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetFetchResponseTopicPartition()
			part.Partition, part.Offset, part.LeaderEpoch, part.ErrorCode = p, -1, -1, int16(code)
			out.Partitions = append(out.Partitions, part)
		}
		a.Topics = append(a.Topics, out)
	}
}

// offsetFetchOfGroups does the same for each of several groups (KIP-709).
func (g *gate) offsetFetchOfGroups(r *kmsg.OffsetFetchRequest) {
	all := map[string]bool{}
	refusedOf := map[string][]kmsg.OffsetFetchRequestGroupTopic{}
	var refusedGroups []kmsg.OffsetFetchRequestGroup
	r.Groups, refusedGroups = part(g, 0, r.Groups, func(o *kmsg.OffsetFetchRequestGroup) string { return o.Group })
	for i := range r.Groups {
		o := &r.Groups[i]
		all[o.Group] = o.Topics == nil
		if o.Topics != nil {
			o.Topics, refusedOf[o.Group] = part(g, 1, o.Topics, func(t *kmsg.OffsetFetchRequestGroupTopic) string { return t.Topic })
		}
	}
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.OffsetFetchResponse)
		for i := range answer.Groups {
			o := &answer.Groups[i]
			if all[o.Group] {
				o.Topics, _ = part(g, 1, o.Topics, func(t *kmsg.OffsetFetchResponseGroupTopic) string { return t.Topic })
			}
			for _, t := range refusedOf[o.Group] {
				o.Topics = append(o.Topics, refusedOffsets(t))
			}
		}
		for _, o := range refusedGroups {
			out := kmsg.NewOffsetFetchResponseGroup()
			out.Group, out.ErrorCode = o.Group, int16(wire.GroupAuthorizationFailed)
			answer.Groups = append(answer.Groups, out)
		}
	})
}

func refusedOffsets(t kmsg.OffsetFetchRequestGroupTopic) kmsg.OffsetFetchResponseGroupTopic {
	out := kmsg.NewOffsetFetchResponseGroupTopic()
	out.Topic = t.Topic
	for _, p := range t.Partitions {
		part := kmsg.NewOffsetFetchResponseGroupTopicPartition()
		part.Partition, part.Offset, part.LeaderEpoch, part.ErrorCode = p, -1, -1, int16(wire.TopicAuthorizationFailed)
		out.Partitions = append(out.Partitions, part)
	}
	return out
}
