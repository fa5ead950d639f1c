package assign

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// sticky is an assignment that is being made.
type sticky struct {
	members []*Member
	topics  Topics
	shares  Shares
	owner   map[Partition]*Member
	// anyClaim believes every member, a planted bug.
	anyClaim bool
}

// Sticky leaves members what they had last as far as that is fair (KIP-54). They have given
// it up already, so everything can change hands at once.
func Sticky(members []Member, topics Topics) Shares {
	return eagerSticky(members, topics, bugs.Set{})
}

func eagerSticky(members []Member, topics Topics, planted bugs.Set) Shares {
	s := newSticky(members, topics)
	s.anyClaim = planted.Has(bugs.StaleClaimKept)
	s.share()
	return s.shares
}

// CooperativeSticky leaves members what they have as far as that is fair, and has nothing
// change hands at once: what somebody still has that somebody else is to get, nobody gets
// this time. Who has it gives it up, and all join again (KIP-429).
func CooperativeSticky(members []Member, topics Topics) Shares {
	return cooperativeSticky(members, topics, bugs.Set{})
}

func cooperativeSticky(members []Member, topics Topics, planted bugs.Set) Shares {
	s := newSticky(members, topics)
	s.share()
	for _, m := range s.members {
		s.shares[m.ID] = slices.DeleteFunc(s.shares[m.ID], func(p Partition) bool { return s.heldByAnother(p, m) && !planted.Has(bugs.HandedOverAtOnce) })
	}
	return s.shares
}

func newSticky(members []Member, topics Topics) *sticky {
	s := &sticky{members: ordered(members), topics: topics, owner: map[Partition]*Member{}}
	s.shares = nothing(s.members)
	return s
}

// share gives everything to somebody.
func (s *sticky) share() {
	s.keep()
	s.deal()
	s.balance()
	for _, m := range s.members {
		slices.SortFunc(s.shares[m.ID], Partition.Compare)
	}
}

// keep gives everybody what it has, if it still reads it. Of two that claim to have the
// same, the one is right whose generation is later: the other has missed that it was
// taken from it. If they say the same, neither is believed.
func (s *sticky) keep() {
	latest, disputed := map[Partition]*Member{}, map[Partition]bool{}
	for _, m := range s.members {
		for _, p := range m.Owned {
			other := latest[p]
			switch {
			case other == nil || other == m || other.Generation < m.Generation:
				latest[p], disputed[p] = m, false
			case other.Generation == m.Generation:
				disputed[p] = true
			}
		}
	}
	for _, m := range s.members {
		for _, p := range m.Owned {
			believed := latest[p] == m && !disputed[p] && s.owner[p] == nil
			if (believed || s.anyClaim) && m.reads(p.Topic) && p.Number < s.topics[p.Topic] {
				s.give(p, m)
			}
		}
	}
}

func (s *sticky) give(p Partition, m *Member) {
	s.owner[p] = m
	s.shares[m.ID] = append(s.shares[m.ID], p)
}

// poorest returns the member with the fewest partitions of those who read a topic.
func (s *sticky) poorest(topic string) *Member {
	var best *Member
	for _, m := range s.members {
		if m.reads(topic) && (best == nil || len(s.shares[m.ID]) < len(s.shares[best.ID])) {
			best = m
		}
	}
	return best
}

// deal gives what nobody has to who has least.
func (s *sticky) deal() {
	for _, topic := range wanted(s.members, s.topics) {
		for number := range s.topics[topic] {
			if p := (Partition{topic, number}); s.owner[p] == nil {
				s.give(p, s.poorest(topic))
			}
		}
	}
}

// balance takes from those who have two more than somebody else who could have it, from
// the richest first: who is not, may be left with what it has. Every move makes the sum of
// the squares of the shares smaller, so it ends.
func (s *sticky) balance() {
	for s.moveOne() {
	}
}

func (s *sticky) moveOne() bool {
	byWealth := slices.Clone(s.members)
	slices.SortStableFunc(byWealth, func(a, b *Member) int { return len(s.shares[b.ID]) - len(s.shares[a.ID]) })
	for _, rich := range byWealth {
		share := s.shares[rich.ID]
		for i, p := range slices.Backward(share) {
			if poor := s.poorest(p.Topic); len(s.shares[poor.ID])+2 <= len(share) {
				s.shares[rich.ID] = slices.Delete(share, i, i+1)
				s.give(p, poor)
				return true
			}
		}
	}
	return false
}

// heldByAnother reports whether anybody but the member says that it has a partition,
// rightly or not: it may be reading it.
func (s *sticky) heldByAnother(p Partition, m *Member) bool {
	return slices.ContainsFunc(s.members, func(other *Member) bool { return other != m && slices.Contains(other.Owned, p) })
}
