package client

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// SetTopicConfig changes entries of a topic's configuration, and leaves the others
// (KIP-339).
func (a *Admin) SetTopicConfig(topic string, settings []Setting, done func(Done)) {
	a.alterConfig(kmsg.ConfigResourceTypeTopic, topic, a.anybody, settings, done)
}

// SetBrokerConfig changes entries of a broker's dynamic configuration (KIP-226). Only
// the broker itself can take those.
func (a *Admin) SetBrokerConfig(broker int32, settings []Setting, done func(Done)) {
	at := func() (int32, bool) {
		_, ok := a.c.metadata.hosts[broker]
		return broker, ok
	}
	a.alterConfig(kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(broker)), at, settings, done)
}

func (a *Admin) alterConfig(kind kmsg.ConfigResourceType, name string, at func() (int32, bool), settings []Setting, done func(Done)) {
	a.start(&task{
		at: at,
		make: func() kmsg.Request {
			res := kmsg.NewIncrementalAlterConfigsRequestResource()
			res.ResourceType, res.ResourceName = kind, name
			for _, s := range settings {
				c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
				c.Name, c.Value = s.Name, s.Value
				if s.Value == nil {
					c.Op = kmsg.IncrementalAlterConfigOpDelete
				}
				res.Configs = append(res.Configs, c)
			}
			ask := kmsg.NewPtrIncrementalAlterConfigsRequest()
			ask.Resources = append(ask.Resources, res)
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
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request {
			res := kmsg.NewDescribeConfigsRequestResource()
			res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, topic
			ask := kmsg.NewPtrDescribeConfigsRequest()
			ask.Resources = append(ask.Resources, res)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.DescribeConfigsResponse).Resources[0].ErrorCode)
		},
		done: func(r kmsg.Response, d Done) {
			var all []Setting
			if d.Outcome == Succeeded {
				for _, c := range r.(*kmsg.DescribeConfigsResponse).Resources[0].Configs {
					all = append(all, Setting{c.Name, c.Value})
				}
			}
			done(all, d)
		},
	})
}
