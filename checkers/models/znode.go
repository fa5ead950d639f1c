package models

import (
	"fmt"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// znodeState is a versioned register: one childless znode.
type znodeState struct {
	exists  bool
	version int32
	value   string
}

// znode is the versioned register: create, delete, blind set, set and delete by
// version, checks, and in strong mode reads.
var znode = spec{
	name:    "versioned register",
	initial: znodeState{},
	step:    stepZnode,
	equal:   func(a, b any) bool { return a == b },
	show: func(state any) string {
		s := state.(znodeState)
		if !s.exists {
			return "no node"
		}
		return fmt.Sprintf("%q version %d", s.value, s.version)
	},
}

func stepZnode(state any, c *call) (bool, any) {
	s := state.(znodeState)
	switch {
	case c.read:
		return readZnode(s, c), s
	case c.answer == rejected:
		return s.refuses(&c.parts[0], c.err), s
	}
	next := s
	for i := range c.parts {
		ok := false
		if next, ok = next.do(&c.parts[i]); !ok {
			return c.answer == unknown, s // an unknown call that is invalid does nothing
		}
	}
	return true, next
}

// do carries out one valid change, with the results that the client got.
func (s znodeState) do(p *change) (znodeState, bool) {
	versionFits := p.expect == -1 || p.expect == s.version
	switch p.f {
	case history.Create:
		return znodeState{exists: true, value: p.value}, !s.exists && (p.stat == nil || p.stat.Version == 0)
	case history.Delete:
		return znodeState{}, s.exists && versionFits
	case history.Set:
		next := znodeState{true, reference.NextVersion(s.version), p.value}
		return next, s.exists && versionFits && (p.stat == nil || p.stat.Version == next.version)
	}
	return s, s.exists && versionFits // a check
}

// refuses reports whether an error is the truth about the znode.
func (s znodeState) refuses(p *change, err wire.ErrorCode) bool {
	switch err {
	case wire.ErrNoNode:
		return !s.exists
	case wire.ErrNodeExists:
		return s.exists
	}
	return s.exists && p.expect != -1 && p.expect != s.version // bad version
}

func readZnode(s znodeState, c *call) bool {
	if c.answer == rejected {
		return !s.exists
	}
	return s.exists && c.op.OutValue == s.value && (c.op.OutStat == nil || c.op.OutStat.Version == s.version)
}

// Znodes judges every znode as a versioned register. Znodes that ever were
// ephemeral are left out, as the end of a session changes them too.
func Znodes(s Source, budget *Budget) []Result {
	calls := s.calls()
	parts := map[string][]*call{}
	skip := map[string]bool{}
	for i := range calls {
		c := &calls[i]
		if c.op.F == history.Children {
			continue
		}
		for _, p := range c.parts {
			skip[p.path] = skip[p.path] || p.ephemeral
		}
		for _, path := range touched(c) {
			own := *c
			own.parts = slices.DeleteFunc(slices.Clone(c.parts), func(p change) bool { return p.path != path })
			parts[path] = append(parts[path], &own)
		}
	}
	var out []Result
	for _, path := range slices.Sorted(maps.Keys(parts)) {
		if !skip[path] {
			out = append(out, s.judge(&znode, path, parts[path], budget)...)
		}
	}
	return out
}

// touched lists the znodes a call names, each once. A sequential create of unknown
// name touches one that nobody else can have named.
func touched(c *call) []string {
	var out []string
	for _, p := range c.parts {
		if !p.unnamed() && !slices.Contains(out, p.path) {
			out = append(out, p.path)
		}
	}
	return out
}
