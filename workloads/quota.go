package workloads

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const tenants = "/u"

// quotas is about subtrees that may hold only so many znodes and bytes: they grow and
// shrink, one znode at a time and several in a multi, while their quotas are imposed,
// changed and lifted. Quotas are never nested, as ZooKeeper's own tools see to.
func quotas() Workload {
	return Workload{
		Name: "quota",
		Doc:  "subtrees with quotas of znodes and bytes, which grow and shrink while their quotas come, change and go",
		Knobs: func(r *rand.Rand) []string {
			if r.IntN(2) != 0 {
				return nil
			}
			return []string{fmt.Sprintf("max-buffer=%d", 400+r.IntN(100))} // the longest values come close
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 3)
			s.Mix = swarm(r, []Weight{
				{"grow", 8}, {"long", 2}, {"shrink", 7}, {"write", 6}, {"deep", 4}, {"multi", 4}, {"numbered", 3}, {"ephemeral", 2},
				{"impose", 4}, {"change", 4}, {"lift", 1}, {"usage", 4}, {"sync-usage", 2}, {"sync-children", 2}, {"move", 1},
			}, "long", "shrink", "write", "deep", "multi", "numbered", "ephemeral", "change", "lift", "usage", "move")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return quotaOps(r, s, kind) }, func(client int) []Op {
				tenant := child(tenants, client%s.Keys)
				return []Op{
					{F: history.Create, Path: tenants + "/n-", Mode: wire.ModeEphemeralSequential},
					{F: history.SyncGet, Path: quota.Stats(tenant)},
					{F: history.Set, Path: tenant, Version: Any, Value: strings.Repeat("x", 340+r.IntN(120))},
					{F: history.Set, Path: child(tenants, 0), Version: Any, Value: strings.Repeat("x", 340+r.IntN(120))},
					{F: SyncChildren, Path: tenants},
				}
			})
		},
		Setup: func(s Shape) []Op {
			ops := []Op{{F: history.Create, Path: tenants}, {F: history.Create, Path: quota.Root + tenants}}
			for _, tenant := range children(tenants, s.Keys) {
				ops = append(ops, Op{F: history.Create, Path: tenant}, Op{F: history.Create, Path: quota.Root + tenant})
			}
			number(ops, setupID)
			return ops
		},
		FinalReads: func(s Shape) []Op { return finals(SyncChildren, s, children(tenants, s.Keys)...) },
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Create, history.Children},
	}
}

func quotaOps(r *rand.Rand, s Shape, kind string) []Op {
	tenant := child(tenants, s.key(r))
	file := child(tenant, r.IntN(6))
	switch kind {
	case "grow":
		return []Op{{F: history.Create, Path: file, Value: padding(r)}}
	case "long":
		long := strings.Repeat("x", 250+r.IntN(250))
		return []Op{{F: history.Set, Path: tenant, Version: Any, Value: long}, {F: history.Set, Path: tenant, Version: Any}}
	case "shrink":
		return []Op{{F: history.Delete, Path: below(file), Version: Any}, {F: history.Delete, Path: file, Version: Any}}
	case "write":
		return []Op{{F: history.Set, Path: choose(r, file, file, tenant), Version: choose(r, Any, Any, Seen), Value: padding(r)}}
	case "deep":
		return []Op{{F: history.Create, Path: file}, {F: history.Create, Path: below(file), Value: padding(r)}}
	case "multi":
		// Each part alone may fit where both do not.
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Create, Path: tenant + "/m-", Mode: wire.ModePersistentSequential, Value: padding(r)},
			{F: history.Set, Path: tenant, Version: Any, Value: padding(r)},
			{F: history.Create, Path: tenant + "/m-", Mode: wire.ModeEphemeralSequential},
		}}}
	case "numbered":
		return []Op{{F: history.Create, Path: tenant + "/n-", Mode: wire.ModePersistentSequential, Value: padding(r)}, {F: history.Delete, Path: tenant + "/" + LastCreated, Version: Any}}
	case "ephemeral":
		return []Op{{F: history.Create, Path: tenant + "/e", Mode: wire.ModeEphemeral, Value: padding(r)}}
	case "sync-children":
		return []Op{{F: SyncChildren, Path: tenant}}
	}
	return limitOps(r, s, tenant, kind)
}

// limitOps are about the quota itself. It comes and goes in one piece: limits without
// stats are not enforced, and stats that are older than their limits say anything.
func limitOps(r *rand.Rand, s Shape, tenant, kind string) []Op {
	switch kind {
	case "impose":
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Create, Path: quota.Limits(tenant), Value: limits(r)},
			{F: history.Create, Path: quota.Stats(tenant), Value: quota.None.String()},
		}}}
	case "change":
		return []Op{{F: history.Set, Path: quota.Limits(tenant), Version: Any, Value: limits(r)}}
	case "lift":
		return []Op{{F: history.Multi, Parts: []Part{
			{F: history.Delete, Path: quota.Stats(tenant), Version: Any},
			{F: history.Delete, Path: quota.Limits(tenant), Version: Any},
		}}}
	case "usage":
		return []Op{{F: history.Get, Path: quota.Stats(tenant)}}
	case "sync-usage":
		return []Op{{F: history.SyncGet, Path: quota.Stats(tenant)}}
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}

// limits draws what a quota says: each limit may be none, and few are generous.
func limits(r *rand.Rand) string {
	t := quota.Track{Count: quota.Unset, Bytes: quota.Unset, CountHard: quota.Unset, BytesHard: quota.Unset}
	if r.IntN(3) == 0 {
		t.Count = 1 + r.Int64N(6)
	}
	if r.IntN(3) == 0 {
		t.Bytes = 20 + r.Int64N(100)
	}
	if r.IntN(4) != 0 {
		t.CountHard = choose(r, 0, 1+r.Int64N(4), 4+r.Int64N(8), 4+r.Int64N(8))
	}
	if r.IntN(2) == 0 {
		t.BytesHard = 10 + r.Int64N(200)
	}
	return t.String()
}

// padding makes values of some lengths.
func padding(r *rand.Rand) string { return strings.Repeat("x", choose(r, 0, 5, 20, 60)) }
