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

// enfranchised returns the sids whose word counts. This file counts votes anew:
// were it to ask the servers' own arithmetic, a mistake there would judge itself.
func (c *Checker) enfranchised() uint64 {
	var set uint64
	if len(c.cfg.Groups) == 0 {
		for _, s := range c.servers {
			if !s.Observer {
				set |= s.bit
			}
		}
		return set
	}
	for _, g := range c.cfg.Groups {
		for _, v := range g {
			if v.Weight > 0 {
				set |= 1 << v.Sid
			}
		}
	}
	return set
}

// evidence checks that the servers a leader counts are a quorum of the voters, all
// of which stated it themselves; if not, it says what is wrong.
func (c *Checker) evidence(counted, said uint64, of string) string {
	if lied := counted &^ said; lied != 0 {
		return fmt.Sprintf("counting %s, of which %s stated no %s", c.names(counted), c.names(lied), of)
	}
	if mute := counted &^ c.voters; mute != 0 {
		return fmt.Sprintf("counting %s, of which %s has no vote", c.names(counted), c.names(mute))
	}
	if short := c.short(counted); short != "" {
		return fmt.Sprintf("on the word of %s: %s", c.names(counted), short)
	}
	return ""
}

// short says by how much a set of voters falls short of deciding, "" if it does not:
// by the number of servers, or by the number of groups in each of which they hold
// more than half of the weight. A group without weight is none.
func (c *Checker) short(counted uint64) string {
	if len(c.cfg.Groups) == 0 {
		n, all := bits.OnesCount64(counted&c.voters), bits.OnesCount64(c.voters)
		if 2*n > all {
			return ""
		}
		return fmt.Sprintf("%d of %d", n, all)
	}
	won, groups := 0, 0
	for _, g := range c.cfg.Groups {
		var have, total int64
		for _, v := range g {
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
	case !s.Observer:
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s, which is to acknowledge proposals, is informed of %v", s.Name, z), p)
	}
}
