// Package election is ZooKeeper's Fast Leader Election as a state machine.
//
// Every server that looks for a leader opens a round, proposes itself, and tells
// everybody. Whoever hears a better vote adopts it and tells everybody again;
// whoever hears of a later round moves there and starts from its own vote. Once
// a quorum holds the same vote, and nothing better has arrived for a moment, the
// election is decided. A server that comes late finds a quorum already following
// a leader and joins it.
//
// An election does not make two leaders impossible. Votes may still travel when
// somebody decides; what it promises is that a decided leader had a quorum behind
// it whose histories do not exceed its own. The epochs of the discovery phase
// that follows keep a second claimant from ruling.
//
// The machine has no clock, no randomness and no connections: time and messages
// are handed in, and what it wants goes out through a [Host]. Notifications may
// be lost, duplicated and reordered, and of several waiting for one peer only the
// last needs to arrive.
package election

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TimeoutKind tells apart the two waits of an election.
type TimeoutKind uint8

const (
	// RetryTimeout: no quorum agrees yet, so our vote is sent again.
	RetryTimeout TimeoutKind = iota + 1
	// FinalizeTimeout: a quorum agrees; the wait for a better vote is over.
	FinalizeTimeout
)

// String returns the kind as a lower-case word.
func (k TimeoutKind) String() string {
	switch k {
	case RetryTimeout:
		return "retry"
	case FinalizeTimeout:
		return "finalize"
	}
	return "unknown"
}

// Host is what an election asks of the server it is part of.
type Host interface {
	// Notify sends n to a server, never to ourselves. It may be lost, and a later
	// one to the same server may replace it.
	Notify(to int64, n wire.Notification)
	// SetTimeout arranges one [Election.Timeout] of that kind after d, in place of
	// any pending one of the kind; 0 cancels it.
	SetTimeout(d time.Duration, kind TimeoutKind)
	// Observe states a fact (package facts).
	Observe(e node.Event)
}

// Config is what one server needs to take part in elections.
type Config struct {
	// Sid is our server id.
	Sid int64
	// View is the membership at first; see [Election.SetView].
	View
	// FinalizeWait is how long a better vote is waited for once a quorum agrees;
	// 0 is 200 ms.
	FinalizeWait time.Duration
	// TimeoutMin and TimeoutMax bound the wait before a vote is sent again, which
	// doubles each time; 0 is 200 ms and 60 s.
	TimeoutMin, TimeoutMax time.Duration
	// Bugs are the planted bugs that are on.
	Bugs bugs.Set
}

// Result is the outcome of an election.
type Result struct {
	Leader int64 // sid
	Round  int64
	Vote   Vote
}

// Election is one server's part in all its elections.
type Election struct {
	cfg  Config
	host Host

	state wire.PeerState
	// round is the logical clock: it grows by one with every Start, moves to a
	// later round that is heard of, and to the round of the quorum that is joined.
	// It is not durable.
	round int64
	// own is the vote we started with; vote is the best heard in this round, or
	// what was settled on. While looking, vote never gets worse within a round.
	own, vote Vote
	// tally has what voters said in this round, ourselves included; settled what
	// those said who are not looking, of any round.
	tally, settled tally
	// finalizing: a quorum holds our vote and the finalize timeout is pending.
	finalizing bool
	// retry is the present wait before the vote is sent again.
	retry time.Duration
	// paused: the membership changes, the next Start goes on.
	paused  bool
	result  Result // valid if decided
	decided bool
}

// New returns a server's election, at rest until the first Start.
func New(cfg Config, h Host) *Election {
	defaultTo(&cfg.FinalizeWait, 200*time.Millisecond)
	defaultTo(&cfg.TimeoutMin, 200*time.Millisecond)
	defaultTo(&cfg.TimeoutMax, 60*time.Second)
	return &Election{cfg: cfg, host: h, state: wire.Looking}
}

func defaultTo(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// SetView changes the membership for the elections to come.
func (e *Election) SetView(v View) { e.cfg.View = v }

// Start begins an election: a new round in which we propose own, which names
// ourselves, the zxid our history ends with and our currentEpoch. A server that
// is no voter, so far as it knows, proposes nobody.
func (e *Election) Start(own Vote) {
	e.round++
	e.observe(facts.ElectionStarted, e.round, int64(own.Zxid), own.PeerEpoch)
	if !e.counts(e.cfg.Sid) {
		own = noVote
	}
	e.state, e.own, e.vote = wire.Looking, own, own
	e.decided, e.finalizing, e.paused = false, false, false
	e.tally.clear()
	e.settled.clear()
	e.host.SetTimeout(0, FinalizeTimeout)
	e.retry = e.cfg.TimeoutMin
	e.armRetry()
	e.broadcast()
	e.recount()
}

// Decided returns the outcome of the election begun by the last Start, once
// there is one. From then on we answer in the role it implies.
func (e *Election) Decided() (Result, bool) { return e.result, e.decided }

// Settle tells what we have become: our role, the vote we settled on, and its
// epoch. It is called again after synchronisation with the epoch the leader has
// established, which replaces the vote's: the quorum a late joiner looks for
// must agree on the epoch, whenever its servers joined (ZOOKEEPER-1732).
func (e *Election) Settle(state wire.PeerState, vote Vote, peerEpoch int64) {
	if state == wire.Looking {
		panic("election: Settle while looking; Start begins an election")
	}
	vote.PeerEpoch = peerEpoch
	e.state, e.vote = state, vote
	e.rest()
}

// Round returns the round we are in; 0 before the first Start.
func (e *Election) Round() int64 { return e.round }

// State returns what we say of ourselves.
func (e *Election) State() wire.PeerState { return e.state }

// Vote returns our present vote.
func (e *Election) Vote() Vote { return e.vote }
