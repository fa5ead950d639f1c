package controller

import (
	"bytes"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// read asks the coordinators. In a session that is over, the event is abandoned.
func (c *Controller) read(ops ...zookeeper.Op) []zookeeper.Reply {
	replies := c.zk.Do(c.task, ops...)
	for i := range replies {
		c.demandSession(&replies[i])
	}
	return replies
}

// demandSession abandons the event if the session has ended, or is not the one in which
// the broker is registered.
func (c *Controller) demandSession(r *zookeeper.Reply) {
	if r.Over() || c.zk.Over() || c.term != c.zk.Term() {
		c.abandon("its session ended")
	}
}

// write does things on condition that this is the controller still. Each stands for
// itself. One whose answer is lost is repeated, so the reply may be the one to the
// second try: a create finds the znode there, a delete does not find it, and a set finds
// another version. Lost says so.
func (c *Controller) write(ops ...zookeeper.Op) []written {
	done := make([]written, len(ops))
	left := make([]int, len(ops))
	for i := range ops {
		left[i] = i
	}
	for len(left) > 0 {
		multis := make([]zookeeper.Op, len(left))
		for i, op := range left {
			multis[i] = zookeeper.Multi(zookeeper.Check(znodes.ControllerEpoch, c.fence()), ops[op])
		}
		var again []int
		for i, r := range c.zk.Do(c.task, multis...) {
			c.demandSession(&r)
			c.demandEpoch(&r)
			w := &done[left[i]]
			if r.Unknown {
				w.lost = true
				again = append(again, left[i])
				continue
			}
			w.err = r.Err
			if r.OK() {
				w.stat, w.path = r.Results[1].Stat, r.Results[1].Path
			}
		}
		left = again
	}
	return done
}

// fence is the version of the controller epoch without which none of our writes happens.
func (c *Controller) fence() int32 {
	if c.cfg.Bugs.Has(bugs.ControllerUnfenced) {
		return zookeeper.AnyVersion
	}
	return c.epochVersion
}

// written is how a write of the controller ended.
type written struct {
	err  wire.ErrorCode
	stat wire.Stat
	path string
	// lost: an earlier try was not answered, and may have happened.
	lost bool
}

// demandEpoch abandons the event if there has been another election since ours.
func (c *Controller) demandEpoch(r *zookeeper.Reply) {
	if r.Err != wire.OK && !r.Unknown && r.Failed == 0 {
		c.state(node.Event{Kind: facts.ControllerOutdated, N: [4]int64{int64(c.cfg.Broker), int64(c.epoch)}})
		c.abandon("another controller has been elected")
	}
}

// create makes persistent znodes, where they are not there already.
func (c *Controller) create(ops ...zookeeper.Op) {
	for i, w := range c.write(ops...) {
		if w.err != wire.OK && w.err != wire.ErrNodeExists {
			panic("controller: cannot create " + ops[i].Path + ": " + w.err.String())
		}
	}
}

// remove deletes znodes, whatever their version, where they are still there.
func (c *Controller) remove(paths ...string) {
	ops := make([]zookeeper.Op, len(paths))
	for i, path := range paths {
		ops[i] = zookeeper.Delete(path, zookeeper.AnyVersion)
	}
	for i, w := range c.write(ops...) {
		if w.err != wire.OK && w.err != wire.ErrNoNode && w.err != wire.ErrNotEmpty {
			panic("controller: cannot delete " + paths[i] + ": " + w.err.String())
		}
	}
}

// proposal is the state that a partition shall have, over the version it has now.
type proposal struct {
	*partition
	next    *znodes.State
	version int32
	// kind is a case of facts.Elections, or [noElection].
	kind int
}

// noElection is the kind of a change that leaves the leader, or leaves none.
const noElection = -1

// adoptOwn finds out whether a state that was refused is there all the same, because a
// try that was not answered has written it.
func (c *Controller) adoptOwn(p *proposal, version int32) (there bool) {
	r := c.read(zookeeper.Get(znodes.StatePath(p.id)))[0]
	if !r.OK() || r.Stat.Version != version || !bytes.Equal(r.Data, p.next.Encode()) {
		return false
	}
	c.state(node.Event{Kind: facts.StateAdopted, Text: p.id.String(), N: [4]int64{int64(version), int64(p.next.LeaderEpoch)}})
	return true
}

// writeStates writes states over the versions that they were decided on, and reports
// which were refused because somebody, a leader most likely, wrote since.
func (c *Controller) writeStates(proposals []*proposal) (refused []*proposal) {
	ops := make([]zookeeper.Op, len(proposals))
	for i, p := range proposals {
		ops[i] = zookeeper.Set(znodes.StatePath(p.id), p.next.Encode(), p.version)
		c.state(node.Event{Kind: facts.StateProposed, Text: p.id.String(), N: [4]int64{
			facts.Set(p.next.Isr), int64(p.version), int64(p.next.LeaderEpoch), int64(p.next.Leader),
		}})
	}
	for i, w := range c.write(ops...) {
		p := proposals[i]
		switch {
		case w.err == wire.OK:
			c.adopt(p, w.stat.Version)
		case w.lost && c.adoptOwn(p, p.version+1), c.cfg.Bugs.Has(bugs.RefusedStateAdopted):
			c.adopt(p, p.version+1)
		default:
			refused = append(refused, p)
		}
	}
	return refused
}

// createStates writes the states of partitions that have none, and reports which were
// refused.
func (c *Controller) createStates(proposals []*proposal) (refused []*proposal) {
	var parents, paths, ops []zookeeper.Op
	for _, p := range proposals {
		if n := len(parents); n == 0 || parents[n-1].Path != znodes.PartitionsPath(p.id.Topic) {
			parents = append(parents, zookeeper.Create(znodes.PartitionsPath(p.id.Topic), nil))
		}
		paths = append(paths, zookeeper.Create(znodes.PartitionPath(p.id), nil))
		ops = append(ops, zookeeper.Create(znodes.StatePath(p.id), p.next.Encode()))
	}
	for _, level := range [][]zookeeper.Op{parents, paths} {
		for i, w := range c.write(level...) {
			if w.err != wire.OK && w.err != wire.ErrNodeExists && w.err != wire.ErrNoNode {
				panic("controller: cannot create " + level[i].Path + ": " + w.err.String())
			}
		}
	}
	for i, w := range c.write(ops...) {
		p := proposals[i]
		switch {
		case w.err == wire.OK, w.lost && c.adoptOwn(p, 0):
			c.adopt(p, 0)
		default:
			refused = append(refused, p)
		}
	}
	return refused
}

// adopt notes a state that has been written.
func (c *Controller) adopt(p *proposal, version int32) {
	p.state, p.version = p.next, version
	if !c.cfg.Bugs.Has(bugs.VersionToldStale) {
		p.partition.version = version
	}
	name := p.id.String()
	c.state(node.Event{
		Kind: facts.StateWritten, Text: name,
		N:    [4]int64{facts.Set(p.next.Isr), int64(version), int64(p.next.LeaderEpoch), int64(p.next.Leader)},
		Body: &facts.Rule{ControllerEpoch: c.epoch, By: c.cfg.Broker},
	})
	if p.kind != noElection {
		c.state(node.Event{
			Kind: facts.LeaderElected, Text: name,
			N: [4]int64{int64(p.next.Leader), int64(p.next.LeaderEpoch), facts.Set(p.next.Isr), int64(p.kind)},
		})
	}
}
