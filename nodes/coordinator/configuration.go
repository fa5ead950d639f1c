package coordinator

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/election"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// configuration is what a server knows of its ensemble.
//
// The newest configuration that it has seen is the one its database shows: a
// reconfiguration is a transaction like any other, so whoever holds it in the log
// reckons with it, committed or not, and whoever was told to cut it off forgets it.
// Only the version that a leader gives to the configuration of an operator is in no
// log; that is what the file of the next configuration is needed for.
type configuration struct {
	// committed is the active one. text is what it says, for comparing.
	committed *membership.Config
	text      string
	// lastSeen is the newest in the history when the present term began; next the
	// content of the file.
	lastSeen, next *membership.Config
	// handover names the server that a configuration designated, 0 if none: the next
	// term is with it, without an election.
	handover int64
}

// initialConfig is what an operator wrote: every member that is no spare.
func (c Config) initialConfig() *membership.Config {
	var servers []membership.Server
	for _, m := range c.Members {
		if !m.Spare {
			servers = append(servers, membership.Usual(m.Sid, fmt.Sprintf("zk%d", m.Sid), m.Observer))
		}
	}
	groups := c.Groups
	if c.Bugs.Has(bugs.WeightsIgnored) {
		groups = nil
	}
	out, err := membership.New(0, servers, groups)
	if err != nil {
		panic(err) // the configuration is valid
	}
	return out
}

// loadConfiguration begins with what the disk holds, else with what an operator wrote.
func (s *Server) loadConfiguration() error {
	s.setCommitted(s.cfg.initialConfig())
	s.lastSeen = s.committed
	if !s.cfg.ReconfigEnabled {
		return nil
	}
	active, next, err := store.LoadConfigs(s.env.Disk())
	if err != nil {
		return err
	}
	if active != nil {
		s.setCommitted(active)
		s.lastSeen = active
	}
	s.next = next
	return nil
}

func (s *Server) setCommitted(c *membership.Config) {
	s.committed, s.text = c, c.String()
}

// observes reports whether we are an observer, if only because we lost our disk.
func (s *Server) observes() bool { return s.bare || s.committed.Observes(s.cfg.Sid) }

// seeHistory finds the newest configuration that the history holds, at the end of a
// term and before the next: see [configuration].
func (s *Server) seeHistory() {
	s.lastSeen = s.committed
	if !s.cfg.ReconfigEnabled {
		return
	}
	if s.next != nil && s.next.Version.Counter() == 0 && s.next.Newer(s.lastSeen) {
		s.lastSeen = s.next
	}
	data, _, _ := s.db.tree.Data(tree.ConfigPath)
	if c, err := membership.Parse(string(data)); err == nil && c.Newer(s.lastSeen) {
		s.lastSeen = c
	}
}

// view is the membership that the next election goes by.
func (s *Server) view() election.View {
	v := election.View{Voters: s.committed.Verifier(), Follows: !s.observes()}
	for _, m := range s.committed.Servers {
		v.Members = append(v.Members, m.Sid)
	}
	if !s.cfg.ReconfigEnabled {
		return v
	}
	v.Config, v.Committed, v.LastSeen = s.text, s.committed.Version, s.lastSeen.Version
	if s.lastSeen.Newer(s.committed) {
		v.Next = s.lastSeen.Verifier()
		for _, m := range s.lastSeen.Servers {
			if _, known := s.committed.Member(m.Sid); !known {
				v.Members = append(v.Members, m.Sid)
			}
		}
	}
	return v
}

// learnConfig takes over a newer configuration from another server's vote, while we
// look for a leader. By the old one we might elect who is no member any more, or
// wait for members that are gone. It reports whether it did.
func (s *Server) learnConfig(n *wire.Notification) bool {
	if !s.cfg.ReconfigEnabled || n.Config == "" || s.state != wire.Looking || s.draining || n.Config == s.text {
		return false
	}
	c, err := membership.Parse(n.Config)
	if err != nil {
		panic("coordinator: a vote brings no configuration: " + err.Error())
	}
	if !c.Newer(s.committed) {
		return false
	}
	s.draining = true // until the file is durable nobody is elected by either
	s.election.Pause()
	s.endReadOnly()
	s.activate(c, func() {
		s.observe(facts.ConfigAdopted, int64(c.Version))
		s.observeActive()
	})
	return true
}

func (s *Server) observeActive() {
	s.env.Observe(node.Event{Kind: facts.ConfigActivated, N: [4]int64{int64(s.committed.Version)}, Text: s.text})
}

// saveNext makes a configuration durable that may come to be active.
func (s *Server) saveNext(c *membership.Config, then func()) {
	s.flow("save the next configuration", func(t *node.Task) error {
		err := store.SaveNextConfig(t, s.env.Disk(), c)
		s.next = c
		if err == nil {
			s.env.Observe(node.Event{Kind: facts.ConfigSeen, N: [4]int64{int64(c.Version)}, Text: c.String()})
		}
		return err
	}, then)
}

// activate makes a configuration the one that we go by, and durably so before then is
// called. It never goes back. That it is active others have decided; a crash that takes
// the file makes us reckon with the configuration again, as one that the history holds.
func (s *Server) activate(c *membership.Config, then func()) {
	if !c.Newer(s.committed) {
		then()
		return
	}
	s.setCommitted(c)
	s.election.Activated(s.text)
	s.flow("activate the configuration", func(t *node.Task) error {
		return store.SaveActiveConfig(t, s.env.Disk(), c)
	}, then)
}

// showConfig puts the active configuration where clients find it. A transaction has
// done that, unless the configuration came with a term or from the disk. An ensemble
// that does not change shows none, like a standalone server of Apache ZooKeeper.
func (s *Server) showConfig() {
	if !s.cfg.ReconfigEnabled {
		return
	}
	data, _, _ := s.db.tree.Data(tree.ConfigPath)
	shown, err := membership.Parse(string(data))
	if err != nil || len(data) == 0 || s.committed.Newer(shown) {
		s.db.tree.ShowConfig(s.text, s.committed.Version)
	}
}
