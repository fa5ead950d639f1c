package controller

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// The versions of control requests: those of Kafka 2.8 to 3.3.
const (
	leaderAndIsrVersion   = 6 // with leader recovery states (KIP-704)
	updateMetadataVersion = 7 // with topic IDs (KIP-516)
	stopReplicaVersion    = 3 // with a leader epoch and a delete flag for each partition (KIP-570)
)

// epochDuringDelete is the leader epoch in a StopReplica of a topic that is being
// deleted: it is above all others.
const epochDuringDelete int32 = -2

// securityPlaintext is the number of the security protocol.
const securityPlaintext int16 = 0

// batch collects what brokers have to be told, until [Controller.flush] sends it. One
// step of a state machine is one batch, so that a broker hears of all its partitions in
// one request.
type batch struct {
	lead map[int32]map[znodes.TopicPartition]*kmsg.LeaderAndISRRequestTopicPartition
	stop map[int32]map[znodes.TopicPartition]*kmsg.StopReplicaRequestTopicPartitionState
	// update are the brokers that get an UpdateMetadata, all the same one; updated is
	// what is in it.
	update  map[int32]bool
	updated map[znodes.TopicPartition]*partition
}

// addLeader tells brokers who leads a partition, and everybody what clients must know.
func (c *Controller) addLeader(brokers []int32, p *partition, isNew bool) {
	for _, id := range brokers {
		perBroker := entry(&c.batch.lead, id)
		state := &kmsg.LeaderAndISRRequestTopicPartition{
			Partition: p.id.Partition, ControllerEpoch: p.state.ControllerEpoch,
			Leader: p.state.Leader, LeaderEpoch: p.state.LeaderEpoch, ISR: p.state.Isr, ZKVersion: p.version,
			Replicas: p.assignment.Replicas, IsNew: isNew,
			AddingReplicas: p.assignment.Adding, RemovingReplicas: p.assignment.Removing,
		}
		if p.state.Recovering {
			state.LeaderRecoveryState = 1
		}
		perBroker[p.id] = state
	}
	c.addUpdate(c.cluster.brokerIDs(), p)
}

// addStop tells a broker to stop a replica, or to delete it.
func (c *Controller) addStop(r replica, remove bool) {
	perBroker := entry(&c.batch.stop, r.broker)
	stop := &kmsg.StopReplicaRequestTopicPartitionState{Partition: r.id.Partition, LeaderEpoch: -1, Delete: remove}
	switch {
	case c.cluster.doomed(r.partition):
		stop.LeaderEpoch = epochDuringDelete
	case r.state != nil:
		stop.LeaderEpoch = r.state.LeaderEpoch
	}
	perBroker[r.id] = stop
}

// addUpdate tells brokers what clients must know of partitions. Without any, they hear
// of the brokers that live.
func (c *Controller) addUpdate(brokers []int32, partitions ...*partition) {
	if c.batch.update == nil {
		c.batch.update, c.batch.updated = map[int32]bool{}, map[znodes.TopicPartition]*partition{}
	}
	for _, id := range brokers {
		c.batch.update[id] = true
	}
	for _, p := range partitions {
		if p.state != nil {
			c.batch.updated[p.id] = p
		}
	}
}

// entry is the map of a broker, made if it is not there.
func entry[T any](m *map[int32]map[znodes.TopicPartition]*T, id int32) map[znodes.TopicPartition]*T {
	if *m == nil {
		*m = map[int32]map[znodes.TopicPartition]*T{}
	}
	if (*m)[id] == nil {
		(*m)[id] = map[znodes.TopicPartition]*T{}
	}
	return (*m)[id]
}

// sendMetadata sends an UpdateMetadata and nothing else.
func (c *Controller) sendMetadata(brokers []int32, partitions ...*partition) {
	c.addUpdate(brokers, partitions...)
	c.flush()
}

// flush sends the batch: to each broker first who leads, then what clients must know,
// then which replicas are to stop.
func (c *Controller) flush() {
	b := c.batch
	c.batch = batch{}
	for _, id := range slices.Sorted(maps.Keys(b.lead)) {
		c.sendLeaders(id, b.lead[id])
	}
	states := c.metadataOf(b.updated)
	for _, id := range slices.Sorted(maps.Keys(b.update)) {
		c.sendUpdate(id, states)
	}
	for _, id := range slices.Sorted(maps.Keys(b.stop)) {
		c.sendStop(id, b.stop[id])
	}
}

// sendLeaders sends a LeaderAndIsr. Who is not registered gets none.
func (c *Controller) sendLeaders(id int32, partitions map[znodes.TopicPartition]*kmsg.LeaderAndISRRequestTopicPartition) {
	to := c.cluster.brokers[id]
	if to == nil {
		return
	}
	r := kmsg.NewPtrLeaderAndISRRequest()
	r.Version, r.ControllerID, r.ControllerEpoch, r.BrokerEpoch = leaderAndIsrVersion, c.cfg.Broker, c.epoch, to.epoch
	leaders := map[int32]bool{}
	for _, key := range slices.SortedFunc(maps.Keys(partitions), znodes.TopicPartition.Compare) {
		if n := len(r.TopicStates); n == 0 || r.TopicStates[n-1].Topic != key.Topic {
			t := kmsg.NewLeaderAndISRRequestTopicState()
			t.Topic, t.TopicID = key.Topic, c.topicID(key.Topic)
			r.TopicStates = append(r.TopicStates, t)
		}
		t := &r.TopicStates[len(r.TopicStates)-1]
		t.PartitionStates = append(t.PartitionStates, *partitions[key])
		leaders[partitions[key].Leader] = true
	}
	for _, leader := range slices.Sorted(maps.Keys(leaders)) {
		if b := c.cluster.brokers[leader]; b != nil {
			e, _ := b.Endpoint(c.cfg.Listener)
			live := kmsg.NewLeaderAndISRRequestLiveLeader()
			live.BrokerID, live.Host, live.Port = leader, e.Host, e.Port
			r.LiveLeaders = append(r.LiveLeaders, live)
		}
	}
	reign := c.reign
	to.channel.send(order{r, func(answer kmsg.Response) { c.leadersAnswered(reign, id, answer.(*kmsg.LeaderAndISRResponse)) }})
}

// topicID is that of a topic; zero if it is not known.
func (c *Controller) topicID(name string) [16]byte {
	if t := c.cluster.topics[name]; t != nil {
		return t.id
	}
	return [16]byte{}
}

// metadataOf describes partitions as clients shall see them.
func (c *Controller) metadataOf(updated map[znodes.TopicPartition]*partition) (topics []kmsg.UpdateMetadataRequestTopicState) {
	for _, key := range slices.SortedFunc(maps.Keys(updated), znodes.TopicPartition.Compare) {
		p := updated[key]
		if n := len(topics); n == 0 || topics[n-1].Topic != key.Topic {
			t := kmsg.NewUpdateMetadataRequestTopicState()
			t.Topic, t.TopicID = key.Topic, c.topicID(key.Topic)
			topics = append(topics, t)
		}
		s := kmsg.NewUpdateMetadataRequestTopicPartition()
		s.Partition, s.ControllerEpoch, s.ZKVersion = key.Partition, p.state.ControllerEpoch, p.version
		s.Leader, s.LeaderEpoch, s.ISR = p.state.Leader, p.state.LeaderEpoch, p.state.Isr
		if c.cluster.doomed(p) {
			s.Leader, s.LeaderEpoch, s.ZKVersion = znodes.LeaderDuringDelete, znodes.InitialLeaderEpoch, 0
		}
		s.Replicas = p.assignment.Replicas
		for _, id := range p.assignment.Replicas {
			if !c.cluster.lives(id, p) {
				s.OfflineReplicas = append(s.OfflineReplicas, id)
			}
		}
		t := &topics[len(topics)-1]
		t.PartitionStates = append(t.PartitionStates, s)
	}
	return topics
}

// sendUpdate sends an UpdateMetadata with some partitions, and all brokers that live.
func (c *Controller) sendUpdate(id int32, topics []kmsg.UpdateMetadataRequestTopicState) {
	to := c.cluster.brokers[id]
	if to == nil {
		return
	}
	r := kmsg.NewPtrUpdateMetadataRequest()
	r.Version, r.ControllerID, r.ControllerEpoch, r.BrokerEpoch = updateMetadataVersion, c.cfg.Broker, c.epoch, to.epoch
	r.TopicStates = topics
	for _, other := range c.cluster.brokerIDs() {
		b := c.cluster.brokers[other]
		live := kmsg.NewUpdateMetadataRequestLiveBroker()
		live.ID, live.Rack = other, b.Rack
		for _, e := range b.Endpoints {
			point := kmsg.NewUpdateMetadataRequestLiveBrokerEndpoint()
			point.Host, point.Port, point.ListenerName, point.SecurityProtocol = e.Host, e.Port, e.Listener, securityPlaintext
			live.Endpoints = append(live.Endpoints, point)
		}
		r.LiveBrokers = append(r.LiveBrokers, live)
	}
	to.channel.send(order{r, func(kmsg.Response) {}})
}

// sendStop sends a StopReplica.
func (c *Controller) sendStop(id int32, partitions map[znodes.TopicPartition]*kmsg.StopReplicaRequestTopicPartitionState) {
	to := c.cluster.brokers[id]
	if to == nil {
		return
	}
	r := kmsg.NewPtrStopReplicaRequest()
	r.Version, r.ControllerID, r.ControllerEpoch, r.BrokerEpoch = stopReplicaVersion, c.cfg.Broker, c.epoch, to.epoch
	for _, key := range slices.SortedFunc(maps.Keys(partitions), znodes.TopicPartition.Compare) {
		if n := len(r.Topics); n == 0 || r.Topics[n-1].Topic != key.Topic {
			t := kmsg.NewStopReplicaRequestTopic()
			t.Topic = key.Topic
			r.Topics = append(r.Topics, t)
		}
		t := &r.Topics[len(r.Topics)-1]
		t.PartitionStates = append(t.PartitionStates, *partitions[key])
	}
	reign := c.reign
	to.channel.send(order{r, func(answer kmsg.Response) {
		c.stopAnswered(reign, id, r, answer.(*kmsg.StopReplicaResponse))
	}})
}

// leadersAnswered takes note of disks that have failed (KIP-112), in an event.
func (c *Controller) leadersAnswered(reign int, id int32, answer *kmsg.LeaderAndISRResponse) {
	if reign != c.reign || answer.ErrorCode != int16(wire.OK) {
		return
	}
	c.putActive("leaders answered", func() { c.noteDisks(id, answer) })
}

// stopAnswered takes note of replicas that were deleted, or could not be, in an event.
func (c *Controller) stopAnswered(reign int, id int32, r *kmsg.StopReplicaRequest, answer *kmsg.StopReplicaResponse) {
	if reign == c.reign {
		c.putActive("stop answered", func() { c.noteDeletions(id, r, answer) })
	}
}
