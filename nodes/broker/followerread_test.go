package broker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// racked puts each broker into a rack of its own, and sends consumers to theirs.
func racked(c *broker.Config) {
	c.Rack, c.ReplicaSelector = fmt.Sprintf("rack%d", c.ID), broker.ReadFromRack
}

// fetchAs makes one fetch of a consumer in a rack.
func (s *script) fetchAs(t *node.Task, at node.ID, rack, topic string, offset int64) (kmsg.FetchResponseTopicPartition, wire.ErrorCode) {
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.ReplicaID, r.MaxWaitMillis, r.MaxBytes, r.MinBytes, r.Rack = 11, -1, 100, 1<<20, 1, rack
	one, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	one.Topic, p.FetchOffset, p.PartitionMaxBytes = topic, offset, 1<<20
	one.Partitions = append(one.Partitions, p)
	r.Topics = append(r.Topics, one)
	answer, ok := s.ask(t, at, r).(*kmsg.FetchResponse)
	if !ok || answer.ErrorCode != 0 {
		s.t.Errorf("a fetch is answered %v", answer)
		return p0, wire.Unknown
	}
	got := answer.Topics[0].Partitions[0]
	return got, wire.ErrorCode(got.ErrorCode)
}

var p0 kmsg.FetchResponseTopicPartition

// TestConsumersAreSentToTheirRack: a leader names the in-sync replica in a consumer's
// rack, with no records; it serves whoever is in its own rack, in none, or too far ahead
// of that replica itself.
func TestConsumersAreSentToTheirRack(t *testing.T) {
	c := newCluster(t, 3, racked, minInsync(1))
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		s.insist(task, c, "orders", "first")
		task.Sleep(time.Second)
		for _, want := range []struct {
			rack string
			to   int32
		}{{"", -1}, {"rack1", -1}, {"rack2", 2}, {"rack3", 3}, {"elsewhere", -1}} {
			got, code := s.fetchAs(task, c.brokers[0], want.rack, "orders", 0)
			if code != wire.OK || got.PreferredReadReplica != want.to || (len(got.RecordBatches) > 0) != (want.to < 0) || got.HighWatermark != 1 {
				s.t.Errorf("from rack %q: %v, to %d with %d bytes and high watermark %d", want.rack, code, got.PreferredReadReplica, len(got.RecordBatches), got.HighWatermark)
			}
		}
		if got, code := s.fetchAs(task, c.brokers[1], "rack2", "orders", 0); code != wire.OK || len(got.RecordBatches) == 0 || got.HighWatermark != 1 {
			s.t.Errorf("the follower gives %d bytes, %v, with high watermark %d", len(got.RecordBatches), code, got.HighWatermark)
		}
		if _, code := s.fetchAs(task, c.brokers[1], "rack2", "orders", 2); code != wire.OffsetOutOfRange {
			s.t.Errorf("a follower that has not got so far says %v", code)
		}
		c.world.Crash(c.brokers[1], sim.KeepAll)
		task.Sleep(6 * time.Second) // out of sync
		s.insist(task, c, "orders", "second")
		if got, code := s.fetchAs(task, c.brokers[0], "rack2", "orders", 1); code != wire.OK || got.PreferredReadReplica != -1 || len(got.RecordBatches) == 0 {
			s.t.Errorf("with nobody in the rack: %v, to %d with %d bytes", code, got.PreferredReadReplica, len(got.RecordBatches))
		}
	})
	c.converge(s, 60*time.Second)
}

// TestConsumersReadAtFollowers has a consumer read in its rack, and go on elsewhere when
// the replica there dies.
func TestConsumersReadAtFollowers(t *testing.T) {
	c := newCluster(t, 3, racked)
	c.run(5 * time.Second)
	app := c.application()
	app.NewAdmin().CreateTopic(client.NewTopic{Name: "t", Partitions: 1, Replication: 3}, func(client.Done) {})
	c.run(5 * time.Second)
	leader := c.leaderOf(t, "t-0")
	near := leader%3 + 1
	p := app.NewProducer(client.ProducerConfig{Acks: -1, DeliveryTimeout: 20 * time.Second})
	s := app.NewConsumer(client.ConsumerConfig{Reset: client.ResetEarliest, Rack: fmt.Sprintf("rack%d", near)})
	s.Assign([]client.TopicPartition{{Topic: "t"}})
	var read, sent []string
	var poll func()
	poll = func() {
		s.Poll(100, time.Second, func(r client.Polled) {
			for _, rec := range r.Records {
				read = append(read, string(rec.Value))
			}
			if len(r.Jumps) > 1 {
				t.Errorf("the consumer jumps: %+v", r.Jumps)
			}
			poll()
		})
	}
	poll()
	for i := range 90 {
		sent = append(sent, fmt.Sprint(i))
		p.Send(client.Record{Topic: "t", Value: []byte(fmt.Sprint(i))}, func(client.Sent) {})
		c.run(100 * time.Millisecond)
		switch i {
		case 30:
			c.world.Crash(c.brokers[near-1], sim.LoseAll)
		case 60:
			c.world.Start(c.brokers[near-1])
		}
	}
	c.run(30 * time.Second)
	if !slices.Equal(read, sent) {
		t.Errorf("read %d of %d: %v", len(read), len(sent), read)
	}
	by := map[int32]int{}
	for _, f := range c.facts {
		if f.Event.Kind == facts.ConsumerServed {
			by[int32(slices.Index(c.brokers, f.Node))+1]++
		}
	}
	if by[near] < 20 || by[leader] < 5 {
		t.Errorf("the replica in the rack, %d, and the leader, %d, served how often: %v", near, leader, by)
	}
}

// leaderOf is the broker that said last to lead a partition.
func (c *cluster) leaderOf(t *testing.T, partition string) int32 {
	t.Helper()
	for i := len(c.facts) - 1; i >= 0; i-- {
		if f := c.facts[i]; f.Event.Kind == facts.BecameLeader && f.Event.Text == partition {
			return int32(slices.Index(c.brokers, f.Node)) + 1
		}
	}
	t.Fatal("nobody leads " + partition)
	return 0
}

// TestFollowersLearnTheMarkInTime: that a record is committed, followers are told with
// the answer to the fetch after it, for which they ask once. On an idle partition that is
// when its time is up (KAFKA-9952), and so long do consumers there miss the last record.
func TestFollowersLearnTheMarkInTime(t *testing.T) {
	for _, sessionless := range []bool{false, true} {
		wait := func(cfg *broker.Config) {
			cfg.ReplicaFetchWait, cfg.SessionlessFetches = 1500*time.Millisecond, sessionless
		}
		c := newCluster(t, 3, racked, minInsync(1), wait)
		s := c.client(func(s *script, task *node.Task) {
			s.create(task, c, "orders", []int32{1, 2, 3})
			s.insist(task, c, "orders", "first")
			task.Sleep(2 * time.Second)
			before := len(c.facts)
			s.insist(task, c, "orders", "second")
			task.Sleep(100 * time.Millisecond)
			s.bothGive(task, c, 0)
			asked := slices.DeleteFunc(slices.Clone(c.facts[before:]), func(f sim.Seen) bool { return f.Event.Kind != facts.FollowerFetched })
			if len(asked) != 2 {
				s.t.Errorf("sessionless is %v: for one record two followers have asked %d times", sessionless, len(asked))
			}
			task.Sleep(1500 * time.Millisecond)
			s.bothGive(task, c, 1)
		})
		c.converge(s, 60*time.Second)
	}
}

// bothGive checks how many records the two followers give from the second on.
func (s *script) bothGive(task *node.Task, c *cluster, records int) {
	for _, b := range c.brokers[1:] {
		if got, code := s.fetchAs(task, b, "x", "orders", 1); code != wire.OK || (len(got.RecordBatches) > 0) != (records > 0) || got.HighWatermark != int64(1+records) {
			s.t.Errorf("broker %d gives %d bytes, %v, high watermark %d, and not %d records", b, len(got.RecordBatches), code, got.HighWatermark, records)
		}
	}
}
