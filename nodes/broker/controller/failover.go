package controller

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// failOver takes over the cluster. The order matters twice. Watches are set before
// anything is read, so that nothing changes unseen. And brokers hear who lives before
// they hear whom to follow: a follower that does not know its leader's address drops the
// order to follow it (KAFKA-4443).
func (c *Controller) failOver() {
	c.learn(c.cfg.Broker)
	c.cluster = newCluster()
	c.watch()
	c.step(facts.StepWatches)
	c.remove(c.childrenOf(znodes.LogDirEvents)...)
	c.remove(c.childrenOf(znodes.IsrChanges)...)
	c.step(facts.StepNotifications)
	c.readCluster()
	c.step(facts.StepContext)
	c.readDeletions()
	c.sendMetadata(c.cluster.brokerIDs())
	c.step(facts.StepMetadata)
	if !c.cfg.Bugs.Has(bugs.ReturnedLeaderKept) {
		c.replaceRestarted()
	}
	c.startReplicas()
	c.step(facts.StepReplicas)
	c.startPartitions()
	c.step(facts.StepPartitions)
	c.resumeReassignments()
	c.step(facts.StepReassignments)
	c.resumeDeletions()
	c.step(facts.StepDeletions)
	c.electPreferredAsAsked()
	c.step(facts.StepElections)
	c.rebalanceAfter(firstRebalance)
}

// step states how far the failover has come.
func (c *Controller) step(n int64) {
	c.state(node.Event{Kind: facts.FailoverStep, N: [4]int64{int64(c.epoch), 0, 0, n}})
}

// watch registers who is told of what. What sets the watches are the reads to come.
func (c *Controller) watch() {
	children := func(path, name string, handle func()) {
		c.zk.OnChildren(path, func(zookeeper.Event) {
			if c.at == name && c.cfg.Bugs.Has(bugs.LastEventDropped) {
				return
			}
			c.putActive(name, handle)
		})
	}
	children(znodes.BrokerIDs, "brokers changed", c.brokersChanged)
	children(znodes.Topics, "topics changed", c.topicsChanged)
	children(znodes.DeleteTopics, "deletions asked for", c.deletionsAsked)
	children(znodes.IsrChanges, "in-sync replicas changed", c.isrChanged)
	children(znodes.LogDirEvents, "disks failed", c.disksFailed)
	c.zk.OnNode(znodes.ReassignPartitions, func(zookeeper.Event) { c.putActive("reassignment asked for", func() { c.reassignAsAsked() }) })
	c.zk.OnNode(znodes.PreferredElection, func(zookeeper.Event) { c.putActive("election asked for", c.electPreferredAsAsked) })
}

// unwatch is the opposite.
func (c *Controller) unwatch() {
	for _, path := range []string{znodes.BrokerIDs, znodes.Topics, znodes.DeleteTopics, znodes.IsrChanges, znodes.LogDirEvents} {
		c.zk.OnChildren(path, nil)
	}
	c.zk.OnNode(znodes.ReassignPartitions, nil)
	c.zk.OnNode(znodes.PreferredElection, nil)
	for _, id := range c.cluster.brokerIDs() {
		c.zk.OnNode(znodes.BrokerPath(id), nil)
	}
	for _, name := range c.cluster.names() {
		c.unwatchTopic(c.cluster.topics[name])
	}
}

// childrenOf lists the paths of the children of a znode, sorted.
func (c *Controller) childrenOf(path string) []string {
	r := c.read(zookeeper.Children(path))[0]
	paths := make([]string, len(r.Children))
	for i, name := range r.Children {
		paths[i] = path + "/" + name
	}
	return paths
}

// readCluster reads the brokers, the topics and the states of all partitions, and opens
// the channels. That all states are read makes it legal to have thrown away unread what
// leaders said about in-sync replicas they had changed.
func (c *Controller) readCluster() {
	for _, b := range c.readBrokers() {
		c.admit(b)
	}
	names := c.readTopicNames()
	for _, t := range c.readTopics(names) {
		c.cluster.topics[t.name] = t
		for _, p := range t.partitions {
			if p.assignment.Reassigning() {
				c.cluster.reassigning[p.id] = true
			}
		}
	}
	c.readStates(c.cluster.all(nil))
}

// readStates reads the states of partitions anew. A partition whose state is not there
// keeps the one it has.
func (c *Controller) readStates(list []*partition) {
	ops := make([]zookeeper.Op, len(list))
	for i, p := range list {
		ops[i] = zookeeper.Get(znodes.StatePath(p.id))
	}
	for i, r := range c.read(ops...) {
		if r.OK() {
			list[i].state, list[i].version = c.decodeState(list[i].id, &r), r.Stat.Version
			list[i].written = int64(r.Stat.Mzxid)
		}
	}
}

// decodeState reads a state znode. One that a later controller has written says that we
// are none any more.
func (c *Controller) decodeState(id znodes.TopicPartition, r *zookeeper.Reply) *znodes.State {
	s, err := znodes.DecodeState(id, r.Data)
	if err != nil {
		panic(err)
	}
	if s.ControllerEpoch > c.epoch {
		c.abandon("a later controller has written a state")
	}
	return s
}

// readTopicNames lists the topics.
func (c *Controller) readTopicNames() []string {
	return c.read(zookeeper.Children(znodes.Topics))[0].Children
}

// readTopics reads topics and their assignments, and watches them.
func (c *Controller) readTopics(names []string) (topics []*topic) {
	ops := make([]zookeeper.Op, len(names))
	for i, name := range names {
		c.watchTopic(name)
		ops[i] = zookeeper.Get(znodes.TopicPath(name))
	}
	for i, r := range c.read(ops...) {
		if !r.OK() {
			continue // deleted since it was listed
		}
		found, err := znodes.DecodeTopic(names[i], r.Data)
		if err != nil {
			panic(err)
		}
		t := &topic{name: names[i], id: found.ID}
		for _, a := range found.Partitions {
			t.addPartition(a)
		}
		topics = append(topics, t)
	}
	return topics
}

// watchTopic registers who is told when partitions are added.
func (c *Controller) watchTopic(name string) {
	c.zk.OnNode(znodes.TopicPath(name), func(zookeeper.Event) {
		c.putActive("topic changed", func() { c.topicChanged(name) })
	})
}

func (c *Controller) unwatchTopic(t *topic) {
	c.zk.OnNode(znodes.TopicPath(t.name), nil)
	for _, p := range t.partitions {
		c.zk.OnNode(znodes.StatePath(p.id), nil)
	}
}

// replaceRestarted elects anew where the leader has begun another life since it was elected,
// while nobody was the controller. It must not go on in the epoch in which it led before:
//
//	b1, the controller, leads p in epoch 0, and its power fails; it is back and registered
//	before the next controller looks. It has lost the end of its log. Led by it in epoch 0,
//	p gets other records at offsets that epoch 0 had given out, and by no epoch can the
//	followers tell that their logs are not the leader's.
//
// Kafka, which looks only at who lives, does just that. Here it is as if the bounce had been
// seen (KIP-380).
func (c *Controller) replaceRestarted() {
	list := c.cluster.all(func(p *partition) bool {
		return p.state != nil && c.cluster.lives(p.state.Leader, p) && !c.cluster.whole(p.state.Leader, p) && c.cluster.needsLeader(p)
	})
	for _, p := range list {
		p.phase = offlinePartition
	}
	c.electLeaders(list, electRestarted)
}

// startReplicas begins the state machine of replicas: those that live are told whom
// they follow or that they lead.
func (c *Controller) startReplicas() {
	var online []replica
	for _, r := range replicasOf(c.cluster.all(nil)) {
		if c.cluster.lives(r.broker, r.partition) {
			r.partition.replicas[r.broker] = onlineReplica
			online = append(online, r)
		} else {
			// A deletion is on the safe side only if it does not count on the dead.
			r.partition.replicas[r.broker] = deletionIneligible
		}
	}
	c.moveReplicas(online, onlineReplica)
	var offline []replica
	for _, r := range replicasOf(c.cluster.all(nil)) {
		if !c.cluster.lives(r.broker, r.partition) {
			offline = append(offline, r)
		}
	}
	c.moveReplicas(offline, offlineReplica)
}

// startPartitions begins the state machine of partitions, and elects where nobody leads.
func (c *Controller) startPartitions() {
	for _, p := range c.cluster.all(nil) {
		switch {
		case p.state == nil:
			p.phase = newPartition
		case c.cluster.lives(p.state.Leader, p):
			p.phase = onlinePartition
		default:
			p.phase = offlinePartition
		}
	}
	c.bringOnline()
}

// bringOnline elects leaders for what has none and needs one.
func (c *Controller) bringOnline() {
	c.electLeaders(c.cluster.all(func(p *partition) bool {
		return (p.phase == newPartition || p.phase == offlinePartition) && c.cluster.needsLeader(p)
	}), electOffline(false))
}

// sortedBrokers is a list in ascending order, as a list of its own.
func sortedBrokers(list []int32) []int32 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
