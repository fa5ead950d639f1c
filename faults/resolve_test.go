package faults

import (
	"testing"

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
