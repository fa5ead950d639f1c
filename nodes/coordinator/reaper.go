package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// armReaper has the leader look for unused containers again in a while. The timer
// needs no stopping: it names its term.
func (s *Server) armReaper() {
	s.env.SetTimer(s.cfg.ReapInterval, node.Tag{Kind: tagReap, Arg: s.term})
}

// reap proposes the deletion of every container that our own tree shows unused.
// The tree is behind what is outstanding, so each is looked at again when its
// transaction is prepared.
func (s *Server) reap(term uint64) {
	if term != s.term || s.leader == nil {
		return
	}
	for _, path := range s.db.tree.Unused() {
		if s.leader.MustEnd() {
			s.leader.EndEpoch()
			return
		}
		txn := s.prep.Reap(path, s.leader.NextZxid(), s.env.WallMillis())
		if e, rejected := txn.Body.(*wire.ErrorTxn); rejected {
			s.observe(facts.ReapRejected, int64(txn.Zxid), int64(e.Err))
		} else {
			s.observe(facts.ContainerReaped, int64(txn.Zxid))
		}
		s.leader.Propose(txn)
		if s.leader == nil {
			return
		}
	}
	s.armReaper()
}
