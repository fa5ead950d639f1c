package broker

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// describeConfigs says what topics and brokers go by (KIP-133). What a topic says it
// reads from the coordinators: a broker that has no replica of a topic has not kept its
// configuration. What is said of a broker it knows, and that is what it goes by.
func (s *Server) describeConfigs(x *exchange) {
	r := x.Body.(*kmsg.DescribeConfigsRequest)
	s.env.Go("describe configurations", func(t *node.Task) {
		answer := kmsg.NewPtrDescribeConfigsResponse()
		for i := range r.Resources {
			answer.Resources = append(answer.Resources, s.describeConfig(t, r, &r.Resources[i]))
		}
		x.reply(answer)
	})
}

func (s *Server) describeConfig(t *node.Task, r *kmsg.DescribeConfigsRequest, asked *kmsg.DescribeConfigsRequestResource) kmsg.DescribeConfigsResponseResource {
	out := kmsg.NewDescribeConfigsResponseResource()
	out.ResourceType, out.ResourceName = asked.ResourceType, asked.ResourceName
	e, code, text := s.entityOf(asked.ResourceType, asked.ResourceName)
	keys, layers := config.Brokers.Keys(), s.layers(nil)
	switch {
	case code != wire.OK:
	case e.Type == znodes.TopicConfig:
		var overrides map[string]string
		overrides, _, code = s.readEntity(t, e)
		keys, layers = config.Topics.Keys(), s.layers(overrides)
	case e.Name == znodes.DefaultEntity:
		layers = config.Layers{Cluster: s.dynamic.cluster}
		keys = saidKeys(layers.Cluster)
	}
	if out.ErrorCode = int16(code); code != wire.OK {
		out.ErrorMessage = &text
		return out
	}
	for i := range keys {
		if k := &keys[i]; asked.ConfigNames == nil || slices.Contains(asked.ConfigNames, k.Name) {
			out.Configs = append(out.Configs, describeKey(k, &layers, r))
		}
	}
	return out
}

// saidKeys are the keys that something is said of.
func saidKeys(says map[string]string) (keys []config.Key) {
	for _, k := range config.Brokers.Keys() {
		if _, said := says[k.Name]; said {
			keys = append(keys, k)
		}
	}
	return keys
}

// describeKey describes one key. What is secret has no value for those who ask.
func describeKey(k *config.Key, layers *config.Layers, r *kmsg.DescribeConfigsRequest) kmsg.DescribeConfigsResponseResourceConfig {
	out := kmsg.NewDescribeConfigsResponseResourceConfig()
	out.Name, out.ConfigType, out.IsSensitive = k.Name, kmsg.ConfigType(k.Kind), k.Kind == config.Password
	value, from, ok := layers.Value(k)
	if out.Source = from; ok && !out.IsSensitive {
		out.Value = &value
	}
	out.IsDefault, out.ReadOnly = from == kmsg.ConfigSourceDefaultConfig, k.Mode == config.ReadOnly
	if r.IncludeDocumentation {
		out.Documentation = &k.Doc
	}
	if !r.IncludeSynonyms {
		return out
	}
	for _, said := range layers.Synonyms(k) {
		one := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
		one.Name, one.Source = said.Name, said.Source
		if !said.Null && !out.IsSensitive {
			one.Value = &said.Value
		}
		out.ConfigSynonyms = append(out.ConfigSynonyms, one)
	}
	return out
}

// entityOf is whose configuration a resource is: a topic's, that of all brokers, which
// has no name, or this broker's. That of another broker only the other knows.
func (s *Server) entityOf(kind kmsg.ConfigResourceType, name string) (znodes.Entity, wire.ErrorCode, string) {
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		return znodes.Entity{Type: znodes.TopicConfig, Name: name}, wire.OK, ""
	case kmsg.ConfigResourceTypeBroker:
		id, err := strconv.ParseInt(name, 10, 32)
		switch {
		case name == "":
			return znodes.Entity{Type: znodes.BrokerConfig, Name: znodes.DefaultEntity}, wire.OK, ""
		case err != nil:
			return znodes.Entity{}, wire.InvalidRequest, "the name of a broker is its number, or empty for all: " + name
		case int32(id) != s.cfg.ID:
			return znodes.Entity{}, wire.InvalidRequest, "ask broker " + name + " for its configuration; this is " + HostOf(s.cfg.ID)
		}
		return znodes.Entity{Type: znodes.BrokerConfig, Name: strconv.Itoa(int(id))}, wire.OK, ""
	}
	return znodes.Entity{}, wire.InvalidRequest, "only topics and brokers have configurations"
}

// readEntity reads what is said of an entity, and the version of that; -1 if nobody has
// said anything yet.
func (s *Server) readEntity(t *node.Task, e znodes.Entity) (map[string]string, int32, wire.ErrorCode) {
	path := znodes.ConfigPath(e.Type, e.Name)
	exists := znodes.TopicPath(e.Name)
	if e.Type != znodes.TopicConfig {
		exists = znodes.Config + "/" + e.Type
	}
	replies := s.zk.Do(t, zookeeper.Exists(exists), zookeeper.Get(path))
	switch {
	case replies[0].Err == cwire.ErrNoNode:
		return nil, 0, wire.UnknownTopicOrPartition
	case replies[1].Err == cwire.ErrNoNode:
		return map[string]string{}, -1, wire.OK
	case !replies[0].OK(), !replies[1].OK():
		return nil, 0, wire.BrokerNotAvailable
	}
	says, err := znodes.DecodeConfig(path, replies[1].Data)
	if err != nil {
		return nil, 0, wire.InvalidConfig
	}
	return says, replies[1].Stat.Version, wire.OK
}
