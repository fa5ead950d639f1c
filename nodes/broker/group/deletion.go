package group

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

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
	case g.state != empty && !c.bug(bugs.MembersGroupDeleted) || len(g.named) > 0 || len(g.committing) > 0:
		done(wire.NonEmptyGroup)
	default:
		var records []batch.Record
		for _, p := range g.partitions() {
			g.drop(p, "group-deleted")
			if !c.bug(bugs.DeletedOffsetsLogged) {
				records = append(records, g.tombstone(offsetRecordKey(name, p)))
			}
		}
		records = append(records, g.end()...)
		deleted := func(code wire.ErrorCode) {
			if code == wire.OK {
				g.observe(facts.GroupGoneTold, []string(nil), int64(g.generation))
			}
			done(code)
		}
		if len(records) == 0 {
			deleted(wire.OK)
			return
		}
		c.append(g.shard, records, deleted)
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
			g.deleted(deleted)
		}
		answer.ErrorCode = int16(code)
		done(answer)
	})
}

// deleted forgets offsets that the log says are deleted, as a client is about to be told.
func (g *group) deleted(parts []partition) {
	var names []string
	for _, p := range parts {
		if g.state != dead && g.offsets[p] != nil {
			g.drop(p, "deleted")
		}
		names = append(names, p.String())
	}
	g.observe(facts.GroupGoneTold, names, int64(g.generation))
}
