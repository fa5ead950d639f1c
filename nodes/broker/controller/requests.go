package controller

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// request queues an event that answers a request. If this is not the controller, or
// stops being it before the event has ended, refuse is called instead.
func (c *Controller) request(name string, answer, refuse func()) {
	c.enqueue(event{name, func() {
		if c.isActive() {
			answer()
		} else {
			refuse()
		}
	}, refuse})
}

// ControlledShutdown moves all leaderships away from a broker that wants to stop, takes
// it out of the in-sync replicas, and answers with the partitions that it leads still.
func (c *Controller) ControlledShutdown(r *kmsg.ControlledShutdownRequest, done func(*kmsg.ControlledShutdownResponse)) {
	answer := kmsg.NewPtrControlledShutdownResponse()
	finish := func(code wire.ErrorCode) {
		answer.ErrorCode = int16(code)
		done(answer)
	}
	c.request("controlled shutdown", func() {
		b := c.cluster.brokers[r.BrokerID]
		switch {
		case b == nil:
			finish(wire.BrokerNotAvailable)
		case r.BrokerEpoch >= 0 && r.BrokerEpoch < b.epoch:
			finish(wire.StaleBrokerEpoch)
		default:
			for _, p := range c.shutDown(r.BrokerID) {
				left := kmsg.NewControlledShutdownResponsePartitionsRemaining()
				left.Topic, left.Partition = p.id.Topic, p.id.Partition
				answer.PartitionsRemaining = append(answer.PartitionsRemaining, left)
			}
			finish(wire.OK)
		}
	}, func() { finish(wire.NotController) })
}

// shutDown empties a broker, and returns what it leads still. Partitions with one replica
// stay where they are.
func (c *Controller) shutDown(id int32) (left []*partition) {
	c.cluster.leaving[id] = true
	var led, followed []*partition
	for _, p := range c.cluster.all(func(p *partition) bool {
		return slices.Contains(p.assignment.Replicas, id) && len(p.assignment.Replicas) > 1 && p.state != nil && !c.cluster.doomed(p)
	}) {
		if p.state.Leader == id {
			led = append(led, p)
		} else {
			followed = append(followed, p)
		}
	}
	c.electLeaders(led, electShutdown)
	var stopped []replica
	for _, p := range followed {
		r := replica{p, id}
		c.addStop(r, false)
		stopped = append(stopped, r)
	}
	c.flush()
	c.moveReplicas(stopped, offlineReplica)
	return c.cluster.all(func(p *partition) bool {
		return p.state != nil && p.state.Leader == id && len(p.assignment.Replicas) > 1 && !c.cluster.doomed(p)
	})
}

// ElectLeaders elects preferred leaders, or unclean ones where no other can be had
// (KIP-460).
func (c *Controller) ElectLeaders(r *kmsg.ElectLeadersRequest, done func(*kmsg.ElectLeadersResponse)) {
	answer := kmsg.NewPtrElectLeadersResponse()
	c.request("elect leaders", func() {
		var asked []znodes.TopicPartition
		if r.Topics != nil {
			asked = []znodes.TopicPartition{}
		}
		for _, t := range r.Topics {
			for _, n := range t.Partitions {
				asked = append(asked, znodes.TopicPartition{Topic: t.Topic, Partition: n})
			}
		}
		result := c.electAsRequested(asked, r.ElectionType)
		eachTopic(result, func(name string) {
			t := kmsg.NewElectLeadersResponseTopic()
			t.Topic = name
			answer.Topics = append(answer.Topics, t)
		}, func(n int32, code wire.ErrorCode) {
			if r.Topics == nil && code == wire.ElectionNotNeeded {
				return // who asks for all wants to hear of those that changed
			}
			p := kmsg.NewElectLeadersResponseTopicPartition()
			p.Partition, p.ErrorCode = n, int16(code)
			t := &answer.Topics[len(answer.Topics)-1]
			t.Partitions = append(t.Partitions, p)
		})
		done(answer)
	}, func() {
		answer.ErrorCode = int16(wire.NotController)
		done(answer)
	})
}

// AlterPartitionAssignments begins and cancels reassignments (KIP-455).
func (c *Controller) AlterPartitionAssignments(r *kmsg.AlterPartitionAssignmentsRequest, done func(*kmsg.AlterPartitionAssignmentsResponse)) {
	answer := kmsg.NewPtrAlterPartitionAssignmentsResponse()
	c.request("alter reassignments", func() {
		asked := map[znodes.TopicPartition][]int32{}
		for _, t := range r.Topics {
			for _, p := range t.Partitions {
				asked[znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = p.Replicas
			}
		}
		eachTopic(c.alterReassignments(asked), func(name string) {
			t := kmsg.NewAlterPartitionAssignmentsResponseTopic()
			t.Topic = name
			answer.Topics = append(answer.Topics, t)
		}, func(n int32, code wire.ErrorCode) {
			p := kmsg.NewAlterPartitionAssignmentsResponseTopicPartition()
			p.Partition, p.ErrorCode = n, int16(code)
			t := &answer.Topics[len(answer.Topics)-1]
			t.Partitions = append(t.Partitions, p)
		})
		done(answer)
	}, func() {
		answer.ErrorCode = int16(wire.NotController)
		done(answer)
	})
}

// ListPartitionReassignments lists what is under way.
func (c *Controller) ListPartitionReassignments(r *kmsg.ListPartitionReassignmentsRequest, done func(*kmsg.ListPartitionReassignmentsResponse)) {
	answer := kmsg.NewPtrListPartitionReassignmentsResponse()
	c.request("list reassignments", func() {
		wanted := map[znodes.TopicPartition]bool{}
		for _, t := range r.Topics {
			for _, n := range t.Partitions {
				wanted[znodes.TopicPartition{Topic: t.Topic, Partition: n}] = true
			}
		}
		for _, p := range c.reassigningNow() {
			if r.Topics != nil && !wanted[p.id] {
				continue
			}
			if n := len(answer.Topics); n == 0 || answer.Topics[n-1].Topic != p.id.Topic {
				t := kmsg.NewListPartitionReassignmentsResponseTopic()
				t.Topic = p.id.Topic
				answer.Topics = append(answer.Topics, t)
			}
			one := kmsg.NewListPartitionReassignmentsResponseTopicPartition()
			one.Partition, one.Replicas = p.id.Partition, slices.Clone(p.assignment.Replicas)
			one.AddingReplicas, one.RemovingReplicas = slices.Clone(p.assignment.Adding), slices.Clone(p.assignment.Removing)
			t := &answer.Topics[len(answer.Topics)-1]
			t.Partitions = append(t.Partitions, one)
		}
		done(answer)
	}, func() {
		answer.ErrorCode = int16(wire.NotController)
		done(answer)
	})
}
