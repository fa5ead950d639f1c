package broker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// guarded is a cluster that authorises, with an administrator who may do everything and
// some users who may do nothing yet.
func guarded(t *testing.T, brokers int) (c *cluster, root *application, users []*application) {
	c = newCluster(t, brokers, func(cfg *broker.Config) {
		cfg.Access = &acl.Config{SuperUsers: []string{"User:root"}}
		cfg.OffsetsPartitions, cfg.OffsetsReplication = 1, 1
		cfg.Principals = map[node.ID]string{}
		for i, name := range []string{"User:root", "User:a", "User:b"} {
			cfg.Principals[node.ID(3+brokers+i)] = name
		}
	})
	c.run(5 * time.Second)
	root = c.application()
	return c, root, []*application{c.application(), c.application()}
}

func binding(kind acl.Type, name string, pattern acl.Pattern, who string, op acl.Operation, p acl.Permission) acl.Binding {
	return acl.Binding{
		Resource: acl.Resource{Type: kind, Name: name, Pattern: pattern},
		Entry:    acl.Entry{Principal: who, Host: "*", Operation: op, Permission: p},
	}
}

const (
	aTopic, allow, deny = kmsg.ACLResourceTypeTopic, kmsg.ACLPermissionTypeAllow, kmsg.ACLPermissionTypeDeny
	mayWrite, mayRead   = kmsg.ACLOperationWrite, kmsg.ACLOperationRead
)

// TestGrantAndRevoke has a user write before, while and after it may.
func TestGrantAndRevoke(t *testing.T) {
	c, root, users := guarded(t, 3)
	a := root.NewAdmin()
	var got string
	note := func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) }
	expect := c.expects(&got, 3*time.Second)
	a.CreateTopic(client.NewTopic{Name: "orders", Partitions: 1, Replication: 3}, note)
	expect("create a topic as the super user", "ok NONE")
	u := users[0].NewAdmin()
	u.CreateTopic(client.NewTopic{Name: "mine", Partitions: 1, Replication: 1}, note)
	expect("create a topic as a user", "failed TOPIC_AUTHORIZATION_FAILED")
	u.CreateACLs([]acl.Binding{binding(aTopic, "orders", acl.Literal, "User:a", mayWrite, allow)}, note)
	expect("grant oneself", "failed CLUSTER_AUTHORIZATION_FAILED")

	p := users[0].NewProducer(client.ProducerConfig{Acks: -1, DeliveryTimeout: 2 * time.Second})
	send := func(want string) {
		t.Helper()
		p.Send(client.Record{Topic: "orders", Partition: 0, Value: []byte("x")}, func(s client.Sent) { got = fmt.Sprint(s.Outcome, " ", s.Code) })
		expect("send", want)
	}
	send("failed TOPIC_AUTHORIZATION_FAILED")
	a.CreateACLs([]acl.Binding{binding(aTopic, "ord", acl.Prefixed, "User:a", mayWrite, allow)}, note)
	expect("grant by a prefix", "ok NONE")
	send("ok NONE")
	a.CreateACLs([]acl.Binding{binding(aTopic, "*", acl.Literal, "User:*", mayWrite, deny)}, note)
	expect("deny everybody", "ok NONE")
	send("failed TOPIC_AUTHORIZATION_FAILED")
	everything := acl.Filter{Type: kmsg.ACLResourceTypeAny, Pattern: kmsg.ACLResourcePatternTypeAny, Operation: kmsg.ACLOperationAny, Permission: deny}
	a.DeleteACLs(everything, note)
	expect("take what denies away", "ok NONE")
	send("ok NONE")

	everything.Permission = kmsg.ACLPermissionTypeAny
	var all []acl.Binding
	a.DescribeACLs(everything, func(found []acl.Binding, d client.Done) { all = found; note(d) })
	expect("describe", "ok NONE")
	if len(all) != 1 || all[0] != binding(aTopic, "ord", acl.Prefixed, "User:a", mayWrite, allow) {
		t.Errorf("described are %v", all)
	}
	u.DescribeACLs(everything, func(_ []acl.Binding, d client.Done) { note(d) })
	expect("describe as a user", "failed CLUSTER_AUTHORIZATION_FAILED")

	s := users[0].NewConsumer(client.ConsumerConfig{Reset: client.ResetEarliest})
	s.Assign([]client.TopicPartition{{Topic: "orders"}})
	s.Poll(10, 2*time.Second, func(r client.Polled) {
		got = fmt.Sprint(len(r.Records), " ")
		for _, stuck := range r.Stuck {
			got += stuck.Code.String()
		}
	})
	expect("read what one may only write", "0 TOPIC_AUTHORIZATION_FAILED")
}

// TestMetadataHides asks about topics by name, by ID and all, as somebody who may see one.
func TestMetadataHides(t *testing.T) {
	c, root, _ := guarded(t, 1)
	a := root.NewAdmin()
	for _, name := range []string{"open", "secret"} {
		a.CreateTopic(client.NewTopic{Name: name, Partitions: 1, Replication: 1}, func(client.Done) {})
	}
	a.CreateACLs([]acl.Binding{binding(aTopic, "open", acl.Literal, "User:*", mayRead, allow)}, func(client.Done) {})
	c.run(3 * time.Second)
	told := func(r *kmsg.MetadataResponse) string {
		var words []string
		for _, one := range r.Topics {
			name := "?"
			if one.Topic != nil {
				name = *one.Topic
			}
			words = append(words, fmt.Sprintf("%s:%d:%d:%t", name, one.ErrorCode, len(one.Partitions), one.TopicID != [16]byte{}))
		}
		slices.Sort(words)
		return strings.Join(words, " ")
	}
	secret := root.ids(t, c, "secret")
	s := c.client(func(s *script, task *node.Task) {
		ask := func(want string, topics ...kmsg.MetadataRequestTopic) {
			r := kmsg.NewPtrMetadataRequest()
			r.Version = 12
			r.Topics = topics
			if got := told(s.ask(task, c.brokers[0], r).(*kmsg.MetadataResponse)); got != want {
				t.Errorf("%v: told %q, want %q", topics, got, want)
			}
		}
		byName := func(name string) kmsg.MetadataRequestTopic { return kmsg.MetadataRequestTopic{Topic: &name} }
		ask("open:0:1:true")
		ask("open:0:1:true secret:29:0:false", byName("open"), byName("secret"))
		ask("nothing:29:0:false", byName("nothing"))
		ask("?:29:0:true", kmsg.MetadataRequestTopic{TopicID: secret})
		ask(":100:0:false", kmsg.MetadataRequestTopic{TopicID: [16]byte{1}})
	})
	c.run(5 * time.Second)
	if !s.done {
		t.Fatal("the script was not finished")
	}
}

// ids is the ID of a topic, as somebody is told who may see it.
func (a *application) ids(t *testing.T, c *cluster, topic string) [16]byte {
	a.Want(topic)
	c.run(3 * time.Second)
	found, ok := a.Topic(topic)
	if !ok {
		t.Fatalf("nobody told of %s", topic)
	}
	return found.ID
}

// TestEntriesSurviveSessions revokes a right while a broker's session is over: it knows
// before it is registered again.
func TestEntriesSurviveSessions(t *testing.T) {
	c, root, _ := guarded(t, 3)
	a := root.NewAdmin()
	grant := binding(aTopic, "orders", acl.Literal, "User:a", mayWrite, allow)
	a.CreateACLs([]acl.Binding{grant}, func(client.Done) {})
	c.run(3 * time.Second)
	c.world.Pause(c.brokers[2])
	c.run(4 * time.Second) // its session is over
	done := false
	name := "orders"
	var again func(d client.Done)
	again = func(d client.Done) {
		if done = d.Outcome == client.Succeeded; !done {
			a.DeleteACLs(acl.Filter{Type: aTopic, Name: &name, Pattern: acl.Literal, Operation: mayWrite, Permission: allow}, again)
		}
	}
	again(client.Done{})
	c.run(10 * time.Second)
	if !done {
		t.Fatal("nobody revoked")
	}
	c.world.Resume(c.brokers[2])
	c.run(5 * time.Second)
	latest := map[node.ID]int64{}
	for _, f := range c.facts {
		if f.Event.Kind == facts.EntriesCached {
			latest[f.Node] = f.Event.N[0]
		}
	}
	for _, id := range c.brokers {
		if latest[id] != 1 {
			t.Errorf("broker process %d decides by version %d of the entries, want 1", id, latest[id])
		}
	}
}
