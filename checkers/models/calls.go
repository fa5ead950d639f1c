package models

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Source is a history on its way into searches.
type Source struct {
	H *history.History
	// Fates says for each operation which transaction of H.Log it became, -1 none.
	// Nil if there is no log to tell.
	Fates []int32
	// Strong enters synced reads as if a sync were linearizable. Classic ZooKeeper
	// does not promise that (ZOOKEEPER-1675), so without it only writes enter.
	Strong bool

	end int64 // a time after everything
}

// answer is how much is known of an operation's outcome.
type answer uint8

const (
	succeeded answer = iota // and the results say how
	committed               // it took effect, nobody was told how
	rejected                // with the error
	unknown                 // it may take effect, at any time or never
)

// call is the part of one operation that concerns one znode or directory: several
// of its parts, if it is a multi. Projecting an operation to each object it touches
// loses only that the touches coincide, so a search over projections never raises
// a false alarm.
type call struct {
	op     *history.Op
	answer answer
	err    wire.ErrorCode
	read   bool
	parts  []change
	// rank orders committed calls by the log; -1 without one.
	rank int32
}

// change is one part with what it resulted in.
type change struct {
	f          history.F
	path       string // with the sequence number, if known
	prefix     string // of a sequential create
	sequential bool
	ephemeral  bool // others than clients may delete it
	value      string
	expect     int32 // version asked for, -1 any
	stat       *wire.Stat
}

// calls lists what the operations of a history ask of the tree, but those that
// definitely did not happen and tell nothing by it.
func (s *Source) calls() []call {
	s.end = endOf(s.H)
	var out []call
	for i := range s.H.Ops {
		op := &s.H.Ops[i]
		c := call{op: op, rank: -1, read: op.F == history.SyncGet || op.F == history.Children}
		if s.Fates != nil {
			c.rank = s.Fates[i]
		}
		if s.classify(&c) {
			c.parts = changes(op)
			s.nameFromLog(&c)
			out = append(out, c)
		}
	}
	return out
}

// classify fills in what is known of the outcome, and says whether it is anything.
func (s *Source) classify(c *call) bool {
	op := c.op
	switch op.F {
	case history.Create, history.Delete, history.Set, history.Multi:
	case history.SyncGet, history.Children:
		if !s.Strong || op.SyncZxid == 0 || op.Outcome == history.Info {
			return false
		}
	default:
		return false
	}
	switch op.Outcome {
	case history.OK:
		return true
	case history.Fail:
		c.answer, c.err = rejected, op.Err
		return op.F != history.Multi && telling(op.F, op.Err)
	}
	if s.Fates == nil || op.Xid == 0 {
		c.answer = unknown // no log, or a client that died before it noted the request
		return true
	}
	c.answer = committed
	return c.rank >= 0 && !rejects(s.H.Log[c.rank].Txn.Body)
}

// telling reports whether an error says something about the znode itself. That a
// parent is missing does not.
func telling(f history.F, err wire.ErrorCode) bool {
	switch err {
	case wire.ErrBadVersion, wire.ErrNodeExists:
		return true
	case wire.ErrNoNode:
		return f != history.Create
	}
	return false
}

// rejects reports whether a transaction records a rejection.
func rejects(body wire.TxnBody) bool {
	if m, ok := body.(*wire.MultiTxn); ok {
		return len(m.Parts) > 0 && rejects(m.Parts[0].Body)
	}
	_, ok := body.(*wire.ErrorTxn)
	return ok
}

// changes lists the parts of an operation with what the client was told of them.
func changes(op *history.Op) []change {
	if op.F != history.Multi {
		c := newChange(history.Part{F: op.F, Path: op.Path, Value: op.Value, Version: op.Version, Mode: op.Mode})
		c.stat = op.OutStat
		if op.OutPath != "" {
			c.path = op.OutPath
		}
		return []change{c}
	}
	out := make([]change, len(op.Parts))
	for i, p := range op.Parts {
		out[i] = newChange(p)
		if i >= len(op.OutParts) {
			continue
		}
		switch b := op.OutParts[i].Body.(type) {
		case *wire.CreateReply:
			out[i].path = b.Path
		case *wire.Create2Reply:
			out[i].path, out[i].stat = b.Path, &b.Stat
		case *wire.StatReply:
			out[i].stat = &b.Stat
		}
	}
	return out
}

// unnamed reports whether nobody knows the sequence number.
func (p *change) unnamed() bool { return p.sequential && p.path == p.prefix }

func newChange(p history.Part) change {
	return change{
		f: p.F, path: p.Path, prefix: p.Path, value: p.Value, expect: p.Version,
		sequential: p.F == history.Create && reference.Sequential(p.Mode),
		ephemeral:  p.F == history.Create && !reference.Lasting(p.Mode),
	}
}

// nameFromLog completes sequential names that nobody was told.
func (s *Source) nameFromLog(c *call) {
	if c.answer != committed {
		return
	}
	bodies := []wire.TxnBody{s.H.Log[c.rank].Txn.Body}
	if m, ok := bodies[0].(*wire.MultiTxn); ok {
		bodies = bodies[:0]
		for i := range m.Parts {
			bodies = append(bodies, m.Parts[i].Body)
		}
	}
	for i := range c.parts {
		if i >= len(bodies) {
			return
		}
		if b, ok := bodies[i].(*wire.CreateTxn); ok {
			c.parts[i].path = b.Path
		}
	}
}

// operation makes what porcupine orders of a call. What was committed and not
// answered ends when a server first applied it; what is unknown ends after all.
func (s *Source) operation(c *call) porcupine.Operation {
	ret := int64(c.op.Return)
	switch {
	case c.answer == committed && s.H.Log[c.rank].At > c.op.Invoke:
		ret = int64(s.H.Log[c.rank].At)
	case c.answer == committed || c.answer == unknown:
		ret = s.end
	}
	return porcupine.Operation{ClientId: c.op.Process, Input: c, Call: int64(c.op.Invoke), Output: nil, Return: ret}
}

// spec is a sequential specification with a start other than empty.
type spec struct {
	name    string
	initial any
	step    func(state any, c *call) (bool, any)
	equal   func(a, b any) bool
	show    func(state any) string
}

// model lowers a specification that starts in state.
func (s *spec) model(state any) porcupine.Model {
	return porcupine.Model{
		Init:              func() any { return state },
		Step:              func(state, in, _ any) (bool, any) { return s.step(state, in.(*call)) },
		Equal:             s.equal,
		DescribeOperation: func(in, _ any) string { return in.(*call).String() },
		DescribeState:     s.show,
	}
}

// judge searches the calls of one object, window by window. The state at the start
// of a window is that after all calls before, in the order of the log; without a log
// there is only one window.
func (s *Source) judge(spec *spec, path string, calls []*call, budget *Budget) []Result {
	ops := make([]porcupine.Operation, len(calls))
	unknowns := 0
	for i, c := range calls {
		ops[i] = s.operation(c)
		if c.answer == unknown {
			unknowns++
		}
	}
	windows := [][]porcupine.Operation{ops}
	if s.Fates != nil {
		windows = cut(ops)
	}
	var out []Result
	state := spec.initial
	for _, window := range windows {
		r := Result{Model: spec.name, Path: path}
		for _, op := range window {
			r.Ops = append(r.Ops, op.Input.(*call).op.ID)
		}
		if unknowns >= maxUnknowns {
			r.Outcome, r.Why = porcupine.Unknown, fmt.Sprintf("%d unknown outcomes and no log to settle them", unknowns)
		} else {
			r = search(r, spec.model(state), window, budget)
		}
		out = append(out, r)
		if r.Outcome == porcupine.Illegal {
			return out
		}
		state = after(spec, state, window)
	}
	return out
}

// after is the state that a window leaves: its effective calls in log order.
func after(spec *spec, state any, window []porcupine.Operation) any {
	var effective []*call
	for _, op := range window {
		if c := op.Input.(*call); c.rank >= 0 && c.answer != rejected && !c.read {
			effective = append(effective, c)
		}
	}
	slices.SortFunc(effective, func(a, b *call) int { return cmp.Compare(a.rank, b.rank) })
	for _, c := range effective {
		if ok, next := spec.step(state, c); ok {
			state = next
		}
	}
	return state
}

// String describes the call for pictures.
func (c *call) String() string {
	words := make([]string, len(c.parts))
	for i, p := range c.parts {
		words[i] = string(p.f) + " " + p.path
		if p.f == history.Create || p.f == history.Set {
			words[i] += fmt.Sprintf(" %q", p.value)
		}
		if p.expect != -1 && (p.f == history.Set || p.f == history.Delete || p.f == history.Check) {
			words[i] += fmt.Sprintf(" if %d", p.expect)
		}
		if p.stat != nil {
			words[i] += fmt.Sprintf(" = version %d", p.stat.Version)
		}
	}
	return strings.Join(words, "; ") + " " + [...]string{"ok", "committed", "fail " + c.err.String(), "unknown"}[c.answer]
}
