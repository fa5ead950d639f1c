package broker

import (
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/controller"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// absentTopic is what somebody is told who asks for a topic that is not there: that it
// has no leader yet, if it is created now. Asking again finds it, or why not.
func (s *Server) absentTopic(x *exchange, name string, mayCreate bool) wire.ErrorCode {
	switch {
	case name == "": // of an ID that nobody knows
		return wire.UnknownTopicID
	case !controller.ValidTopicName(name):
		return wire.InvalidTopic
	case !mayCreate || s.cfg.NoAutoCreate && name != group.Topic:
		return wire.UnknownTopicOrPartition
	case !s.may(x, createCluster.op, createCluster.on, acl.Cluster) && !s.may(x, createTopic.op, createTopic.on, name):
		return wire.TopicAuthorizationFailed
	}
	s.createMissing(name)
	return wire.LeaderNotAvailable
}

// createMissing asks the controller for a topic. That somebody else has asked does no
// harm, and that nobody hears how it went neither: clients ask again.
func (s *Server) createMissing(name string) {
	if s.creating[name] || name == group.Topic && len(s.metadata.brokers) < s.cfg.OffsetsReplication {
		return // with fewer replicas now, the topic of offsets would have fewer for ever (KIP-115)
	}
	s.creating[name] = true
	r := kmsg.NewPtrCreateTopicsRequest()
	r.Version, r.TimeoutMillis = 7, int32(s.cfg.RequestTimeout/time.Millisecond)
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, -1, -1
	if name == group.Topic {
		s.offsetsTopic(&t)
	}
	r.Topics = append(r.Topics, t)
	s.askController(r, func(kmsg.Response) { delete(s.creating, name) })
}

// offsetsTopic is how the topic of offsets is made.
func (s *Server) offsetsTopic(t *kmsg.CreateTopicsRequestTopic) {
	t.NumPartitions = int32(s.cfg.OffsetsPartitions)
	t.ReplicationFactor = int16(s.cfg.OffsetsReplication)
	for _, c := range [][2]string{{"cleanup.policy", "compact"}, {"compression.type", "producer"}, {"segment.bytes", strconv.Itoa(s.cfg.OffsetsSegmentBytes)}} {
		one := kmsg.NewCreateTopicsRequestTopicConfig()
		one.Name, one.Value = c[0], &c[1]
		t.Configs = append(t.Configs, one)
	}
}
