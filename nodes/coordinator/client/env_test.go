package client

import (
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// fakeEnv is a world with one process in it, whose servers are the test. What it
// does not define panics on the nil Env.
type fakeEnv struct {
	node.Env
	now    time.Duration
	rand   *rand.Rand
	timers map[node.TimerID]fakeTimer
	serial uint64
	conns  []*fakeConn // in the order they were dialled
}

type fakeTimer struct {
	at  time.Duration
	tag node.Tag
}

// fakeConn is one connection as the server's end sees it.
type fakeConn struct {
	id     node.ConnID
	to     node.ID
	sent   []node.Message // by the client
	closed bool           // by either side
}

func newFakeEnv(seed uint64) *fakeEnv {
	return &fakeEnv{rand: rand.New(rand.NewPCG(seed, 0)), timers: map[node.TimerID]fakeTimer{}}
}

func (e *fakeEnv) Now() time.Duration { return e.now }
func (e *fakeEnv) Observe(node.Event) {}
func (e *fakeEnv) Rand() *rand.Rand   { return e.rand }

func (e *fakeEnv) SetTimer(d time.Duration, tag node.Tag) node.TimerID {
	e.serial++
	e.timers[node.TimerID(e.serial)] = fakeTimer{e.now + max(d, 0), tag}
	return node.TimerID(e.serial)
}

func (e *fakeEnv) StopTimer(t node.TimerID) { delete(e.timers, t) }

func (e *fakeEnv) Dial(to node.ID, port node.Port) node.ConnID {
	if port != wire.ClientPort {
		panic("dialled another port than the client port")
	}
	e.conns = append(e.conns, &fakeConn{id: node.ConnID(len(e.conns) + 1), to: to})
	return node.ConnID(len(e.conns))
}

func (e *fakeEnv) Send(c node.ConnID, m node.Message) {
	if conn := e.conns[c-1]; !conn.closed {
		conn.sent = append(conn.sent, m)
	}
}

func (e *fakeEnv) Close(c node.ConnID) { e.conns[c-1].closed = true }

// last is the newest connection.
func (e *fakeEnv) last() *fakeConn { return e.conns[len(e.conns)-1] }

// next is the timer due first, and whether there is one.
func (e *fakeEnv) next() (id node.TimerID, ok bool) {
	for t := range e.timers { //sim:unordered takes the minimum by a total order
		if !ok || e.timers[t].at < e.timers[id].at || e.timers[t].at == e.timers[id].at && t < id {
			id, ok = t, true
		}
	}
	return id, ok
}

// advance lets time pass, with the timers that come due.
func (e *fakeEnv) advance(c *Client, d time.Duration) {
	until := e.now + d
	for {
		id, ok := e.next()
		if !ok || e.timers[id].at > until {
			e.now = until
			return
		}
		t := e.timers[id]
		delete(e.timers, id)
		e.now = max(e.now, t.at)
		if !c.Timer(t.tag) {
			panic("the client does not know its own timer")
		}
	}
}
