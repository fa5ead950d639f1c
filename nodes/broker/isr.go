package broker

import (
	"github.com/stampede-sim/stampede/nodes/broker/replica"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// reviewIsr looks which in-sync replicas have fallen behind, of all partitions that are
// led here. It runs twice in the time after which they count as behind.
func (s *Server) reviewIsr() {
	now := s.env.Now()
	for _, r := range s.sortedReplicas() {
		if out := r.Lagging(now); out != 0 {
			s.writeIsr(r, r.Shrink(out))
		}
	}
	s.env.SetTimer(s.cfg.ReplicaLag/2, node.Tag{Kind: tagReviewIsr})
}

// welcome counts a follower in that has just fetched, if it may be.
func (s *Server) welcome(r *localReplica, follower int32) {
	if r.Expandable(follower) {
		s.writeIsr(r, r.Expand(follower))
	}
}

// writeIsr has a task write the in-sync replicas of a partition.
func (s *Server) writeIsr(r *localReplica, p *replica.Proposal) {
	s.env.Go("isr "+r.Name(), func(t *node.Task) { s.writeState(t, r, p) })
}

// writeState replaces the state znode, if it still has the version that the proposal
// rests on, and sees to it that the outcome becomes known. A write whose session ended
// may have happened before it did, and cannot happen after; the next session tells.
func (s *Server) writeState(t *node.Task, r *localReplica, p *replica.Proposal) {
	path, state := znodes.StatePath(r.tp), r.State()
	data := (&znodes.State{
		Leader: state.Leader, LeaderEpoch: p.LeaderEpoch, Isr: p.Isr.Members(), ControllerEpoch: state.ControllerEpoch,
	}).Encode()
	if s.cfg.Bugs.Has(bugs.RefusedVersionKept) {
		s.writeStateOnce(t, r, p, zookeeper.Set(path, data, p.Version))
		return
	}
	reply := s.zk.SetWhile(t, path, data, p.Version, func() bool { return r.Current(p) })
	for !s.concluded(r, p, &reply) {
		if reply.Over() || reply.Unknown {
			s.awaitSession(t)
		}
		if !r.Current(p) {
			return // the controller has told how things stand
		}
		reply = s.zk.Do(t, zookeeper.Sync(path), zookeeper.Get(path))[1]
		if reply.OK() {
			s.found(r, p, &reply)
			return
		}
	}
}

// writeStateOnce is the bug RefusedVersionKept: a write that did not succeed is taken for
// one that did not happen, and the next rests on the same version.
func (s *Server) writeStateOnce(t *node.Task, r *localReplica, p *replica.Proposal, write zookeeper.Op) {
	if reply := s.zk.One(t, write); reply.OK() {
		s.isrWritten(r, r.Committed(p, reply.Stat.Version, s.env.Now()))
		return
	}
	r.Undone(p)
}

// concluded takes the outcome of a write, if it is one.
func (s *Server) concluded(r *localReplica, p *replica.Proposal, reply *zookeeper.Reply) bool {
	switch {
	case reply.Unknown || reply.Over():
		return false
	case reply.OK() && reply.Adopted:
		s.found(r, p, reply)
	case reply.OK():
		s.isrWritten(r, r.Committed(p, reply.Stat.Version, s.env.Now()))
	case reply.Err == cwire.ErrBadVersion && reply.Data != nil:
		s.found(r, p, reply)
	case reply.Err == cwire.ErrBadVersion:
		return false
	default: // there is no such znode any more: the topic is going
		r.Undone(p)
	}
	return true
}

// found tells the partition what its state znode holds.
func (s *Server) found(r *localReplica, p *replica.Proposal, reply *zookeeper.Reply) {
	state, err := znodes.DecodeState(r.tp, reply.Data)
	if err != nil {
		s.env.Exit(err.Error())
		return
	}
	raised := r.Found(p, replica.State{
		Leader: state.Leader, LeaderEpoch: state.LeaderEpoch, ControllerEpoch: state.ControllerEpoch,
		Isr: replica.SetOf(state.Isr...), Version: reply.Stat.Version,
	}, s.env.Now())
	if !r.Refused() {
		s.isrWritten(r, raised)
	}
}

// isrWritten passes on that the in-sync replicas of a partition have changed: to those
// who wait for the high watermark, and to the controller, who tells everybody else.
func (s *Server) isrWritten(r *localReplica, raised bool) {
	s.touch(r)
	s.changedIsr = append(s.changedIsr, r.tp)
	if !s.notifying {
		s.notifying = true
		s.env.Go("isr notification", s.notifyController)
	}
}

// notifyController writes which partitions have changed where the controller looks. One
// that was written in vain is written again; one too many does no harm.
func (s *Server) notifyController(t *node.Task) {
	for len(s.changedIsr) > 0 {
		list := s.changedIsr
		s.changedIsr = nil
		r := s.zk.One(t, zookeeper.CreateSequential(znodes.IsrChangePath(), znodes.EncodePartitions(list)))
		if !r.OK() {
			s.changedIsr = append(list, s.changedIsr...)
			s.awaitSession(t)
		}
	}
	s.notifying = false
}
