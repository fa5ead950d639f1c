package faults

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var three = Shape{
	Group: "zk", Voters: 3, Tolerated: 1, Names: []string{"zk1", "zk2", "zk3"}, Clients: 4,
	Duration: 20 * time.Second, Settle: time.Second, Notice: time.Second,
	Ports: []string{"client", "quorum", "election"}, Moments: []string{"zk.committed", "zk.established"},
	Rises: []string{"zk.epoch-proposed"}, Joins: []string{"zk.ackepoch-sent"}, Patience: time.Second, Peers: "quorum", Service: "client",
	Cuts: []string{"zk.truncating"}, Saves: []string{"zk.epoch-saved"}, Windows: []string{"zk.epoch-saved"}, Files: []string{"log", "epoch"}, Rots: []string{"log"},
}

var five = Shape{
	Group: "zk", Voters: 5, Tolerated: 2, Names: []string{"zk1", "zk2", "zk3", "zk4", "zk5"},
	Duration: 20 * time.Second, Settle: time.Second, Notice: time.Second,
}

func stream(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestDrawnPlansAreOrderedAndParse(t *testing.T) {
	for _, p := range Profiles {
		for seed := range uint64(200) {
			plan := Draw(stream(seed), p, three)
			if !slices.IsSortedFunc(plan, func(a, b Fault) int { return int(a.At - b.At) }) {
				t.Fatalf("%s %d: not in order of time", p, seed)
			}
			for _, f := range plan {
				if _, err := ParseFault(f.String()); err != nil {
					t.Fatalf("%s %d: %q: %v", p, seed, f, err)
				}
			}
		}
	}
}

func TestSameStreamSamePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		if !slices.EqualFunc(Draw(stream(seed), Swarm, three), Draw(stream(seed), Swarm, three), sameLine) {
			t.Fatal("two plans from one seed")
		}
	})
}

func sameLine(a, b Fault) bool { return a.String() == b.String() }

// TestLightPlansKeepAMajority recounts, at the start of every fault, how many
// voters are out: the dumb twin of the drawer's budget.
func TestLightPlansKeepAMajority(t *testing.T) {
	for _, shape := range []Shape{three, five} {
		for seed := range uint64(300) {
			plan := Draw(stream(seed), Light, shape)
			for _, f := range plan {
				if out := votersOut(plan, shape, f.At); out > shape.Tolerated {
					t.Fatalf("seed %d: %d of %d voters out at %v:\n%v", seed, out, shape.Voters, f.At, plan)
				}
			}
		}
	}
}

// votersOut counts the voters that may be out at one moment, the slow way.
func votersOut(plan []Fault, s Shape, at time.Duration) int {
	out := 0
	for _, f := range plan {
		end := f.At + f.For + f.Restart
		if f.When != nil {
			end += f.When.Within
		}
		endless := f.For+f.Restart == 0
		if f.At > at || !endless && end <= at {
			continue
		}
		switch {
		case dethrones(plan, f):
		case f.Kind == Cut || f.Kind == Slow || f.Kind == Skew || f.Kind == Drift:
		case f.Target.Select == Client || f.Target.Name == ClientGroup:
		case f.Target.Select == All:
			out += s.Voters
		case f.Target.Select.splits() || f.Target.Select == Minority:
			out += s.Voters / 2
		default:
			out++
		}
	}
	return out
}

// dethrones reports whether a crash follows a partition of the same leader and so
// hits a voter that is out already.
func dethrones(plan []Fault, f Fault) bool {
	return f.Kind == Crash && f.Target.Select == Leader && slices.ContainsFunc(plan, func(p Fault) bool {
		return p.Kind == Partition && p.Target == f.Target && p.At <= f.At && f.At < p.At+p.For
	})
}

func TestSwarmReachesEveryKindAndSwitchesSomeOff(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(300) {
		kinds := map[string]bool{}
		for _, f := range Draw(stream(seed), Swarm, three) {
			kinds[f.Kind] = true
		}
		for k := range kinds {
			seen[k]++
		}
	}
	for _, k := range Kinds {
		if k.Name == Wipe || k.Name == Stop {
			continue // drawn by DrawWipes and DrawStops
		}
		if n := seen[k.Name]; n == 0 || n > 280 {
			t.Errorf("%s occurs in %d of 300 seeds", k.Name, n)
		}
	}
}

func TestNoneDrawsNothing(t *testing.T) {
	if plan := Draw(stream(1), None, three); plan != nil {
		t.Fatalf("drew %v", plan)
	}
}

func TestParseProfileNamesTheProfiles(t *testing.T) {
	for _, p := range Profiles {
		if got, err := ParseProfile(string(p)); err != nil || got != p {
			t.Errorf("%s: %v, %v", p, got, err)
		}
	}
	if _, err := ParseProfile("wild"); err == nil {
		t.Error("parsed a profile that does not exist")
	}
}

func TestWrongClocksHitEachServerAtMostOnceAKind(t *testing.T) {
	total := 0
	for seed := range uint64(100) {
		seen := map[string]bool{}
		for _, f := range DrawClocks(stream(seed), three) {
			key := f.Kind + f.Target.String()
			if _, err := ParseFault(f.String()); err != nil || seen[key] || f.At != 0 {
				t.Fatalf("seed %d: %v (%v)", seed, f, err)
			}
			seen[key] = true
			total++
		}
	}
	if total == 0 {
		t.Fatal("every clock is right in every seed")
	}
}

// TestPretendersNeedAnEnsembleAndAMoment asks for two deaths at the moment of a claim,
// the second for longer than the others need to elect somebody else.
func TestPretendersNeedAnEnsembleAndAMoment(t *testing.T) {
	if plan := DrawPretender(stream(1), five); plan != nil {
		t.Errorf("without a moment to wait for: %v", plan)
	}
	shape := three
	shape.Claims = []string{"zk.epoch-proposed"}
	for seed := range uint64(100) {
		plan := DrawPretender(stream(seed), shape)
		if len(plan) != 3 || !slices.IsSortedFunc(plan, func(a, b Fault) int { return int(a.At - b.At) }) {
			t.Fatalf("seed %d: %v", seed, plan)
		}
		for i, f := range plan {
			if _, err := ParseFault(f.String()); err != nil || f.At >= shape.Duration || i > 0 && f.When.After != i {
				t.Errorf("seed %d: %v (%v)", seed, f, err)
			}
		}
		if plan[2].Restart < shape.Settle {
			t.Errorf("seed %d: back after %v", seed, plan[2].Restart)
		}
	}
}

// TestWipesLeaveAQuorum counts the disks that are lost for good.
func TestWipesLeaveAQuorum(t *testing.T) {
	for _, shape := range []Shape{three, five, {Voters: 1, Names: []string{"zk1"}, Duration: time.Second}} {
		most := 0
		for seed := range uint64(100) {
			lost := map[string]bool{}
			for _, f := range DrawWipes(stream(seed), shape) {
				if _, err := ParseFault(f.String()); err != nil || f.Kind != Wipe || f.Restart == 0 || f.At >= shape.Duration {
					t.Errorf("seed %d: %v (%v)", seed, f, err)
				}
				lost[f.Target.Name] = true
			}
			most = max(most, len(lost))
		}
		if most != shape.Tolerated {
			t.Errorf("of %d voters %d lose their disk, want %d", shape.Voters, most, shape.Tolerated)
		}
	}
}

// TestInterruptionsWaitForTheirMoments asks for crashes of whoever reaches one of them.
func TestInterruptionsWaitForTheirMoments(t *testing.T) {
	moments, met := []string{"kafka.swap-named", "kafka.start-advanced"}, map[string]bool{}
	for seed := range uint64(100) {
		plan := DrawInterruptions(stream(seed), three, moments)
		if len(plan) < 1 || len(plan) > 4 {
			t.Fatalf("seed %d: %v", seed, plan)
		}
		for _, f := range plan {
			if _, err := ParseFault(f.String()); err != nil || f.At >= three.Duration || f.Target.Select != Actor || f.Restart == 0 {
				t.Errorf("seed %d: %v (%v)", seed, f, err)
			}
			met[f.When.Mark] = true
		}
	}
	for _, m := range moments {
		if !met[m] {
			t.Errorf("nobody waits for %s", m)
		}
	}
}

// TestFaltersWaitForTheirMoments: of what is drawn for some moments somebody dies at each,
// or has a disk that fails there; blinks let nobody do much more.
func TestFaltersWaitForTheirMoments(t *testing.T) {
	marks, met := []string{"m.one", "m.two"}, map[string]int{}
	for seed := range uint64(200) {
		for _, f := range DrawFalters(stream(seed), three, marks) {
			if back, err := ParseFault(f.String()); err != nil || back.String() != f.String() {
				t.Fatalf("seed %d: %v reads back as %v (%v)", seed, f, back, err)
			}
			if f.When != nil {
				met[f.Kind+" "+f.When.Mark]++
			}
		}
		for _, f := range DrawBlinks(stream(seed), three, marks) {
			if f.Kind != Crash || f.When.Effects > 2 || f.When.After > 3 {
				t.Fatalf("seed %d: %v", seed, f)
			}
			met["blink "+f.When.Mark]++
		}
	}
	for _, want := range []string{"crash m.one", "crash m.two", "fail-sync m.one", "fail-sync m.two", "blink m.one", "blink m.two"} {
		if met[want] == 0 {
			t.Errorf("no %s in 200 seeds: %v", want, met)
		}
	}
	if plan := DrawFalters(stream(1), Shape{}, marks); plan != nil {
		t.Errorf("drew %v where nobody votes", plan)
	}
}
