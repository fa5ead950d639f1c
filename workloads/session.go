package workloads

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const ephemerals = "/e"

// session is about the life of sessions: ephemerals that must die with them, and
// clients that hang, move, close and come back while others watch.
func session() Workload {
	return Workload{
		Name: "session",
		Doc:  "ephemerals of clients that hang until they expire, move between servers, close and reopen, read by others",
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 6)
			s.Mix = swarm(r, []Weight{
				{"ephemeral", 24}, {"ephemeral-sequential", 8}, {"delete", 8}, {"write", 8}, {"exists", 16}, {"children", 8},
				{"sync-children", 8}, {"move", 4}, {"hang", 1}, {"close", 2}, {"create-close", 2}, {"open", 1},
				{"child", 3}, {"own", 6}, {"container", 6},
			}, "ephemeral-sequential", "delete", "write", "child", "own", "container", "move", "hang", "close", "create-close", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			plan := timeline(r, s, func(kind string) []Op { return sessionOps(r, s, kind) }, func(int) []Op {
				return []Op{{F: history.Create, Path: ephemerals + "/n-", Mode: wire.ModeEphemeralSequential}, {F: SyncChildren, Path: ephemerals}}
			})
			if r.IntN(2) == 0 {
				onlooker(plan, s.Clients-1)
			}
			return plan
		},
		Setup: func(Shape) []Op { return creates(ephemerals, 0) },
		FinalReads: func(s Shape) []Op {
			paths := make([]string, s.Clients)
			for i := range paths {
				paths[i] = ephemerals
			}
			return finals(SyncChildren, s, paths...)
		},
		Judges:     []string{"witness", "session"},
		NeedsKinds: []history.F{history.Create, history.Children},
	}
}

// onlooker lets a client do nothing but look until the farewell. It notices nothing of
// a leader that its server cannot reach.
func onlooker(plan []Op, client int) {
	for i := range plan {
		if op := &plan[i]; op.Client == client && !op.Patient {
			*op = Op{ID: op.ID, Client: client, At: op.At, F: history.Exists, Path: ephemerals + "/m0"}
		}
	}
}

func sessionOps(r *rand.Rand, s Shape, kind string) []Op {
	path := ephemerals + "/m" + strconv.Itoa(s.key(r))
	switch kind {
	case "ephemeral":
		return []Op{{F: history.Create, Path: path, Mode: wire.ModeEphemeral}}
	case "ephemeral-sequential":
		return []Op{{F: history.Create, Path: ephemerals + "/n-", Mode: wire.ModeEphemeralSequential}}
	case "delete":
		return []Op{{F: history.Delete, Path: path, Version: Any}}
	case "write":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "child":
		return []Op{{F: history.Create, Path: path + "/c"}} // ephemerals have no children
	case "exists":
		return []Op{{F: history.Exists, Path: path}}
	case "children":
		return []Op{{F: history.Children, Path: ephemerals}}
	case "container":
		// Its last child goes and another comes, while the leader looks for
		// containers to delete.
		box := ephemerals + "/b" + strconv.Itoa(s.key(r)%2)
		return []Op{
			{F: history.Create, Path: box, Mode: wire.ModeContainer},
			{F: history.Create, Path: box + "/x", Pipelined: true},
			{F: history.Delete, Path: box + "/x", Version: Any, Pipelined: true},
			{F: history.Create, Path: box + "/x"},
			{F: history.Delete, Path: box + "/x", Version: Any},
			{F: history.Exists, Path: box},
		}
	case "own":
		return []Op{{F: history.Ephemerals, Path: choose(r, ephemerals, ephemerals+"/n", path)}}
	case "sync-children":
		return []Op{{F: SyncChildren, Path: ephemerals}}
	case "move":
		return []Op{{F: Move}}
	case "hang":
		return []Op{{F: Hang, For: time.Duration(500+r.IntN(4000)) * time.Millisecond}}
	case "close":
		return []Op{{F: history.Close}}
	case "create-close":
		// The close must take an ephemeral with it that is still in flight.
		return []Op{
			{F: history.Create, Path: path, Mode: wire.ModeEphemeral},
			{F: history.Close, Pipelined: true},
		}
	case "open":
		return []Op{{F: Open}}
	}
	panic("workloads: session knows no kind " + kind)
}
