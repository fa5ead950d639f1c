package broker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// topicConfig is what one topic goes by: the broker's configuration, and what of it the
// topic overrides.
type topicConfig struct {
	overrides map[string]string
	log       log.Config
	minInsync int
	// known: the znode has been read. waiting goes on when it has.
	known   bool
	waiting []func()
	// life is that of the topic of this name, as far as this broker knows: what was asked
	// for one that had the name before says nothing of the next.
	life uint64
}

// configOf is the configuration of a topic: the broker's, if nothing is known of it.
func (s *Server) configOf(topic string) *topicConfig {
	if found := s.configs[topic]; found != nil {
		return found
	}
	return s.topicConfig(nil)
}

// topicConfig applies overrides. One that makes no sense is left out, as it must have
// been written past the brokers.
func (s *Server) topicConfig(overrides map[string]string) *topicConfig {
	c := s.cfg
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		k := config.Topics.Lookup(name)
		if k == nil || k.Check(overrides[name]) != nil {
			continue
		}
		was := c
		if c.override(k, overrides[name]); c.Log.Validate() != nil {
			c = was
		}
	}
	return &topicConfig{overrides: overrides, log: c.Log, minInsync: c.MinInsync}
}

// override gives a configuration the value that a topic says: by the broker's key that
// stands behind the topic's.
func (c *Config) override(k *config.Key, value string) {
	if s := settingOf(k.Broker); s != nil && k.Use == config.Works {
		s.write(c, k.Canonical(value))
	}
}

// checkTopicConfig says what is wrong with the configuration that a topic shall get.
func (s *Server) checkTopicConfig(overrides map[string]string) error {
	c := s.cfg
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		k := config.Topics.Lookup(name)
		if k == nil {
			return fmt.Errorf("broker: topics have no key %s", name)
		}
		if err := k.Check(overrides[name]); err != nil {
			return fmt.Errorf("broker: %s: %w", name, err)
		}
		c.override(k, overrides[name])
	}
	return c.Log.Validate()
}

// whenTopicsKnown goes on when the configurations of some topics have been read. That of
// a topic without replicas here is read now, whatever is known of it: nobody tells of what
// is written before a topic exists, so it may be of another that had this name.
func (s *Server) whenTopicsKnown(topics []string, then func()) {
	left := 1
	arrived := func() {
		if left--; left == 0 {
			then()
		}
	}
	for _, topic := range topics {
		c := s.configs[topic]
		if c == nil || !s.hasReplicasOf(topic) {
			c = s.forgetTopicConfig(topic)
			s.readTopicConfig(topic)
		}
		if !c.known {
			left++
			c.waiting = append(c.waiting, arrived)
		}
	}
	arrived()
}

// forgetTopicConfig begins a life of a topic, of which nothing is known. Who waits for the
// configuration of an earlier one waits for that of this one.
func (s *Server) forgetTopicConfig(topic string) *topicConfig {
	next := s.topicConfig(nil)
	s.lastNumber++
	next.life = s.lastNumber
	if was := s.configs[topic]; was != nil {
		next.waiting = was.waiting
	}
	s.configs[topic] = next
	return next
}

// readTopicConfig reads the configuration of a topic. If the session ends meanwhile, the
// next one reads it. A coordinator that lags behind would show the znode before it was
// written, and nobody tells of what is written before the topic exists; hence the sync.
func (s *Server) readTopicConfig(topic string) {
	path, life := znodes.ConfigPath(znodes.TopicConfig, topic), s.configs[topic].life
	former := func() bool { return s.configs[topic] == nil || s.configs[topic].life != life }
	s.zk.Submit(zookeeper.Sync(path), func(r zookeeper.Reply) {
		switch {
		case r.Over() || former():
		case !r.OK():
			s.readTopicConfig(topic)
		default:
			s.zk.Submit(zookeeper.Get(path), func(r zookeeper.Reply) {
				if !r.Over() && !former() {
					s.takeTopicConfig(topic, decodeConfig(topic, &r))
				}
			})
		}
	})
}

// decodeConfig reads a configuration out of a reply. One that cannot be read, or is not
// there, says nothing.
func decodeConfig(name string, r *zookeeper.Reply) map[string]string {
	if !r.OK() {
		return nil
	}
	says, err := znodes.DecodeConfig(name, r.Data)
	if err != nil {
		return nil
	}
	return says
}

// takeTopicConfig takes what a topic says for itself.
func (s *Server) takeTopicConfig(topic string, overrides map[string]string) {
	next := s.topicConfig(overrides)
	next.known = true
	was := s.configs[topic]
	if was != nil {
		next.life = was.life
	}
	s.configs[topic] = next
	s.enforce(topic)
	s.stateConfig(znodes.Entity{Type: znodes.TopicConfig, Name: topic}, overrides)
	if was != nil {
		for _, goOn := range was.waiting {
			goOn()
		}
	}
}

// enforce puts the configuration of a topic into force in its replicas.
func (s *Server) enforce(topic string) {
	c := s.configs[topic]
	for _, r := range s.sortedReplicas() {
		if r.tp.Topic == topic && !s.cfg.Bugs.Has(bugs.LimitsNotEnforced) {
			r.log.SetConfig(c.log)
			r.SetMinInsync(c.minInsync)
			s.touch(r)
		}
	}
}
