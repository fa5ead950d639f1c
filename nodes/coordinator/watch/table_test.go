package watch

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// twin is the table as a list that is searched from end to end, by the rules of two
// managers, for data and for children, as ZooKeeper has them.
type twin []mark

type mark struct {
	kind Kind
	path string
	conn node.ConnID
}

func (w *twin) add(m mark) {
	if !slices.Contains(*w, m) {
		*w = append(*w, m)
	}
}

func (w *twin) drop(c node.ConnID) {
	*w = slices.DeleteFunc(*w, func(m mark) bool { return m.conn == c })
}

func (w *twin) remove(of Kinds, path string, c node.ConnID) (had Kinds) {
	*w = slices.DeleteFunc(*w, func(m mark) bool {
		gone := m.path == path && m.conn == c && of.Has(m.kind)
		if gone {
			had |= Of(m.kind)
		}
		return gone
	})
	return had
}

// told is who is told what, in words.
type told struct {
	conn node.ConnID
	what wire.EventType
	path string
}

// trigger tells everybody whose mark covers the path, once each, and takes out the
// marks of the one-shot kind.
func (w *twin) trigger(oneShot Kind, path string, what wire.EventType, suppress []told) (out []told) {
	covers := func(m mark) bool {
		switch m.kind {
		case oneShot, Persistent:
			return m.path == path
		case Recursive:
			return oneShot == Data && (m.path == path || m.path == "/" || strings.HasPrefix(path, m.path+"/"))
		}
		return false
	}
	for c := range node.ConnID(conns) {
		e := told{c, what, path}
		if !slices.Contains(suppress, e) && slices.ContainsFunc(*w, func(m mark) bool { return m.conn == c && covers(m) }) {
			out = append(out, e)
		}
	}
	*w = slices.DeleteFunc(*w, func(m mark) bool { return m.kind == oneShot && m.path == path })
	return out
}

func words(events []Event) (out []told) {
	for _, e := range events {
		out = append(out, told{e.To, e.Type, e.Path})
	}
	return out
}

const conns = 4

var up = map[string]string{"/a": "/", "/b": "/", "/a/b": "/a", "/a/c": "/a", "/a/b/d": "/a/b"}

// happen lets one thing happen to the table and to its twin.
func happen(t *rapid.T, table *Table, w *twin, path string) (got, want []told) {
	what := wire.EventType(rapid.IntRange(1, 3).Draw(t, "event"))
	if path == "/" {
		what = wire.NodeDataChanged // it neither comes nor goes
	}
	switch what {
	case wire.NodeDataChanged:
		return words(table.Changed(path)), w.trigger(Data, path, what, nil)
	case wire.NodeCreated:
		want = w.trigger(Data, path, what, nil)
		got = words(table.Created(path))
	default:
		want = w.trigger(Data, path, what, nil)
		want = append(want, w.trigger(Child, path, what, want)...)
		got = words(table.Deleted(path))
	}
	return got, append(want, w.trigger(Child, up[path], wire.NodeChildrenChanged, nil)...)
}

func TestTableAgainstATwin(t *testing.T) {
	paths := []string{"/", "/a", "/b", "/a/b", "/a/c", "/a/b/d"}
	rapid.Check(t, func(t *rapid.T) {
		table, w := New(bugs.Set{}), &twin{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			path := rapid.SampledFrom(paths).Draw(t, "path")
			conn := node.ConnID(rapid.IntRange(0, conns-1).Draw(t, "conn"))
			switch step := rapid.IntRange(0, 9).Draw(t, "step"); {
			case step < 4:
				kind := Kind(rapid.IntRange(0, int(kinds)-1).Draw(t, "kind"))
				table.Add(kind, path, conn)
				w.add(mark{kind, path, conn})
			case step == 4:
				before := table.Len()
				if n := table.Drop(conn); n != before-table.Len() {
					t.Fatalf("dropped %d watches and told of %d", before-table.Len(), n)
				}
				w.drop(conn)
			case step == 5:
				of := Named(wire.WatchType(rapid.IntRange(1, 5).Draw(t, "type")))
				had := table.Has(of, path, conn)
				if got, want := table.Remove(of, path, conn), w.remove(of, path, conn); got != want || had != want {
					t.Fatalf("removed %b of %b, want %b", got, had, want)
				}
			default:
				if got, want := happen(t, table, w, path); !sameToEach(got, want) {
					t.Fatalf("got %v, want %v", got, want)
				}
			}
			recursive := 0
			for _, m := range *w {
				if m.kind == Recursive {
					recursive++
				}
			}
			if table.Empty() != (len(*w) == 0) || table.Len() != len(*w) || table.recursive != recursive {
				t.Fatalf("%d watches, %d recursive, want %d, %d", table.Len(), table.recursive, len(*w), recursive)
			}
		}
	})
}

// sameToEach reports whether every connection is told the same in the same order. In
// what order the connections come, none of them knows.
func sameToEach(a, b []told) bool {
	for c := range node.ConnID(conns) {
		of := func(list []told) []told {
			return slices.DeleteFunc(slices.Clone(list), func(e told) bool { return e.conn != c })
		}
		if !slices.Equal(of(a), of(b)) {
			return false
		}
	}
	return len(a) == len(b)
}

func TestDeletionIsToldOnce(t *testing.T) {
	table := New(bugs.Set{})
	table.Add(Data, "/a", 1)
	table.Add(Child, "/a", 1)
	table.Add(Child, "/a", 2)
	table.Add(Child, "/", 1)
	want := []Event{
		{1, wire.NodeDeleted, "/a", Of(Data, Child), 0}, {2, wire.NodeDeleted, "/a", Of(Child), 0},
		{1, wire.NodeChildrenChanged, "/", Of(Child), 0},
	}
	if got := table.Deleted("/a"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if table.Len() != 0 || len(table.entries) != 0 {
		t.Errorf("left behind: %v, %v", table.watchers, table.entries)
	}
}

// TestModesStayApart is ZOOKEEPER-4466 and ZOOKEEPER-4475: kinds on one path do not
// take each other's place, and the list of children is no business of a recursive one.
func TestModesStayApart(t *testing.T) {
	table := New(bugs.Set{})
	for k := range kinds {
		table.Add(k, "/a", 1)
	}
	table.Add(Recursive, "/", 1)
	if got, want := table.Changed("/a"), (Event{1, wire.NodeDataChanged, "/a", Of(Data, Persistent, Recursive), Of(Recursive)}); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := table.Created("/a/b"), []Event{
		{1, wire.NodeCreated, "/a/b", 0, Of(Recursive)},
		{1, wire.NodeChildrenChanged, "/a", Of(Child, Persistent), 0},
	}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if left := table.Has(Named(wire.AnyWatches), "/a", 1); left != Of(Persistent, Recursive) {
		t.Errorf("left is %b", left)
	}
}
