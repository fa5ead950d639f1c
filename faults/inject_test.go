package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// beat is a fact that every server of the toy group states ten times a second, by turns in
// one case and the other.
var beat = &node.EventKind{System: "toy", Name: "beat", Code: 0x900, Cases: []string{"even", "odd"}}

// server states its role when it boots and then beats.
type server struct {
	node.Base
	env  node.Env
	role string
	term int64
	n    int64
}

func (s *server) Boot(env node.Env) {
	s.env = env
	env.Observe(node.Event{Kind: node.Role, Text: s.role, N: [4]int64{s.term}})
	env.SetTimer(100*time.Millisecond, node.Tag{})
}

func (s *server) Timer(node.Tag) {
	s.n++
	s.env.Observe(node.Event{Kind: beat, N: [4]int64{0, 0, 0, s.n % 2}})
	s.env.SetTimer(100*time.Millisecond, node.Tag{})
}

// toyWorld holds the group zk of three (zk2 leads, zk1 believes it still does)
// and two clients.
func toyWorld() *sim.World {
	w := sim.NewWorld(sim.Config{Seed: 1})
	for i, role := range []string{"leader", "leader", "follower"} {
		w.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return &server{role: role, term: int64(i)} })
	}
	for i := range 2 {
		w.Add(fmt.Sprintf("c%d", i), ClientGroup, func() node.Node { return &server{role: "client"} })
	}
	for _, p := range w.Processes() {
		w.Start(p.ID)
	}
	return w
}

var toyVocabulary = Vocabulary{Ports: []Port{{Name: "quorum", Number: 2}}}

func plan(t *testing.T, lines ...string) []Fault {
	t.Helper()
	var faults []Fault
	for _, line := range lines {
		f, err := ParseFault(line)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	return faults
}

func spanLines(in *Injector) string {
	var lines []string
	for _, s := range in.Spans() {
		lines = append(lines, fmt.Sprintf("%s %s %v-%v", s.Kind, s.Targets, s.Start, s.End))
	}
	return strings.Join(lines, "\n")
}

func TestFaultsHitWhoTheyMeanForAsLongAsTheySay(t *testing.T) {
	for _, c := range []struct{ name, fault, want string }{
		{"the leader is the one of the highest term", "fault 1s crash leader(zk) restart=500ms", "crash zk2 2s-2.5s"},
		{"a crash without restart lasts until healing", "fault 1s crash zk3", "crash zk3 2s-9s"},
		{"everybody", "fault 1s crash all(zk) restart=1s", "crash zk1 2s-3s\ncrash zk2 2s-3s\ncrash zk3 2s-3s"},
		{"followers count modulo", "fault 1s pause follower(zk,5) for=1s", "pause zk3 2s-3s"},
		{"any counts the living", "fault 0s pause any(zk,4) for=1s", "pause zk2 1s-2s"},
		{"clients count from 0", "fault 1s pause client(1) for=1s", "pause c1 2s-3s"},
		{"a minority of three is one", "fault 1s isolate minority(zk,2) for=1s", "isolate zk3 2s-3s"},
		{"splits are named", "fault 1s partition halves(zk,3) for=1s port=quorum", "partition halves(zk,3) 2s-3s"},
		{"a partition of one", "fault 1s partition leader(zk) for=1s", "partition zk2 2s-3s"},
		{"one direction", "fault 1s one-way from=zk1 to=leader(zk) for=1s", "one-way zk1>zk2 2s-3s"},
		{"slow", "fault 1s slow zk1 add=1ms..2ms", "slow zk1 2s-9s"},
		{"skew is instant", "fault 1s skew zk1 jump=-5s", "skew zk1 2s-2s"},
		{"drift", "fault 1s drift zk1 ppm=50000 for=2s", "drift zk1 2s-4s"},
		{"a moment counts from its arming", "fault 1s crash zk3 restart=1s when=toy.beat after=3", "crash zk3 2.2s-3.2s"},
		{"a case counts alone", "fault 1s crash zk3 restart=1s when=toy.beat.odd after=2", "crash zk3 2.3s-3.3s"},
		{"a wipe lasts until the process is back", "fault 1s wipe zk3 restart=500ms", "wipe zk3 2s-2.5s"},
		{"a stop ends who cannot end in order", "fault 1s stop zk3 restart=500ms", "stop zk3 2s-2.5s"},
		{"a stop comes at a moment", "fault 1s stop actor(zk) when=toy.beat after=2", "stop zk2 2s-9s"},
		{"effects put death off", "fault 1s crash zk3 restart=1s when=toy.beat effects=2", "crash zk3 2.1s-3.1s"},
		{"the actor is who gets there", "fault 1s pause actor(zk) for=1s when=toy.beat after=2", "pause zk2 2s-3s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := toyWorld()
			defer w.Close()
			in := Apply(w, plan(t, c.fault), Options{From: time.Second, Vocabulary: toyVocabulary})
			w.Run(9 * time.Second)
			in.HealAll()
			w.Run(w.Now())
			if got := spanLines(in); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for _, p := range w.Processes() {
				if !p.Up || p.Paused {
					t.Errorf("%s is not healed: %+v", p.Name, p)
				}
			}
		})
	}
}

// A trigger may listen to whoever has a seat in a partition at that moment.
func TestTriggersOfPartitions(t *testing.T) {
	w := toyWorld()
	defer w.Close()
	v := Vocabulary{Partitions: []string{"orders-0"}, Replicas: func(Select, string) []node.ID { return []node.ID{2} }}
	in := Apply(w, plan(t, "fault 1s pause leader(orders-0) for=1s when=toy.beat after=2"), Options{From: time.Second, Vocabulary: v})
	w.Run(9 * time.Second)
	if got := spanLines(in); got != "pause zk3 2.1s-3.1s" {
		t.Errorf("got %q", got)
	}
}

func TestFaultsThatFindNobodyAreCounted(t *testing.T) {
	for _, c := range []struct{ name, fault string }{
		{"no such client", "fault 1s pause client(7)"},
		{"no follower left", "fault 1s crash follower(zk,1)"},
		{"it is down already", "fault 1s crash zk3"},
		{"nobody to hear", "fault 1s one-way from=zk1 to=zk1"},
		{"no connection to cut", "fault 1s cut leader(zk)"},
		{"the moment never comes", "fault 1s crash zk1 when=toy.nothing within=1s"},
		{"the moment comes too late", "fault 1s crash zk1 when=toy.beat after=50 within=1s"},
		{"healed before the moment", "fault 1s crash zk1 when=toy.nothing"},
		{"healed before its time", "fault 20s crash zk1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := toyWorld()
			defer w.Close()
			w.Crash(2, sim.KeepAll)
			in := Apply(w, plan(t, c.fault), Options{From: time.Second, Vocabulary: toyVocabulary})
			w.Run(9 * time.Second)
			in.HealAll()
			w.Run(30 * time.Second)
			injected, skipped := 0, 0
			for _, n := range in.Counts() {
				injected, skipped = injected+n.Injected, skipped+n.Skipped
			}
			if injected != 0 || skipped != 1 {
				t.Errorf("injected %d, skipped %d; want 0, 1", injected, skipped)
			}
		})
	}
}

func TestSplits(t *testing.T) {
	for _, c := range []struct {
		target Target
		size   int
		deaf   string // who does not hear whom, from>to
	}{
		{Target{Select: Halves}, 3, "0>1 0>2 1>0 2>0"},
		{Target{Select: Halves, Index: 2}, 3, "0>2 1>2 2>0 2>1"},
		{Target{Select: Bridge}, 3, "0>2 2>0"},
		{Target{Select: Bridge}, 5, "0>3 0>4 1>3 1>4 3>0 3>1 4>0 4>1"},
		{Target{Select: MajoritiesRing}, 3, "0>1 1>2 2>0"},
		{Target{Select: MajoritiesRing}, 5, "0>2 0>3 1>3 1>4 2>0 2>4 3>0 3>1 4>1 4>2"},
	} {
		var group []node.ID
		for i := range c.size {
			group = append(group, node.ID(i))
		}
		var pairs []string
		for pair := range split(c.target, group) { //sim:unordered sorted below
			pairs = append(pairs, fmt.Sprintf("%d>%d", pair[0], pair[1]))
		}
		slices.Sort(pairs)
		if got := strings.Join(pairs, " "); got != c.deaf {
			t.Errorf("%v of %d: %s, want %s", c.target, c.size, got, c.deaf)
		}
	}
}

func TestPermutationsAreAllDifferent(t *testing.T) {
	seen := map[string]bool{}
	for k := range permutations(4) {
		seen[fmt.Sprint(permute([]node.ID{0, 1, 2, 3}, k))] = true
	}
	if len(seen) != 24 {
		t.Errorf("%d different permutations of 4, want 24", len(seen))
	}
}

func TestCheckNamesWhatTheWorldDoesNotHave(t *testing.T) {
	v := Vocabulary{Processes: []string{"zk1"}, Groups: []string{"zk"}, Ports: toyVocabulary.Ports, Marks: []string{"toy.beat"}}
	for _, c := range []struct{ line, want string }{
		{"fault 1s crash zk9", `no process is called "zk9"; processes are zk1`},
		{"fault 1s crash leader(kafka)", `no group is called "kafka"`},
		{"fault 1s isolate zk1 port=qourum", `unknown port "qourum"; ports are quorum, all`},
		{"fault 1s crash client(1)", "clients of a coordinator cannot crash"},
		{"fault 1s crash zk1 when=zk.comitted", `nobody states the fact "zk.comitted"`},
	} {
		if err := plan(t, c.line)[0].Check(v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", c.line, err, c.want)
		}
	}
	if err := plan(t, "fault 1s crash leader(zk) when=toy.beat")[0].Check(v); err != nil {
		t.Error(err)
	}
}

// TestDisksAilForAsLongAsTheySay fills, fails, slows and rots the disk of one server.
func TestDisksAilForAsLongAsTheySay(t *testing.T) {
	w := sim.NewWorld(sim.Config{Seed: 1})
	var done []error
	id := w.Add("zk1", "zk", func() node.Node { return &scribe{done: &done} })
	w.Start(id)
	v := Vocabulary{Reach: func(_ string, b []byte) int { return len(b) }}
	in := Apply(w, plan(t,
		"fault 1s full-disk zk1 for=500ms",
		"fault 2s fail-sync zk1 for=500ms file=f",
		"fault 3s fail-sync zk1 for=500ms file=g",
		"fault 650ms rot zk1 for=100ms file=f",
		"fault 5s slow-disk zk1 for=100ms file=f add=900ms..1s",
	), Options{Vocabulary: v})
	w.Run(700 * time.Millisecond)
	if !w.DiskOf(id).Rotten("f") {
		t.Error("no bit is flipped")
	}
	w.Run(10 * time.Second)
	refused, failed := 0, 0
	for _, err := range done {
		if errors.Is(err, sim.ErrNoSpace) {
			refused++
		}
		if errors.Is(err, sim.ErrIO) {
			failed++
		}
	}
	if w.DiskOf(id).Rotten("f") || refused != 5 || failed != 1 || len(in.Spans()) != 5 {
		t.Errorf("%d writes refused, %d syncs failed, rotten %v\n%s", refused, failed, w.DiskOf(id).Rotten("f"), spanLines(in))
	}
}

// scribe appends to a file and syncs it, ten times a second.
type scribe struct {
	node.Base
	env  node.Env
	done *[]error
}

func (s *scribe) Boot(env node.Env) {
	s.env = env
	s.Timer(node.Tag{})
	env.Disk().SyncDir(node.Tag{})
}

func (s *scribe) Timer(node.Tag) {
	if err := s.env.Disk().Append("f", []byte("line")); err != nil {
		*s.done = append(*s.done, err)
	}
	s.env.Disk().Sync("f", node.Tag{})
	s.env.SetTimer(100*time.Millisecond, node.Tag{})
}

func (s *scribe) DiskDone(_ node.Tag, err error) { *s.done = append(*s.done, err) }
