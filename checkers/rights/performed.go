package rights

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// rule is what a kind of request needs: an operation on each resource of a type that it
// names. On the cluster, it is needed whatever is named; of brokers, where their settings
// are. Where cluster is not empty, that right on the cluster will do.
type rule struct{ on, operation, cluster string }

// rules are those of all kinds of which a broker decides before it performs anything. Those
// to read records, to find out about topics and to find coordinators it decides about on
// the way; what becomes of records and of committed offsets is judged as they are taken.
var rules = map[kmsg.Key][]rule{
	kmsg.ListOffsets:                  {{on: "Topic", operation: "Describe"}},
	kmsg.LeaderAndISR:                 {{on: "Cluster", operation: "ClusterAction"}},
	kmsg.StopReplica:                  {{on: "Cluster", operation: "ClusterAction"}},
	kmsg.UpdateMetadata:               {{on: "Cluster", operation: "ClusterAction"}},
	kmsg.ControlledShutdown:           {{on: "Cluster", operation: "ClusterAction"}},
	kmsg.OffsetFetch:                  {{on: "Group", operation: "Describe"}, {on: "Topic", operation: "Describe"}},
	kmsg.JoinGroup:                    {{on: "Group", operation: "Read"}},
	kmsg.Heartbeat:                    {{on: "Group", operation: "Read"}},
	kmsg.LeaveGroup:                   {{on: "Group", operation: "Read"}},
	kmsg.SyncGroup:                    {{on: "Group", operation: "Read"}},
	kmsg.DescribeGroups:               {{on: "Group", operation: "Describe"}},
	kmsg.CreateTopics:                 {{on: "Topic", operation: "Create", cluster: "Create"}},
	kmsg.DeleteTopics:                 {{on: "Topic", operation: "Delete"}},
	kmsg.DeleteRecords:                {{on: "Topic", operation: "Delete"}},
	kmsg.OffsetForLeaderEpoch:         {{on: "Topic", operation: "Describe", cluster: "ClusterAction"}},
	kmsg.DescribeACLs:                 {{on: "Cluster", operation: "Describe"}},
	kmsg.CreateACLs:                   {{on: "Cluster", operation: "Alter"}},
	kmsg.DeleteACLs:                   {{on: "Cluster", operation: "Alter"}},
	kmsg.DescribeConfigs:              {{on: "Topic", operation: "DescribeConfigs"}, {on: "Broker", operation: "DescribeConfigs"}},
	kmsg.AlterConfigs:                 {{on: "Topic", operation: "AlterConfigs"}, {on: "Broker", operation: "AlterConfigs"}},
	kmsg.IncrementalAlterConfigs:      {{on: "Topic", operation: "AlterConfigs"}, {on: "Broker", operation: "AlterConfigs"}},
	kmsg.DescribeLogDirs:              {{on: "Cluster", operation: "Describe"}},
	kmsg.CreatePartitions:             {{on: "Topic", operation: "Alter"}},
	kmsg.DeleteGroups:                 {{on: "Group", operation: "Delete"}},
	kmsg.ElectLeaders:                 {{on: "Cluster", operation: "Alter"}},
	kmsg.AlterPartitionAssignments:    {{on: "Cluster", operation: "Alter"}},
	kmsg.ListPartitionReassignments:   {{on: "Cluster", operation: "Describe"}},
	kmsg.OffsetDelete:                 {{on: "Group", operation: "Delete"}, {on: "Topic", operation: "Read"}},
	kmsg.DescribeClientQuotas:         {{on: "Cluster", operation: "DescribeConfigs"}},
	kmsg.AlterClientQuotas:            {{on: "Cluster", operation: "AlterConfigs"}},
	kmsg.DescribeUserSCRAMCredentials: {{on: "Cluster", operation: "Describe"}},
	kmsg.AlterUserSCRAMCredentials:    {{on: "Cluster", operation: "Alter"}},
	kmsg.DescribeProducers:            {{on: "Topic", operation: "Read"}},
	// Who may write to any topic may number what it writes.
	kmsg.InitProducerID: {{on: "Any", operation: "Write", cluster: "IdempotentWrite"}},
}

// the cluster, as entries name it
const theCluster = "kafka-cluster"

// wants lists what a rule asks for.
func (r rule) wants(p *facts.Performed) (all []need) {
	switch r.on {
	case "Cluster":
		return []need{{r.operation, "Cluster", theCluster}}
	case "Broker":
		if p.Brokers {
			all = append(all, need{r.operation, "Cluster", theCluster})
		}
	case "Any":
		return []need{{r.operation, "Topic", ""}}
	case "Group":
		for _, name := range p.Groups {
			all = append(all, need{r.operation, "Group", name})
		}
	default:
		for _, name := range p.Topics {
			all = append(all, need{r.operation, "Topic", name})
		}
	}
	return all
}

// grant is a right that was found to be somebody's.
type grant struct {
	principal string
	need
}

// performed: what a broker does for a client, it has just found that client to have a right
// to. Another broker may do anything.
func (c *Checker) performed(m *member, e node.Event) {
	key, peer, port := kmsg.Key(e.N[0]), node.ID(e.N[1]), node.Port(e.N[2])
	if port == wire.ReplicaPort && c.byNode[peer] != nil {
		return
	}
	c.proved(m, e)
	has := func(n need) bool { at, ok := m.grants[grant{e.Text, n}]; return ok && at == c.step }
	for _, r := range rules[key] {
		if r.cluster != "" && has(need{r.cluster, "Cluster", theCluster}) {
			continue
		}
		for _, n := range r.wants(e.Body.(*facts.Performed)) {
			if !has(n) {
				c.fail(m.Name, Performed, fmt.Sprintf("%s performs a request %s of %s, whom it has not allowed to %v", m.Name, key.Name(), e.Text, n))
				return
			}
		}
	}
}

// proved: a connection on which clients have to prove who they are is taken for that of who
// did, and before for nobody's.
func (c *Checker) proved(m *member, e node.Event) {
	if c.cfg.Mechanism == "" || node.Port(e.N[2]) != wire.ClientPort {
		return
	}
	switch kmsg.Key(e.N[0]) {
	case kmsg.ApiVersions, kmsg.SASLHandshake, kmsg.SASLAuthenticate:
		return
	}
	if who := m.proved[e.N[3]]; who != e.Text {
		c.fail(m.Name, ProvedFirst, fmt.Sprintf("%s performs a request %s for %s, on a connection that is proved to be that of %q", m.Name, kmsg.Key(e.N[0]).Name(), e.Text, who))
	}
}
