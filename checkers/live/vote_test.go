package live

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// voteScenes are about servers that change their votes.
var voteScenes = []scene{
	{"", "votes grow with the epoch, then the history, then the id", func(p *play) {
		p.fact(A, facts.ElectionStarted, 2, n(1, 1), 1)
		p.fact(B, facts.ElectionStarted, 2, n(1, 1), 1)
		p.fact(C, facts.ElectionStarted, 2, n(1, 0), 2)
		p.fact(A, facts.BetterVote, 2, 2)
		p.fact(A, facts.BetterVote, 2, 3)
		p.fact(B, facts.BetterVote, 2, 3)
	}},
	{"", "an old word of a candidate that restarted with less is still on its way", func(p *play) {
		p.fact(B, facts.ElectionStarted, 2, n(1, 1), 1)
		p.fact(B, facts.ElectionStarted, 3, n(1, 0), 0)
		p.fact(A, facts.ElectionStarted, 2, n(1, 0), 1)
		p.fact(A, facts.BetterVote, 2, 2)
	}},
	{LostDiskNoVote, "a server votes that has lost its disk", func(p *play) {
		p.bare(B)
		p.fact(B, facts.ElectionStarted, 2, 0, 0)
	}},
	{LostDiskNoVote, "a server acknowledges a proposal that has lost its disk", func(p *play) {
		p.bare(B)
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 1))
		p.append(B, z(1, 2))
		p.ack(B, z(1, 2))
	}},
	{"", "a server that has lost its disk votes for nobody, and is informed", func(p *play) {
		p.replicateOnce(z(1, 2), A, B)
		p.bare(C)
		p.fact(C, facts.ElectionStarted, 2, int64(wire.NoZxid), 0)
		p.fact(C, facts.Informed, n(1, 2))
	}},
	{"", "a bare disk is a new server's where nobody prepares disks", func(p *play) {
		p.bare(B)
		p.c.server(B).lostDisk = false
		p.fact(B, facts.ElectionStarted, 2, 0, 0)
	}},
	{VoteOrder, "a longer history outweighs a later epoch", func(p *play) {
		p.fact(A, facts.ElectionStarted, 2, n(1, 0), 2)
		p.fact(B, facts.ElectionStarted, 2, n(1, 1), 1)
		p.fact(A, facts.BetterVote, 2, 2)
	}},
	{VoteOrder, "a higher id outweighs a longer history", func(p *play) {
		p.fact(A, facts.ElectionStarted, 2, n(1, 1), 1)
		p.fact(C, facts.ElectionStarted, 2, n(1, 0), 1)
		p.fact(A, facts.BetterVote, 2, 3)
	}},
}

// bare has a server come back with a disk that holds nothing, in an ensemble where that
// means something.
func (p *play) bare(id node.ID) {
	p.c.cfg.PreparedDisks = true
	p.crash(id)
	p.disks[id] = &disk{cached: map[string][]byte{}}
	p.boot(id)
}
