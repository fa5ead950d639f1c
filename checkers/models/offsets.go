package models

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
)

// groupState is what a group has committed of a partition: the latest generation that did,
// the last offset, Unknown if there is none, and the set of all, ascending. Their order
// would not matter to any later operation, and keep states apart that are alike.
type groupState struct {
	generation int32
	last       int64
	offsets    []int64
}

func (s groupState) String() string {
	return fmt.Sprintf("%d of %v, the latest generation %d", s.last, s.offsets, s.generation)
}

// with is the state after one more commit.
func (s groupState) with(generation int32, offset int64) groupState {
	next := groupState{max(s.generation, generation), offset, s.offsets}
	if i, known := slices.BinarySearch(s.offsets, offset); !known {
		next.offsets = slices.Insert(slices.Clone(s.offsets), i, offset)
	}
	return next
}

// groupInput is a commit, or a read of what was committed.
type groupInput struct {
	read       bool
	offset     int64
	generation int32
	// settled: nothing is under way any more, so the read is of the last offset. unsure:
	// the commit may never have happened.
	settled, unsure bool
}

func (in *groupInput) String() string {
	switch {
	case in.read && in.settled:
		return fmt.Sprintf("in the end %d is committed", in.offset)
	case in.read:
		return fmt.Sprintf("%d is committed", in.offset)
	}
	return fmt.Sprintf("generation %d commits %d", in.generation, in.offset)
}

// groupRegister is an offset that a group commits. A generation that is over commits
// nothing more. A coordinator that was deposed and does not know it answers what it had;
// so before all has settled a read may be of any offset that was ever committed, or of
// none. Generation -1 is of a client that is no member.
var groupRegister = describe(porcupine.Model{
	Init: func() any { return groupState{generation: -1, last: history.Unknown} },
	Step: func(state, input, _ any) (bool, any) {
		s, in := state.(groupState), input.(*groupInput)
		switch {
		case in.read && in.settled:
			return in.offset == s.last, s
		case in.read:
			return in.offset == history.Unknown || slices.Contains(s.offsets, in.offset), s
		case in.generation >= 0 && in.generation < s.generation:
			return in.unsure, s
		}
		return true, s.with(in.generation, in.offset)
	},
	Equal: func(a, b any) bool {
		x, y := a.(groupState), b.(groupState)
		return x.generation == y.generation && x.last == y.last && slices.Equal(x.offsets, y.offsets)
	},
})

// offsetsLost reports whether the partition in which a group lives lost something in a way
// that is explained: then nobody knows what the group forgot.
func offsetsLost(lost map[string]bool, homes history.Homes, group string) bool {
	for name := range lost { //sim:unordered any
		if homes.Lives(group, name) {
			return true
		}
	}
	return false
}

// GroupOffsets judges the offsets that groups commit, those in the coordinator's tree
// apart from those that brokers keep. A commit of unknown outcome never returns, and so
// may come after everything, which is as good as never.
func GroupOffsets(h *history.History, budget *Budget) []Result {
	end, bags := endOf(h), map[string]*bag{}
	unsure, forgotten, lost, homes := map[string]int{}, map[string]bool{}, troubled(h), h.Homes()
	for _, e := range h.Partitions {
		forgotten[e.Group] = true // what is not in the log any more, no order explains
	}
	for i := range h.Ops {
		// Nor what was deleted, of which a coordinator may not have heard that began after it.
		if op := &h.Ops[i]; (op.F == history.DeleteOffsets || op.F == history.DeleteGroup) && op.Log != nil && op.Outcome != history.Fail {
			forgotten[op.Log.Group] = true
		}
	}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Log == nil || op.Outcome == history.Fail || !op.Log.Znodes && (offsetsLost(lost, homes, op.Log.Group) || forgotten[op.Log.Group]) {
			continue
		}
		kept := "of group " + op.Log.Group
		if op.Log.Znodes {
			kept = "in the tree, " + kept
		}
		switch {
		case op.F == history.Commit:
			for _, p := range op.Log.Positions {
				name := p.Partition + " " + kept
				in := &groupInput{offset: p.Offset, generation: op.Log.Generation, unsure: op.Outcome == history.Info}
				if in.unsure {
					unsure[name]++
				}
				bagOf(bags, name).add(op, in, ending(op, end))
				for range op.Log.Attempts - 1 { // those that nobody answered may have been performed, too
					bagOf(bags, name).add(op, &groupInput{offset: p.Offset, generation: op.Log.Generation, unsure: true}, end)
					unsure[name]++
				}
			}
		case op.F == history.Committed && op.Outcome == history.OK:
			in := &groupInput{read: true, offset: op.Log.Offset, settled: op.Final}
			bagOf(bags, op.Path+" "+kept).add(op, in, ending(op, end))
		}
	}
	out := searchAll(bags, "group offset", groupRegister, budget)
	for i := range out {
		if out[i].Outcome == porcupine.Illegal && unsure[out[i].Path] >= maxUnknowns {
			out[i].Outcome, out[i].Why = porcupine.Unknown, fmt.Sprintf("%d unknown outcomes", unsure[out[i].Path])
		}
	}
	return out
}
