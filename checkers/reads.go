package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// read: a read returns what the tree at its zxid holds. The tree is there now.
func (r *replayer) read(o observation) {
	i, op := int(o.op), &r.h.Ops[o.op]
	if op.F == history.Ask {
		r.asked(i, op, o.zxid)
		return
	}
	if reference.System(op.Path) {
		r.quotaStats(i, op)
		return // the server's own books, not comparable
	}
	if op.Zxid != r.tree.Last() && op.Zxid.Counter() != 0 {
		r.report(ReadResult, i, fmt.Sprintf("But op %d read at %v, which is not in the log.", op.ID, op.Zxid))
		return
	}
	if op.Err == wire.ErrNoAuth {
		r.denied(i, op)
		return
	}
	if op.Outcome == history.Fail || op.F == history.Exists && op.OutStat == nil {
		if _, code := r.tree.Stat(op.Path); code == wire.OK {
			r.report(ReadResult, i, fmt.Sprintf("But op %d found no %s at %v, where it exists.", op.ID, op.Path, op.Zxid))
		}
		return
	}
	if !r.permitted(i, op) {
		return
	}
	switch op.F {
	case history.WhoAmI:
		r.whoAmI(i, op)
	case history.Children:
		r.children(i, op)
	case history.GetACL:
		r.acl(i, op)
	case history.CountAll:
		r.count(i, op)
	case history.Ephemerals:
		r.ephemerals(i, op)
	case history.MultiRead:
		r.multiRead(i, op)
	default:
		r.content(i, op)
	}
}

// content checks getData and exists.
func (r *replayer) content(i int, op *history.Op) {
	data, stat, code := r.tree.Data(op.Path)
	switch {
	case code != wire.OK:
		r.report(ReadResult, i, fmt.Sprintf("But op %d read %s at %v, where there is none.", op.ID, op.Path, op.Zxid))
	case op.F != history.Exists && op.OutValue != string(data):
		r.report(ReadResult, i, fmt.Sprintf("But op %d read %q in %s at %v, which holds %q there.", op.ID, op.OutValue, op.Path, op.Zxid, data))
	case op.OutStat != nil && *op.OutStat != stat:
		r.statIs(ReadResult, i, op, op.Path, op.OutStat)
	}
}

// children checks getChildren2. Servers list names in any order.
func (r *replayer) children(i int, op *history.Op) {
	want, stat, code := r.tree.Children(op.Path)
	got := op.OutChildren
	if !slices.IsSorted(got) {
		got = slices.Sorted(slices.Values(got))
	}
	switch {
	case code != wire.OK:
		r.report(ReadResult, i, fmt.Sprintf("But op %d listed %s at %v, where there is none.", op.ID, op.Path, op.Zxid))
	case !slices.Equal(got, want):
		r.report(ReadResult, i, fmt.Sprintf("But op %d listed %s at %v without %v and with %v.", op.ID, op.Path, op.Zxid, minus(want, got), minus(got, want)))
	case op.OutStat != nil && *op.OutStat != stat:
		r.statIs(ReadResult, i, op, op.Path, op.OutStat)
	}
}

// minus lists the elements of a that are not in b, both sorted.
func minus(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found {
			out = append(out, s)
		}
	}
	return out
}
