package workloads

import (
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// churn is about sessions that all servers know in great numbers: clients open one after
// the other, with ephemerals in each, and leave it in every way there is. Most last for
// a few operations, so that at any moment some session is being opened, moved, closed or
// expired, and a leader that falls leaves many behind.
//
// What one session leaves undone the next contends for: the same few names are created,
// by whoever comes, as ephemerals of its own.
func churn() Workload {
	return Workload{
		Name: "session-churn",
		Doc:  "sessions opened one after the other, each with ephemerals, that are moved, closed in flight, forsaken and left to expire",
		Knobs: func(*rand.Rand) []string {
			return []string{"local-sessions=false", "upgrade-sessions=false"} // local-session is about these
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 4)
			s.Mix = swarm(r, []Weight{
				{"claim-close", 8}, {"claim-forsake", 6}, {"claim-move", 6}, {"move-close", 4}, {"lapse", 3},
				{"ephemeral", 6}, {"multi", 4}, {"create-close", 6}, {"close", 4}, {"open", 4}, {"move", 4},
				{"delete", 3}, {"own", 3}, {"exists", 4}, {"sync-children", 4},
			}, "claim-forsake", "claim-move", "move-close", "lapse", "multi", "create-close", "close", "open", "move", "delete", "own", "exists")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return churnOps(r, s, kind) }, func(int) []Op {
				last := Op{F: history.Create, Path: ephemerals + "/n-", Mode: wire.ModeEphemeralSequential}
				return []Op{last, {F: history.Close}, last, {F: SyncChildren, Path: ephemerals}}
			})
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
		NeedsKinds: []history.F{history.Create, history.Children, history.Close},
	}
}

func churnOps(r *rand.Rand, s Shape, kind string) []Op {
	claim := Op{F: history.Create, Path: child(ephemerals, s.key(r)), Mode: wire.ModeEphemeral}
	numbered := Op{F: history.Create, Path: ephemerals + "/n-", Mode: wire.ModeEphemeralSequential, Pipelined: true}
	switch kind {
	case "claim-close":
		return []Op{claim, numbered, {F: history.Close, Pipelined: r.IntN(2) == 0}}
	case "claim-forsake":
		// Nobody pings the old session any more, and the next wants what it owns.
		return []Op{claim, numbered, {F: Open}, claim}
	case "claim-move":
		return []Op{claim, {F: Move}, numbered, {F: Move}, {F: history.Ephemerals, Path: ephemerals}}
	case "move-close":
		// The session ends at the next server while its last create may lag at this one.
		numbered.Pipelined = false
		return []Op{claim, numbered, {F: Move, Pipelined: true}, {F: history.Close, Pipelined: true}}
	case "lapse":
		// About as long as a session lasts: some are over when their client wakes.
		return []Op{claim, {F: Hang, For: time.Duration(200+r.IntN(2500)) * time.Millisecond}, {F: history.Exists, Path: claim.Path}}
	case "multi":
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Create, Path: ephemerals + "/n-", Mode: wire.ModeEphemeralSequential},
			{F: history.Create, Path: claim.Path, Mode: wire.ModeEphemeral},
		}}}
	case "ephemeral":
		return []Op{claim}
	case "exists":
		return []Op{{F: history.Exists, Path: claim.Path}}
	case "delete":
		return []Op{{F: history.Delete, Path: claim.Path, Version: Any}}
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}
