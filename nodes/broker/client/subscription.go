package client

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Subscription is a member of a group that reads what it is assigned, from the offsets
// that the group has committed. Make it with [Cluster.Subscribe].
type Subscription struct {
	*Member
	*Consumer
	listener Listener
	// reading are the partitions whose offsets are known, sorted; the member may own
	// others that are being asked for.
	reading []TopicPartition
	// leaving are those that the listener has been told to give up and has not yet. They
	// are owned until it has, and not to be begun with any more.
	leaving []TopicPartition
}

// Subscribe makes a member and a consumer, and joins. The listener hears what the member
// hears: of partitions that were added once they are read, of revoked ones while they
// still have a position.
func (c *Cluster) Subscribe(member MemberConfig, consumer ConsumerConfig, l Listener) *Subscription {
	s := &Subscription{listener: l}
	s.Consumer = c.NewConsumer(consumer)
	s.Member = c.NewMember(member, s)
	s.Member.Start()
	return s
}

// Leave leaves the group, and reads nothing any more.
func (s *Subscription) Leave() { s.Member.Leave() }

// Progress is how far everything has been read that has been read at all.
func (s *Subscription) Progress() []Commit {
	var offsets []Commit
	for _, tp := range s.reading {
		if at, epoch := s.Position(tp); at >= 0 {
			offsets = append(offsets, Commit{TopicPartition: tp, Offset: at, Epoch: epoch})
		}
	}
	return offsets
}

// CommitPositions commits [Subscription.Progress].
func (s *Subscription) CommitPositions(done func([]Commit, Committed)) {
	offsets := s.Progress()
	s.Member.Commit(offsets, func(c Committed) { done(offsets, c) })
}

// read makes the consumer read what it should.
func (s *Subscription) read(parts []TopicPartition) {
	slices.SortFunc(parts, TopicPartition.Compare)
	s.reading = parts
	s.Consumer.Assign(parts)
}

// Assigned is how the member tells of partitions that were added. What has been taken
// away again by the time their offsets are known is not read.
func (s *Subscription) Assigned(added []TopicPartition, generation int32) {
	if len(added) == 0 {
		s.listener.Assigned(added, generation)
		return
	}
	s.place(added, 0)
}

// place asks where the group is in partitions, and reads them from there. In another
// generation it asks anew, since somebody may have had them in between. What failed for
// a while it asks again, after a pause; what it has no right to know it will not be told
// however often it asks, so that ends the membership, with the reason.
func (s *Subscription) place(added []TopicPartition, failures int) {
	m, generation := s.Member, s.Member.generation
	m.Fetch(added, func(f Fetched) {
		rest := s.unread(added)
		switch {
		case m.over || len(rest) == 0:
		case m.generation != generation:
			s.place(rest, 0)
		case f.Err == nil && f.Code == wire.OK:
			s.begin(rest, f)
			s.listener.Assigned(rest, generation)
		case f.Err == nil && !f.Code.Retriable() && f.Code != wire.Unknown:
			m.resign(f.Code)
		default:
			m.c.clock.After(m.c.backoff(failures+1), func() {
				if rest := s.unread(rest); len(rest) > 0 {
					s.place(rest, failures+1)
				}
			})
		}
	})
}

// unread lists those of some partitions that are owned, to stay, and not read yet. While
// one question is on its way they may be taken away, or come back and be asked for again.
func (s *Subscription) unread(parts []TopicPartition) []TopicPartition {
	var rest []TopicPartition
	for _, tp := range parts {
		if slices.Contains(s.Member.owned, tp) && !slices.Contains(s.reading, tp) && !slices.Contains(s.leaving, tp) {
			rest = append(rest, tp)
		}
	}
	return rest
}

// begin reads partitions from where the group is; by the consumer's rule where it has
// not been yet.
func (s *Subscription) begin(added []TopicPartition, f Fetched) {
	s.read(append(slices.Clone(s.reading), added...))
	var begins []facts.Beginning
	for _, o := range f.Offsets {
		if !slices.Contains(added, o.TopicPartition) {
			continue
		}
		if o.Offset >= 0 && !s.Member.c.cfg.Bugs.Has(bugs.ToldPositionIgnored) {
			s.Seek(o.TopicPartition, o.Offset, o.Epoch)
		}
		at, _ := s.Position(o.TopicPartition)
		begins = append(begins, facts.Beginning{Partition: fmt.Sprintf("%s-%d", o.Topic, o.Partition), Told: o.Offset, At: at})
	}
	s.Member.observe(facts.MemberReads, s.reading, begins...)
}

// Revoked is how the member asks to give partitions up. If it owns them still when they
// have been given up, as it joins another generation by then, they are read again.
func (s *Subscription) Revoked(parts []TopicPartition, proceed func()) {
	s.leaving = parts
	s.listener.Revoked(parts, func() {
		s.leaving = nil
		s.read(without(s.reading, parts))
		proceed()
		if kept := s.unread(parts); len(kept) > 0 {
			s.place(kept, 0)
		}
	})
}

// Lost is how the member tells that partitions are gone.
func (s *Subscription) Lost(parts []TopicPartition) {
	s.read(without(s.reading, parts))
	s.listener.Lost(parts)
}

// Ended is how the member tells that it has come to its end.
func (s *Subscription) Ended(code wire.ErrorCode, err error) {
	s.read(nil)
	s.listener.Ended(code, err)
}
