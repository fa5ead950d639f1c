package controller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// assignment is a partition's as the znode of its topic has it.
func (c *cluster) assignment(name string, n int) (a znodes.Assignment) {
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		r := s.Do(t, zookeeper.Sync("/"), zookeeper.Get(znodes.TopicPath(name)))[1]
		topic, err := znodes.DecodeTopic(name, r.Data)
		if err != nil {
			panic(err)
		}
		a = topic.Partitions[n]
	})
	return a
}

func (c *cluster) expectAssignment(name string, n int, want znodes.Assignment) {
	c.t.Helper()
	if got := c.assignment(name, n); !got.Equal(want) {
		c.t.Fatalf("%s-%d: %v, want %v", name, n, got, want)
	}
}

// ask asks a controller for a reassignment of partition 0; nil replicas cancel.
func (c *cluster) ask(by int32, name string, replicas []int32, done func(*kmsg.AlterPartitionAssignmentsResponse)) {
	r := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	t, p := kmsg.NewAlterPartitionAssignmentsRequestTopic(), kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	p.Replicas = replicas
	t.Topic, t.Partitions = name, append(t.Partitions, p)
	r.Topics = append(r.Topics, t)
	c.brokers[by].ctl.AlterPartitionAssignments(r, done)
}

// reassign asks, and awaits the answer.
func (c *cluster) reassign(by int32, name string, replicas []int32) wire.ErrorCode {
	c.t.Helper()
	var answer *kmsg.AlterPartitionAssignmentsResponse
	c.ask(by, name, replicas, func(a *kmsg.AlterPartitionAssignmentsResponse) { answer = a })
	c.run(time.Second)
	if answer.ErrorCode != 0 {
		return wire.ErrorCode(answer.ErrorCode)
	}
	return wire.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode)
}

// TestReassignment follows a partition from b1 and b2 to b2 and b3.
func TestReassignment(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1, 2})
	for id := int32(1); id <= 3; id++ {
		c.brokers[id].take()
	}
	if code := c.reassign(1, "orders", []int32{2, 3}); code != wire.OK {
		t.Fatal(code)
	}
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{2, 3, 1}, Adding: []int32{3}, Removing: []int32{1}})
	c.expectState("orders", 0, "leader 1 epoch 1 isr [1 2] version 1 by 1")
	c.lines("b3", c.brokers[3].take(),
		"lead b1@1 orders-0 leader 1 epoch 1 isr [1 2] version 1 replicas [2 3 1]+[3]-[1] new",
		"know b1@1 live 1 2 3 orders-0 leader 1 epoch 1 isr [1 2]")
	c.setIsr("orders", 0, 1, 2, 3)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{2, 3}})
	c.expectState("orders", 0, "leader 2 epoch 3 isr [2 3] version 4 by 1")
	c.lines("b1 stops", with(c.brokers[1].take(), "stop"), "stop b1@1 orders-0 epoch 2", "stop b1@1 orders-0 epoch 3 delete")
	if code := c.reassign(1, "orders", nil); code != wire.NoReassignmentInProgress {
		t.Errorf("cancelled what has ended: %v", code)
	}
}

// TestReassignmentCancelled: the replicas that were coming are taken out of sync, and only
// then is the assignment without them.
func TestReassignmentCancelled(t *testing.T) {
	c := newCluster(t, 5)
	c.start(1, 2, 3, 4, 5)
	c.create("orders", []int32{1, 2})
	c.reassign(1, "orders", []int32{3, 4, 5})
	c.setIsr("orders", 0, 1, 2, 3, 4)
	c.brokers[3].take()
	if code := c.reassign(1, "orders", nil); code != wire.OK {
		t.Fatal(code)
	}
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{1, 2}})
	c.expectState("orders", 0, "leader 1 epoch 5 isr [1 2] version 6 by 1")
	c.lines("b3 stops", with(c.brokers[3].take(), "stop"), "stop b1@1 orders-0 epoch 2", "stop b1@1 orders-0 epoch 4 delete")
}

// TestReassignmentReplaced: another target in the middle of the way; the leader is one of
// those that are not wanted any more.
func TestReassignmentReplaced(t *testing.T) {
	c := newCluster(t, 4)
	c.start(1, 2, 3, 4)
	c.create("orders", []int32{1})
	c.reassign(1, "orders", []int32{2, 3})
	c.setIsr("orders", 0, 1, 2)
	c.put(znodes.PreferredElection, znodes.EncodePartitions([]znodes.TopicPartition{{Topic: "orders"}}))
	c.expectState("orders", 0, "leader 2 epoch 2 isr [1 2] version 3 by 1")
	if code := c.reassign(1, "orders", []int32{4}); code != wire.OK {
		t.Fatal(code)
	}
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{4, 1}, Adding: []int32{4}, Removing: []int32{1}})
	if s := c.state("orders", 0); !strings.HasPrefix(s, "leader 1 ") || !strings.Contains(s, "isr [1]") {
		t.Errorf("state %s", s)
	}
}

// TestNewcomersComeLast: another target is asked for in the middle of the way. The leader
// hears of the new replica only when the topic has it, so that it cannot be in sync before.
func TestNewcomersComeLast(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1})
	c.reassign(1, "orders", []int32{1, 2})
	c.brokers[1].take()
	c.reassign(1, "orders", []int32{3})
	c.lines("b1 leads", with(c.brokers[1].take(), "lead b1"),
		"lead b1@1 orders-0 leader 1 epoch 2 isr [1] version 2 replicas [1]",
		"lead b1@1 orders-0 leader 1 epoch 2 isr [1] version 2 replicas [1]",
		"lead b1@1 orders-0 leader 1 epoch 3 isr [1] version 3 replicas [3 1]+[3]-[1]")
	c.setIsr("orders", 0, 1, 3)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{3}})
	c.reassign(1, "orders", []int32{1})
	c.setIsr("orders", 0, 3, 1)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{1}})
	if s := c.state("orders", 0); !strings.Contains(s, "leader 1 ") || !strings.Contains(s, "isr [1]") {
		t.Errorf("state %s", s)
	}
}

// TestDeletionWaitsForReassignment: also when a broker returns meanwhile.
func TestDeletionWaitsForReassignment(t *testing.T) {
	c := newCluster(t, 4)
	c.start(1, 2, 3, 4)
	c.create("orders", []int32{2})
	c.reassign(1, "orders", []int32{3, 4})
	c.put("/admin/delete_topics/orders", []byte{})
	c.crash(4)
	c.expire()
	c.start(4)
	c.run(time.Second)
	c.lines("topics", c.children("/brokers/topics"), "orders")
	c.setIsr("orders", 0, 2, 3, 4)
	c.run(time.Second)
	c.lines("topics", c.children("/brokers/topics"))
}

// TestOnlyTheNewAreInSync: to turn back would throw away the only replicas that have
// everything.
func TestOnlyTheNewAreInSync(t *testing.T) {
	c := newCluster(t, 4)
	c.start(1, 2, 3, 4)
	c.create("orders", []int32{2})
	c.reassign(1, "orders", []int32{3, 4})
	c.setIsr("orders", 0, 2, 3)
	c.crash(2)
	c.expire()
	c.expectState("orders", 0, "leader 3 epoch 2 isr [3] version 3 by 1")
	if code := c.reassign(1, "orders", nil); code != wire.InvalidReplicaAssignment {
		t.Errorf("cancelled: %v", code)
	}
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{3, 4, 2}, Adding: []int32{3, 4}, Removing: []int32{2}})
	c.setIsr("orders", 0, 3, 4)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{3, 4}})
}

// TestTargetFallsBehind: the controller sees that all of the target are in sync, and before
// it writes that it is done, the leader has found that one is not. Messages of the
// controller take 20 ms: it hears at 20, reads at 40 and 80, and writes at 120.
func TestTargetFallsBehind(t *testing.T) {
	for _, after := range []time.Duration{55 * time.Millisecond, 95 * time.Millisecond} {
		c := newCluster(t, 3)
		c.start(1, 2, 3)
		c.create("orders", []int32{1})
		c.reassign(1, "orders", []int32{2, 3})
		c.world.Slow("controller", func(from, to node.ID, _ node.Port) bool {
			return from == c.brokers[1].id || to == c.brokers[1].id
		}, sim.Latency{Min: 20 * time.Millisecond, Mean: 20 * time.Millisecond, Max: 20 * time.Millisecond})
		path := znodes.StatePath(znodes.TopicPartition{Topic: "orders"})
		leader := znodes.State{Leader: 1, LeaderEpoch: 1, ControllerEpoch: 1}
		c.op.do(func(z *zookeeper.Session, t *node.Task) {
			leader.Isr = []int32{1, 2, 3}
			z.One(t, zookeeper.Set(path, leader.Encode(), 1))
			t.Sleep(after)
			leader.Isr = []int32{1, 2}
			z.One(t, zookeeper.Set(path, leader.Encode(), 2))
		})
		c.run(time.Second)
		c.expectState("orders", 0, "leader 1 epoch 1 isr [1 2] version 3 by 1")
		if a := c.assignment("orders", 0); !a.Reassigning() {
			t.Fatalf("after %v: assignment %+v", after, a)
		}
		c.setIsr("orders", 0, 1, 2, 3)
		c.run(time.Second)
		c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{2, 3}})
	}
}

// TestFailoverDuringReassignment: the next controller goes on with what the znode of the
// topic says, in each of its phases.
func TestFailoverDuringReassignment(t *testing.T) {
	c := newCluster(t, 4)
	c.start(1, 2, 3, 4)
	c.create("orders", []int32{2, 3})
	c.reassign(1, "orders", []int32{3, 4})
	c.crash(1)
	c.setIsr("orders", 0, 2, 3, 4)
	c.expire()
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{3, 4}})
	if s := c.state("orders", 0); s != "leader 3 epoch 3 isr [3 4] version 4 by 2" {
		t.Errorf("state %s", s)
	}
}

// TestReassignmentByZnode is the way before KIP-455. What cannot be done is struck off,
// and the znode goes with the last.
func TestReassignmentByZnode(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1, 2})
	c.put(znodes.ReassignPartitions, znodes.EncodeReassignments([]znodes.Reassignment{
		{TopicPartition: znodes.TopicPartition{Topic: "orders"}, Replicas: []int32{3, 2}},
		{TopicPartition: znodes.TopicPartition{Topic: "ghost"}, Replicas: []int32{1}},
	}))
	c.run(time.Second)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{3, 2, 1}, Adding: []int32{3}, Removing: []int32{1}})
	c.setIsr("orders", 0, 1, 2, 3)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{3, 2}})
	c.lines("asked", with(c.children("/admin"), "reassign"))
	// The next is noticed, too.
	c.put(znodes.ReassignPartitions, znodes.EncodeReassignments([]znodes.Reassignment{
		{TopicPartition: znodes.TopicPartition{Topic: "orders"}, Replicas: []int32{2, 3}},
	}))
	c.run(time.Second)
	c.expectAssignment("orders", 0, znodes.Assignment{Replicas: []int32{2, 3}})
}

// TestReassignmentRefused lists what may not be asked.
func TestReassignmentRefused(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2)
	c.create("orders", []int32{1, 2})
	for _, r := range []struct {
		what     string
		by       int32
		topic    string
		replicas []int32
		want     wire.ErrorCode
	}{
		{"a broker that does not live", 1, "orders", []int32{1, 3}, wire.InvalidReplicaAssignment},
		{"twice the same", 1, "orders", []int32{1, 1}, wire.InvalidReplicaAssignment},
		{"nobody", 1, "orders", []int32{}, wire.InvalidReplicaAssignment},
		{"an unknown topic", 1, "ghost", []int32{1}, wire.UnknownTopicOrPartition},
		{"another broker", 2, "orders", []int32{1}, wire.NotController},
	} {
		if got := c.reassign(r.by, r.topic, r.replicas); got != r.want {
			t.Errorf("%s: %v, want %v", r.what, got, r.want)
		}
	}
}
