package election

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Timeout tells that a timeout set through the host came due. One that was
// cancelled meanwhile is ignored.
func (e *Election) Timeout(kind TimeoutKind) {
	if e.state != wire.Looking || e.round == 0 || e.paused {
		return
	}
	switch kind {
	case RetryTimeout:
		e.retryBroadcast()
	case FinalizeTimeout:
		e.finalize()
	}
}

// retryBroadcast sends the vote again and doubles the wait for the next time.
func (e *Election) retryBroadcast() {
	if e.finalizing {
		return
	}
	e.retry = min(2*e.retry, e.cfg.TimeoutMax)
	e.observe(facts.NotificationRetry, e.round, e.retry.Milliseconds())
	e.armRetry()
	e.broadcast()
}

// armRetry arranges the next retry. What is heard meanwhile does not put it off:
// a peer that we hear but that does not hear us would silence us for ever.
func (e *Election) armRetry() { e.host.SetTimeout(e.retry, RetryTimeout) }

// finalize decides, unless a settled server took back its support meanwhile.
func (e *Election) finalize() {
	if !e.finalizing {
		return
	}
	if !e.agreed() {
		e.unfinalize()
		return
	}
	e.decide(e.ballot(), e.tally.backers(e.ballot()))
}

// Connected tells that a connection to a server is up again: what it was sent
// last may be lost, so it is told our present vote.
func (e *Election) Connected(peer int64) {
	if e.round > 0 && peer != e.cfg.Sid {
		e.host.Notify(peer, e.notification())
	}
}

// broadcast tells every other server our vote, and whom we vote for, though it may be
// no member that we know of.
func (e *Election) broadcast() {
	n := e.notification()
	for _, sid := range e.cfg.Members {
		if sid != e.cfg.Sid {
			e.host.Notify(sid, n)
		}
	}
	if to := e.vote.Leader; e.vote != noVote && to != e.cfg.Sid && !slices.Contains(e.cfg.Members, to) {
		e.host.Notify(to, n)
	}
}

// notification is our present vote, to be sent.
func (e *Election) notification() wire.Notification {
	return wire.Notification{
		From: e.cfg.Sid, State: e.state, ElectionEpoch: e.round,
		Leader: e.vote.Leader, Zxid: e.vote.Zxid, PeerEpoch: e.vote.PeerEpoch, Config: e.cfg.Config,
	}
}

// ballot is our present vote, to be counted.
func (e *Election) ballot() ballot { return ballot{vote: e.vote, round: e.round, state: e.state} }

func (e *Election) observe(k *node.EventKind, n ...int64) {
	ev := node.Event{Kind: k}
	copy(ev.N[:], n)
	e.host.Observe(ev)
}
