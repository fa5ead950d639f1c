package controller_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// TestFailover: the next controller has the next epoch, reads what leaders have changed
// without having been told, and names the brokers before the leaders.
func TestFailover(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{2, 3, 1})
	c.crash(1)
	c.setIsr("orders", 0, 2, 3) // the notification is deleted unread
	for id := int32(2); id <= 3; id++ {
		c.brokers[id].take()
	}
	c.facts = nil
	c.expire()
	if got := c.children("/isr_change_notification"); len(got) != 0 {
		t.Errorf("notifications left: %v", got)
	}
	next := c.controllers()
	if len(next) != 1 || !strings.HasSuffix(next[0], "@2") {
		t.Fatalf("controllers %v, want one of epoch 2", next)
	}
	by := next[0]
	c.lines("b2", c.brokers[2].take(),
		"know "+by+" live 2 3",
		"lead "+by+" orders-0 leader 2 epoch 0 isr [2 3] version 1 replicas [2 3 1]",
		"know "+by+" live 2 3 orders-0 leader 2 epoch 0 isr [2 3] offline [1]",
		"lead "+by+" orders-0 leader 2 epoch 0 isr [2 3] version 1 replicas [2 3 1]",
		"know "+by+" live 2 3 orders-0 leader 2 epoch 0 isr [2 3] offline [1]")
	var steps []string
	for _, f := range c.facts {
		if _, step, found := strings.Cut(f, "step="); found {
			steps = append(steps, step)
		}
	}
	c.lines("steps", steps, facts.FailoverSteps...)
	c.start(1)
	c.lines("controllers", c.controllers(), by)
	if got := c.brokers[1].known; len(got) == 0 || got[len(got)-1] != int32(by[1]-'0') {
		t.Errorf("b1 was told of controllers %v, the last should be %s", got, by)
	}
}

// TestBouncedBroker: a broker that restarts between two looks has the same ID and a later
// registration; it is told everything anew, with its new broker epoch.
func TestBouncedBroker(t *testing.T) {
	c := newCluster(t, 3)
	c.brokers[1].timeout = patient
	c.start(1, 2, 3)
	c.create("orders", []int32{2, 3})
	c.brokers[2].take()
	// The controller sees nothing of the coordinators for a while.
	c.world.Pause(c.brokers[1].id)
	c.crash(2)
	c.world.Start(c.brokers[2].id)
	c.run(3 * sessionTimeout) // the session of the earlier life is over
	before := c.brokers[2].epoch
	c.world.Resume(c.brokers[1].id)
	c.run(3 * time.Second)
	if c.brokers[2].epoch <= 0 {
		t.Fatalf("b2 has epoch %d, had %d", c.brokers[2].epoch, before)
	}
	c.lines("controllers", c.controllers(), "b1@1")
	if c.seen["broker-changed"] == 0 || !slices.ContainsFunc(c.facts, func(f string) bool { return strings.Contains(f, "change=bounced") }) {
		t.Fatalf("nobody noticed the bounce:\n\t%s", strings.Join(c.facts, "\n\t"))
	}
	c.expectState("orders", 0, "leader 3 epoch 1 isr [3] version 1 by 1")
	c.lines("b2", c.brokers[2].take(),
		"know b1@1 live 1 2 3 orders-0 leader 3 epoch 1 isr [3]",
		"lead b1@1 orders-0 leader 3 epoch 1 isr [3] version 1 replicas [2 3]",
		"know b1@1 live 1 2 3 orders-0 leader 3 epoch 1 isr [3]")
}

// TestLeaderRestartsWithTheController: a leader restarts while there is no controller, so
// that none sees it away. What it has lost it must not append anew in the epoch that it
// led in before.
func TestLeaderRestartsWithTheController(t *testing.T) {
	c := newCluster(t, 3)
	c.brokers[3].timeout = patient
	c.start(1, 2, 3)
	c.create("orders", []int32{2, 3})
	c.create("others", []int32{3, 2})
	c.world.Pause(c.brokers[3].id) // lest it becomes the controller before b2 is back
	c.crash(1, 2)
	c.world.Start(c.brokers[2].id)
	c.run(3 * sessionTimeout)
	c.world.Resume(c.brokers[3].id)
	c.run(time.Second)
	c.lines("controllers", c.controllers(), "b2@2")
	c.expectState("orders", 0, "leader 3 epoch 1 isr [3] version 1 by 2")
	c.expectState("others", 0, "leader 3 epoch 0 isr [3 2] version 0 by 1")
	for _, line := range with(c.brokers[2].take(), "lead b2@2 orders-0") {
		if !strings.Contains(line, "epoch 1") {
			t.Errorf("b2 was told: %s", line)
		}
	}
}

// TestZombieController: a controller that was away for too long comes back, and what it
// still wants to write is refused, because there has been another election.
func TestZombieController(t *testing.T) {
	c := newCluster(t, 3)
	c.start(1, 2, 3)
	c.create("orders", []int32{1, 2, 3})
	// Before b1 hears that its session is over, it is told that b3 has gone.
	c.block(1)
	c.crash(3)
	c.run(3 * sessionTimeout)
	both := c.controllers()
	if len(both) != 2 || both[0] != "b1@1" || both[1] != "b2@2" {
		t.Fatalf("controllers %v, want b1 that does not know, and b2", both)
	}
	c.expectState("orders", 0, "leader 2 epoch 3 isr [2] version 3 by 2")
	c.world.Unblock("island")
	c.run(15 * time.Second)
	c.lines("controllers", c.controllers(), "b2@2")
	if c.seen["resigned"] != 1 {
		t.Errorf("%d controllers resigned, want 1", c.seen["resigned"])
	}
}

// TestFencedWrite: the session lives on, and yet somebody else is the controller, because
// an operator has deleted the znode. The write in the middle of an event is refused, and
// the event is abandoned there.
func TestFencedWrite(t *testing.T) {
	c := newCluster(t, 3)
	c.brokers[1].timeout = patient
	c.start(1, 2, 3)
	c.world.Pause(c.brokers[1].id)
	c.create("orders", []int32{1, 2})
	c.remove("/controller")
	c.run(time.Second)
	next := c.controllers()[1]
	c.world.Resume(c.brokers[1].id) // and the first it hears is that there is a topic
	c.run(3 * time.Second)
	c.lines("controllers", c.controllers(), next)
	if c.seen["outdated"] != 1 || c.seen["resigned"] != 1 {
		t.Errorf("facts\n\t%s", strings.Join(c.facts, "\n\t"))
	}
	c.expectState("orders", 0, "leader 1 epoch 0 isr [1 2] version 0 by 2")
}

// TestOvertakenRead: a zombie reads a state that its successor has written, and needs no
// write to know what it is.
func TestOvertakenRead(t *testing.T) {
	c := newCluster(t, 3)
	c.brokers[1].timeout = patient
	c.start(1, 2, 3)
	c.create("orders", []int32{3, 1, 2})
	c.world.Pause(c.brokers[1].id)
	c.crash(3)
	c.run(3 * sessionTimeout)
	c.remove("/controller")
	c.run(time.Second)
	c.world.Resume(c.brokers[1].id) // and the first it hears is that b3 has gone
	c.run(3 * time.Second)
	c.lines("controllers", c.controllers(), "b2@2")
	if !strings.Contains(strings.Join(c.facts, "\n"), "controllerEpoch=1 a later controller has written a state") {
		t.Errorf("facts\n\t%s", strings.Join(c.facts, "\n\t"))
	}
	c.expectState("orders", 0, "leader 1 epoch 2 isr [1 2] version 2 by 2")
}

// TestTwoExpireAtOnce: two brokers go in the same moment; neither is elected in the
// other's stead (compare KAFKA-13173).
func TestTwoExpireAtOnce(t *testing.T) {
	c := newCluster(t, 4)
	c.brokers[1].timeout = patient
	c.start(1, 2, 3, 4)
	c.create("orders", []int32{2, 3, 4})
	c.world.Pause(c.brokers[1].id) // both are gone when it looks
	c.crash(2, 3)
	c.run(3 * sessionTimeout)
	c.world.Resume(c.brokers[1].id)
	c.run(3 * time.Second)
	c.expectState("orders", 0, "leader 4 epoch 1 isr [4] version 1 by 1")
	for _, f := range c.facts {
		if strings.Contains(f, "leader-elected leader=3") {
			t.Errorf("the dead was elected: %s", f)
		}
	}
}

// TestElectionReplyLost: the coordinators carry the election out and the answer is lost.
// The broker finds that it has won.
func TestElectionReplyLost(t *testing.T) {
	c := newCluster(t, 1)
	lost := 0
	c.world.Rule("lose", func(_, to node.ID, _ node.Port, m node.Message) sim.Verdict {
		if r, ok := m.(*wire.Reply); ok && to == c.brokers[1].id && r.Type == wire.OpMulti && lost == 0 {
			lost++
			return sim.Drop
		}
		return sim.Pass
	})
	c.start(1)
	c.run(2 * time.Second)
	c.lines("controllers", c.controllers(), "b1@1")
	if lost != 1 || c.seen["election-adopted"] != 1 {
		t.Errorf("lost %d, facts\n\t%s", lost, strings.Join(c.facts, "\n\t"))
	}
}

// TestEveryReplyLost loses the answers to each write of the controller in turn. Whatever
// is lost, the cluster ends up the same.
func TestEveryReplyLost(t *testing.T) {
	const most = 100
	for nth := 1; ; nth++ {
		c := newCluster(t, 3)
		multis := 0
		c.world.Rule("lose", func(_, to node.ID, _ node.Port, m node.Message) sim.Verdict {
			if r, ok := m.(*wire.Reply); ok && to == c.brokers[1].id && r.Type == wire.OpMulti {
				if multis++; multis == nth {
					return sim.Drop
				}
			}
			return sim.Pass
		})
		c.start(1, 2, 3)
		c.create("orders", []int32{2, 3, 1}, []int32{3, 2})
		c.run(time.Second)
		c.crash(3)
		c.expire()
		c.lines("controllers", c.controllers(), "b1@1")
		c.expectState("orders", 0, "leader 2 epoch 1 isr [2 1] version 1 by 1")
		c.expectState("orders", 1, "leader 2 epoch 1 isr [2] version 1 by 1")
		if nth > most {
			t.Fatalf("%d multis and no end", multis)
		}
		if multis < nth {
			return
		}
	}
}
