package workloads

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const leases = "/l"

// lease is about znodes that the ensemble deletes by itself: leases that go when
// nobody renews them, and containers that go with their last child. Clients make,
// renew and use them while the leader deletes them, so whoever writes to one or below
// one must expect that it is gone.
func lease() Workload {
	return Workload{
		Name: "lease",
		Doc:  "leases with a TTL and locks in containers, made, renewed, held and left to the ensemble to delete",
		Knobs: func(r *rand.Rand) []string {
			if r.IntN(3) != 0 {
				return nil
			}
			return []string{fmt.Sprintf("version-start=%d", -2-r.IntN(3))} // renewals wrap the counter
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 5)
			s.Mix = swarm(r, []Weight{
				{"acquire", 8}, {"renew", 8}, {"renew-if", 3}, {"hold", 4}, {"queue", 4}, {"lock", 6}, {"release", 2},
				{"numbered", 4}, {"keep", 5}, {"multi", 3}, {"exists", 2}, {"get", 2}, {"children", 4}, {"sync-children", 2}, {"move", 1}, {"check", 1},
			}, "check", "renew", "renew-if", "hold", "queue", "lock", "release", "numbered", "keep", "multi", "exists", "get", "children", "move")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return leaseOps(r, s, kind) }, func(int) []Op {
				return []Op{{F: history.Create, Path: leases + "/n-", Mode: wire.ModeEphemeralSequential}, {F: SyncChildren, Path: leases}}
			})
		},
		Setup: func(Shape) []Op { return creates(leases, 0) },
		FinalReads: func(s Shape) []Op {
			paths := make([]string, s.Clients)
			for i := range paths {
				paths[i] = leases
			}
			return finals(SyncChildren, s, paths...)
		},
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Create, history.Children},
	}
}

func leaseOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(leases, s.key(r))
	made := Op{F: history.Create, Path: path, Mode: wire.ModeTTL, TTL: term(r)}
	renewal := Op{F: history.Set, Path: path, Version: Any}
	switch kind {
	case "acquire":
		return []Op{made}
	case "renew":
		return []Op{renewal}
	case "renew-if":
		renewal.Version = Seen
		return []Op{renewal}
	case "hold":
		// What is below a lease keeps it, and the lease counts on from its last change
		// when that is gone.
		return []Op{made, {F: history.Create, Path: below(path), Mode: choose(r, wire.ModePersistent, wire.ModeEphemeral), Pipelined: r.IntN(2) == 0}}
	case "release":
		return []Op{{F: history.Delete, Path: below(path), Version: Any}}
	case "queue", "lock":
		return contention(r, s, kind)
	case "numbered":
		return []Op{{F: history.Create, Path: leases + "/t-", Mode: wire.ModeSequentialTTL, TTL: term(r)}}
	case "keep":
		// Renewed again and again in one pipeline, and hit by the reaper between two.
		return []Op{made, renewal, renewal}
	case "multi":
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Create, Path: path, Mode: wire.ModeTTL, TTL: term(r)},
			{F: history.Create, Path: below(path), Mode: wire.ModeTTL, TTL: term(r)},
			{F: history.Set, Path: path, Version: 0},
		}}}
	case "check": // which no server may do alone
		return []Op{{F: history.Check, Path: path, Version: choose(r, Any, Seen)}}
	case "exists":
		return []Op{{F: history.Exists, Path: path}}
	case "get":
		return []Op{{F: history.Get, Path: path}}
	case "children":
		return []Op{{F: history.Children, Path: choose(r, path, leases)}}
	case "sync-children":
		return []Op{{F: SyncChildren, Path: leases}}
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}

// term draws a TTL: from less than a write takes to a good part of a run.
func term(r *rand.Rand) time.Duration {
	return time.Duration(choose(r, 1, 50, 200, 500, 500, 1000, 1000, 3000)+r.IntN(50)) * time.Millisecond
}

// contention is a lock in a container, or on a lease that has a queue: whoever comes
// makes the parent, which may go again before its child comes.
func contention(r *rand.Rand, s Shape, kind string) []Op {
	box := Op{F: history.Create, Path: leases + "/b" + strconv.Itoa(s.key(r)%2), Mode: wire.ModeContainer}
	if kind == "queue" {
		box = Op{F: history.Create, Path: child(leases, s.key(r)), Mode: wire.ModeTTL, TTL: term(r)}
	}
	ops := []Op{box}
	if r.IntN(4) == 0 {
		return ops // and nobody ever uses it
	}
	return append(ops,
		Op{F: history.Create, Path: box.Path + "/lock-", Mode: wire.ModeEphemeralSequential, Pipelined: r.IntN(2) == 0},
		Op{F: history.Children, Path: box.Path},
		Op{F: history.Delete, Path: box.Path + "/" + LastCreated, Version: Any},
	)
}
