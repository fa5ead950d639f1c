package broker

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// cleanSlate sees to it that a new log is not taken for the one that its directory had
// before: of a replica that went and comes again, or of another topic of the name. It
// takes nothing until the files of that are durably gone and no checkpoint speaks of it.
// Otherwise a crash would have
//
//	the recovery point call durable what never was: where segments lost their content,
//	a log goes on behind a hole
//	the log start hide what was never deleted
//	the high watermark commit what nobody else has
//
// Kafka takes a log out of its checkpoints when it removes it (KAFKA-8362 is a case that
// was forgotten), which is more writing, and as good.
func (s *Server) cleanSlate(r *localReplica) {
	if !s.removing(r.log.Dir()) && len(s.speaking(r.log.Dir())) == 0 {
		return
	}
	r.log.Hold()
	s.env.Go("clean slate of "+r.Name(), func(t *node.Task) {
		if s.forget(t, r.log.Dir()) != nil || r.log.gone {
			return // a broker that ends, or a replica that has
		}
		s.observeOf(r.Name(), facts.CleanSlate)
		r.log.Release()
		s.whenSettled(r)
		s.settleSoon()
	})
}

// removing reports whether a crash may bring back files that were removed from a
// directory.
func (s *Server) removing(dir string) bool {
	for _, other := range s.deletions { //sim:unordered any of them will do
		if other == dir {
			return true
		}
	}
	return false
}

// speaking lists the checkpoints that may say something about the log of a directory.
func (s *Server) speaking(dir string) (all []checkpoint) {
	for which := range checkpointFiles {
		if s.noted[which].speaks[dir] {
			all = append(all, which)
		}
	}
	return all
}

// forget makes what was removed from a directory, and what was said about it, a thing of
// the past. An error ends the broker.
func (s *Server) forget(t *node.Task, dir string) error {
	old := s.speaking(dir)
	if s.removing(dir) {
		if err := t.SyncDir(); err != nil {
			s.env.Exit(err.Error())
			return err
		}
	}
	for _, which := range old {
		if err := s.saveOffsets(t, which); err != nil {
			return err
		}
	}
	return nil
}
