package live

import "github.com/stampede-sim/stampede/nodes/coordinator/facts"

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
