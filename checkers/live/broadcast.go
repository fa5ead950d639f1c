package live

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// proposed enters a transaction into the tree of histories, on top of its
// leader's.
func (c *Checker) proposed(s *server, z wire.Zxid, e node.Event) {
	txn, ok := e.Body.(*wire.Txn)
	if !ok {
		panic("live: a proposed fact carries no transaction")
	}
	ep := c.epochOf(z.Epoch())
	if ep.established != s || s.leads != ep.number {
		c.fail(s, PrimaryIntegrity, fmt.Sprintf("%s proposes %v without being the established leader of epoch %d", s.Name, z, ep.number))
		return
	}
	if want := len(ep.entries) + 1; int64(z.Counter()) != int64(want) || txn.Zxid != z {
		c.fail(s, LocalPrimaryOrder, fmt.Sprintf("%s proposes %v (in the transaction: %v) where %v is next",
			s.Name, z, txn.Zxid, wire.MakeZxid(ep.number, uint32(want))), ep.tail)
		return
	}
	if now := c.cfg.Wall(s.ID); txn.Time != now {
		c.fail(s, TxnTime, fmt.Sprintf("%s proposes %v with time %d when its clock shows %d", s.Name, z, txn.Time, now))
		return
	}
	p := &entry{zxid: z, prev: ep.tail, txn: txn, proposer: s, step: c.now.step, latest: ep.tail.latest}
	p.before = c.configAfter(c.committedBefore(ep.number + 1))
	if txn.Type == wire.OpReconfig && !c.reconfigured(s, p, txn) {
		return
	}
	ep.entries = append(ep.entries, p)
	ep.tail = p
	if txn.Session == 0 {
		s.reaped = c.now.at // nobody asked for it
	}
	switch b := txn.Body.(type) {
	case *wire.CreateSessionTxn:
		if first, again := c.created[txn.Session]; again {
			c.fail(s, SessionOnce, fmt.Sprintf("%s opens session %#x as %v, which %v did before", s.Name, uint64(txn.Session), z, first), p)
			return
		}
		c.timeouts[txn.Session] = time.Duration(b.TimeoutMs) * time.Millisecond
		c.created[txn.Session] = z
		s.touched[txn.Session] = c.now.at
		for _, m := range c.servers {
			delete(m.locals, txn.Session)
		}
	case *wire.ErrorTxn:
		if b.Err == wire.ErrSessionExpired {
			c.rejected(s, txn.Session, ep.number)
		}
	case *wire.CloseSessionTxn:
		c.ended[txn.Session] = true
		// Clients number their requests from 1: this close is the leader's own.
		if txn.Cxid == 0 {
			timeout, _ := c.promised(txn.Session)
			c.notEarly(s, txn.Session, timeout)
		}
	}
}

// known returns the entry of a zxid that s logs or applies, having checked that
// a leader proposed just that transaction. Nil after a violation.
func (c *Checker) known(s *server, z wire.Zxid, verb string, e node.Event) *entry {
	p := c.proposal(z)
	if p == nil {
		c.fail(s, Integrity, fmt.Sprintf("%s %s %v, which nobody proposed", s.Name, verb, z))
		return nil
	}
	if txn, ok := e.Body.(*wire.Txn); ok && !c.same(p.txn, txn) {
		c.fail(s, Integrity, fmt.Sprintf("%s %s %v as [%v] where [%v] was proposed", s.Name, verb, z, txn, p.txn), p)
		return nil
	}
	return p
}

// same reports whether two transactions are equal, by their encodings.
func (c *Checker) same(a, b *wire.Txn) bool {
	if a == b {
		return true
	}
	c.encoded = wire.EncodeTxn(c.encoded[:0], a)
	c.other = wire.EncodeTxn(c.other[:0], b)
	return bytes.Equal(c.encoded, c.other)
}

// follows checks that entry e goes directly on top of history at: Zab's three
// orders and, where the histories part, the guarantee named parted.
func (c *Checker) follows(s *server, at, e *entry, verb, parted string) bool {
	if e.prev == at {
		return true
	}
	detail := fmt.Sprintf("%s %s %v on top of %v, its leader proposed it after %v", s.Name, verb, e, at, e.prev)
	switch {
	case e.zxid.Epoch() < at.zxid.Epoch():
		c.fail(s, GlobalPrimaryOrder, detail, at, e)
	case e.zxid <= at.zxid:
		c.fail(s, TotalOrder, detail, at, e)
	case e.holds(at):
		c.fail(s, LocalPrimaryOrder, detail, at, e)
	default:
		c.fail(s, parted, detail, at, e)
	}
	return false
}

// advance moves the end of a server's log or tree, one of them, by a transaction and
// returns it; nil after a violation.
func (c *Checker) advance(s *server, end **entry, z wire.Zxid, verb, parted string, e node.Event) *entry {
	p := c.known(s, z, verb, e)
	if p == nil {
		return nil
	}
	if *end == nil {
		*end = p.prev // it serves without having said what it recovered
	}
	if !c.follows(s, *end, p, verb, parted) {
		return nil
	}
	*end = p
	return p
}

// logged moves the end of a server's log.
func (c *Checker) logged(s *server, z wire.Zxid, e node.Event) {
	if c.advance(s, &s.log, z, "logs", ProcessConsistency, e) == nil {
		return
	}
	s.pending = append(s.pending, record{zxid: z, file: e.Text, end: e.N[1]})
}

// ackedUpTo holds an acknowledgement against the disk: every record up to z must
// be where no crash can reach it.
func (c *Checker) ackedUpTo(s *server, z wire.Zxid) {
	if s.config.observers&s.bit != 0 {
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s acknowledges %v, being an observer", s.Name, z), c.proposal(z))
		return
	}
	if s.lostDisk {
		c.fail(s, LostDiskNoVote, fmt.Sprintf("%s acknowledges %v on another disk than it was set up with", s.Name, z), c.proposal(z))
		return
	}
	p := c.position(z)
	if p == nil || s.log == nil || s.log.zxid < p.zxid {
		c.fail(s, AckDurability, fmt.Sprintf("%s acknowledges %v, its log ends at %v", s.Name, z, s.log), p)
		return
	}
	done := 0
	for done < len(s.pending) && s.pending[done].zxid <= z {
		r := s.pending[done]
		for done++; done < len(s.pending) && s.pending[done].zxid <= z && s.pending[done].file == r.file; done++ {
			r = s.pending[done]
		}
		if have := c.ghost.DurableSize(s.ID, r.file); have < r.end && !c.purged(s, r) {
			c.fail(s, AckDurability, fmt.Sprintf("%s acknowledges %v while a crash leaves %d bytes of %s, where %v ends at byte %d",
				s.Name, z, have, r.file, r.zxid, r.end), c.proposal(r.zxid))
			return
		}
	}
	s.pending = s.pending[:copy(s.pending, s.pending[done:])]
	if p.zxid > s.promised.zxid {
		s.promised = p
	}
	if p.latest != nil && !c.configDurable(s, p.latest.zxid, fmt.Sprintf("acknowledges %v", z)) {
		return
	}
	if !c.predecessorDurable(s, s.log.upTo(z), fmt.Sprintf("acknowledges %v", z)) {
		return
	}
	ep := c.epochOf(z.Epoch())
	ep.acked[s.index] = max(ep.acked[s.index], z)
}

// purged reports whether a record went with its file, and a snapshot that no crash
// can take holds it. A leader that others outran acknowledges nothing meanwhile.
func (c *Checker) purged(s *server, r record) bool {
	if slices.Contains(c.ghost.Files(s.ID), r.file) {
		return false
	}
	z, _ := c.newestSnapshot(s, durable)
	return z >= r.zxid
}

// committed extends the committed log by a leader's word, if those it names
// stated the same themselves.
func (c *Checker) committed(s *server, z wire.Zxid, acks uint64) {
	p := c.proposal(z)
	if p == nil {
		c.fail(s, Integrity, fmt.Sprintf("%s commits %v, which nobody proposed", s.Name, z))
		return
	}
	ep := c.epochOf(z.Epoch())
	if ep.established != s {
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s commits %v without having been established as leader of epoch %d", s.Name, z, ep.number), p)
		return
	}
	var said uint64
	for _, m := range c.servers {
		if ep.acked[m.index] >= z {
			said |= m.bit
		}
	}
	said |= c.demoted(ep, p, acks&^said)
	if problem := c.evidence(acks, said, "copy of it that is still there", both(p.before, c.configAfter(p))...); problem != "" {
		c.fail(s, QuorumEvidence, fmt.Sprintf("%s commits %v %s", s.Name, z, problem), p)
		return
	}
	if ep.removed {
		c.fail(s, ConfigLeader, fmt.Sprintf("%s commits %v", s.Name, z), p)
		return
	}
	if p.config != nil {
		ep.removed = p.config.participants&s.bit == 0
	}
	if p.committed {
		return
	}
	if p.prev != c.frontier {
		c.fail(s, CommittedLog, fmt.Sprintf("%s commits %v, which follows %v, while the committed log ends at %v", s.Name, z, p.prev, c.frontier), c.frontier, p)
		return
	}
	c.commit(p, ep.number)
}

// applied moves a server's tree and compares it with the reference.
func (c *Checker) applied(s *server, z wire.Zxid, e node.Event) {
	p := c.advance(s, &s.tree, z, "applies", PrefixConsistency, e)
	if p == nil {
		return
	}
	// A learner that synchronises may apply what its leader is about to commit by
	// being established. Nobody reads that tree before.
	if s.serving && !p.committed {
		c.fail(s, CommittedLog, fmt.Sprintf("%s applies %v, the committed log ends at %v", s.Name, z, c.frontier), p)
		return
	}
	if want, got := c.folds.digest(p), uint64(e.N[2]); want != got {
		id := PrefixConsistency
		if _, closes := p.txn.Body.(*wire.CloseSessionTxn); closes {
			id = EphemeralsDie
		}
		c.fail(s, id, fmt.Sprintf("the tree of %s has digest %016x after %v, it should be %016x", s.Name, got, z, want), p)
		return
	}
	if p.committed && !p.applied {
		p.applied, p.at = true, c.now.at
	}
}
