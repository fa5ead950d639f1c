package models

import (
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

// timeline draws operations: each line is "who invoke-return what".
type timeline struct{ h history.History }

func (l *timeline) op(from, to time.Duration, op history.Op) *timeline {
	op.ID, op.Process, op.Invoke, op.Return = len(l.h.Ops), len(l.h.Ops), from, to
	if op.Outcome == history.Info {
		op.Return = history.Never
	}
	l.h.Ops = append(l.h.Ops, op)
	return l
}

func version(v int32) *wire.Stat { return &wire.Stat{Version: v} }

// Short forms of operations on /r.
func created() history.Op {
	return history.Op{F: history.Create, Path: "/r", Outcome: history.OK}
}
func wrote(v string, at int32) history.Op {
	return history.Op{F: history.Set, Path: "/r", Value: v, Version: -1, Outcome: history.OK, OutStat: version(at)}
}
func swapped(v string, from int32, o history.Outcome) history.Op {
	op := history.Op{F: history.Set, Path: "/r", Value: v, Version: from, Outcome: o}
	if o == history.Fail {
		op.Err = wire.ErrBadVersion
	}
	return op
}
func sawSynced(v string) history.Op {
	return history.Op{F: history.SyncGet, Path: "/r", Outcome: history.OK, OutValue: v, SyncZxid: 1}
}

func TestZnodes(t *testing.T) {
	tests := []struct {
		name string
		h    *timeline
		want porcupine.CheckResult
	}{
		{"versions in order", new(timeline).op(0, 1, created()).op(2, 3, wrote("a", 1)).op(4, 5, wrote("b", 2)), porcupine.Ok},
		{"a version twice", new(timeline).op(0, 1, created()).op(2, 3, wrote("a", 1)).op(4, 5, wrote("b", 1)), porcupine.Illegal},
		{"concurrent either way", new(timeline).op(0, 1, created()).op(2, 9, wrote("a", 2)).op(3, 8, wrote("b", 1)), porcupine.Ok},
		{"two cas from one version", new(timeline).op(0, 1, created()).op(2, 9, swapped("a", 0, history.OK)).op(3, 8, swapped("b", 0, history.OK)), porcupine.Illegal},
		{"one cas fails", new(timeline).op(0, 1, created()).op(2, 9, swapped("a", 0, history.OK)).op(3, 8, swapped("b", 0, history.Fail)), porcupine.Ok},
		{"a cas fails for nothing", new(timeline).op(0, 1, created()).op(2, 3, swapped("a", 0, history.Fail)), porcupine.Illegal},
		{"an unknown cas explains it", new(timeline).op(0, 1, created()).op(1, 0, swapped("x", 0, history.Info)).op(2, 3, swapped("a", 0, history.Fail)), porcupine.Ok},
		{"an unknown cas need not happen", new(timeline).op(0, 1, created()).op(1, 0, swapped("x", 0, history.Info)).op(2, 3, swapped("a", 0, history.OK)), porcupine.Ok},
		{"a synced read in the past", new(timeline).op(0, 1, created()).op(2, 3, wrote("a", 1)).op(4, 5, sawSynced("")), porcupine.Illegal},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			results := Znodes(Source{H: &tc.h.h, Strong: true}, &Budget{Steps: 10_000})
			if len(results) != 1 || results[0].Outcome != tc.want {
				t.Errorf("got %+v, want %v", results, tc.want)
			}
		})
	}
}

func TestClassicSyncAllowsAStaleRead(t *testing.T) {
	l := new(timeline).op(0, 1, created()).op(2, 3, wrote("a", 1)).op(4, 5, sawSynced(""))
	if r := Znodes(Source{H: &l.h}, &Budget{Steps: 10_000}); r[0].Outcome != porcupine.Ok {
		t.Errorf("without strong mode a read is no evidence, got %v", r[0].Outcome)
	}
}

func TestDirectories(t *testing.T) {
	seq := func(out string, mode int32) history.Op {
		op := history.Op{F: history.Create, Path: "/q/n-", Mode: mode, Outcome: history.OK, OutPath: out}
		if out == "" {
			op.Outcome = history.Info
		}
		return op
	}
	del := func(path string) history.Op {
		return history.Op{F: history.Delete, Path: path, Version: -1, Outcome: history.OK}
	}
	list := func(names ...string) history.Op {
		return history.Op{F: history.Children, Path: "/q", Outcome: history.OK, OutChildren: names, SyncZxid: 1}
	}
	const p, e = wire.ModePersistentSequential, wire.ModeEphemeralSequential
	tests := []struct {
		name string
		h    *timeline
		want porcupine.CheckResult
	}{
		{"numbers in order", new(timeline).op(0, 1, seq("/q/n-0000000000", p)).op(2, 3, seq("/q/n-0000000001", p)), porcupine.Ok},
		{"a number again after a delete", new(timeline).op(0, 1, seq("/q/n-0000000000", p)).op(2, 3, del("/q/n-0000000000")).op(4, 5, seq("/q/n-0000000000", p)), porcupine.Illegal},
		{"a number skipped", new(timeline).op(0, 1, seq("/q/n-0000000001", p)), porcupine.Illegal},
		{"an unknown create took it", new(timeline).op(0, 0, seq("", p)).op(2, 3, seq("/q/n-0000000001", p)), porcupine.Ok},
		{"an ephemeral counts", new(timeline).op(0, 1, seq("/q/n-0000000000", e)).op(2, 3, seq("/q/n-0000000001", p)).op(4, 5, list("n-0000000001")), porcupine.Ok},
		{"a child missing", new(timeline).op(0, 1, seq("/q/n-0000000000", p)).op(4, 5, list()), porcupine.Illegal},
		{"deleted twice", new(timeline).op(0, 1, seq("/q/n-0000000000", p)).op(2, 3, del("/q/n-0000000000")).op(2, 3, del("/q/n-0000000000")), porcupine.Illegal},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			results := Directories(Source{H: &tc.h.h, Strong: true}, &Budget{Steps: 10_000})
			if len(results) != 1 || results[0].Outcome != tc.want {
				t.Errorf("got %+v, want %v", results, tc.want)
			}
		})
	}
}

// TestBoundsEndInUnknown: a search too large says so, and what it says does not
// depend on the machine.
func TestBoundsEndInUnknown(t *testing.T) {
	l := new(timeline).op(0, 1, created())
	for i := range 15 {
		l.op(2, 100, wrote(fmt.Sprint(i), int32(i+1)))
	}
	if r := Znodes(Source{H: &l.h}, &Budget{Steps: 10}); r[0].Outcome != porcupine.Unknown || r[0].Why != "the step budget is spent" {
		t.Errorf("ten steps gave %v (%s)", r[0].Outcome, r[0].Why)
	}
	for range maxUnknowns {
		l.op(3, 0, swapped("x", 0, history.Info))
	}
	if r := Znodes(Source{H: &l.h}, &Budget{Steps: 1 << 40}); r[0].Outcome != porcupine.Unknown {
		t.Errorf("%d unknown outcomes gave %v", maxUnknowns, r[0].Outcome)
	}
}

// TestZnodesAgreeWithBruteForce tries every order of a few operations.
func TestZnodesAgreeWithBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := new(timeline)
		for range rapid.IntRange(1, 5).Draw(t, "ops") {
			from := time.Duration(rapid.IntRange(0, 6).Draw(t, "from"))
			to := from + time.Duration(rapid.IntRange(0, 4).Draw(t, "length"))
			v := rapid.Int32Range(0, 2).Draw(t, "version")
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				l.op(from, to, created())
			case 1:
				l.op(from, to, wrote("a", v))
			case 2:
				l.op(from, to, swapped("b", v, history.Outcome(rapid.IntRange(0, 2).Draw(t, "outcome"))))
			case 3:
				l.op(from, to, sawSynced(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "saw")))
			case 4:
				l.op(from, to, history.Op{F: history.Delete, Path: "/r", Version: -1, Outcome: history.OK})
			}
		}
		source := Source{H: &l.h, Strong: true}
		want := porcupine.Illegal
		if bruteForce(znodeState{}, source.calls()) {
			want = porcupine.Ok
		}
		if r := Znodes(source, &Budget{Steps: 1 << 20}); r[0].Outcome != want {
			t.Fatalf("%v, brute force says %v: %+v", r[0].Outcome, want, l.h.Ops)
		}
	})
}

// bruteForce extends an order of calls by each that may come next. An unknown call
// may also be left out.
func bruteForce(state any, rest []call) bool {
	done := true
	for i := range rest {
		done = done && rest[i].answer == unknown
	}
	if done {
		return true
	}
	for i := range rest {
		if !mayBeNext(rest, i) {
			continue
		}
		others := append(append([]call(nil), rest[:i]...), rest[i+1:]...)
		if ok, next := stepZnode(state, &rest[i]); ok && bruteForce(next, others) {
			return true
		}
	}
	return false
}

// mayBeNext reports whether no other call returned before call i was invoked.
func mayBeNext(rest []call, i int) bool {
	for j := range rest {
		if rest[j].answer != unknown && rest[j].op.Return < rest[i].op.Invoke {
			return false
		}
	}
	return true
}
