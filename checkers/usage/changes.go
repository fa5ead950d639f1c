package usage

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// bucket is what an account may change: millionths of a partition, as of a millisecond. It
// is nil before its first use, when it is full.
type bucket struct{ tokens, at int64 }

// changed holds what becomes of a change of topics against the bucket of its account.
func (c *Checker) changed(m *member, e node.Event) {
	u, wait := e.Body.(*facts.Usage), time.Duration(e.N[3])*time.Millisecond
	account, limit := m.quotaOf(u.Key, u.User, u.Client)
	if account != e.Text || limit != e.N[1] {
		c.fail(m, Applied, fmt.Sprintf("%s charges a change to %s, under a quota of %d, where %s is due, under one of %d", m.Name, e.Text, e.N[1], account, limit))
		return
	}
	most := limit * (time.Duration(c.cfg.Changes.Number) * c.cfg.Changes.Size).Milliseconds()
	now := u.At.Milliseconds()
	b := m.buckets[account]
	if b == nil {
		b = &bucket{most, now}
		m.buckets[account] = b
	}
	b.tokens, b.at = min(most, b.tokens+limit*(now-b.at)), now
	refused := u.Strict && b.tokens < 0
	if !refused {
		b.tokens -= e.N[0] * 1_000_000
	}
	want := time.Duration(0)
	if overdrawn := -b.tokens; overdrawn > 0 && (refused || !u.Strict) {
		want = time.Duration((2*overdrawn+limit)/(2*limit)) * time.Millisecond
	}
	if refused != u.Withheld || want != wait {
		c.fail(m, Changes, fmt.Sprintf("%s refuses %d partitions to %s: %v, and has it wait %v; by its bucket that is %v, and %v", m.Name, e.N[0], account, u.Withheld, wait, refused, want))
		return
	}
	m.muted[e.N[2]] = max(m.muted[e.N[2]], u.At+wait)
}
