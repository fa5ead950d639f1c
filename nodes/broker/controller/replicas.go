package controller

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// replicaPhase is the state of a replica in the controller's machine:
//
//	nonExistent -> new -> online <-> offline -> deletionStarted -> deletionSuccessful -> nonExistent
//	                                 offline <- deletionIneligible <- deletionStarted
//
// An ineligible one could not be deleted, or lay on a broker that does not live; its
// deletion is tried again from offline.
type replicaPhase uint8

const (
	nonExistentReplica replicaPhase = iota
	newReplica
	onlineReplica
	offlineReplica
	deletionStarted
	deletionIneligible
	deletionSuccessful
)

// may reports whether a transition is legal.
func (from replicaPhase) may(to replicaPhase) bool {
	switch to {
	case newReplica:
		return from == nonExistentReplica
	case onlineReplica, offlineReplica:
		return from == newReplica || from == onlineReplica || from == offlineReplica || from == deletionIneligible
	case deletionStarted:
		return from == offlineReplica
	case deletionSuccessful:
		return from == deletionStarted
	case deletionIneligible:
		return from == offlineReplica || from == deletionStarted
	}
	return from == deletionSuccessful
}

// moveReplicas takes replicas to a phase, tells brokers, and leaves alone those that may
// not go there.
func (c *Controller) moveReplicas(list []replica, to replicaPhase) {
	list = slices.DeleteFunc(slices.Clone(list), func(r replica) bool { return !r.replicas[r.broker].may(to) })
	switch to {
	case newReplica:
		c.startNew(list)
	case onlineReplica:
		c.bringReplicasOnline(list)
	case offlineReplica:
		c.takeOffline(list)
	case deletionStarted:
		for _, r := range list {
			r.replicas[r.broker] = to
			c.addStop(r, true)
		}
	case deletionIneligible, deletionSuccessful:
		for _, r := range list {
			r.replicas[r.broker] = to
		}
	case nonExistentReplica:
		for _, r := range list {
			delete(r.replicas, r.broker)
			a := &r.assignment
			*a = znodes.Assignment{Replicas: without(a.Replicas, r.broker), Adding: without(a.Adding, r.broker), Removing: without(a.Removing, r.broker)}
		}
	}
	c.flush()
}

// startNew tells brokers of replicas that they shall have. Of a partition without a
// state, there is nothing to tell yet.
func (c *Controller) startNew(list []replica) {
	for _, r := range list {
		r.replicas[r.broker] = newReplica
		leads := r.state != nil && r.state.Leader == r.broker // so it must have been there before
		if r.state != nil && !leads {
			c.addLeader([]int32{r.broker}, r.partition, true)
		}
	}
}

// bringReplicasOnline tells brokers of replicas that they have. A new one was told when
// it became new.
func (c *Controller) bringReplicasOnline(list []replica) {
	for _, r := range list {
		if r.replicas[r.broker] != newReplica && r.state != nil {
			c.addLeader([]int32{r.broker}, r.partition, false)
		}
		r.replicas[r.broker] = onlineReplica
	}
}

// takeOffline stops replicas, takes them out of the in-sync replicas, and tells the
// others of the partition.
func (c *Controller) takeOffline(list []replica) {
	byBroker := map[int32][]replica{}
	var brokers []int32
	for _, r := range list {
		c.addStop(r, false)
		if !slices.Contains(brokers, r.broker) {
			brokers = append(brokers, r.broker)
		}
		byBroker[r.broker] = append(byBroker[r.broker], r)
	}
	slices.Sort(brokers)
	for _, id := range brokers {
		var led []*partition
		for _, r := range byBroker[id] {
			if r.state == nil {
				r.replicas[id] = offlineReplica
				c.addUpdate(c.cluster.brokerIDs(), r.partition)
				continue
			}
			led = append(led, r.partition)
		}
		for len(led) > 0 {
			led = c.leaveInSync(id, led)
		}
	}
}

// leaveInSync takes a replica out of the in-sync replicas, once; it returns the
// partitions whose state somebody else wrote in between.
func (c *Controller) leaveInSync(id int32, list []*partition) (again []*partition) {
	var proposals []*proposal
	for i, r := range c.read(statesOf(list)...) {
		p := list[i]
		if !r.OK() {
			p.replicas[id] = offlineReplica // its topic is just being deleted
			continue
		}
		now := c.decodeState(p.id, &r)
		if !slices.Contains(now.Isr, id) {
			p.state, p.version = now, r.Stat.Version
			c.tellLeft(id, p)
			continue
		}
		proposals = append(proposals, &proposal{partition: p, next: c.left(now, id), version: r.Stat.Version, kind: noElection})
	}
	refused := c.writeStates(proposals)
	for _, p := range proposals {
		if slices.Contains(refused, p) {
			again = append(again, p.partition)
		} else {
			c.tellLeft(id, p.partition)
		}
	}
	return again
}

// left is a state after a replica has left the in-sync replicas. The last one stays
// in them, since it alone has all that was committed; then nobody leads.
func (c *Controller) left(now *znodes.State, id int32) *znodes.State {
	next := now.Clone()
	next.LeaderEpoch++
	next.ControllerEpoch = c.epoch
	if next.Leader == id {
		next.Leader = znodes.NoLeader
	}
	if len(next.Isr) > 1 || c.cfg.Bugs.Has(bugs.LastReplicaLeaves) {
		next.Isr = without(next.Isr, id)
	}
	return next
}

// tellLeft tells the other replicas, unless their topic is being deleted.
func (c *Controller) tellLeft(id int32, p *partition) {
	p.replicas[id] = offlineReplica
	if !c.cluster.doomed(p) {
		c.addLeader(without(p.assignment.Replicas, id), p, false)
	}
}
