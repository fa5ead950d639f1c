package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// directoryState is a parent's set of children and how many it ever had.
type directoryState struct {
	creates int32
	names   []string // sorted, shared between states, never changed
}

// directory is the set model of one parent. Names in volatile were ephemeral at some
// time: sessions end unseen, so whether they are there now says nothing, though
// their creation still counts.
type directory struct{ volatile map[string]bool }

func (d *directory) spec() *spec {
	return &spec{
		name:    "directory",
		initial: directoryState{},
		step:    d.step,
		equal: func(a, b any) bool {
			x, y := a.(directoryState), b.(directoryState)
			return x.creates == y.creates && slices.Equal(x.names, y.names)
		},
		show: func(state any) string {
			s := state.(directoryState)
			return fmt.Sprintf("%v after %d creates", s.names, s.creates)
		},
	}
}

func (d *directory) step(state any, c *call) (bool, any) {
	s := state.(directoryState)
	switch {
	case c.read:
		return d.lists(s, c), s
	case c.answer == rejected:
		return d.refuses(s, &c.parts[0], c.err), s
	}
	next := s
	for i := range c.parts {
		ok := false
		if next, ok = d.do(next, &c.parts[i]); !ok {
			return c.answer == unknown, s
		}
	}
	return true, next
}

// do carries out one valid change.
func (d *directory) do(s directoryState, p *change) (directoryState, bool) {
	path := p.path
	if p.sequential {
		due := p.prefix + fmt.Sprintf("%010d", s.creates)
		if path != p.prefix && path != due {
			return s, false
		}
		path = due // the name nobody was told
	}
	name := reference.Base(path)
	at, there := slices.BinarySearch(s.names, name)
	switch {
	case p.f == history.Create && (p.ephemeral || d.volatile[name]):
		return directoryState{s.creates + 1, s.names}, true
	case p.f == history.Create:
		return directoryState{s.creates + 1, slices.Insert(slices.Clone(s.names), at, name)}, !there
	case d.volatile[name]:
		return s, true
	case p.f == history.Delete && there:
		return directoryState{s.creates, slices.Delete(slices.Clone(s.names), at, at+1)}, true
	}
	return s, there
}

// refuses reports whether an error is the truth about a child.
func (d *directory) refuses(s directoryState, p *change, err wire.ErrorCode) bool {
	name := reference.Base(p.path)
	_, there := slices.BinarySearch(s.names, name)
	if d.volatile[name] {
		return true
	}
	return there == (err != wire.ErrNoNode)
}

// lists reports whether a listing is the set, but for volatile names.
func (d *directory) lists(s directoryState, c *call) bool {
	if c.answer == rejected {
		return true // about the directory itself
	}
	got := slices.DeleteFunc(slices.Sorted(slices.Values(c.op.OutChildren)), func(name string) bool { return d.volatile[name] })
	return slices.Equal(got, s.names)
}

// Directories judges the children of every directory that clients create children
// in, provided that it was there first or made once, and never deleted.
func Directories(s Source, budget *Budget) []Result {
	calls := s.calls()
	parts := map[string][]*call{}
	volatile, unfit := volatility(calls)
	for i := range calls {
		c := &calls[i]
		for _, parent := range parents(c) {
			own := *c
			own.parts = slices.DeleteFunc(slices.Clone(c.parts), func(p change) bool { return directoryOf(&p) != parent })
			parts[parent] = append(parts[parent], &own)
		}
	}
	var out []Result
	for _, path := range slices.Sorted(maps.Keys(parts)) {
		if judgeable(path, parts[path]) && !unfit[path] {
			d := directory{volatile[path]}
			out = append(out, s.judge(d.spec(), path, parts[path], budget)...)
		}
	}
	return out
}

// volatility finds the ephemeral names of each directory, and the directories unfit
// for a search: those deleted, and those with ephemerals whose names nobody knows.
func volatility(calls []call) (volatile map[string]map[string]bool, unfit map[string]bool) {
	volatile, unfit = map[string]map[string]bool{}, map[string]bool{}
	for i := range calls {
		for _, p := range calls[i].parts {
			parent := reference.Parent(p.path)
			switch {
			case p.f == history.Delete && calls[i].answer != rejected:
				unfit[p.path] = true
			case p.ephemeral && p.unnamed():
				unfit[parent] = true
			case p.ephemeral:
				if volatile[parent] == nil {
					volatile[parent] = map[string]bool{}
				}
				volatile[parent][reference.Base(p.path)] = true
			}
		}
	}
	return volatile, unfit
}

// directoryOf is the directory that a change is about.
func directoryOf(p *change) string {
	if p.f == history.Children {
		return p.path
	}
	return reference.Parent(p.path)
}

// parents lists the directories a call changes or lists, each once. Setting data
// tells of a child only that it is there, which its own register says better.
func parents(c *call) []string {
	var out []string
	for _, p := range c.parts {
		about := p.f == history.Create || p.f == history.Delete || p.f == history.Children
		if dir := directoryOf(&p); about && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

// judgeable reports whether the search of a directory can find anything: the root
// and the system's own hold children that no client made.
func judgeable(path string, calls []*call) bool {
	if path == "/" || strings.HasPrefix(path, "/zookeeper") {
		return false
	}
	for _, c := range calls {
		for _, p := range c.parts {
			if p.f == history.Create {
				return true
			}
		}
	}
	return false
}
