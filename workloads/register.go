package workloads

import (
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
)

const registers = "/r"

// register is the classic: versioned registers under reads, blind writes and
// compare-and-set. Operations stay on one register, except the multis of some
// seeds, so that its histories can be judged register by register.
func register() Workload {
	return Workload{
		Name: "register",
		Doc:  "versioned znodes under read, write and compare-and-set, now and then deleted, created again or changed together",
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 5)
			s.Mix = swarm(r, []Weight{
				{"write", 4}, {"cas", 4}, {"get", 3}, {"sync-get", 4}, {"exists", 1}, {"recreate", 1}, {"multi", 1},
			}, "write", "get", "exists", "recreate", "multi")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return registerOps(r, s, kind) }, func(client int) []Op { return registerFarewell(s, client) })
		},
		Setup:      func(s Shape) []Op { return creates(registers, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.SyncGet, s, children(registers, s.Keys)...) },
		Judges:     []string{"witness", "register"},
		NeedsKinds: []history.F{history.Set, history.SyncGet},
	}
}

// registerFarewell is the least that makes a history worth judging.
func registerFarewell(s Shape, client int) []Op {
	path := child(registers, client%s.Keys)
	return []Op{{F: history.Create, Path: path}, {F: history.Set, Path: path, Version: Any}, {F: history.SyncGet, Path: path}}
}

func registerOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(registers, s.key(r))
	switch kind {
	case "write":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "cas":
		return []Op{{F: history.Set, Path: path, Version: Seen}}
	case "get":
		return []Op{{F: history.Get, Path: path}}
	case "sync-get":
		return []Op{{F: history.SyncGet, Path: path}}
	case "exists":
		return []Op{{F: history.Exists, Path: path}}
	case "recreate":
		return []Op{
			{F: history.Delete, Path: path, Version: choose(r, Any, Seen)},
			{F: history.Create, Path: path},
		}
	case "multi":
		other := child(registers, s.key(r))
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Check, Path: path, Version: Seen},
			{F: history.Set, Path: path, Version: Any},
			{F: history.Set, Path: other, Version: choose(r, Any, Any, Seen)},
		}}}
	}
	panic("workloads: register knows no kind " + kind)
}
