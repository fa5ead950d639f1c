package election

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// View is the membership that an election goes by.
type View struct {
	// Voters says whose votes count and how many decide. Votes by and for anybody
	// else are ignored. If we are not among them, we only look for a leader to
	// learn from.
	Voters quorum.Verifier
	// Next, if not nil, is the rule of a configuration that this server has seen and
	// does not know to be active: it has to be satisfied as well, for it may be.
	Next quorum.Verifier
	// Members are all servers to notify, voters or not, ourselves included or not.
	Members []int64
	// Follows: without a vote, we follow rather than observe.
	Follows bool
	// Config is the text of the active configuration, which others learn from us, and
	// Committed and LastSeen are the versions; "" where it never changes.
	Config              string
	Committed, LastSeen wire.Zxid
}

// Pause ends a search for a leader whose membership is no longer the right one. Until
// the next Start nothing is decided.
func (e *Election) Pause() {
	e.paused = true
	e.rest()
}

// Activated tells which configuration became the active one in a term. From then on
// that is what who looks for a leader learns from us. It cannot join us by less:
//
//	{3,4} is active. 4 leads and proposes an ensemble of itself alone. 3 logs that,
//	hears nothing more, and looks for a leader; 4 commits it.
//	By {3,4} it takes the word of both to join 4, and 3 knows better than to join
//	alone. Told of {3,4} again, it would look for ever.
//
// Whoever looks goes by its view until the next Start.
func (e *Election) Activated(config string) {
	if e.state != wire.Looking {
		e.cfg.Config = config
	}
}

// counts reports whether a server is a voter of the active configuration or of the
// one that may follow it.
func (e *Election) counts(sid int64) bool {
	return e.cfg.Voters.Members().Has(sid) || e.cfg.Next != nil && e.cfg.Next.Members().Has(sid)
}

// heeds reports whether a server's vote goes into the tally.
func (e *Election) heeds(sid int64) bool {
	return e.counts(sid) || e.cfg.Bugs.Has(bugs.RemovedMemberVotes) && quorum.Valid(sid)
}

// decides reports whether voters are enough in every configuration that matters.
func (e *Election) decides(backers quorum.Bits) bool {
	if e.cfg.Bugs.Has(bugs.RemovedMemberVotes) {
		return backers.Count() > e.cfg.Voters.Members().Count()/2
	}
	return e.cfg.Voters.HasQuorum(backers) && (e.cfg.Next == nil || e.cfg.Next.HasQuorum(backers))
}

// withUs adds ourselves to those who settled on another leader, where a quorum of the
// active configuration has done so without us. What is still to come may ask for us:
//
//	Server 4 proposed an ensemble of itself alone and lost its leadership. As long as
//	it has that in its log, nobody but itself could tell it to follow another leader,
//	who would make it drop the proposal.
func (e *Election) withUs(backers quorum.Bits, b ballot) quorum.Bits {
	if e.cfg.Next == nil || b.vote.Leader == e.cfg.Sid || !e.cfg.Next.Members().Has(e.cfg.Sid) || !e.cfg.Voters.HasQuorum(backers) {
		return backers
	}
	return backers.Add(e.cfg.Sid)
}

// observeBackers states on whose word an election in a changing ensemble was decided.
func (e *Election) observeBackers(round int64, by quorum.Bits) {
	if e.cfg.Config == "" {
		return
	}
	e.host.Observe(node.Event{
		Kind: facts.VotesCounted, N: [4]int64{round, int64(by), int64(e.cfg.Committed), int64(e.cfg.LastSeen)},
	})
}
