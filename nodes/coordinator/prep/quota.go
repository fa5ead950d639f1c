package prep

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// checkQuota refuses a change that takes a subtree beyond its hard quota. It goes by
// what the tree holds and not by what is outstanding, each part of a multi by itself:
// what is in flight together may overshoot. That is what ZooKeeper does.
func (p *Prep) checkQuota(path string, count, bytes int64) wire.ErrorCode {
	if !p.limits.EnforceQuota || p.inMulti && p.bugs.Has(bugs.QuotaIgnoresMulti) {
		return wire.OK
	}
	switch p.tree.OverQuota(path, count, bytes) {
	case quota.Hard:
		return wire.ErrQuotaExceeded
	case quota.Soft:
		p.overSoft++
	}
	return wire.OK
}

// OverSoftQuota returns how many changes went beyond a soft quota since it was asked
// last. They are for the log: nothing is refused.
func (p *Prep) OverSoftQuota() int {
	n := p.overSoft
	p.overSoft = 0
	return n
}

// checkQuotaText refuses what cannot be read where quotas and their stats stand: every
// server would trip over it. ZooKeeper 3.9 takes it, answers every write below such a
// quota with a marshalling error, and dies of such stats.
func checkQuotaText(path string, data []byte) wire.ErrorCode {
	_, limits := quota.OfLimits(path)
	_, stats := quota.OfStats(path)
	if !limits && !stats {
		return wire.OK
	}
	if _, err := quota.Parse(string(data)); err != nil {
		return wire.ErrBadArguments
	}
	return wire.OK
}
