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

// registration is a broker as its znode has it.
type registration struct {
	id    int32
	epoch int64
	*znodes.Broker
}

// readBrokers reads the brokers that are registered, and watches for others.
func (c *Controller) readBrokers() (found []registration) {
	var ids []int32
	for _, name := range c.read(zookeeper.Children(znodes.BrokerIDs))[0].Children {
		id, err := znodes.ParseID(name)
		if err != nil {
			panic(err)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if b, registered := c.readBroker(id); registered {
			found = append(found, b)
		}
	}
	return found
}

// readBroker reads a registration. One that went since it was listed is not there.
func (c *Controller) readBroker(id int32) (registration, bool) {
	r := c.read(zookeeper.Get(znodes.BrokerPath(id)))[0]
	if !r.OK() {
		return registration{}, false
	}
	b, err := znodes.DecodeBroker(id, r.Data)
	if err != nil {
		panic(err)
	}
	return registration{id, int64(r.Stat.Czxid), b}, true
}

// admit makes a broker known, opens its channel, and watches for a change of its
// endpoints.
func (c *Controller) admit(r registration) {
	c.cluster.brokers[r.id] = &broker{Broker: r.Broker, epoch: r.epoch, channel: c.newChannel(r.id, r.Broker), offline: map[znodes.TopicPartition]bool{}}
	c.zk.OnNode(znodes.BrokerPath(r.id), func(zookeeper.Event) {
		c.putActive("broker changed", func() { c.brokerModified(r.id) })
	})
	c.read(zookeeper.Exists(znodes.BrokerPath(r.id)))
}

// dismiss forgets a broker.
func (c *Controller) dismiss(id int32) {
	c.cluster.brokers[id].channel.close()
	delete(c.cluster.brokers, id)
	delete(c.cluster.leaving, id)
	c.zk.OnNode(znodes.BrokerPath(id), nil)
}

// brokersChanged finds out which brokers have come, gone, or gone and come: the last
// have the same ID and a later czxid, and between two looks nothing else shows it
// (KIP-380). All that have gone go together, before anybody is elected in their stead
// (compare KAFKA-13173):
//
//	b1 leads p, b2 and b3 follow; b1 and b2 go at once
//	one after the other: p is given to b2, which is gone
func (c *Controller) brokersChanged() {
	var fresh, bounced []registration
	var dead []int32
	registered := map[int32]bool{}
	for _, r := range c.readBrokers() {
		registered[r.id] = true
		switch known := c.cluster.brokers[r.id]; {
		case known == nil:
			fresh = append(fresh, r)
		case r.epoch > known.epoch && !c.cfg.Bugs.Has(bugs.BounceUnnoticed):
			bounced = append(bounced, r)
		}
	}
	for _, id := range c.cluster.brokerIDs() {
		if !registered[id] {
			dead = append(dead, id)
		}
	}
	c.brokersCame(fresh, facts.BrokerNew)
	for _, r := range bounced {
		c.dismiss(r.id)
	}
	c.brokersGone(idsOf(bounced))
	c.brokersCame(bounced, facts.BrokerBounced)
	for _, id := range dead {
		c.stateBroker(id, c.cluster.brokers[id].epoch, facts.BrokerDead)
		c.dismiss(id)
	}
	c.brokersGone(dead)
}

func idsOf(list []registration) (ids []int32) {
	for _, r := range list {
		ids = append(ids, r.id)
	}
	return ids
}

func (c *Controller) stateBroker(id int32, epoch int64, change int64) {
	c.state(node.Event{Kind: facts.BrokerChanged, N: [4]int64{int64(id), epoch, 0, change}})
}

// brokersCame takes brokers in. The others hear that they live; they hear everything,
// and of all their replicas; and where nobody leads, one of them may.
func (c *Controller) brokersCame(list []registration, change int64) {
	if len(list) == 0 {
		return
	}
	before := c.cluster.brokerIDs()
	for _, r := range list {
		c.stateBroker(r.id, r.epoch, change)
		c.admit(r)
	}
	ids := idsOf(list)
	c.sendMetadata(before)
	c.sendMetadata(ids, c.cluster.all(nil)...)
	replicas := c.cluster.replicasOn(ids...)
	c.moveReplicas(replicas, onlineReplica)
	c.bringOnline()
	for _, p := range c.reassigningNow() {
		if slices.ContainsFunc(p.assignment.Target(), func(id int32) bool { return slices.Contains(ids, id) }) {
			c.reassign(p, p.assignment)
		}
	}
	for _, r := range replicas {
		if c.cluster.doomed(r.partition) {
			c.release(c.cluster.topics[r.id.Topic])
		}
	}
	c.resumeDeletions()
}

// brokersGone elects others where they led, and takes their replicas out of sync.
func (c *Controller) brokersGone(ids []int32) {
	if len(ids) > 0 {
		c.replicasGone(c.cluster.replicasOn(ids...))
	}
}

// replicasGone deals with replicas that cannot be reached any more.
func (c *Controller) replicasGone(list []replica) {
	orphans := c.cluster.all(func(p *partition) bool {
		return p.state != nil && !c.cluster.lives(p.state.Leader, p) && c.cluster.needsLeader(p)
	})
	movePartitions(orphans, offlinePartition)
	c.bringOnline()
	var going, doomed []replica
	for _, r := range list {
		if c.cluster.doomed(r.partition) {
			doomed = append(doomed, r)
		} else {
			going = append(going, r)
		}
	}
	c.moveReplicas(going, offlineReplica)
	c.failDeletion(doomed)
	if len(going) == 0 {
		c.sendMetadata(c.cluster.brokerIDs()) // nothing else has told who does not live
	}
}

// brokerModified takes note of other endpoints.
func (c *Controller) brokerModified(id int32) {
	known := c.cluster.brokers[id]
	r, registered := c.readBroker(id)
	if known == nil || !registered || r.epoch != known.epoch || slices.Equal(r.Endpoints, known.Endpoints) {
		return
	}
	c.state(node.Event{Kind: facts.BrokerModified, N: [4]int64{int64(id), r.epoch}})
	known.Broker = r.Broker
	c.sendMetadata(c.cluster.brokerIDs())
}

// noteDisks takes note of partitions whose disk has failed, from the answer to a
// LeaderAndIsr, and of those whose disk is good again.
func (c *Controller) noteDisks(id int32, answer *kmsg.LeaderAndISRResponse) {
	b := c.cluster.brokers[id]
	if b == nil {
		return
	}
	var gone []replica
	for _, t := range answer.Topics {
		for _, name := range c.cluster.names() {
			if c.cluster.topics[name].id != t.TopicID {
				continue
			}
			for _, a := range t.Partitions {
				p := c.cluster.find(znodes.TopicPartition{Topic: name, Partition: a.Partition})
				switch failed := wire.ErrorCode(a.ErrorCode) == wire.KafkaStorageError; {
				case p == nil:
				case failed && !b.offline[p.id]:
					b.offline[p.id] = true
					gone = append(gone, replica{p, id})
				case a.ErrorCode == int16(wire.OK):
					delete(b.offline, p.id)
				}
			}
		}
	}
	if len(gone) > 0 {
		c.replicasGone(gone)
	}
}

// disksFailed asks the brokers that say so what they can still serve, by telling them
// again what they have.
func (c *Controller) disksFailed() {
	paths := c.childrenOf(znodes.LogDirEvents)
	ops := make([]zookeeper.Op, len(paths))
	for i, path := range paths {
		ops[i] = zookeeper.Get(path)
	}
	var ids []int32
	for i, r := range c.read(ops...) {
		if !r.OK() {
			continue
		}
		id, err := znodes.DecodeLogDirEvent(paths[i], r.Data)
		if err != nil {
			panic(err)
		}
		ids = append(ids, id)
	}
	c.moveReplicas(c.cluster.replicasOn(ids...), onlineReplica)
	c.remove(paths...)
}
