package zookeeper

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TimerKinds is how many timer tag kinds a session takes, from Config.TimerKind.
const TimerKinds = client.TimerKinds

// Config is what a session has to be told.
type Config struct {
	// Servers are the coordinators; at least one.
	Servers []node.ID
	// Timeout is zookeeper.session.timeout.ms: what the broker asks for.
	Timeout time.Duration
	// TimerKind is the first of the [TimerKinds] timer tag kinds that are the session's.
	TimerKind uint32
	// Bugs are the switched-on bugs.
	Bugs bugs.Set
}

// Owner is the broker. It is called from inside the forwarded callbacks.
type Owner interface {
	// SessionBegan: a server accepted a session that is new. No watch is set.
	SessionBegan()
	// SessionConnected: a server accepted the session, a new one after SessionBegan or
	// the present one. SessionDisconnected: that connection broke; the session goes on
	// to the next server by itself.
	SessionConnected()
	SessionDisconnected()
	// SessionExpired: a server said that the session is over. What was outstanding ends
	// right after this, and everything asked fails until [Session.Restart].
	SessionExpired()
}

// Event is what a handler is told.
type Event struct {
	Type wire.EventType
	Path string
}

// Session is the broker's session, and after a [Session.Restart] its next one.
type Session struct {
	env   node.Env
	zk    *client.Client
	owner Owner

	// term counts sessions, so that an answer can tell whether its session is over.
	term int
	// began: the present session has been told of.
	began bool
	// former are the sessions that have ended, by ID.
	former map[int64]bool

	nodes, children map[string]func(Event)
}

// New makes a session that does nothing until [Session.Start].
func New(env node.Env, cfg Config, owner Owner) *Session {
	s := &Session{
		env: env, owner: owner, former: map[int64]bool{},
		nodes: map[string]func(Event){}, children: map[string]func(Event){},
	}
	s.zk = client.New(env, client.Config{
		Servers: cfg.Servers, SessionTimeout: cfg.Timeout, TimerKind: cfg.TimerKind, Bugs: cfg.Bugs,
	}, s)
	return s
}

// Start opens the first session.
func (s *Session) Start() { s.zk.Start() }

// Restart opens the next session, after one has expired.
func (s *Session) Restart() {
	if id := s.zk.Session(); id != 0 {
		s.former[id] = true
	}
	s.term++
	s.began = false
	s.zk.Restart()
}

// ID is that of the session, 0 before its first connection. Its ephemerals have it as
// their owner.
func (s *Session) ID() int64 { return s.zk.Session() }

// Term counts sessions, from 0.
func (s *Session) Term() int { return s.term }

// Connected reports whether a server would be asked at once.
func (s *Session) Connected() bool { return s.zk.Connected() }

// Over reports whether the session has ended and nothing but [Session.Restart] helps.
func (s *Session) Over() bool { return s.zk.Over() }

// OnNode registers a handler for the creation, the change and the deletion of a znode;
// nil takes it away. Get and Exists of the path set its watch.
func (s *Session) OnNode(path string, handle func(Event)) { register(s.nodes, path, handle) }

// OnChildren registers a handler for a change of the list of children; nil takes it
// away. Children of the path sets its watch.
func (s *Session) OnChildren(path string, handle func(Event)) { register(s.children, path, handle) }

func register(handlers map[string]func(Event), path string, handle func(Event)) {
	if handle == nil {
		delete(handlers, path)
		return
	}
	handlers[path] = handle
}

// SessionEvent implements [client.Listener].
func (s *Session) SessionEvent(e client.Event) {
	switch e.Kind {
	case client.Connected:
		if !s.began {
			s.began = true
			s.owner.SessionBegan()
		}
		s.owner.SessionConnected()
	case client.Disconnected:
		s.owner.SessionDisconnected()
	case client.Expired:
		s.owner.SessionExpired()
	}
}

// WatchEvent implements [client.Listener].
func (s *Session) WatchEvent(e client.WatchEvent) {
	event := Event{e.Type, e.Path}
	if handle := s.nodes[e.Path]; handle != nil && e.Type != wire.NodeChildrenChanged {
		handle(event)
	}
	childless := e.Type == wire.NodeChildrenChanged || e.Type == wire.NodeDeleted
	if handle := s.children[e.Path]; handle != nil && childless {
		handle(event)
	}
}

// WatchesRearmed implements [client.Listener].
func (s *Session) WatchesRearmed(client.Rearmed) {}

// Authenticating implements [client.Listener].
func (s *Session) Authenticating(client.Authentication) {}

// Owns reports whether a connection is the session's.
func (s *Session) Owns(c node.ConnID) bool { return c != 0 && s.zk.Opened(c) }

// Receive forwards [node.Node.Receive]. Like the others it reports whether the
// connection or the timer is the session's.
func (s *Session) Receive(c node.ConnID, m node.Message) bool { return s.zk.Receive(c, m) }

// Closed forwards [node.Node.Closed].
func (s *Session) Closed(c node.ConnID, why node.CloseReason) bool { return s.zk.Closed(c, why) }

// Timer forwards [node.Node.Timer].
func (s *Session) Timer(tag node.Tag) bool { return s.zk.Timer(tag) }

// Decode forwards [node.Node.Decode], for connections that the session owns.
func (s *Session) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	return s.zk.Decode(c, frame)
}
