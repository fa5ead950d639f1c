package controller

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// topicsChanged takes note of topics that were created, and of those that somebody
// deleted without asking.
func (c *Controller) topicsChanged() {
	names := c.readTopicNames()
	for _, name := range c.cluster.names() {
		if !slices.Contains(names, name) {
			c.forget(c.cluster.topics[name])
		}
	}
	var fresh []string
	for _, name := range names {
		if c.cluster.topics[name] == nil {
			fresh = append(fresh, name)
		}
	}
	var partitions []*partition
	for _, t := range c.readTopics(fresh) {
		c.cluster.topics[t.name] = t
		c.stateTopic(t, len(t.partitions))
		partitions = append(partitions, t.partitions...)
	}
	c.createPartitions(partitions)
}

func (c *Controller) stateTopic(t *topic, partitions int) {
	c.state(node.Event{Kind: facts.TopicSeen, Text: t.name, N: [4]int64{int64(partitions)}, Body: facts.TopicID(t.id)})
}

// forget drops a topic from memory.
func (c *Controller) forget(t *topic) {
	c.unwatchTopic(t)
	for _, p := range t.partitions {
		delete(c.cluster.reassigning, p.id)
	}
	delete(c.cluster.topics, t.name)
}

// createPartitions brings new partitions and their replicas online.
func (c *Controller) createPartitions(list []*partition) {
	if len(list) == 0 {
		return
	}
	movePartitions(list, newPartition)
	c.moveReplicas(replicasOf(list), newReplica)
	c.electLeaders(list, electOffline(false))
	c.moveReplicas(replicasOf(list), onlineReplica)
}

// topicChanged takes note of partitions that were added to a topic. Assignments of
// partitions that are known already are the controller's own to change.
func (c *Controller) topicChanged(name string) {
	t := c.cluster.topics[name]
	r := c.read(zookeeper.Get(znodes.TopicPath(name)))[0]
	if t == nil || !r.OK() {
		return
	}
	found, err := znodes.DecodeTopic(name, r.Data)
	if err != nil {
		panic(err)
	}
	if len(found.Partitions) <= len(t.partitions) {
		return
	}
	if t.doomed {
		c.writeAssignments(t) // it will not grow any more
		return
	}
	var added []*partition
	for _, a := range found.Partitions[len(t.partitions):] {
		added = append(added, t.addPartition(a))
	}
	c.stateTopic(t, len(t.partitions))
	c.createPartitions(added)
}

// writeAssignments writes the assignments of a topic as they are in memory.
func (c *Controller) writeAssignments(t *topic) {
	z := znodes.Topic{ID: t.id}
	for _, p := range t.partitions {
		z.Partitions = append(z.Partitions, p.assignment)
	}
	c.write(zookeeper.Set(znodes.TopicPath(t.name), z.Encode(), zookeeper.AnyVersion))
}
