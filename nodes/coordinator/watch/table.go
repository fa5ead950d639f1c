package watch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Event is a notification that is due: to the connection, of what happened to path.
type Event struct {
	To   node.ConnID
	Type wire.EventType
	Path string
	// Fired are the kinds of the watches on the path that it is due to, Below those
	// of watches above it.
	Fired, Below Kinds
}

// entry is one thing to watch.
type entry struct {
	kind Kind
	path string
}

// Table holds the watches of all connections of a server. A connection has at most
// one watch of a kind on a path, however often it asks.
type Table struct {
	watchers  map[entry][]node.ConnID            // ascending; no empty list
	entries   map[node.ConnID]map[entry]struct{} // the same, by connection; no empty set
	recursive int                                // of the watches; without any, nobody looks above a path
	bugs      bugs.Set
}

// New returns an empty table with these bugs switched on.
func New(b bugs.Set) *Table {
	return &Table{watchers: map[entry][]node.ConnID{}, entries: map[node.ConnID]map[entry]struct{}{}, bugs: b}
}

// Add sets a watch.
func (t *Table) Add(k Kind, path string, c node.ConnID) {
	if t.bugs.Has(bugs.WatchModesOverwrite) {
		t.Remove(Named(wire.AnyWatches), path, c)
	}
	e := entry{k, path}
	list := t.watchers[e]
	at, found := slices.BinarySearch(list, c)
	if found {
		return
	}
	t.watchers[e] = slices.Insert(list, at, c)
	if t.entries[c] == nil {
		t.entries[c] = map[entry]struct{}{}
	}
	t.entries[c][e] = struct{}{}
	if k == Recursive {
		t.recursive++
	}
}

// Has tells which of some kinds of watches a connection has on a path.
func (t *Table) Has(of Kinds, path string, c node.ConnID) Kinds {
	var out Kinds
	for k := range of.All() {
		if _, set := t.entries[c][entry{k, path}]; set {
			out |= Of(k)
		}
	}
	return out
}

// Remove takes the watches of some kinds off a path, and tells which there were.
func (t *Table) Remove(of Kinds, path string, c node.ConnID) Kinds {
	had := t.Has(of, path, c)
	if had != 0 && t.bugs.Has(bugs.RemoveTakesAllKinds) {
		had = t.Has(Named(wire.AnyWatches), path, c)
	}
	for k := range had.All() {
		t.remove(entry{k, path}, c)
	}
	return had
}

// remove takes out a watch that is there.
func (t *Table) remove(e entry, c node.ConnID) {
	list := t.watchers[e]
	at, _ := slices.BinarySearch(list, c)
	if list = slices.Delete(list, at, at+1); len(list) == 0 {
		delete(t.watchers, e)
	} else {
		t.watchers[e] = list
	}
	if delete(t.entries[c], e); len(t.entries[c]) == 0 {
		delete(t.entries, c)
	}
	if e.kind == Recursive {
		t.recursive--
	}
}

// Drop forgets a connection with all its watches, and tells how many it had.
func (t *Table) Drop(c node.ConnID) int {
	n := len(t.entries[c])
	for e := range t.entries[c] { //sim:unordered each is removed from a list of its own
		t.remove(e, c)
	}
	return n
}

// Paths returns the paths that a connection watches in any way that concerns their data,
// sorted.
func (t *Table) Paths(c node.ConnID) []string {
	var paths []string
	for e := range t.entries[c] { //sim:unordered sorted next
		if e.kind != Child {
			paths = append(paths, e.path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Empty reports whether nobody watches anything.
func (t *Table) Empty() bool { return len(t.entries) == 0 }

// Len returns the number of watches.
func (t *Table) Len() int {
	n := 0
	for _, list := range t.watchers { //sim:unordered a sum
		n += len(list)
	}
	return n
}

// Created tells who waits for the creation of path. The one-shot watches that fire
// are gone.
func (t *Table) Created(path string) []Event {
	return t.children(t.data(nil, path, wire.NodeCreated), parent(path))
}

// Deleted tells who waits for the deletion of path. Who watches both its data and
// its children hears of it once.
func (t *Table) Deleted(path string) []Event {
	out := t.data(nil, path, wire.NodeDeleted)
	out = t.fire(out, 0, Child, path, wire.NodeDeleted)
	return t.children(out, parent(path))
}

// Changed tells who waits for new data of path.
func (t *Table) Changed(path string) []Event {
	return t.data(nil, path, wire.NodeDataChanged)
}

// data adds those who are told what happened to a znode: they watch it, or all below
// some znode above it.
func (t *Table) data(out []Event, path string, what wire.EventType) []Event {
	from := len(out)
	for _, k := range [...]Kind{Data, Persistent, Recursive} {
		out = t.fire(out, from, k, path, what)
	}
	if t.recursive == 0 {
		return out
	}
	for above := path; above != "/"; {
		above = parent(above)
		for _, c := range t.watchers[entry{Recursive, above}] {
			out = due(out, from, Event{To: c, Type: what, Path: path, Below: Of(Recursive)})
		}
		if t.bugs.Has(bugs.RecursiveWatchShallow) {
			break
		}
	}
	return out
}

// children adds those who watch the list of children of a znode.
func (t *Table) children(out []Event, path string) []Event {
	from := len(out)
	for _, k := range [...]Kind{Child, Persistent} {
		out = t.fire(out, from, k, path, wire.NodeChildrenChanged)
	}
	if t.bugs.Has(bugs.RecursiveToldOfChildren) {
		out = t.fire(out, from, Recursive, path, wire.NodeChildrenChanged)
	}
	return out
}

// fire adds who has a watch of a kind on a path to the events from index from on, and
// takes the watches out if they fire once.
func (t *Table) fire(out []Event, from int, k Kind, path string, what wire.EventType) []Event {
	e := entry{k, path}
	list := t.watchers[e]
	for _, c := range list {
		out = due(out, from, Event{To: c, Type: what, Path: path, Fired: Of(k)})
	}
	once := k == Data || k == Child || t.bugs.Has(bugs.PersistentFiresOnce)
	if once && !t.bugs.Has(bugs.WatchSurvivesFiring) {
		for _, c := range slices.Clone(list) {
			t.remove(e, c)
		}
	}
	return out
}

// due adds an event to those from index from on, which are of one thing that happened
// and in order of connection. A connection that has it is not told again.
func due(out []Event, from int, e Event) []Event {
	at, found := slices.BinarySearchFunc(out[from:], e.To, func(o Event, c node.ConnID) int { return cmp.Compare(o.To, c) })
	if found {
		out[from+at].Fired |= e.Fired
		out[from+at].Below |= e.Below
		return out
	}
	return slices.Insert(out, from+at, e)
}

// parent is the path of the znode above.
func parent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}
