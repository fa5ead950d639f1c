package election

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// Receive handles a notification, in any state.
func (e *Election) Receive(n wire.Notification) {
	if n.From == e.cfg.Sid || e.round == 0 || e.paused {
		return
	}
	if e.owesAnswer(n) {
		e.host.Notify(n.From, e.notification())
	}
	if e.state != wire.Looking || !e.heeds(n.From) {
		return
	}
	if n.Leader == noVote.Leader {
		e.catchUp(n)
		return
	}
	if !e.mayLead(n.Leader) {
		return
	}
	switch n.State {
	case wire.Looking:
		e.receiveLooking(n)
	case wire.Following, wire.Leading:
		e.receiveSettled(n)
	}
}

// catchUp moves to the round of a server that votes in the configuration to come, does
// not know it yet, and so proposes nobody. In a later round than ours it would not hear
// our vote, and we may need it to pass that on.
func (e *Election) catchUp(n wire.Notification) {
	if n.State == wire.Looking && n.Leader == noVote.Leader && n.ElectionEpoch > e.round {
		e.adoptRound(ballotOf(n))
		e.recount()
	}
}

// owesAnswer reports whether the sender is looking and lacks what we know. Once
// settled, we tell anybody who looks. While looking, we tell those in an earlier
// round, and those who do not vote, since no broadcast answers them. Never the
// reverse: a server without a vote answers nobody while it looks, or it and a
// voter of an earlier round would answer each other for ever (ZOOKEEPER-693).
func (e *Election) owesAnswer(n wire.Notification) bool {
	switch {
	case n.State != wire.Looking:
		return false
	case e.state != wire.Looking:
		return true
	case !e.votes():
		return false
	}
	return n.ElectionEpoch < e.round || !e.counts(n.From)
}

// receiveLooking handles the vote of a voter that is looking, too.
func (e *Election) receiveLooking(n wire.Notification) {
	if n.Zxid == wire.NoZxid || e.own.Zxid == wire.NoZxid {
		return // an unusable database does not take part (ZOOKEEPER-2325)
	}
	b := ballotOf(n)
	switch {
	case b.round < e.round:
		return // answered; its sender will move to our round
	case b.round > e.round:
		e.adoptRound(b)
	case e.better(b.vote, e.vote):
		e.adoptVote(b.vote)
	}
	e.tally.put(n.From, b)
	e.recount()
}

// adoptRound moves to a later round. What was voted in the old one is void, and
// so is the best vote heard there: its server may be gone.
func (e *Election) adoptRound(b ballot) {
	e.unfinalize()
	e.round = b.round
	e.tally.clear()
	e.observe(facts.RoundAdopted, e.round)
	e.vote = e.own
	if e.better(b.vote, e.own) {
		e.vote = b.vote
	}
	e.broadcast()
}

// adoptVote takes over a better vote of our round.
func (e *Election) adoptVote(v Vote) {
	if e.finalizing {
		e.observe(facts.FinalizeExtended, e.round)
	}
	e.unfinalize()
	e.vote = v
	e.observe(facts.BetterVote, e.round, v.Leader)
	e.broadcast()
}

// better is the order of votes.
func (e *Election) better(v, w Vote) bool {
	if e.cfg.Bugs.Has(bugs.ElectionIgnoresZxid) {
		v.Zxid, w.Zxid = 0, 0
	}
	if e.cfg.Bugs.Has(bugs.VoteOrderIgnoresEpoch) && v.Zxid == w.Zxid && v.Leader > w.Leader {
		return true
	}
	return v.Better(w)
}

// receiveSettled handles the vote of a voter that follows or leads. If it did so
// in our round, it counts beside the votes of those still looking. In any case
// it may complete a quorum of servers that have all settled.
func (e *Election) receiveSettled(n wire.Notification) {
	b := ballotOf(n)
	if b.round == e.round {
		e.tally.put(n.From, b)
		if e.established(&e.tally, b) {
			e.decide(b, e.tally.backers(b))
			return
		}
	}
	e.settled.put(n.From, b)
	if e.established(&e.settled, b) {
		e.round = b.round
		e.observe(facts.ElectionJoined, b.round, b.vote.Leader)
		e.decide(b, e.settled.backers(b))
	}
}

// established reports whether a quorum settled on the leader that b names, and
// that leader knows. Followers of a crashed leader would otherwise elect it again
// on each other's word. If the leader is ourselves, nobody can confirm it; then
// the quorum must have decided in our present round, or it speaks of a time
// before we stepped down (ZOOKEEPER-1514).
func (e *Election) established(t *tally, b ballot) bool {
	if !e.decides(b.vote.Leader, t.backers(b)) {
		return false
	}
	if b.vote.Leader == e.cfg.Sid {
		return b.round == e.round && e.own.Zxid != wire.NoZxid
	}
	leader, ok := t.get(b.vote.Leader)
	return ok && leader.state == wire.Leading
}

// recount records our own vote and opens the finalize window if a quorum holds
// the same.
func (e *Election) recount() {
	if e.vote != noVote && e.counts(e.cfg.Sid) {
		e.tally.put(e.cfg.Sid, e.ballot())
	}
	if !e.finalizing && e.agreed() && e.own.Zxid != wire.NoZxid {
		e.finalizing = true
		e.host.SetTimeout(0, RetryTimeout)
		e.host.SetTimeout(e.cfg.FinalizeWait, FinalizeTimeout)
	}
}

// agreed reports whether a quorum holds our vote.
func (e *Election) agreed() bool {
	return e.decides(e.vote.Leader, e.tally.backers(e.ballot()))
}

// unfinalize closes the finalize window, if open, and waits for votes again.
func (e *Election) unfinalize() {
	if e.finalizing {
		e.finalizing = false
		e.host.SetTimeout(0, FinalizeTimeout)
		e.armRetry()
	}
}

// decide ends the election with the outcome of b, on the word of some voters.
func (e *Election) decide(b ballot, by quorum.Bits) {
	e.observeBackers(b.round, by)
	e.result = Result{Leader: b.vote.Leader, Round: b.round, Vote: b.vote}
	e.decided = true
	e.vote = b.vote
	role := "observer"
	switch {
	case b.vote.Leader == e.cfg.Sid:
		e.state, role = wire.Leading, "leader"
	case e.votes() || e.cfg.Follows:
		e.state, role = wire.Following, "follower"
	default:
		e.state = wire.Observing
	}
	ev := node.Event{Kind: facts.ElectionDecided, Text: role}
	ev.N = [4]int64{b.round, b.vote.Leader, int64(b.vote.Zxid), b.vote.PeerEpoch}
	e.host.Observe(ev)
	e.rest()
}

// rest cancels what an election waits for.
func (e *Election) rest() {
	e.finalizing = false
	e.host.SetTimeout(0, RetryTimeout)
	e.host.SetTimeout(0, FinalizeTimeout)
}

// votes reports whether we are a voter of the active configuration.
func (e *Election) votes() bool { return e.cfg.Voters.Members().Has(e.cfg.Sid) }
