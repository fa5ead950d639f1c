package workloads

import (
	"math/rand/v2"
	"strconv"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const localDir = "/l"

// localSession is about sessions that one server knows until they want to own an
// ephemeral: many short ones, most of which never do, and some that do it in the worst
// moment, in a multi, or just before they move or close. In some seeds they never may.
func localSession() Workload {
	return Workload{
		Name: "local-session",
		Doc:  "sessions that one server knows, until they own an ephemeral, move, hang, close and are opened in great numbers",
		Knobs: func(r *rand.Rand) []string {
			return []string{"local-sessions=true", "upgrade-sessions=" + strconv.FormatBool(r.IntN(4) > 0)}
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 6)
			s.Mix = swarm(r, []Weight{
				{"create", 6}, {"write", 8}, {"get", 6}, {"ephemeral", 8}, {"multi", 6}, {"sync-children", 4},
				{"ephemeral-move", 2}, {"ephemeral-close", 3}, {"move-close", 4}, {"own", 4},
				{"move", 3}, {"hang", 1}, {"close", 4}, {"open", 3},
			}, "write", "multi", "ephemeral-move", "ephemeral-close", "move-close", "own", "move", "hang", "close", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return localOps(r, s, kind) }, func(client int) []Op {
				return []Op{
					{F: history.Create, Path: localDir + "/n-", Mode: wire.ModePersistentSequential},
					{F: SyncChildren, Path: localDir},
				}
			})
		},
		Setup: func(Shape) []Op { return creates(localDir, 0) },
		FinalReads: func(s Shape) []Op {
			paths := make([]string, s.Clients)
			for i := range paths {
				paths[i] = localDir
			}
			return finals(SyncChildren, s, paths...)
		},
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Create, history.Children},
	}
}

func localOps(r *rand.Rand, s Shape, kind string) []Op {
	path, other := child(localDir, s.key(r)), child(localDir, s.key(r))
	owned := Op{F: history.Create, Path: path, Mode: wire.ModeEphemeral}
	switch kind {
	case "create":
		return []Op{{F: history.Create, Path: path}}
	case "write":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "get":
		return []Op{{F: history.Get, Path: path}}
	case "ephemeral":
		return []Op{owned}
	case "multi":
		// The first ephemeral of the session may hide behind other operations.
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Create, Path: localDir + "/p-", Mode: wire.ModePersistentSequential},
			{F: history.Create, Path: localDir + "/e-", Mode: wire.ModeEphemeralSequential},
		}}}
	case "ephemeral-move":
		// The session moves while it is being made known, and goes on elsewhere.
		owned.Pipelined = true
		return []Op{{F: history.Get, Path: other}, owned, {F: Move}, {F: history.Set, Path: path, Version: Any}}
	case "ephemeral-close":
		return []Op{owned, {F: history.Close, Pipelined: true}}
	case "move-close":
		// A write lags behind at the first server while the session ends at the next.
		return []Op{
			{F: history.Create, Path: localDir + "/e-", Mode: wire.ModeEphemeralSequential},
			{F: history.Set, Path: other, Version: Any, Pipelined: true},
			{F: history.Create, Path: path, Pipelined: true},
			{F: Move, Pipelined: true}, {F: history.Close, Pipelined: true},
		}
	case "own":
		return []Op{{F: history.Ephemerals, Path: localDir}}
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}
