package live

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// entry is one proposal, and with it the history that ends there: a leader
// proposes on top of its whole log, so prev is the same for everybody.
type entry struct {
	zxid wire.Zxid
	prev *entry // nil only for the empty history
	txn  *wire.Txn

	// config is what the transaction proposes, nil for others; latest is the newest
	// such entry of the history, itself included; before is the configuration that
	// was active when it was proposed.
	config, before *config
	latest         *entry

	proposer *server
	step     uint64

	// digest is the reference tree's after this history, if digested.
	digest   uint64
	digested bool

	// committed entries form one chain that ends at Checker.frontier.
	// reign is the epoch of the leader that committed it, which may be later than
	// that of its zxid; it never falls along the chain.
	committed bool
	reign     int64
	// applied says that a server stated to have applied it after its commit; at is
	// when first, or the commit's time before that.
	applied bool
	at      time.Duration
}

// epoch is what is known of the reign of one leader.
type epoch struct {
	number int64
	// leader entered synchronisation, established ended it; nil before.
	leader, established *server
	// initial is the leader's history on entering synchronisation, tail its
	// present one: initial and then proposals.
	initial, tail *entry
	// config is the one that the leader's history ended with; removed: a committed
	// one took the leader's vote.
	config  *config
	removed bool
	// entries holds the proposals by counter, from 1.
	entries []*entry

	// What the servers stated themselves: that they accepted the epoch, that
	// they acknowledged NEWLEADER (bit sets of sids), and the highest zxid each
	// acknowledged, by index in Checker.servers.
	accepted, newLeader uint64
	acked               []wire.Zxid
}

// epochOf returns the record of an epoch, making it if new.
func (c *Checker) epochOf(number int64) *epoch {
	if c.recent != nil && c.recent.number == number {
		return c.recent
	}
	ep := c.epochs[number]
	if ep == nil {
		ep = &epoch{number: number, acked: make([]wire.Zxid, len(c.servers))}
		c.epochs[number] = ep
	}
	c.recent = ep
	return ep
}

// proposal returns the entry of a proposed zxid, nil if nobody proposed it.
func (c *Checker) proposal(z wire.Zxid) *entry {
	ep := c.epochOf(z.Epoch())
	if i := int64(z.Counter()) - 1; i >= 0 && i < int64(len(ep.entries)) {
		return ep.entries[i]
	}
	return nil
}

// committedAt is when a transaction was committed, or first applied after that; 0 for
// the beginning.
func (c *Checker) committedAt(z wire.Zxid) time.Duration {
	if e := c.proposal(z); e != nil {
		return e.at
	}
	return 0
}

// position returns the history that a zxid names. Counter 0 is the beginning of
// a reign, where the leader's history is its initial one. Nil if unknown.
func (c *Checker) position(z wire.Zxid) *entry {
	switch {
	case z == 0:
		return c.root
	case z.Counter() == 0:
		return c.epochOf(z.Epoch()).initial
	}
	return c.proposal(z)
}

// holds reports whether history e contains history a. It walks only what e has
// beyond a, which is short wherever it is asked.
func (e *entry) holds(a *entry) bool {
	for e != nil && e.zxid > a.zxid {
		e = e.prev
	}
	return e == a
}

// upTo returns the longest part of history e that ends at or before z.
func (e *entry) upTo(z wire.Zxid) *entry {
	for e.zxid > z {
		e = e.prev
	}
	return e
}

// lastCommitted returns the longest part of history e that is committed.
func (e *entry) lastCommitted() *entry {
	for !e.committed {
		e = e.prev
	}
	return e
}

// String names the history by its end.
func (e *entry) String() string {
	if e == nil {
		return "a history nobody knows"
	}
	if e.prev == nil {
		return "the empty history"
	}
	return e.zxid.String()
}

// origin tells where a proposal came from, for evidence. The empty history has
// no origin.
func (e *entry) origin() string {
	state := "not committed"
	if e.committed {
		state = "committed"
	}
	return fmt.Sprintf("step %d: %s proposed %v (%v of session %#x) after %v; %s",
		e.step, e.proposer.Name, e.zxid, e.txn.Type, uint64(e.txn.Session), e.prev, state)
}

// commit extends the committed log by e, whose prev is the frontier, at the word of
// the leader of an epoch.
func (c *Checker) commit(e *entry, reign int64) {
	e.committed, e.reign = true, reign
	e.at = c.now.at
	c.frontier = e
	if c.cfg.Committed != nil {
		c.cfg.Committed(c.now.step, c.now.at, e.txn)
	}
}

// commitUpTo extends the committed log through history e, which holds it. Its owner has
// that history in its tree, by recovery, and shows it from now on: somebody else may
// apply some of it only much later.
func (c *Checker) commitUpTo(e *entry, reign int64) {
	var path []*entry
	for ; !e.committed; e = e.prev {
		path = append(path, e)
	}
	for i := len(path) - 1; i >= 0; i-- {
		c.commit(path[i], reign)
		path[i].applied = true
	}
}
