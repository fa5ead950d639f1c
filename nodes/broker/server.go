package broker

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Server is one broker.
type Server struct {
	node.Base
	cfg Config
	env node.Env
	// apis are the requests that are served, by key.
	apis []api

	// zk is the session with the coordinators. registered says that the znode of this
	// broker exists in it, epoch is the czxid of that znode: the epoch of this life.
	zk         *zookeeper.Session
	registered bool
	epoch      int64
	// whenRegistered are the tasks that wait for it.
	whenRegistered []*node.Signal
	clusterID      string
	// controllerEpoch is that of the latest controller which has been heard.
	controllerEpoch int32
	metadata        metadata

	// channels are the connections that were accepted, readyChannels those of which a
	// request is about to be taken up.
	channels      map[node.ConnID]*channel
	readyChannels []*channel
	// inside: a callback is under way, at whose end settle is called. settling: a timer
	// is set that calls it, because something changed outside of one.
	inside, settling bool
}

var _ node.Node = (*Server)(nil)

// The kinds of timers and disk requests.
const (
	tagSettle uint32 = iota + 1
	tagWaiter        // Arg is the waiter
	tagReviewIsr
)

// tagZooKeeper is the first of the session's.
const tagZooKeeper uint32 = 64

// New makes a broker. A configuration that does not validate is a bug of the caller
// and panics.
func New(cfg Config) *Server {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return &Server{
		cfg: cfg.withDefaults(), apis: apis(), epoch: -1, metadata: newMetadata(), channels: map[node.ConnID]*channel{},
	}
}

// Boot starts the broker.
func (s *Server) Boot(env node.Env) {
	s.env = env
	s.observeRole()
	s.zk = zookeeper.New(env, zookeeper.Config{
		Servers: s.cfg.Coordinators, Timeout: s.cfg.SessionTimeout, TimerKind: tagZooKeeper, Bugs: s.cfg.Bugs,
	}, s)
	s.zk.Start()
}

// Receive hands a message to whoever has the connection.
func (s *Server) Receive(c node.ConnID, m node.Message) {
	s.inside = true
	switch ch := s.channels[c]; {
	case ch != nil:
		s.receiveRequest(ch, m.(*wire.Request))
	default:
		s.zk.Receive(c, m)
	}
	s.settle()
}

// Closed tells whoever had the connection.
func (s *Server) Closed(c node.ConnID, why node.CloseReason) {
	s.inside = true
	switch ch := s.channels[c]; {
	case ch != nil:
		s.drop(ch)
	default:
		s.zk.Closed(c, why)
	}
	s.settle()
}

// Timer dispatches by tag.
func (s *Server) Timer(tag node.Tag) {
	s.inside = true
	switch {
	case s.zk.Timer(tag):
	case tag.Kind == tagSettle:
		s.settling = false
	default:
		panic(fmt.Sprintf("broker: nobody set timer %v", tag))
	}
	s.settle()
}

// Decode reads a frame as whoever has the connection expects it.
func (s *Server) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	if s.zk.Owns(c) {
		return s.zk.Decode(c, frame)
	}
	return wire.DecodeRequest(frame)
}

// settle ends a callback: what became ready in it is dealt with now, when nothing is half
// done any more.
func (s *Server) settle() {
	for len(s.readyChannels) > 0 {
		s.serveReady()
	}
	s.inside = false
}

// settleSoon sees to it that settle is called: at the end of the present callback, or, in
// a task that a timer of its own has woken, right after it.
func (s *Server) settleSoon() {
	if !s.inside && !s.settling {
		s.settling = true
		s.env.SetTimer(0, node.Tag{Kind: tagSettle})
	}
}

func (s *Server) observe(k *node.EventKind, n ...int64) {
	e := node.Event{Kind: k}
	copy(e.N[:], n)
	s.env.Observe(e)
}

func (s *Server) observeRole() { s.env.Observe(node.Event{Kind: node.Role, Text: "broker"}) }
