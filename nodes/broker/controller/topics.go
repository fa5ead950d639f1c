package controller

import (
	"bytes"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	zk "github.com/stampede-sim/stampede/nodes/coordinator/wire"
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

// writeAssignments writes the assignments of a topic as they are in memory. Partitions
// that were added and that we have not seen stay, unless the topic is being deleted.
func (c *Controller) writeAssignments(t *topic) {
	c.rewriteTopic(t.name, func(z *znodes.Topic) bool {
		var unseen []znodes.Assignment
		if !t.doomed && len(z.Partitions) > len(t.partitions) {
			unseen = z.Partitions[len(t.partitions):]
		}
		z.Partitions = nil
		for _, p := range t.partitions {
			z.Partitions = append(z.Partitions, p.assignment)
		}
		z.Partitions = append(z.Partitions, unseen...)
		return true
	})
}

// rewriteTopic changes the znode of a topic by what it holds, over the version that was
// read, as often as it takes. It reports whether the topic is there and change wanted it.
func (c *Controller) rewriteTopic(name string, change func(*znodes.Topic) bool) bool {
	path := znodes.TopicPath(name)
	for {
		r := c.read(zookeeper.Get(path))[0]
		if !r.OK() {
			return false
		}
		z, err := znodes.DecodeTopic(name, r.Data)
		if err != nil {
			panic(err)
		}
		if !change(z) {
			return false
		}
		data := z.Encode()
		w := c.write(zookeeper.Set(path, data, r.Stat.Version))[0]
		if w.err == zk.OK {
			return true
		}
		if w.lost { // it may be our own write that was in the way
			now := c.read(zookeeper.Get(path))[0]
			if now.OK() && now.Stat.Version == r.Stat.Version+1 && bytes.Equal(now.Data, data) {
				return true
			}
		}
	}
}
