package client

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// script drives a client against servers that the test plays, and logs what the
// client tells its owner.
type script struct {
	*testing.T
	env *fakeEnv
	c   *Client
	log []string
}

func begin(t *testing.T, change ...func(*Config)) *script {
	s := &script{T: t, env: newFakeEnv(1)}
	cfg := Config{Servers: []node.ID{0, 1, 2}, SessionTimeout: 9 * time.Second, OpTimeout: 4 * time.Second}
	for _, f := range change {
		f(&cfg)
	}
	s.c = New(s.env, cfg, s)
	s.c.Start()
	return s
}

func (s *script) SessionEvent(e Event) {
	s.log = append(s.log, fmt.Sprintf("%v session=%d conn=%d", e.Kind, e.Session, e.Conn))
}

func (s *script) WatchEvent(e WatchEvent) {
	s.log = append(s.log, fmt.Sprintf("%v %s at %v session=%d conn=%d order=%d", e.Type, e.Path, e.Zxid, e.Session, e.Conn, e.Order))
}

func (s *script) WatchesRearmed(r Rearmed) {
	s.log = append(s.log, fmt.Sprintf("rearmed at %v session=%d conn=%d order=%d", r.Zxid, r.Session, r.Conn, r.Order))
}

func (s *script) Authenticating(a Authentication) {
	how := map[bool]string{true: fmt.Sprintf("answered %v order=%d", a.Err, a.Order), false: "shown"}[a.Answered]
	s.log = append(s.log, fmt.Sprintf("%s:%s %s session=%d conn=%d after=%d", a.Scheme, a.Secret, how, a.Session, a.Conn, a.After))
}

// submit sends an operation whose end is logged under a name.
func (s *script) submit(name string, op wire.OpCode) {
	s.c.Submit(op, &wire.Empty{}, func(r Result) {
		how := map[bool]string{true: "sure", false: "unsure"}[r.Sure]
		s.log = append(s.log, fmt.Sprintf("%s %s %v sent=%v xid=%d conn=%d", name, how, r.Err, r.Sent, r.Xid, r.Conn))
	})
}

// accept answers the newest connection's ConnectRequest.
func (s *script) accept(session int64, timeout time.Duration) {
	s.c.Receive(s.env.last().id, &wire.ConnectResponse{Session: session, TimeoutMs: int32(timeout / time.Millisecond)})
}

func (s *script) reply(xid int32, zxid wire.Zxid, err wire.ErrorCode) {
	s.c.Receive(s.env.last().id, &wire.Reply{Xid: xid, Zxid: zxid, Err: err, Body: &wire.Empty{}})
}

func (s *script) reset() {
	s.env.last().closed = true
	s.c.Closed(s.env.last().id, node.Reset)
}

// expect compares the log since the last call.
func (s *script) expect(want ...string) {
	s.Helper()
	if !slices.Equal(s.log, want) {
		s.Fatalf("the owner heard\n\t%s\nwant\n\t%s", strings.Join(s.log, "\n\t"), strings.Join(want, "\n\t"))
	}
	s.log = nil
}

// connectRequest is the first message of the newest connection.
func (s *script) connectRequest() wire.ConnectRequest {
	return *s.env.last().sent[0].(*wire.ConnectRequest)
}

// requests lists the xids sent on the newest connection, pings included.
func (s *script) requests() []int32 {
	var xids []int32
	for _, m := range s.env.last().sent[1:] {
		xids = append(xids, m.(*wire.Request).Xid)
	}
	return xids
}

func TestRepliesEndRequestsInOrder(t *testing.T) {
	s := begin(t)
	s.submit("before", wire.OpSetData)
	s.accept(7, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.submit("read", wire.OpGetData)
	s.reply(1, 11, wire.OK)
	s.reply(2, 12, wire.ErrBadVersion)
	s.reply(3, 12, wire.OK)
	s.expect("connected session=7 conn=1",
		"before sure ok sent=true xid=1 conn=1",
		"write sure bad-version sent=true xid=2 conn=1",
		"read sure ok sent=true xid=3 conn=1")
}

func TestLostConnectionLeavesWritesUnknownAndReadsWithoutEffect(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.submit("read", wire.OpGetData)
	s.submit("sync", wire.OpSync)
	s.reset()
	s.submit("later", wire.OpCreate)
	s.accept(7, 9*time.Second)
	s.reply(4, 12, wire.OK)
	s.expect("connected session=7 conn=1",
		"disconnected session=7 conn=1",
		"write unsure connection-loss sent=true xid=1 conn=1",
		"read sure connection-loss sent=true xid=2 conn=1",
		"sync sure connection-loss sent=true xid=3 conn=1",
		"connected session=7 conn=2",
		"later sure ok sent=true xid=4 conn=2")
}

func TestReconnectCarriesSessionAndZxidOfReplies(t *testing.T) {
	s := begin(t)
	if got := s.connectRequest(); got != (wire.ConnectRequest{TimeoutMs: 9000}) {
		t.Fatalf("first ConnectRequest %+v; want a new session of 9000 ms", got)
	}
	s.c.Receive(s.env.last().id, &wire.ConnectResponse{Session: 7, Password: [16]byte{3}, TimeoutMs: 6000})
	first := s.env.last().to
	s.submit("write", wire.OpSetData)
	s.reply(1, wire.MakeZxid(1, 5), wire.OK)
	s.reply(wire.XidPing, wire.MakeZxid(1, 9), wire.OK)
	s.reset()
	want := wire.ConnectRequest{LastZxidSeen: wire.MakeZxid(1, 5), TimeoutMs: 9000, Session: 7, Password: [16]byte{3}}
	if got := s.connectRequest(); got != want {
		t.Errorf("second ConnectRequest %+v, want %+v", got, want)
	}
	if s.env.last().to == first {
		t.Errorf("reconnected to server %d again, want the next one", first)
	}
}

func TestExpiryEndsTheSessionUntilRestart(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.reset()
	s.submit("queued", wire.OpSetData)
	s.accept(0, 0)
	s.submit("too late", wire.OpSetData)
	s.expect("connected session=7 conn=1", "disconnected session=7 conn=1",
		"write unsure connection-loss sent=true xid=1 conn=1",
		"expired session=7 conn=1",
		"queued sure session-expired sent=false xid=0 conn=0",
		"too late sure session-expired sent=false xid=0 conn=0")
	dialled := len(s.env.conns)
	s.env.advance(s.c, time.Minute)
	if len(s.env.conns) != dialled {
		t.Fatalf("an expired client dialled %d times on its own", len(s.env.conns)-dialled)
	}
	s.c.Restart()
	if got := s.connectRequest(); got != (wire.ConnectRequest{TimeoutMs: 9000}) {
		t.Errorf("ConnectRequest after Restart %+v, want a new session", got)
	}
	s.accept(8, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.reply(1, 20, wire.OK)
	s.expect("connected session=8 conn=1", "write sure ok sent=true xid=1 conn=1")
}

func TestExpiryInAReply(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.submit("told", wire.OpSetData)
	s.submit("behind", wire.OpSetData)
	s.reply(1, 5, wire.ErrSessionExpired)
	s.expect("connected session=7 conn=1", "expired session=7 conn=1",
		"told sure session-expired sent=true xid=1 conn=1",
		"behind unsure connection-loss sent=true xid=2 conn=1")
}

func TestMovedSessionFailsTheRequestAndDropsTheConnection(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.submit("told", wire.OpSetData)
	s.submit("behind", wire.OpSetData)
	old := s.env.last()
	s.reply(1, 5, wire.ErrSessionMoved)
	s.expect("connected session=7 conn=1", "disconnected session=7 conn=1",
		"told sure session-moved sent=true xid=1 conn=1",
		"behind unsure connection-loss sent=true xid=2 conn=1")
	if !old.closed || s.connectRequest().Session != 7 {
		t.Errorf("closed %v, then asked for session %d; want the same session elsewhere", old.closed, s.connectRequest().Session)
	}
}

func TestOverdueRequests(t *testing.T) {
	s := begin(t)
	s.submit("never sent", wire.OpSetData)
	s.env.advance(s.c, 4*time.Second)
	s.expect("never sent sure operation-timeout sent=false xid=0 conn=0")
	s.accept(7, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.env.advance(s.c, time.Second)
	s.submit("behind", wire.OpSetData)
	s.env.advance(s.c, 3*time.Second)
	s.expect("connected session=7 conn=1", "disconnected session=7 conn=1",
		"write unsure operation-timeout sent=true xid=1 conn=1",
		"behind unsure connection-loss sent=true xid=2 conn=1")
}

func TestCloseSession(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.submit("close", wire.OpCloseSession)
	s.submit("behind", wire.OpSetData)
	s.reply(1, 5, wire.OK)
	s.reply(2, 6, wire.OK)
	s.expect("connected session=7 conn=1",
		"behind sure session-expired sent=false xid=0 conn=0",
		"write sure ok sent=true xid=1 conn=1",
		"closed session=7 conn=1",
		"close sure ok sent=true xid=2 conn=1")
	if !s.c.Over() || !s.env.last().closed {
		t.Errorf("after the close: over %v, connection closed %v", s.c.Over(), s.env.last().closed)
	}
}

func TestCloseWithoutAnswerIsUnknownAndFinal(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.submit("close", wire.OpCloseSession)
	s.reset()
	s.expect("connected session=7 conn=1", "disconnected session=7 conn=1",
		"close unsure connection-loss sent=true xid=1 conn=1")
	s.env.advance(s.c, time.Minute)
	if len(s.env.conns) != 1 || !s.c.Over() {
		t.Errorf("dialled %d times, over %v; want the session left alone", len(s.env.conns), s.c.Over())
	}
}

func TestFailedCloseLeavesTheSessionOpen(t *testing.T) {
	s := begin(t)
	s.submit("close", wire.OpCloseSession)
	s.env.advance(s.c, 4*time.Second)
	s.accept(7, 9*time.Second)
	s.submit("write", wire.OpSetData)
	s.reply(1, 5, wire.OK)
	s.expect("close sure operation-timeout sent=false xid=0 conn=0", "connected session=7 conn=1",
		"write sure ok sent=true xid=1 conn=1")
}

func TestPingsAndReadTimeout(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.env.advance(s.c, 2999*time.Millisecond)
	if got := s.requests(); len(got) != 0 {
		t.Fatalf("sent %v before a third of the session timeout", got)
	}
	s.env.advance(s.c, time.Millisecond)
	if got := s.requests(); !slices.Equal(got, []int32{wire.XidPing}) {
		t.Fatalf("sent %v after a third of the session timeout, want one ping", got)
	}
	s.reply(wire.XidPing, 0, wire.OK)
	s.env.advance(s.c, 5999*time.Millisecond)
	s.expect("connected session=7 conn=1")
	s.env.advance(s.c, time.Millisecond)
	s.expect("disconnected session=7 conn=1")
}

func TestTrafficReplacesPings(t *testing.T) {
	s := begin(t, func(c *Config) { c.OpTimeout = 0 })
	s.accept(7, 9*time.Second)
	for xid := range int32(10) {
		s.submit("write", wire.OpSetData)
		s.reply(xid+1, 5, wire.OK)
		s.env.advance(s.c, 2*time.Second)
	}
	if got := s.requests(); len(got) != 10 || slices.Contains(got, wire.XidPing) {
		t.Errorf("sent %v, want ten requests and no ping", got)
	}
}

func TestHangSilencesTheClient(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.c.Hang()
	s.submit("queued", wire.OpSetData)
	s.env.advance(s.c, time.Minute)
	if got := s.requests(); len(got) != 0 || len(s.env.conns) != 1 {
		t.Fatalf("a hanging client sent %v and dialled %d times", got, len(s.env.conns))
	}
	s.reset()
	if len(s.env.conns) != 1 {
		t.Fatal("a hanging client reconnected")
	}
	s.c.Wake()
	s.accept(0, 0)
	s.expect("connected session=7 conn=1",
		"queued sure operation-timeout sent=false xid=0 conn=0",
		"disconnected session=7 conn=1", "expired session=7 conn=1")
}

func TestUnansweredConnectGoesRoundAllServersThenPauses(t *testing.T) {
	s := begin(t)
	s.env.advance(s.c, 3*3*time.Second)
	var tried []node.ID
	for _, conn := range s.env.conns {
		tried = append(tried, conn.to)
	}
	if len(tried) != 4 || tried[0] != tried[3] {
		t.Fatalf("tried %v in three connect timeouts, want every server and the first again", tried)
	}
	slices.Sort(tried[:3])
	if !slices.Equal(tried[:3], []node.ID{0, 1, 2}) {
		t.Errorf("tried %v first, want every server once", tried[:3])
	}
	s.reset()
	if len(s.env.conns) != 4 {
		t.Error("dialled without a pause after every server had failed")
	}
	s.env.advance(s.c, time.Second)
	if len(s.env.conns) != 5 {
		t.Error("did not dial again after the pause")
	}
}

func TestMoveGoesToTheNextServer(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	old := s.env.last()
	s.submit("write", wire.OpSetData)
	s.c.Move()
	s.expect("connected session=7 conn=1", "disconnected session=7 conn=1",
		"write unsure connection-loss sent=true xid=1 conn=1")
	if now := s.env.last(); !old.closed || now.to == old.to {
		t.Errorf("old connection closed %v, server %d then %d", old.closed, old.to, now.to)
	}
	if s.c.Receive(old.id, &wire.Reply{Xid: 1}) || s.c.Closed(old.id, node.Reset) {
		t.Error("the client still claims its old connection")
	}
}

func TestDecodeNeedsTheRequest(t *testing.T) {
	s := begin(t)
	response := &wire.ConnectResponse{Session: 7, TimeoutMs: 9000}
	got, err := s.c.Decode(s.env.last().id, response.AppendWire(nil))
	if err != nil || !reflect.DeepEqual(got, response) {
		t.Fatalf("decoded %v, %v; want %v", got, err, response)
	}
	s.accept(7, 9*time.Second)
	s.submit("read", wire.OpGetData)
	reply := &wire.Reply{Xid: 1, Zxid: 5, Type: wire.OpGetData, Body: &wire.DataReply{Data: []byte("v")}}
	got, err = s.c.Decode(s.env.last().id, reply.AppendWire(nil))
	if err != nil || !reflect.DeepEqual(got, reply) {
		t.Errorf("decoded %v, %v; want %v", got, err, reply)
	}
}

func TestBrokenProtocolPanics(t *testing.T) {
	tests := []struct {
		name string
		do   func(*script)
		want string
	}{
		{"unknown xid", func(s *script) { s.reply(1, 5, wire.OK) }, "answered xid 1, which is not outstanding"},
		{"second ConnectResponse", func(s *script) { s.accept(7, time.Second) }, "a second ConnectResponse"},
		{"another session", func(s *script) { s.reset(); s.accept(8, time.Second) }, "answered session 0x7 with session 0x8"},
		{"started twice", func(s *script) { s.c.Start() }, "started twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := begin(t)
			s.accept(7, 9*time.Second)
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, test.want) {
					t.Errorf("panicked with %q, want %q", got, test.want)
				}
			}()
			test.do(s)
		})
	}
}
