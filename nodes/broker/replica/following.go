package replica

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Follow makes the replica a follower, as a controller said, and reports whether it has
// to begin anew with its leader: in a new epoch, or under another. On a change of less
// it goes on as it was (KAFKA-13790).
func (p *Partition) Follow(s State) (began bool, code wire.ErrorCode) {
	if old, code := p.outdated(s); old {
		return false, code
	}
	began = p.role != Following || s.LeaderEpoch > p.state.LeaderEpoch || s.Leader != p.state.Leader
	p.role, p.state, p.proposal, p.followers = Following, s, nil, nil
	if began {
		p.observe(facts.BecameFollower, int64(s.LeaderEpoch), int64(s.Leader), p.log.End(), p.log.HighWatermark())
	}
	if began && p.bug(bugs.TruncateToMark) {
		p.cut(p.log.HighWatermark(), facts.CutSharedEpoch)
	}
	return began, wire.OK
}

// Stop makes the replica idle: it neither leads nor follows until a controller says
// something newer than it has heard.
func (p *Partition) Stop() { p.role, p.proposal, p.followers, p.state.Leader = Idle, nil, nil, -1 }

// Question is the fetch that a follower sends next.
func (p *Partition) Question() Fetch {
	return Fetch{
		Replica: p.cfg.Self, Epoch: p.state.LeaderEpoch,
		Offset: p.log.End(), Start: p.log.Start(), LastEpoch: p.log.LatestEpoch(),
	}
}

// Applies reports whether the answer to a question still means something: the replica
// follows in the same epoch and its log ends where it did. An answer that was long on
// its way would else be appended where it does not belong, or end what has begun since
// (KAFKA-7786).
func (p *Partition) Applies(f Fetch) bool {
	if p.bug(bugs.LateAnswerApplied) {
		return p.role == Following && f.Offset == p.log.End()
	}
	return p.role == Following && f.Epoch == p.state.LeaderEpoch && f.Offset == p.log.End()
}

// Copied tells that what the leader sent has been appended. The leader's high watermark
// and log start are the follower's, as far as its log goes.
func (p *Partition) Copied(mark, start int64) error {
	mark = min(mark, p.log.End())
	if mark > p.log.HighWatermark() {
		p.log.SetHighWatermark(mark)
		p.observe(facts.FollowedMark, mark, int64(p.state.LeaderEpoch))
	}
	if start > p.log.Start() && start <= p.log.End() {
		return p.log.AdvanceStart(start)
	}
	return nil
}

// Truncate cuts the log because it diverges from the leader's: the leader knows no later
// epoch than this one that is not later than our last, and there it ends at the offset. The
// leader's log begins at start. If nothing behind that is left, nobody can say whether what
// is left is the leader's, and the log is thrown away:
//
//	[9..10] of epoch 20 and more was never committed. The leader has [9..40] of epoch 35, of
//	which records below 11 are deleted, and says that epoch 20 ends at 11. What lies below
//	is hidden, until a crash takes the note of where the log begins.
//
// Nor may it stay where our log is hidden already, or ends just there.
func (p *Partition) Truncate(epoch int32, end, start int64) error {
	to, path := p.divergence(epoch, end)
	if to <= start && start > 0 {
		p.log.SetHighWatermark(min(p.log.HighWatermark(), to))
		return p.log.StartOver(start, facts.EndedBeforeLeader)
	}
	return p.cut(to, path)
}

// cut shortens the log. What is not there is not committed as far as we can tell.
func (p *Partition) cut(end, path int64) error {
	p.log.SetHighWatermark(min(p.log.HighWatermark(), end))
	return p.log.Truncate(end, path)
}

// divergence is where to cut. If we have the leader's epoch too, the logs agree up to
// the earlier of its two ends. If we have not, all that is of our epochs after the one
// before it is foreign to the leader; what is left is compared with the next fetch
// (KIP-279).
func (p *Partition) divergence(epoch int32, end int64) (to, path int64) {
	own, ownEnd := p.log.EndOffsetFor(epoch)
	switch {
	case own < 0, p.bug(bugs.UnknownEpochIgnored):
		return min(end, p.log.End()), facts.CutForeignEpochs
	case own < epoch:
		return min(ownEnd, p.log.End()), facts.CutForeignEpochs
	}
	return min(ownEnd, end, p.log.End()), facts.CutSharedEpoch
}

// OutOfRange brings a follower back in line whose fetch was outside of what the leader
// has, which is from start to end. A log that goes beyond the leader's, without a record
// that would tell by its epoch where they part, is cut to its length: the leader was
// elected although it was behind. One that ends before the leader's begins is thrown
// away, for a gap can not be in a log.
func (p *Partition) OutOfRange(start, end int64) error {
	switch own := p.log.End(); {
	case own > end:
		return p.cut(end, facts.CutBeyondLeader)
	case own < start:
		return p.log.StartOver(start, facts.EndedBeforeLeader)
	}
	return nil
}
