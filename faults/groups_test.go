package faults

import (
	"testing"
	"time"
)

// TestGroupsLoseMembersAndCoordinators: every kind of trouble comes up, all of it ends, and
// what waits for a step waits for one that the shape names.
func TestGroupsLoseMembersAndCoordinators(t *testing.T) {
	g := GroupShape{
		Session: 700 * time.Millisecond, Patience: time.Second, Partitions: []string{"__consumer_offsets-0", "__consumer_offsets-1"},
		Steps: []string{"kafka.group-generation"}, Own: []string{"kafka.group-member-leads"},
	}
	met, waits := map[string]bool{}, map[string]bool{}
	for seed := range uint64(200) {
		var before time.Duration
		for _, f := range DrawGroups(stream(seed), three, g) {
			if back, err := ParseFault(f.String()); err != nil || back.String() != f.String() {
				t.Errorf("seed %d: %v reads back as %v (%v)", seed, f, back, err)
			}
			if f.At < before || f.Kind != Cut && f.For == 0 && f.Restart == 0 {
				t.Errorf("seed %d: %v comes before %v, or never ends", seed, f, before)
			}
			before = f.At
			member := f.Target.Select == Client
			actor := f.Target == Target{Select: Actor, Name: three.Group} && f.When != nil
			if !member && !actor && f.Target.Name != g.Partitions[0] && f.Target.Name != g.Partitions[1] {
				t.Errorf("seed %d: %v is at nobody of a group", seed, f)
			}
			met[f.Kind+" "+string(f.Target.Select)] = true
			if f.When != nil {
				waits[f.When.Mark+" "+string(f.Target.Select)] = true
			}
		}
	}
	for _, kind := range []string{"pause client", "isolate client", "crash client", "pause leader", "isolate leader", "cut leader", "crash leader"} {
		if !met[kind] {
			t.Errorf("no %s in 200 seeds", kind)
		}
	}
	if !waits["kafka.group-generation actor"] || !waits["kafka.group-member-leads client"] || len(waits) != 2 {
		t.Errorf("faults wait for %v", waits)
	}
}

// TestNoGroupsNoTrouble: without partitions that keep groups there is nothing to draw.
func TestNoGroupsNoTrouble(t *testing.T) {
	if plan := DrawGroups(stream(1), three, GroupShape{Session: time.Second, Patience: time.Second}); plan != nil {
		t.Errorf("drew %v", plan)
	}
}
