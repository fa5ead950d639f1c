package controller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// TestOrdersAreRepeated: a broker that does not answer is asked again, over a new
// connection, and hears everything in order.
func TestOrdersAreRepeated(t *testing.T) {
	c := newCluster(t, 2)
	c.start(1, 2)
	c.brokers[2].take()
	c.brokers[2].silent = true
	c.create("orders", []int32{2})
	c.create("bills", []int32{2})
	c.run(3 * time.Second)
	heard := c.brokers[2].take()
	if len(heard) < 2 || heard[0] != heard[1] || !strings.Contains(heard[0], "orders-0") {
		t.Fatalf("heard %v, want the first order again and again", heard)
	}
	c.brokers[2].silent = false
	c.run(3 * time.Second)
	c.lines("b2", c.brokers[2].take(),
		"lead b1@1 orders-0 leader 2 epoch 0 isr [2] version 0 replicas [2] new",
		"know b1@1 live 1 2 orders-0 leader 2 epoch 0 isr [2]",
		"lead b1@1 bills-0 leader 2 epoch 0 isr [2] version 0 replicas [2] new",
		"know b1@1 live 1 2 bills-0 leader 2 epoch 0 isr [2]")
}

// TestLostAnswer: the broker has obeyed, and is told once more.
func TestLostAnswer(t *testing.T) {
	c := newCluster(t, 2)
	c.start(1, 2)
	c.brokers[2].take()
	lost := false
	c.world.Rule("lose", func(from, _ node.ID, _ node.Port, m node.Message) sim.Verdict {
		if _, answer := m.(*wire.Response); answer && from == c.brokers[2].id && !lost {
			lost = true
			return sim.Drop
		}
		return sim.Pass
	})
	c.create("orders", []int32{2})
	c.run(time.Second)
	heard := c.brokers[2].take()
	if len(heard) != 3 || heard[0] != heard[1] || !strings.HasPrefix(heard[2], "know") {
		t.Errorf("heard %v, want the first order twice and then the other", heard)
	}
}

// TestDiskFails: a broker that cannot serve a partition says so in its answer; another
// leads. When it says that it can again, it is as good as any.
func TestDiskFails(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{2, 3})
	c.brokers[2].refuse = wire.KafkaStorageError
	c.put(znodes.LogDirEventPath()+"0000000000", znodes.EncodeLogDirEvent(2))
	c.run(time.Second)
	c.expectState("orders", 0, "leader 3 epoch 1 isr [3] version 1 by 1")
	c.lines("events", c.children("/log_dir_event_notification"))
	c.brokers[2].refuse = wire.OK
	c.put(znodes.LogDirEventPath()+"0000000001", znodes.EncodeLogDirEvent(2))
	c.run(time.Second)
	c.setIsr("orders", 0, 3, 2)
	c.crash(3)
	c.expire()
	c.expectState("orders", 0, "leader 2 epoch 2 isr [2] version 3 by 1")
}

// TestEndpointChanges: everybody hears where a broker is to be found now.
func TestEndpointChanges(t *testing.T) {
	c := newCluster(t, 2)
	c.start(1, 2)
	c.brokers[1].take()
	b := znodes.Broker{Endpoints: []znodes.Endpoint{{Listener: "REPLICATION", Security: znodes.Plaintext, Host: "b2", Port: 9093}}}
	c.set(znodes.BrokerPath(2), b.Encode())
	c.lines("b1", c.brokers[1].take(), "know b1@1 live 1 2")
	if n := len(with(c.facts, "broker-modified")); n != 1 {
		t.Errorf("%d changes noticed", n)
	}
}

// TestResignedIsSilent: what a controller had not sent when it resigned, it never sends.
func TestResignedIsSilent(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.brokers[3].silent = true
	c.create("orders", []int32{3, 2})
	c.block(1)
	c.run(3 * time.Second) // b2 is elected, b1 does not know
	c.world.Unblock("island")
	c.run(15 * time.Second)
	c.lines("controllers", c.controllers(), "b2@2")
	c.brokers[3].take()
	c.brokers[3].silent = false
	c.run(5 * time.Second)
	if late := with(c.brokers[3].take(), "b1@1"); len(late) > 0 {
		t.Errorf("b3 was told %v by who is no controller", late)
	}
}
