package models

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// fifo is a queue as its clients see it: what comes first goes first. Input is a
// *history.Op, a create or a delete of the element at Path or OutPath. The search
// knows neither zxids nor the numbers in names, so it finds an order of its own.
var fifo = porcupine.Model{
	Init: func() any { return []string(nil) },
	Step: func(state, in, _ any) (bool, any) {
		s, m := state.([]string), in.(*move)
		if m.in {
			return true, append(slices.Clone(s), m.element)
		}
		if len(s) == 0 || s[0] != m.element {
			return false, s
		}
		return true, s[1:]
	},
	Equal:             func(a, b any) bool { return slices.Equal(a.([]string), b.([]string)) },
	DescribeOperation: func(in, _ any) string { return in.(*move).String() },
	DescribeState:     func(s any) string { return fmt.Sprint(s) },
}

// move is an element that comes or goes, or a token that is accepted or refused.
type move struct {
	in      bool
	element string
	token   wire.Zxid
}

func (m *move) String() string {
	word := "out"
	if m.in {
		word = "in"
	}
	if m.token != 0 {
		return fmt.Sprintf("%v %s", m.token, word)
	}
	return m.element + " " + word
}

// fence is a resource that takes no token lower than one it took before, and refuses
// none else: in is an accepted token, out one refused.
var fence = porcupine.Model{
	Init: func() any { return wire.Zxid(0) },
	Step: func(state, in, _ any) (bool, any) {
		s, m := state.(wire.Zxid), in.(*move)
		if m.in {
			return m.token >= s, max(m.token, s)
		}
		return m.token < s, s
	},
	DescribeOperation: func(in, _ any) string { return in.(*move).String() },
	DescribeState:     func(s any) string { return s.(wire.Zxid).String() },
}

// uses are the operations of one queue or resource on their way into a search.
type uses struct {
	ops []porcupine.Operation
	ids []int
	// perhaps are deletes, by element, that nobody was told of and no log tells of: each
	// took effect after its call or not at all.
	perhaps map[string]*history.Op
}

func (u *uses) add(op *history.Op, m *move, from, to int64) {
	u.ops = append(u.ops, porcupine.Operation{ClientId: op.Process, Input: m, Call: from, Return: to})
	u.ids = append(u.ids, op.ID)
}

// Queues judges every plain queue that clients claim to use: elements come and go as
// from one queue that serves who comes first.
//
// A search through all orders in which elements may have come takes for ever, because
// a wrong one shows only when they go. But of a queue whose elements all differ, and
// of which nobody ever says that it is empty, an order exists if one exists of every two
// elements (Henzinger, Sezgin and Vafeiadis, Aspect-Oriented Linearizability Proofs,
// CONCUR 2013). So two are found that no order explains, and only they are searched.
func Queues(s Source, budget *Budget) []Result {
	plain := map[string]bool{}
	for i := range s.H.Claims {
		if c := &s.H.Claims[i]; c.Recipe == "offer" || c.Recipe == "take" {
			plain[c.Path] = true
		}
	}
	s.end, s.Fates = endOf(s.H), s.numbered()
	of, strays := map[string]*uses{}, []*history.Op(nil)
	for i := range s.H.Ops {
		op := &s.H.Ops[i]
		element, ret := op.Path, int64(0)
		if dir := reference.Parent(op.Path); !plain[dir] || op.Step == 0 || op.F != history.Create && op.F != history.Delete {
			continue
		}
		if ret = s.settled(i); ret < 0 {
			if op.Outcome == history.Info && (op.F == history.Create || s.Fates == nil) {
				strays = append(strays, op)
			}
			continue
		}
		if op.F == history.Create {
			element = s.madeBy(i)
		}
		dir := reference.Parent(element)
		if of[dir] == nil {
			of[dir] = &uses{}
		}
		of[dir].add(op, &move{in: op.F == history.Create, element: reference.Base(element)}, int64(op.Invoke), ret)
	}
	var out []Result
	for _, path := range slices.Sorted(maps.Keys(of)) {
		of[path].adopt(path, strays, s.end)
		out = append(out, of[path].queue(path, budget))
	}
	return out
}

// adopt adds the creates of elements that went, among those of unknown outcome that no
// log tells of, and notes the deletes.
func (u *uses) adopt(path string, strays []*history.Op, end int64) {
	came := map[string]bool{}
	for _, op := range u.ops {
		if m := op.Input.(*move); m.in {
			came[m.element] = true
		}
	}
	u.perhaps = map[string]*history.Op{}
	for _, stray := range strays {
		element := reference.Base(stray.Path)
		if stray.F == history.Delete && reference.Parent(stray.Path) == path &&
			(u.perhaps[element] == nil || stray.Invoke < u.perhaps[element].Invoke) {
			u.perhaps[element] = stray
		}
	}
	for _, op := range slices.Clone(u.ops) {
		m := op.Input.(*move)
		for _, stray := range strays {
			if stray.F == history.Create && !came[m.element] && strings.HasPrefix(path+"/"+m.element, stray.Path) {
				came[m.element] = true
				u.add(stray, &move{in: true, element: m.element}, int64(stray.Invoke), end)
			}
		}
	}
}

// passage is how one element came and went, by index.
type passage struct {
	in, out []int
	perhaps *history.Op // a delete that may have taken it out, nil if there is none
}

// queue looks for elements that no order explains.
func (u *uses) queue(path string, budget *Budget) Result {
	of, names := map[string]*passage{}, []string(nil)
	for i, op := range u.ops {
		m := op.Input.(*move)
		p := of[m.element]
		if p == nil {
			p = &passage{perhaps: u.perhaps[m.element]}
			of[m.element], names = p, append(names, m.element)
		}
		if m.in {
			p.in = append(p.in, i)
		} else {
			p.out = append(p.out, i)
		}
	}
	for i, x := range names {
		for _, y := range names[i:] {
			if u.cannotBe(of[x], of[y]) || u.cannotBe(of[y], of[x]) {
				return u.explain(path, budget, of[x], of[y])
			}
		}
	}
	return Result{Model: "queue", Path: path, Ops: u.ids, Outcome: porcupine.Ok}
}

// cannotBe reports whether x came before y and went after it or not at all, by the
// clock, or one of them did not come before it went, or went twice.
func (u *uses) cannotBe(x, y *passage) bool {
	before := func(a, b int) bool { return u.ops[a].Return < u.ops[b].Call }
	for _, p := range [...]*passage{x, y} {
		if len(p.out) > 1 || len(p.out) == 1 && (len(p.in) != 1 || before(p.out[0], p.in[0])) {
			return true
		}
	}
	switch {
	case x == y || len(y.out) == 0 || len(x.in) == 0 || !before(x.in[0], y.in[0]):
		return false
	case len(x.out) == 0:
		return x.perhaps == nil || u.ops[y.out[0]].Return < int64(x.perhaps.Invoke)
	}
	return before(y.out[0], x.out[0])
}

// explain searches two elements alone, which gives what there is to draw.
func (u *uses) explain(path string, budget *Budget, x, y *passage) Result {
	r, at := Result{Model: "queue", Path: path}, slices.Concat(x.in, x.out, y.in, y.out)
	slices.Sort(at)
	var ops []porcupine.Operation
	for _, i := range slices.Compact(at) {
		ops, r.Ops = append(ops, u.ops[i]), append(r.Ops, u.ids[i])
	}
	return search(r, fifo, ops, budget)
}

// settled is when an operation that took effect had done so for sure, -1 if it did not.
func (s *Source) settled(i int) int64 {
	op := &s.H.Ops[i]
	switch {
	case op.Outcome == history.OK:
		return int64(op.Return)
	case op.Outcome == history.Fail || s.Fates == nil || s.Fates[i] < 0:
		return -1
	}
	t := &s.H.Log[s.Fates[i]]
	if rejects(t.Txn.Body) {
		return -1
	}
	if t.At > op.Invoke {
		return int64(t.At)
	}
	return s.end
}

// madeBy is the path that a create made, from its answer or else from the log.
func (s *Source) madeBy(i int) string {
	if path := s.H.Ops[i].OutPath; path != "" {
		return path
	}
	return s.H.Log[s.Fates[i]].Txn.Body.(*wire.CreateTxn).Path
}

// Fences judges the resources behind locks by what was accepted, whether or not its
// client was told, and by what was refused.
func Fences(s Source, budget *Budget) []Result {
	s.end, s.Fates = endOf(s.H), s.numbered()
	of := map[string]*uses{}
	for i := range s.H.Claims {
		c := &s.H.Claims[i]
		if (c.Kind == history.Wrote || c.Kind == history.Refused) && c.Token != 0 && of[c.Path] == nil {
			of[c.Path] = &uses{}
		}
	}
	for i := range s.H.Ops {
		op := &s.H.Ops[i]
		u, ret := of[op.Path], int64(0)
		if u == nil || op.F != history.Set || op.Step == 0 {
			continue
		}
		if ret = s.settled(i); ret >= 0 {
			u.add(op, &move{in: true, token: tokenOf(op.Value)}, int64(op.Invoke), ret)
		}
	}
	for i := range s.H.Claims {
		if c := &s.H.Claims[i]; c.Kind == history.Refused && c.Token != 0 {
			of[c.Path].refused(s.H, c)
		}
	}
	var out []Result
	for _, path := range slices.Sorted(maps.Keys(of)) {
		out = append(out, search(Result{Model: "fencing token", Path: path, Ops: of[path].ids}, fence, of[path].ops, budget))
	}
	return out
}

// refused enters a refusal: it rests on the read that has just ended. What was read may
// have been old, but what was too high then is so now.
func (u *uses) refused(h *history.History, c *history.Claim) {
	k := slices.IndexFunc(h.Ops, func(op history.Op) bool {
		return op.Step == c.Step && op.Path == c.Path && op.Zxid == c.Zxid && op.Return == c.At
	})
	if k >= 0 {
		u.add(&h.Ops[k], &move{token: c.Token}, int64(h.Ops[k].Invoke), int64(h.Ops[k].Return))
	}
}

// tokenOf reads the token that the value of a resource begins with.
func tokenOf(value string) wire.Zxid {
	word, _, _ := strings.Cut(value, " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0
	}
	return wire.Zxid(n)
}
