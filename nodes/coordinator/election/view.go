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
	// Voters says whose votes count and how many decide; anybody else's are ignored.
	// If we are not among them, nor among those of Next, we only look for a leader to
	// learn from.
	Voters quorum.Verifier
	// Next, if not nil, is the rule of a configuration that this server has seen and
	// does not know to be active: if we are to lead, it has to be satisfied as well, for
	// it may be.
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

// mayLead reports whether a vote for a server is taken for one. In an ensemble that
// changes, a voter that we know of may know of a voter to come that we do not:
//
//	{1,2} is active, {1,4,5} is proposed, and has not reached 2. Who lost the last
//	leader are 4 and 5, with histories longer than that of 1. Neither 1 nor 2 can lead,
//	as 4 or 5 is needed and would see that they must not. So 4 and 5 propose themselves,
//	and 2 has to take the word of 1 for it that 5 is somebody.
//
// So each looks for the best history that anybody in reach claims, and all that count
// each other, directly or not, find the same in the end. Whoever has it is a voter of
// the active configuration or of the one that its own history ends with. It knows the
// voters of both, they vote for it, and none of them has a longer history, on seeing
// which it would have to step down. Whom nobody in reach knows as a voter is not voted
// for; it follows the others: see [Election.decides].
//
// Nobody is elected by that who should not be: it is still the candidate who counts
// quorums in both configurations that its history leaves in question.
func (e *Election) mayLead(sid int64) bool { return e.cfg.Config != "" || e.counts(sid) }

// heeds reports whether a server's vote goes into the tally.
func (e *Election) heeds(sid int64) bool {
	return e.counts(sid) || e.cfg.Bugs.Has(bugs.RemovedMemberVotes) && quorum.Valid(sid)
}

// decides reports whether voters are enough to have a server lead: in every
// configuration that matters if it is ourselves, and in the active one if it is another.
// To ask for more before we follow would be safer for nobody, since a leader counts for
// itself who does, and those could wait for ever that are needed by nobody but each other:
//
//	{1,2,3} is active, 1 proposed {1,4,5}, and only 4 and 5 logged it, too.
//	Cut off from them, 2 and 3 elect 3. When all are back, none of 1, 4 and 5 may
//	follow 3 before two of them do, and none of the three can lead.
func (e *Election) decides(leader int64, backers quorum.Bits) bool {
	switch {
	case e.cfg.Bugs.Has(bugs.RemovedMemberVotes):
		return backers.Count() > e.cfg.Voters.Members().Count()/2
	case !e.cfg.Voters.HasQuorum(backers):
		return false
	}
	return e.cfg.Next == nil || leader != e.cfg.Sid || e.cfg.Next.HasQuorum(backers)
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
