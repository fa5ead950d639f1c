package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// authorizedOps are the operations on a resource that the sender of a request has a right
// to, as the protocol has sets of them: a bit for each, by its number (KIP-430). Where
// nothing is authorised, they are all that there are on resources of the type.
func (s *Server) authorizedOps(x *exchange, on acl.Type, name string) (bits int32) {
	for _, op := range acl.Supported(on) {
		if s.mayOnRequest(x, op, on, name) || s.cfg.Bugs.Has(bugs.AllRightsTold) {
			bits |= 1 << op
		}
	}
	return bits
}

// mayOnRequest decides whether the sender may do something that it only asks about.
func (s *Server) mayOnRequest(x *exchange, op acl.Operation, on acl.Type, name string) bool {
	if s.access == nil || x.channel.principal == brokerPrincipal {
		return true
	}
	who := acl.Who{Principal: x.channel.principal, Host: AddressOf(x.channel.peer)}
	asker := &facts.Asker{Principal: who.Principal, Host: who.Host, Asks: true}
	return s.decided(s.access.rules.Allows(who, op, on, name), asker, right{op, on}, name)
}

// authorizedCluster is the same for the cluster, of which who may not describe it is told
// that it may do nothing.
func (s *Server) authorizedCluster(x *exchange) int32 {
	if !s.may(x, describeCluster.op, describeCluster.on, acl.Cluster) {
		return 0
	}
	return s.authorizedOps(x, kmsg.ACLResourceTypeCluster, acl.Cluster)
}

// authorizedGroups adds to the answer what the sender may do to each group that it is
// shown, if it wants to know.
func (s *Server) authorizedGroups(x *exchange, answer kmsg.Response) {
	r, asks := x.Body.(*kmsg.DescribeGroupsRequest)
	if !asks || !r.IncludeAuthorizedOperations {
		return
	}
	groups := answer.(*kmsg.DescribeGroupsResponse).Groups
	for i := range groups {
		if groups[i].ErrorCode == 0 {
			groups[i].AuthorizedOperations = s.authorizedOps(x, kmsg.ACLResourceTypeGroup, groups[i].Group)
		}
	}
}

// authorizedTopics is the same for the topics in an answer about topics, and in some
// versions for the cluster.
func (s *Server) authorizedTopics(x *exchange, r *kmsg.MetadataRequest, answer *kmsg.MetadataResponse) {
	if r.IncludeClusterAuthorizedOperations {
		answer.AuthorizedOperations = s.authorizedCluster(x)
	}
	if !r.IncludeTopicAuthorizedOperations {
		return
	}
	for i := range answer.Topics {
		if t := &answer.Topics[i]; t.Topic != nil && t.ErrorCode != int16(wire.TopicAuthorizationFailed) {
			t.AuthorizedOperations = s.authorizedOps(x, kmsg.ACLResourceTypeTopic, *t.Topic)
		}
	}
}
