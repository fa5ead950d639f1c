package broker_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// coordinator waits until the brokers say who coordinates a group.
func (s *script) coordinator(t *node.Task, c *cluster, group string) node.ID {
	for {
		for _, b := range c.brokers {
			r := kmsg.NewPtrFindCoordinatorRequest()
			r.Version, r.CoordinatorKey = 3, group
			if a, ok := s.ask(t, b, r).(*kmsg.FindCoordinatorResponse); ok && a.ErrorCode == 0 {
				return c.brokers[a.NodeID-1]
			}
		}
		t.Sleep(patience)
	}
}

// commit commits an offset of a group without members, until that is acknowledged.
func (s *script) commit(t *node.Task, c *cluster, group, topic string, offset int64) {
	for {
		r := kmsg.NewPtrOffsetCommitRequest()
		r.Version, r.Group, r.Generation = 7, group, -1
		one, p := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
		one.Topic, p.Offset = topic, offset
		one.Partitions = append(one.Partitions, p)
		r.Topics = append(r.Topics, one)
		a, ok := s.ask(t, s.coordinator(t, c, group), r).(*kmsg.OffsetCommitResponse)
		if ok && a.Topics[0].Partitions[0].ErrorCode == 0 {
			return
		}
		t.Sleep(patience)
	}
}

// committed reads the offset of a group.
func (s *script) committed(t *node.Task, c *cluster, group, topic string) int64 {
	for {
		r := kmsg.NewPtrOffsetFetchRequest()
		r.Version, r.Group = 5, group
		r.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: topic, Partitions: []int32{0}}}
		a, ok := s.ask(t, s.coordinator(t, c, group), r).(*kmsg.OffsetFetchResponse)
		if ok && a.ErrorCode == 0 && wire.ErrorCode(a.Topics[0].Partitions[0].ErrorCode) == wire.OK {
			return a.Topics[0].Partitions[0].Offset
		}
		t.Sleep(patience)
	}
}

// The offsets of a group outlive its coordinator: whoever leads the partition next has
// read them.
func TestOffsetsOutliveTheirCoordinator(t *testing.T) {
	c := newCluster(t, 3, minInsync(2), func(cfg *broker.Config) { cfg.OffsetsPartitions = 4 })
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for offset := range int64(4) {
			s.commit(task, c, "readers", "orders", offset)
			at := s.coordinator(task, c, "readers")
			c.world.Crash(at, sim.KeepAll)
			task.Sleep(4 * time.Second)
			if got := s.committed(task, c, "readers", "orders"); got != offset {
				s.t.Errorf("committed %d, read %d", offset, got)
			}
			c.world.Start(at)
			task.Sleep(4 * time.Second)
		}
	})
	c.converge(s, 120*time.Second)
}

// Old clients keep their offsets in znodes.
func TestOffsetsInZnodes(t *testing.T) {
	c := newCluster(t, 1, func(cfg *broker.Config) { cfg.OffsetsPartitions, cfg.OffsetsReplication = 1, 1 })
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1})
		s.coordinator(task, c, "old")
		r := kmsg.NewPtrOffsetCommitRequest()
		r.Group = "old"
		one, p := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
		one.Topic, p.Offset = "orders", 17
		one.Partitions = append(one.Partitions, p)
		r.Topics = append(r.Topics, one)
		if a := s.ask(task, c.brokers[0], r).(*kmsg.OffsetCommitResponse); a.Topics[0].Partitions[0].ErrorCode != 0 {
			s.t.Errorf("commit: %+v", a.Topics[0].Partitions[0])
		}
		f := kmsg.NewPtrOffsetFetchRequest()
		f.Group, f.Topics = "old", []kmsg.OffsetFetchRequestTopic{{Topic: "orders", Partitions: []int32{0}}}
		if a := s.ask(task, c.brokers[0], f).(*kmsg.OffsetFetchResponse); a.Topics[0].Partitions[0].Offset != 17 {
			s.t.Errorf("read %+v", a.Topics[0].Partitions[0])
		}
	})
	c.converge(s, 20*time.Second)
}
