package checkers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// count checks getAllChildrenNumber. Below the root, the server's own books count too.
func (r *replayer) count(i int, op *history.Op) {
	total, code := r.tree.CountAll(op.Path)
	if code != wire.OK || op.OutValue != strconv.Itoa(total) && op.Path != "/" {
		r.report(ReadResult, i, fmt.Sprintf("But op %d counted %s znodes below %s at %v, where the tree has %d (%v).",
			op.ID, op.OutValue, op.Path, op.Zxid, total, code))
	}
}

// ephemerals checks getEphemerals: the session's own, no others, by prefix.
func (r *replayer) ephemerals(i int, op *history.Op) {
	want := slices.DeleteFunc(r.tree.Owned(op.Session), func(path string) bool { return !strings.HasPrefix(path, op.Path) })
	if got := slices.Sorted(slices.Values(op.OutChildren)); !slices.Equal(got, want) {
		r.report(ReadResult, i, fmt.Sprintf("But op %d listed its ephemerals under %q at %v without %v and with %v.",
			op.ID, op.Path, op.Zxid, minus(want, got), minus(got, want)))
	}
}

// multiRead checks every part by itself, all against one tree.
func (r *replayer) multiRead(i int, op *history.Op) {
	if len(op.OutParts) != len(op.Parts) {
		r.report(ReadResult, i, fmt.Sprintf("But op %d asked for %d reads and got %d results.", op.ID, len(op.Parts), len(op.OutParts)))
		return
	}
	for n := range op.Parts {
		if wrong := r.onePart(op, &op.Parts[n], &op.OutParts[n]); wrong != "" {
			r.report(ReadResult, i, fmt.Sprintf("But part %d of op %d, of %s at %v, %s.", n, op.ID, op.Parts[n].Path, op.Zxid, wrong))
			return
		}
	}
}

// onePart says what is wrong about one part of a multi-read, "" for nothing.
func (r *replayer) onePart(op *history.Op, p *history.Part, got *wire.MultiResult) string {
	data, stat, _ := r.tree.Data(p.Path)
	code := r.readCode(op, p.Path)
	if got.Err != code {
		return fmt.Sprintf("was answered %v where %v was due", got.Err, code)
	}
	if code != wire.OK {
		return ""
	}
	switch b := got.Body.(type) {
	case *wire.DataReply:
		if p.F != history.Get || string(b.Data) != string(data) {
			return fmt.Sprintf("got %q where the tree holds %q", b.Data, data)
		}
		if b.Stat != stat {
			return "got" + statDifference(&b.Stat, &stat, code)
		}
	case *wire.ChildrenReply:
		names, _, _ := r.tree.Children(p.Path)
		if p.F != history.Children || !slices.Equal(slices.Sorted(slices.Values(b.Children)), names) {
			return fmt.Sprintf("listed %v where the tree has %v", b.Children, names)
		}
	default:
		return fmt.Sprintf("got a %T", got.Body)
	}
	return ""
}
