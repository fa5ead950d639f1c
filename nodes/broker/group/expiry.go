package group

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
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
		g.forget("expired", func(p partition, o *offset) bool {
			switch {
			case o.expires != never:
				return o.expires <= now
			case g.protocolType == "", g.state == empty && c.bug(bugs.ExpirySinceCommit):
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
		c.groups[name].forget("topic-deleted", func(p partition, _ *offset) bool { return p.topic == topic })
	}
}

// forget drops offsets that match, unless others are on their way to the log. A group
// that is empty in both senses ends.
func (g *group) forget(how string, match func(partition, *offset) bool) {
	var records []batch.Record
	for _, p := range g.partitions() {
		if g.committing[p] > 0 || !match(p, g.offsets[p]) {
			continue
		}
		g.drop(p, how)
		records = append(records, g.tombstone(offsetRecordKey(g.name, p)))
	}
	if g.state == empty && len(g.offsets) == 0 && len(g.committing) == 0 && len(g.named) == 0 {
		records = append(records, g.end()...)
	}
	if len(records) > 0 {
		g.c.append(g.shard, records, func(wire.ErrorCode) {}) // if it failed, they expire again after the next load
	}
}

// drop takes an offset out of the memory.
func (g *group) drop(p partition, how string) {
	g.observe(facts.OffsetGone, p.String(), g.offsets[p].at, 0, 0, caseOf(facts.OffsetGoneHow, how))
	delete(g.offsets, p)
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
