package workloads

import (
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
	"pgregory.net/rapid"
)

// drawn makes the shape and the plan of a seed.
func drawn(w Workload, seed uint64) (Shape, []Op) {
	r := rand.New(rand.NewPCG(seed, 0))
	s := w.Draw(r)
	return s, w.Generate(r, s)
}

func TestPlansAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(All()).Draw(t, "workload")
		s, plan := drawn(w, rapid.Uint64().Draw(t, "seed"))
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		var before Op
		for i, op := range plan {
			if op.ID != FirstID+i {
				t.Fatalf("operation %d has ID %d", i, op.ID)
			}
			if op.At < before.At || op.At > s.Duration || op.Client >= s.Clients {
				t.Fatalf("%v follows %v in shape %v", op, before, s)
			}
			if again, err := ParseOp(op.String()); err != nil || !reflect.DeepEqual(again, op) {
				t.Fatalf("%v reads back as %v, %v", op, again, err)
			}
			before = op
		}
		values(t, plan)
		setup(t, w, s)
	})
}

// values checks that every written value is unique, but for those that servers read.
func values(t *rapid.T, plan []Op) {
	seen := map[string]bool{}
	for _, op := range plan {
		parts := append([]Part{{F: op.F, Path: op.Path, Value: op.Value}}, op.Parts...)
		for _, p := range parts {
			if p.F != history.Create && p.F != history.Set || strings.HasPrefix(p.Path, quota.Root) {
				continue
			}
			if p.Value == "" || seen[p.Value] {
				t.Fatalf("value %q of `%v` is not unique", p.Value, op)
			}
			seen[p.Value] = true
		}
	}
}

// setup checks that parents come before children, and that all IDs of a run differ.
func setup(t *rapid.T, w Workload, s Shape) {
	made := map[string]bool{"/": true, quota.Root: true}
	for _, topic := range Topics(w.Setup(s)) {
		for _, name := range partitionsOf(topic.Name, topic.Partitions) {
			made[name] = true
		}
	}
	for i, op := range w.Setup(s) {
		if (op.F == history.CreateTopic || op.F == history.Grant) && op.ID == setupID+i {
			continue
		}
		if op.F != history.Create || op.Client != 0 || op.ID != setupID+i || op.ID >= FirstID || !made[path.Dir(op.Path)] {
			t.Fatalf("setup: `%v` after %v", op, made)
		}
		made[op.Path] = true
	}
	for i, op := range w.FinalReads(s) {
		ofNothingMade := op.F == history.ListTopics || op.F == history.Describe || op.F == history.DescribeBroker
		if op.ID != finalID+i || op.Client >= s.Clients || !made[op.Path] && !ofNothingMade {
			t.Fatalf("final read `%v` of shape %v", op, s)
		}
	}
}

func TestPlansDependOnTheSeedAlone(t *testing.T) {
	for _, w := range All() {
		t.Run(w.Name, func(t *testing.T) {
			_, one := drawn(w, 1)
			_, same := drawn(w, 1)
			_, other := drawn(w, 2)
			if !reflect.DeepEqual(one, same) {
				t.Error("the same seed gave two plans")
			}
			if reflect.DeepEqual(one, other) {
				t.Error("two seeds gave the same plan")
			}
		})
	}
}

// TestSwarm checks that over some seeds every kind of operation occurs, and that
// the optional ones are sometimes switched off.
func TestSwarm(t *testing.T) {
	for _, w := range All() {
		t.Run(w.Name, func(t *testing.T) {
			on, off := map[string]int{}, map[string]int{}
			for seed := range uint64(40) {
				s, _ := drawn(w, seed)
				for _, k := range s.Mix {
					if k.Weight == 0 {
						off[k.Name]++
					} else {
						on[k.Name]++
					}
				}
			}
			if len(off) == 0 {
				t.Error("nothing is ever switched off")
			}
			for name, n := range off { //sim:unordered each entry is checked by itself
				if n == 40 || on[name] == 0 {
					t.Errorf("kind %s never occurs", name)
				}
			}
		})
	}
}

// TestEveryKindAlone generates from mixes of one kind: it must consist of what
// the kind is about, and use the keys it may use.
func TestEveryKindAlone(t *testing.T) {
	for _, w := range All() {
		r := rand.New(rand.NewPCG(1, 0))
		for _, k := range w.Draw(r).Mix {
			t.Run(w.Name+"/"+k.Name, func(t *testing.T) {
				s := Shape{Clients: 2, Keys: 3, Duration: time.Second, Think: 10 * time.Millisecond, Mix: []Weight{{k.Name, 1}}}
				plan := w.Generate(r, s)
				if len(plan) == 0 {
					t.Fatal("no operations")
				}
				for _, op := range plan {
					if w.Name == "sequence" && op.F == history.Multi && len(parents(op)) > 1 {
						t.Errorf("`%v` spans several directories", op)
					}
				}
			})
		}
	}
}

// parents are the directories an operation touches.
func parents(op Op) []string {
	dirs := []string{}
	for _, p := range op.Parts {
		dirs = append(dirs, path.Dir(p.Path))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// What the gate asks for is there even if faults left nothing of the rest.
func TestJudgesSeeWhatTheyNeed(t *testing.T) {
	for _, w := range All() {
		s, plan := drawn(w, 3)
		plan = slices.DeleteFunc(plan, func(op Op) bool { return op.At < s.Duration })
		if last := plan[len(plan)-1]; len(w.NeedsClaims) > 0 && (!isRecipe(last.F) || !last.Patient) {
			t.Errorf("%s needs claims and ends with `%v`", w.Name, last)
		}
		reads := w.FinalReads(s)
		for _, f := range w.NeedsKinds {
			produces := func(op Op) bool { return op.F == f || f == history.Children && op.F == SyncChildren }
			if !slices.ContainsFunc(append(plan, reads...), produces) {
				t.Errorf("%s needs %s and has none", w.Name, f)
			}
		}
	}
}

func TestBurstsArePipelined(t *testing.T) {
	s := Shape{Clients: 1, Keys: 1, Duration: time.Second, Think: 10 * time.Millisecond, Burst: 100, BurstLen: 3, Mix: []Weight{{"write", 1}}}
	plan := register().Generate(rand.New(rand.NewPCG(1, 0)), s)
	for i, op := range plan {
		if op.At == s.Duration {
			break // the farewell
		}
		if op.Pipelined != (i%4 != 0) {
			t.Fatalf("operation %d: %v; want bursts of one and three pipelined", i, op)
		}
	}
}

func TestHotKeysAreHot(t *testing.T) {
	s := Shape{Clients: 1, Keys: 10, Duration: time.Second, Think: time.Millisecond, Hot: 80, Mix: []Weight{{"write", 1}}}
	plan := register().Generate(rand.New(rand.NewPCG(1, 0)), s)
	hot := 0
	for _, op := range plan {
		if strings.HasSuffix(op.Path, "/0") {
			hot++
		}
	}
	if hot*10 < len(plan)*7 {
		t.Errorf("%d of %d operations on the hot key, want about 82 in 100", hot, len(plan))
	}
}

func TestLookup(t *testing.T) {
	for _, w := range All() {
		if got, ok := Lookup(w.Name); !ok || got.Doc != w.Doc {
			t.Errorf("Lookup(%q) = %q, %v", w.Name, got.Name, ok)
		}
	}
	if _, ok := Lookup("registry"); ok {
		t.Error("found a workload that does not exist")
	}
}
