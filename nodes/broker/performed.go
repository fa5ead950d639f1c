package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// statePerformed says for whom a request is performed, and about what, where anybody asks
// for rights.
func (s *Server) statePerformed(x *exchange) {
	if s.access == nil {
		return
	}
	body := &facts.Performed{}
	aboutTopics(body, x.Body)
	aboutGroups(body, x.Body)
	aboutConfigs(body, x.Body)
	e := node.Event{Kind: facts.RequestPerformed, Text: x.channel.principal, Body: body}
	e.N = [4]int64{int64(x.Key), int64(x.channel.peer), int64(x.channel.port), int64(x.channel.id)}
	s.env.Observe(e)
}

// named adds the names in a list to others, each once.
func named[T any](names []string, all []T, name func(*T) string) []string {
	for i := range all {
		if n := name(&all[i]); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

func itself(name *string) string { return *name }

// aboutTopics finds the topics that a request names.
func aboutTopics(to *facts.Performed, r kmsg.Request) {
	switch r := r.(type) {
	case *kmsg.ProduceRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.ProduceRequestTopic) string { return t.Topic })
	case *kmsg.ListOffsetsRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.ListOffsetsRequestTopic) string { return t.Topic })
	case *kmsg.CreateTopicsRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.CreateTopicsRequestTopic) string { return t.Topic })
	case *kmsg.DeleteTopicsRequest:
		to.Topics = named(nil, r.TopicNames, itself)
		to.Topics = named(to.Topics, r.Topics, func(t *kmsg.DeleteTopicsRequestTopic) string {
			if t.Topic == nil {
				return "" // an ID is no secret
			}
			return *t.Topic
		})
	case *kmsg.DeleteRecordsRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.DeleteRecordsRequestTopic) string { return t.Topic })
	case *kmsg.OffsetForLeaderEpochRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.OffsetForLeaderEpochRequestTopic) string { return t.Topic })
	case *kmsg.CreatePartitionsRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.CreatePartitionsRequestTopic) string { return t.Topic })
	case *kmsg.DescribeProducersRequest:
		to.Topics = named(nil, r.Topics, func(t *kmsg.DescribeProducersRequestTopic) string { return t.Topic })
	}
}

// aboutGroups finds the groups that a request names, and the topics that it names with
// them.
func aboutGroups(to *facts.Performed, r kmsg.Request) {
	if group := groupOf(r); group != "" {
		to.Groups = []string{group}
		return
	}
	switch r := r.(type) {
	case *kmsg.OffsetCommitRequest:
		to.Groups = []string{r.Group}
		to.Topics = named(nil, r.Topics, func(t *kmsg.OffsetCommitRequestTopic) string { return t.Topic })
	case *kmsg.OffsetDeleteRequest:
		to.Groups = []string{r.Group}
		to.Topics = named(nil, r.Topics, func(t *kmsg.OffsetDeleteRequestTopic) string { return t.Topic })
	case *kmsg.OffsetFetchRequest:
		to.Groups = named(nil, r.Groups, func(g *kmsg.OffsetFetchRequestGroup) string { return g.Group })
		to.Topics = named(nil, r.Topics, func(t *kmsg.OffsetFetchRequestTopic) string { return t.Topic })
		if r.Version < 8 {
			to.Groups = []string{r.Group}
		}
		for i := range r.Groups {
			to.Topics = named(to.Topics, r.Groups[i].Topics, func(t *kmsg.OffsetFetchRequestGroupTopic) string { return t.Topic })
		}
	case *kmsg.DescribeGroupsRequest:
		to.Groups = named(nil, r.Groups, itself)
	case *kmsg.DeleteGroupsRequest:
		to.Groups = named(nil, r.Groups, itself)
	}
}

// aboutConfigs finds whose settings a request is about.
func aboutConfigs(to *facts.Performed, r kmsg.Request) {
	add := func(kind kmsg.ConfigResourceType, name string) {
		if kind != kmsg.ConfigResourceTypeTopic {
			to.Brokers = true
		} else if !slices.Contains(to.Topics, name) {
			to.Topics = append(to.Topics, name)
		}
	}
	switch r := r.(type) {
	case *kmsg.DescribeConfigsRequest:
		for i := range r.Resources {
			add(r.Resources[i].ResourceType, r.Resources[i].ResourceName)
		}
	case *kmsg.AlterConfigsRequest:
		for i := range r.Resources {
			add(r.Resources[i].ResourceType, r.Resources[i].ResourceName)
		}
	case *kmsg.IncrementalAlterConfigsRequest:
		for i := range r.Resources {
			add(r.Resources[i].ResourceType, r.Resources[i].ResourceName)
		}
	}
}
