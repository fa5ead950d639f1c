package broker

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// notices is when each notification in the tree was first seen, by directory and name, by
// this broker's own clock: those of two machines need not agree on how old it is.
type notices map[string]map[string]time.Duration

// purgeNotices deletes notifications that everybody must have read by now, of those that a
// directory has; see [Config.ChangeRetention]. As in Kafka, somebody looks whenever there is
// a new one: where nothing changes any more, the last ones stay.
func (s *Server) purgeNotices(dir string, names []string) {
	now, seen := s.env.Now(), map[string]time.Duration{}
	for _, name := range names {
		since, known := s.notices[dir][name]
		if !known {
			since = now
		}
		if now-since <= s.cfg.ChangeRetention {
			seen[name] = since
			continue
		}
		path := dir + "/" + name
		s.env.Observe(node.Event{Kind: facts.NoticePurged, Text: path})
		s.zk.Submit(zookeeper.Delete(path, zookeeper.AnyVersion), func(zookeeper.Reply) {})
	}
	s.notices[dir] = seen
}
