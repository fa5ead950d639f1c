package broker

import (
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// metadata is what the controller told of the cluster. It is behind the truth by as long
// as messages travel, at least; nothing that must be right rests on it.
type metadata struct {
	controller int32 // -1 if none has been heard of
	brokers    map[int32]*peer
	topics     map[string]*topic
}

// peer is a live broker.
type peer struct {
	id        int32
	rack      *string
	endpoints map[string]endpoint // by listener
}

type endpoint struct {
	host string
	port int32
}

// topic is one topic, with its partitions by number. A partition that has not been told
// of yet is nil.
type topic struct {
	id         znodes.TopicID
	partitions []*kmsg.UpdateMetadataRequestTopicPartition
}

func newMetadata() metadata {
	return metadata{controller: -1, brokers: map[int32]*peer{}, topics: map[string]*topic{}}
}

// updateMetadata takes what the controller tells. A request lists all live brokers, and
// those partitions that have changed.
func (s *Server) updateMetadata(x *exchange) {
	r := x.Body.(*kmsg.UpdateMetadataRequest)
	answer := kmsg.NewPtrUpdateMetadataResponse()
	if code := s.heed(order{r.ControllerEpoch, r.BrokerEpoch, x.Correlation}); code != wire.OK && !s.cfg.Bugs.Has(bugs.FormerControllerBelieved) {
		answer.ErrorCode = int16(code)
		x.reply(answer)
		return
	}
	s.metadata.controller = r.ControllerID
	before := facts.Set(s.metadata.ids())
	s.metadata.takeBrokers(r.LiveBrokers)
	if now := facts.Set(s.metadata.ids()); now != before {
		s.observe(facts.PeersTaken, now)
	}
	for i := range r.TopicStates {
		s.observeTold(&r.TopicStates[i])
		if s.metadata.takeTopic(&r.TopicStates[i]) {
			s.groups.TopicDeleted(r.TopicStates[i].Topic)
		}
	}
	s.fetchers.wake(s)
	x.reply(answer)
}

// observeTold states what clients are told of a topic from now on.
func (s *Server) observeTold(state *kmsg.UpdateMetadataRequestTopicState) {
	for i := range state.PartitionStates {
		p := &state.PartitionStates[i]
		s.env.Observe(node.Event{
			Kind: facts.MetadataTaken, Text: (znodes.TopicPartition{Topic: state.Topic, Partition: p.Partition}).String(),
			N:    [4]int64{int64(p.Leader), int64(p.LeaderEpoch), facts.Set(p.ISR), int64(p.ZKVersion)},
			Body: &facts.Told{Topic: facts.TopicID(state.TopicID), Replicas: facts.Set(p.Replicas)},
		})
	}
}

func (m *metadata) takeBrokers(live []kmsg.UpdateMetadataRequestLiveBroker) {
	m.brokers = map[int32]*peer{}
	for _, b := range live {
		p := &peer{id: b.ID, rack: b.Rack, endpoints: map[string]endpoint{}}
		for _, e := range b.Endpoints {
			p.endpoints[e.ListenerName] = endpoint{e.Host, e.Port}
		}
		m.brokers[b.ID] = p
	}
}

// takeTopic takes what is told of a topic, and reports whether it is gone.
func (m *metadata) takeTopic(state *kmsg.UpdateMetadataRequestTopicState) (gone bool) {
	t := m.topics[state.Topic]
	if t == nil || t.id != state.TopicID && state.TopicID != (znodes.TopicID{}) {
		t = &topic{id: state.TopicID}
		m.topics[state.Topic] = t
	}
	for i := range state.PartitionStates {
		p := &state.PartitionStates[i]
		for int(p.Partition) >= len(t.partitions) {
			t.partitions = append(t.partitions, nil)
		}
		t.partitions[p.Partition] = p
		if p.Leader == znodes.LeaderDuringDelete {
			t.partitions[p.Partition] = nil
		}
	}
	gone = !slices.ContainsFunc(t.partitions, func(p *kmsg.UpdateMetadataRequestTopicPartition) bool { return p != nil })
	if gone {
		delete(m.topics, state.Topic)
	}
	return gone
}

// alive reports whether a broker is registered, as far as known.
func (m *metadata) alive(id int32) bool { return m.brokers[id] != nil }

// rackOf is where a live broker stands, "" if that is not known.
func (m *metadata) rackOf(id int32) string {
	if p := m.brokers[id]; p != nil && p.rack != nil {
		return *p.rack
	}
	return ""
}

// names lists the topics in order.
func (m *metadata) names() []string { return slices.Sorted(maps.Keys(m.topics)) }

// ids lists the live brokers in order.
func (m *metadata) ids() []int32 { return slices.Sorted(maps.Keys(m.brokers)) }

// nodeOf is the process behind a listener of a broker.
func (s *Server) nodeOf(id int32, listener string) (node.ID, bool) {
	p := s.metadata.brokers[id]
	if p == nil {
		return node.Nobody, false
	}
	process, known := s.cfg.Hosts[p.endpoints[listener].host]
	return process, known
}

// describe answers Metadata: brokers by the listener that was asked, and topics.
func (s *Server) describe(x *exchange) {
	r := x.Body.(*kmsg.MetadataRequest)
	answer := kmsg.NewPtrMetadataResponse()
	answer.ControllerID = s.metadata.controller
	if s.clusterID != "" {
		id := s.clusterID
		answer.ClusterID = &id
	}
	listener := listenerOf(x.channel.port)
	for _, id := range s.metadata.ids() {
		p := s.metadata.brokers[id]
		if e, has := p.endpoints[listener]; has {
			answer.Brokers = append(answer.Brokers, kmsg.MetadataResponseBroker{NodeID: id, Host: e.host, Port: e.port, Rack: p.rack})
		}
	}
	mayCreate := r.AllowAutoTopicCreation || r.Version < 4
	names, all := s.asked(r)
	for i, name := range names {
		switch {
		case s.mayDescribe(x, name), all && s.cfg.Bugs.Has(bugs.MetadataShowsAll):
			answer.Topics = append(answer.Topics, s.describeTopic(x, name, mayCreate))
		case !all:
			answer.Topics = append(answer.Topics, hidden(&r.Topics[i]))
		}
	}
	s.authorizedTopics(x, r, answer)
	x.reply(answer)
}

// mayDescribe decides whether a topic is shown. An ID that no topic has is no secret.
func (s *Server) mayDescribe(x *exchange, name string) bool {
	return name == "" || s.may(x, describeTopic.op, describeTopic.on, name)
}

// hidden is a topic that was asked for by somebody who may not know whether it exists.
// Nothing is said of it but what was asked: of a name no ID, of an ID no name.
func hidden(asked *kmsg.MetadataRequestTopic) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic, out.ErrorCode = asked.Topic, int16(wire.TopicAuthorizationFailed)
	if asked.Topic == nil {
		out.TopicID = asked.TopicID
	} else {
		out.IsInternal = internal(*asked.Topic)
	}
	return out
}

// listenerOf is the listener behind a port: who came by it is told of it.
func listenerOf(port node.Port) string {
	if port == wire.ReplicaPort {
		return replicaListener
	}
	return clientListener
}

// asked lists the topics that a request is about: null is all of them, as is an empty
// list in the oldest version, which had no null.
func (s *Server) asked(r *kmsg.MetadataRequest) (names []string, all bool) {
	if r.Topics == nil || r.Version == 0 && len(r.Topics) == 0 {
		return s.metadata.names(), true
	}
	names = make([]string, len(r.Topics))
	for i, t := range r.Topics {
		switch {
		case t.Topic != nil:
			names[i] = *t.Topic
		default:
			names[i] = s.metadata.nameOf(t.TopicID)
		}
	}
	return names, false
}

func (m *metadata) nameOf(id znodes.TopicID) string {
	for _, name := range m.names() {
		if m.topics[name].id == id {
			return name
		}
	}
	return ""
}

func (s *Server) describeTopic(x *exchange, name string, mayCreate bool) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic = &name
	out.IsInternal = internal(name)
	t := s.metadata.topics[name]
	if t == nil {
		out.ErrorCode = int16(s.absentTopic(x, name, mayCreate))
		return out
	}
	out.TopicID = t.id
	for i, p := range t.partitions {
		if p != nil {
			out.Partitions = append(out.Partitions, s.describePartition(int32(i), p))
		}
	}
	return out
}

func (s *Server) describePartition(i int32, p *kmsg.UpdateMetadataRequestTopicPartition) kmsg.MetadataResponseTopicPartition {
	out := kmsg.NewMetadataResponseTopicPartition()
	out.Partition, out.Leader, out.LeaderEpoch = i, p.Leader, p.LeaderEpoch
	out.Replicas, out.ISR = slices.Clone(p.Replicas), slices.Clone(p.ISR)
	for _, id := range p.Replicas {
		if !s.metadata.alive(id) {
			out.OfflineReplicas = append(out.OfflineReplicas, id)
		}
	}
	if !s.metadata.alive(p.Leader) {
		out.Leader, out.ErrorCode = znodes.NoLeader, int16(wire.LeaderNotAvailable)
	}
	return out
}

// internal reports whether a topic is the brokers' own.
func internal(name string) bool { return strings.HasPrefix(name, "__") }
