package coordinator

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// word answers an operator and ends the connection.
func (s *Server) word(c *clientConn, w *wire.Word) {
	s.observe(facts.WordAsked, int64(slices.Index(admin.Words, admin.Word(w.Text))))
	s.received(c)
	if word := admin.Word(w.Text); word.Known() { // else it is the length of something else
		s.env.Send(c.id, &wire.WordReply{Text: s.Ask(word)})
	}
	s.drop(c)
}

// Ask answers a four-letter word. Words that are not whitelisted are refused in the
// answer.
func (s *Server) Ask(w admin.Word) string {
	state := s.State()
	if !s.cfg.FourLetterWords.Allows(w, s.cfg.ReadOnlyMode) {
		return admin.Refusal(w)
	}
	switch w {
	case admin.Srst:
		s.meter.traffic, s.meter.proposals = admin.Counters{}, admin.NoSizes
	case admin.Crst:
		for _, c := range s.connected() {
			c.stats.Reset()
		}
	}
	return admin.Answer(w, state)
}

// State describes the server as it is now, for operators and for reports. It must have booted.
func (s *Server) State() *admin.State {
	t := s.db.tree
	out := &admin.State{
		Sid: s.cfg.Sid, Mode: s.mode(), Phase: s.phase(), LeaderSid: s.leaderSid(), Epoch: s.accepted,
		Uptime: s.env.Now() - s.meter.booted, Wall: s.env.WallMillis(),
		Zxid: s.standsAt(), Nodes: t.Len() + rootTwice, DataSize: t.Size(), Watches: s.watches.Len(), Digests: s.meter.digests.List(),
		LastSnapshot: store.NewestSnapshot(s.env.Disk()), Voters: s.cfg.votingSids(),
		Proposals: s.meter.proposals, Settings: s.cfg.settings(), Counters: s.meter.traffic,
		Metrics: s.meter.metrics(), TraceMask: s.meter.traceMask,
	}
	if s.bug(bugs.StatsNameTheLog) {
		out.Zxid = s.db.log.LastZxid()
	}
	out.SnapshotBytes, out.LogBytes = s.fileSizes()
	s.describeSessions(out)
	s.describeConnections(out)
	if s.leader != nil {
		out.Followers, out.Observers = s.leader.Synced()
	}
	return out
}

// rootTwice: ZooKeeper keeps its root under two names and counts both.
const rootTwice = 1

func (s *Server) mode() admin.Mode {
	switch {
	case s.readOnly:
		return admin.ReadOnly
	case !s.serves():
		return admin.NotServing
	case s.alone != nil:
		return admin.Standalone
	case s.leader != nil:
		return admin.Leader
	case s.state == wire.Observing:
		return admin.Observer
	}
	return admin.Follower
}

// phase is where the server stands in the protocol.
func (s *Server) phase() string {
	switch {
	case s.alone != nil:
		return "BROADCAST"
	case s.leader != nil:
		return s.leader.Phase()
	case s.learner != nil:
		return s.learner.Phase()
	case s.state == wire.Looking:
		return "ELECTION"
	}
	return "DISCOVERY"
}

func (s *Server) leaderSid() int64 {
	switch {
	case s.primary != nil:
		return s.cfg.Sid
	case s.learner != nil && s.serving:
		return s.learner.Leader()
	}
	return 0
}

// fileSizes returns how many bytes snapshots and logs have.
func (s *Server) fileSizes() (snapshots, logs int64) {
	d := s.env.Disk()
	for _, name := range d.List() {
		switch {
		case store.IsSnapshot(name):
			snapshots += d.Size(name)
		case store.IsLog(name):
			logs += d.Size(name)
		}
	}
	return snapshots, logs
}

func (s *Server) describeSessions(out *admin.State) {
	now, wall := s.env.Now(), s.env.WallMillis()
	for _, live := range s.db.tree.Sessions() {
		session := admin.Session{ID: live.ID, TimeoutMs: live.TimeoutMs}
		if s.tracker != nil {
			if at, ok := s.tracker.Deadline(live.ID); ok {
				session.Deadline = wall + (at - now).Milliseconds()
			}
		}
		out.Sessions = append(out.Sessions, session)
		if own := s.db.tree.Ephemerals(live.ID); len(own) > 0 {
			out.Ephemerals += len(own)
			out.Owned = append(out.Owned, admin.Holding{Holder: hexed(live.ID), Items: own})
		}
	}
}

func hexed(session int64) string { return fmt.Sprintf("%#x", uint64(session)) }

// connected lists the clients' connections in order of their arrival.
func (s *Server) connected() []*clientConn {
	var out []*clientConn
	for _, id := range sortedKeys(s.conns) {
		if c := s.conns[id].client; c != nil {
			out = append(out, c)
		}
	}
	return out
}

func (s *Server) describeConnections(out *admin.State) {
	byPath := map[string][]string{}
	for _, c := range s.connected() {
		out.Connections = append(out.Connections, admin.Connection{
			Address: fmt.Sprintf("/%s:%d", wire.Address(c.peer), 32768+uint64(c.id)%28232),
			Session: c.session, Stats: c.stats, TimeoutMs: c.timeoutMs, Queued: len(c.queue),
		})
		out.Outstanding += len(c.queue)
		paths := s.watches.Paths(c.id)
		if len(paths) == 0 {
			continue
		}
		out.Watchers = append(out.Watchers, admin.Holding{Holder: hexed(c.session), Items: paths})
		for _, path := range paths {
			byPath[path] = append(byPath[path], hexed(c.session))
		}
	}
	for _, path := range sortedKeys(byPath) {
		out.Watched = append(out.Watched, admin.Holding{Holder: path, Items: slices.Sorted(slices.Values(byPath[path]))})
	}
}

// settings are the configuration in the words of zoo.cfg.
func (c *Config) settings() []admin.Setting {
	ms := func(name string, n int64) admin.Setting {
		return admin.Setting{Name: name, Value: strconv.FormatInt(n, 10)}
	}
	list := []admin.Setting{
		ms("clientPort", 2181), ms("tickTime", c.Tick.Milliseconds()),
		ms("minSessionTimeout", c.MinSessionTimeout.Milliseconds()), ms("maxSessionTimeout", c.MaxSessionTimeout.Milliseconds()),
		ms("serverId", c.Sid), ms("initLimit", int64(c.InitLimit)), ms("syncLimit", int64(c.SyncLimit)),
		ms("snapCount", int64(c.SnapCount)), ms("commitLogCount", int64(c.CommitLogCount)),
	}
	for _, m := range c.Members {
		role := "participant"
		if m.Observer {
			role = "observer"
		}
		list = append(list, admin.Setting{Name: fmt.Sprintf("server.%d", m.Sid), Value: fmt.Sprintf("%s:2888:3888:%s", wire.Address(m.Node), role)})
	}
	return list
}

// acceptClient takes a client's connection. A server that serves nobody still talks
// to operators; it hangs up on the first word of a client.
func (s *Server) acceptClient(c node.ConnID, peer node.ID) {
	s.conns[c] = &connection{port: wire.ClientPort, client: &clientConn{
		id: c, peer: peer, auth: s.identitiesOf(peer), stats: admin.ConnStats{Established: s.env.WallMillis()},
	}}
}
