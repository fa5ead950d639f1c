package group

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// String is the name of the partition.
func (p partition) String() string { return fmt.Sprintf("%s-%d", p.topic, p.number) }

// fetchOffsets tells offsets that were committed, -1 for those that were not.
func (c *Coordinator) fetchOffsets(r *kmsg.OffsetFetchRequest, done func(*kmsg.OffsetFetchResponse)) {
	if r.Version == 0 {
		c.storedOffsets(r, done)
		return
	}
	answer := kmsg.NewPtrOffsetFetchResponse()
	if r.Version < 8 {
		code, topics := c.offsetsOf(r.Group, r.Topics)
		answer.ErrorCode, answer.Topics = int16(code), topics
		done(answer)
		return
	}
	for _, ask := range r.Groups {
		each := kmsg.NewOffsetFetchResponseGroup()
		each.Group = ask.Group
		var wanted []kmsg.OffsetFetchRequestTopic
		if ask.Topics != nil {
			wanted = []kmsg.OffsetFetchRequestTopic{}
		}
		for _, t := range ask.Topics {
			wanted = append(wanted, kmsg.OffsetFetchRequestTopic{Topic: t.Topic, Partitions: t.Partitions})
		}
		code, topics := c.offsetsOf(ask.Group, wanted)
		each.ErrorCode = int16(code)
		for _, t := range topics {
			topic := kmsg.NewOffsetFetchResponseGroupTopic()
			topic.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewOffsetFetchResponseGroupTopicPartition()
				part.Partition, part.Offset, part.LeaderEpoch, part.Metadata, part.ErrorCode = p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode
				topic.Partitions = append(topic.Partitions, part)
			}
			each.Topics = append(each.Topics, topic)
		}
		answer.Groups = append(answer.Groups, each)
	}
	done(answer)
}

// offsetsOf looks offsets of a group up: of all its partitions if wanted is nil.
func (c *Coordinator) offsetsOf(name string, wanted []kmsg.OffsetFetchRequestTopic) (wire.ErrorCode, []kmsg.OffsetFetchResponseTopic) {
	code := c.admit(name)
	if code == wire.CoordinatorLoadInProgress && c.bug(bugs.OffsetsToldWhileLoading) {
		code = wire.OK
	}
	var topics []kmsg.OffsetFetchResponseTopic
	if code != wire.OK {
		for _, t := range wanted {
			topics = append(topics, offsetTopic(t, func(p *kmsg.OffsetFetchResponseTopicPartition) { p.ErrorCode = int16(code) }))
		}
		return code, topics
	}
	g := c.groups[name]
	if wanted == nil && g != nil {
		wanted = g.committedTopics()
	}
	var told []facts.GroupOffset
	for _, t := range wanted {
		topics = append(topics, offsetTopic(t, func(p *kmsg.OffsetFetchResponseTopicPartition) {
			at := partition{t.Topic, p.Partition}
			if g != nil && g.offsets[at] != nil {
				o := g.offsets[at]
				p.Offset, p.LeaderEpoch, p.Metadata = o.at, o.epoch, kmsg.StringPtr(o.metadata)
			}
			told = append(told, facts.GroupOffset{Partition: at.String(), Offset: p.Offset})
		}))
	}
	c.env.Observe(node.Event{Kind: facts.OffsetsTold, Text: name, Body: told})
	return wire.OK, topics
}

// offsetTopic is the answer for a topic, with nothing but what fill fills in.
func offsetTopic(t kmsg.OffsetFetchRequestTopic, fill func(*kmsg.OffsetFetchResponseTopicPartition)) kmsg.OffsetFetchResponseTopic {
	topic := kmsg.NewOffsetFetchResponseTopic()
	topic.Topic = t.Topic
	for _, number := range t.Partitions {
		part := kmsg.NewOffsetFetchResponseTopicPartition()
		part.Partition, part.Offset, part.LeaderEpoch, part.Metadata = number, -1, -1, kmsg.StringPtr("")
		fill(&part)
		topic.Partitions = append(topic.Partitions, part)
	}
	return topic
}

// committedTopics lists what has offsets, sorted.
func (g *group) committedTopics() []kmsg.OffsetFetchRequestTopic {
	var topics []kmsg.OffsetFetchRequestTopic
	for _, p := range g.partitions() {
		if n := len(topics); n == 0 || topics[n-1].Topic != p.topic {
			topics = append(topics, kmsg.OffsetFetchRequestTopic{Topic: p.topic})
		}
		last := &topics[len(topics)-1]
		last.Partitions = append(last.Partitions, p.number)
	}
	return topics
}

// partitions lists what has offsets, sorted.
func (g *group) partitions() []partition {
	var all []partition
	for p := range g.offsets { //sim:unordered sorted below
		all = append(all, p)
	}
	slices.SortFunc(all, partition.compare)
	return all
}
