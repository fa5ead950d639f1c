package controller_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/controller"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// createTopics asks a controller.
func (c *cluster) createTopics(by int32, topics ...kmsg.CreateTopicsRequestTopic) (answer *kmsg.CreateTopicsResponse) {
	c.t.Helper()
	r := kmsg.NewPtrCreateTopicsRequest()
	r.Topics = topics
	c.brokers[by].ctl.CreateTopics(r, nil, func(a *kmsg.CreateTopicsResponse) { answer = a })
	c.run(time.Second)
	return answer
}

func newTopic(name string, partitions int32, replication int16) kmsg.CreateTopicsRequestTopic {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, partitions, replication
	return t
}

func withConfig(t kmsg.CreateTopicsRequestTopic, key, value string) kmsg.CreateTopicsRequestTopic {
	one := kmsg.NewCreateTopicsRequestTopicConfig()
	one.Name, one.Value = key, &value
	t.Configs = append(t.Configs, one)
	return t
}

func assigned(name string, lists ...[]int32) kmsg.CreateTopicsRequestTopic {
	t := newTopic(name, -1, -1)
	for i, list := range lists {
		one := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
		one.Partition, one.Replicas = int32(i), list
		t.ReplicaAssignment = append(t.ReplicaAssignment, one)
	}
	return t
}

func TestCreateTopics(t *testing.T) {
	c := newCluster(t, 3, func(cfg *controller.Config) {
		cfg.Partitions, cfg.Replication = 2, 3
		cfg.CheckTopicConfig = func(config map[string]string) error {
			if config["color"] != "" {
				return errors.New("topics have no color")
			}
			return nil
		}
	})
	c.start(1, 2, 3)
	a := c.createTopics(1, withConfig(newTopic("orders", -1, -1), "retention.ms", "5"), assigned("bills", []int32{3, 1}, []int32{2, 3}))
	for _, topic := range a.Topics {
		if topic.ErrorCode != 0 || topic.TopicID == [16]byte{} || topic.NumPartitions != 2 {
			t.Fatalf("answer %+v", topic)
		}
	}
	if a.Topics[0].ReplicationFactor != 3 || a.Topics[0].Configs[0].Name != "retention.ms" {
		t.Errorf("answer %+v", a.Topics[0])
	}
	c.expectState("bills", 1, "leader 2 epoch 0 isr [2 3] version 0 by 1")
	if s := c.state("orders", 1); !strings.HasSuffix(s, "version 0 by 1") {
		t.Errorf("orders-1: %s", s)
	}
	c.lines("configurations", c.children("/config/topics"), "bills", "orders")
	for _, r := range []struct {
		what string
		by   int32
		kmsg.CreateTopicsRequestTopic
		want wire.ErrorCode
	}{
		{"one that exists", 1, newTopic("orders", 1, 1), wire.TopicAlreadyExists},
		{"a name with a slash", 1, newTopic("a/b", 1, 1), wire.InvalidTopic},
		{"no name", 1, newTopic("", 1, 1), wire.InvalidTopic},
		{"a long name", 1, newTopic(strings.Repeat("x", 250), 1, 1), wire.InvalidTopic},
		{"more replicas than brokers", 1, newTopic("t", 1, 4), wire.InvalidReplicationFactor},
		{"no replicas", 1, newTopic("t", 1, 0), wire.InvalidReplicationFactor},
		{"no partitions", 1, newTopic("t", 0, 1), wire.InvalidPartitions},
		{"a bad configuration", 1, withConfig(newTopic("t", 1, 1), "color", "red"), wire.InvalidConfig},
		{"a replica on nobody", 1, assigned("t", []int32{9}), wire.InvalidReplicaAssignment},
		{"twice on one", 1, assigned("t", []int32{1, 1}), wire.InvalidReplicaAssignment},
		{"uneven", 1, assigned("t", []int32{1}, []int32{1, 2}), wire.InvalidReplicaAssignment},
		{"another broker", 2, newTopic("t", 1, 1), wire.NotController},
	} {
		if got := c.createTopics(r.by, r.CreateTopicsRequestTopic).Topics[0]; wire.ErrorCode(got.ErrorCode) != r.want {
			t.Errorf("%s: %v, want %v", r.what, wire.ErrorCode(got.ErrorCode), r.want)
		}
	}
	both := c.createTopics(1, newTopic("t.x", 1, 1), newTopic("t.x", 1, 1))
	if wire.ErrorCode(both.Topics[0].ErrorCode) != wire.InvalidRequest {
		t.Errorf("twice in one request: %+v", both)
	}
	c.createTopics(1, newTopic("t.x", 1, 1))
	if got := c.createTopics(1, newTopic("t_x", 1, 1)).Topics[0]; wire.ErrorCode(got.ErrorCode) != wire.InvalidTopic {
		t.Errorf("a colliding name: %+v", got)
	}
	c.lines("topics", c.children("/brokers/topics"), "bills", "orders", "t.x")
}

func TestDeleteTopics(t *testing.T) {
	c := newCluster(t, 2)
	c.start(1, 2)
	made := c.createTopics(1, newTopic("orders", 1, 2), newTopic("bills", 1, 2))
	ask := func(by int32, names ...string) (answer *kmsg.DeleteTopicsResponse) {
		r := kmsg.NewPtrDeleteTopicsRequest()
		r.TopicNames = names
		byID := kmsg.NewDeleteTopicsRequestTopic()
		byID.TopicID = made.Topics[1].TopicID
		r.Topics = append(r.Topics, byID)
		c.brokers[by].ctl.DeleteTopics(r, nil, func(a *kmsg.DeleteTopicsResponse) { answer = a })
		c.run(time.Second)
		return answer
	}
	codes := func(a *kmsg.DeleteTopicsResponse) (list []wire.ErrorCode) {
		for _, t := range a.Topics {
			list = append(list, wire.ErrorCode(t.ErrorCode))
		}
		return list
	}
	if got := codes(ask(2, "orders")); got[0] != wire.NotController {
		t.Errorf("another broker answered %v", got)
	}
	if got := codes(ask(1, "orders", "ghost")); got[0] != wire.OK || got[1] != wire.OK || got[2] != wire.UnknownTopicOrPartition {
		t.Errorf("answered %v", got)
	}
	c.lines("topics", c.children("/brokers/topics"))
	c.lines("configurations", c.children("/config/topics"))
	if got := codes(ask(1)); got[0] != wire.UnknownTopicID {
		t.Errorf("answered %v", got)
	}
}

func TestCreatePartitionsRefused(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1, 2})
	grow := func(name string, count int32, lists ...[]int32) wire.ErrorCode {
		r := kmsg.NewPtrCreatePartitionsRequest()
		one := kmsg.NewCreatePartitionsRequestTopic()
		one.Topic, one.Count = name, count
		for _, list := range lists {
			a := kmsg.NewCreatePartitionsRequestTopicAssignment()
			a.Replicas = list
			one.Assignment = append(one.Assignment, a)
		}
		r.Topics = append(r.Topics, one)
		var answer *kmsg.CreatePartitionsResponse
		c.brokers[1].ctl.CreatePartitions(r, nil, func(a *kmsg.CreatePartitionsResponse) { answer = a })
		c.run(time.Second)
		return wire.ErrorCode(answer.Topics[0].ErrorCode)
	}
	for want, got := range map[wire.ErrorCode]wire.ErrorCode{
		wire.UnknownTopicOrPartition: grow("ghost", 3), wire.InvalidPartitions: grow("orders", 1),
		wire.InvalidReplicaAssignment: grow("orders", 3, []int32{1, 2}), wire.OK: grow("orders", 3, []int32{3, 1}, []int32{2, 3}),
	} {
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	c.expectState("orders", 1, "leader 3 epoch 0 isr [3 1] version 0 by 1")
	c.reassign(1, "orders", []int32{3})
	if got := grow("orders", 4); got != wire.ReassignmentInProgress {
		t.Errorf("during a reassignment: %v", got)
	}
	// A topic that is being deleted grows no more, whoever writes so.
	c.brokers[2].silent = true
	c.create("bills", []int32{2})
	c.put("/admin/delete_topics/bills", []byte{})
	if got := grow("bills", 2); got != wire.UnknownTopicOrPartition {
		t.Errorf("during a deletion: %v", got)
	}
	c.set("/brokers/topics/bills", (&znodes.Topic{Partitions: []znodes.Assignment{{Replicas: []int32{2}}, {Replicas: []int32{1}}}}).Encode())
	c.expectAssignments("bills", 1)
}

// TestGrowTwiceAtOnce: the second request is decided on what the first has written, though
// the controller has not taken note of it yet; and so is a reassignment.
func TestGrowTwiceAtOnce(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1, 2})
	var codes []wire.ErrorCode
	for _, count := range []int32{3, 2, 4} {
		r := kmsg.NewPtrCreatePartitionsRequest()
		one := kmsg.NewCreatePartitionsRequestTopic()
		one.Topic, one.Count = "orders", count
		r.Topics = append(r.Topics, one)
		c.brokers[1].ctl.CreatePartitions(r, nil, func(a *kmsg.CreatePartitionsResponse) {
			codes = append(codes, wire.ErrorCode(a.Topics[0].ErrorCode))
		})
	}
	c.ask(1, "orders", []int32{3}, func(*kmsg.AlterPartitionAssignmentsResponse) {})
	c.run(time.Second)
	if len(codes) != 3 || codes[0] != wire.OK || codes[1] != wire.InvalidPartitions || codes[2] != wire.OK {
		t.Errorf("answers %v", codes)
	}
	c.expectAssignments("orders", 4)
	for n := range int32(4) {
		if s := c.state("orders", n); s == "none" {
			t.Errorf("orders-%d has no state", n)
		}
	}
}

func TestListReassignments(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1, 2}, []int32{2, 1})
	c.reassign(1, "orders", []int32{1, 3})
	list := func(by int32, topics ...kmsg.ListPartitionReassignmentsRequestTopic) (answer *kmsg.ListPartitionReassignmentsResponse) {
		r := kmsg.NewPtrListPartitionReassignmentsRequest()
		r.Topics = topics
		c.brokers[by].ctl.ListPartitionReassignments(r, func(a *kmsg.ListPartitionReassignmentsResponse) { answer = a })
		c.run(100 * time.Millisecond)
		return answer
	}
	a := list(1)
	if len(a.Topics) != 1 || len(a.Topics[0].Partitions) != 1 || a.Topics[0].Partitions[0].AddingReplicas[0] != 3 || a.Topics[0].Partitions[0].RemovingReplicas[0] != 2 {
		t.Errorf("answer %+v", a)
	}
	other := kmsg.NewListPartitionReassignmentsRequestTopic()
	other.Topic, other.Partitions = "orders", []int32{1}
	if a := list(1, other); len(a.Topics) != 0 {
		t.Errorf("answer %+v", a)
	}
	if a := list(2); wire.ErrorCode(a.ErrorCode) != wire.NotController {
		t.Errorf("answer %+v", a)
	}
}

// TestRequestOutlivesNoReign: a request that is in the queue when the session ends is
// answered, with the truth.
func TestRequestOutlivesNoReign(t *testing.T) {
	c := newCluster(t, 2)
	c.start(1, 2)
	c.create("orders", []int32{1, 2})
	c.block(1)
	answers := 0
	var last *kmsg.ControlledShutdownResponse
	for range 3 { // the first waits for the coordinators, the others for the first
		r := kmsg.NewPtrControlledShutdownRequest()
		r.BrokerID, r.BrokerEpoch = 1, -1
		c.brokers[1].ctl.ControlledShutdown(r, func(a *kmsg.ControlledShutdownResponse) { answers++; last = a })
	}
	c.run(5 * time.Second)
	c.world.Unblock("island")
	c.run(15 * time.Second)
	if answers != 3 || wire.ErrorCode(last.ErrorCode) != wire.NotController {
		t.Errorf("%d answers, the last %+v", answers, last)
	}
	c.lines("controllers", c.controllers(), "b2@2")
}
