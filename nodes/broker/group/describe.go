package group

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// describeGroups tells people how groups are.
func (c *Coordinator) describeGroups(r *kmsg.DescribeGroupsRequest) *kmsg.DescribeGroupsResponse {
	answer := kmsg.NewPtrDescribeGroupsResponse()
	for _, name := range r.Groups {
		each := kmsg.NewDescribeGroupsResponseGroup()
		each.Group = name
		if code := c.admit(name); code != wire.OK {
			each.ErrorCode = int16(code)
		} else {
			if g := c.groups[name]; g != nil {
				g.describe(&each)
			} else {
				each.State = dead.String()
			}
			c.described(&each)
		}
		answer.Groups = append(answer.Groups, each)
	}
	return answer
}

func (g *group) describe(each *kmsg.DescribeGroupsResponseGroup) {
	each.State, each.ProtocolType = g.state.String(), g.protocolType
	if g.state == stable {
		each.Protocol = g.protocol
	}
	for _, m := range g.members {
		member := kmsg.NewDescribeGroupsResponseGroupMember()
		member.MemberID, member.ClientID, member.ClientHost = m.id, m.clientID, m.host
		if m.instance != "" {
			member.InstanceID = kmsg.StringPtr(m.instance)
		}
		member.ProtocolMetadata, member.MemberAssignment = []byte{}, []byte{}
		if g.state == stable {
			member.ProtocolMetadata = m.metadata(g.protocol)
			if m.assignment != nil {
				member.MemberAssignment = m.assignment
			}
		}
		each.Members = append(each.Members, member)
	}
}

// described states what is told of a group.
func (c *Coordinator) described(each *kmsg.DescribeGroupsResponseGroup) {
	told := &facts.GroupDescription{State: each.State}
	for _, m := range each.Members {
		s := facts.GroupShare{Member: m.MemberID, Assignment: m.MemberAssignment}
		if m.InstanceID != nil {
			s.Instance = *m.InstanceID
		}
		told.Members = append(told.Members, s)
	}
	c.env.Observe(node.Event{Kind: facts.GroupTold, Text: each.Group, Body: told})
}

// listGroups names the groups that are coordinated here.
func (c *Coordinator) listGroups(r *kmsg.ListGroupsRequest) *kmsg.ListGroupsResponse {
	answer := kmsg.NewPtrListGroupsResponse()
	if slices.ContainsFunc(c.shards, func(s *shard) bool { return s != nil && s.loading != nil }) {
		answer.ErrorCode = int16(wire.CoordinatorLoadInProgress)
	}
	var told []facts.GroupListed
	for _, name := range c.names(-1) {
		g := c.groups[name]
		if len(r.StatesFilter) > 0 && !slices.Contains(r.StatesFilter, g.state.String()) {
			continue
		}
		each := kmsg.NewListGroupsResponseGroup()
		each.Group, each.ProtocolType, each.GroupState, each.GroupType = name, g.protocolType, g.state.String(), "classic"
		answer.Groups = append(answer.Groups, each)
		told = append(told, facts.GroupListed{Name: name, State: each.GroupState})
	}
	c.env.Observe(node.Event{Kind: facts.GroupsTold, Text: Topic, Body: told, N: [4]int64{int64(len(r.StatesFilter))}})
	return answer
}
