package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

func TestSameSeedSameHash(t *testing.T) {
	run := func(seed uint64) *World {
		w := chat(Config{Seed: seed}, 4)
		defer w.Close()
		if !w.Run(2 * time.Second) {
			t.Fatalf("run ended early: %+v", w.Failure())
		}
		return w
	}
	for seed := range uint64(10) {
		a, b := run(seed), run(seed)
		if a.Hash() != b.Hash() || a.Steps() != b.Steps() || !slices.Equal(a.Checkpoints(), b.Checkpoints()) {
			t.Errorf("seed %d: hash %x after %d steps, then %x after %d", seed, a.Hash(), a.Steps(), b.Hash(), b.Steps())
		}
		if c := run(seed + 100); c.Hash() == a.Hash() {
			t.Errorf("seeds %d and %d give the same hash", seed, seed+100)
		}
	}
}

// TestRunGolden pins one busy run, so that another machine, architecture or
// compiler that runs it differently shows.
func TestRunGolden(t *testing.T) {
	w := chat(Config{Seed: 91}, 5)
	defer w.Close()
	w.Run(2 * time.Second)
	if got, want := w.Hash(), uint64(0xe273976e86ef95b3); got != want {
		t.Errorf("hash %#x after %d steps, want %#x", got, w.Steps(), want)
	}
}

// TestRunInSlices: how a run is cut into calls does not matter.
func TestRunInSlices(t *testing.T) {
	whole, sliced := chat(Config{Seed: 7}, 3), chat(Config{Seed: 7}, 3)
	defer whole.Close()
	defer sliced.Close()
	whole.Run(time.Second)
	for at := time.Duration(0); at <= time.Second; at += 7 * ms {
		sliced.Run(at)
	}
	sliced.Run(time.Second)
	if whole.Hash() != sliced.Hash() || whole.Now() != sliced.Now() {
		t.Errorf("hash %x at %v, in slices %x at %v", whole.Hash(), whole.Now(), sliced.Hash(), sliced.Now())
	}
}

// TestCheckpointsBisect: two runs that part at some step agree on every checkpoint
// before it, and on none after.
func TestCheckpointsBisect(t *testing.T) {
	run := func(odd bool) *World {
		w := NewWorld(quick(1))
		add(w, "a", script{
			boot: func(s *script) { s.env.SetTimer(ms, node.Tag{}) },
			timer: func(s *script, tag node.Tag) {
				next := tag.Arg + 1
				if odd && next == 5000 {
					s.env.Disk().Append("f", []byte("a difference"))
				}
				s.env.SetTimer(ms, node.Tag{Arg: next})
			},
		})
		w.Run(20 * time.Second)
		w.Close()
		return w
	}
	a, b := run(false).Checkpoints(), run(true).Checkpoints()
	if len(a) < maxCheckpoints/2 || len(a) >= maxCheckpoints {
		t.Errorf("%d checkpoints", len(a))
	}
	for i := range a {
		if same, early := a[i] == b[i], a[i].Step < 5001; same != early {
			t.Errorf("checkpoint %+v against %+v", a[i], b[i])
		}
	}
}

// TestStop ends a run after the event, and the next one goes on.
func TestStop(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var seen []int64
	w.OnEvent(func(s Seen) {
		seen = append(seen, s.Event.N[0])
		if s.Event.N[0] == 2 {
			w.Stop("two")
			w.Stop("three")
		}
	})
	add(w, "a", script{
		boot: func(s *script) { s.env.SetTimer(ms, node.Tag{Arg: 1}) },
		timer: func(s *script, tag node.Tag) {
			s.env.SetTimer(ms, node.Tag{Arg: tag.Arg + 1})
			s.env.Observe(node.Event{Kind: tick, N: [4]int64{int64(tag.Arg)}})
		},
	})
	if w.Run(time.Second) || w.StopReason() != "two" || w.Now() != 2*ms {
		t.Errorf("Run went on until %v, reason %q", w.Now(), w.StopReason())
	}
	if !w.Run(4*ms) || w.StopReason() != "" || !slices.Equal(seen, []int64{1, 2, 3, 4}) {
		t.Errorf("the second Run saw %v, reason %q", seen, w.StopReason())
	}
}

// TestTraceGolden pins the look of a trace.
// TestStandstill: a node that never lets time go on ends the run, not the harness.
func TestStandstill(t *testing.T) {
	w := NewWorld(Config{Seed: 1})
	defer w.Close()
	again := func(s *script, _ node.Tag) { s.env.SetTimer(0, node.Tag{}) }
	id := w.Add("spinner", "toys", func() node.Node {
		return &script{boot: func(s *script) { s.env.SetTimer(5*ms, node.Tag{}) }, timer: again}
	})
	w.Start(id)
	if w.Run(time.Second) || w.StopReason() != Standstill || w.Now() > 6*ms {
		t.Errorf("at %v the world was stopped for %q", w.Now(), w.StopReason())
	}
}

func TestTraceGolden(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var lines []string
	w.SetTrace(func(l Line) { lines = append(lines, strings.TrimRight(l.String(), " ")) })
	_, bid := add(w, "b", script{receive: func(s *script, _ node.ConnID, n uint64) {
		s.env.Observe(node.Event{Kind: tick, N: [4]int64{int64(n)}})
		s.env.Disk().Append("log", []byte("12345678"))
	}})
	add(w, "a", script{boot: func(s *script) {
		s.env.Send(s.env.Dial(bid, 2), &number{42})
	}})
	w.At(5*ms, "lights out", func() { w.Crash(bid, LoseAll) })
	w.Run(time.Second)
	want := strings.TrimSpace(`
       1 +0000.000000 b      boot   -      incarnation 1
       2 +0000.000000 a      boot   -      incarnation 1
       2 +0000.000000 a      dial   b      conn=1.1.0 port=2
       2 +0000.000000 a      send   b      NUMBER 42
       3 +0000.001000 b      open   a      conn=1.1.1 port=2
       4 +0000.001000 b      recv   a      NUMBER 42
       4 +0000.001000 b      mark   -      toy.tick n=42
       4 +0000.001000 b      write  -      log append 8 bytes
       5 +0000.002000 a      open   b      conn=1.1.0 port=2
       6 +0000.005000 -      step   -      lights out
       6 +0000.005000 b      crash  -      keep=lose
       6 +0000.005000 b      lost   -      8 bytes, 1 names, 0 renames
       7 +0000.006000 a      close  b      conn=1.1.0 port=2 reset`)
	if got := strings.TrimSpace(strings.Join(lines, "\n")); got != want {
		t.Errorf("trace:\n%s\nwant:\n%s", got, want)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		want string // part of the error, "" if none
	}{
		{"zero", Config{}, ""},
		{"mean above max", Config{Net: NetConfig{Latency: Latency{Mean: ms}}}, "Net.Latency needs"},
		{"tail below max", Config{Disk: DiskConfig{Sync: Latency{Mean: ms, Max: ms, Tail: Ratio{1, 2}}}}, "Disk.Sync has a tail"},
		{"huge", Config{Net: NetConfig{Latency: Latency{Max: 2 * time.Hour}}}, "Net.Latency exceeds"},
		{"odds", Config{Net: NetConfig{Loss: Ratio{2, 1}}}, "Net.Loss is 2/1"},
		{"odds of nothing", Config{Net: NetConfig{Loss: Ratio{1, 0}}}, "Net.Loss is 1/0"},
		{"port", Config{Net: NetConfig{Ports: map[node.Port]Latency{7: {Min: -1}}}}, "Net.Ports[7] needs"},
		{"timeout", Config{Net: NetConfig{StallTimeout: -1}}, "Net.StallTimeout must be positive"},
	}
	for _, tt := range tests {
		err := tt.cfg.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestCountersAreNamed(t *testing.T) {
	w := NewWorld(Config{})
	seen := map[string]bool{}
	for _, c := range w.Counters() {
		if !strings.HasPrefix(c.Name, "sim.") || seen[c.Name] || c.N != 0 {
			t.Errorf("counter %+v", c)
		}
		seen[c.Name] = true
	}
}

func TestIdleTimeCostsNothing(t *testing.T) {
	w := NewWorld(Config{})
	defer w.Close()
	add(w, "a", script{boot: func(s *script) { s.env.SetTimer(24*365*time.Hour, node.Tag{}) }})
	w.Run(2 * 24 * 365 * time.Hour)
	if w.Steps() != 2 {
		t.Errorf("two years of sleep took %d steps", w.Steps())
	}
}
