package group

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// load is a partition that is being read.
type load struct {
	history
	next int64 // the offset to read from
}

// Elected tells that this broker leads a partition of the topic of offsets in an epoch.
// Its groups are read from the log, and served when all of it has been. An election
// that is not newer than what is known comes late, and is passed over (KAFKA-10614).
func (c *Coordinator) Elected(partition, epoch int32) {
	s := c.shards[partition]
	if s == nil {
		s = &shard{partition: partition, epoch: -1}
		c.shards[partition] = s
	}
	if epoch <= s.epoch {
		return
	}
	// Also if it was led here before: the log may have what we were not told of.
	c.unload(s)
	s.epoch, s.leading = epoch, true
	s.loading = &load{history: newHistory()}
	c.env.Observe(node.Event{Kind: facts.GroupsLoading, Text: Topic, N: [4]int64{int64(partition), int64(epoch)}})
	c.readOn(s, c.cfg.LoadStep)
	if c.expiry == 0 {
		c.expiry = c.clock.After(c.cfg.RetentionCheck, c.expire)
	}
}

// Resigned tells that a partition of the topic of offsets is led by somebody else in an
// epoch, or, by -1, that it is not here any more.
func (c *Coordinator) Resigned(partition, epoch int32) {
	s := c.shards[partition]
	if s == nil {
		s = &shard{partition: partition, epoch: -1}
		c.shards[partition] = s
	}
	if epoch >= 0 && epoch < s.epoch {
		return
	}
	c.unload(s)
	s.epoch = max(s.epoch, epoch)
}

// loadWait is the time between two looks at how far a partition is committed.
const loadWait = 10 * time.Millisecond

// readOn reads some more of a partition, after a while, until there is no more. What
// changes hands in between is another shard's affair, by its epoch.
//
// It goes on until all that was read is committed: what is not may come to nothing yet.
//
//	b1 appends the commit of 7, and hangs; b2 is elected without that
//	b1 hears that it was elected, before that, and loads; who asks it is told 7
//	b2 knows of no commit
//
// Kafka serves what it has read at once. Its later coordinator (KIP-848) tells what is
// committed, as this one does.
func (c *Coordinator) readOn(s *shard, after time.Duration) {
	l := s.loading
	c.clock.After(after, func() {
		if s.loading != l {
			return
		}
		batches, end, mark := c.host.Read(s.partition, l.next)
		if c.bug(bugs.ChunkAppliedAlone) {
			l.history = newHistory()
		}
		r := batch.Read(batches)
		for r.Next() {
			if err := l.open(r.Batch); err != nil {
				c.damaged(s, err)
			}
			l.next = r.Batch.NextOffset()
		}
		if r.Err != nil {
			c.damaged(s, r.Err)
		}
		if r.Err == nil && len(batches) > 0 && l.next < end {
			c.readOn(s, c.cfg.LoadStep)
			return
		}
		if l.next > mark && !c.bug(bugs.GroupsServedUncommitted) {
			c.readOn(s, loadWait)
			return
		}
		c.loaded(s)
	})
}

// damaged states that something of a partition could not be read. As in Kafka, the rest
// is served: the disk is at fault, and whoever judges knows.
func (c *Coordinator) damaged(s *shard, err error) {
	c.env.Observe(node.Event{Kind: facts.GroupsDamaged, Text: err.Error(), N: [4]int64{int64(s.partition), s.loading.next}})
}

// open takes the records of a batch in.
func (l *load) open(b batch.Batch) error {
	if err := b.Check(); err != nil || b.Has(batch.Control) {
		return err
	}
	var rec batch.Record
	records := b.Records()
	for records.Next(&rec) {
		if err := l.take(&rec); err != nil {
			return err
		}
	}
	return records.Err()
}

// loaded brings the groups of a partition to life.
func (c *Coordinator) loaded(s *shard) {
	l := s.loading
	s.loading = nil
	var names []string
	for name := range l.groups { //sim:unordered sorted below
		names = append(names, name)
	}
	for name, offsets := range l.offsets { //sim:unordered sorted below
		if l.groups[name] == nil && len(offsets) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	offsets := 0
	for _, name := range names {
		g := c.group(name)
		g.restore(l.groups[name])
		for p, o := range l.offsets[name] { //sim:unordered into a map
			if c.bug(bugs.ExpiryTakenLiterally) && o.expires == never {
				o.expires = -2 // a time like any other
			}
			g.offsets[p] = o
		}
		offsets += len(g.offsets)
	}
	c.env.Observe(node.Event{
		Kind: facts.GroupsLoaded, Text: Topic, Body: c.image(s), N: [4]int64{int64(s.partition), int64(s.epoch), int64(len(names)), int64(offsets)},
	})
}

// image is what is served of a partition.
func (c *Coordinator) image(s *shard) *facts.GroupsImage {
	all := &facts.GroupsImage{}
	for _, name := range c.names(s.partition) {
		g := c.groups[name]
		each := facts.GroupImage{Name: name, Generation: g.generation}
		for _, m := range g.members {
			each.Members = append(each.Members, facts.GroupMember{ID: m.id, Instance: m.instance, SessionMillis: millis(m.session), Share: m.assignment})
		}
		for _, p := range g.partitions() {
			each.Offsets = append(each.Offsets, facts.GroupOffset{Partition: p.String(), Offset: g.offsets[p].at})
		}
		all.Groups = append(all.Groups, each)
	}
	return all
}

// restore makes a group what the log says. Its members' sessions begin here: how long
// they have been silent is not known.
func (g *group) restore(v *kmsg.GroupMetadataValue) {
	if v == nil {
		return
	}
	g.protocolType, g.generation = v.ProtocolType, v.Generation
	if v.Protocol != nil {
		g.protocol = *v.Protocol
	}
	for _, each := range v.Members {
		m := &member{
			id: each.MemberID, clientID: each.ClientID, host: each.ClientHost, assignment: each.Assignment,
			session: time.Duration(each.SessionTimeoutMillis) * time.Millisecond, rebalance: time.Duration(each.RebalanceTimeoutMillis) * time.Millisecond,
			protocols: []protocol{{g.protocol, each.Subscription}},
		}
		if v.Version == 0 {
			m.rebalance = m.session
		}
		if each.InstanceID != nil {
			m.instance = *each.InstanceID
		}
		g.add(m)
		if !g.c.bug(bugs.LoadedWithoutSessions) {
			g.expect(m)
		}
	}
	if v.Leader != nil {
		g.leader = *v.Leader
	}
	if len(g.members) > 0 {
		g.become(stable)
	}
	if v.CurrentStateTimestamp >= 0 {
		g.since = v.CurrentStateTimestamp
	}
}

// unload ends the service of a partition, if there is one. Who waits is sent to look for
// another coordinator.
func (c *Coordinator) unload(s *shard) {
	if !s.leading {
		return
	}
	s.leading, s.loading = false, nil
	names := c.names(s.partition)
	for _, name := range names {
		g := c.groups[name]
		if c.bug(bugs.GroupsKeptWhenDeposed) {
			continue
		}
		delete(c.groups, name)
		g.die(wire.NotCoordinator)
	}
	c.env.Observe(node.Event{
		Kind: facts.GroupsUnloaded, Text: Topic, N: [4]int64{int64(s.partition), int64(s.epoch), int64(len(names))},
	})
}

// die ends a group here, and answers everybody who waits in it.
func (g *group) die(code wire.ErrorCode) {
	g.become(dead)
	g.c.clock.Stop(&g.joining)
	g.c.clock.Stop(&g.syncing)
	for _, a := range g.named { //sim:unordered stops them all
		g.c.clock.Stop(a)
	}
	for _, m := range g.members {
		g.c.clock.Stop(&m.expiry)
		m.answer(code)
	}
}
