package client

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// welcome answers the newest connection's ConnectRequest as a read-only server.
func (s *script) welcome(session int64) {
	s.c.Receive(s.env.last().id, &wire.ConnectResponse{Session: session, TimeoutMs: 9000, ReadOnly: true})
}

func TestAReadOnlySessionIsNotAskedForAgain(t *testing.T) {
	s := begin(t, func(c *Config) { c.CanBeReadOnly = true })
	if !s.connectRequest().ReadOnly {
		t.Fatal("did not say that a read-only server will do")
	}
	s.welcome(7)
	s.submit("read", wire.OpGetData)
	s.reply(1, wire.MakeZxid(1, 5), wire.OK)
	s.reset()
	if got := s.connectRequest(); got.Session != 0 || got.LastZxidSeen != wire.MakeZxid(1, 5) {
		t.Errorf("asked for session %d, seen %v; want a new one that is not behind 1:5", got.Session, got.LastZxidSeen)
	}
	s.accept(8, 9*time.Second)
	s.reset()
	if got := s.connectRequest(); got.Session != 8 {
		t.Errorf("asked for session %d after a full server gave 8", got.Session)
	}
	s.expect("connected-read-only session=7 conn=1", "read sure ok sent=true xid=1 conn=1",
		"disconnected session=7 conn=1", "connected session=8 conn=1", "disconnected session=8 conn=1")
}

func TestAReadOnlyClientSeeksAFullServerAndMoves(t *testing.T) {
	s := begin(t, func(c *Config) { c.CanBeReadOnly = true })
	s.welcome(7)
	home := s.env.last()
	for i, pause := range []time.Duration{100, 200, 400} {
		s.env.advance(s.c, pause*time.Millisecond)
		asked := s.env.last()
		if w, ok := asked.sent[0].(*wire.Word); !ok || w.Text != wire.IsReadOnly || len(s.env.conns) != i+2 {
			t.Fatalf("question %d: sent %v on connection %d", i, asked.sent, len(s.env.conns))
		}
		if i < 2 {
			s.c.Receive(asked.id, &wire.WordReply{Text: wire.ReadOnlyServer})
		}
	}
	found := s.env.last().to
	s.c.Receive(s.env.last().id, &wire.WordReply{Text: wire.ReadWriteServer})
	if got := s.env.last(); got.to != found || !home.closed {
		t.Errorf("went to server %d, home closed %v; want the one that was found, %d", got.to, home.closed, found)
	}
	s.accept(8, 9*time.Second)
	before := len(s.env.conns)
	s.env.advance(s.c, 2*time.Second)
	if len(s.env.conns) != before {
		t.Error("goes on seeking at a full server")
	}
	s.expect("connected-read-only session=7 conn=1", "disconnected session=7 conn=1", "connected session=8 conn=1")
}
