package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// durableWait is a continuation that waits for the log.
type durableWait struct {
	zxid wire.Zxid
	then func()
}

// append writes a transaction to the log and sees that a sync is under way.
func (s *Server) append(txn *wire.Txn) {
	if s.bug(bugs.StaleMemoryTree) && txn.Zxid <= s.db.log.LastZxid() {
		return // already hidden in there
	}
	file, end, err := s.db.log.Append(txn)
	if err != nil {
		s.env.Exit(err.Error())
		return
	}
	s.env.Observe(node.Event{Kind: facts.Logged, N: [4]int64{int64(txn.Zxid), end}, Text: file, Body: txn})
	if file != s.logFile {
		s.logFile = file
		s.env.Observe(node.Event{Kind: facts.LogRolled, N: [4]int64{int64(txn.Zxid)}, Text: file})
	}
	s.sinceSnapshot++
	s.syncLog()
}

// syncLog starts a sync of the log unless one is under way: then what was
// appended meanwhile shares the next one (group commit).
func (s *Server) syncLog() {
	if s.db.log.Syncing() || !s.db.log.Dirty() {
		return
	}
	if err := s.db.log.Sync(node.Tag{Kind: tagLogSync}); err != nil {
		s.env.Exit(err.Error())
	}
}

// logSynced tells everybody who rests on the log how far it is durable. After a
// failed fsync nothing is known any more and the process must die.
func (s *Server) logSynced(failed error) {
	if s.bug(bugs.LogFsyncErrorIgnored) {
		failed = nil
	}
	done, err := s.db.log.Synced(failed)
	if err != nil {
		s.env.Exit(err.Error())
		return
	}
	if !done {
		return
	}
	z := s.db.log.DurableZxid()
	s.syncLog()
	switch {
	case s.alone != nil:
		s.alone.LogDurable(z)
	case s.leader != nil:
		s.leader.LogDurable(z)
	case s.learner != nil:
		s.learner.LogDurable(z)
	}
	for len(s.whenDurable) > 0 && s.whenDurable[0].zxid <= z {
		w := s.whenDurable[0]
		s.whenDurable = s.whenDurable[1:]
		w.then()
	}
	s.electWhenDrained()
}

// waitDurable calls then when everything appended so far is durable.
func (s *Server) waitDurable(then func()) {
	z := s.db.log.LastZxid()
	if z <= s.db.log.DurableZxid() && !s.db.log.Dirty() {
		then()
		return
	}
	s.whenDurable = append(s.whenDurable, durableWait{z, then})
	s.syncLog()
}

// flow runs a durable flow of several steps. The next election waits for it; its
// continuation is skipped if the term it was started in is over. An error of the
// disk ends the process: what is durable is unknown.
func (s *Server) flow(name string, steps func(t *node.Task) error, then func()) {
	term := s.term
	s.flows++
	s.env.Go(name, func(t *node.Task) {
		err := steps(t)
		s.flows--
		if err != nil {
			s.env.Exit(name + ": " + err.Error())
			return
		}
		if term == s.term {
			then()
		}
		s.electWhenDrained()
	})
}

func (s *Server) saveAccepted(epoch int64, then func()) {
	s.flow("save acceptedEpoch", func(t *node.Task) error {
		err := store.SaveEpoch(t, s.env.Disk(), store.AcceptedEpoch, epoch, s.cfg.Bugs, s.env.Observe)
		s.accepted = epoch
		return err
	}, then)
}

func (s *Server) saveCurrent(epoch int64, then func()) {
	s.flow("save currentEpoch", func(t *node.Task) error {
		err := store.SaveEpoch(t, s.env.Disk(), store.CurrentEpoch, epoch, s.cfg.Bugs, s.env.Observe)
		s.current = epoch
		return err
	}, then)
}

// truncate cuts the history after z, on the disk and in memory. The tree cannot
// be wound back, so it is rebuilt from the files.
func (s *Server) truncate(z wire.Zxid, then func()) {
	from, term := s.db.log.LastZxid(), s.term
	s.observe(facts.Truncating, int64(z), int64(from))
	s.flow("truncate", func(t *node.Task) error {
		if err := store.Truncate(t, s.env.Disk(), s.db.log, z, s.cfg.Bugs); err != nil {
			return err
		}
		s.observe(facts.Truncated, int64(z), int64(from))
		if s.bug(bugs.TruncKeepsMemory) && term != s.term {
			return nil
		}
		return s.reload(t)
	}, then)
}

// install replaces the history by a snapshot from the leader.
func (s *Server) install(z wire.Zxid, snapshot []byte, then func()) {
	s.flow("install snapshot", func(t *node.Task) error {
		if err := store.Install(t, s.env.Disk(), s.db.log, z, snapshot, s.cfg.Bugs); err != nil {
			return err
		}
		if err := s.reload(t); err != nil {
			return err
		}
		s.observe(facts.SnapshotLoaded, int64(z), 0, int64(s.db.tree.Digest()))
		return nil
	}, then)
}

// reload rebuilds the tree after the files changed under it.
func (s *Server) reload(t *node.Task) error {
	h, err := store.Load(s.env.Disk(), s.db.log, s.cfg.Bugs, s.cfg.CommitLogCount)
	if err != nil {
		return err
	}
	s.db.reset(h)
	return s.db.log.Settle(t)
}

// recover rebuilds the database at boot.
func (s *Server) recover() error {
	r, err := store.Recover(s.env.Disk(), s.cfg.Bugs, s.cfg.CommitLogCount)
	if err != nil {
		return err
	}
	s.accepted, s.current = r.Accepted, r.Current
	s.bare = s.cfg.PreparedDisks && !store.IsPrepared(s.env.Disk()) && !s.bug(bugs.LostDiskVotes)
	if err := s.loadConfiguration(); err != nil {
		return err
	}
	s.db = &database{log: r.Log, keep: s.cfg.CommitLogCount, bugs: s.cfg.Bugs}
	s.db.reset(r.History)
	if r.Opened.TornFile != "" {
		s.env.Observe(node.Event{
			Kind: facts.TornTail, N: [4]int64{r.Opened.TornAt, r.Opened.Dropped}, Text: r.Opened.TornFile,
		})
	}
	s.observe(facts.Recovered, int64(r.LastZxid), int64(r.SnapshotZxid), int64(s.db.tree.Digest()), int64(s.db.log.LastZxid()))
	s.drawSnapshotPoint()
	return nil
}

// refuseStart ends a process whose disk holds what no crash can have left there: to
// go on without it would be to forget what was acknowledged.
func (s *Server) refuseStart(why error) {
	s.env.Observe(node.Event{Kind: facts.StartRefused, Text: why.Error()})
	s.env.Exit(why.Error())
}

// raiseCurrentEpoch closes the window between logging a later epoch's history and
// saving currentEpoch: see the package comment.
func (s *Server) raiseCurrentEpoch() {
	e := s.db.log.LastZxid().Epoch()
	if e <= s.current || s.cfg.Standalone {
		return
	}
	s.saveCurrent(e, func() {})
}

// fastForward applies what is in the log and not in the tree (ZOOKEEPER-2845):
// the vote that follows claims all of it. A log that rotted meanwhile is found out
// here: to vote without what cannot be read would claim a tree that nobody has.
func (s *Server) fastForward() error {
	if s.bug(bugs.StaleMemoryTree) {
		return nil
	}
	missing, err := s.db.log.Read(s.db.tree.LastProcessed())
	if err != nil {
		return err
	}
	for _, txn := range missing {
		s.db.apply(txn, true)
	}
	if len(missing) > 0 {
		s.observe(facts.FastForwarded, int64(s.db.tree.LastProcessed()), int64(len(missing)))
	}
	return nil
}
