package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/node"
)

// drawSnapshotPoint picks how many transactions until the next snapshot: a random
// point, so that the servers of an ensemble do not all pause at once.
func (s *Server) drawSnapshotPoint() {
	half := s.cfg.SnapCount / 2
	s.sinceSnapshot, s.snapshotAt = 0, half+1+s.env.Rand().IntN(s.cfg.SnapCount-half)
}

// maybeSnapshot starts a snapshot when enough was logged since the last.
func (s *Server) maybeSnapshot() {
	if s.sinceSnapshot >= s.snapshotAt && s.serving && !s.snapshotting {
		s.takeSnapshot("")
	}
}

// takeSnapshot starts writing a snapshot of the present tree, a few nodes at a time
// while transactions go on being applied: it is fuzzy, and replay of the log over it
// makes it exact. A term that ends meanwhile does not matter: the tree moves on only
// when the snapshot is complete (see electWhenDrained). why is for those who watch.
func (s *Server) takeSnapshot(why string) {
	s.drawSnapshotPoint()
	if s.snapshotting || s.db.tree.LastProcessed() == 0 {
		return
	}
	s.snapshotting = true
	s.db.log.Roll()
	source := s.db.tree.Snapshot()
	s.env.Observe(node.Event{Kind: facts.SnapshotBegun, N: [4]int64{int64(source.Zxid())}, Text: why})
	s.flow("snapshot", func(t *node.Task) error {
		saved, err := store.SaveSnapshot(t, s.env.Disk(), s.db.log, source, s.cfg.SnapshotNodes, s.cfg.Bugs, s.env.Observe)
		s.snapshotting = false
		if saved {
			s.observe(facts.SnapshotTaken, int64(source.Zxid()))
		}
		return err
	}, s.snapshotDone)
}

// snapshotDone purges unless that has its own times.
func (s *Server) snapshotDone() {
	if s.cfg.PurgeInterval == 0 {
		s.purge()
	}
}

// armPurge sets the time of the next purge.
func (s *Server) armPurge() {
	if s.cfg.PurgeInterval > 0 {
		s.env.SetTimer(s.cfg.PurgeInterval, node.Tag{Kind: tagPurge, Arg: s.term})
	}
}

// purgeTimeout purges, if the term in which it was arranged still lasts.
func (s *Server) purgeTimeout(term uint64) {
	if term == s.term {
		s.purge()
		s.armPurge()
	}
}

// purge removes what no recovery needs any more. Only a serving server may: its
// newest snapshots hold nothing but committed transactions, so that no TRUNC can
// reach behind the oldest one kept.
func (s *Server) purge() {
	if !s.serving {
		return
	}
	oldest, purged, err := store.PurgeSnapshots(s.env.Disk(), s.db.log, s.cfg.SnapRetain, s.cfg.Bugs)
	if err != nil {
		s.env.Exit(err.Error())
		return
	}
	if purged {
		s.observe(facts.Purged, int64(oldest), int64(s.cfg.SnapRetain))
	}
}
