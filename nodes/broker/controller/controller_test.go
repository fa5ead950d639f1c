package controller_test

import (
	"testing"
	"time"
)

// TestElect: the first broker that registers is the controller. A topic gets leaders, and
// everybody hears of it, brokers before leaders.
func TestElect(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.lines("controllers", c.controllers(), "b1@1")
	for id := int32(1); id <= 3; id++ {
		c.brokers[id].take()
	}
	c.create("orders", []int32{2, 3}, []int32{3, 1})
	c.expectState("orders", 0, "leader 2 epoch 0 isr [2 3] version 0 by 1")
	c.expectState("orders", 1, "leader 3 epoch 0 isr [3 1] version 0 by 1")
	c.lines("b1", c.brokers[1].take(),
		"lead b1@1 orders-1 leader 3 epoch 0 isr [3 1] version 0 replicas [3 1] new",
		"know b1@1 live 1 2 3 orders-0 leader 2 epoch 0 isr [2 3] orders-1 leader 3 epoch 0 isr [3 1]")
	c.lines("b2", c.brokers[2].take(),
		"lead b1@1 orders-0 leader 2 epoch 0 isr [2 3] version 0 replicas [2 3] new",
		"know b1@1 live 1 2 3 orders-0 leader 2 epoch 0 isr [2 3] orders-1 leader 3 epoch 0 isr [3 1]")
}

// TestBrokerDies: its leaderships go to in-sync replicas, and it leaves all in-sync
// replicas but the one in which it is the last.
func TestBrokerDies(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{2, 3}, []int32{3, 2}, []int32{2})
	c.crash(2)
	c.expire()
	c.expectState("orders", 0, "leader 3 epoch 1 isr [3] version 1 by 1")
	c.expectState("orders", 1, "leader 3 epoch 1 isr [3] version 1 by 1")
	c.expectState("orders", 2, "leader -1 epoch 1 isr [2] version 1 by 1")
	c.brokers[3].take()
	c.start(2)
	c.expectState("orders", 2, "leader 2 epoch 2 isr [2] version 2 by 1")
	c.lines("b3", c.brokers[3].take(),
		"know b1@1 live 1 2 3",
		"know b1@1 live 1 2 3 orders-0 leader 3 epoch 1 isr [3] orders-1 leader 3 epoch 1 isr [3] orders-2 leader -1 epoch 1 isr [2]",
		"know b1@1 live 1 2 3 orders-2 leader 2 epoch 2 isr [2]")
	c.run(time.Second)
}
