package broker

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
)

// topicConfig is what one topic goes by: the broker's configuration, and what of it the
// topic overrides.
type topicConfig struct {
	overrides map[string]string
	log       log.Config
	minInsync int64
	unclean   bool
	// known: the znode has been read. waiting goes on when it has.
	known   bool
	waiting []func()
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
	c := &topicConfig{overrides: overrides, log: s.cfg.Log, minInsync: int64(s.cfg.MinInsync), unclean: s.cfg.Unclean}
	for _, key := range slices.Sorted(maps.Keys(overrides)) {
		was := *c
		if c.set(key, overrides[key]) != nil || c.validate() != nil {
			*c = was
		}
	}
	return c
}

// set overrides one key of a topic. Keys that brokers have no use for are kept and mean
// nothing.
func (c *topicConfig) set(key, value string) error {
	at, known := slices.BinarySearchFunc(topicKeys, key, func(k topicKey, key string) int { return strings.Compare(k.name, key) })
	if !known {
		return nil
	}
	if err := topicKeys[at].write(c, value); err != nil {
		return fmt.Errorf("broker: %s is %q: %w", key, value, err)
	}
	return nil
}

func (c *topicConfig) validate() error {
	if c.minInsync < 1 {
		return fmt.Errorf("broker: min.insync.replicas is %d, below 1", c.minInsync)
	}
	return c.log.Validate()
}

// checkTopicConfig says what is wrong with the configuration that a topic shall get.
func (s *Server) checkTopicConfig(overrides map[string]string) error {
	c := s.topicConfig(nil)
	for _, key := range slices.Sorted(maps.Keys(overrides)) {
		if err := c.set(key, overrides[key]); err != nil {
			return err
		}
	}
	return c.validate()
}

// whenTopicsKnown goes on when the configurations of some topics have been read.
func (s *Server) whenTopicsKnown(topics []string, then func()) {
	left := 1
	arrived := func() {
		if left--; left == 0 {
			then()
		}
	}
	for _, topic := range topics {
		c := s.configs[topic]
		if c == nil {
			c = s.topicConfig(nil)
			s.configs[topic] = c
			s.readTopicConfig(topic)
		}
		if !c.known {
			left++
			c.waiting = append(c.waiting, arrived)
		}
	}
	arrived()
}

// readTopicConfig reads the configuration of a topic. If the session ends meanwhile, the
// next one reads it.
func (s *Server) readTopicConfig(topic string) {
	s.zk.Submit(zookeeper.Get(znodes.ConfigPath(znodes.TopicConfig, topic)), func(r zookeeper.Reply) {
		if r.Over() || s.configs[topic] == nil {
			return
		}
		overrides, err := znodes.DecodeConfig(topic, r.Data)
		if err != nil {
			overrides = nil
		}
		s.takeTopicConfig(topic, overrides)
	})
}

// takeTopicConfig puts a configuration into force.
func (s *Server) takeTopicConfig(topic string, overrides map[string]string) {
	next := s.topicConfig(overrides)
	next.known = true
	was := s.configs[topic]
	s.configs[topic] = next
	for _, r := range s.sortedReplicas() {
		if r.tp.Topic == topic {
			r.log.SetConfig(next.log)
			r.SetMinInsync(int(next.minInsync))
			s.touch(r)
		}
	}
	if was != nil {
		for _, goOn := range was.waiting {
			goOn()
		}
	}
}

// watchTopicConfigs reads all configurations that are known or asked for, in a new
// session, and again whenever one has changed: who is told that something did, reads
// all, and so misses nothing that two notifications in a row would have said.
func (s *Server) watchTopicConfigs() {
	s.zk.OnChildren(znodes.ConfigChanges, func(zookeeper.Event) { s.readTopicConfigs() })
	s.readTopicConfigs()
}

func (s *Server) readTopicConfigs() {
	s.zk.Submit(zookeeper.Children(znodes.ConfigChanges), func(zookeeper.Reply) {}) // sets the watch
	for _, topic := range slices.Sorted(maps.Keys(s.configs)) {
		s.readTopicConfig(topic)
	}
}
