package group

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// storeOffsets serves the oldest clients, whose offsets are in znodes. Any broker can,
// and nobody asks for generations.
func (c *Coordinator) storeOffsets(r *kmsg.OffsetCommitRequest, done func(*kmsg.OffsetCommitResponse)) {
	answer := commitAnswer(r)
	left := 1
	finished := func() {
		if left--; left == 0 {
			done(answer.OffsetCommitResponse)
		}
	}
	answer.each(func(topic string, p *kmsg.OffsetCommitRequestTopicPartition, result *kmsg.OffsetCommitResponseTopicPartition) {
		if code := c.acceptable(topic, p); code != wire.OK {
			result.ErrorCode = int16(code)
			return
		}
		left++
		c.host.Store(r.Group, topic, p.Partition, p.Offset, func(code wire.ErrorCode) {
			result.ErrorCode = int16(code)
			if code == wire.OK {
				c.stored(facts.StoredTold, r.Group, partition{topic, p.Partition}, p.Offset)
			}
			finished()
		})
	})
	finished()
}

// storedOffsets reads offsets from znodes.
func (c *Coordinator) storedOffsets(r *kmsg.OffsetFetchRequest, done func(*kmsg.OffsetFetchResponse)) {
	answer := kmsg.NewPtrOffsetFetchResponse()
	left := 1
	finished := func() {
		if left--; left == 0 {
			done(answer)
		}
	}
	for _, t := range r.Topics {
		answer.Topics = append(answer.Topics, offsetTopic(t, func(*kmsg.OffsetFetchResponseTopicPartition) {}))
	}
	for i := range answer.Topics {
		for j := range answer.Topics[i].Partitions {
			topic, p := answer.Topics[i].Topic, &answer.Topics[i].Partitions[j]
			if !c.host.Exists(topic, p.Partition) {
				p.ErrorCode = int16(wire.UnknownTopicOrPartition)
				continue
			}
			left++
			c.host.Stored(r.Group, topic, p.Partition, func(offset int64, code wire.ErrorCode) {
				p.Offset, p.ErrorCode = offset, int16(code)
				if code == wire.OK {
					c.stored(facts.StoredRead, r.Group, partition{topic, p.Partition}, offset)
				}
				finished()
			})
		}
	}
	finished()
}

// stored states what a client is told of an offset in a znode.
func (c *Coordinator) stored(kind *node.EventKind, group string, p partition, offset int64) {
	c.env.Observe(node.Event{Kind: kind, Text: group, Body: p.String(), N: [4]int64{offset}})
}
