package live

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// standsAlone begins the reign of a server without an ensemble. It goes on where its
// disk ends: what it proposed beyond that is gone, and may be gone, as long as it had
// told nobody. Its zxids are given out again.
func (c *Checker) standsAlone(s *server, z wire.Zxid, digest uint64) {
	end := c.position(z)
	switch {
	case len(c.servers) > 1:
		c.fail(s, OneLeader, fmt.Sprintf("%s serves alone in an ensemble of %d", s.Name, len(c.servers)))
		return
	case end == nil || s.log != nil && end != s.log:
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s goes on from %v, its log ends at %v", s.Name, z, s.log), end, s.log)
		return
	case !end.holds(c.frontier):
		c.fail(s, CommittedDurable, fmt.Sprintf("%s goes on from %v and has lost %v, which was committed", s.Name, end, c.frontier), c.frontier, end)
		return
	}
	if want := c.folds.digest(end); want != digest {
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s goes on from %v with digest %016x, it should be %016x", s.Name, end, digest, want), end)
		return
	}
	if !c.durableUpTo(s, end, "goes on alone") {
		return
	}
	ep := c.epochOf(z.Epoch())
	ep.leader, ep.established, ep.initial, ep.tail = s, s, c.root, end
	ep.entries = ep.entries[:min(len(ep.entries), int(z.Counter()))]
	c.commitUpTo(end, ep.number)
	ep.acked[s.index] = z
	s.promised = end
	s.alone, s.leads, s.serving, s.serves = true, ep.number, true, ep.number
	s.since, s.touched, s.owners = c.now.at, map[int64]time.Duration{}, map[int64]int64{}
}

// reigns reports whether a server answers for the sessions.
func (s *server) reigns() bool { return (s.leads != 0 || s.alone) && s.serving }

// admitted checks a server that took another client's connection against its limits. The
// simulator counts: a server that miscounts would be its own witness.
func (c *Checker) admitted(s *server, from node.ID) {
	open := c.ghost.Clients(s.ID)
	same := 0
	for _, peer := range open {
		if peer == from {
			same++
		}
	}
	if most := c.cfg.MaxClientCnxns; most > 0 && same > most {
		c.fail(s, ConnectionLimits, fmt.Sprintf("%s takes a connection of process %d, the %d. of at most %d from there", s.Name, from, same, most))
	}
	if most := c.cfg.MaxCnxns; most > 0 && len(open) > most {
		c.fail(s, ConnectionLimits, fmt.Sprintf("%s takes a connection of process %d, the %d. of at most %d in all", s.Name, from, len(open), most))
	}
}

// mayServe checks that a leader which is kept for leading lets nobody in.
func (c *Checker) mayServe(s *server, session int64) {
	if c.cfg.LeaderRefuses && s.leads != 0 {
		c.fail(s, LeaderServesNone, fmt.Sprintf("%s, which leads epoch %d, lets session %#x in", s.Name, s.leads, uint64(session)))
	}
}
