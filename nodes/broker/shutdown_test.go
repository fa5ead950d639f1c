package broker_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// opened are the replicas that a broker has opened, in order.
func (c *cluster) opened(broker int) (all []sim.Seen) {
	for _, s := range c.facts {
		if s.Event.Kind == facts.ReplicaOpened && s.Node == c.brokers[broker-1] {
			all = append(all, s)
		}
	}
	return all
}

// appended are the batches below an offset that a broker said it appended.
func (c *cluster) appended(broker int, upTo int64) (all []facts.Batch) {
	for _, s := range c.facts {
		e := s.Event
		if of := s.Node == c.brokers[broker-1]; of && (e.Kind == facts.LeaderAppended || e.Kind == facts.FollowerAppended) && e.N[1] < upTo {
			producer, _ := e.Body.(*facts.Producer)
			if sent, ok := e.Body.(*facts.Sent); ok {
				producer = sent.Producer
			}
			all = append(all, facts.Batch{First: e.N[0], Last: e.N[1], Epoch: e.N[2], Checksum: e.N[3], Producer: producer})
		}
	}
	return all
}

// A broker that stops in order has given its leaderships away before, loses nothing though
// the power goes right after, and is in sync as soon as it is back.
func TestAnOrderlyShutdown(t *testing.T) {
	c := newCluster(t, 3, minInsync(2))
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for i := range 5 {
			s.insist(task, c, "orders", fmt.Sprint(i))
		}
		c.servers[0].Shutdown()
		task.Sleep(time.Second)
		if c.world.Processes()[c.brokers[0]].Up {
			s.t.Error("the broker is still up")
		}
		s.insist(task, c, "orders", "without the first")
		c.world.Start(c.brokers[0])
		task.Sleep(5 * time.Second)
	})
	c.converge(s, 30*time.Second)
	if c.seen[facts.ShutdownComplete] != 1 {
		t.Error("the leaderships were not given away")
	}
	again := c.opened(1)[1].Event
	if again.N[1] != 5 || again.N[2] != 5 {
		t.Errorf("the log came back as %v", again)
	}
	if found, wrote := again.Body.(*facts.Opened).Batches, c.appended(1, 5); !reflect.DeepEqual(found, wrote) {
		t.Errorf("the log came back with %v, having been told of %v", found, wrote)
	}
	if values := c.identical("orders", 1, 2, 3); len(values) != 6 {
		t.Errorf("read %q", values)
	}
}

// An order that had to wait for what a former topic of the name left is not carried out by a
// broker that closes its logs meanwhile: it would vouch for one that it goes on writing.
func TestAnOrderThatWaitsIsNotCarriedOutByWhoStops(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	other := 1 // than the controller
	for _, s := range c.facts {
		if s.Event.Kind == facts.ControllerElected {
			other = 3 - int(s.Event.N[0])
		}
	}
	o := newOperator(c)
	create := func() {
		o.CreateTopic(client.NewTopic{Name: "t", Assignment: [][]int32{{int32(other)}}}, func(client.Done) {})
		c.run(time.Second)
	}
	create()
	quick := c.world.SlowDisk(c.brokers[other-1], "", sim.Latency{Min: 2 * time.Second, Mean: 2 * time.Second, Max: 2 * time.Second})
	o.DeleteTopic("t", func(client.Done) {})
	c.run(time.Second)
	create()
	c.servers[other-1].Shutdown()
	for range 60 {
		c.run(time.Second)
	}
	if c.world.Processes()[c.brokers[other-1]].Up || c.seen[facts.LogsClosed] != 1 {
		t.Error("the broker did not stop in order")
	}
	if n := len(c.opened(other)); n != 1 {
		t.Errorf("the broker opened %d logs before it stopped", n)
	}
	quick()
	c.world.Start(c.brokers[other-1])
	c.run(10 * time.Second)
	if n := len(c.opened(other)); n != 2 {
		t.Errorf("the broker opened %d logs in all", n)
	}
}

// A broker that loses its page cache comes back with less, and gets it again from whoever
// leads by then.
func TestAPowerLoss(t *testing.T) {
	c := newCluster(t, 3, minInsync(2))
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for i := range 20 {
			s.insist(task, c, "orders", fmt.Sprint(i))
		}
		for _, b := range []int{0, 1, 2} {
			c.world.Crash(c.brokers[b], sim.LoseAll)
			task.Sleep(3 * time.Second)
			c.world.Start(c.brokers[b])
			task.Sleep(6 * time.Second)
		}
		s.insist(task, c, "orders", "in the end")
		task.Sleep(2 * time.Second)
	})
	c.converge(s, 60*time.Second)
	if values := c.identical("orders", 1, 2, 3); len(values) != 21 {
		t.Errorf("read %q", values)
	}
}

// What was noted of high watermarks is where a broker begins after a crash.
func TestHighWatermarksAreNoted(t *testing.T) {
	c := newCluster(t, 1)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1})
		for i := range 7 {
			s.insist(task, c, "orders", fmt.Sprint(i))
		}
		task.Sleep(6 * time.Second)
		c.world.Crash(c.brokers[0], sim.KeepAll)
		c.world.Start(c.brokers[0])
		s.leader(task, c, "orders")
	})
	c.converge(s, 30*time.Second)
	if again := c.opened(1)[1].Event; again.N[2] != 7 {
		t.Errorf("the log came back as %v", again)
	}
}

// A broker whose disk does not take a checkpoint gives up (KAFKA-10778 is the same of a
// log), and comes back with all it had.
func TestACheckpointThatFailsEndsTheBroker(t *testing.T) {
	for _, name := range []string{log.HighWatermarks, log.RecoveryPoints, log.LogStarts, log.CleanerOffsets} {
		c := newCluster(t, 3, minInsync(2), func(cfg *broker.Config) { cfg.MarkInterval, cfg.PointInterval = time.Second, time.Second })
		s := c.client(func(s *script, task *node.Task) {
			s.create(task, c, "orders", []int32{1, 2, 3})
			s.insist(task, c, "orders", "first")
			c.world.FailSync(c.brokers[0], name)
			task.Sleep(3 * time.Second)
			if c.world.Processes()[c.brokers[0]].Up {
				s.t.Errorf("%s: the broker is still up", name)
			}
			s.insist(task, c, "orders", "without it")
			c.world.Start(c.brokers[0])
			task.Sleep(5 * time.Second)
		})
		c.converge(s, 30*time.Second)
		if c.seen[facts.DirectoryOffline] != 1 {
			t.Errorf("%s: the directory is said to be offline %d times", name, c.seen[facts.DirectoryOffline])
		}
	}
}
