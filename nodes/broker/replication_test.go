package broker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

const patience = 100 * time.Millisecond

// create creates a topic of one partition on brokers in this order, and waits until it
// has a leader.
func (s *script) create(t *node.Task, c *cluster, topic string, replicas []int32, config ...string) {
	for {
		for _, b := range c.brokers {
			r := kmsg.NewPtrCreateTopicsRequest()
			r.Version, r.TimeoutMillis = 7, 1000
			asked := kmsg.NewCreateTopicsRequestTopic()
			asked.Topic, asked.NumPartitions, asked.ReplicationFactor = topic, -1, -1
			asked.ReplicaAssignment = []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: replicas}}
			for i := 0; i < len(config); i += 2 {
				one := kmsg.NewCreateTopicsRequestTopicConfig()
				one.Name, one.Value = config[i], &config[i+1]
				asked.Configs = append(asked.Configs, one)
			}
			r.Topics = append(r.Topics, asked)
			if answer, ok := s.ask(t, b, r).(*kmsg.CreateTopicsResponse); ok {
				switch wire.ErrorCode(answer.Topics[0].ErrorCode) {
				case wire.OK, wire.TopicAlreadyExists:
					s.leader(t, c, topic)
					return
				}
			}
		}
		t.Sleep(patience)
	}
}

// leader waits until the brokers say who leads a topic.
func (s *script) leader(t *node.Task, c *cluster, topic string) node.ID {
	for {
		for _, b := range c.brokers {
			r := kmsg.NewPtrMetadataRequest()
			r.Version = 9
			name := kmsg.NewMetadataRequestTopic()
			name.Topic = &topic
			r.Topics = append(r.Topics, name)
			answer, ok := s.ask(t, b, r).(*kmsg.MetadataResponse)
			if ok && len(answer.Topics) == 1 && len(answer.Topics[0].Partitions) == 1 && answer.Topics[0].Partitions[0].Leader > 0 {
				return c.brokers[answer.Topics[0].Partitions[0].Leader-1]
			}
		}
		t.Sleep(patience)
	}
}

// record is a batch of one record.
func record(value string) []byte { return records(value) }

// records is one batch.
func records(values ...string) []byte {
	b := batch.NewBuilder(batch.Options{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1})
	for _, value := range values {
		b.Add(batch.Record{Value: []byte(value)})
	}
	return b.Build()
}

// produce sends one value to one broker and says how it went.
func (s *script) produce(t *node.Task, to node.ID, topic, value string, acks int16) (int64, wire.ErrorCode) {
	return s.produceBatch(t, to, topic, record(value), acks)
}

func (s *script) produceBatch(t *node.Task, to node.ID, topic string, b []byte, acks int16) (int64, wire.ErrorCode) {
	r := kmsg.NewPtrProduceRequest()
	r.Version, r.Acks, r.TimeoutMillis = 9, acks, 1500
	one, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	one.Topic, p.Records = topic, b
	one.Partitions = append(one.Partitions, p)
	r.Topics = append(r.Topics, one)
	answer, ok := s.ask(t, to, r).(*kmsg.ProduceResponse)
	if !ok {
		return -1, wire.NetworkException
	}
	got := answer.Topics[0].Partitions[0]
	return got.BaseOffset, wire.ErrorCode(got.ErrorCode)
}

// insist sends a value to whoever leads until it is acknowledged.
func (s *script) insist(t *node.Task, c *cluster, topic, value string) int64 {
	for {
		offset, code := s.produce(t, s.leader(t, c, topic), topic, value, -1)
		if code == wire.OK {
			return offset
		}
		t.Sleep(patience)
	}
}

// consume reads all values of a topic from one broker.
func (s *script) consume(t *node.Task, from node.ID, topic string) (values []string, code wire.ErrorCode) {
	return s.consumeFrom(t, from, topic, 0)
}

// consumeFrom reads the batches from the one on that an offset is in.
func (s *script) consumeFrom(t *node.Task, from node.ID, topic string, next int64) (values []string, code wire.ErrorCode) {
	for {
		r := kmsg.NewPtrFetchRequest()
		r.Version, r.ReplicaID, r.MaxWaitMillis, r.MinBytes, r.MaxBytes, r.SessionEpoch = 12, -1, 50, 1, 1<<20, -1
		one, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
		one.Topic, p.FetchOffset, p.PartitionMaxBytes = topic, next, 1<<20
		one.Partitions = append(one.Partitions, p)
		r.Topics = append(r.Topics, one)
		answer, ok := s.ask(t, from, r).(*kmsg.FetchResponse)
		if !ok {
			return values, wire.NetworkException
		}
		got := &answer.Topics[0].Partitions[0]
		if got.ErrorCode != 0 || len(got.RecordBatches) == 0 {
			return values, wire.ErrorCode(got.ErrorCode)
		}
		for each := batch.Read(got.RecordBatches); each.Next(); {
			var rec batch.Record
			for records := each.Batch.Records(); records.Next(&rec); {
				values = append(values, string(rec.Value))
			}
			next = each.Batch.NextOffset()
		}
	}
}

// converge has the world run until a client has finished.
func (c *cluster) converge(s *script, within time.Duration) {
	c.t.Helper()
	for until := c.world.Now() + within; !s.done && c.world.Now() < until; {
		c.run(patience)
	}
	if !s.done {
		c.t.Fatalf("the client did not finish within %v", within)
	}
}

func minInsync(n int) func(*broker.Config) { return func(c *broker.Config) { c.MinInsync = n } }

func TestRecordsAreCopiedCommittedAndRead(t *testing.T) {
	c := newCluster(t, 3, minInsync(2))
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for i := range 10 {
			if offset := s.insist(task, c, "orders", fmt.Sprint(i)); offset != int64(i) {
				s.t.Errorf("value %d is at %d", i, offset)
			}
		}
		values, code := s.consume(task, s.leader(task, c, "orders"), "orders")
		if code != wire.OK || len(values) != 10 || values[9] != "9" {
			s.t.Errorf("read %v, %v", values, code)
		}
	})
	c.converge(s, 20*time.Second)
	if c.seen[facts.FollowerAppended] != 20 || c.seen[facts.HighWatermark] == 0 || c.seen[facts.Acknowledged] != 10 {
		t.Errorf("%d copies, %d high watermarks, %d acknowledgements", c.seen[facts.FollowerAppended], c.seen[facts.HighWatermark], c.seen[facts.Acknowledged])
	}
}

func TestANewLeaderHasEverythingThatWasAcknowledged(t *testing.T) {
	c := newCluster(t, 3, minInsync(2))
	var want []string
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for round := range 3 {
			for i := range 5 {
				value := fmt.Sprintf("%d.%d", round, i)
				s.insist(task, c, "orders", value)
				want = append(want, value)
			}
			leader := s.leader(task, c, "orders")
			c.world.Crash(leader, sim.KeepAll)
			task.Sleep(5 * time.Second)
			c.world.Start(leader)
			task.Sleep(5 * time.Second)
		}
		values, code := s.consume(task, s.leader(task, c, "orders"), "orders")
		for _, value := range want {
			if !slices.Contains(values, value) {
				s.t.Errorf("%s was acknowledged and is not in %v, %v", value, values, code)
			}
		}
	})
	c.converge(s, 120*time.Second)
}

// isr are the in-sync replicas that a leader last knew to stand in the state znode.
func (c *cluster) isr() (set []int32) {
	for _, s := range c.facts {
		switch s.Event.Kind {
		case facts.BecameLeader:
			set = facts.Members(s.Event.Body.(*facts.Reign).Isr)
		case facts.IsrCommitted, facts.IsrAdopted:
			set = facts.Members(s.Event.N[0])
		}
	}
	return set
}

// cut has no message pass between two brokers' listeners for each other.
func (c *cluster) cut(name string, a, b int) {
	x, y := c.brokers[a-1], c.brokers[b-1]
	c.world.Block(name, func(from, to node.ID, port node.Port) bool {
		return port == wire.ReplicaPort && (from == x && to == y || from == y && to == x)
	})
}

func TestInSyncReplicasShrinkAndGrow(t *testing.T) {
	c := newCluster(t, 3)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3}, "min.insync.replicas", "2")
		s.insist(task, c, "orders", "all three")
		c.cut("third", 1, 3)
		s.insist(task, c, "orders", "two of them")
		if got := c.isr(); !slices.Equal(got, []int32{1, 2}) {
			s.t.Errorf("without the third, in sync are %v", got)
		}
		c.cut("second", 1, 2)
		if _, code := s.produce(task, c.brokers[0], "orders", "alone", -1); code != wire.RequestTimedOut {
			s.t.Errorf("not alone yet: %v, in sync are %v", code, c.isr())
		}
		task.Sleep(4 * time.Second)
		if _, code := s.produce(task, c.brokers[0], "orders", "refused", -1); code != wire.NotEnoughReplicas {
			s.t.Errorf("alone: %v, in sync are %v", code, c.isr())
		}
		if values, _ := s.consume(task, c.brokers[0], "orders"); slices.Contains(values, "alone") {
			s.t.Error("with too few in sync, a record was committed")
		}
		c.world.Unblock("second")
		c.world.Unblock("third")
		s.insist(task, c, "orders", "together again")
		task.Sleep(5 * time.Second)
		if got := c.isr(); !slices.Equal(got, []int32{1, 2, 3}) {
			s.t.Errorf("in the end, in sync are %v", got)
		}
		values, _ := s.consume(task, c.brokers[0], "orders")
		// What timed out was sent again, and both are there.
		if want := []string{"all three", "two of them", "alone", "together again"}; !slices.Equal(slices.Compact(values), want) {
			s.t.Errorf("read %q", values)
		}
	})
	c.converge(s, 90*time.Second)
	if c.seen[facts.MinIsrRefused] == 0 {
		t.Error("nothing was refused")
	}
}

// A leader that hangs is replaced. When it wakes up it believes to lead, and can promise
// nobody anything.
func TestAZombieLeaderIsFenced(t *testing.T) {
	c := newCluster(t, 3, minInsync(2))
	zombie := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for i := range 40 {
			if _, code := s.produce(task, c.brokers[0], "orders", fmt.Sprint("zombie ", i), -1); code == wire.OK && c.world.Now() > 9*time.Second {
				s.t.Errorf("at %v the zombie promised to keep a record", c.world.Now())
			}
			task.Sleep(250 * time.Millisecond)
		}
	})
	c.run(3 * time.Second)
	c.world.Pause(c.brokers[0])
	c.run(6 * time.Second)
	live := c.client(func(s *script, task *node.Task) {
		for i := range 3 {
			s.insist(task, c, "orders", fmt.Sprint("live ", i))
		}
		c.world.Resume(c.brokers[0])
		for i := range 3 {
			s.insist(task, c, "orders", fmt.Sprint("live ", i+3))
		}
		task.Sleep(5 * time.Second)
	})
	c.converge(live, 60*time.Second)
	c.converge(zombie, 60*time.Second)
	c.identical("orders", 1, 2, 3)
}

// identical demands that some brokers have the same records.
func (c *cluster) identical(topic string, brokers ...int) []string {
	c.t.Helper()
	var first []string
	s := c.client(func(s *script, task *node.Task) {
		for i, b := range brokers {
			values, code := s.consume(task, c.brokers[b-1], topic)
			if i == 0 {
				first = values
			}
			if code != wire.OK || !slices.Equal(values, first) {
				s.t.Errorf("broker %d has %q, %v, and broker %d %q", b, values, code, brokers[0], first)
			}
		}
	})
	c.converge(s, 10*time.Second)
	return first
}

// What a leader had alone when it died, the next one does not have; and when the first
// comes back, what it had is cut off, by the epochs of the records and not by its high
// watermark.
func TestAFormerLeaderIsCutToWhereTheLogsPart(t *testing.T) {
	c := newCluster(t, 3, minInsync(1))
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for i := range 5 {
			s.insist(task, c, "orders", fmt.Sprint("common ", i))
		}
		c.cut("second", 1, 2)
		c.cut("third", 1, 3)
		for i := range 3 {
			if _, code := s.produce(task, c.brokers[0], "orders", fmt.Sprint("lost ", i), 1); code != wire.OK {
				s.t.Errorf("lost %d: %v", i, code)
			}
		}
		c.world.Crash(c.brokers[0], sim.KeepAll)
		task.Sleep(3 * time.Second)
		c.world.Unblock("second")
		c.world.Unblock("third")
		for i := range 5 {
			s.insist(task, c, "orders", fmt.Sprint("kept ", i))
		}
		c.world.Start(c.brokers[0])
		task.Sleep(8 * time.Second)
	})
	c.converge(s, 60*time.Second)
	if values := c.identical("orders", 1, 2, 3); len(values) != 10 {
		t.Errorf("read %q", values)
	}
	for _, s := range c.facts {
		if s.Event.Kind == facts.Truncated && s.Node == c.brokers[0] && s.Event.N[0] == 5 && s.Event.N[1] == 8 {
			return
		}
	}
	t.Error("nothing was cut off at the former leader")
}

// Without a response there is only the end of the connection to tell of an error.
func TestAnUnansweredProduceThatFailsEndsTheConnection(t *testing.T) {
	c := newCluster(t, 1)
	c.run(3 * time.Second)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1})
		s.tell(c.brokers[0], "orders", "written")
		if _, code := s.produce(task, c.brokers[0], "orders", "and answered", 1); code != wire.OK {
			s.t.Errorf("after a produce without acknowledgement: %v", code)
		}
		s.tell(c.brokers[0], "nowhere", "refused")
		if _, code := s.produce(task, c.brokers[0], "orders", "on a dead connection", 1); code != wire.NetworkException {
			s.t.Errorf("after one that failed: %v", code)
		}
	})
	c.converge(s, 10*time.Second)
	if values := c.identical("orders", 1); !slices.Equal(values, []string{"written", "and answered"}) {
		t.Errorf("read %q", values)
	}
}

// tell produces without acknowledgement.
func (s *script) tell(to node.ID, topic, value string) {
	r := kmsg.NewPtrProduceRequest()
	r.Version, r.Acks, r.TimeoutMillis = 9, 0, 1500
	one, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	one.Topic, p.Records = topic, record(value)
	one.Partitions = append(one.Partitions, p)
	r.Topics = append(r.Topics, one)
	s.callers[to].Call(r, nil)
}
