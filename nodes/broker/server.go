package broker

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Server is one broker.
type Server struct {
	node.Base
	cfg Config
	env node.Env
	// apis are the requests that are served, by key.
	apis []api

	// channels are the connections that were accepted; serving is the one whose request
	// is being dispatched, if any is.
	channels map[node.ConnID]*channel
	serving  *channel
}

var _ node.Node = (*Server)(nil)

// New makes a broker. A configuration that does not validate is a bug of the caller
// and panics.
func New(cfg Config) *Server {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return &Server{cfg: cfg.withDefaults(), apis: apis(), channels: map[node.ConnID]*channel{}}
}

// Boot starts the broker.
func (s *Server) Boot(env node.Env) {
	s.env = env
}

// Receive hands a message to whoever has the connection.
func (s *Server) Receive(c node.ConnID, m node.Message) {
	if ch := s.channels[c]; ch != nil {
		r, ok := m.(*wire.Request)
		if !ok {
			panic(fmt.Sprintf("broker: %v is no request", m))
		}
		s.receiveRequest(ch, r)
	}
}

// Closed tells whoever has the connection.
func (s *Server) Closed(c node.ConnID, why node.CloseReason) {
	if ch := s.channels[c]; ch != nil {
		s.drop(ch)
	}
}

// Decode reads a frame as whoever has the connection expects it.
func (s *Server) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	return wire.DecodeRequest(frame)
}
