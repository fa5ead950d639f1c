package replica

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// MaximalIsr are all replicas that may stand in the state znode as in sync: those that do
// as far as known, and those of a change whose outcome is not.
func (p *Partition) MaximalIsr() Set {
	switch {
	case p.proposal == nil, p.bug(bugs.JoiningNotCounted) && p.proposal.change == expand:
		return p.state.Isr
	case p.bug(bugs.LeavingNotCounted) && p.proposal.change == shrink:
		return p.proposal.Isr
	}
	return p.state.Isr | p.proposal.Isr
}

// counted are the replicas on which the high watermark rests: all that may be in sync,
// and those that are about to, being where the leader is. Were the latter not waited
// for, a busy leader would leave each of them behind the mark for ever.
func (p *Partition) counted(now time.Duration) Set {
	set := p.MaximalIsr().With(p.cfg.Self)
	for i := range p.followers {
		if f := &p.followers[i]; p.inReach(f, now) && !p.bug(bugs.JoiningNotCounted) {
			set = set.With(f.id)
		}
	}
	return set
}

// outsiders are in-sync replicas that are not assigned, as there are while a reassignment
// ends (KAFKA-9672). They follow nobody and get nothing; but until the state znode does
// without them a controller that takes over half-way may elect one. So nothing is
// committed before.
func (p *Partition) outsiders() Set { return p.MaximalIsr() &^ SetOf(p.state.Replicas...) }

// inReach reports whether a follower, in this epoch, was with the leader of late.
func (p *Partition) inReach(f *follower, now time.Duration) bool {
	return f.end != unknown && (f.end == p.log.End() || now-f.caughtUp <= p.cfg.Lag) && p.cfg.Alive(f.id)
}

// raise moves the high watermark to what all counted replicas have, if that is further
// than it is. It stays where it is while fewer are in sync than the topic asks for, or
// than there are (KAFKA-15583): what would be committed then could be lost with them.
func (p *Partition) raise(now time.Duration) bool {
	if p.log.HighWatermark() >= p.log.End() {
		return false // as for most of the partitions that a fetch names
	}
	if p.state.Isr.Len() < min(p.minInsync(), len(p.followers)+1) || p.outsiders() != 0 && !p.bug(bugs.OutsidersNotCounted) {
		return false
	}
	set, mark := p.counted(now), p.log.End()
	for i := range p.followers {
		if f := &p.followers[i]; set.Has(f.id) && !(p.bug(bugs.MarkIgnoresSilent) && f.end == unknown) {
			mark = min(mark, f.end)
		}
	}
	if mark <= p.log.HighWatermark() {
		return false
	}
	p.log.SetHighWatermark(mark)
	p.observe(facts.HighWatermark, mark, int64(p.state.LeaderEpoch), int64(set), p.log.End())
	return true
}

// minInsync is how many in-sync replicas a record needs.
func (p *Partition) minInsync() int {
	if p.bug(bugs.MinInsyncIgnored) {
		return 1
	}
	return p.cfg.MinInsync
}

// Appended tells that the leader's log has grown, which commits at once where nobody
// else is in sync. It reports whether the high watermark moved.
func (p *Partition) Appended(now time.Duration) bool { return p.raise(now) }

// MayAppend says whether records may be appended whose producer wants them on all
// in-sync replicas: not if these are fewer than the topic asks for, which may be more
// than it has replicas.
func (p *Partition) MayAppend() wire.ErrorCode {
	if p.state.Isr.Len() < p.minInsync() {
		p.observe(facts.MinIsrRefused, int64(p.state.Isr), int64(p.cfg.MinInsync))
		return wire.NotEnoughReplicas
	}
	return wire.OK
}

// Reached says what can be told a producer who wants its records, the last of them at
// the offset, on all in-sync replicas: nothing yet, or how it went. A leader that begins
// a new epoch still has them; one that followed in between may not, and must have been
// asked while it did.
func (p *Partition) Reached(last int64) (decided bool, code wire.ErrorCode) {
	switch {
	case p.role != Leading && !p.bug(bugs.DeposedAcknowledges):
		return true, wire.NotLeaderOrFollower
	case p.log.HighWatermark() <= last:
		return false, wire.OK
	case p.MaximalIsr().Len() < p.minInsync():
		p.observe(facts.MinIsrAfter, last, int64(p.MaximalIsr()))
		return true, wire.NotEnoughReplicasAfterAppend
	}
	return true, wire.OK
}

// Latest is the end of what consumers may read, at the leader. Between its election and
// the moment when all that its log held then is committed, the high watermark may be
// behind what a former leader showed, and is not told (KIP-207).
func (p *Partition) Latest() (int64, wire.ErrorCode) {
	mark := p.log.HighWatermark()
	if p.bug(bugs.EndToldEarly) {
		mark = p.log.End()
	}
	if p.role == Leading && mark < p.epochStart {
		p.observe(facts.OffsetUnready, mark, p.epochStart)
		return -1, wire.OffsetNotAvailable
	}
	p.observe(facts.EndOffsetTold, mark, int64(p.state.LeaderEpoch))
	return mark, wire.OK
}

// LowWatermark is the highest offset at which the logs of all live replicas begin, which
// a request to delete records waits for.
func (p *Partition) LowWatermark(alive func(int32) bool) int64 {
	low := p.log.Start()
	for i := range p.followers {
		if f := &p.followers[i]; alive(f.id) {
			low = min(low, f.start)
		}
	}
	return low
}
