package live

import (
	"fmt"
	"math/bits"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Group is a set of servers that vote together, by their sids.
type Group []Voter

// Voter is a member of a group with its weight; 0 never counts.
type Voter struct{ Sid, Weight int64 }

// evidence checks that the servers a leader counts are a quorum of the voters in each
// of some configurations, all of which stated it themselves; if not, it says what is
// wrong.
func (c *Checker) evidence(counted, said uint64, of string, configs ...*config) string {
	if lied := counted &^ said; lied != 0 {
		return fmt.Sprintf("counting %s, of which %s stated no %s", c.names(counted), c.names(lied), of)
	}
	var voters uint64
	for _, g := range configs {
		voters |= g.voters
	}
	if mute := counted &^ voters; mute != 0 {
		return fmt.Sprintf("counting %s, of which %s has no vote", c.names(counted), c.names(mute))
	}
	for _, g := range configs {
		if short := g.short(counted); short != "" {
			return fmt.Sprintf("on the word of %s: %s%s", c.names(counted), short, g.under())
		}
	}
	return ""
}

// short says by how much a set of servers falls short of deciding, "" if it does not:
// by the number of voters, or by the number of groups in each of which they hold
// more than half of the weight. A group without weight is none. This file counts votes
// anew: were it to ask the servers' own arithmetic, a mistake there would judge itself.
func (g *config) short(counted uint64) string {
	if len(g.groups) == 0 {
		n, all := bits.OnesCount64(counted&g.voters), bits.OnesCount64(g.voters)
		if 2*n > all {
			return ""
		}
		return fmt.Sprintf("%d of %d", n, all)
	}
	won, groups := 0, 0
	for _, group := range g.groups {
		var have, total int64
		for _, v := range group {
			total += v.Weight
			if counted>>v.Sid&1 == 1 {
				have += v.Weight
			}
		}
		if total > 0 {
			groups++
		}
		if 2*have > total {
			won++
		}
	}
	if 2*won > groups {
		return ""
	}
	return fmt.Sprintf("%d of %d groups", won, groups)
}

// informed checks what an observer is told: that something was committed, which
// only an observer learns without having been asked.
func (c *Checker) informed(s *server, z wire.Zxid) {
	switch p := c.proposal(z); {
	case p == nil:
		c.fail(s, Integrity, fmt.Sprintf("%s is informed of %v, which nobody proposed", s.Name, z))
	case !p.committed:
		c.fail(s, CommittedLog, fmt.Sprintf("%s is informed of %v, the committed log ends at %v", s.Name, z, c.frontier), p)
	case s.config.observers&s.bit == 0 && !s.lostDisk:
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s, which is to acknowledge proposals, is informed of %v", s.Name, z), p)
	}
}
