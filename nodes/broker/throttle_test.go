package broker_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TestQuotas has a client write and read more than it may: it is told how long to wait,
// and nothing more is read from its connection until then; another client is not.
func TestQuotas(t *testing.T) {
	c := newCluster(t, 1, func(cfg *broker.Config) {
		cfg.Quotas, cfg.QuotaWindows = true, quota.Windows{Number: 3, Size: time.Second}
	})
	c.run(5 * time.Second)
	to := c.brokers[0]
	create := kmsg.NewPtrCreateTopicsRequest()
	create.Version, create.TimeoutMillis = 7, 1000
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", 1, 1
	create.Topics = append(create.Topics, topic)
	var produced, fetched []int32
	var waits []time.Duration
	s := c.client(func(s *script, task *node.Task) {
		s.ask(task, to, create)
		task.Sleep(time.Second)
		for _, q := range []struct {
			key   string
			value float64
		}{{"producer_byte_rate", 1000}, {"consumer_byte_rate", 500}} {
			if code := s.setQuota(task, to, q.key, q.value); code != 0 {
				t.Errorf("the quota was answered by error %d", code)
			}
		}
		if code := s.setQuota(task, to, "bread_rate", 1); code == 0 {
			t.Error("a quota of bread was taken")
		}
		ask := kmsg.NewPtrDescribeClientQuotasRequest()
		if entries := s.ask(task, to, ask).(*kmsg.DescribeClientQuotasResponse).Entries; len(entries) != 1 || len(entries[0].Values) != 2 || entries[0].Values[0].Value != 500 {
			t.Errorf("described are %+v", entries)
		}
		for range 6 {
			began := s.env.Now()
			answer := s.ask(task, to, aProduce(600)).(*kmsg.ProduceResponse)
			produced, waits = append(produced, answer.ThrottleMillis), append(waits, s.env.Now()-began)
		}
		for _, want := range []int{1, 0} {
			answer := s.ask(task, to, aFetch()).(*kmsg.FetchResponse)
			fetched = append(fetched, answer.ThrottleMillis)
			if len(answer.Topics) != want {
				t.Errorf("%d topics come, want %d: what 2 s give is less than two batches", len(answer.Topics), want)
			}
		}
	})
	c.run(60 * time.Second)
	if !s.done {
		t.Fatal("the script was not finished")
	}
	// Each time almost 700 bytes: three of them are what 2 s give, and a little more.
	if produced[0] != 0 || produced[1] != 0 || produced[3] == 0 || produced[5] == 0 || fetched[0] != 0 || fetched[1] == 0 {
		t.Errorf("told to wait for %v and %v", produced, fetched)
	}
	for i := 1; i < len(waits); i++ {
		if least := time.Duration(produced[i-1]) * time.Millisecond; waits[i]+2*time.Millisecond < least {
			t.Errorf("produce %d was answered after %v, and should have waited %v", i, waits[i], least)
		}
	}
	if c.seen[facts.UsageCharged] < 5 {
		t.Errorf("%d charges", c.seen[facts.UsageCharged])
	}
}

// setQuota sets one of the script's own quotas, and returns the error.
func (s *script) setQuota(t *node.Task, to node.ID, key string, value float64) int16 {
	r := kmsg.NewPtrAlterClientQuotasRequest()
	name := "script"
	entry := kmsg.NewAlterClientQuotasRequestEntry()
	entry.Entity = []kmsg.AlterClientQuotasRequestEntryEntity{{Type: "client-id", Name: &name}}
	entry.Ops = []kmsg.AlterClientQuotasRequestEntryOp{{Key: key, Value: value}}
	r.Entries = append(r.Entries, entry)
	return s.ask(t, to, r).(*kmsg.AlterClientQuotasResponse).Entries[0].ErrorCode
}

// TestShareOfTime has a client ask more than it has time for: it is told to wait whatever it
// asks, for no longer than a window.
func TestShareOfTime(t *testing.T) {
	c := newCluster(t, 1, func(cfg *broker.Config) {
		cfg.Quotas, cfg.QuotaWindows = true, quota.Windows{Number: 3, Size: time.Second}
	})
	c.run(5 * time.Second)
	to := c.brokers[0]
	var told []int32
	s := c.client(func(s *script, task *node.Task) {
		if code := s.setQuota(task, to, "request_percentage", 0.0005); code == 0 {
			t.Error("a quota that is less than a thousandth of a percent was taken")
		}
		s.setQuota(task, to, "request_percentage", 0.01) // 100 microseconds a second: one request
		ask := kmsg.NewPtrListGroupsRequest()
		ask.Version = 4
		for range 6 {
			told = append(told, s.ask(task, to, ask).(*kmsg.ListGroupsResponse).ThrottleMillis)
		}
	})
	c.run(60 * time.Second)
	if !s.done {
		t.Fatal("the script was not finished")
	}
	// The answer that sets it is the first that is charged; three are what 2 s and less give.
	if told[0] != 0 || told[2] == 0 || slices.Max(told) > 1000 {
		t.Errorf("told to wait for %v", told)
	}
}

// TestChangesOfTopics has a client create topics faster than it may: who knows the error is
// refused until it has waited, an older client is let, and waits as well.
func TestChangesOfTopics(t *testing.T) {
	c := newCluster(t, 1, func(cfg *broker.Config) {
		cfg.Quotas, cfg.ControllerQuotaWindows = true, quota.Windows{Number: 2, Size: time.Second}
	})
	c.run(5 * time.Second)
	to := c.brokers[0]
	type told struct {
		code  wire.ErrorCode
		waits int32
	}
	var got []told
	s := c.client(func(s *script, task *node.Task) {
		s.setQuota(task, to, "controller_mutation_rate", 1) // two at once
		create := func(name string, partitions int32, version int16) {
			r := kmsg.NewPtrCreateTopicsRequest()
			r.Version, r.TimeoutMillis = version, 1000
			topic := kmsg.NewCreateTopicsRequestTopic()
			topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
			r.Topics = append(r.Topics, topic)
			answer := s.ask(task, to, r).(*kmsg.CreateTopicsResponse)
			got = append(got, told{wire.ErrorCode(answer.Topics[0].ErrorCode), answer.ThrottleMillis})
		}
		create("a", 4, 7) // overdraws by two
		create("b", 1, 7)
		create("b", 1, 7) // two seconds later
		create("c", 1, 5)
		create("c", 1, 7) // is there, which is found out before anything is counted
	})
	c.run(60 * time.Second)
	if !s.done {
		t.Fatal("the script was not finished")
	}
	codes := []wire.ErrorCode{wire.OK, wire.ThrottlingQuotaExceeded, wire.OK, wire.OK, wire.TopicAlreadyExists}
	for i, want := range codes {
		if got[i].code != want || (got[i].waits > 0) != (i == 1 || i == 3) {
			t.Errorf("creation %d: %+v, want %v", i, got[i], want)
		}
	}
	if w := got[1].waits; w < 1800 || w > 2000 {
		t.Errorf("who had overdrawn by two is told to wait %d ms", w)
	}
}

// aProduce writes a record of so many bytes, and whatever is around it.
func aProduce(size int) *kmsg.ProduceRequest {
	b := batch.NewBuilder(batch.Plain())
	b.Add(batch.Record{Value: bytes.Repeat([]byte{'x'}, size)})
	r := kmsg.NewPtrProduceRequest()
	r.Version, r.Acks, r.TimeoutMillis = 8, 1, 1000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Records = b.Build()
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.Partitions = "t", append(topic.Partitions, part)
	r.Topics = append(r.Topics, topic)
	return r
}

// aFetch reads everything.
func aFetch() *kmsg.FetchRequest {
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.ReplicaID, r.MaxBytes, r.MinBytes = 11, -1, 1<<20, 1
	part := kmsg.NewFetchRequestTopicPartition()
	part.PartitionMaxBytes, part.CurrentLeaderEpoch = 1<<20, -1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.Partitions = "t", append(topic.Partitions, part)
	r.Topics = append(r.Topics, topic)
	return r
}
