package replica

import (
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Lead makes the replica the leader, as a controller said, and reports whether it is one
// newly or in a new epoch. What is older than known is no news: of an older epoch it is
// refused, of this one it was said again because the answer to it was lost.
//
// A new epoch of the same leader is an epoch like any other: between the two somebody
// else may have led whom we never heard of, and the followers may have cut what we saw
// them have. So nothing that was known of them stays.
func (p *Partition) Lead(s State, now time.Duration) (began bool, code wire.ErrorCode) {
	if old, code := p.outdated(s); old {
		return false, code
	}
	began = p.role != Leading || s.LeaderEpoch > p.state.LeaderEpoch
	if !began {
		p.refresh(s, now)
		// Fewer may have to be in sync now than before. Nothing else might come that raises
		// it: who has all does not fetch news, and appends may be refused for want of them.
		p.raise(now)
		return false, wire.OK
	}
	p.role, p.state, p.proposal = Leading, s, nil
	before := p.followers
	p.followers = p.newFollowers(s, now)
	if p.bug(bugs.FollowersRemembered) {
		p.recall(before)
	}
	p.log.AssignEpoch(s.LeaderEpoch)
	p.epochStart = p.log.End()
	p.observeBody(facts.BecameLeader, p.reign(), int64(s.LeaderEpoch), int64(s.Version), p.log.End(), p.log.HighWatermark())
	p.raise(now)
	return true, wire.OK
}

// recall takes what was known of followers in an earlier epoch for what they have.
func (p *Partition) recall(before []follower) {
	for i := range p.followers {
		for _, f := range before {
			if f.id == p.followers[i].id {
				p.followers[i] = f
			}
		}
	}
}

// outdated reports whether something newer is known than what a controller says.
func (p *Partition) outdated(s State) (bool, wire.ErrorCode) {
	if s.LeaderEpoch < p.state.LeaderEpoch {
		return true, wire.StaleControllerEpoch
	}
	return s.LeaderEpoch == p.state.LeaderEpoch && s.Version < p.state.Version, wire.OK
}

// refresh takes what a controller says within an epoch: who is assigned, and who is in
// sync if that is newer than known. One of these may come to be assigned again, when a
// reassignment is cancelled that was almost over; it has the time to show that it is in sync,
// as at the beginning.
func (p *Partition) refresh(s State, now time.Duration) {
	if s.Version > p.state.Version {
		p.proposal = nil // whatever became of it, here is the outcome
	} else {
		s.Isr = p.state.Isr
	}
	kept := p.followers
	p.followers = nil
	for _, f := range p.newFollowers(s, now) {
		if at := slices.IndexFunc(kept, func(k follower) bool { return k.id == f.id }); at >= 0 {
			f = kept[at]
		}
		p.followers = append(p.followers, f)
	}
	p.state = s
}

// newFollowers are the other replicas at the beginning of an epoch: of none is known how
// far it has come. Those in sync have the time to show that they are.
func (p *Partition) newFollowers(s State, now time.Duration) []follower {
	var all []follower
	for _, id := range s.Replicas {
		if id == p.cfg.Self {
			continue
		}
		f := follower{id: id, end: unknown, start: unknown, fetched: never, leaderEnd: unknown, caughtUp: never}
		if s.Isr.Has(id) {
			f.caughtUp = now
		}
		all = append(all, f)
	}
	return all
}

func (p *Partition) reign() *facts.Reign {
	return &facts.Reign{Topic: p.cfg.Topic, Isr: int64(p.state.Isr), ControllerEpoch: p.state.ControllerEpoch, Producers: p.log.KnownProducers()}
}

// follower finds what is known of a replica, nil if it is not assigned.
func (p *Partition) follower(id int32) *follower {
	for i := range p.followers {
		if p.followers[i].id == id {
			return &p.followers[i]
		}
	}
	return nil
}

// Fetch is what a follower asks for.
type Fetch struct {
	Replica int32
	// Epoch is the leader epoch that it follows in, -1 if it does not say.
	Epoch int32
	// Offset is where its log ends, Start where it begins, and LastEpoch the epoch of its
	// last record, -1 if it has none.
	Offset, Start int64
	LastEpoch     int32
	// Via is the connection that it came over, 0 if that does not matter.
	Via node.ConnID
}

// Answer is what becomes of a fetch: an error, or where the logs part, or records from
// the offset on.
type Answer struct {
	Code wire.ErrorCode
	// Diverges tells the follower to cut its log to where DivergingEpoch ends here,
	// DivergingEnd, or does there, if that is before.
	Diverges       bool
	DivergingEpoch int32
	DivergingEnd   int64
	// HighWatermark is what to tell it: that of before this fetch was counted.
	HighWatermark int64
	// Raised says that the fetch moved the high watermark.
	Raised bool
}

// Fetched takes the fetch of a follower. Only one whose log agrees with ours up to where
// it ends has come that far: one that diverges is told so, and counts for nothing.
func (p *Partition) Fetched(f Fetch, now time.Duration) Answer {
	a := Answer{HighWatermark: p.log.HighWatermark()}
	epoch := f.Epoch
	if p.bug(bugs.FetchUnfenced) {
		f.Epoch, f.LastEpoch = -1, -1
	}
	if a.Code = p.Check(f.Epoch, true); a.Code != wire.OK {
		return a
	}
	known := p.follower(f.Replica)
	if known == nil {
		a.Code = p.stranger(f)
		return a
	}
	if a.Code = p.reconcile(f, &a); a.Code != wire.OK {
		return a
	}
	if p.cannotVouch(f) {
		a.Diverges, a.DivergingEpoch, a.DivergingEnd = true, f.LastEpoch, f.Offset
	}
	if a.Diverges {
		p.observe(facts.Diverged, int64(f.Replica), int64(a.DivergingEpoch), a.DivergingEnd)
		return a
	}
	p.observe(facts.FollowerFetched, int64(f.Replica), f.Offset, int64(epoch), int64(f.Via))
	known.fetchedFrom(f, p.log.End(), now)
	a.Raised = p.raise(now)
	return a
}

// Consumed takes the fetch of a consumer. It is shown what is committed as far as known
// here. An offset that is in the log and not committed yet is no error: a consumer that
// has read from another replica may be ahead. Who reads at a follower from beyond what
// that knows to be committed is not told where the logs part, for the follower's end may
// be what is wrong; it waits, or is sent away for the leader to judge (KIP-392).
func (p *Partition) Consumed(f Fetch, leaderOnly bool) Answer {
	a := Answer{HighWatermark: p.log.HighWatermark()}
	if a.Code = p.Check(f.Epoch, leaderOnly); a.Code == wire.OK && p.role == Idle {
		a.Code = wire.NotLeaderOrFollower
	}
	if a.Code == wire.OK {
		if p.role == Following && f.Offset > a.HighWatermark {
			f.LastEpoch = -1
		}
		a.Code = p.reconcile(f, &a)
	}
	return a
}

// Nearest is the follower to which consumers may be sent that read from an offset, among
// those that are near: of the in-sync ones that have it, as who is out of sync may stay
// behind for ever, the one with the longest log. -1 if there is none (KIP-392).
func (p *Partition) Nearest(offset int64, near func(int32) bool) int32 {
	var best *follower
	for i := range p.followers {
		f := &p.followers[i]
		if !p.state.Isr.Has(f.id) && !p.bug(bugs.PreferredOutOfSync) || f.end < offset || f.start > offset || !near(f.id) {
			continue
		}
		if best == nil || f.ahead(best) {
			best = f
		}
	}
	if best == nil {
		return -1
	}
	return best.id
}

// ahead compares by the end of the log, then by who was with the leader last.
func (k *follower) ahead(o *follower) bool {
	switch {
	case k.end != o.end:
		return k.end > o.end
	case k.caughtUp != o.caughtUp:
		return k.caughtUp > o.caughtUp
	}
	return k.id > o.id
}

// stranger answers a replica that is not assigned as far as we know. If it names an epoch
// then there is one in which it is, which we have yet to hear of.
func (p *Partition) stranger(f Fetch) wire.ErrorCode {
	if f.Epoch >= 0 {
		return wire.UnknownLeaderEpoch
	}
	return wire.NotLeaderOrFollower
}

// reconcile compares the end of a follower's log with ours, by the epoch of its last
// record (KIP-595).
func (p *Partition) reconcile(f Fetch, a *Answer) wire.ErrorCode {
	if f.LastEpoch >= 0 && f.Offset >= p.log.Start() {
		epoch, end := p.log.EndOffsetFor(f.LastEpoch)
		if epoch < 0 || end < 0 {
			return wire.OffsetOutOfRange
		}
		if epoch < f.LastEpoch && !p.bug(bugs.UnknownEpochIgnored) || end < f.Offset {
			a.Diverges, a.DivergingEpoch, a.DivergingEnd = true, epoch, end
			return wire.OK
		}
	}
	if f.Offset < p.log.Start() || f.Offset > p.log.End() {
		return wire.OffsetOutOfRange
	}
	return wire.OK
}

// cannotVouch reports whether a follower's log ends just where ours begins, in an epoch of
// which nothing is left here: nobody can say then whether what it has is what was here.
// It counts as diverging, so that it is thrown away, see [Partition.Truncate].
func (p *Partition) cannotVouch(f Fetch) bool {
	if f.LastEpoch < 0 || f.Offset != p.log.Start() || f.LastEpoch == p.log.LatestEpoch() || f.Offset == 0 {
		return false
	}
	_, end := p.log.EndOffsetFor(f.LastEpoch)
	return end <= p.log.Start()
}

// fetchedFrom notes how far a follower has come. It had caught up now if it asks for our
// end, and at its last fetch if it asks for what our end was then.
func (k *follower) fetchedFrom(f Fetch, end int64, now time.Duration) {
	switch {
	case f.Offset >= end:
		k.caughtUp = max(k.caughtUp, now)
	case k.leaderEnd != unknown && f.Offset >= k.leaderEnd:
		k.caughtUp = max(k.caughtUp, k.fetched)
	}
	k.end, k.start, k.fetched, k.leaderEnd = f.Offset, f.Start, now, end
}
