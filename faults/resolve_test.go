package faults

import (
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

func TestObserversAreFoundByTheirRole(t *testing.T) {
	all := []sim.ProcessInfo{
		{ID: 0, Name: "zk1", Group: "zk", Up: true, Role: "leader"},
		{ID: 1, Name: "zk2", Group: "zk", Up: false, Role: "observer"},
		{ID: 2, Name: "zk3", Group: "zk", Up: true, Role: "observer"},
		{ID: 3, Name: "zk4", Group: "zk", Up: true, Role: "observer"},
		{ID: 4, Name: "b1", Group: "b", Up: true, Role: "observer"},
	}
	for text, want := range map[string]int64{"observer(zk)": 2, "observer(zk,1)": 3, "observer(zk,2)": 2} { //sim:unordered each for itself
		target, err := ParseTarget(text)
		if err != nil || target.String() != text {
			t.Fatalf("%s is read as %v, %v", text, target, err)
		}
		ids, _ := resolve(target, all, 0, nil)
		if len(ids) != 1 || int64(ids[0]) != want {
			t.Errorf("%s is %v, want %d", text, ids, want)
		}
	}
	if ids, reason := resolve(Target{Select: Observer, Name: "zk"}, all[:2], 0, nil); ids != nil || reason != "no observer" {
		t.Errorf("%v, %q", ids, reason)
	}
}

// TestPartitionSelectors: what leads or follows in a partition is not for the group to
// say.
func TestPartitionSelectors(t *testing.T) {
	v := Vocabulary{
		Groups: []string{"broker"}, Partitions: []string{"orders-0"}, Processes: []string{"b1"},
		Replicas: func(s Select, partition string) []node.ID {
			if partition != "orders-0" {
				t.Errorf("asked for %q", partition)
			}
			return map[Select][]node.ID{Leader: {4}, Follower: {5, 3}, InSync: {3, 4}}[s]
		},
	}
	in := &Injector{options: Options{Vocabulary: v}}
	all := []sim.ProcessInfo{
		{ID: 3, Group: "broker", Up: true, Role: "broker"}, {ID: 4, Group: "broker", Up: true, Role: "controller", Term: 2},
		{ID: 5, Group: "broker", Up: true, Role: "controller", Term: 3},
	}
	for text, want := range map[string][]node.ID{
		"leader(orders-0)": {4}, "follower(orders-0)": {5}, "follower(orders-0,1)": {3}, "isr(orders-0)": {3, 4}, "controller(broker)": {5}, "controller": {5},
	} {
		target, err := ParseTarget(text)
		if err == nil {
			err = target.check(v)
		}
		if got := in.targets(target, all, node.Nobody); err != nil || target.String() != text || !slices.Equal(got, want) {
			t.Errorf("%s, printed %v, is %v (%v), want %v", text, target, got, err, want)
		}
	}
	if err := (Target{Select: Controller}).check(Vocabulary{Groups: []string{"zk"}}); err == nil {
		t.Error("a controller is accepted where there are no brokers")
	}
	for _, text := range []string{"isr(broker)", "leader(orders-1)", "all(orders-0)"} {
		target, err := ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := target.check(v); err == nil {
			t.Errorf("%s is accepted; nobody can be meant", text)
		}
	}
}
