package workloads

import (
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const watched = "/w"

// watching is about watches: few znodes that come, change and go, and clients that
// wait for it, once or for good, on the server they are connected to and on the one
// they move to. Who watches and writes the same znode in one pipeline learns whether
// the event comes before the reply.
func watching() Workload {
	return Workload{
		Name: "watch",
		Doc:  "watches of every kind, for once and for good, on znodes that are created, changed and deleted by others and by the watcher, who moves and takes watches away",
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 4)
			s.Mix = swarm(r, []Weight{
				{"watch-get", 6}, {"watch-exists", 6}, {"watch-children", 4}, {"watch-write", 3}, {"get", 2},
				{"write", 4}, {"create", 4}, {"delete", 4}, {"ephemeral", 2}, {"child", 3}, {"delete-child", 3},
				{"fell", 2}, {"renew", 1}, {"move", 2}, {"hang", 1}, {"close", 1},
				{"add-watch", 5}, {"remove-watch", 3}, {"check-watch", 2}, {"modes", 2}, {"stumble", 2},
			}, "watch-children", "watch-write", "write", "delete", "ephemeral", "child", "delete-child", "fell", "renew", "move", "hang", "close",
				"add-watch", "remove-watch", "check-watch", "modes", "stumble")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return watchOps(r, s, kind) }, func(client int) []Op {
				return []Op{
					{F: history.Exists, Path: child(watched, client%s.Keys), Watch: true},
					{F: history.Create, Path: child(watched, client%s.Keys)},
					{F: history.Delete, Path: child(watched, client%s.Keys), Version: Any},
					{F: SyncChildren, Path: watched},
				}
			})
		},
		Setup: func(s Shape) []Op { return creates(watched, s.Keys) },
		FinalReads: func(s Shape) []Op {
			paths := make([]string, s.Clients)
			for i := range paths {
				paths[i] = watched
			}
			return finals(SyncChildren, s, paths...)
		},
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Create, history.Children},
	}
}

func watchOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(watched, s.key(r))
	switch kind {
	case "watch-get":
		return []Op{{F: history.Get, Path: path, Watch: true}}
	case "watch-exists":
		return []Op{{F: history.Exists, Path: choose(r, path, below(path)), Watch: true}}
	case "watch-children":
		return []Op{{F: history.Children, Path: choose(r, path, path, watched), Watch: true}}
	case "watch-write":
		return []Op{
			{F: history.Get, Path: path, Watch: true},
			{F: history.Set, Path: path, Version: Any, Pipelined: true},
			{F: history.Get, Path: path, Pipelined: true},
		}
	case "get":
		return []Op{{F: history.Get, Path: path}}
	case "write":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "create":
		return []Op{{F: history.Create, Path: path}}
	case "ephemeral":
		return []Op{{F: history.Create, Path: path, Mode: wire.ModeEphemeral}}
	case "delete":
		return []Op{{F: history.Delete, Path: path, Version: Any}}
	case "child":
		return []Op{{F: history.Create, Path: below(path)}}
	case "delete-child":
		return []Op{{F: history.Delete, Path: below(path), Version: Any}}
	case "fell":
		// One transaction that fires the parent's child watch and then its deletion.
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Delete, Path: below(path), Version: Any}, {F: history.Delete, Path: path, Version: Any},
		}}}
	case "renew":
		// To a watcher that was away, deleted and created anew looks like a change.
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Delete, Path: path, Version: Any}, {F: history.Create, Path: path},
		}}}
	}
	if ops := watchesForGood(r, path, kind); ops != nil {
		return ops
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}

// watchesForGood are operations about watches that stay, and about taking watches away.
func watchesForGood(r *rand.Rand, path, kind string) []Op {
	mode := int32(choose(r, wire.WatchPersistent, wire.WatchRecursive, wire.WatchRecursive))
	which := int32(choose(r, wire.ChildWatches, wire.DataWatches, wire.AnyWatches, wire.PersistentWatches, wire.RecursiveWatches))
	switch kind {
	case "stumble":
		return []Op{{F: Stumble}}
	case "add-watch":
		return []Op{{F: history.AddWatch, Path: choose(r, path, path, below(path), watched), Mode: mode}}
	case "remove-watch":
		return []Op{{F: history.RemoveWatch, Path: choose(r, path, path, watched), Mode: which}}
	case "check-watch":
		return []Op{{F: history.CheckWatch, Path: choose(r, path, path, watched), Mode: which}}
	case "modes":
		// Several kinds on one path, of which one goes: the others must not notice.
		return []Op{
			{F: history.AddWatch, Path: path, Mode: mode},
			{F: history.Get, Path: path, Watch: true},
			{F: history.Children, Path: path, Watch: true},
			{F: history.RemoveWatch, Path: path, Mode: which},
			{F: history.Set, Path: path, Version: Any},
			{F: history.Create, Path: below(path)},
		}
	}
	return nil
}
