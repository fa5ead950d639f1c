package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

// pair is a world of a dialling and an accepting script, whose connection a test
// uses from outside: from actions of the world.
type pair struct {
	w        *World
	a, b     *script
	aid, bid node.ID
	ac, bc   node.ConnID
}

func newPair(cfg Config) *pair {
	p := &pair{w: NewWorld(cfg)}
	p.b, p.bid = add(p.w, "b", script{accept: func(_ *script, c node.ConnID) { p.bc = c }})
	p.a, p.aid = add(p.w, "a", script{boot: func(s *script) {
		if p.w.procs[s.env.Self()].incarnations == 1 {
			p.ac = s.env.Dial(p.bid, 1)
		}
	}})
	return p
}

func (p *pair) send(from, to int) {
	for n := from; n < to; n++ {
		p.a.env.Send(p.ac, &number{uint64(n)})
	}
}

// aToB and bToA are partitions in one direction.
func (p *pair) aToB(from, to node.ID, _ node.Port) bool { return from == p.aid }
func (p *pair) bToA(from, to node.ID, _ node.Port) bool { return from == p.bid }
func both(node.ID, node.ID, node.Port) bool             { return true }

// numbers renders what a script saw of messages 0, 1, 2 … n-1 as a count, and
// anything else as it is.
func story(s *script) string {
	var out []string
	next := 0
	for _, word := range s.log {
		if word == fmt.Sprint(next) {
			next++
			continue
		}
		if next > 0 {
			out = append(out, fmt.Sprintf("0..%d", next-1))
			next = 0
		}
		out = append(out, word)
	}
	if next > 0 {
		out = append(out, fmt.Sprintf("0..%d", next-1))
	}
	return strings.Join(out, " ")
}

// stories are what may happen to a connection while ten messages are in flight
// from the dialler, and what both ends see of it.
var stories = []struct {
	name string
	do   func(p *pair)
	a, b string
}{
	{"nothing", func(p *pair) {}, "opened", "accept 0..9"},
	{"close behind messages", func(p *pair) { p.a.env.Close(p.ac) }, "opened", "accept 0..9 closed"},
	{"acceptor closes", func(p *pair) { p.b.env.Close(p.bc) }, "opened closed", "accept"},
	{"both close", func(p *pair) { p.b.env.Close(p.bc); p.a.env.Close(p.ac) }, "opened", "accept"},
	{"send after close", func(p *pair) { p.a.env.Close(p.ac); p.send(10, 12) }, "opened", "accept 0..9 closed"},
	{"acceptor crashes", func(p *pair) { p.w.Crash(p.bid, KeepAll) }, "opened reset", "accept"},
	{"dialler exits", func(p *pair) { p.a.env.Exit("enough") }, "opened", "accept 0..9 reset"},
	{"blocked for good, toward the acceptor",
		func(p *pair) { p.w.Block("x", p.aToB) }, "opened timeout", "accept"},
	{"blocked for good, acknowledgements only",
		func(p *pair) { p.w.Block("x", p.bToA) }, "opened timeout", "accept 0..9 reset"},
	{"blocked for good, both ways",
		func(p *pair) { p.w.Block("x", both) }, "opened timeout", "accept"},
	{"blocked for half the patience",
		func(p *pair) {
			p.w.Block("x", both)
			p.w.At(500*ms, "heal", func() { p.w.Unblock("x") })
		}, "opened", "accept 0..9"},
	{"only the way back healed", func(p *pair) {
		p.w.Block("x", both)
		p.w.At(500*ms, "heal", func() { p.w.Block("x", p.aToB) })
	}, "opened timeout", "accept"},
	{"acknowledgements blocked for half the patience",
		func(p *pair) {
			p.w.Block("x", p.bToA)
			p.w.At(500*ms, "heal", func() { p.w.Unblock("x") })
		}, "opened", "accept 0..9"},
	{"healed after the sender gave up: the acceptor learns by a reset",
		func(p *pair) {
			p.w.Block("x", both)
			p.w.At(5*time.Second, "heal", func() { p.w.Unblock("x") })
		}, "opened timeout", "accept reset"},
	{"crash behind a partition: told when it heals",
		func(p *pair) {
			p.w.Block("x", both)
			p.w.Crash(p.bid, KeepAll)
			p.w.At(500*ms, "heal", func() { p.w.Unblock("x") })
		}, "opened reset", "accept"},
	{"crash behind a partition that stays: told by one's own patience",
		func(p *pair) { p.w.Block("x", both); p.w.Crash(p.bid, KeepAll) }, "opened timeout", "accept"},
	{"paused acceptor", func(p *pair) {
		p.w.Pause(p.bid)
		p.w.At(5*time.Second, "resume", func() { p.w.Resume(p.bid) })
	}, "opened", "accept 0..9"},
	{"paused acceptor crashes", func(p *pair) {
		p.w.Pause(p.bid)
		p.w.At(500*ms, "crash", func() { p.w.Crash(p.bid, KeepAll) })
	}, "opened reset", "accept"},
	{"crash of a restarted acceptor does not matter to old connections", func(p *pair) {
		p.w.Crash(p.bid, KeepAll)
		p.w.Start(p.bid)
		p.w.At(500*ms, "crash", func() { p.w.Crash(p.bid, KeepAll) })
	}, "opened reset", ""},
}

// see lets a minute pass and compares what both ends saw.
func (p *pair) see(t *testing.T, dialler, acceptor string) {
	t.Helper()
	defer p.w.Close()
	if !p.w.Run(time.Minute) {
		t.Fatal(p.w.Failure().Reason)
	}
	if got := story(p.a); got != dialler {
		t.Errorf("dialler saw %q, want %q", got, dialler)
	}
	if got := story(p.b); got != acceptor {
		t.Errorf("acceptor saw %q, want %q", got, acceptor)
	}
}

// TestConnectionStories sends ten messages at 10 ms and lets something happen at
// 10.5 ms.
func TestConnectionStories(t *testing.T) {
	for _, tt := range stories {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(quick(1))
			p.w.At(10*ms, "send", func() { p.send(0, 10) })
			p.w.At(10*ms+500*time.Microsecond, "do", func() { tt.do(p) })
			p.see(t, tt.a, tt.b)
		})
	}
}

// TestDialStories tells what a dialler and its target see when the handshake
// meets something. Three messages are sent before the answer.
func TestDialStories(t *testing.T) {
	tests := []struct {
		name  string
		setup func(p *pair)
		a, b  string
	}{
		{"open", func(p *pair) {}, "opened", "accept 0..2"},
		{"down", func(p *pair) { p.w.Crash(p.bid, KeepAll) }, "refused", ""},
		{"blocked", func(p *pair) { p.w.Block("x", both) }, "timeout", ""},
		{"answer blocked", func(p *pair) { p.w.Block("x", p.bToA) }, "timeout", "accept 0..2 reset"},
		{"healed in time", func(p *pair) {
			p.w.Block("x", both)
			p.w.At(900*ms, "heal", func() { p.w.Unblock("x") })
		}, "opened", "accept 0..2"},
		{"healed too late", func(p *pair) {
			p.w.Block("x", both)
			p.w.At(1100*ms, "heal", func() { p.w.Unblock("x") })
		}, "timeout", ""},
		{"target paused", func(p *pair) {
			p.w.At(0, "pause", func() { p.w.Pause(p.bid) })
			p.w.At(5*time.Second, "resume", func() { p.w.Resume(p.bid) })
		}, "opened", "accept 0..2"},
		{"blocked behind the acceptor's greeting", func(p *pair) {
			p.w.At(ms/2, "greet", func() {
				p.b.accept = func(s *script, c node.ConnID) { s.env.Send(c, &number{}) }
			})
			p.w.At(ms+ms/2, "block", func() { p.w.Block("x", both) })
		}, "timeout", "accept 0..2 timeout"},
		{"another port blocked", func(p *pair) {
			p.w.Block("x", func(_, _ node.ID, port node.Port) bool { return port == 2 })
		}, "opened", "accept 0..2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(quick(1))
			tt.setup(p)
			p.w.At(0, "send", func() { p.send(0, 3) })
			p.see(t, tt.a, tt.b)
		})
	}
}

// TestPeersAreThoseTheProcessKnows: a connection counts from when its process is told
// of it, which a paused one is not, until it is over for that process.
func TestPeersAreThoseTheProcessKnows(t *testing.T) {
	p := newPair(quick(1))
	defer p.w.Close()
	p.w.At(0, "pause", func() { p.w.Pause(p.bid) })
	p.w.At(10*ms, "resume", func() { p.w.Resume(p.bid) })
	p.w.At(20*ms, "close", func() { p.a.env.Close(p.ac) })
	p.w.At(40*ms, "crash", func() { p.w.Crash(p.bid, KeepAll) })
	for _, c := range []struct {
		at   time.Duration
		port node.Port
		want int
	}{{5 * ms, 1, 0}, {15 * ms, 1, 1}, {15 * ms, 2, 0}, {20*ms + ms/2, 1, 1}, {30 * ms, 1, 0}, {50 * ms, 1, 0}} {
		p.w.Run(c.at)
		peers := p.w.Peers(p.bid, c.port)
		if len(peers) != c.want || c.want > 0 && peers[0] != p.aid {
			t.Errorf("at %v on port %d: %v, want %d", c.at, c.port, peers, c.want)
		}
		if dialled := p.w.Peers(p.aid, c.port); len(dialled) != 0 {
			t.Errorf("at %v: the dialler has accepted %v", c.at, dialled)
		}
	}
}

// TestHandshakeTakesARoundTrip with one millisecond a way.
func TestHandshakeTakesARoundTrip(t *testing.T) {
	for _, down := range []bool{false, true} {
		w := NewWorld(quick(1))
		b, bid := add(w, "b", script{})
		var at time.Duration
		add(w, "a", script{
			boot:   func(s *script) { s.env.Dial(bid, 1) },
			opened: func(*script, node.ConnID) { at = w.Now() },
			closed: func(*script, node.ConnID, node.CloseReason) { at = w.Now() },
		})
		if down {
			w.Crash(bid, KeepAll)
		}
		w.Run(time.Second)
		if at != 2*ms {
			t.Errorf("the answer came at %v, want 2ms (target saw %q)", at, b.log)
		}
		w.Close()
	}
}

func TestDialingItself(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	w.Block("everything", both)
	s, _ := add(w, "a", script{boot: func(s *script) {
		s.env.Send(s.env.Dial(s.env.Self(), 1), &number{7})
	}})
	w.Run(time.Second)
	slices.Sort(s.log)
	if want := []string{"7", "accept", "opened"}; !slices.Equal(s.log, want) {
		t.Errorf("saw %q, want %q", s.log, want)
	}
}

// TestCrashDeliversAPrefix: of what a crashed process had in flight any prefix
// arrives, then a reset, and over some seeds every prefix does.
func TestCrashDeliversAPrefix(t *testing.T) {
	for _, fault := range []string{"crash", "cut"} {
		seen := map[string]bool{}
		for seed := range uint64(200) {
			p := newPair(quick(seed))
			p.w.At(10*ms, "send", func() { p.send(0, 3) })
			p.w.At(10*ms, fault, func() {
				if fault == "cut" {
					p.w.Cut(p.aToB)
				} else {
					p.w.Crash(p.aid, KeepAll)
				}
			})
			p.w.Run(time.Second)
			seen[story(p.b)] = true
			p.w.Close()
		}
		for _, want := range []string{"accept reset", "accept 0..0 reset", "accept 0..1 reset", "accept 0..2 reset"} {
			if !seen[want] {
				t.Errorf("after a %s never saw %q", fault, want)
			}
		}
		if len(seen) != 4 {
			t.Errorf("after a %s saw %v", fault, seen)
		}
	}
}

// TestRuleVerdicts: what a rule does to the third of five messages.
func TestRuleVerdicts(t *testing.T) {
	tests := []struct {
		verdict Verdict
		a, b    string
		at      time.Duration // when the last message arrived
	}{
		{Pass, "opened", "accept 0..4", 11 * ms},
		{Duplicate, "opened", "accept 0..4", 11 * ms},
		{Drop, "opened reset", "accept 0..1 reset", 11 * ms},
		{Delay(50 * ms), "opened", "accept 0..4", 61 * ms},
		{Delay(-50 * ms), "opened", "accept 0..4", 11 * ms},
	}
	for _, tt := range tests {
		p := newPair(quick(1))
		var at time.Duration
		p.w.Rule("third", func(_, _ node.ID, _ node.Port, m node.Message) Verdict {
			if m.(*number).N == 2 {
				return tt.verdict
			}
			return Pass
		})
		p.w.At(10*ms, "send", func() {
			p.b.receive = func(*script, node.ConnID, uint64) { at = p.w.Now() }
			p.send(0, 5)
		})
		p.w.Run(time.Second)
		if story(p.a) != tt.a || story(p.b) != tt.b || at != tt.at {
			t.Errorf("verdict %d: dialler saw %q, acceptor %q, the last at %v", tt.verdict, story(p.a), story(p.b), at)
		}
		p.w.Close()
	}
}

func TestSlowLinks(t *testing.T) {
	p := newPair(quick(1))
	defer p.w.Close()
	var at []time.Duration
	p.b.receive = nil
	p.w.At(5*ms, "slow", func() {
		p.b.receive = func(*script, node.ConnID, uint64) { at = append(at, p.w.Now()) }
		p.w.Slow("x", p.aToB, Latency{Min: 20 * ms, Mean: 20 * ms, Max: 20 * ms})
	})
	p.w.At(10*ms, "send", func() { p.send(0, 1) })
	p.w.At(100*ms, "unslow", func() { p.w.Unslow("x"); p.send(1, 2) })
	p.w.Run(time.Second)
	if want := []time.Duration{31 * ms, 101 * ms}; !slices.Equal(at, want) {
		t.Errorf("arrived at %v, want %v", at, want)
	}
}

// TestConnectionFIFO: whatever happens to a connection, each end receives a prefix
// of what the other sent, in order; and all of it if the connection lives.
func TestConnectionFIFO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Seed: rapid.Uint64().Draw(t, "seed"), Wire: rapid.Bool().Draw(t, "wire")}
		cfg.Net.StallTimeout = 200 * ms
		p := newPair(cfg)
		defer p.w.Close()
		sent := 0
		for at := range rapid.IntRange(1, 30).Draw(t, "events") {
			what := rapid.SampledFrom([]string{"send", "send", "block", "unblock", "pause", "resume", "slow", "cut", "crash", "close"}).Draw(t, "what")
			p.w.At(10*ms+time.Duration(at)*rapid.SampledFrom([]time.Duration{100, 10_000, 1_000_000}).Draw(t, "gap"), what, func() {
				switch what {
				case "send":
					p.send(sent, sent+5)
					sent += 5
				case "block":
					p.w.Block("x", p.aToB)
				case "unblock":
					p.w.Unblock("x")
				case "pause":
					p.w.Pause(p.bid)
				case "resume":
					p.w.Resume(p.bid)
				case "slow":
					p.w.Slow("x", p.aToB, Latency{Max: 5 * ms, Mean: ms})
				case "cut":
					p.w.Cut(both)
				case "crash":
					p.w.Crash(p.aid, KeepAll)
				case "close":
					p.a.env.Close(p.ac)
				}
			})
		}
		p.w.At(time.Second, "heal", func() { p.w.Unblock("x"); p.w.Resume(p.bid) })
		if !p.w.Run(time.Minute) {
			t.Fatal(p.w.Failure().Reason)
		}
		checkFIFO(t, p, sent)
	})
}

func checkFIFO(t *rapid.T, p *pair, sent int) {
	received, ended := 0, false
	for i, word := range p.b.log {
		switch word {
		case fmt.Sprint(received):
			received++
		case "accept":
			if i > 0 {
				t.Fatalf("accepted late: %q", p.b.log)
			}
		case "closed", "reset", "timeout":
			if ended || i != len(p.b.log)-1 {
				t.Fatalf("the end is not the end: %q", p.b.log)
			}
			ended = true
		default:
			t.Fatalf("out of order: %q", p.b.log)
		}
	}
	if !ended && received != sent {
		t.Fatalf("a living connection delivered %d of %d", received, sent)
	}
}

// TestConnectionSlotsAreFreed: ended connections leave nothing behind, and their
// IDs name nothing later.
func TestConnectionSlotsAreFreed(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	_, bid := add(w, "b", script{})
	ids := map[node.ConnID]bool{}
	add(w, "a", script{
		boot: func(s *script) { s.env.SetTimer(0, node.Tag{}) },
		timer: func(s *script, _ node.Tag) {
			c := s.env.Dial(bid, 1)
			if ids[c] {
				t.Errorf("connection ID %d is used twice", c)
			}
			ids[c] = true
			s.env.Send(c, &number{1})
			s.env.Close(c)
			s.env.Send(c, &number{2})
			s.env.SetTimer(5*ms, node.Tag{})
		},
	})
	w.Run(time.Second)
	if len(ids) < 100 || len(w.net.conns) > 2 {
		t.Errorf("%d connections took %d slots", len(ids), len(w.net.conns))
	}
}

// TestWire: the encodings change nothing in a run, unless they are wrong.
func TestWire(t *testing.T) {
	hash := func(wire bool) uint64 {
		cfg := Config{Seed: 3, Wire: wire}
		w := chat(cfg, 3)
		defer w.Close()
		if !w.Run(time.Second) {
			t.Fatal(w.Failure().Reason)
		}
		return w.Hash()
	}
	if plain, wire := hash(false), hash(true); plain != wire {
		t.Errorf("hash %x plain, %x through the wire", plain, wire)
	}
}

// mumbled is a number whose encoding loses the low bit or the last byte.
type mumbled struct {
	number
	short bool
}

func (m *mumbled) AppendWire(b []byte) []byte {
	b = m.number.AppendWire(b)
	if m.short {
		return b[:7]
	}
	return b
}

func TestWireFailures(t *testing.T) {
	cfg := quick(1)
	cfg.Wire = true
	p := newPair(cfg)
	defer p.w.Close()
	p.w.At(10*ms, "send", func() { p.a.env.Send(p.ac, &mumbled{short: true}) })
	if p.w.Run(time.Second) {
		t.Fatal("a frame that does not decode was accepted")
	}
	f := p.w.Failure()
	if f.Name != "b" || f.At != 11*ms || !strings.Contains(f.Reason, "NUMBER does not decode: a NUMBER has eight bytes") {
		t.Errorf("failure %+v", f)
	}
}
