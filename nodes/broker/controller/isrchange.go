package controller

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// isrChanged takes note of in-sync replicas that leaders have changed: reads the states,
// tells everybody, and goes on with reassignments that waited for them.
func (c *Controller) isrChanged() {
	paths := c.childrenOf(znodes.IsrChanges)
	ops := make([]zookeeper.Op, len(paths))
	for i, path := range paths {
		ops[i] = zookeeper.Get(path)
	}
	seen := map[znodes.TopicPartition]bool{}
	var changed []*partition
	for i, r := range c.read(ops...) {
		if !r.OK() {
			continue
		}
		list, err := znodes.DecodePartitions(paths[i], r.Data)
		if err != nil {
			panic(err)
		}
		for _, id := range list {
			if p := c.cluster.find(id); p != nil && !seen[id] {
				seen[id] = true
				changed = append(changed, p)
			}
		}
	}
	if len(changed) > 0 {
		c.takeNote(changed)
	}
	c.remove(paths...)
}

// takeNote reads what leaders have written.
func (c *Controller) takeNote(changed []*partition) {
	c.readStates(changed)
	for _, p := range changed {
		if p.state != nil {
			c.state(node.Event{Kind: facts.IsrChangeSeen, Text: p.id.String(), N: [4]int64{
				facts.Set(p.state.Isr), int64(p.version), int64(p.state.LeaderEpoch), int64(p.state.Leader),
			}})
		}
	}
	if !c.cfg.Bugs.Has(bugs.IsrChangeKept) {
		c.sendMetadata(c.cluster.brokerIDs(), changed...)
	}
	for _, p := range changed {
		c.completeIfCaughtUp(p)
	}
}
