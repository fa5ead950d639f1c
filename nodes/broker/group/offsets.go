package group

import (
	"cmp"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// partition names a partition of any topic.
type partition struct {
	topic  string
	number int32
}

func (p partition) compare(q partition) int {
	return cmp.Or(cmp.Compare(p.topic, q.topic), cmp.Compare(p.number, q.number))
}

// offset is one that was committed.
type offset struct {
	at       int64
	epoch    int32 // of the record before it, -1 if it was not told
	metadata string
	// committed is when, in milliseconds. expires is when it is forgotten if its client
	// has said so itself, or never.
	committed, expires int64
}

// never is the time of what does not expire by itself.
const never int64 = -1

// commitOffsets notes offsets, and answers when they are in the log.
func (c *Coordinator) commitOffsets(r *kmsg.OffsetCommitRequest, done func(*kmsg.OffsetCommitResponse)) {
	if r.Version == 0 {
		c.storeOffsets(r, done)
		return
	}
	answer := commitAnswer(r)
	g, code := c.mayCommit(r)
	if code != wire.OK {
		answer.fail(code)
		done(answer.OffsetCommitResponse)
		return
	}
	var records []batch.Record
	var stored []commit
	answer.each(func(topic string, p *kmsg.OffsetCommitRequestTopicPartition, result *kmsg.OffsetCommitResponseTopicPartition) {
		code := c.acceptable(topic, p)
		result.ErrorCode = int16(code)
		if code == wire.OK {
			at, o := partition{topic, p.Partition}, c.newOffset(r, p)
			records = append(records, o.record(g.name, at, c.env.WallMillis()))
			stored = append(stored, commit{at, o, result})
		}
	})
	if len(records) == 0 {
		done(answer.OffsetCommitResponse)
		return
	}
	for _, s := range stored {
		g.committing[s.at]++
		if c.bug(bugs.OffsetsServedEarly) {
			g.offsets[s.at] = s.offset
		}
	}
	taken := g.taken(r, stored)
	c.append(g.shard, records, func(code wire.ErrorCode) {
		g.committed(stored, code)
		if code == wire.OK {
			g.observe(facts.CommitTold, taken, int64(r.Generation))
		}
		done(answer.OffsetCommitResponse)
	})
}

// commit is one offset on its way to the log.
type commit struct {
	at     partition
	offset *offset
	result *kmsg.OffsetCommitResponseTopicPartition
}

// taken states that offsets are taken from who may commit them.
func (g *group) taken(r *kmsg.OffsetCommitRequest, stored []commit) *facts.GroupCommit {
	c := &facts.GroupCommit{Member: r.MemberID}
	if r.InstanceID != nil {
		c.Instance = *r.InstanceID
	}
	for _, s := range stored {
		c.Offsets = append(c.Offsets, facts.GroupOffset{Partition: s.at.String(), Offset: s.offset.at})
	}
	g.observe(facts.CommitTaken, c, int64(r.Generation))
	return c
}

// committed takes what became of offsets. Only what is known to be in the log is served.
func (g *group) committed(stored []commit, code wire.ErrorCode) {
	for _, s := range stored {
		s.result.ErrorCode = int16(code)
		if g.committing[s.at]--; g.committing[s.at] == 0 {
			delete(g.committing, s.at)
		}
		if code == wire.OK && g.state != dead {
			g.offsets[s.at] = s.offset
			g.observe(facts.CommitStored, s.at.String(), s.offset.at, int64(g.generation), int64(s.offset.epoch))
		}
	}
}

// acceptable reports what is wrong with one offset.
func (c *Coordinator) acceptable(topic string, p *kmsg.OffsetCommitRequestTopicPartition) wire.ErrorCode {
	switch {
	case !c.host.Exists(topic, p.Partition):
		return wire.UnknownTopicOrPartition
	case p.Metadata != nil && len(*p.Metadata) > c.cfg.MaxMetadata:
		return wire.OffsetMetadataTooLarge
	}
	return wire.OK
}

// newOffset is what one offset of a request is kept as. Clients before KIP-211 say
// themselves how long.
func (c *Coordinator) newOffset(r *kmsg.OffsetCommitRequest, p *kmsg.OffsetCommitRequestTopicPartition) *offset {
	o := &offset{at: p.Offset, epoch: p.LeaderEpoch, committed: c.env.WallMillis(), expires: never}
	if p.Metadata != nil {
		o.metadata = *p.Metadata
	}
	if r.Version < 6 {
		o.epoch = -1
	}
	if r.Version == 1 && p.Timestamp >= 0 {
		o.committed = p.Timestamp
	}
	if r.Version >= 2 && r.Version <= 4 && r.RetentionTimeMillis >= 0 {
		o.expires = o.committed + r.RetentionTimeMillis
	}
	return o
}

// mayCommit finds the group of a commit, or what is wrong with it: a group with members
// takes offsets from its members only, of the present generation only. While members are
// asked to join, those of the generation before may still commit what they have read;
// once the next has begun, they may not.
func (c *Coordinator) mayCommit(r *kmsg.OffsetCommitRequest) (*group, wire.ErrorCode) {
	if r.Group == "" && r.Generation >= 0 {
		return nil, wire.InvalidGroupID
	}
	if code := c.admit(r.Group); code != wire.OK {
		return nil, code
	}
	g := c.groups[r.Group]
	if g == nil {
		if r.Generation >= 0 {
			c.env.Observe(node.Event{
				Kind: facts.CommitFenced, Text: r.Group, N: [4]int64{-1, int64(r.Generation), 0, caseOf(facts.FencedWhy, "no-group")},
			})
			return nil, wire.IllegalGeneration
		}
		return c.group(r.Group), wire.OK
	}
	if r.Generation < 0 && g.state == empty {
		return g, wire.OK // someone who assigns itself
	}
	m, code := g.identify(r.MemberID, r.InstanceID)
	switch {
	case code == wire.FencedInstanceID:
		return nil, g.fenced(r, code, "instance")
	case code != wire.OK:
		return nil, g.fenced(r, code, "member")
	case r.Generation != g.generation && !c.bug(bugs.OldGenerationCommits):
		return nil, g.fenced(r, wire.IllegalGeneration, "generation")
	}
	g.heard(m) // a commit is as good as a heartbeat
	if g.state == completing {
		return nil, g.fenced(r, wire.RebalanceInProgress, "rebalancing")
	}
	return g, wire.OK
}

// fenced states that a commit was refused.
func (g *group) fenced(r *kmsg.OffsetCommitRequest, code wire.ErrorCode, why string) wire.ErrorCode {
	g.observe(facts.CommitFenced, nil, int64(g.generation), int64(r.Generation), 0, caseOf(facts.FencedWhy, why))
	return code
}

// commitReply is an answer with a place for every offset of a request.
type commitReply struct {
	*kmsg.OffsetCommitResponse
	ask *kmsg.OffsetCommitRequest
}

func commitAnswer(r *kmsg.OffsetCommitRequest) commitReply {
	answer := kmsg.NewPtrOffsetCommitResponse()
	for _, t := range r.Topics {
		topic := kmsg.NewOffsetCommitResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetCommitResponseTopicPartition()
			part.Partition = p.Partition
			topic.Partitions = append(topic.Partitions, part)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return commitReply{answer, r}
}

// each visits the offsets of the request with their places in the answer.
func (a commitReply) each(f func(string, *kmsg.OffsetCommitRequestTopicPartition, *kmsg.OffsetCommitResponseTopicPartition)) {
	for i := range a.Topics {
		for j := range a.Topics[i].Partitions {
			f(a.Topics[i].Topic, &a.ask.Topics[i].Partitions[j], &a.Topics[i].Partitions[j])
		}
	}
}

// fail answers all by an error.
func (a commitReply) fail(code wire.ErrorCode) {
	a.each(func(_ string, _ *kmsg.OffsetCommitRequestTopicPartition, result *kmsg.OffsetCommitResponseTopicPartition) {
		result.ErrorCode = int16(code)
	})
}
