package coordinator

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func limitedServer(c Config) *Server {
	c.Members = []Member{{Sid: 1}, {Sid: 2}, {Sid: 3}}
	c.Sid = 1
	cfg := c.withDefaults()
	return &Server{cfg: cfg, fairShare: cfg.outstandingHere()}
}

func TestRequestsAreOnlySoLong(t *testing.T) {
	of := func(n int) *wire.Request {
		return &wire.Request{Xid: 1, Type: wire.OpSetData, Body: &wire.SetDataRequest{Path: "/a", Data: make([]byte, n)}}
	}
	const overhead = 8 + 6 + 4 + 4 // header, path, length of the data, version
	s := limitedServer(Config{MaxBuffer: 200})
	if s.tooLong(of(200-overhead)) || !s.tooLong(of(201-overhead)) {
		t.Error("the limit of 200 bytes is elsewhere")
	}
	s = limitedServer(Config{})
	if s.tooLong(of(defaultMaxBuffer-overhead)) || !s.tooLong(of(defaultMaxBuffer+1-overhead)) || s.tooLong(of(1)) {
		t.Error("the default limit is elsewhere")
	}
}

// What a client may just send, every server must be able to read (ZOOKEEPER-3496).
func TestRecordsHaveAMargin(t *testing.T) {
	long := &wire.Txn{Type: wire.OpSetData, Body: &wire.SetDataTxn{Path: "/a", Data: make([]byte, 170)}}
	for _, c := range []struct {
		bugs bugs.Set
		want bool
	}{{bugs.Set{}, true}, {bugs.Of(bugs.RecordWithoutMargin), false}} {
		s := limitedServer(Config{MaxBuffer: 200, Bugs: c.bugs})
		if got := s.intelligible(long); got != c.want {
			t.Errorf("a record of %d bytes: %t, want %t", len(s.scratch), got, c.want)
		}
	}
	s := limitedServer(Config{MaxBuffer: 200})
	long.Body = &wire.SetDataTxn{Path: "/a", Data: make([]byte, 2000)}
	if s.intelligible(long) {
		t.Error("the margin has no end")
	}
	list := &wire.CloseSessionTxn{Paths: []string{string(make([]byte, 2000))}}
	if !s.intelligible(&wire.Txn{Type: wire.OpCloseSession, Body: list}) {
		t.Error("a session with many ephemerals cannot end")
	}
}

// Of three servers each has half of the limit. Beyond it only those are held that wait
// themselves, until they are answered.
func TestCongestion(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		cfg := Config{OutstandingLimit: 4}
		if stuck {
			cfg.Bugs = bugs.Of(bugs.OutstandingNotReleased)
		}
		s := limitedServer(cfg)
		a, b := &clientConn{}, &clientConn{}
		s.enqueue(a, &pending{})
		s.enqueue(a, &pending{})
		if s.congested(a) {
			t.Error("two requests are too many")
		}
		s.enqueue(a, &pending{})
		if !s.congested(a) || s.congested(b) {
			t.Errorf("with three requests, who waits is held: %t, who does not: %t", s.congested(a), s.congested(b))
		}
		s.dequeue(a)
		if s.congested(a) != stuck {
			t.Errorf("bug %t: after an answer the connection is held: %t", stuck, s.congested(a))
		}
		s.enqueue(b, &pending{})
		s.forgetOutstanding(a)
		if !stuck && (s.inProcess != 1 || s.congested(a)) {
			t.Errorf("a connection that is gone leaves %d requests", s.inProcess)
		}
	}
}
