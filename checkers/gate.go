package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
)

// gate checks the assumptions under which silence means something, and says which
// do not hold.
func gate(h *history.History, o Options) []string {
	reasons := nothingHappened(h)
	for _, f := range o.Require {
		if !slices.ContainsFunc(h.Ops, func(op history.Op) bool { return op.F == f && op.Outcome == history.OK }) {
			reasons = append(reasons, fmt.Sprintf("no %s succeeded, which this workload is about", f))
		}
	}
	for _, k := range o.Claims {
		if !slices.ContainsFunc(h.Claims, func(c history.Claim) bool { return c.Kind == k }) {
			reasons = append(reasons, fmt.Sprintf("no client claimed %s, which this workload is about", k))
		}
	}
	if !onlyLogs(h) {
		reasons = append(reasons, finalReadsMissing(h)...)
	}
	if slices.Contains(o.Judges, Register) {
		reasons = append(reasons, repeatedValues(h)...)
	}
	return reasons
}

// nothingHappened: some operation succeeded, and something was committed.
func nothingHappened(h *history.History) []string {
	var reasons []string
	if !slices.ContainsFunc(h.Ops, func(op history.Op) bool { return op.Outcome == history.OK }) {
		reasons = append(reasons, "no operation succeeded")
	}
	if len(h.Log) == 0 {
		reasons = append(reasons, "the committed log is empty, nothing bears witness")
	}
	return reasons
}

// finalReadsMissing: after healing somebody read, and was answered. Without that a
// write lost late goes unseen.
func finalReadsMissing(h *history.History) []string {
	asked := 0
	for i := range h.Ops {
		op := &h.Ops[i]
		if !op.Final || !isRead(op.F) {
			continue
		}
		asked++
		if !replied(op) {
			return []string{fmt.Sprintf("final read op %d of %s was not answered", op.ID, op.Path)}
		}
	}
	if asked == 0 {
		return []string{"nothing was read after healing"}
	}
	return nil
}

// repeatedValues: no two sets write the same value to one znode, or a read could not
// tell which it saw.
func repeatedValues(h *history.History) []string {
	type written struct{ path, value string }
	seen := map[written]int{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.F != history.Set || reference.System(op.Path) {
			continue
		}
		if first, again := seen[written{op.Path, op.Value}]; again {
			return []string{fmt.Sprintf("ops %d and %d write the same value %q to %s", first, op.ID, op.Value, op.Path)}
		}
		seen[written{op.Path, op.Value}] = op.ID
	}
	return nil
}
