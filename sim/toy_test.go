package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// number is the toy protocol's one message.
type number struct{ N uint64 }

func (m *number) Kind() string               { return "NUMBER" }
func (m *number) Fingerprint() uint64        { return m.N }
func (m *number) AppendWire(b []byte) []byte { return binary.BigEndian.AppendUint64(b, m.N) }
func (m *number) String() string             { return fmt.Sprintf("NUMBER %d", m.N) }

// script is a node made of functions, each of which may be nil. It writes down
// what it is told.
type script struct {
	node.Base
	env      node.Env
	boot     func(s *script)
	accept   func(s *script, c node.ConnID)
	opened   func(s *script, c node.ConnID)
	receive  func(s *script, c node.ConnID, n uint64)
	closed   func(s *script, c node.ConnID, why node.CloseReason)
	datagram func(s *script, n uint64)
	timer    func(s *script, tag node.Tag)
	diskDone func(s *script, tag node.Tag, err error)
	log      []string
}

func (s *script) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *script) Boot(env node.Env) {
	s.env = env
	if s.boot != nil {
		s.boot(s)
	}
}

func (s *script) Accept(c node.ConnID, peer node.ID, port node.Port) {
	s.note("accept")
	if s.accept != nil {
		s.accept(s, c)
	}
}

func (s *script) Opened(c node.ConnID) {
	s.note("opened")
	if s.opened != nil {
		s.opened(s, c)
	}
}

func (s *script) Receive(c node.ConnID, m node.Message) {
	n := m.(*number).N
	s.note("%d", n)
	if s.receive != nil {
		s.receive(s, c, n)
	}
}

func (s *script) Closed(c node.ConnID, why node.CloseReason) {
	s.note("%v", why)
	if s.closed != nil {
		s.closed(s, c, why)
	}
}

func (s *script) Datagram(from node.ID, port node.Port, m node.Message) {
	s.note("%d", m.(*number).N)
	if s.datagram != nil {
		s.datagram(s, m.(*number).N)
	}
}

func (s *script) Timer(tag node.Tag) {
	s.note("timer %d", tag.Kind)
	if s.timer != nil {
		s.timer(s, tag)
	}
}

func (s *script) DiskDone(tag node.Tag, err error) {
	s.note("synced %d", tag.Kind)
	if s.diskDone != nil {
		s.diskDone(s, tag, err)
	}
}

func (s *script) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	if len(frame) != 8 {
		return nil, errors.New("a NUMBER has eight bytes")
	}
	return &number{binary.BigEndian.Uint64(frame)}, nil
}

// quick is a world with a fixed latency of a millisecond and short timeouts, so
// that tests can name times.
func quick(seed uint64) Config {
	ms := time.Millisecond
	return Config{
		Seed: seed,
		Net:  NetConfig{Latency: Latency{Min: ms, Mean: ms, Max: ms}, ConnectTimeout: time.Second, StallTimeout: time.Second},
		Disk: DiskConfig{Sync: Latency{Min: ms, Mean: ms, Max: ms}},
	}
}

// add registers and starts a script. Every incarnation is a copy of it; the last
// one is what the returned pointer shows.
func add(w *World, name string, template script) (*script, node.ID) {
	shown := &script{}
	id := w.Add(name, "toy", func() node.Node {
		*shown = template
		return shown
	})
	w.Start(id)
	return shown, id
}

var tick = &node.EventKind{System: "toy", Name: "tick", Code: 0x7001, Fields: [4]string{"n"}, Doc: "a number was reached"}

// chatter is a busy node for determinism tests: it dials its peers, passes
// numbers on, writes and syncs, sets timers, sends datagrams and runs a task.
type chatter struct {
	script
	peers int
	conns []node.ConnID
}

func (c *chatter) Boot(env node.Env) {
	c.env = env
	env.SetTimer(time.Duration(1+env.Rand().IntN(20))*time.Millisecond, node.Tag{Kind: 1})
	env.Go("writer", func(t *node.Task) {
		for {
			env.Disk().Append("log", binary.BigEndian.AppendUint64(nil, env.Rand().Uint64()))
			t.Sync("log")
			t.Sleep(3 * time.Millisecond)
		}
	})
}

func (c *chatter) Timer(tag node.Tag) {
	r := c.env.Rand()
	to := node.ID(r.IntN(c.peers))
	switch r.IntN(4) {
	case 0:
		c.conns = append(c.conns, c.env.Dial(to, 1))
	case 1:
		c.env.SendDatagram(to, 2, &number{r.Uint64()})
	default:
		if len(c.conns) > 0 {
			c.env.Send(c.conns[r.IntN(len(c.conns))], &number{r.Uint64N(8)})
		}
	}
	c.env.SetTimer(time.Duration(1+r.IntN(5))*time.Millisecond, node.Tag{Kind: 1})
}

func (c *chatter) Datagram(from node.ID, port node.Port, m node.Message) {
	c.env.Observe(node.Event{Kind: tick, N: [4]int64{int64(m.Fingerprint())}})
}

func (c *chatter) Receive(id node.ConnID, m node.Message) {
	if n := m.(*number).N; n > 0 {
		c.env.Send(id, &number{n - 1})
	} else {
		c.env.Close(id)
	}
}

// chat makes a world of chatters with a few faults, drawn from the seed.
func chat(cfg Config, peers int) *World {
	w := NewWorld(cfg)
	for i := range peers {
		w.Start(w.Add(fmt.Sprintf("chatter%d", i), "chat", func() node.Node { return &chatter{peers: peers} }))
	}
	r := w.Stream("test/faults")
	for at := range 20 {
		t, id := time.Duration(at+1)*50*time.Millisecond, node.ID(r.IntN(peers))
		w.At(t, "mischief", func() { mischief(w, r, id) })
	}
	return w
}

func mischief(w *World, r *rand.Rand, id node.ID) {
	isolate := func(from, to node.ID, _ node.Port) bool { return from == id || to == id }
	switch r.IntN(6) {
	case 0:
		w.Crash(id, CrashModes()[r.IntN(4)])
		w.Start(id)
	case 1:
		w.Block("mischief", isolate)
	case 2:
		w.Unblock("mischief")
	case 3:
		w.Pause(id)
	case 4:
		w.Resume(id)
		w.SetDrift(id, r.Int64N(1000)-500)
	case 5:
		w.Cut(isolate)
	}
}
