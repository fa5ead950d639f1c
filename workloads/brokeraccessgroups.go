package workloads

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// accessGroups are the groups of the workload about access: two that begin alike, and one
// that does not. Everybody may read the first to begin with.
var accessGroups = []string{"team-a", "team-b", "audit"}

// accessGroupKnobs draws how they are run: what matters here is who is let in, not how
// the members share out what there is.
func accessGroupKnobs(r *rand.Rand) []string {
	millis := func(least, most int) time.Duration {
		return time.Duration(least+r.IntN(most-least+1)) * time.Millisecond
	}
	return []string{
		"assignor=" + choose(r, "range", "cooperative-sticky"),
		fmt.Sprintf("group-session=%v", millis(500, 3000)), fmt.Sprintf("group-rebalance=%v", millis(300, 2000)),
		fmt.Sprintf("offsets-partitions=%d", choose(r, 1, 2)), fmt.Sprintf("offsets-replication=%d", choose(r, 2, 3)), "offsets-segment=8000",
	}
}

// accessGroupOps draws what is done with groups, and with partitions in their name.
func accessGroupOps(r *rand.Rand, p, kind string) []Op {
	group := LogArgs{Group: choose(r, accessGroups...)}
	switch kind {
	case "commit": // of where it has read to, which must be somewhere
		return []Op{{F: history.Assign, Path: p, Log: LogArgs{From: "beginning"}}, {F: history.Poll}, {F: history.Commit, Log: group}}
	case "committed":
		return []Op{{F: history.Committed, Path: p, Log: group}}
	case "member":
		if r.IntN(4) == 0 {
			return []Op{{F: history.Unsubscribe}}
		}
		return []Op{{F: history.Subscribe, Path: choose(r, accessTopics...), Log: group}, {F: history.Poll}, {F: history.Poll}, {F: history.Commit, Log: group}}
	case "groups":
		if r.IntN(2) == 0 {
			return []Op{{F: history.DescribeGroup, Log: group}}
		}
		return []Op{{F: history.ListGroups}}
	case "delete-group":
		if r.IntN(3) == 0 {
			return []Op{{F: history.DeleteOffsets, Path: p, Log: group}}
		}
		return []Op{{F: history.DeleteGroup, Log: group}}
	case "rights":
		name, on := partitionOf(p).Topic, "Topic"
		switch r.IntN(3) {
		case 0:
			name, on = group.Group, "Group"
		case 1:
			name, on = "kafka-cluster", "Cluster"
		}
		return []Op{entryOp(history.Rights, name, "on=%s", on)}
	}
	panic("workloads: broker/access knows no kind " + kind)
}

// accessGroupFarewell has everybody commit where it may and where it may not, and look at
// what there is.
func accessGroupFarewell(s Shape, client int) []Op {
	group := LogArgs{Group: accessGroups[client%len(accessGroups)]}
	return []Op{
		{F: history.Assign, Path: partition("secrets", client%s.Keys), Log: LogArgs{From: "beginning"}}, {F: history.Poll}, {F: history.Commit, Log: group},
		{F: history.Assign, Path: partition("orders", client%s.Keys), Log: LogArgs{From: "beginning"}}, {F: history.Poll}, {F: history.Commit, Log: group},
		{F: history.ListGroups}, entryOp(history.Rights, "orders", "on=Topic"),
	}
}

// drawGroupEntry draws what an entry about groups is about.
func drawGroupEntry(r *rand.Rand) (name, on, kind, op string) {
	name, on, kind, op = choose(r, accessGroups...), "Group", "literal", choose(r, "Read", "Read", "Describe", "Delete", "All")
	if r.IntN(3) == 0 {
		name, kind = "team", "prefixed"
	}
	return name, on, kind, op
}
