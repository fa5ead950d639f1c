package broker

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
)

// beginLog sees to it that a new log is taken for what it is, whenever the broker starts again:
// not for the one that its directory had before, of a replica that went and comes again, or of
// another topic of the name. It takes nothing until no checkpoint speaks of that, and until
// it is noted which topic it is of (KIP-516). Otherwise a crash would have
//
//	the recovery point call durable what never was: where segments lost their content,
//	a log goes on behind a hole
//	the log start hide what was never deleted
//	the high watermark commit what nobody else has
//	the next topic of the name begin with the records of this one
//
// Kafka takes a log out of its checkpoints when it removes it (KAFKA-8362 is a case that
// was forgotten), which is more writing, and as good; and it notes the topic before it appends.
func (s *Server) beginLog(r *localReplica) {
	r.log.Hold()
	s.env.Go("begin of "+r.Name(), func(t *node.Task) {
		if s.cleanSlate(t, r) != nil || r.log.gone {
			return // a broker that ends, or a replica that has
		}
		id := znodes.TopicID(r.Topic())
		err := log.SaveTopicID(t, s.env.Disk(), r.log.Dir(), id.String(), r.number)
		switch {
		case r.log.gone: // and the file with it, maybe before it was there
			return
		case err != nil:
			s.giveUp(r.log.Dir()+log.PartitionMetadata, err)
			return
		}
		r.log.Release()
		s.whenSettled(r)
		s.settleSoon()
	})
}

// cleanSlate makes what checkpoints say about the directory of a log a thing of the past. An
// error ends the broker.
func (s *Server) cleanSlate(t *node.Task, r *localReplica) error {
	old := s.speaking(r.log.Dir())
	for _, which := range old {
		if err := s.saveOffsets(t, which); err != nil {
			return err
		}
	}
	if len(old) > 0 && !r.log.gone {
		s.observeOf(r.Name(), facts.CleanSlate)
	}
	return nil
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
