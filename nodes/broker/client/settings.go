package client

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Resource is whose configuration it is: a topic's, one broker's, or, with the number
// [AllBrokers], that of all brokers of which nothing else is said.
type Resource struct {
	Topic  string
	Broker int32
}

// AllBrokers is no broker's number.
const AllBrokers int32 = -1

// kind and name are those of the protocol.
func (r Resource) kind() kmsg.ConfigResourceType {
	if r.Topic != "" {
		return kmsg.ConfigResourceTypeTopic
	}
	return kmsg.ConfigResourceTypeBroker
}

func (r Resource) name() string {
	switch {
	case r.Topic != "":
		return r.Topic
	case r.Broker == AllBrokers:
		return ""
	}
	return strconv.Itoa(int(r.Broker))
}

// whoKnows finds whom to ask: only a broker itself knows of its own configuration.
func (a *Admin) whoKnows(r Resource) func() (int32, bool) {
	if r.Topic != "" || r.Broker == AllBrokers {
		return a.anybody
	}
	return func() (int32, bool) {
		_, ok := a.c.metadata.hosts[r.Broker]
		return r.Broker, ok
	}
}

// SettingChange is what is done to one key (KIP-339). Append and subtract are for lists.
type SettingChange struct {
	Op    kmsg.IncrementalAlterConfigOp
	Name  string
	Value string
}

// SetTopicConfig changes entries of a topic's configuration, and leaves the others.
func (a *Admin) SetTopicConfig(topic string, settings []Setting, done func(Done)) {
	a.AlterConfig(Resource{Topic: topic}, changesOf(settings), false, done)
}

// SetBrokerConfig changes entries of a broker's dynamic configuration (KIP-226).
func (a *Admin) SetBrokerConfig(broker int32, settings []Setting, done func(Done)) {
	a.AlterConfig(Resource{Broker: broker}, changesOf(settings), false, done)
}

func changesOf(settings []Setting) (list []SettingChange) {
	for _, s := range settings {
		c := SettingChange{Op: kmsg.IncrementalAlterConfigOpDelete, Name: s.Name}
		if s.Value != nil {
			c.Op, c.Value = kmsg.IncrementalAlterConfigOpSet, *s.Value
		}
		list = append(list, c)
	}
	return list
}

// AlterConfig changes a configuration, or finds out whether that would be allowed.
func (a *Admin) AlterConfig(resource Resource, changes []SettingChange, validateOnly bool, done func(Done)) {
	a.start(&task{
		at: a.whoKnows(resource), reads: validateOnly,
		make: func() kmsg.Request {
			res := kmsg.NewIncrementalAlterConfigsRequestResource()
			res.ResourceType, res.ResourceName = resource.kind(), resource.name()
			for _, s := range changes {
				c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
				c.Name, c.Op = s.Name, s.Op
				if s.Op != kmsg.IncrementalAlterConfigOpDelete {
					c.Value = &s.Value
				}
				res.Configs = append(res.Configs, c)
			}
			ask := kmsg.NewPtrIncrementalAlterConfigsRequest()
			ask.Resources, ask.ValidateOnly = append(ask.Resources, res), validateOnly
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// TopicConfig asks for a topic's configuration.
func (a *Admin) TopicConfig(topic string, done func([]Setting, Done)) {
	a.DescribeConfig(Resource{Topic: topic}, func(entries []kmsg.DescribeConfigsResponseResourceConfig, d Done) {
		var all []Setting
		for _, c := range entries {
			all = append(all, Setting{c.Name, c.Value})
		}
		done(all, d)
	})
}

// DescribeConfig asks for a configuration, with where each value comes from.
func (a *Admin) DescribeConfig(resource Resource, done func([]kmsg.DescribeConfigsResponseResourceConfig, Done)) {
	a.start(&task{
		at: a.whoKnows(resource), reads: true,
		make: func() kmsg.Request {
			res := kmsg.NewDescribeConfigsRequestResource()
			res.ResourceType, res.ResourceName = resource.kind(), resource.name()
			ask := kmsg.NewPtrDescribeConfigsRequest()
			ask.Resources, ask.IncludeSynonyms = append(ask.Resources, res), true
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DescribeConfigsResponse).Resources[0].ErrorCode)
		},
		done: func(r kmsg.Response, d Done) {
			if d.Outcome != Succeeded {
				done(nil, d)
				return
			}
			done(r.(*kmsg.DescribeConfigsResponse).Resources[0].Configs, d)
		},
	})
}
