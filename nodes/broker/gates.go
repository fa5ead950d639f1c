package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// failed is the error of a right that is lacking.
func failed(r right) wire.ErrorCode {
	switch r.on {
	case kmsg.ACLResourceTypeTopic:
		return wire.TopicAuthorizationFailed
	case kmsg.ACLResourceTypeGroup:
		return wire.GroupAuthorizationFailed
	}
	return wire.ClusterAuthorizationFailed
}

// The gates of requests about partitions of topics. What is refused comes last in answers.

func (g *gate) produce() {
	r := g.x.Body.(*kmsg.ProduceRequest)
	kept, refused := part(g, 0, r.Topics, func(t *kmsg.ProduceRequestTopic) string { return t.Topic })
	if len(refused) == 0 {
		return
	}
	if !g.s.cfg.Bugs.Has(bugs.RefusedAppended) {
		r.Topics = kept
	}
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.ProduceResponse)
		for _, t := range refused {
			out := kmsg.NewProduceResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewProduceResponseTopicPartition()
				part.Partition, part.ErrorCode, part.BaseOffset = p.Partition, int16(wire.TopicAuthorizationFailed), -1
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
}

func (g *gate) listOffsets() {
	r := g.x.Body.(*kmsg.ListOffsetsRequest)
	var refused []kmsg.ListOffsetsRequestTopic
	r.Topics, refused = part(g, 0, r.Topics, func(t *kmsg.ListOffsetsRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.ListOffsetsResponse)
		for _, t := range refused {
			out := kmsg.NewListOffsetsResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewListOffsetsResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, int16(wire.TopicAuthorizationFailed)
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
}

func (g *gate) describeProducers() {
	r := g.x.Body.(*kmsg.DescribeProducersRequest)
	var refused []kmsg.DescribeProducersRequestTopic
	r.Topics, refused = part(g, 0, r.Topics, func(t *kmsg.DescribeProducersRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.DescribeProducersResponse)
		for _, t := range refused {
			out := kmsg.NewDescribeProducersResponseTopic()
			out.Topic = t.Topic
			for _, number := range t.Partitions {
				part := kmsg.NewDescribeProducersResponseTopicPartition()
				part.Partition, part.ErrorCode = number, int16(wire.TopicAuthorizationFailed)
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
}

// offsetForLeaderEpoch: brokers asked first, consumers do so since KIP-320.
func (g *gate) offsetForLeaderEpoch() {
	if g.has(0, "") {
		return
	}
	r := g.x.Body.(*kmsg.OffsetForLeaderEpochRequest)
	var refused []kmsg.OffsetForLeaderEpochRequestTopic
	r.Topics, refused = part(g, 1, r.Topics, func(t *kmsg.OffsetForLeaderEpochRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.OffsetForLeaderEpochResponse)
		for _, t := range refused {
			out := kmsg.NewOffsetForLeaderEpochResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
				part.Partition, part.ErrorCode, part.LeaderEpoch, part.EndOffset = p.Partition, int16(wire.TopicAuthorizationFailed), -1, -1
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
}

func (g *gate) deleteRecords() {
	r := g.x.Body.(*kmsg.DeleteRecordsRequest)
	var refused []kmsg.DeleteRecordsRequestTopic
	r.Topics, refused = part(g, 0, r.Topics, func(t *kmsg.DeleteRecordsRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.DeleteRecordsResponse)
		for _, t := range refused {
			out := kmsg.NewDeleteRecordsResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewDeleteRecordsResponseTopicPartition()
				part.Partition, part.ErrorCode, part.LowWatermark = p.Partition, int16(wire.TopicAuthorizationFailed), -1
				out.Partitions = append(out.Partitions, part)
			}
			answer.Topics = append(answer.Topics, out)
		}
	})
}

// mayRead decides once for each topic of a fetch, whatever it waits for: as brokers, by a
// right on the cluster, or as consumers, by one on the topic.
func (s *Server) mayRead(f *retrieval, topic string) bool {
	if s.access == nil {
		return true
	}
	ok, decided := f.may[topic]
	if !decided {
		g := &gate{s, f.x, demandOf(kmsg.Fetch.Int16())}
		if f.follower >= 0 {
			ok = g.has(1, "")
		} else {
			ok = g.has(0, topic)
		}
		if f.may == nil {
			f.may = map[string]bool{}
		}
		f.may[topic] = ok
	}
	return ok
}

// The gates of requests about topics.

// createTopics: who may create what it likes may create anything.
func (g *gate) createTopics() {
	if g.has(0, "") {
		return
	}
	r := g.x.Body.(*kmsg.CreateTopicsRequest)
	var refused []kmsg.CreateTopicsRequestTopic
	r.Topics, refused = part(g, 1, r.Topics, func(t *kmsg.CreateTopicsRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.CreateTopicsResponse)
		for _, t := range refused {
			out := kmsg.NewCreateTopicsResponseTopic()
			out.Topic, out.ErrorCode = t.Topic, int16(wire.TopicAuthorizationFailed)
			answer.Topics = append(answer.Topics, out)
		}
	})
}

// deleteTopics: an ID is no secret, the name behind it is.
func (g *gate) deleteTopics() {
	r := g.x.Body.(*kmsg.DeleteTopicsRequest)
	names, refused := part(g, 0, r.TopicNames, func(name *string) string { return *name })
	nameOf := func(t *kmsg.DeleteTopicsRequestTopic) string {
		if t.Topic != nil {
			return *t.Topic
		}
		return g.s.metadata.nameOf(t.TopicID)
	}
	topics, kept := r.Topics, r.Topics[:0:0]
	var out []kmsg.DeleteTopicsResponseTopic
	for i := range topics {
		t, name := &topics[i], nameOf(&topics[i])
		if name == "" || g.has(0, name) {
			kept = append(kept, *t)
			continue
		}
		one := kmsg.NewDeleteTopicsResponseTopic()
		one.Topic, one.TopicID, one.ErrorCode = t.Topic, t.TopicID, int16(wire.TopicAuthorizationFailed)
		if t.Topic == nil && g.has(1, name) {
			one.Topic = &name
		}
		out = append(out, one)
	}
	for _, name := range refused {
		one := kmsg.NewDeleteTopicsResponseTopic()
		one.Topic, one.ErrorCode = &name, int16(wire.TopicAuthorizationFailed)
		out = append(out, one)
	}
	r.TopicNames, r.Topics = names, kept
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.DeleteTopicsResponse)
		answer.Topics = append(answer.Topics, out...)
	})
}

func (g *gate) createPartitions() {
	r := g.x.Body.(*kmsg.CreatePartitionsRequest)
	var refused []kmsg.CreatePartitionsRequestTopic
	r.Topics, refused = part(g, 0, r.Topics, func(t *kmsg.CreatePartitionsRequestTopic) string { return t.Topic })
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.CreatePartitionsResponse)
		for _, t := range refused {
			out := kmsg.NewCreatePartitionsResponseTopic()
			out.Topic, out.ErrorCode = t.Topic, int16(wire.TopicAuthorizationFailed)
			answer.Topics = append(answer.Topics, out)
		}
	})
}

// mayConfigure decides about a configuration: that of a topic, or of a broker, which is
// one of the cluster.
func (g *gate) mayConfigure(kind kmsg.ConfigResourceType, name string) (bool, wire.ErrorCode) {
	if kind == kmsg.ConfigResourceTypeTopic {
		return g.has(0, name), wire.TopicAuthorizationFailed
	}
	return g.has(1, ""), wire.ClusterAuthorizationFailed
}

// partConfigs takes out of a request the resources whose configurations its sender may not
// have, and makes the refusals of them.
func partConfigs[Asked, Refused any](g *gate, asked []Asked, of func(*Asked) (kmsg.ConfigResourceType, string), refuse func(*Asked, int16) Refused) (kept []Asked, refused []Refused) {
	for i := range asked {
		if ok, code := g.mayConfigure(of(&asked[i])); ok {
			kept = append(kept, asked[i])
		} else {
			refused = append(refused, refuse(&asked[i], int16(code)))
		}
	}
	return kept, refused
}

func (g *gate) describeConfigs() {
	type asked = kmsg.DescribeConfigsRequestResource
	r := g.x.Body.(*kmsg.DescribeConfigsRequest)
	kept, refused := partConfigs(g, r.Resources,
		func(a *asked) (kmsg.ConfigResourceType, string) { return a.ResourceType, a.ResourceName },
		func(a *asked, code int16) kmsg.DescribeConfigsResponseResource {
			out := kmsg.NewDescribeConfigsResponseResource()
			out.ResourceType, out.ResourceName, out.ErrorCode = a.ResourceType, a.ResourceName, code
			return out
		})
	r.Resources = kept
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.DescribeConfigsResponse)
		answer.Resources = append(answer.Resources, refused...)
	})
}

func (g *gate) alterConfigs() {
	type asked = kmsg.IncrementalAlterConfigsRequestResource
	r := g.x.Body.(*kmsg.IncrementalAlterConfigsRequest)
	kept, refused := partConfigs(g, r.Resources,
		func(a *asked) (kmsg.ConfigResourceType, string) { return a.ResourceType, a.ResourceName },
		func(a *asked, code int16) kmsg.IncrementalAlterConfigsResponseResource {
			out := kmsg.NewIncrementalAlterConfigsResponseResource()
			out.ResourceType, out.ResourceName, out.ErrorCode = a.ResourceType, a.ResourceName, code
			return out
		})
	r.Resources = kept
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.IncrementalAlterConfigsResponse)
		answer.Resources = append(answer.Resources, refused...)
	})
}

// replaceConfigs is the older form.
func (g *gate) replaceConfigs() {
	type asked = kmsg.AlterConfigsRequestResource
	r := g.x.Body.(*kmsg.AlterConfigsRequest)
	kept, refused := partConfigs(g, r.Resources,
		func(a *asked) (kmsg.ConfigResourceType, string) { return a.ResourceType, a.ResourceName },
		func(a *asked, code int16) kmsg.AlterConfigsResponseResource {
			out := kmsg.NewAlterConfigsResponseResource()
			out.ResourceType, out.ResourceName, out.ErrorCode = a.ResourceType, a.ResourceName, code
			return out
		})
	r.Resources = kept
	g.amend(func(a kmsg.Response) {
		answer := a.(*kmsg.AlterConfigsResponse)
		answer.Resources = append(answer.Resources, refused...)
	})
}

// initProducerID: who may write to any topic may number what it writes (KIP-679).
func (g *gate) initProducerID() {
	if g.has(0, "") || g.s.mayAny(g.x, g.rights[1].op, g.rights[1].on) {
		return
	}
	answer := kmsg.NewPtrInitProducerIDResponse()
	answer.ErrorCode, answer.ProducerID, answer.ProducerEpoch = int16(wire.ClusterAuthorizationFailed), -1, -1
	g.x.reply(answer)
}

// whole refuses a request as a whole, or nothing of it.
func (g *gate) whole() {
	if g.key == kmsg.LeaveGroup && g.s.cfg.Bugs.Has(bugs.LeaveUnchecked) || g.has(0, groupOf(g.x.Body)) {
		return
	}
	g.x.reply(refusal(g.x.Body, failed(g.rights[0])))
}

// groupOf is the group that a request is about, if it is about one.
func groupOf(r kmsg.Request) string {
	switch r := r.(type) {
	case *kmsg.JoinGroupRequest:
		return r.Group
	case *kmsg.SyncGroupRequest:
		return r.Group
	case *kmsg.HeartbeatRequest:
		return r.Group
	case *kmsg.LeaveGroupRequest:
		return r.Group
	}
	return ""
}

// refusal answers a request that is refused as a whole.
func refusal(r kmsg.Request, code wire.ErrorCode) kmsg.Response {
	c := int16(code)
	answer := r.ResponseKind()
	switch a := answer.(type) {
	case *kmsg.LeaderAndISRResponse:
		a.ErrorCode = c
	case *kmsg.StopReplicaResponse:
		a.ErrorCode = c
	case *kmsg.UpdateMetadataResponse:
		a.ErrorCode = c
	case *kmsg.ControlledShutdownResponse:
		a.ErrorCode = c
	case *kmsg.JoinGroupResponse:
		a.ErrorCode, a.Generation = c, -1
	case *kmsg.SyncGroupResponse:
		a.ErrorCode = c
	case *kmsg.HeartbeatResponse:
		a.ErrorCode = c
	case *kmsg.LeaveGroupResponse:
		a.ErrorCode = c
	case *kmsg.DescribeACLsResponse:
		a.ErrorCode = c
	case *kmsg.ElectLeadersResponse:
		a.ErrorCode = c
	case *kmsg.AlterPartitionAssignmentsResponse:
		a.ErrorCode = c
	case *kmsg.ListPartitionReassignmentsResponse:
		a.ErrorCode = c
	case *kmsg.OffsetDeleteResponse:
		a.ErrorCode = c
	case *kmsg.DescribeLogDirsResponse:
		a.ErrorCode = c // an older client is shown nothing
	case *kmsg.DescribeClientQuotasResponse:
		a.ErrorCode = c
	case *kmsg.DescribeUserSCRAMCredentialsResponse:
		a.ErrorCode = c
	case *kmsg.AlterUserSCRAMCredentialsResponse:
		for _, in := range credentialChanges(r.(*kmsg.AlterUserSCRAMCredentialsRequest)) {
			a.Results = append(a.Results, kmsg.AlterUserSCRAMCredentialsResponseResult{User: in.user, ErrorCode: c})
		}
	case *kmsg.AlterClientQuotasResponse:
		for _, in := range r.(*kmsg.AlterClientQuotasRequest).Entries {
			out := kmsg.NewAlterClientQuotasResponseEntry()
			for _, e := range in.Entity {
				out.Entity = append(out.Entity, kmsg.AlterClientQuotasResponseEntryEntity{Type: e.Type, Name: e.Name})
			}
			out.ErrorCode = c
			a.Entries = append(a.Entries, out)
		}
	case *kmsg.CreateACLsResponse:
		a.Results = make([]kmsg.CreateACLsResponseResult, len(r.(*kmsg.CreateACLsRequest).Creations))
		for i := range a.Results {
			a.Results[i].ErrorCode = c
		}
	case *kmsg.DeleteACLsResponse:
		a.Results = make([]kmsg.DeleteACLsResponseResult, len(r.(*kmsg.DeleteACLsRequest).Filters))
		for i := range a.Results {
			a.Results[i].ErrorCode = c
		}
	default:
		panic("broker: nothing says how a refusal of " + kmsg.NameForKey(r.Key()) + " looks")
	}
	return answer
}
