package broker

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// changes is how far a broker has come with the notifications that configurations have
// changed: znodes whose numbers ascend, each with the name of an entity.
type changes struct {
	// last is the number of the last that was dealt with, -1 before the first.
	last int64
	// behind: the session is new. What changed while there was none may have been told by
	// a znode that is gone again, so everything is read.
	behind bool
	// reading: a task is at it. again: something happened meanwhile.
	reading, again bool
}

// watchConfigs follows configurations in a new session.
func (s *Server) watchConfigs() {
	s.changes.behind = true
	s.zk.OnChildren(znodes.ConfigChanges, func(zookeeper.Event) { s.followConfigs() })
	s.followConfigs()
}

// followConfigs reads what has changed, one notification after the other.
func (s *Server) followConfigs() {
	s.changes.again = true
	if s.changes.reading {
		return
	}
	s.changes.reading = true
	s.env.Go("configurations", func(t *node.Task) {
		for s.changes.again {
			s.changes.again = false
			s.readChanges(t)
		}
		s.changes.reading = false
	})
}

// readChanges reads the notifications that are new. If the session ends meanwhile, the
// next one reads everything.
func (s *Server) readChanges(t *node.Task) {
	if s.changes.behind {
		// The server may be behind the one of the last session, and show what was before.
		s.zk.One(t, zookeeper.Sync(znodes.ConfigChanges))
	}
	list := s.zk.One(t, zookeeper.Children(znodes.ConfigChanges)) // sets the watch
	if !list.OK() {
		return
	}
	if s.changes.behind {
		s.changes.behind = false
		s.catchUp(t, list.Children)
		return
	}
	for _, name := range list.Children {
		number, ok := changeNumber(name)
		if !ok || number <= s.changes.last {
			continue
		}
		path := znodes.ConfigChanges + "/" + name
		r := s.zk.One(t, zookeeper.Get(path))
		if r.Over() || s.changes.behind {
			return
		}
		s.changes.last = number
		if e, err := znodes.DecodeConfigChange(path, r.Data); r.OK() && err == nil {
			s.readConfig(e)
		}
	}
	s.purgeNotices(znodes.ConfigChanges, list.Children)
}

// changeNumber is the number of a notification, from its name.
func changeNumber(name string) (int64, bool) {
	n, err := strconv.ParseInt(name[strings.LastIndexByte(name, '_')+1:], 10, 64)
	return n, err == nil
}

// catchUp reads everything that is known, and takes the notifications for dealt with.
// They were listed before, so that what changes from now on is told by later ones. Clients
// are read again: what was read before the broker registered may have changed since, and
// that is told by one that is dealt with.
func (s *Server) catchUp(t *node.Task, names []string) {
	for _, name := range names {
		if number, ok := changeNumber(name); ok {
			s.changes.last = max(s.changes.last, number)
		}
	}
	if s.cfg.Bugs.Has(bugs.ConfigMissedAfterSession) && s.zk.Term() > 0 {
		return
	}
	for _, name := range s.entities() {
		s.readConfig(znodes.Entity{Type: znodes.BrokerConfig, Name: name})
	}
	for _, topic := range slices.Sorted(maps.Keys(s.configs)) {
		s.readConfig(znodes.Entity{Type: znodes.TopicConfig, Name: topic})
	}
	s.readClients(t)
}

// readConfig reads what an entity is said to be now, if this broker goes by it. Two
// changes in a row may both be read the second way: the last read has the last change.
func (s *Server) readConfig(e znodes.Entity) {
	switch {
	case e.Type == znodes.TopicConfig:
		if s.configs[e.Name] != nil {
			s.readTopicConfig(e.Name)
		}
		s.controller.Reconsider()
	case e.Type == znodes.BrokerConfig && slices.Contains(s.entities(), e.Name):
		s.zk.Submit(zookeeper.Get(znodes.ConfigPath(e.Type, e.Name)), func(r zookeeper.Reply) {
			if !r.Over() {
				s.takeBrokerConfig(e.Name, decodeConfig(e.Name, &r))
			}
		})
	case s.followsClients():
		if of, ok := entityAt(e.Type + "/" + e.Name); ok {
			s.env.Go("client", func(t *node.Task) { s.readClient(t, of) })
		}
	}
}
