package workloads

import (
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const streams = "/s"

// streaming is about streams of events: trees that change all the time, and clients
// that mirror them with nothing but a recursive watch, and read them again only when
// they have moved to another server.
func streaming() Workload {
	return Workload{
		Name: "watch-stream",
		Doc:  "small trees that come, change and go, and clients that mirror them by the events of a recursive watch, hang and move",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 5, 2)
			s.Clients = max(s.Clients, 3)
			s.Mix = swarm(r, []Weight{
				{"mirror", 6}, {"hanging", 2}, {"write", 6}, {"create", 4}, {"child", 6}, {"grandchild", 6}, {"delete", 3},
				{"fell", 3}, {"renew", 2}, {"ephemeral", 3}, {"move", 2}, {"hang", 1}, {"open", 1}, {"close", 1},
			}, "hanging", "write", "child", "delete", "fell", "renew", "ephemeral", "move", "hang", "open", "close")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return streamOps(r, s, kind) }, func(client int) []Op {
				path := child(streams, client%s.Keys)
				return []Op{
					{F: history.Create, Path: path},
					{F: history.Create, Path: below(path)},
					{F: Mirror, Path: streams, Recipe: RecipeArgs{Hold: 300 * time.Millisecond}},
				}
			})
		},
		Setup:       func(s Shape) []Op { return creates(streams, s.Keys) },
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, streams) },
		Judges:      []string{"witness"},
		NeedsKinds:  []history.F{history.Create},
		NeedsClaims: []history.ClaimKind{history.Cached},
	}
}

func streamOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(streams, s.key(r))
	deep := below(path) + "/g"
	hold := RecipeArgs{Hold: time.Duration(100+r.IntN(choose(r, 400, 3000))) * time.Millisecond}
	switch kind {
	case "mirror":
		return []Op{{F: Mirror, Path: choose(r, streams, streams, path, below(path)), Recipe: hold}}
	case "hanging":
		hold.Mute = true
		return []Op{{F: Mirror, Path: streams, Recipe: hold}}
	case "write":
		return []Op{{F: history.Set, Path: choose(r, path, below(path), deep), Version: Any}}
	case "create":
		return []Op{{F: history.Create, Path: path}}
	case "child":
		return []Op{{F: history.Create, Path: below(path)}}
	case "grandchild":
		return []Op{{F: history.Create, Path: path}, {F: history.Create, Path: below(path), Pipelined: true}, {F: history.Create, Path: deep, Pipelined: true}}
	case "ephemeral":
		return []Op{{F: history.Create, Path: below(path), Mode: wire.ModeEphemeral}}
	case "delete":
		return []Op{{F: history.Delete, Path: choose(r, path, below(path), deep), Version: Any}}
	case "fell": // from the leaves up, one event each, all of one zxid
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Delete, Path: deep, Version: Any}, {F: history.Delete, Path: below(path), Version: Any}, {F: history.Delete, Path: path, Version: Any},
		}}}
	case "renew": // who takes its events in another order ends up without the znode
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Delete, Path: below(path), Version: Any}, {F: history.Create, Path: below(path)}, {F: history.Set, Path: below(path), Version: Any},
		}}}
	}
	return sessionOps(r, s, kind)
}
