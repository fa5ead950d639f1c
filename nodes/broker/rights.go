package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
)

// right is an operation on resources of a type.
type right struct {
	op acl.Operation
	on acl.Type
}

// demand says which rights requests of a kind need, and which gate holds them to it. A
// gate takes out of a request what its sender has no right to, and sees to it that the
// answer says so; what is left is performed as if nothing else had been asked for.
type demand struct {
	key kmsg.Key
	// rights are what the gate asks for, in its order; see there which of them suffice.
	rights []right
	gate   func(*gate) // nil where everybody may
}

// The rights that requests need.
var (
	readTopic       = right{kmsg.ACLOperationRead, kmsg.ACLResourceTypeTopic}
	writeTopic      = right{kmsg.ACLOperationWrite, kmsg.ACLResourceTypeTopic}
	describeTopic   = right{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeTopic}
	createTopic     = right{kmsg.ACLOperationCreate, kmsg.ACLResourceTypeTopic}
	deleteTopic     = right{kmsg.ACLOperationDelete, kmsg.ACLResourceTypeTopic}
	alterTopic      = right{kmsg.ACLOperationAlter, kmsg.ACLResourceTypeTopic}
	describeConfigs = right{kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeTopic}
	alterConfigs    = right{kmsg.ACLOperationAlterConfigs, kmsg.ACLResourceTypeTopic}
	readGroup       = right{kmsg.ACLOperationRead, kmsg.ACLResourceTypeGroup}
	describeGroup   = right{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeGroup}
	deleteGroup     = right{kmsg.ACLOperationDelete, kmsg.ACLResourceTypeGroup}

	clusterAction   = right{kmsg.ACLOperationClusterAction, kmsg.ACLResourceTypeCluster}
	createCluster   = right{kmsg.ACLOperationCreate, kmsg.ACLResourceTypeCluster}
	alterCluster    = right{kmsg.ACLOperationAlter, kmsg.ACLResourceTypeCluster}
	describeCluster = right{kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeCluster}
	idempotentWrite = right{kmsg.ACLOperationIdempotentWrite, kmsg.ACLResourceTypeCluster}
	clusterConfigs  = right{kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeCluster}
	alterBrokers    = right{kmsg.ACLOperationAlterConfigs, kmsg.ACLResourceTypeCluster}
)

// demands are those of all requests, by key (Kafka documentation, Operations and Resources
// on Protocols).
var demands = []demand{
	{kmsg.Produce, []right{writeTopic}, (*gate).produce},
	{kmsg.Fetch, []right{readTopic, clusterAction}, nil}, // by partition, as they are read: see mayRead
	{kmsg.ListOffsets, []right{describeTopic}, (*gate).listOffsets},
	{kmsg.Metadata, []right{describeTopic}, nil}, // by topic: see describe, and there what is hidden
	{kmsg.LeaderAndISR, []right{clusterAction}, (*gate).whole},
	{kmsg.StopReplica, []right{clusterAction}, (*gate).whole},
	{kmsg.UpdateMetadata, []right{clusterAction}, (*gate).whole},
	{kmsg.ControlledShutdown, []right{clusterAction}, (*gate).whole},
	{kmsg.OffsetCommit, []right{readGroup, readTopic}, (*gate).offsetCommit},
	{kmsg.OffsetFetch, []right{describeGroup, describeTopic}, (*gate).offsetFetch},
	{kmsg.FindCoordinator, []right{describeGroup}, nil}, // by key: see coordinatorOf
	{kmsg.JoinGroup, []right{readGroup}, (*gate).whole},
	{kmsg.Heartbeat, []right{readGroup}, (*gate).whole},
	{kmsg.LeaveGroup, []right{readGroup}, (*gate).whole},
	{kmsg.SyncGroup, []right{readGroup}, (*gate).whole},
	{kmsg.DescribeGroups, []right{describeGroup}, (*gate).describeGroups},
	{kmsg.ListGroups, []right{describeCluster, describeGroup}, (*gate).listGroups},
	{kmsg.SASLHandshake, nil, nil},
	{kmsg.ApiVersions, nil, nil},
	{kmsg.CreateTopics, []right{createCluster, createTopic}, (*gate).createTopics},
	{kmsg.DeleteTopics, []right{deleteTopic, describeTopic}, (*gate).deleteTopics},
	{kmsg.DeleteRecords, []right{deleteTopic}, (*gate).deleteRecords},
	{kmsg.InitProducerID, []right{idempotentWrite, writeTopic}, (*gate).initProducerID},
	{kmsg.OffsetForLeaderEpoch, []right{clusterAction, describeTopic}, (*gate).offsetForLeaderEpoch},
	{kmsg.DescribeACLs, []right{describeCluster}, (*gate).whole},
	{kmsg.CreateACLs, []right{alterCluster}, (*gate).whole},
	{kmsg.DeleteACLs, []right{alterCluster}, (*gate).whole},
	{kmsg.DescribeConfigs, []right{describeConfigs, clusterConfigs}, (*gate).describeConfigs},
	{kmsg.AlterConfigs, []right{alterConfigs, alterBrokers}, (*gate).replaceConfigs},
	{kmsg.DescribeLogDirs, []right{describeCluster}, (*gate).whole},
	{kmsg.SASLAuthenticate, nil, nil},
	{kmsg.CreatePartitions, []right{alterTopic}, (*gate).createPartitions},
	{kmsg.DeleteGroups, []right{deleteGroup}, (*gate).deleteGroups},
	{kmsg.ElectLeaders, []right{alterCluster}, (*gate).whole},
	{kmsg.IncrementalAlterConfigs, []right{alterConfigs, alterBrokers}, (*gate).alterConfigs},
	{kmsg.AlterPartitionAssignments, []right{alterCluster}, (*gate).whole},
	{kmsg.ListPartitionReassignments, []right{describeCluster}, (*gate).whole},
	{kmsg.OffsetDelete, []right{deleteGroup, readTopic}, (*gate).offsetDelete},
	{kmsg.DescribeClientQuotas, []right{clusterConfigs}, (*gate).whole},
	{kmsg.AlterClientQuotas, []right{alterBrokers}, (*gate).whole},
	{kmsg.DescribeUserSCRAMCredentials, []right{describeCluster}, (*gate).whole},
	{kmsg.AlterUserSCRAMCredentials, []right{alterCluster}, (*gate).whole},
	{kmsg.DescribeCluster, []right{describeCluster}, nil}, // for its list of rights: see authorizedCluster
	{kmsg.DescribeProducers, []right{readTopic}, (*gate).describeProducers},
}

// demandOf finds the row of a request. Every kind that is served has one.
func demandOf(key int16) *demand {
	for i := range demands {
		if demands[i].key.Int16() == key {
			return &demands[i]
		}
	}
	panic("broker: nobody says which rights " + kmsg.NameForKey(key) + " needs")
}

// authorize takes out of a request what its sender has no right to. It reports whether
// anything is left to be performed; if not, the request has been answered.
func (s *Server) authorize(x *exchange) bool {
	d := demandOf(x.Key)
	if d.gate == nil {
		return true
	}
	d.gate(&gate{s, x, d})
	return !x.ended
}

// gate is the authorisation of one request.
type gate struct {
	s *Server
	x *exchange
	*demand
}

// has asks for the k-th right of the table on a resource.
func (g *gate) has(k int, name string) bool {
	r := g.rights[k]
	if r.on == kmsg.ACLResourceTypeCluster {
		name = acl.Cluster
	}
	return g.s.may(g.x, r.op, r.on, name)
}

// amend adds to the answer what was taken out of the request.
func (g *gate) amend(f func(kmsg.Response)) { g.x.amend = f }

// part takes those out of a list whose names its sender has no right to.
func part[T any](g *gate, k int, all []T, name func(*T) string) (kept, refused []T) {
	kept = make([]T, 0, len(all)) // not nil, which often means all there are
	decided := map[string]bool{}
	for i := range all {
		n := name(&all[i])
		ok, asked := decided[n]
		if !asked {
			ok = g.has(k, n)
			decided[n] = ok
		}
		if ok {
			kept = append(kept, all[i])
		} else {
			refused = append(refused, all[i])
		}
	}
	return kept, refused
}
