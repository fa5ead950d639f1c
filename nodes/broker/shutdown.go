package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Shutdown has the broker stop in order, as an operator would with a signal: the
// controller gives its leaderships to others, the logs are closed so that the next start
// may believe them, and the process exits.
//
// It makes the broker a [node.Terminator].
func (s *Server) Shutdown() { s.env.SetTimer(0, node.Tag{Kind: tagShutdown}) }

// shutdown is the task of it.
func (s *Server) shutdown(t *node.Task) {
	if s.leaving {
		return
	}
	s.leaving = true
	for try := range s.cfg.ShutdownRetries {
		if try > 0 {
			t.Sleep(s.cfg.ShutdownBackoff)
		}
		if s.giveUpLeaderships(t) {
			s.observe(facts.ShutdownComplete, int64(s.cfg.ID))
			break
		}
	}
	s.closeDown(t)
}

// giveUpLeaderships asks the controller to, and reports whether none is left.
func (s *Server) giveUpLeaderships(t *node.Task) bool {
	r := kmsg.NewPtrControlledShutdownRequest()
	r.Version, r.BrokerID, r.BrokerEpoch = 3, s.cfg.ID, s.epoch
	var answer *kmsg.ControlledShutdownResponse
	var done node.Signal
	s.askController(r, func(a kmsg.Response) {
		answer, _ = a.(*kmsg.ControlledShutdownResponse)
		done.Set(nil)
	})
	t.Await(&done)
	return answer != nil && answer.ErrorCode == 0 && len(answer.PartitionsRemaining) == 0
}

// closeDown ends all conversations, brings everything to the disk, says so there, and takes
// the broker's znode away, so that nobody has to wait for its session to end. A broker that
// has not opened all its logs yet knows nothing about them: what a crash took of those is
// found by the next start, which must not believe them (KAFKA-10471), and the checkpoints
// stay as they are.
func (s *Server) closeDown(t *node.Task) {
	s.up = false
	for _, id := range s.sortedChannels() {
		s.drop(s.channels[id])
		s.env.Close(id)
	}
	for _, r := range s.sortedReplicas() {
		s.fetchers.remove(r)
		r.Stop()
	}
	if s.recovered && s.closeLogs(t) == nil {
		s.observe(facts.LogsClosed)
		log.MarkClean(t, s.env.Disk(), s.epoch)
	}
	if s.registered {
		s.zk.One(t, zookeeper.Delete(znodes.BrokerPath(s.cfg.ID), zookeeper.AnyVersion))
	}
	s.env.Exit("shut down")
}

// closeLogs brings all logs to the disk, and then the checkpoints.
func (s *Server) closeLogs(t *node.Task) error {
	for _, r := range s.sortedReplicas() {
		if err := r.log.Close(); err != nil {
			return err
		}
		if err := r.log.Settle(t); err != nil {
			return err
		}
	}
	if err := s.saveMarks(t); err != nil {
		return err
	}
	return s.savePoints(t)
}
