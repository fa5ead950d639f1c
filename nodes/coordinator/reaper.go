package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// reaper is the leader's hunt for containers that are no longer used and nodes that
// outlived their TTL. It looks at all of them now and then, and deletes one after the
// other, not too many a minute.
type reaper struct {
	// begun: the term has one that looks now and then.
	begun bool
	// found are those still to be deleted of the last look.
	found []string
}

// beginReaping starts the reaper of a term.
func (s *Server) beginReaping() {
	if s.reaper.begun {
		return
	}
	s.reaper.begun = true
	s.armReaper(s.cfg.ReapInterval)
}

// armReaper has the leader go on after a while. The timer needs no stopping: it names
// its term.
func (s *Server) armReaper(wait time.Duration) {
	s.env.SetTimer(wait, node.Tag{Kind: tagReap, Arg: s.term})
}

// reap deletes the next of the expired nodes, or looks for them again.
func (s *Server) reap(term uint64) {
	if term != s.term || s.primary == nil {
		return
	}
	r := &s.reaper
	if len(r.found) == 0 {
		r.found = s.expired()
	}
	if len(r.found) > 0 {
		path := r.found[0]
		r.found = r.found[1:]
		if s.reapOne(path); s.primary == nil {
			return
		}
	}
	if len(r.found) > 0 {
		s.armReaper(time.Minute / time.Duration(s.cfg.ReapsPerMinute))
		return
	}
	s.armReaper(s.cfg.ReapInterval)
}

// expired lists what our own tree shows expired.
func (s *Server) expired() []string {
	return s.db.tree.Expired(s.env.WallMillis(), s.cfg.NeverUsed.Milliseconds())
}

// reapOne proposes the deletion of a node. The tree that it was found in is behind
// what is outstanding, so it is looked at again when its transaction is prepared.
func (s *Server) reapOne(path string) {
	if s.primary.MustEnd() {
		s.primary.EndEpoch()
		return
	}
	ttl := int64(0)
	if m, ok := s.db.tree.Meta(path); ok {
		ttl = m.TTL
	}
	txn := s.prep.Reap(path, s.primary.NextZxid(), s.env.WallMillis())
	s.observeReap(txn, ttl)
	s.primary.Propose(txn)
}

func (s *Server) observeReap(txn *wire.Txn, ttl int64) {
	e, rejected := txn.Body.(*wire.ErrorTxn)
	switch {
	case rejected && ttl != 0:
		s.observe(facts.ExpiryRejected, int64(txn.Zxid), int64(e.Err), ttl)
	case rejected:
		s.observe(facts.ReapRejected, int64(txn.Zxid), int64(e.Err))
	case ttl != 0:
		s.observe(facts.NodeExpired, int64(txn.Zxid), ttl)
	default:
		s.observe(facts.ContainerReaped, int64(txn.Zxid))
	}
}
