package quorum

import (
	"fmt"
	"strings"
)

// Verifier decides whether a set of servers is a quorum.
type Verifier interface {
	// HasQuorum reports whether the servers that acknowledged decide. Servers
	// that do not vote may be in the set and change nothing.
	HasQuorum(acks Bits) bool
	// Members is the set of servers whose acknowledgement counts.
	Members() Bits
	// String describes the rule for people.
	String() string
}

// Majority returns the usual rule: more than half of the members. Without
// members nothing is a quorum.
func Majority(members ...int64) Verifier {
	voters := Of(members...)
	return majority{voters: voters, need: voters.Count()/2 + 1}
}

// MajorityOffByOne is a planted bug, for the caller's switch: it takes n/2 of n
// members for a majority, so that two quorums may have nobody in common and two
// leaders may rule at once.
func MajorityOffByOne(members ...int64) Verifier {
	voters := Of(members...)
	return majority{voters: voters, need: max(voters.Count()/2, 1)}
}

type majority struct {
	voters Bits
	need   int // acknowledgements that make a quorum, at least 1
}

func (m majority) HasQuorum(acks Bits) bool { return (acks & m.voters).Count() >= m.need }

func (m majority) Members() Bits { return m.voters }

func (m majority) String() string { return fmt.Sprintf("%d of %v", m.need, m.voters) }

// Server is a member of a group, with its voting weight.
type Server struct {
	Sid, Weight int64
}

// Group is a set of servers that vote together, for example a data centre.
type Group []Server

// Hierarchical returns ZooKeeper's rule for groups with weights: a quorum holds
// more than half of the weight in each of more than half of the groups. Servers
// of weight 0 never count, and neither do groups without weight. A server in two
// groups, a sid out of range, a negative weight and a configuration in which
// nobody has weight are errors.
func Hierarchical(groups ...Group) (Verifier, error) {
	var h hierarchy
	var seen Bits
	for i, g := range groups {
		var tier tier
		for _, s := range g {
			switch {
			case !Valid(s.Sid):
				return nil, fmt.Errorf("group %d: server id %d is not in [1, %d]", i+1, s.Sid, MaxSid)
			case seen.Has(s.Sid):
				return nil, fmt.Errorf("server %d is listed twice; give it one group and one weight", s.Sid)
			case s.Weight < 0:
				return nil, fmt.Errorf("server %d has weight %d; weights are 0 or more", s.Sid, s.Weight)
			}
			seen = seen.Add(s.Sid)
			if s.Weight > 0 {
				tier.add(s)
			}
		}
		if tier.total > 0 {
			h.tiers = append(h.tiers, tier)
			h.voters |= tier.voters
		}
	}
	if len(h.tiers) == 0 {
		return nil, fmt.Errorf("no server has a positive weight, so nothing could ever be decided")
	}
	return h, nil
}

// hierarchy holds the groups that have weight.
type hierarchy struct {
	tiers  []tier
	voters Bits
}

// tier is a group reduced to its servers of positive weight.
type tier struct {
	servers []Server
	voters  Bits
	total   int64 // sum of the weights, positive
}

func (t *tier) add(s Server) {
	t.servers = append(t.servers, s)
	t.voters = t.voters.Add(s.Sid)
	t.total += s.Weight
}

// carried reports whether the servers hold more than half of the group's weight.
func (t *tier) carried(acks Bits) bool {
	var sum int64
	for _, s := range t.servers {
		if acks.Has(s.Sid) {
			sum += s.Weight
		}
	}
	return sum > t.total/2
}

func (h hierarchy) HasQuorum(acks Bits) bool {
	carried := 0
	for i := range h.tiers {
		if h.tiers[i].carried(acks) {
			carried++
		}
	}
	return carried > len(h.tiers)/2
}

func (h hierarchy) Members() Bits { return h.voters }

func (h hierarchy) String() string {
	var groups []string
	for _, t := range h.tiers {
		var servers []string
		for _, s := range t.servers {
			servers = append(servers, fmt.Sprintf("%d×%d", s.Sid, s.Weight))
		}
		groups = append(groups, "{"+strings.Join(servers, ",")+"}")
	}
	return fmt.Sprintf("%d of %d groups %s", len(h.tiers)/2+1, len(h.tiers), strings.Join(groups, " "))
}
