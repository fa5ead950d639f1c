package broker

import (
	"maps"
	"slices"
	"strconv"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// dynamic is what operators have said of a running broker (KIP-226), over what it was
// started with.
type dynamic struct {
	// static is the configuration that the broker was started with, statics what of it is
	// not as usual.
	static  Config
	statics map[string]string
	// cluster is what is said of all brokers, own what is said of this one.
	cluster, own map[string]string
}

// entities are the two that a broker's configuration comes from.
func (s *Server) entities() []string {
	return []string{znodes.DefaultEntity, strconv.Itoa(int(s.cfg.ID))}
}

// layers are all that is said of a broker, and of a topic that overrides some of it.
func (s *Server) layers(topic map[string]string) config.Layers {
	return config.Layers{Topic: topic, Broker: s.dynamic.own, Cluster: s.dynamic.cluster, Static: s.dynamic.statics}
}

// awaitBrokerConfig reads what is said of the broker before it opens its logs, in
// whichever session.
func (s *Server) awaitBrokerConfig(t *node.Task) {
	for {
		term, over := s.zk.Term(), false
		for _, name := range s.entities() {
			r := s.zk.One(t, zookeeper.Get(znodes.ConfigPath(znodes.BrokerConfig, name)))
			if over = over || r.Over() || term != s.zk.Term(); !over {
				s.takeBrokerConfig(name, decodeConfig(name, &r))
			}
		}
		if !over {
			return
		}
		t.Sleep(registerAgain)
	}
}

// takeBrokerConfig takes what is said of all brokers, or of this one.
func (s *Server) takeBrokerConfig(name string, says map[string]string) {
	if name == znodes.DefaultEntity {
		s.dynamic.cluster = says
	} else {
		s.dynamic.own = says
	}
	s.reconfigure()
	s.stateConfig(znodes.Entity{Type: znodes.BrokerConfig, Name: name}, says)
}

// reconfigure puts into force what is said, and gives every topic what it does not
// override. What makes no sense is left out: it was written past the brokers.
func (s *Server) reconfigure() {
	next := s.dynamic.static
	for _, says := range []map[string]string{s.dynamic.cluster, s.dynamic.own} {
		for _, name := range slices.Sorted(maps.Keys(says)) {
			k := config.Brokers.Lookup(name)
			if k == nil || k.Mode == config.ReadOnly || k.Use != config.Works || k.Check(says[name]) != nil {
				continue
			}
			was := next
			if write := settingOf(name).write; write != nil {
				write(&next, k.Canonical(says[name]))
			}
			if next.Validate() != nil {
				next = was
			}
		}
	}
	s.cfg = next
	s.controller.SetUnclean(next.Unclean)
	for _, topic := range slices.Sorted(maps.Keys(s.configs)) {
		was := s.configs[topic]
		c := s.topicConfig(was.overrides)
		c.known, c.waiting, c.life = was.known, was.waiting, was.life
		s.configs[topic] = c
		s.enforce(topic)
	}
}

// stateConfig states what a broker goes by from now on.
func (s *Server) stateConfig(e znodes.Entity, says map[string]string) {
	s.env.Observe(node.Event{Kind: facts.ConfigTaken, Text: e.Type + "/" + e.Name, N: [4]int64{int64(len(says))}, Body: facts.Settings(says)})
}
