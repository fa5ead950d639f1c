package models

import (
	"fmt"
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// plainState is a plain register: a value, or nothing yet.
type plainState struct {
	written bool
	value   string
}

// Plain is Jepsen's register: reads, blind writes, and a cas from one value to
// another. Input and output are the operation.
//
// An operation of unknown outcome never returns, so the search may put it after
// everything else, which is as good as never: it needs no second branch.
var Plain = porcupine.Model{
	Init:              func() any { return plainState{} },
	Step:              stepPlain,
	DescribeOperation: describePlain,
	DescribeState: func(s any) string {
		if st := s.(plainState); st.written {
			return st.value
		}
		return "nil"
	},
}

func stepPlain(state, in, _ any) (bool, any) {
	s, op := state.(plainState), in.(*history.Op)
	switch op.F {
	case history.Read:
		return op.Outcome != history.OK || op.OutNil == !s.written && op.OutValue == s.value, s
	case history.Write:
		return true, plainState{true, op.Value}
	}
	holds := s.written && s.value == op.Old
	if op.Outcome == history.Fail {
		return !holds, s // told that the register held something else
	}
	if holds {
		s.value = op.Value
	}
	return holds || op.Outcome == history.Info, s
}

func describePlain(in, _ any) string {
	op := in.(*history.Op)
	switch {
	case op.F == history.Write:
		return fmt.Sprintf("write(%s) %v", op.Value, op.Outcome)
	case op.F == history.CAS:
		return fmt.Sprintf("cas(%s, %s) %v", op.Old, op.Value, op.Outcome)
	case op.OutNil:
		return "read() -> nil"
	}
	return fmt.Sprintf("read() -> %s", op.OutValue)
}

// Registers judges plain registers, one search a key. It needs no log.
func Registers(h *history.History, budget *Budget) []Result {
	end := endOf(h)
	parts := map[string][]porcupine.Operation{}
	unknown := map[string]int{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if !tellsSomething(op) {
			continue
		}
		ret := int64(op.Return)
		if op.Outcome == history.Info {
			ret = end
			unknown[op.Path]++
		}
		parts[op.Path] = append(parts[op.Path], porcupine.Operation{
			ClientId: op.Process, Input: op, Call: int64(op.Invoke), Output: op, Return: ret,
		})
	}
	var out []Result
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		r := Result{Model: "register", Path: key}
		for _, op := range parts[key] {
			r.Ops = append(r.Ops, op.Input.(*history.Op).ID)
		}
		out = append(out, search(r, Plain, parts[key], budget))
	}
	return out
}

// tellsSomething reports whether a plain register's operation constrains the search:
// a read that did not return, and whatever definitely did not happen, do not, but a
// cas does that failed for want of its old value.
func tellsSomething(op *history.Op) bool {
	switch op.F {
	case history.Read:
		return op.Outcome == history.OK
	case history.Write:
		return op.Outcome != history.Fail
	case history.CAS:
		return op.Outcome != history.Fail || op.Err == wire.ErrBadVersion
	}
	return false
}

// endOf is a time after everything in a history.
func endOf(h *history.History) int64 {
	end := int64(0)
	for i := range h.Ops {
		end = max(end, int64(h.Ops[i].Invoke), int64(h.Ops[i].Return))
	}
	return end + 1
}
