package broker

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// describeConfigs says what topics go by. It reads the coordinators: a broker that has no
// replica of a topic has not kept its configuration.
func (s *Server) describeConfigs(x *exchange) {
	r := x.Body.(*kmsg.DescribeConfigsRequest)
	s.env.Go("describe configurations", func(t *node.Task) {
		answer := kmsg.NewPtrDescribeConfigsResponse()
		for i := range r.Resources {
			answer.Resources = append(answer.Resources, s.describeConfig(t, &r.Resources[i]))
		}
		x.reply(answer)
	})
}

func (s *Server) describeConfig(t *node.Task, asked *kmsg.DescribeConfigsRequestResource) kmsg.DescribeConfigsResponseResource {
	out := kmsg.NewDescribeConfigsResponseResource()
	out.ResourceType, out.ResourceName = asked.ResourceType, asked.ResourceName
	overrides, _, code := s.readOverrides(t, asked.ResourceType, asked.ResourceName)
	if out.ErrorCode = int16(code); code != wire.OK {
		return out
	}
	c := s.topicConfig(overrides)
	for i := range topicKeys {
		key := &topicKeys[i]
		if asked.ConfigNames != nil && !slices.Contains(asked.ConfigNames, key.name) {
			continue
		}
		one, value := kmsg.NewDescribeConfigsResponseResourceConfig(), key.read(c)
		one.Name, one.Value, one.ConfigType = key.name, &value, key.kind
		one.Source = kmsg.ConfigSourceDefaultConfig
		if _, said := overrides[key.name]; said {
			one.Source = kmsg.ConfigSourceDynamicTopicConfig
		}
		one.IsDefault = one.Source == kmsg.ConfigSourceDefaultConfig
		out.Configs = append(out.Configs, one)
	}
	return out
}

// readOverrides reads what a topic overrides, and the version of that.
func (s *Server) readOverrides(t *node.Task, kind kmsg.ConfigResourceType, topic string) (map[string]string, int32, wire.ErrorCode) {
	if kind != kmsg.ConfigResourceTypeTopic {
		return nil, 0, wire.InvalidRequest
	}
	path := znodes.ConfigPath(znodes.TopicConfig, topic)
	replies := s.zk.Do(t, zookeeper.Exists(znodes.TopicPath(topic)), zookeeper.Get(path))
	switch {
	case replies[0].Err == cwire.ErrNoNode:
		return nil, 0, wire.UnknownTopicOrPartition
	case !replies[0].OK(), !replies[1].OK():
		return nil, 0, wire.BrokerNotAvailable
	}
	overrides, err := znodes.DecodeConfig(path, replies[1].Data)
	if err != nil {
		return nil, 0, wire.InvalidConfig
	}
	return overrides, replies[1].Stat.Version, wire.OK
}

// alterConfigs changes what topics go by, and tells all brokers (KIP-339).
func (s *Server) alterConfigs(x *exchange) {
	r := x.Body.(*kmsg.IncrementalAlterConfigsRequest)
	s.env.Go("alter configurations", func(t *node.Task) {
		answer := kmsg.NewPtrIncrementalAlterConfigsResponse()
		for i := range r.Resources {
			asked := &r.Resources[i]
			out := kmsg.NewIncrementalAlterConfigsResponseResource()
			out.ResourceType, out.ResourceName = asked.ResourceType, asked.ResourceName
			code, text := s.alterConfig(t, asked, r.ValidateOnly)
			if out.ErrorCode = int16(code); text != "" {
				out.ErrorMessage = &text
			}
			answer.Resources = append(answer.Resources, out)
		}
		x.reply(answer)
	})
}

// alterConfig changes one configuration. Whoever else does so at the same time is not
// overwritten.
func (s *Server) alterConfig(t *node.Task, asked *kmsg.IncrementalAlterConfigsRequestResource, validateOnly bool) (wire.ErrorCode, string) {
	for {
		config, version, code := s.readOverrides(t, asked.ResourceType, asked.ResourceName)
		if code != wire.OK {
			return code, ""
		}
		for i := range asked.Configs {
			if text := alter(config, &asked.Configs[i]); text != "" {
				return wire.InvalidConfig, text
			}
		}
		if err := s.checkTopicConfig(config); err != nil {
			return wire.InvalidConfig, err.Error()
		}
		if validateOnly {
			return wire.OK, ""
		}
		r := s.zk.Set(t, znodes.ConfigPath(znodes.TopicConfig, asked.ResourceName), znodes.EncodeConfig(config), version)
		if r.Err == cwire.ErrBadVersion {
			continue
		}
		if !r.OK() {
			return wire.BrokerNotAvailable, r.String()
		}
		change := znodes.EncodeConfigChange(znodes.Entity{Type: znodes.TopicConfig, Name: asked.ResourceName})
		s.zk.One(t, zookeeper.CreateSequential(znodes.ConfigChangePath(), change))
		return wire.OK, ""
	}
}

// alter changes one key, and says what is wrong with that, "" if nothing is.
func alter(config map[string]string, c *kmsg.IncrementalAlterConfigsRequestResourceConfig) string {
	if c.Op == kmsg.IncrementalAlterConfigOpDelete {
		delete(config, c.Name)
		return ""
	}
	if c.Value == nil {
		return "no value for " + c.Name
	}
	list := strings.FieldsFunc(config[c.Name], func(r rune) bool { return r == ',' })
	switch c.Op {
	case kmsg.IncrementalAlterConfigOpSet:
		config[c.Name] = *c.Value
	case kmsg.IncrementalAlterConfigOpAppend:
		if !slices.Contains(list, *c.Value) {
			list = append(list, *c.Value)
		}
		config[c.Name] = strings.Join(list, ",")
	case kmsg.IncrementalAlterConfigOpSubtract:
		list = slices.DeleteFunc(list, func(one string) bool { return one == *c.Value })
		config[c.Name] = strings.Join(list, ",")
	}
	return ""
}
