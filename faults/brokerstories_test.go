package faults

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// ruled is a group whose members rest on sessions, and on one who controls them.
func ruled() Shape {
	return Shape{
		Group: "broker", Voters: 3, Tolerated: 2, Names: []string{"b1", "b2", "b3"}, Partitions: []string{"orders-0", "orders-1"}, Copies: 3,
		Clients: 2, Duration: 10 * time.Second, Settle: 500 * time.Millisecond, Notice: time.Second, Patience: 300 * time.Millisecond,
		Ports: []string{"broker", "replica", "client"}, Peers: "replica", Service: "broker",
		Coordinators: "zk", Sessions: "client",
		Asks: []string{"m.ask"}, Orders: []string{"m.order"}, Takeovers: []string{"m.step"}, Reigns: []string{"m.reign"}, Moves: []string{"m.move"},
	}
}

// TestStoriesAreFaults: whatever a story draws can be written into a plan, read back, and
// means somebody that there is.
func TestStoriesAreFaults(t *testing.T) {
	v := Vocabulary{
		Processes: []string{"b1", "b2", "b3", "zk1", "c0", "c1"}, Groups: []string{"broker", "zk", "client"}, Partitions: ruled().Partitions,
		Ports: []Port{{Name: "broker"}, {Name: "replica"}, {Name: "client"}}, Marks: []string{"m.ask", "m.order", "m.step", "m.reign", "m.move"},
	}
	triggers := map[string]bool{}
	for seed := range uint64(300) {
		plan := DrawStories(rand.New(rand.NewPCG(seed, 1)), ruled())
		if !slices.IsSortedFunc(plan, func(a, b Fault) int { return int(a.At - b.At) }) {
			t.Fatalf("seed %d is not in order of time: %v", seed, plan)
		}
		takeovers, relapses := DrawTakeovers(rand.New(rand.NewPCG(seed, 2)), ruled()), DrawRelapses(rand.New(rand.NewPCG(seed, 3)), ruled())
		handovers := DrawHandovers(rand.New(rand.NewPCG(seed, 4)), ruled())
		if len(plan) == 0 || len(takeovers) < 2 || len(relapses) < 5 || len(handovers) < 2 {
			t.Fatalf("seed %d tells nothing", seed)
		}
		for _, f := range slices.Concat(plan, takeovers, relapses, handovers) {
			if back, err := ParseFault(f.String()); err != nil || back.String() != f.String() {
				t.Fatalf("seed %d: `%v` reads back as `%v`, %v", seed, f, back, err)
			}
			if err := f.Check(v); err != nil {
				t.Fatalf("seed %d: `%v`: %v", seed, f, err)
			}
			if f.When != nil {
				triggers[f.When.Mark+" "+f.Kind] = true
			}
		}
	}
	for _, want := range []string{"m.step crash", "m.step pause", "m.step isolate", "m.step cut", "m.reign partition", "m.move one-way", "m.order isolate", "m.order pause", "m.order one-way", "m.ask cut", "m.ask one-way"} {
		if !triggers[want] {
			t.Errorf("no story waits for %s", want)
		}
	}
}

// TestStoriesNeedSessions: who rests on nobody's sessions has no such stories.
func TestStoriesNeedSessions(t *testing.T) {
	s := ruled()
	s.Coordinators = ""
	for _, draw := range []func(*rand.Rand, Shape) []Fault{DrawStories, DrawTakeovers} {
		if plan := draw(rand.New(rand.NewPCG(1, 1)), s); plan != nil {
			t.Errorf("drew %v", plan)
		}
	}
	s = ruled()
	s.Partitions = nil
	for _, draw := range []func(*rand.Rand, Shape) []Fault{DrawRelapses, DrawHandovers} {
		if plan := draw(rand.New(rand.NewPCG(1, 1)), s); plan != nil {
			t.Errorf("drew %v", plan)
		}
	}
}
