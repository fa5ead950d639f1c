package workloads

import (
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

const elections = "/election"

// electing is about leaders. Candidates stand in line as for a lock, and lead while
// theirs is the lowest znode; the czxid of that is the epoch of the lead. A leader
// that hangs may be deposed without knowing it, so its proclamations carry the epoch,
// and older ones are refused.
func electing() Workload {
	return Workload{
		Name: "election",
		Doc:  "leaders by the lowest ephemeral sequential znode, who resign, hang until they are deposed, and proclaim under their epoch",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 1)
			s.Mix = swarm(r, []Weight{{"lead", 6}, {"hanging", 2}, {"impatient", 1}, {"move", 1}, {"hang", 1}, {"open", 1}, {"close", 1}},
				"hanging", "impatient", "move", "hang", "open", "close")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return electionOps(r, s, kind) }, func(client int) []Op {
				return []Op{{F: Lead, Path: child(elections, client%s.Keys), Recipe: farewell(10 * time.Millisecond)}}
			})
		},
		Setup: func(s Shape) []Op {
			return together(creates(elections, s.Keys), creates(fences, 0), creates(fences+elections, s.Keys))
		},
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, children(elections, s.Keys)...) },
		Judges:      []string{"witness", "fence"},
		NeedsClaims: []history.ClaimKind{history.Acquired, history.Wrote},
	}
}

func electionOps(r *rand.Rand, s Shape, kind string) []Op {
	op := Op{F: Lead, Path: child(elections, s.key(r)), Recipe: drawArgs(r)}
	switch kind {
	case "lead":
	case "hanging":
		op.Recipe.Hold, op.Recipe.Mute = time.Duration(300+r.IntN(4000))*time.Millisecond, true
	case "impatient":
		op.Recipe.Within = time.Duration(20+r.IntN(300)) * time.Millisecond
	default:
		return sessionOps(r, s, kind)
	}
	return []Op{op}
}
