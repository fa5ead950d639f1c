package controller

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	zk "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// A reassignment moves a partition to other brokers (KIP-455). Until all of the target
// are in sync, old and new replicas are all assigned; the znode of the topic says which
// are coming and which are going, so that a new controller can go on or turn back.
//
//	               replicas       adding   removing  leader  in sync
//	before         1,2,3                             1       1,2,3
//	written        4,5,6,1,2,3    4,5,6    1,2,3     1       1,2,3
//	caught up      4,5,6,1,2,3    4,5,6    1,2,3     1       1,2,3,4,5,6
//	led anew       4,5,6,1,2,3    4,5,6    1,2,3     4       1,2,3,4,5,6
//	shrunk         4,5,6,1,2,3    4,5,6    1,2,3     4       4,5,6
//	ended          4,5,6                             4       4,5,6

// reassignTo is the assignment on the way from a's original replicas to a target.
func reassignTo(a znodes.Assignment, target []int32) znodes.Assignment {
	original := a.Original()
	full := slices.Clone(target)
	for _, id := range original {
		if !slices.Contains(full, id) {
			full = append(full, id)
		}
	}
	in := func(list []int32) func(int32) bool { return func(id int32) bool { return slices.Contains(list, id) } }
	return znodes.Assignment{
		Replicas: full,
		Adding:   slices.DeleteFunc(slices.Clone(full), in(original)),
		Removing: slices.DeleteFunc(slices.Clone(full), in(target)),
	}
}

// reassigningNow lists the partitions whose reassignment is under way.
func (c *Controller) reassigningNow() []*partition {
	return c.cluster.all(func(p *partition) bool { return c.cluster.reassigning[p.id] })
}

func (c *Controller) stateReassignment(p *partition, step int64) {
	a := p.assignment
	c.state(node.Event{Kind: facts.Reassignment, Text: p.id.String(), N: [4]int64{
		facts.Set(a.Replicas), facts.Set(a.Adding), facts.Set(a.Removing), step,
	}})
}

// reassign begins a reassignment, goes on with it, or puts another in its place. It
// reports whether it could: not if that would take away every replica that is in sync.
func (c *Controller) reassign(p *partition, a znodes.Assignment) bool {
	if !c.enterReassignment(p, a) {
		return false
	}
	c.holdUp(c.cluster.topics[p.id.Topic])
	c.cluster.reassigning[p.id] = true
	for _, id := range a.Adding {
		if p.replicas[id] == nonExistentReplica {
			p.replicas[id] = newReplica // it is told below; uncounted, it could never be removed again
		}
	}
	c.zk.OnNode(znodes.StatePath(p.id), func(zookeeper.Event) {
		c.putActive("state changed", func() { c.completeIfCaughtUp(p) })
	})
	if c.caughtUp(p) && c.finishReassignment(p) {
		return true
	}
	if c.raiseEpoch(p) {
		c.addLeader(a.Original(), p, false)
		c.addLeader(a.Adding, p, true)
		c.flush()
	}
	c.stateReassignment(p, facts.ReassignmentBegun)
	return true
}

// enterReassignment writes an assignment, if it is another than it was. Replicas that the
// one before wanted and this one does not go first, and out of sync before they go; those
// that are new come after it is written: so nobody is in sync who is not assigned
// (KAFKA-9672). If we die in between, the one before goes on.
func (c *Controller) enterReassignment(p *partition, a znodes.Assignment) bool {
	before := p.assignment
	if before.Equal(a) {
		return true
	}
	in := func(list []int32) func(int32) bool { return func(id int32) bool { return slices.Contains(list, id) } }
	unneeded := slices.DeleteFunc(slices.Clone(before.Replicas), in(a.Replicas))
	if len(unneeded) > 0 {
		stay := slices.DeleteFunc(slices.Clone(before.Replicas), in(unneeded))
		if !c.leadFrom(p, znodes.Assignment{Replicas: stay}, stay, func([]int32) bool { return true }) {
			return false
		}
		c.removeReplicas(p, unneeded)
	}
	p.assignment = a
	c.writeAssignments(c.cluster.topics[p.id.Topic])
	c.stateReassignment(p, facts.ReassignmentWritten)
	return true
}

// caughtUp reports whether all replicas of the target are in sync, as of now.
func (c *Controller) caughtUp(p *partition) bool {
	if !p.assignment.Reassigning() {
		return true
	}
	r := c.read(zookeeper.Get(znodes.StatePath(p.id)))[0]
	return r.OK() && c.allIn(p.assignment.Target())(c.decodeState(p.id, &r).Isr)
}

// allIn reports whether all of a list are in sync.
func (c *Controller) allIn(list []int32) func(isr []int32) bool {
	if c.cfg.Bugs.Has(bugs.ReassignedUnsynced) {
		return func([]int32) bool { return true }
	}
	return func(isr []int32) bool {
		return !slices.ContainsFunc(list, func(id int32) bool { return !slices.Contains(isr, id) })
	}
}

// completeIfCaughtUp ends a reassignment that waits for nothing any more. It raises no
// epoch in vain: this is what a change of the state leads to.
func (c *Controller) completeIfCaughtUp(p *partition) {
	if c.cfg.Bugs.Has(bugs.ReassignedForEver) {
		return
	}
	if c.cluster.find(p.id) == p && c.cluster.reassigning[p.id] && c.caughtUp(p) {
		c.finishReassignment(p)
	}
}

// finishReassignment leaves the target alone, unless it finds that one of it has fallen
// out of sync since. The znode of the topic comes last, since it alone says what there was
// before: a new controller that finds it unchanged does all of this again.
func (c *Controller) finishReassignment(p *partition) bool {
	a := p.assignment
	for _, id := range a.Adding {
		c.moveReplicas([]replica{{p, id}}, onlineReplica)
	}
	if !c.leadFrom(p, znodes.Assignment{Replicas: a.Target()}, a.Target(), c.allIn(a.Target())) && a.Reassigning() {
		return false
	}
	if a.Reassigning() {
		c.stateReassignment(p, facts.ReassignmentCaughtUp)
	}
	c.removeReplicas(p, a.Removing)
	c.writeAssignments(c.cluster.topics[p.id.Topic])
	c.zk.OnNode(znodes.StatePath(p.id), nil)
	c.dropAsked(func(r znodes.Reassignment) bool {
		return r.TopicPartition == p.id && slices.Equal(r.Replicas, p.assignment.Replicas)
	})
	delete(c.cluster.reassigning, p.id)
	c.stateReassignment(p, facts.ReassignmentEnded)
	c.sendMetadata(c.cluster.brokerIDs(), p)
	c.release(c.cluster.topics[p.id.Topic])
	c.resumeDeletions()
	return true
}

// leadFrom has a partition led from among some replicas, under another assignment: by its
// leader, if that is one of them and lives, or else by one that is in sync. The epoch
// rises in any case, so that the leader, which does not know the assignment yet, can
// change nothing in between. That some replicas are in sync is demanded of the very
// state that is written over:
//
//	leader 1, in sync 1,2,3, target 2,3     all of the target are in sync
//	leader 1 finds 2 and 3 lagging          in sync 1
//	replica 1 is removed                    and with it what only it had
func (c *Controller) leadFrom(p *partition, a znodes.Assignment, keep []int32, demand func(isr []int32) bool) bool {
	for {
		r := c.read(zookeeper.Get(znodes.StatePath(p.id)))[0]
		if r.Err == zk.ErrNoNode { // it has never been led
			p.assignment = a
			return true
		}
		next := c.decodeState(p.id, &r)
		if !demand(next.Isr) {
			return false
		}
		kind := noElection
		if !slices.Contains(keep, next.Leader) || !c.cluster.lives(next.Leader, p) {
			inSync := next.Isr
			if c.cfg.Bugs.Has(bugs.ReassignedUnsynced) {
				inSync = keep
			}
			chosen, found := reassigned(&candidates{replicas: keep, isr: inSync, lives: func(id int32) bool { return c.cluster.lives(id, p) }})
			if !found {
				return false
			}
			next.Leader, kind = chosen.leader, facts.ElectedReassigned
		}
		next.LeaderEpoch++
		next.ControllerEpoch = c.epoch
		if len(c.writeStates([]*proposal{{partition: p, next: next, version: r.Stat.Version, kind: kind}})) == 0 {
			break
		}
	}
	p.assignment = a
	movePartitions([]*partition{p}, onlinePartition)
	c.addLeader(keep, p, false)
	c.flush()
	return true
}

// removeReplicas takes replicas out of sync, and has them deleted. Nobody waits for it:
// they do not count any more.
func (c *Controller) removeReplicas(p *partition, ids []int32) {
	var list []replica
	for _, id := range ids {
		list = append(list, replica{p, id})
	}
	for _, to := range []replicaPhase{offlineReplica, deletionStarted, deletionSuccessful, nonExistentReplica} {
		c.moveReplicas(list, to)
	}
}

// resumeReassignments goes on after a failover: first with what an operator has left in
// the znode meanwhile, which takes the place of what was under way.
func (c *Controller) resumeReassignments() {
	asked := c.reassignAsAsked()
	for _, p := range c.reassigningNow() {
		if !asked[p.id] {
			c.reassign(p, p.assignment)
		}
	}
}

// reassignAsAsked takes up what an operator has left in the znode, and strikes off what
// cannot be done.
func (c *Controller) reassignAsAsked() (taken map[znodes.TopicPartition]bool) {
	taken = map[znodes.TopicPartition]bool{}
	failed := map[znodes.TopicPartition]bool{}
	for _, r := range c.asked() {
		p := c.cluster.find(r.TopicPartition)
		if p == nil || c.cluster.doomed(p) || len(r.Replicas) == 0 {
			failed[r.TopicPartition] = true
			continue
		}
		if c.reassign(p, reassignTo(p.assignment, r.Replicas)) {
			taken[p.id] = true
		} else {
			failed[p.id] = true
		}
	}
	if len(failed) > 0 {
		c.dropAsked(func(r znodes.Reassignment) bool { return failed[r.TopicPartition] })
	}
	return taken
}

// asked reads what an operator has left, and watches for more.
func (c *Controller) asked() []znodes.Reassignment {
	replies := c.read(zookeeper.Exists(znodes.ReassignPartitions), zookeeper.Get(znodes.ReassignPartitions))
	if !replies[1].OK() {
		return nil
	}
	list, err := znodes.DecodeReassignments(replies[1].Data)
	if err != nil {
		return nil // an operator's typing error is no reason to stop
	}
	return list
}

// dropAsked strikes off what is done. With the last the znode goes.
func (c *Controller) dropAsked(done func(znodes.Reassignment) bool) {
	list := c.asked()
	rest := slices.DeleteFunc(slices.Clone(list), done)
	switch {
	case len(rest) == len(list):
	case len(rest) == 0:
		c.remove(znodes.ReassignPartitions)
		c.asked() // watches for the next
	default:
		w := c.write(zookeeper.Set(znodes.ReassignPartitions, znodes.EncodeReassignments(rest), zookeeper.AnyVersion))[0]
		if w.err != zk.OK && w.err != zk.ErrNoNode {
			panic("controller: cannot write " + znodes.ReassignPartitions + ": " + w.err.String())
		}
	}
}

// alterReassignments begins and cancels reassignments as a request asks; nil replicas
// cancel.
func (c *Controller) alterReassignments(asked map[znodes.TopicPartition][]int32) map[znodes.TopicPartition]wire.ErrorCode {
	result := map[znodes.TopicPartition]wire.ErrorCode{}
	next := map[znodes.TopicPartition]znodes.Assignment{}
	keys := slices.SortedFunc(maps.Keys(asked), znodes.TopicPartition.Compare)
	for _, key := range keys {
		a, code := c.reassignmentOf(key, asked[key])
		if result[key] = code; code == wire.OK {
			next[key] = a
		}
	}
	c.dropAsked(func(r znodes.Reassignment) bool { _, replaced := next[r.TopicPartition]; return replaced })
	for _, key := range keys {
		if a, ok := next[key]; ok {
			p := c.cluster.find(key)
			switch done := c.reassign(p, a); {
			case !done:
				result[key] = wire.InvalidReplicaAssignment
			case asked[key] == nil:
				c.stateReassignment(p, facts.ReassignmentCancelled)
			}
		}
	}
	return result
}

// reassignmentOf checks one wish.
func (c *Controller) reassignmentOf(key znodes.TopicPartition, target []int32) (znodes.Assignment, wire.ErrorCode) {
	p := c.cluster.find(key)
	if p == nil || c.cluster.doomed(p) {
		return znodes.Assignment{}, wire.UnknownTopicOrPartition
	}
	if target == nil {
		if !p.assignment.Reassigning() {
			return znodes.Assignment{}, wire.NoReassignmentInProgress
		}
		return reassignTo(p.assignment, p.assignment.Original()), wire.OK
	}
	a := reassignTo(p.assignment, target)
	twice := len(slices.Compact(sortedBrokers(target))) != len(target)
	if len(target) == 0 || twice || len(c.cluster.living(a.Adding, p)) != len(a.Adding) {
		return znodes.Assignment{}, wire.InvalidReplicaAssignment
	}
	return a, wire.OK
}
