package sim

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// TestPanicIsAFailure: wherever a node panics, Run ends and names it.
func TestPanicIsAFailure(t *testing.T) {
	tests := []struct {
		name string
		node script
	}{
		{"in Boot", script{boot: func(*script) { panic("ouch") }}},
		{"in a timer", script{
			boot:  func(s *script) { s.env.SetTimer(ms, node.Tag{}) },
			timer: func(*script, node.Tag) { panic("ouch") },
		}},
		{"in a task", script{boot: func(s *script) {
			s.env.Go("task", func(t *node.Task) { t.Sleep(ms); panic("ouch") })
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWorld(quick(1))
			defer w.Close()
			_, id := add(w, "victim", tt.node)
			if w.Run(time.Second) {
				t.Fatal("Run did not notice")
			}
			f := w.Failure()
			if f == nil || f.Node != id || f.Name != "victim" || f.Reason != "ouch" || f.Stack == "" || f.Step != w.Steps() {
				t.Errorf("failure %+v", f)
			}
			if w.Run(2 * time.Second) {
				t.Error("the world went on after a failure")
			}
		})
	}
}

func TestPanicOfTheHarnessGoesOn(t *testing.T) {
	tests := []struct {
		name string
		arm  func(w *World)
	}{
		{"action", func(w *World) { w.At(0, "boom", func() { panic("harness") }) }},
		{"observer of facts", func(w *World) { w.OnEvent(func(Seen) { panic("harness") }) }},
		{"observer of processes", func(w *World) { w.OnProcess(func(ProcessChange) { panic("harness") }) }},
		{"trace", func(w *World) { w.SetTrace(func(Line) { panic("harness") }) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWorld(quick(1))
			tt.arm(w)
			add(w, "a", script{boot: func(s *script) { s.env.Observe(node.Event{Kind: tick}) }})
			defer func() {
				if r := recover(); r != "harness" {
					t.Errorf("recovered %v", r)
				}
			}()
			w.Run(time.Second)
		})
	}
}

// TestCrashAfter: a process makes exactly so many effects, whatever they are.
func TestCrashAfter(t *testing.T) {
	for n := range 8 {
		w := NewWorld(quick(1))
		observed := 0
		w.OnEvent(func(Seen) { observed++ })
		_, id := add(w, "a", script{boot: func(s *script) {
			for range 10 {
				s.env.Observe(node.Event{Kind: tick})
				s.env.Disk().Append("f", []byte("x"))
			}
		}})
		w.CrashAfter(id, n, KeepAll)
		w.Run(time.Second)
		effects := max(n, 1) // a process that is down has no now
		f, _ := w.DiskOf(id).Read("f")
		if observed != (effects+1)/2 || len(f) != effects/2 || w.Processes()[id].Up {
			t.Errorf("after %d effects: %d facts, %d bytes, up %v", n, observed, len(f), w.Processes()[id].Up)
		}
		w.Close()
	}
}

func TestCrashAfterCanBeDisarmed(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	_, id := add(w, "a", script{boot: func(s *script) { s.env.SetTimer(0, node.Tag{}) }})
	w.CrashAfter(id, 1, KeepAll)
	w.Disarm(id)
	w.Run(time.Second)
	if !w.Processes()[id].Up {
		t.Error("it crashed")
	}
}

// TestCrashFromAnObserver: the process is dead from the observed effect on, and
// with effects=n from the n-th after it on. What it stumbles over then is not a
// failure.
func TestCrashFromAnObserver(t *testing.T) {
	tests := []struct {
		name   string
		strike func(w *World, id node.ID)
		want   string
	}{
		{"at once", func(w *World, id node.ID) { w.Crash(id, KeepAll) }, "before"},
		{"no effect later", func(w *World, id node.ID) { w.CrashAfter(id, 0, KeepAll) }, "before"},
		{"one effect later", func(w *World, id node.ID) { w.CrashAfter(id, 1, KeepAll) }, "before1"},
		{"two effects later", func(w *World, id node.ID) { w.CrashAfter(id, 2, KeepAll) }, "before12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWorld(quick(1))
			defer w.Close()
			w.OnEvent(func(s Seen) { tt.strike(w, s.Node) })
			_, id := add(w, "a", script{boot: func(s *script) {
				d := s.env.Disk()
				d.Append("f", []byte("before"))
				s.env.Observe(node.Event{Kind: tick})
				for i := range 3 {
					d.Append("f", fmt.Append(nil, i+1))
				}
				panic("a dead process has no bugs")
			}})
			if !w.Run(time.Second) {
				t.Fatalf("%+v", w.Failure())
			}
			if got, _ := w.DiskOf(id).Read("f"); string(got) != tt.want {
				t.Errorf("the disk has %q, want %q", got, tt.want)
			}
			if info := w.Processes()[id]; info.Up || info.Incarnation != 1 {
				t.Errorf("the process is %+v", info)
			}
		})
	}
}

// TestLife follows a process through everything that can happen to it.
func TestLife(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var changes []string
	w.OnProcess(func(c ProcessChange) {
		changes = append(changes, fmt.Sprintf("%v %v %d", c.At, c.Kind, c.Incarnation))
	})
	s, id := add(w, "a", script{timer: func(s *script, _ node.Tag) {}})
	w.Start(id) // booting already
	w.At(ms, "role", func() { s.env.Observe(node.Event{Kind: node.Role, N: [4]int64{3}, Text: "leader"}) })
	w.At(2*ms, "crash", func() { w.Crash(id, LoseAll) })
	w.At(3*ms, "crash", func() { w.Crash(id, LoseAll) })
	w.At(4*ms, "start", func() { w.Start(id); w.Start(id) })
	w.At(5*ms, "pause", func() { w.Pause(id); w.Pause(id) })
	w.At(6*ms, "resume", func() { w.Resume(id); w.Resume(id) })
	w.At(7*ms, "exit", func() { s.env.Exit("done") })
	w.Run(1500 * time.Microsecond)
	want := ProcessInfo{ID: id, Name: "a", Group: "toy", Up: true, Role: "leader", Term: 3, Incarnation: 1}
	if got := w.Processes()[0]; got != want {
		t.Errorf("process is %+v, want %+v", got, want)
	}
	w.Run(time.Second)
	if want := []string{"0s boot 1", "2ms crash 1", "4ms boot 2", "5ms pause 2", "6ms resume 2", "7ms exit 2"}; !slices.Equal(changes, want) {
		t.Errorf("changes %q, want %q", changes, want)
	}
	if got, want := w.Processes()[0], (ProcessInfo{ID: id, Name: "a", Group: "toy", Incarnation: 2}); got != want {
		t.Errorf("process is %+v, want %+v", got, want)
	}
}

// TestPauseKeepsOrder: what came due in a pause runs at its end, in order, before
// what comes due then.
func TestPauseKeepsOrder(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var at []time.Duration
	s, id := add(w, "a", script{
		boot: func(s *script) {
			for i := range uint32(5) {
				s.env.SetTimer(time.Duration(10*(i+1))*ms, node.Tag{Kind: i})
			}
			s.env.Disk().Append("f", nil)
			s.env.SetTimer(12*ms, node.Tag{Kind: 9})
		},
		timer: func(s *script, tag node.Tag) { at = append(at, w.Now()) },
	})
	w.At(5*ms, "pause", func() { w.Pause(id); s.env.Disk().Sync("f", node.Tag{Kind: 7}) })
	w.At(40*ms, "resume", func() { w.Resume(id) })
	w.Run(time.Second)
	if want := []string{"synced 7", "timer 0", "timer 9", "timer 1", "timer 2", "timer 3", "timer 4"}; !slices.Equal(s.log, want) {
		t.Errorf("saw %q, want %q", s.log, want)
	}
	if want := []time.Duration{40 * ms, 40 * ms, 40 * ms, 40 * ms, 40 * ms, 50 * ms}; !slices.Equal(at, want) {
		t.Errorf("at %v, want %v", at, want)
	}
}

// gentle is a script that ends in order, some time after it was asked to.
type gentle struct{ script }

func (g *gentle) Boot(env node.Env) { g.env = env }

func (g *gentle) Shutdown() { g.env.SetTimer(10*ms, node.Tag{}) }

func (g *gentle) Timer(node.Tag) { g.env.Exit("done") }

// TestTerminate: who can end in order does, in its own time and when it is running; who
// cannot dies at once; a life that comes after is not meant.
func TestTerminate(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var seen []string
	w.OnProcess(func(c ProcessChange) { seen = append(seen, fmt.Sprint(c.Node, " ", c.Kind, " ", c.Reason, c.At)) })
	able := w.Add("able", "toy", func() node.Node { return &gentle{} })
	w.Start(able)
	_, unable := add(w, "unable", script{})
	w.At(20*ms, "both", func() { w.Terminate(able); w.Terminate(unable) })
	w.At(50*ms, "again", func() { w.Start(able); w.Start(unable) })
	w.At(60*ms, "asleep", func() { w.Pause(able); w.Terminate(able); w.Pause(unable); w.Terminate(unable) })
	w.At(70*ms, "replaced", func() { w.Crash(unable, KeepAll); w.Start(unable); w.Resume(unable) })
	w.At(80*ms, "awake", func() { w.Resume(able) })
	w.Run(time.Second)
	want := []string{
		"0 boot 0s", "1 boot 0s", "1 crash 20ms", "0 exit done30ms", "0 boot 50ms", "1 boot 50ms", "0 pause 60ms", "1 pause 60ms",
		"1 crash 70ms", "1 boot 70ms", "0 resume 80ms", "0 exit done90ms",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
	if !w.Processes()[unable].Up {
		t.Error("a new life died of what was meant for the last one")
	}
}

// TestTasksEndWithTheirProcess: deferred functions run, effects of theirs do not,
// and no coroutine stays behind.
func TestTasksEndWithTheirProcess(t *testing.T) {
	before := runtime.NumGoroutine()
	w := NewWorld(quick(1))
	ended := 0
	body := func(s *script) func(*node.Task) {
		return func(t *node.Task) {
			defer func() {
				ended++
				s.env.Disk().Append("f", []byte("posthumous"))
			}()
			for {
				t.Sleep(ms)
			}
		}
	}
	_, id := add(w, "a", script{boot: func(s *script) {
		for range 10 {
			s.env.Go("loop", body(s))
		}
		s.env.Go("short", func(t *node.Task) { t.Sleep(ms) })
	}})
	w.At(10*ms, "crash", func() { w.Crash(id, KeepAll) })
	w.At(20*ms, "start", func() { w.Start(id) })
	w.Run(time.Second)
	if ended != 10 {
		t.Errorf("%d tasks ended with the first incarnation, want 10", ended)
	}
	w.Close()
	w.Close()
	if ended != 20 {
		t.Errorf("%d tasks ended with the world, want 20", ended)
	}
	if files := w.DiskOf(id).Files(); len(files) > 0 {
		t.Errorf("files %q were written by the dead", files)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines stayed", after-before)
	}
}

// TestTaskCrashesItself: a task whose own effect kills the process is stopped when
// the callback is over.
func TestTaskCrashesItself(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	w.OnEvent(func(s Seen) { w.Crash(s.Node, KeepAll) })
	var steps []string
	_, id := add(w, "a", script{boot: func(s *script) {
		s.env.Go("doomed", func(t *node.Task) {
			defer func() { steps = append(steps, "unwound") }()
			t.Sleep(ms)
			s.env.Observe(node.Event{Kind: tick})
			steps = append(steps, "goes on")
			t.Sync("f")
			steps = append(steps, "never")
		})
	}})
	w.Run(time.Second)
	if want := []string{"goes on", "unwound"}; !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
	if w.Processes()[id].Up {
		t.Error("the process lives")
	}
}

func TestTasksAwaitTheDisk(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var steps []string
	_, id := add(w, "a", script{boot: func(s *script) {
		s.env.Go("replace", func(t *node.Task) {
			d := s.env.Disk()
			d.WriteFile("tmp", []byte("content"))
			err := t.Sync("tmp")
			steps = append(steps, fmt.Sprintf("%v synced %v", w.Now(), err))
			d.Rename("tmp", "file")
			err = t.SyncDir()
			steps = append(steps, fmt.Sprintf("%v named %v", w.Now(), err))
			steps = append(steps, fmt.Sprint(t.Sync("tmp")))
		})
	}})
	w.Run(time.Second)
	if want := []string{"1ms synced <nil>", "2ms named <nil>", "sync tmp: file does not exist"}; !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
	if got, ok := w.DiskOf(id).Durable("file"); !ok || string(got) != "content" {
		t.Errorf("durable is %q (%v)", got, ok)
	}
}

// TestDatagramMishaps: odds of one make each mishap certain.
func TestDatagramMishaps(t *testing.T) {
	always := Ratio{1, 1}
	tests := []struct {
		name    string
		arm     func(cfg *NetConfig)
		fault   func(w *World)
		want    int
		counter string
	}{
		{"none", func(*NetConfig) {}, func(*World) {}, 5, ""},
		{"loss", func(c *NetConfig) { c.Loss = always }, func(*World) {}, 0, "sim.datagrams-lost"},
		{"duplicate", func(c *NetConfig) { c.Duplicate = always }, func(*World) {}, 10, "sim.datagrams-duplicated"},
		{"reorder", func(c *NetConfig) { c.Reorder = always }, func(*World) {}, 5, "sim.datagrams-reordered"},
		{"partition", func(*NetConfig) {}, func(w *World) { w.Block("x", both) }, 0, "sim.datagrams-lost"},
		{"receiver down", func(*NetConfig) {}, func(w *World) { w.Crash(0, KeepAll) }, 0, "sim.datagrams-lost"},
		{"rule drops", func(*NetConfig) {}, func(w *World) {
			w.Rule("x", func(_, _ node.ID, _ node.Port, m node.Message) Verdict { return Drop })
		}, 0, "sim.datagrams-lost"},
		{"rule duplicates", func(*NetConfig) {}, func(w *World) {
			w.Rule("x", func(_, _ node.ID, _ node.Port, m node.Message) Verdict { return Duplicate })
		}, 10, "sim.datagrams-duplicated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := quick(1)
			tt.arm(&cfg.Net)
			w := NewWorld(cfg)
			defer w.Close()
			b, bid := add(w, "b", script{})
			add(w, "a", script{boot: func(s *script) {
				for i := range uint64(5) {
					s.env.SendDatagram(bid, 1, &number{i})
				}
			}})
			tt.fault(w)
			w.Run(time.Second)
			if len(b.log) != tt.want {
				t.Errorf("received %q, want %d", b.log, tt.want)
			}
			for _, c := range w.Counters() {
				if strings.Contains(c.Name, "datagram") && (c.N == 5) != (c.Name == tt.counter) {
					t.Errorf("%s is %d", c.Name, c.N)
				}
			}
		})
	}
}

// TestAnythingGoes runs busy worlds with faults of all kinds: no panic of the
// world, the same hash twice, with the trace on or off.
func TestAnythingGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		run := func(trace bool) *World {
			w := chat(Config{Seed: seed}, 4)
			if trace {
				w.SetTrace(func(l Line) { _ = l.String() })
			}
			defer w.Close()
			if !w.Run(1500 * ms) {
				t.Fatalf("%+v", w.Failure())
			}
			return w
		}
		if a, b := run(false), run(true); a.Hash() != b.Hash() {
			t.Fatalf("hash %x, with a trace %x", a.Hash(), b.Hash())
		}
	})
}
