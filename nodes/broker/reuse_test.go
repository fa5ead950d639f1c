package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// deleteTopic has a topic deleted, and waits until its replica on a broker is gone.
func (s *script) deleteTopic(t *node.Task, c *cluster, topic string) {
	r := kmsg.NewPtrDeleteTopicsRequest()
	r.Version, r.TopicNames, r.TimeoutMillis = 4, []string{topic}, 1500
	gone := c.seen[facts.ReplicaDeleted]
	if answer, ok := s.ask(t, c.brokers[0], r).(*kmsg.DeleteTopicsResponse); !ok || answer.Topics[0].ErrorCode != 0 {
		s.t.Errorf("deleting %s: %v", topic, answer)
	}
	for c.seen[facts.ReplicaDeleted] == gone {
		t.Sleep(time.Millisecond)
	}
}

// What checkpoints said of a log that was removed means nothing to the next one of its name:
// the former one had seven records, the first five of which were deleted, and no checkpoint
// was due between the first record of the next one and the crash.
func TestACheckpointDoesNotOutliveItsLog(t *testing.T) {
	c := newCluster(t, 1, func(cfg *broker.Config) { cfg.MarkInterval, cfg.PointInterval = 5*time.Second, 5*time.Second })
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1})
		for i := range 7 {
			s.insist(task, c, "orders", fmt.Sprint(i))
		}
		s.deleteRecords(task, c.brokers[0], "orders", 5)
		task.Sleep(6 * time.Second)
		s.deleteTopic(task, c, "orders")
		s.create(task, c, "orders", []int32{1})
		s.insist(task, c, "orders", "another's")
		s.insist(task, c, "orders", "topic")
		c.world.Crash(c.brokers[0], sim.KeepAll)
		c.world.Start(c.brokers[0])
		s.leader(task, c, "orders")
		values, code := s.consume(task, c.brokers[0], "orders")
		if code != wire.OK || fmt.Sprint(values) != "[another's topic]" {
			s.t.Errorf("read %q, %v", values, code)
		}
	})
	c.converge(s, 60*time.Second)
	all := c.opened(1)
	if again := all[len(all)-1].Event; again.N[0] != 0 || again.N[1] != 2 || again.N[2] != 0 {
		t.Errorf("the log came back as %v", again)
	}
	if n := c.seen[facts.CleanSlate]; n != 1 {
		t.Errorf("what was said of the former log was forgotten %d times", n)
	}
}

// A process dies while it removes a log: the next one goes on with that, and the topic that
// gets the name begins with nothing.
func TestARemovalIsFinishedByWhoStartsAgain(t *testing.T) {
	c := newCluster(t, 1)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1})
		s.insist(task, c, "orders", "former")
		quick := c.world.SlowDisk(c.brokers[0], "", sim.Latency{Min: time.Hour, Mean: time.Hour, Max: time.Hour})
		s.deleteTopic(task, c, "orders")
		c.world.Crash(c.brokers[0], sim.KeepAll)
		quick()
		c.world.Start(c.brokers[0])
		s.create(task, c, "orders", []int32{1})
		s.insist(task, c, "orders", "another's")
		values, code := s.consume(task, c.brokers[0], "orders")
		if code != wire.OK || fmt.Sprint(values) != "[another's]" {
			s.t.Errorf("read %q, %v", values, code)
		}
	})
	c.converge(s, 60*time.Second)
	if n := c.seen[facts.DoomedFound]; n != 1 {
		t.Errorf("what was left of the former log was found %d times", n)
	}
}
