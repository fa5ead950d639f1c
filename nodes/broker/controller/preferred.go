package controller

import (
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// preferredOf is the first replica of a partition, which should lead, so that the
// leaderships are spread as the replicas are.
func preferredOf(p *partition) int32 {
	if len(p.assignment.Replicas) == 0 {
		return Nobody
	}
	return p.assignment.Replicas[0]
}

// electPreferredAsAsked takes up what an operator has left in the znode, deletes it, and
// watches for the next.
func (c *Controller) electPreferredAsAsked() {
	for {
		replies := c.read(zookeeper.Exists(znodes.PreferredElection), zookeeper.Get(znodes.PreferredElection))
		if !replies[1].OK() {
			return
		}
		asked, err := znodes.DecodePartitions(znodes.PreferredElection, replies[1].Data)
		if err != nil {
			asked = []znodes.TopicPartition{} // an operator's typing error is no reason to stop
		}
		c.electAsRequested(asked, electionPreferred)
		c.remove(znodes.PreferredElection)
	}
}

// rebalanceAfter arranges the next look at who leads.
func (c *Controller) rebalanceAfter(d time.Duration) {
	if c.cfg.NoRebalance {
		return
	}
	reign := c.reign
	c.after(d, func() {
		if reign == c.reign {
			c.putActive("rebalance", c.rebalance)
		}
	})
}

// rebalance moves leaderships back to the preferred replicas, of brokers that lead too
// few of those that prefer them.
func (c *Controller) rebalance() {
	prefer, strayed := map[int32]int{}, map[int32][]*partition{}
	for _, p := range c.cluster.all(func(p *partition) bool { return !c.cluster.doomed(p) && p.state != nil }) {
		head := preferredOf(p)
		prefer[head]++
		if p.state.Leader != head {
			strayed[head] = append(strayed[head], p)
		}
	}
	for _, id := range c.cluster.brokerIDs() {
		if len(strayed[id])*100 <= c.cfg.ImbalancePercent*prefer[id] {
			continue
		}
		var list []*partition
		for _, p := range strayed[id] {
			if _, found := preferred(c.candidatesOf(p, p.state, false)); found {
				list = append(list, p)
			}
		}
		c.electLeaders(list, electPreferred)
	}
	c.rebalanceAfter(c.cfg.RebalanceInterval)
}

// The types of ElectLeaders.
const (
	electionPreferred int8 = 0
	electionUnclean   int8 = 1
)

// electAsRequested elects for the partitions of a request, nil for all, and says how it
// went.
func (c *Controller) electAsRequested(asked []znodes.TopicPartition, kind int8) map[znodes.TopicPartition]wire.ErrorCode {
	s, none := electPreferred, wire.PreferredLeaderNotAvailable
	if kind == electionUnclean {
		s, none = electOffline(true), wire.EligibleLeadersNotAvailable
	}
	result := map[znodes.TopicPartition]wire.ErrorCode{}
	if asked == nil {
		for _, p := range c.cluster.all(nil) {
			asked = append(asked, p.id)
		}
	}
	var list []*partition
	for _, id := range asked {
		p := c.cluster.find(id)
		switch {
		case p == nil || p.state == nil:
			result[id] = wire.UnknownTopicOrPartition
		case c.cluster.doomed(p):
			result[id] = wire.InvalidTopic
		case kind == electionPreferred && p.state.Leader == preferredOf(p),
			kind == electionUnclean && c.cluster.lives(p.state.Leader, p):
			result[id] = wire.ElectionNotNeeded
		default:
			result[id] = wire.OK
			list = append(list, p)
		}
	}
	for id := range c.electLeaders(list, s) { //sim:unordered fills a map
		if !c.cfg.Bugs.Has(bugs.ElectionToldDone) {
			result[id] = none
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(result), znodes.TopicPartition.Compare) {
		c.stateElection(id, kind, result[id])
	}
	return result
}

// stateElection states how an election went that somebody asked for.
func (c *Controller) stateElection(id znodes.TopicPartition, kind int8, code wire.ErrorCode) {
	p, result := c.cluster.find(id), int64(facts.ElectionOfNobody)
	switch {
	case p == nil || code == wire.UnknownTopicOrPartition || code == wire.InvalidTopic:
		return
	case code == wire.OK:
		result = facts.ElectionDone
	case code == wire.ElectionNotNeeded:
		result = facts.ElectionNotNeeded
	}
	alive := c.cluster.living(p.assignment.Replicas, p)
	c.state(node.Event{Kind: facts.ElectionTold, Text: id.String(), N: [4]int64{facts.Set(alive), int64(kind), 0, result}})
}
