package workloads

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const readOnlyDir = "/o"

// readOnlyMode is about servers that serve read-only while they find no leader, and
// clients of which some accept that and some do not. They read and write all the time,
// never knowing who serves them, move, and are thrown back and forth; what a client
// has seen it must never lose sight of.
func readOnlyMode() Workload {
	return Workload{
		Name: "read-only",
		Doc:  "clients, some of which accept read-only servers, that read, write and move while servers lose and find their leader",
		Knobs: func(r *rand.Rand) []string {
			return []string{
				fmt.Sprintf("read-only-after=%dms", choose(r, 60, 100, 200, 400, 800, 2000)),
				"read-only-clients=" + strconv.Itoa(1+r.IntN(5)),
				// Where sessions are not local, no client can open one at a read-only server.
				"local-sessions=" + strconv.FormatBool(r.IntN(6) > 0), "upgrade-sessions=true",
			}
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 5)
			s.Mix = swarm(r, []Weight{
				{"get", 12}, {"exists", 4}, {"children", 4}, {"write", 8}, {"create", 2}, {"delete", 3}, {"multi", 2},
				{"sync-get", 3}, {"ephemeral", 2}, {"move", 3}, {"hang", 1}, {"close", 1}, {"open", 3},
			}, "exists", "children", "create", "delete", "multi", "sync-get", "ephemeral", "move", "hang", "close")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return readOnlyOps(r, s, kind) }, func(client int) []Op {
				path := child(readOnlyDir, client%s.Keys)
				return []Op{{F: history.Create, Path: path}, {F: history.Set, Path: path, Version: Any}, {F: history.SyncGet, Path: path}}
			})
		},
		Setup:      func(s Shape) []Op { return creates(readOnlyDir, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.SyncGet, s, children(readOnlyDir, s.Keys)...) },
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Set, history.SyncGet},
	}
}

func readOnlyOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(readOnlyDir, s.key(r))
	switch kind {
	case "get":
		return []Op{{F: history.Get, Path: path}}
	case "exists":
		return []Op{{F: history.Exists, Path: path}}
	case "children":
		return []Op{{F: history.Children, Path: readOnlyDir}}
	case "write":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "create":
		return []Op{{F: history.Create, Path: path}}
	case "delete":
		return []Op{{F: history.Delete, Path: path, Version: Any}, {F: history.Create, Path: path}}
	case "multi":
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Check, Path: path, Version: Any}, {F: history.Set, Path: path, Version: Any},
		}}}
	case "sync-get":
		return []Op{{F: history.SyncGet, Path: path}}
	case "ephemeral":
		return []Op{{F: history.Create, Path: readOnlyDir + "/e-", Mode: wire.ModeEphemeralSequential}}
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}
