package client

import (
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// chaos is an ensemble reduced to what a client can tell: it takes requests off
// a connection in order, executes them or loses them with the connection, and
// answers some of what it executed.
type chaos struct {
	t        *rapid.T
	env      *fakeEnv
	c        *Client
	session  int64
	zxid     wire.Zxid
	seenXid  int32
	highest  wire.Zxid            // of replies in this session
	read     map[node.ConnID]int  // messages taken off each connection
	executed map[wire.Record]bool // writes that happened
	order    []int                // the writes that happened, by number
	ended    []Result             // by number of submission
	told     []int                // numbers, in the order they ended
	bodies   []wire.Record
}

// SessionEvent opens a new session whenever one expires.
func (w *chaos) SessionEvent(e Event) {
	if e.Kind == Expired {
		w.c.Restart()
	}
}

func (w *chaos) WatchEvent(WatchEvent)         {}
func (w *chaos) WatchesRearmed(Rearmed)        {}
func (w *chaos) Authenticating(Authentication) {}

func (w *chaos) submit(t *rapid.T) {
	n := len(w.ended)
	op := rapid.SampledFrom([]wire.OpCode{wire.OpSetData, wire.OpGetData}).Draw(t, "op")
	var body wire.Record = &wire.SetDataRequest{Version: int32(n)}
	if !op.IsWrite() {
		body = &wire.PathRequest{}
	}
	w.ended, w.bodies = append(w.ended, Result{}), append(w.bodies, body)
	ends := 0
	w.c.Submit(op, body, func(r Result) {
		if ends++; ends > 1 {
			t.Fatalf("request %d ended twice", n)
		}
		w.ended[n] = r
		w.told = append(w.told, n)
	})
}

// serve takes the next message off the newest connection, if there is one.
func (w *chaos) serve(t *rapid.T) {
	conn := w.env.last()
	if conn.closed || w.read[conn.id] == len(conn.sent) {
		return
	}
	m := conn.sent[w.read[conn.id]]
	w.read[conn.id]++
	switch m := m.(type) {
	case *wire.ConnectRequest:
		w.connect(t, conn.id, m)
	case *wire.Request:
		w.execute(t, conn.id, m)
	}
}

func (w *chaos) connect(t *rapid.T, conn node.ConnID, m *wire.ConnectRequest) {
	if m.Session == 0 {
		w.session++
		w.seenXid, w.highest = 0, 0
	}
	if m.LastZxidSeen != w.highest {
		t.Fatalf("lastZxidSeen %v, but replies went to %v", m.LastZxidSeen, w.highest)
	}
	if m.Session != 0 && rapid.IntRange(0, 4).Draw(t, "expire") == 0 {
		w.c.Receive(conn, &wire.ConnectResponse{})
		return
	}
	if m.Session != 0 && m.Session != w.session {
		t.Fatalf("asked for session %d, has %d", m.Session, w.session)
	}
	w.c.Receive(conn, &wire.ConnectResponse{Session: w.session, TimeoutMs: 3000})
}

func (w *chaos) execute(t *rapid.T, conn node.ConnID, m *wire.Request) {
	if m.Xid == wire.XidPing {
		w.c.Receive(conn, &wire.Reply{Xid: wire.XidPing})
		return
	}
	if m.Xid <= w.seenXid {
		t.Fatalf("xid %d after xid %d in one session", m.Xid, w.seenXid)
	}
	w.seenXid = m.Xid
	refused := rapid.SampledFrom([]wire.ErrorCode{wire.OK, wire.OK, wire.OK, wire.ErrBadVersion, wire.ErrSessionMoved, wire.ErrSessionExpired}).Draw(t, "err")
	w.zxid++
	if refused == wire.OK && m.Type.IsWrite() {
		w.executed[m.Body] = true
		w.order = append(w.order, int(m.Body.(*wire.SetDataRequest).Version))
	}
	if rapid.IntRange(0, 3).Draw(t, "answer") == 0 {
		w.drop(t)
		return
	}
	w.highest = w.zxid
	w.c.Receive(conn, &wire.Reply{Xid: m.Xid, Zxid: w.zxid, Err: refused, Type: m.Type, Body: &wire.Empty{}})
}

// drop breaks the newest connection. The ensemble may still execute what had
// arrived, in order, as a leader does for a request it had already proposed.
func (w *chaos) drop(t *rapid.T) {
	conn := w.env.last()
	if conn.closed {
		return
	}
	conn.closed = true
	unread := conn.sent[w.read[conn.id]:]
	if len(unread) > 0 {
		unread = unread[:rapid.IntRange(0, len(unread)).Draw(t, "executed after the loss")]
	}
	for _, m := range unread {
		if r, ok := m.(*wire.Request); ok && r.Xid > 0 {
			w.seenXid = r.Xid
			if r.Type.IsWrite() {
				w.executed[r.Body] = true
				w.order = append(w.order, int(r.Body.(*wire.SetDataRequest).Version))
			}
		}
	}
	w.c.Closed(conn.id, node.Reset)
}

// TestTruthfulness holds the client's word against what really happened: what it
// surely failed never happened, what it surely did happened, everything ends
// once, and what happens, happens in the order of submission.
func TestTruthfulness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &chaos{t: t, env: newFakeEnv(rapid.Uint64().Draw(t, "seed")), read: map[node.ConnID]int{}, executed: map[wire.Record]bool{}}
		w.c = New(w.env, Config{Servers: []node.ID{0, 1}, SessionTimeout: 3 * time.Second, OpTimeout: 2 * time.Second}, w)
		w.c.Start()
		t.Repeat(map[string]func(*rapid.T){
			"submit": w.submit,
			"serve":  w.serve,
			"drop":   w.drop,
			"move":   func(*rapid.T) { w.c.Move() },
			"hang":   func(*rapid.T) { w.c.Hang() },
			"wake":   func(*rapid.T) { w.c.Wake() },
			"wait": func(t *rapid.T) {
				w.env.advance(w.c, time.Duration(rapid.IntRange(1, 1500).Draw(t, "ms"))*time.Millisecond)
			},
		})
		w.env.advance(w.c, 3*time.Second)
		w.judge(t)
	})
}

func (w *chaos) judge(t *rapid.T) {
	if len(w.told) != len(w.ended) {
		t.Fatalf("%d of %d requests ended", len(w.told), len(w.ended))
	}
	for n, r := range w.ended {
		happened := w.executed[w.bodies[n]]
		if r.Sure && r.Err != wire.OK && happened {
			t.Errorf("request %d was reported as failed, %v, but it happened", n, r.Err)
		}
		if _, write := w.bodies[n].(*wire.SetDataRequest); write && r.Sure && r.Err == wire.OK && !happened {
			t.Errorf("request %d was reported as done, but it did not happen", n)
		}
		if !r.Sent && happened {
			t.Errorf("request %d was reported as never sent, but it happened", n)
		}
	}
	if !slices.IsSorted(w.told) {
		t.Errorf("requests ended in the order %v", w.told)
	}
	if !slices.IsSorted(w.order) {
		t.Errorf("requests happened in the order %v", w.order)
	}
}
