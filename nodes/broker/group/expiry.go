package group

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// consumers is the protocol type of groups of consumers, whose metadata can be read.
const consumers = "consumer"

// expire forgets the offsets that nobody has used for so long (KIP-211), and groups of
// which nothing is left.
func (c *Coordinator) expire() {
	c.expiry = c.clock.After(c.cfg.RetentionCheck, c.expire)
	now := c.env.WallMillis()
	for _, name := range c.names(-1) {
		g := c.groups[name]
		subscribed, readable := g.subscribed()
		g.forget(func(p partition, o *offset) bool {
			switch {
			case o.expires != never:
				return o.expires <= now
			case g.protocolType == "":
				return c.old(o.committed, now)
			case g.state == empty:
				return c.old(max(g.since, o.committed), now)
			case g.state == stable && readable && !subscribed[p.topic]:
				return c.old(o.committed, now)
			}
			return false
		})
	}
}

// old reports whether something is over that began at a time, both in milliseconds.
func (c *Coordinator) old(since, now int64) bool {
	return now-since >= int64(c.cfg.OffsetRetention/time.Millisecond)
}

// TopicDeleted forgets the offsets of a topic, which must not be taken for those of
// another by its name.
func (c *Coordinator) TopicDeleted(topic string) {
	for _, name := range c.names(-1) {
		c.groups[name].forget(func(p partition, _ *offset) bool { return p.topic == topic })
	}
}

// forget drops offsets that match, unless others are on their way to the log. A group
// that is empty in both senses ends.
func (g *group) forget(match func(partition, *offset) bool) {
	var records []batch.Record
	for _, p := range g.partitions() {
		if g.committing[p] > 0 || !match(p, g.offsets[p]) {
			continue
		}
		g.observe(facts.OffsetExpired, p.String(), g.offsets[p].at)
		delete(g.offsets, p)
		records = append(records, g.tombstone(offsetRecordKey(g.name, p)))
	}
	if g.state == empty && len(g.offsets) == 0 && len(g.committing) == 0 && len(g.named) == 0 {
		records = append(records, g.end()...)
	}
	if len(records) > 0 {
		g.c.append(g.shard, records, func(wire.ErrorCode) {}) // if it failed, they expire again after the next load
	}
}

// end takes the group out of the memory, and returns what takes it out of the log.
func (g *group) end() []batch.Record {
	delete(g.c.groups, g.name)
	g.die(wire.UnknownMemberID)
	g.observe(facts.GroupDead, nil, int64(g.generation))
	if g.generation == 0 {
		return nil // it was never in the log
	}
	return []batch.Record{g.tombstone(groupRecordKey(g.name))}
}

// subscribed is the set of topics that consumers of the group read, and whether it could
// be told from their metadata.
func (g *group) subscribed() (topics map[string]bool, readable bool) {
	if g.protocolType != consumers {
		return nil, false
	}
	topics = map[string]bool{}
	for _, m := range g.members {
		v := kmsg.NewConsumerMemberMetadata()
		if err := v.ReadFrom(m.metadata(g.protocol)); err != nil {
			return nil, false
		}
		for _, t := range v.Topics {
			topics[t] = true
		}
	}
	return topics, true
}

// deleteGroups deletes groups without members.
func (c *Coordinator) deleteGroups(r *kmsg.DeleteGroupsRequest, done func(*kmsg.DeleteGroupsResponse)) {
	answer := kmsg.NewPtrDeleteGroupsResponse()
	answer.Groups = make([]kmsg.DeleteGroupsResponseGroup, len(r.Groups))
	left := 1
	finished := func() {
		if left--; left == 0 {
			done(answer)
		}
	}
	for i, name := range r.Groups {
		each := &answer.Groups[i]
		*each = kmsg.NewDeleteGroupsResponseGroup()
		each.Group = name
		left++
		c.deleteGroup(name, func(code wire.ErrorCode) {
			each.ErrorCode = int16(code)
			finished()
		})
	}
	finished()
}

func (c *Coordinator) deleteGroup(name string, done func(wire.ErrorCode)) {
	code := c.admit(name)
	g := c.groups[name]
	switch {
	case code != wire.OK:
		done(code)
	case g == nil:
		done(wire.GroupIDNotFound)
	case g.state != empty || len(g.named) > 0 || len(g.committing) > 0:
		done(wire.NonEmptyGroup)
	default:
		var records []batch.Record
		for _, p := range g.partitions() {
			records = append(records, g.tombstone(offsetRecordKey(name, p)))
		}
		records = append(records, g.end()...)
		if len(records) == 0 {
			done(wire.OK)
			return
		}
		c.append(g.shard, records, done)
	}
}

// deleteOffsets deletes offsets of topics that nobody in the group reads (KIP-496).
func (c *Coordinator) deleteOffsets(r *kmsg.OffsetDeleteRequest, done func(*kmsg.OffsetDeleteResponse)) {
	answer := kmsg.NewPtrOffsetDeleteResponse()
	g := c.groups[r.Group]
	code := c.admit(r.Group)
	if code == wire.OK && g == nil {
		code = wire.GroupIDNotFound
	}
	if code != wire.OK {
		answer.ErrorCode = int16(code)
		done(answer)
		return
	}
	subscribed, readable := g.subscribed()
	if g.state != empty && !readable {
		answer.ErrorCode = int16(wire.NonEmptyGroup)
		done(answer)
		return
	}
	var records []batch.Record
	var deleted []partition
	for _, t := range r.Topics {
		topic := kmsg.NewOffsetDeleteResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			part, at := kmsg.NewOffsetDeleteResponseTopicPartition(), partition{t.Topic, p.Partition}
			part.Partition = p.Partition
			switch {
			case g.state != empty && subscribed[t.Topic]:
				part.ErrorCode = int16(wire.GroupSubscribedToTopic)
			case g.offsets[at] != nil && !slices.Contains(deleted, at):
				deleted = append(deleted, at)
				records = append(records, g.tombstone(offsetRecordKey(g.name, at)))
			}
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	if len(records) == 0 {
		done(answer)
		return
	}
	c.append(g.shard, records, func(code wire.ErrorCode) {
		if code == wire.OK {
			for _, p := range deleted {
				delete(g.offsets, p)
			}
		}
		answer.ErrorCode = int16(code)
		done(answer)
	})
}
