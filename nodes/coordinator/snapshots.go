package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/node"
)

// A snapshot is written a few nodes at a time while transactions go on being
// applied: it is fuzzy, and replay of the log over it makes it exact.
const (
	snapshotNodes   = 16
	snapshotsToKeep = 3
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
		s.takeSnapshot()
	}
}

// takeSnapshot starts writing a snapshot of the present tree. A term that ends
// meanwhile does not matter: the tree moves on only when the snapshot is complete
// (see electWhenDrained).
func (s *Server) takeSnapshot() {
	s.drawSnapshotPoint()
	if s.snapshotting || s.db.tree.LastProcessed() == 0 {
		return
	}
	s.snapshotting = true
	s.db.log.Roll()
	source := s.db.tree.Snapshot()
	s.flow("snapshot", func(t *node.Task) error {
		saved, err := store.SaveSnapshot(t, s.env.Disk(), s.db.log, source, snapshotNodes, s.cfg.Bugs)
		s.snapshotting = false
		if saved {
			s.observe(facts.SnapshotTaken, int64(source.Zxid()))
		}
		return err
	}, s.purge)
}

// purge removes what no recovery needs any more. Only a serving server may: its
// newest snapshots hold nothing but committed transactions, so that no TRUNC can
// reach behind the oldest one kept.
func (s *Server) purge() {
	if !s.serving {
		return
	}
	if err := store.PurgeSnapshots(s.env.Disk(), s.db.log, snapshotsToKeep, s.cfg.Bugs); err != nil {
		s.env.Exit(err.Error())
	}
}
