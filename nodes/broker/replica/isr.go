package replica

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Proposal is a change of the in-sync replicas that the leader is about to write. One is
// under way at a time.
type Proposal struct {
	// Isr are the in-sync replicas if it succeeds.
	Isr Set
	// Version is that of the znode which it is to replace.
	Version     int32
	LeaderEpoch int32
	// change is an index into facts.IsrChanges.
	change int64
	// refused says that somebody else wrote the znode: what of it stands there, if
	// anything, the controller will say.
	refused bool
}

// shrink and expand index facts.IsrChanges.
const (
	shrink = iota
	expand
)

// Expandable reports whether a follower may come into the in-sync replicas: it is not
// one, it is alive and stays so (KAFKA-14140), it has all that is committed, and all that
// was there when the epoch began. The last matters while the leader itself does not know yet what is committed, its high
// watermark being behind what former leaders promised (KAFKA-7128).
func (p *Partition) Expandable(replica int32) bool {
	f := p.follower(replica)
	return p.role == Leading && f != nil && p.proposal == nil && !p.state.Isr.Has(replica) &&
		f.end != unknown && (f.end >= p.log.HighWatermark() && f.end >= p.epochStart || p.bug(bugs.ExpandTooEarly)) && p.cfg.Alive(replica)
}

// Expand proposes to count a follower in. It is counted from now on.
func (p *Partition) Expand(replica int32) *Proposal {
	return p.propose(p.state.Isr.With(replica), expand)
}

// Lagging are the in-sync replicas that are behind the leader and have not been with it
// for so long that it does not wait for them any more; and those that are not assigned.
func (p *Partition) Lagging(now time.Duration) Set {
	if p.role != Leading || p.proposal != nil || p.bug(bugs.LaggardKept) {
		return 0
	}
	out := p.outsiders()
	for i := range p.followers {
		f := &p.followers[i]
		if p.state.Isr.Has(f.id) && f.end != p.log.End() && now-f.caughtUp > p.cfg.Lag {
			out = out.With(f.id)
		}
	}
	return out
}

// Shrink proposes to go on without some replicas. They are counted until it is known
// that the znode does without them: before, one of them might be elected.
func (p *Partition) Shrink(out Set) *Proposal { return p.propose(p.state.Isr&^out, shrink) }

func (p *Partition) propose(isr Set, change int64) *Proposal {
	if p.proposal != nil || p.role != Leading {
		panic("replica: " + p.cfg.Name + " proposes in-sync replicas and may not")
	}
	p.proposal = &Proposal{Isr: isr, Version: p.state.Version, LeaderEpoch: p.state.LeaderEpoch, change: change}
	p.observe(facts.IsrProposed, int64(isr), int64(p.state.Version), int64(p.state.LeaderEpoch), change)
	return p.proposal
}

// Current reports whether a proposal is still under way: an epoch that began since, or
// news from the controller, have settled it.
func (p *Partition) Current(proposal *Proposal) bool { return p.proposal == proposal }

// Committed tells that the state znode has the proposed replicas, in this version.
func (p *Partition) Committed(proposal *Proposal, version int32, now time.Duration) (raised bool) {
	if !p.Current(proposal) {
		return false
	}
	p.settle(proposal.Isr, version)
	p.observe(facts.IsrCommitted, int64(proposal.Isr), int64(version), int64(p.state.LeaderEpoch), proposal.change)
	return p.raise(now)
}

// Undone tells that the proposal was not written, for sure, and may be tried again.
func (p *Partition) Undone(proposal *Proposal) {
	if p.Current(proposal) {
		p.proposal = nil
	}
}

// Found tells what the state znode holds, after a write that failed on its version or
// whose fate is not known. In our own epoch nobody but us changes the in-sync replicas,
// so what is there is the truth: as proposed, if a write had happened whose reply was
// lost (KAFKA-1382, KAFKA-2729). In a later epoch the controller has decided; what is
// counted stays so until it tells us, for its decision may rest on our write.
func (p *Partition) Found(proposal *Proposal, s State, now time.Duration) (raised bool) {
	if !p.Current(proposal) {
		return false
	}
	if p.bug(bugs.BadVersionIsSuccess) {
		return p.Committed(proposal, s.Version, now)
	}
	if s.LeaderEpoch != p.state.LeaderEpoch || s.Leader != p.cfg.Self {
		proposal.refused = true
		p.observe(facts.IsrRefused, int64(s.Isr), int64(s.Version), int64(p.state.LeaderEpoch))
		return false
	}
	p.settle(s.Isr, s.Version)
	if s.Isr == proposal.Isr && s.Version > proposal.Version {
		p.observe(facts.IsrAdopted, int64(s.Isr), int64(s.Version), int64(p.state.LeaderEpoch))
	}
	return p.raise(now)
}

// Refused reports whether the leader has learned that somebody else decides now.
func (p *Partition) Refused() bool { return p.proposal != nil && p.proposal.refused }

func (p *Partition) settle(isr Set, version int32) {
	p.state.Isr, p.state.Version, p.proposal = isr, version, nil
}
