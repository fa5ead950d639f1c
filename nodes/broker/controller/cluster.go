package controller

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// cluster is what a controller knows. Everything but the states of the machines is a
// copy of what the coordinators hold, as of the last look.
type cluster struct {
	brokers map[int32]*broker
	// leaving are the brokers that asked for a controlled shutdown. They live, and lead
	// nothing.
	leaving map[int32]bool
	topics  map[string]*topic
	// reassigning are the partitions whose reassignment is under way.
	reassigning map[znodes.TopicPartition]bool
}

// broker is a broker that is registered.
type broker struct {
	*znodes.Broker
	// epoch is the czxid of its registration (KIP-380).
	epoch   int64
	channel *channel
	// offline are the partitions whose disk has failed there.
	offline map[znodes.TopicPartition]bool
}

// topic is a topic, and how far its deletion is.
type topic struct {
	name       string
	id         znodes.TopicID
	partitions []*partition
	// doomed: its deletion was asked for. begun: replicas have been told. heldUp: it
	// cannot go on before a broker returns or a reassignment ends.
	doomed, begun, heldUp bool
}

// partition is a partition, with the states of the two machines.
type partition struct {
	id         znodes.TopicPartition
	assignment znodes.Assignment
	// state and version are those of the state znode; nil if there is none. written is the
	// zxid of its last change when it was last read.
	state   *znodes.State
	version int32
	written int64
	phase   phase
	// replicas are those that the controller knows of: the assigned, and those that it is
	// just removing.
	replicas map[int32]replicaPhase
}

// replica names one replica.
type replica struct {
	*partition
	broker int32
}

func newCluster() *cluster {
	return &cluster{
		brokers: map[int32]*broker{}, leaving: map[int32]bool{}, topics: map[string]*topic{},
		reassigning: map[znodes.TopicPartition]bool{},
	}
}

// brokerIDs lists the brokers that are registered, leaving or not.
func (cl *cluster) brokerIDs() []int32 { return slices.Sorted(maps.Keys(cl.brokers)) }

// names lists the topics.
func (cl *cluster) names() []string { return slices.Sorted(maps.Keys(cl.topics)) }

// all lists the partitions that a filter lets pass, by topic and number. A nil filter
// lets all pass.
func (cl *cluster) all(filter func(*partition) bool) (list []*partition) {
	for _, name := range cl.names() {
		for _, p := range cl.topics[name].partitions {
			if filter == nil || filter(p) {
				list = append(list, p)
			}
		}
	}
	return list
}

// find returns a partition, nil if it is not known.
func (cl *cluster) find(id znodes.TopicPartition) *partition {
	t := cl.topics[id.Topic]
	if t == nil || int(id.Partition) >= len(t.partitions) || id.Partition < 0 {
		return nil
	}
	return t.partitions[id.Partition]
}

// lives reports whether a broker can serve a partition: it is registered and not
// leaving, and its disk has not failed there.
func (cl *cluster) lives(id int32, p *partition) bool {
	return !cl.leaving[id] && cl.livesOrLeaves(id, p)
}

// livesOrLeaves is the same for brokers that may be leaving.
func (cl *cluster) livesOrLeaves(id int32, p *partition) bool {
	b := cl.brokers[id]
	return b != nil && !b.offline[p.id]
}

// living are the brokers of a list that can serve a partition, in the list's order.
func (cl *cluster) living(list []int32, p *partition) (alive []int32) {
	for _, id := range list {
		if cl.lives(id, p) {
			alive = append(alive, id)
		}
	}
	return alive
}

// doomed reports whether the topic of a partition is being deleted.
func (cl *cluster) doomed(p *partition) bool {
	t := cl.topics[p.id.Topic]
	return t != nil && t.doomed
}

// needsLeader reports whether a partition is worth a leader: not if its topic is being
// deleted, unless the deletion waits for a reassignment, which without a leader never
// ends. (There a deletion of Kafka is stuck until some broker restarts.)
func (cl *cluster) needsLeader(p *partition) bool { return !cl.doomed(p) || cl.reassigning[p.id] }

// replicasOn lists the replicas that are assigned to some brokers.
func (cl *cluster) replicasOn(brokers ...int32) (list []replica) {
	for _, p := range cl.all(nil) {
		for _, id := range p.assignment.Replicas {
			if slices.Contains(brokers, id) {
				list = append(list, replica{p, id})
			}
		}
	}
	return list
}

// replicasOf lists all assigned replicas of some partitions.
func replicasOf(partitions []*partition) (list []replica) {
	for _, p := range partitions {
		for _, id := range p.assignment.Replicas {
			list = append(list, replica{p, id})
		}
	}
	return list
}

// addPartition makes a partition known.
func (t *topic) addPartition(a znodes.Assignment) *partition {
	p := &partition{
		id:         znodes.TopicPartition{Topic: t.name, Partition: int32(len(t.partitions))},
		assignment: a, replicas: map[int32]replicaPhase{},
	}
	t.partitions = append(t.partitions, p)
	return p
}

// without is the list less one broker, as a list of its own.
func without(list []int32, id int32) []int32 {
	return slices.DeleteFunc(slices.Clone(list), func(other int32) bool { return other == id })
}

// whole reports whether a broker is still in the life in which it was when the state of a
// partition was last read.
func (c *cluster) whole(id int32, p *partition) bool {
	b := c.brokers[id]
	return b != nil && b.epoch < p.written
}
