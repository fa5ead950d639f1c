package controller

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// A topic is deleted when all its replicas are: only then do its znodes go, and last of
// them the one that asks for the deletion, so that whoever is the controller by then
// finishes what was begun. While a replica lies on a broker that does not live, or a
// reassignment is under way, the deletion is held up.

// stateDeletion says how far a deletion has come.
func (c *Controller) stateDeletion(t *topic, step int64) {
	c.state(node.Event{Kind: facts.TopicDeletion, Text: t.name, N: [4]int64{0, 0, 0, step}})
}

// readDeletions finds the deletions that a failover has to go on with.
func (c *Controller) readDeletions() {
	for _, t := range c.deletionsWanted() {
		t.doomed = true
		t.heldUp = slices.ContainsFunc(t.partitions, func(p *partition) bool {
			return c.cluster.reassigning[p.id] || len(c.cluster.living(p.assignment.Replicas, p)) < len(p.assignment.Replicas)
		})
		c.stateDeletion(t, facts.DeletionQueued)
	}
}

// deletionsWanted lists the topics that somebody wants deleted. Those that do not exist
// are struck off.
func (c *Controller) deletionsWanted() (list []*topic) {
	var unknown []string
	for _, name := range c.read(zookeeper.Children(znodes.DeleteTopics))[0].Children {
		if t := c.cluster.topics[name]; t != nil {
			list = append(list, t)
		} else {
			unknown = append(unknown, znodes.DeleteTopicPath(name))
		}
	}
	c.remove(unknown...)
	return list
}

// deletionsAsked queues what somebody asks for.
func (c *Controller) deletionsAsked() {
	for _, t := range c.deletionsWanted() {
		if t.doomed {
			continue
		}
		t.doomed = true
		c.stateDeletion(t, facts.DeletionQueued)
		if c.reassigns(t) {
			c.holdUp(t)
		}
	}
	c.resumeDeletions()
}

// holdUp puts a deletion off until something has changed.
func (c *Controller) holdUp(t *topic) {
	if t.doomed && !t.heldUp {
		t.heldUp = true
		c.stateDeletion(t, facts.DeletionHeldUp)
	}
}

// release lets a deletion go on, unless a reassignment is under way.
func (c *Controller) release(t *topic) {
	t.heldUp = c.reassigns(t)
}

// reassigns reports whether a partition of a topic is being reassigned.
func (c *Controller) reassigns(t *topic) bool {
	return slices.ContainsFunc(t.partitions, func(p *partition) bool { return c.cluster.reassigning[p.id] })
}

// resumeDeletions goes on wherever it can.
func (c *Controller) resumeDeletions() {
	var retry []replica
	var start []*topic
	for _, name := range c.cluster.names() {
		t := c.cluster.topics[name]
		if !t.doomed {
			continue
		}
		replicas := replicasOf(t.partitions)
		in := func(phase replicaPhase) func(replica) bool {
			return func(r replica) bool { return r.replicas[r.broker] == phase }
		}
		started := slices.ContainsFunc(replicas, in(deletionStarted))
		switch {
		case !slices.ContainsFunc(replicas, func(r replica) bool { return !in(deletionSuccessful)(r) }):
			c.completeDeletion(t)
			continue
		case !started:
			retry = append(retry, slices.DeleteFunc(replicas, func(r replica) bool { return !in(deletionIneligible)(r) })...)
		}
		if !started && !t.heldUp {
			start = append(start, t)
		}
	}
	c.moveReplicas(retry, offlineReplica)
	if len(start) > 0 {
		c.startDeletion(start)
	}
}

// startDeletion tells everybody that the topics are no more, and brokers to delete
// their replicas.
func (c *Controller) startDeletion(topics []*topic) {
	var partitions []*partition
	for _, t := range topics {
		if !t.begun {
			movePartitions(t.partitions, offlinePartition)
			movePartitions(t.partitions, nonExistentPartition)
			t.begun = true
		}
		c.stateDeletion(t, facts.DeletionStarted)
		partitions = append(partitions, t.partitions...)
	}
	c.sendMetadata(c.cluster.brokerIDs(), partitions...)
	var dead, alive []replica
	for _, r := range replicasOf(partitions) {
		switch {
		case !c.cluster.lives(r.broker, r.partition):
			dead = append(dead, r)
		case r.replicas[r.broker] != deletionSuccessful:
			alive = append(alive, r)
		}
	}
	if c.cfg.Bugs.Has(bugs.AbsentWrittenOff) {
		for _, phase := range []replicaPhase{offlineReplica, deletionStarted, deletionSuccessful} {
			c.moveReplicas(dead, phase)
		}
		dead = nil
	}
	c.moveReplicas(dead, deletionIneligible)
	c.moveReplicas(alive, offlineReplica)
	c.moveReplicas(alive, deletionStarted)
	for _, r := range dead {
		c.holdUp(c.cluster.topics[r.id.Topic])
	}
}

// failDeletion takes note of replicas that could not be deleted.
func (c *Controller) failDeletion(list []replica) {
	list = slices.DeleteFunc(slices.Clone(list), func(r replica) bool { return !c.cluster.doomed(r.partition) })
	if len(list) == 0 {
		return
	}
	c.moveReplicas(list, deletionIneligible)
	for _, r := range list {
		c.holdUp(c.cluster.topics[r.id.Topic])
	}
	c.resumeDeletions()
}

// noteDeletions takes a broker's answer to a StopReplica: which replicas it has deleted.
func (c *Controller) noteDeletions(id int32, asked *kmsg.StopReplicaRequest, answer *kmsg.StopReplicaResponse) {
	wanted := map[znodes.TopicPartition]bool{}
	for _, t := range asked.Topics {
		for _, p := range t.PartitionStates {
			if p.Delete {
				wanted[znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = true
			}
		}
	}
	var done, failed []replica
	for _, a := range answer.Partitions {
		key := znodes.TopicPartition{Topic: a.Topic, Partition: a.Partition}
		p := c.cluster.find(key)
		if p == nil || !wanted[key] || !c.cluster.doomed(p) || p.replicas[id] != deletionStarted {
			continue
		}
		if answer.ErrorCode == int16(wire.OK) && a.ErrorCode == int16(wire.OK) {
			done = append(done, replica{p, id})
		} else {
			failed = append(failed, replica{p, id})
		}
	}
	c.failDeletion(failed)
	if len(done) > 0 {
		c.moveReplicas(done, deletionSuccessful)
		c.resumeDeletions()
	}
}

// completeDeletion removes what the coordinators have of a topic whose replicas are gone,
// and what somebody may still want of it.
func (c *Controller) completeDeletion(t *topic) {
	c.dropAsked(func(r znodes.Reassignment) bool { return r.Topic == t.name })
	c.unwatchTopic(t) // of a topic that is created anew under this name, topicsChanged tells
	c.removeTree(znodes.TopicPath(t.name))
	c.remove(znodes.ConfigPath(znodes.TopicConfig, t.name))
	c.remove(znodes.DeleteTopicPath(t.name))
	c.stateDeletion(t, facts.DeletionCompleted)
	c.forget(t)
}

// removeTree removes a znode and everything below it.
func (c *Controller) removeTree(path string) {
	for _, child := range c.childrenOf(path) {
		c.removeTree(child)
	}
	c.remove(path)
}
