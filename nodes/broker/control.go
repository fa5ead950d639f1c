package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/replica"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// order is which order of a controller something is, and for which life of the broker.
type order struct {
	controllerEpoch int32
	brokerEpoch     int64
	// number ascends, as a controller has one channel to a life of a broker, and goes on
	// counting where it has to connect anew.
	number int32
}

// behind reports whether a controller gave the other order after this one, to the same life of
// the broker. What it has given up waiting for may still be on its way, over a connection that
// it has closed.
func (o order) behind(other order) bool {
	return o.controllerEpoch == other.controllerEpoch && o.brokerEpoch == other.brokerEpoch && o.number < other.number
}

// heed says whether an order of a controller is to be followed: not if a later
// controller has been heard (Z3), not if it was meant for an earlier life of this
// broker, whose replicas may have been others (KIP-380), and not if it comes late.
func (s *Server) heed(o order) wire.ErrorCode {
	code := s.refusal(o)
	switch {
	case code == wire.OK:
		s.obeyed = o
		s.observe(facts.ControllerObeyed, int64(o.controllerEpoch), o.brokerEpoch, int64(o.number))
	case o.behind(s.obeyed):
		s.observe(facts.OrderLate, int64(s.obeyed.number), int64(o.number), int64(o.controllerEpoch))
	case code == wire.StaleControllerEpoch:
		s.observe(facts.ControllerStale, int64(s.obeyed.controllerEpoch), int64(o.controllerEpoch))
	}
	return code
}

// refusal is what heed answers. Nobody waits for the answer to an order that comes late, nor
// to one that was put off until the broker closed its logs, see whenReady.
func (s *Server) refusal(o order) wire.ErrorCode {
	switch {
	case !s.up:
		return wire.BrokerNotAvailable
	case s.stale(o.brokerEpoch) && !s.cfg.Bugs.Has(bugs.FormerLifeObeyed):
		return wire.StaleBrokerEpoch
	case o.controllerEpoch < s.obeyed.controllerEpoch && !s.cfg.Bugs.Has(bugs.FormerControllerObeyed):
		return wire.StaleControllerEpoch
	case o.behind(s.obeyed):
		return wire.StaleControllerEpoch
	}
	return wire.OK
}

// leaderAndISR says for some partitions who leads, who follows and who is in sync. What
// the configuration of their topics is must be known first: a leader that does not know
// how many in-sync replicas its topic wants would promise too much. Logs of another topic
// of the same name go before that, as its configuration goes with the last of them.
func (s *Server) leaderAndISR(x *exchange) {
	r := x.Body.(*kmsg.LeaderAndISRRequest)
	from := order{r.ControllerEpoch, r.BrokerEpoch, x.Correlation}
	admitted := s.refusal(from) == wire.OK
	var topics []string
	for i := range r.TopicStates {
		state := &r.TopicStates[i]
		topics = append(topics, state.Topic)
		if admitted {
			s.dropStrays(state.Topic, state.TopicID)
		}
	}
	s.whenReady(topics, func() { x.reply(s.obey(r, from)) })
}

// obey carries out what a controller says.
func (s *Server) obey(r *kmsg.LeaderAndISRRequest, from order) *kmsg.LeaderAndISRResponse {
	answer := kmsg.NewPtrLeaderAndISRResponse()
	if code := s.heed(from); code != wire.OK {
		answer.ErrorCode = int16(code)
		return answer
	}
	for i := range r.TopicStates {
		state := &r.TopicStates[i]
		topic := kmsg.LeaderAndISRResponseTopic{TopicID: state.TopicID}
		for j := range state.PartitionStates {
			p := &state.PartitionStates[j]
			code := s.assume(state.Topic, state.TopicID, p)
			topic.Partitions = append(topic.Partitions, kmsg.LeaderAndISRResponseTopicPartition{Partition: p.Partition, ErrorCode: int16(code)})
		}
		answer.Topics = append(answer.Topics, topic)
	}
	s.fetchers.wake(s)
	return answer
}

// assume makes one replica what it shall be.
func (s *Server) assume(topic string, id znodes.TopicID, p *kmsg.LeaderAndISRRequestTopicPartition) wire.ErrorCode {
	if !slices.Contains(p.Replicas, s.cfg.ID) {
		return wire.UnknownTopicOrPartition
	}
	tp := znodes.TopicPartition{Topic: topic, Partition: p.Partition}
	r, code := s.replicaFor(tp, id)
	if code != wire.OK {
		return code
	}
	state := replica.State{
		Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, ControllerEpoch: p.ControllerEpoch, Version: p.ZKVersion,
		Isr: replica.SetOf(p.ISR...), Replicas: p.Replicas,
	}
	if p.Leader == s.cfg.ID {
		return s.lead(r, state)
	}
	return s.follow(r, state)
}

// lead makes a replica the leader. It stops copying first, from whomever.
func (s *Server) lead(r *localReplica, state replica.State) wire.ErrorCode {
	began, code := r.Lead(state, s.env.Now())
	if began {
		s.fetchers.remove(r)
		s.ledOffsets(r)
	}
	s.touch(r)
	return code
}

// follow makes a replica a follower. Whoever waits for it as their leader waits in vain.
func (s *Server) follow(r *localReplica, state replica.State) wire.ErrorCode {
	began, code := r.Follow(state)
	if began {
		s.fetchers.remove(r)
		s.fetchers.add(r, s.cfg.SessionlessFetches)
		s.ledOffsets(r)
	}
	s.touch(r)
	return code
}

// The leader epochs of StopReplica that are none: of a controller that does not say, and
// of a topic that is being deleted, which is later than all.
const (
	noEpoch           int32 = -1
	epochDuringDelete int32 = -2
)

// stopReplica stops replicas, and deletes those that are not assigned to this broker any
// more or whose topic is gone.
func (s *Server) stopReplica(x *exchange) {
	r := x.Body.(*kmsg.StopReplicaRequest)
	answer := kmsg.NewPtrStopReplicaResponse()
	if code := s.heed(order{r.ControllerEpoch, r.BrokerEpoch, x.Correlation}); code != wire.OK {
		answer.ErrorCode = int16(code)
		x.reply(answer)
		return
	}
	for i := range r.Topics {
		topic := &r.Topics[i]
		for j := range topic.PartitionStates {
			p := &topic.PartitionStates[j]
			code := s.stop(znodes.TopicPartition{Topic: topic.Topic, Partition: p.Partition}, p, r)
			answer.Partitions = append(answer.Partitions, kmsg.StopReplicaResponsePartition{
				Topic: topic.Topic, Partition: p.Partition, ErrorCode: int16(code),
			})
		}
	}
	x.reply(answer)
}

// stop stops one replica. An order of the present epoch counts: the reassignment that
// brought the replica here may be cancelled without a new one (KAFKA-13972).
func (s *Server) stop(tp znodes.TopicPartition, p *kmsg.StopReplicaRequestTopicPartitionState, from *kmsg.StopReplicaRequest) wire.ErrorCode {
	r := s.replicas[tp]
	switch {
	case r == nil && !p.Delete:
		return wire.OK
	case r != nil && p.LeaderEpoch >= 0 && p.LeaderEpoch < r.LeaderEpoch():
		return wire.FencedLeaderEpoch
	}
	s.observeOf(tp.String(), facts.ReplicaStopped, int64(from.ControllerEpoch), from.BrokerEpoch, int64(p.LeaderEpoch))
	if r == nil {
		return wire.OK // what was there is gone, or about to go
	}
	s.fetchers.remove(r)
	r.Stop()
	s.ledOffsets(r)
	s.touch(r)
	if p.Delete {
		s.deleteReplica(r)
	}
	return wire.OK
}
