package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/client"
)

// TestAuthorizedOperations has people ask what they may do with a topic, a group and the
// cluster, each with another set of rights.
func TestAuthorizedOperations(t *testing.T) {
	c, root, users := guarded(t, 2)
	var got string
	note := func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) }
	expect := c.expects(&got, 4*time.Second)
	a, u := root.NewAdmin(), users[0].NewAdmin()
	a.CreateTopic(client.NewTopic{Name: "orders", Partitions: 1, Replication: 1}, note)
	expect("create a topic", "ok NONE")
	rights := func(of *client.Admin, on acl.Type, name, want string) {
		t.Helper()
		of.Rights(on, name, func(all []acl.Operation, d client.Done) {
			note(d)
			for _, op := range all {
				got += " " + acl.OperationName(op)
			}
		})
		expect(name, want)
	}
	const group, cluster = kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster
	rights(a, aTopic, "orders", "ok NONE Read Write Create Delete Alter Describe DescribeConfigs AlterConfigs")
	rights(u, aTopic, "orders", "failed TOPIC_AUTHORIZATION_FAILED")
	rights(u, group, "g", "failed GROUP_AUTHORIZATION_FAILED")
	rights(u, cluster, acl.Cluster, "ok NONE")
	a.CreateACLs([]acl.Binding{
		binding(aTopic, "ord", acl.Prefixed, "User:a", kmsg.ACLOperationAll, allow), binding(aTopic, "orders", acl.Literal, "User:a", mayWrite, deny),
		binding(group, "g", acl.Literal, "User:a", mayRead, allow),
		binding(cluster, acl.Cluster, acl.Literal, "User:a", kmsg.ACLOperationAlter, allow),
	}, note)
	expect("grant", "ok NONE")
	rights(u, aTopic, "orders", "ok NONE Read Create Delete Alter Describe DescribeConfigs AlterConfigs")
	rights(u, group, "g", "ok NONE Read Describe")
	rights(u, cluster, acl.Cluster, "ok NONE Alter Describe")
}

// TestGroupsUnderRights: who may read a group may commit what it may read, and a list has
// the groups that one may know of.
func TestGroupsUnderRights(t *testing.T) {
	c, root, users := guarded(t, 1)
	var got string
	expect := c.expects(&got, 6*time.Second)
	a := root.NewAdmin()
	for _, name := range []string{"open", "secret"} {
		a.CreateTopic(client.NewTopic{Name: name, Partitions: 1, Replication: 1}, func(client.Done) {})
	}
	a.CreateACLs([]acl.Binding{
		binding(aTopic, "open", acl.Literal, "User:a", mayRead, allow), binding(kmsg.ACLResourceTypeGroup, "team", acl.Prefixed, "User:a", mayRead, allow),
	}, func(client.Done) {})
	c.run(4 * time.Second)
	commit := func(who *application, group, topic, want string) {
		t.Helper()
		who.NewOffsets(group).Commit([]client.Commit{{TopicPartition: client.TopicPartition{Topic: topic}, Offset: 0, Epoch: -1}}, func(d client.Committed) {
			got = fmt.Sprint(d.Outcome, " ", d.Codes)
		})
		expect(group+" commits "+topic, want)
	}
	commit(root, "audit", "secret", "ok [NONE]")
	commit(users[0], "team-a", "open", "ok [NONE]")
	commit(users[0], "team-a", "secret", "failed [TOPIC_AUTHORIZATION_FAILED]")
	commit(users[0], "audit", "open", "failed [GROUP_AUTHORIZATION_FAILED]")
	users[0].NewOffsets("audit").Fetch([]client.TopicPartition{{Topic: "secret"}}, func(f client.Fetched) { got = f.Code.String() })
	expect("fetch of a group that is hidden", "GROUP_AUTHORIZATION_FAILED")
	list := func(who *application, want string) {
		t.Helper()
		who.NewAdmin().ListGroups(func(names []string, d client.Done) { got = fmt.Sprint(d.Outcome, names) })
		expect("list", want)
	}
	list(root, "ok [audit team-a]")
	list(users[0], "ok [team-a]")
	list(users[1], "ok []")
	users[0].NewAdmin().DeleteGroup("team-a", func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) })
	expect("delete", "failed GROUP_AUTHORIZATION_FAILED")
}
