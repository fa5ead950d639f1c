package watch

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Kind is what of a znode is watched.
type Kind uint8

// The kinds of watches.
const (
	Data  Kind = iota // its creation, deletion and data
	Child             // its deletion and its list of children
)

// Event is a notification that is due: to the connection, of what happened to path.
type Event struct {
	To   node.ConnID
	Type wire.EventType
	Path string
}

// entry is one thing to watch.
type entry struct {
	kind Kind
	path string
}

// Table holds the watches of all connections of a server. A connection has at most
// one watch of a kind on a path, however often it asks.
type Table struct {
	watchers map[entry][]node.ConnID            // ascending; no empty list
	entries  map[node.ConnID]map[entry]struct{} // the same, by connection; no empty set
	bugs     bugs.Set
}

// New returns an empty table with these bugs switched on.
func New(b bugs.Set) *Table {
	return &Table{watchers: map[entry][]node.ConnID{}, entries: map[node.ConnID]map[entry]struct{}{}, bugs: b}
}

// Add sets a watch.
func (t *Table) Add(k Kind, path string, c node.ConnID) {
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
}

// Drop forgets a connection with all its watches.
func (t *Table) Drop(c node.ConnID) {
	for e := range t.entries[c] { //sim:unordered each is removed from a list of its own
		list := t.watchers[e]
		at, _ := slices.BinarySearch(list, c)
		if list = slices.Delete(list, at, at+1); len(list) == 0 {
			delete(t.watchers, e)
		} else {
			t.watchers[e] = list
		}
	}
	delete(t.entries, c)
}

// Paths returns what a connection watches, in whatever way, sorted.
func (t *Table) Paths(c node.ConnID) []string {
	var paths []string
	for e := range t.entries[c] { //sim:unordered sorted next
		paths = append(paths, e.path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Len returns the number of watches.
func (t *Table) Len() int {
	n := 0
	for _, list := range t.watchers { //sim:unordered a sum
		n += len(list)
	}
	return n
}

// Created tells who waits for the creation of path, a child of parent. The watches
// that fire are gone.
func (t *Table) Created(path, parent string) []Event {
	return t.changed(t.fire(nil, Data, path, wire.NodeCreated), parent)
}

// Deleted tells who waits for the deletion of path. Who watches both its data and
// its children hears of it once.
func (t *Table) Deleted(path, parent string) []Event {
	out := t.fire(nil, Data, path, wire.NodeDeleted)
	told := len(out)
	for _, e := range t.fire(nil, Child, path, wire.NodeDeleted) {
		if !slices.Contains(out[:told], e) {
			out = append(out, e)
		}
	}
	return t.changed(out, parent)
}

// Changed tells who waits for new data of path.
func (t *Table) Changed(path string) []Event {
	return t.fire(nil, Data, path, wire.NodeDataChanged)
}

// changed adds those who watch the children of parent.
func (t *Table) changed(out []Event, parent string) []Event {
	return t.fire(out, Child, parent, wire.NodeChildrenChanged)
}

// fire takes the watches of a kind on a path out and appends their events, in order
// of connection.
func (t *Table) fire(out []Event, k Kind, path string, what wire.EventType) []Event {
	e := entry{k, path}
	for _, c := range t.watchers[e] {
		out = append(out, Event{c, what, path})
	}
	if t.bugs.Has(bugs.WatchSurvivesFiring) {
		return out
	}
	for _, c := range t.watchers[e] {
		if delete(t.entries[c], e); len(t.entries[c]) == 0 {
			delete(t.entries, c)
		}
	}
	delete(t.watchers, e)
	return out
}
