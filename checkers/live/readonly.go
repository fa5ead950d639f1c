package live

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// readOnlyBegan checks what a server shows that found no leader: the end of its own
// history, all of it, whether it is committed or not.
func (c *Checker) readOnlyBegan(s *server, z wire.Zxid, digest uint64) {
	e := c.position(z)
	switch {
	case s.serving || s.leads != 0:
		c.fail(s, ReadOnlyAlone, fmt.Sprintf("%s becomes read-only while it has a role in epoch %d", s.Name, max(s.serves, s.leads)))
		return
	case e == nil || s.log != nil && e != s.log:
		c.fail(s, ReplayDeterminism, fmt.Sprintf("%s shows a tree at %v read-only, its log ends at %v", s.Name, z, s.log), e, s.log)
		return
	}
	if want := c.folds.digest(e); want != digest {
		c.fail(s, PrefixConsistency, fmt.Sprintf("the tree that %s shows read-only at %v has digest %016x, it should be %016x", s.Name, z, digest, want), e)
		return
	}
	s.readOnly = e
	c.shown = append(c.shown, e)
}

// alone checks that a server which takes a role shows nothing read-only any more.
func (c *Checker) alone(s *server, number int64) {
	if s.readOnly != nil {
		c.fail(s, ReadOnlyAlone, fmt.Sprintf("%s, which is read-only since it stood at %v, takes part in epoch %d", s.Name, s.readOnly, number), s.readOnly)
	}
}

// letInReadOnly checks that a read-only server gives a client no session that all
// servers know.
func (c *Checker) letInReadOnly(s *server, session int64) {
	if s.readOnly == nil {
		c.fail(s, ReadOnlyAlone, fmt.Sprintf("%s lets session %#x in as a read-only server, which it is not", s.Name, uint64(session)))
		return
	}
	c.unknownTo(s, session, "lets session %#x in")
}

// rejectedReadOnly checks that a read-only server declares no session over that all
// servers know: it cannot tell.
func (c *Checker) rejectedReadOnly(s *server, session int64) {
	c.unknownTo(s, session, "declares session %#x over")
}

// unknownTo checks that a session is not among those that a read-only server knows to
// be known to all.
func (c *Checker) unknownTo(s *server, session int64, act string) {
	created, proposed := c.created[session]
	if !proposed || created > s.readOnly.zxid || !s.readOnly.holds(c.proposal(created)) {
		return
	}
	for e := s.readOnly; e != nil && e.zxid > created; e = e.prev {
		if e.txn.Session == session && e.txn.Type == wire.OpCloseSession {
			return
		}
	}
	c.fail(s, ReadOnlySessions, fmt.Sprintf("%s, read-only at %v, "+act+", which is open there since %v",
		s.Name, s.readOnly, uint64(session), created), c.proposal(created))
}

// Tails returns what read-only servers showed that the committed log does not have.
func (c *Checker) Tails() []history.Tail {
	var tails []history.Tail
	seen := map[*entry]bool{}
	for _, e := range c.shown {
		if e.committed || seen[e] {
			continue
		}
		seen[e] = true
		base := e.lastCommitted()
		t := history.Tail{After: base.zxid}
		for p := e; p != base; p = p.prev {
			t.Txns = append([]*wire.Txn{p.txn}, t.Txns...)
		}
		tails = append(tails, t)
	}
	return tails
}
