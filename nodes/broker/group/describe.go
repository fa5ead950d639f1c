package group

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// describeGroups tells people how groups are.
func (c *Coordinator) describeGroups(r *kmsg.DescribeGroupsRequest) *kmsg.DescribeGroupsResponse {
	answer := kmsg.NewPtrDescribeGroupsResponse()
	for _, name := range r.Groups {
		each := kmsg.NewDescribeGroupsResponseGroup()
		each.Group = name
		if code := c.admit(name); code != wire.OK {
			each.ErrorCode = int16(code)
		} else if g := c.groups[name]; g != nil {
			g.describe(&each)
		} else {
			each.State = dead.String()
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

// listGroups names the groups that are coordinated here.
func (c *Coordinator) listGroups(r *kmsg.ListGroupsRequest) *kmsg.ListGroupsResponse {
	answer := kmsg.NewPtrListGroupsResponse()
	if slices.ContainsFunc(c.shards, func(s *shard) bool { return s != nil && s.loading != nil }) {
		answer.ErrorCode = int16(wire.CoordinatorLoadInProgress)
	}
	for _, name := range c.names(-1) {
		g := c.groups[name]
		if len(r.StatesFilter) > 0 && !slices.Contains(r.StatesFilter, g.state.String()) {
			continue
		}
		each := kmsg.NewListGroupsResponseGroup()
		each.Group, each.ProtocolType, each.GroupState, each.GroupType = name, g.protocolType, g.state.String(), "classic"
		answer.Groups = append(answer.Groups, each)
	}
	return answer
}
