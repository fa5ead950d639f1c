package broker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// Records were deleted up to the middle of a batch. A follower that has nothing must
// begin where the batch does, which is not in the leader's log any more, and show only
// what the leader shows.
func TestAFollowerBeginsInTheMiddleOfABatch(t *testing.T) {
	c := newCluster(t, 2, minInsync(1))
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2})
		s.insist(task, c, "orders", "hidden")
		c.world.Crash(c.brokers[1], sim.KeepAll)
		c.world.Wipe(c.brokers[1])
		for {
			if _, code := s.produceBatch(task, c.brokers[0], "orders", records("hidden, too", "first"), -1); code == wire.OK {
				break
			}
		}
		s.insist(task, c, "orders", "second")
		s.deleteRecords(task, c.brokers[0], "orders", 2)
		c.world.Start(c.brokers[1])
		task.Sleep(8 * time.Second)
		for _, b := range c.brokers {
			if values, code := s.consumeFrom(task, b, "orders", 2); code != wire.OK || !slices.Equal(values, []string{"hidden, too", "first", "second"}) {
				s.t.Errorf("broker %d has %q, %v", b, values, code)
			}
			if values, code := s.consumeFrom(task, b, "orders", 1); code != wire.OffsetOutOfRange {
				s.t.Errorf("broker %d shows %q, %v", b, values, code)
			}
		}
	})
	c.converge(s, 60*time.Second)
	if n := c.seen[facts.StartedOver]; n != 2 {
		t.Errorf("logs were begun anew %d times: at the leader's start, and at the batch", n)
	}
}

// deleteRecords hides what lies below an offset.
func (s *script) deleteRecords(t *node.Task, at node.ID, topic string, upTo int64) {
	r := kmsg.NewPtrDeleteRecordsRequest()
	r.Version, r.TimeoutMillis = 2, 1500
	one, p := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
	one.Topic, p.Offset = topic, upTo
	one.Partitions = append(one.Partitions, p)
	r.Topics = append(r.Topics, one)
	if answer, ok := s.ask(t, at, r).(*kmsg.DeleteRecordsResponse); !ok || answer.Topics[0].Partitions[0].ErrorCode != 0 {
		s.t.Errorf("deleting records: %v", answer)
	}
}
