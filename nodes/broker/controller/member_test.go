package controller_test

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// member is a broker without records: it fences, leads and follows, and takes into the
// in-sync replicas whoever follows it. What it knows it loses in a crash.
type member struct {
	*fake
	controllerEpoch int32
	told            map[znodes.TopicPartition]*replicaState
	// knows is what it would tell clients: partitions, and who lives.
	knows map[znodes.TopicPartition]znodes.State
	live  []int32
}

// replicaState is a replica as the controller has told of it.
type replicaState struct {
	znodes.State
	version  int32
	replicas []int32
	topic    [16]byte
}

func (m *member) boot() {
	m.controllerEpoch, m.live = 0, nil
	m.told, m.knows = map[znodes.TopicPartition]*replicaState{}, map[znodes.TopicPartition]znodes.State{}
	m.env.Go("leader", func(t *node.Task) {
		for {
			t.Sleep(20 * time.Millisecond)
			for _, id := range slices.SortedFunc(maps.Keys(m.told), znodes.TopicPartition.Compare) {
				if r := m.told[id]; r != nil && r.Leader == m.number {
					m.expand(t, id, r)
				}
			}
		}
	})
}

// expand takes those into the in-sync replicas that follow in this epoch.
func (m *member) expand(t *node.Task, id znodes.TopicPartition, r *replicaState) {
	next := r.State
	next.Isr = slices.Clone(r.Isr)
	for _, other := range r.replicas {
		f := m.c.brokers[other]
		if slices.Contains(next.Isr, other) || f.ctl == nil {
			continue
		}
		if theirs := f.member.told[id]; theirs != nil && theirs.LeaderEpoch == r.LeaderEpoch && theirs.topic == r.topic {
			next.Isr = append(next.Isr, other)
		}
	}
	if len(next.Isr) == len(r.Isr) || m.session.Over() {
		return
	}
	w := m.session.Set(t, znodes.StatePath(id), next.Encode(), r.version)
	r = m.told[id] // it may have been told the same again
	if !w.OK() || r == nil || r.LeaderEpoch != next.LeaderEpoch {
		return
	}
	r.State, r.version = next, w.Stat.Version
	for {
		w = m.session.One(t, zookeeper.CreateSequential(znodes.IsrChangePath(), znodes.EncodePartitions([]znodes.TopicPartition{id})))
		if !w.Unknown || m.session.Over() {
			return
		}
	}
}

// bounce registers anew, so fast that nobody sees it gone.
func (m *member) bounce() {
	m.c.world.At(m.c.world.Now(), "bounce", func() {
		if m.ctl == nil || m.session.Over() {
			return
		}
		m.env.Go("bounce", func(t *node.Task) {
			path := znodes.BrokerPath(m.number)
			r := m.session.One(t, zookeeper.Get(path))
			if !r.OK() || r.Stat.EphemeralOwner != m.session.ID() {
				return
			}
			replies := m.session.Do(t, zookeeper.Delete(path, -1), zookeeper.CreateEphemeral(path, r.Data))
			if replies[1].OK() {
				m.epoch = int64(replies[1].Stat.Czxid)
			}
		})
	})
}

// heard answers a control request.
func (m *member) heard(c node.ConnID, r *wire.Request) {
	answer := r.Body.ResponseKind()
	switch q := r.Body.(type) {
	case *kmsg.LeaderAndISRRequest:
		a := answer.(*kmsg.LeaderAndISRResponse)
		if a.ErrorCode = m.fence(q.ControllerEpoch, q.BrokerEpoch); a.ErrorCode == 0 {
			m.lead(q)
			*a = *m.obey(q).(*kmsg.LeaderAndISRResponse)
		}
	case *kmsg.UpdateMetadataRequest:
		a := answer.(*kmsg.UpdateMetadataResponse)
		if a.ErrorCode = m.fence(q.ControllerEpoch, q.BrokerEpoch); a.ErrorCode == 0 {
			m.know(q)
		}
	case *kmsg.StopReplicaRequest:
		a := answer.(*kmsg.StopReplicaResponse)
		if a.ErrorCode = m.fence(q.ControllerEpoch, q.BrokerEpoch); a.ErrorCode == 0 {
			m.stop(q)
			*a = *m.obey(q).(*kmsg.StopReplicaResponse)
		}
	}
	m.env.Send(c, &wire.Response{Correlation: r.Correlation, Body: answer})
}

// fence refuses controllers that have been replaced, and orders to an earlier life.
func (m *member) fence(controllerEpoch int32, brokerEpoch int64) int16 {
	switch {
	case brokerEpoch < m.epoch:
		return int16(wire.StaleBrokerEpoch)
	case controllerEpoch < m.controllerEpoch:
		return int16(wire.StaleControllerEpoch)
	}
	m.controllerEpoch = controllerEpoch
	return 0
}

func (m *member) lead(q *kmsg.LeaderAndISRRequest) {
	for _, t := range q.TopicStates {
		for _, p := range t.PartitionStates {
			id := znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}
			r := m.told[id]
			if r != nil && r.topic == t.TopicID && (p.LeaderEpoch < r.LeaderEpoch || p.ZKVersion < r.version) {
				continue
			}
			m.told[id] = &replicaState{
				State:   znodes.State{Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, Isr: p.ISR, ControllerEpoch: p.ControllerEpoch},
				version: p.ZKVersion, replicas: p.Replicas, topic: t.TopicID,
			}
		}
	}
}

func (m *member) know(q *kmsg.UpdateMetadataRequest) {
	m.live = nil
	for _, b := range q.LiveBrokers {
		m.live = append(m.live, b.ID)
	}
	for _, t := range q.TopicStates {
		for _, p := range t.PartitionStates {
			id := znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}
			if p.Leader == znodes.LeaderDuringDelete {
				delete(m.knows, id)
			} else {
				m.knows[id] = znodes.State{Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, Isr: p.ISR}
			}
		}
	}
}

func (m *member) stop(q *kmsg.StopReplicaRequest) {
	for _, t := range q.Topics {
		for _, p := range t.PartitionStates {
			id := znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}
			if r := m.told[id]; r != nil && (p.LeaderEpoch < 0 || p.LeaderEpoch >= r.LeaderEpoch) {
				delete(m.told, id)
			}
		}
	}
}
