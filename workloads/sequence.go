package workloads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	directories = "/q"
	// plainNames is how many names clients contend for in a directory.
	plainNames = 3
)

// sequence is about directories: the names servers hand out, and what must not
// change them. Every multi stays in one directory, so that histories can be
// judged directory by directory.
func sequence() Workload {
	return Workload{
		Name: "sequence",
		Doc:  "directories with sequential, plain and nested children, created, deleted and listed, alone and in multis that may fail",
		Knobs: func(r *rand.Rand) []string {
			if r.IntN(4) != 0 {
				return nil
			}
			return []string{fmt.Sprintf("sequence-start=%d", math.MaxInt32-r.IntN(8))} // names pass the greatest number
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 3)
			s.Mix = swarm(r, []Weight{
				{"sequential", 4}, {"ephemeral-sequential", 2}, {"create", 2}, {"delete", 2}, {"delete-last", 3},
				{"children", 1}, {"sync-children", 2}, {"multi", 2}, {"failing-multi", 2}, {"failing-pair", 1},
				{"grandchild", 1}, {"delete-grandchild", 1}, {"grandchild-delete", 1},
				{"set-acl", 1}, {"get-acl", 1}, {"count-all", 1}, {"multi-read", 1},
			}, "ephemeral-sequential", "create", "delete", "delete-last", "children", "multi", "failing-multi", "failing-pair",
				"grandchild", "delete-grandchild", "grandchild-delete", "set-acl", "get-acl", "count-all", "multi-read")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return sequenceOps(r, s, kind) }, func(client int) []Op {
				dir := child(directories, client%s.Keys)
				return []Op{{F: history.Create, Path: dir + "/n-", Mode: wire.ModePersistentSequential}, {F: SyncChildren, Path: dir}}
			})
		},
		Setup:      func(s Shape) []Op { return creates(directories, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(SyncChildren, s, children(directories, s.Keys)...) },
		Judges:     []string{"witness", "directory"},
		NeedsKinds: []history.F{history.Create, history.Children},
	}
}

func sequenceOps(r *rand.Rand, s Shape, kind string) []Op {
	dir := child(directories, s.key(r))
	plain := dir + "/p" + strconv.Itoa(r.IntN(plainNames))
	next := dir + "/n-"
	switch kind {
	case "sequential":
		return []Op{{F: history.Create, Path: next, Mode: wire.ModePersistentSequential}}
	case "ephemeral-sequential":
		return []Op{{F: history.Create, Path: next, Mode: wire.ModeEphemeralSequential}}
	case "create":
		return []Op{{F: history.Create, Path: plain}}
	case "delete":
		return []Op{{F: history.Delete, Path: plain, Version: Any}}
	case "delete-last":
		return []Op{{F: history.Delete, Path: dir + "/" + LastCreated, Version: Any}}
	case "children":
		return []Op{{F: history.Children, Path: dir}}
	case "sync-children":
		return []Op{{F: SyncChildren, Path: dir}}
	case "multi":
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Create, Path: next, Mode: wire.ModePersistentSequential},
			{F: history.Create, Path: plain},
		}}}
	case "failing-multi":
		return []Op{failingMulti(next, plain)}
	case "failing-pair":
		// ZOOKEEPER-1624: a multi that failed while another create was in flight
		// left its sequence number behind, so the pair must be pipelined.
		return []Op{
			failingMulti(next, plain),
			{F: history.Create, Path: next, Mode: wire.ModePersistentSequential, Pipelined: true},
		}
	case "grandchild":
		return []Op{{F: history.Create, Path: below(plain)}}
	case "delete-grandchild":
		return []Op{{F: history.Delete, Path: below(plain), Version: Any}}
	case "grandchild-delete":
		// What is not empty must not be deleted, also while the child is in flight.
		return []Op{
			{F: history.Create, Path: below(plain)},
			{F: history.Delete, Path: plain, Version: Any, Pipelined: true},
		}
	}
	return sequenceExtras(r, kind, dir, plain)
}

// sequenceExtras are the operations that change no directory.
func sequenceExtras(r *rand.Rand, kind, dir, plain string) []Op {
	switch kind {
	case "set-acl": // unconditional, or on one of the first versions
		return []Op{{F: history.SetACL, Path: choose(r, dir, plain), Version: VersionArg(r.IntN(4) - 1)}}
	case "get-acl":
		return []Op{{F: history.GetACL, Path: choose(r, dir, plain)}}
	case "count-all":
		return []Op{{F: history.CountAll, Path: choose(r, dir, plain)}}
	case "multi-read": // the plain child may be there or not
		return []Op{{F: history.MultiRead, Parts: []Part{
			{F: history.Get, Path: dir}, {F: history.Children, Path: dir}, {F: history.Get, Path: plain},
		}}}
	}
	panic("workloads: sequence knows no kind " + kind)
}

// below is the one child that clients try to give to a plain child.
func below(plain string) string { return plain + "/c" }

// failingMulti takes sequence numbers and then fails, since no plain child ever
// reaches that version.
func failingMulti(next, plain string) Op {
	return Op{F: history.Multi, Parts: []Part{
		{F: history.Create, Path: next, Mode: wire.ModePersistentSequential},
		{F: history.Create, Path: next, Mode: wire.ModeEphemeralSequential},
		{F: history.Check, Path: plain, Version: 1_000_000},
	}}
}
