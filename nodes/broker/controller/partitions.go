package controller

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	zk "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// phase is the state of a partition in the controller's machine:
//
//	nonExistent -> new -> online <-> offline -> nonExistent
//
// A new partition has replicas and no state znode. An offline one had a leader that has
// gone, and none could be elected yet.
type phase uint8

const (
	nonExistentPartition phase = iota
	newPartition
	onlinePartition
	offlinePartition
)

// may reports whether a transition is legal.
func (from phase) may(to phase) bool {
	switch to {
	case newPartition:
		return from == nonExistentPartition
	case onlinePartition, offlinePartition:
		return from != nonExistentPartition
	}
	return from == offlinePartition
}

// movePartitions notes a phase that takes no election.
func movePartitions(list []*partition, to phase) {
	for _, p := range list {
		if p.phase.may(to) {
			p.phase = to
		}
	}
}

// electLeaders brings partitions online: new ones get their first state, for the others
// a leader is elected. Whoever gets a leader in vain is in failed.
func (c *Controller) electLeaders(list []*partition, s strategy) (failed map[znodes.TopicPartition]wire.ErrorCode) {
	failed = map[znodes.TopicPartition]wire.ErrorCode{}
	var fresh, led []*partition
	for _, p := range list {
		switch p.phase {
		case newPartition:
			fresh = append(fresh, p)
		case onlinePartition, offlinePartition:
			led = append(led, p)
		}
	}
	c.initialize(fresh)
	for len(led) > 0 {
		led = c.electOnce(led, s, failed)
	}
	c.flush()
	return failed
}

// initialize gives new partitions their first state: the first replica that lives leads,
// and all that live are in sync, as all logs are empty.
func (c *Controller) initialize(list []*partition) {
	var proposals []*proposal
	for _, p := range list {
		live := c.cluster.living(p.assignment.Replicas, p)
		if len(live) == 0 {
			c.state(node.Event{Kind: facts.NoLeaderFound, Text: p.id.String(), N: [4]int64{facts.Set(p.assignment.Replicas), -1}})
			continue
		}
		next := &znodes.State{Leader: live[0], LeaderEpoch: znodes.InitialLeaderEpoch, Isr: live, ControllerEpoch: c.epoch}
		proposals = append(proposals, &proposal{partition: p, next: next, kind: facts.ElectedNew})
	}
	refused := c.createStates(proposals)
	for _, p := range proposals {
		if slices.Contains(refused, p) {
			continue // somebody has made the znode: the next failover reads it
		}
		p.phase = onlinePartition
		c.addLeader(p.state.Isr, p.partition, true)
	}
}

// electOnce reads the states, elects and writes, once; it returns the partitions whose
// state somebody else wrote in between.
func (c *Controller) electOnce(list []*partition, s strategy, failed map[znodes.TopicPartition]wire.ErrorCode) (again []*partition) {
	var proposals []*proposal
	for i, r := range c.read(statesOf(list)...) {
		p := list[i]
		if !r.OK() {
			failed[p.id] = wire.UnknownTopicOrPartition
			continue
		}
		now := c.decodeState(p.id, &r)
		next, kind, found := c.elected(p, now, s)
		if !found {
			failed[p.id] = wire.EligibleLeadersNotAvailable
			c.state(node.Event{Kind: facts.NoLeaderFound, Text: p.id.String(), N: [4]int64{facts.Set(now.Isr), int64(now.LeaderEpoch)}})
			continue
		}
		proposals = append(proposals, &proposal{partition: p, next: next, version: r.Stat.Version, kind: kind})
	}
	refused := c.writeStates(proposals)
	for _, p := range proposals {
		if slices.Contains(refused, p) {
			again = append(again, p.partition)
			continue
		}
		p.phase = onlinePartition
		c.addLeader(c.recipients(p.partition, s), p.partition, false)
	}
	return again
}

// statesOf are reads of the state znodes.
func statesOf(list []*partition) []zookeeper.Op {
	ops := make([]zookeeper.Op, len(list))
	for i, p := range list {
		ops[i] = zookeeper.Get(znodes.StatePath(p.id))
	}
	return ops
}

// elected is the state after an election, whose leader epoch is the next.
func (c *Controller) elected(p *partition, now *znodes.State, s strategy) (next *znodes.State, kind int, found bool) {
	who := c.candidatesOf(p, now, s.unclean)
	if s.kind == facts.ElectedOffline && !s.unclean && !slices.ContainsFunc(now.Isr, who.lives) {
		who.unclean = c.uncleanAllowed(p.id.Topic)
	}
	chosen, found := s.elect(who)
	if !found {
		return nil, 0, false
	}
	kind = s.kind
	next = &znodes.State{
		Leader: chosen.leader, LeaderEpoch: c.nextEpoch(now), Isr: chosen.isr,
		Recovering: now.Recovering || chosen.unclean, ControllerEpoch: c.epoch,
	}
	if chosen.unclean {
		kind = facts.ElectedUnclean
	}
	return next, kind, true
}

// uncleanAllowed reads whether a replica that is not in sync may lead: by the topic's
// configuration, or else by that of the broker.
func (c *Controller) uncleanAllowed(topic string) bool {
	path := znodes.ConfigPath(znodes.TopicConfig, topic)
	r := c.read(zookeeper.Get(path))[0]
	if !r.OK() {
		return c.cfg.Unclean
	}
	config, err := znodes.DecodeConfig(path, r.Data)
	if err != nil {
		panic(err)
	}
	if c.cfg.Bugs.Has(bugs.UncleanSilently) {
		return true
	}
	if v, said := config["unclean.leader.election.enable"]; said {
		return v == "true"
	}
	return c.cfg.Unclean
}

// SetUnclean tells whether a replica that is not in sync may lead, where its topic does
// not say.
func (c *Controller) SetUnclean(allowed bool) {
	if allowed == c.cfg.Unclean {
		return
	}
	c.cfg.Unclean = allowed
	if allowed {
		c.Reconsider()
	}
}

// Reconsider tells that a configuration has changed, which may let replicas lead that
// might not before: partitions without a leader are tried again.
func (c *Controller) Reconsider() { c.putActive("configuration changed", c.bringOnline) }

// nextEpoch is the leader epoch of an election: the next, be it the same leader again.
// Its followers may have followed somebody else in between.
func (c *Controller) nextEpoch(now *znodes.State) int32 {
	if c.cfg.Bugs.Has(bugs.LeaderEpochKept) {
		return now.LeaderEpoch
	}
	return now.LeaderEpoch + 1
}

// raiseEpoch gives a partition the next leader epoch and leaves its leader, so that all
// replicas take note of another assignment. It reports whether the partition has a state.
func (c *Controller) raiseEpoch(p *partition) bool {
	for {
		r := c.read(zookeeper.Get(znodes.StatePath(p.id)))[0]
		if r.Err == zk.ErrNoNode {
			return false
		}
		next := c.decodeState(p.id, &r)
		next.LeaderEpoch++
		next.ControllerEpoch = c.epoch
		if len(c.writeStates([]*proposal{{partition: p, next: next, version: r.Stat.Version, kind: noElection}})) == 0 {
			return true
		}
	}
}
