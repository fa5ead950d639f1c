package stampede

import (
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// life is what one server states, a step each, and how it ends.
func life(w *windows, end sim.ChangeKind, stated ...node.Event) {
	step := uint64(0)
	for _, e := range stated {
		step++
		w.observe(&sim.Seen{Step: step, Node: 1, Event: e})
	}
	w.died(sim.ProcessChange{Kind: end, Node: 1, Step: step})
}

func told(k *node.EventKind, text string) node.Event { return node.Event{Kind: k, Text: text} }

func TestDeathsAreCountedInTheirWindows(t *testing.T) {
	for _, c := range []struct {
		story  string
		end    sim.ChangeKind
		stated []node.Event
		want   []string
	}{
		{"a leader that chose", sim.Crashed, []node.Event{told(facts.EpochChosen, "")}, []string{"crash.epoch-chosen"}},
		{"a leader that wrote", sim.Crashed, []node.Event{told(facts.EpochChosen, ""), told(facts.EpochWritten, acceptedFile)}, []string{"crash.accepted-written"}},
		{"the same, by itself", sim.Exited, []node.Event{told(facts.EpochChosen, ""), told(facts.EpochWritten, acceptedFile)}, []string{"exit.saving-epoch"}},
		{"another file", sim.Crashed, []node.Event{told(facts.EpochWritten, currentFile)}, nil},
		{"a follower with its currentEpoch", sim.Crashed, []node.Event{told(facts.EpochSaved, currentFile)}, []string{"crash.history-epoch"}},
		{"a leader with its currentEpoch", sim.Crashed, []node.Event{told(facts.EpochChosen, ""), told(facts.EpochWritten, acceptedFile), told(facts.EpochSynced, acceptedFile), told(facts.EpochSaved, currentFile)},
			[]string{"crash.accepted-synced", "crash.current-after"}},
		{"in the step of the commit", sim.Crashed, []node.Event{told(facts.Committed, "")}, []string{"crash.committed"}},
		{"a step later", sim.Crashed, []node.Event{told(facts.Committed, ""), told(facts.SessionTouched, "")}, nil},
		{"an old leader that follows", sim.Crashed, []node.Event{told(facts.EpochChosen, ""), told(facts.ElectionStarted, ""), told(facts.ElectionDecided, ""), told(facts.Logged, "")},
			[]string{"crash.epoch-chosen", "crash.logged"}},
		{"a DIFF is no stream", sim.Crashed, []node.Event{told(facts.SyncBegun, "DIFF")}, []string{"crash.sync-header"}},
		{"a SNAP is", sim.Crashed, []node.Event{told(facts.SyncBegun, "SNAP")}, []string{"crash.sync-header", "crash.snap-stream"}},
	} {
		w := newWindows(3)
		life(&w, c.end, c.stated...)
		marks := map[string]uint64{}
		w.marks(marks)
		for _, want := range c.want {
			if marks[want] != 1 {
				t.Errorf("%s: %s is not counted: %v", c.story, want, marks)
			}
		}
		if len(marks) != len(c.want) {
			t.Errorf("%s: counted %v, want %v", c.story, marks, c.want)
		}
		life(&w, c.end)
		again := map[string]uint64{}
		w.marks(again)
		if len(again) != len(marks) {
			t.Errorf("%s: a window outlives its process: %v", c.story, again)
		}
	}
}

// TestCrashPointsCanBeStruck: a fault can wait for what opens each window, and a
// summary that lacks one says so.
func TestCrashPointsCanBeStruck(t *testing.T) {
	known, paths := marks(allFacts()), Paths()
	for i, p := range CrashPoints {
		if p.Doc == "" || len(p.opens) == 0 || !slices.Contains(paths, p.Mark) {
			t.Errorf("%s: incomplete", p.Mark)
		}
		if slices.ContainsFunc(CrashPoints[:i], func(q CrashPoint) bool { return q.Mark == p.Mark }) {
			t.Errorf("%s appears twice", p.Mark)
		}
		for _, m := range p.opens {
			if !slices.Contains(known, m.kind.Mark()) {
				t.Errorf("%s: no fault can wait for %s", p.Mark, m.kind.Mark())
			}
		}
	}
}

// TestOnlyHuntsOfAllMissPaths asks nothing of a scenario that others are about.
func TestOnlyHuntsOfAllMissPaths(t *testing.T) {
	all := HuntOptions{}
	for _, s := range Scenarios() {
		all.Scenarios = append(all.Scenarios, s.Name)
	}
	if !all.complete() || (HuntOptions{Scenarios: all.Scenarios[1:]}).complete() {
		t.Error("hunts are taken for complete that are not, or the other way round")
	}
	s := newSummary()
	s.findNeverHit()
	if !slices.Equal(s.NeverHit, Paths()) {
		t.Errorf("an empty hunt misses %v", s.NeverHit)
	}
}
