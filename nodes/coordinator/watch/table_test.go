package watch

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// twin is the table as a list that is searched from end to end.
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

// fire takes out the marks that an event reaches.
func (w *twin) fire(k Kind, path string, what wire.EventType) (out []Event) {
	for c := range node.ConnID(conns) {
		if m := (mark{k, path, c}); slices.Contains(*w, m) {
			out = append(out, Event{c, what, path})
			*w = slices.DeleteFunc(*w, func(o mark) bool { return o == m })
		}
	}
	return out
}

const conns = 4

func TestTableAgainstATwin(t *testing.T) {
	paths := []string{"/", "/a", "/a/b", "/a/c"}
	parent := map[string]string{"/a": "/", "/a/b": "/a", "/a/c": "/a"}
	rapid.Check(t, func(t *rapid.T) {
		table, w := New(bugs.Set{}), &twin{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			path := rapid.SampledFrom(paths).Draw(t, "path")
			conn := node.ConnID(rapid.IntRange(0, conns-1).Draw(t, "conn"))
			var got, want []Event
			switch step := rapid.IntRange(0, 6).Draw(t, "step"); {
			case step < 3:
				kind := Kind(rapid.IntRange(0, 1).Draw(t, "kind"))
				table.Add(kind, path, conn)
				w.add(mark{kind, path, conn})
			case step == 3:
				table.Drop(conn)
				w.drop(conn)
			case step == 4:
				got, want = table.Changed(path), w.fire(Data, path, wire.NodeDataChanged)
			case path == "/":
			case step == 5:
				got = table.Created(path, parent[path])
				want = append(w.fire(Data, path, wire.NodeCreated), w.fire(Child, parent[path], wire.NodeChildrenChanged)...)
			default:
				got = table.Deleted(path, parent[path])
				want = w.fire(Data, path, wire.NodeDeleted)
				for _, e := range w.fire(Child, path, wire.NodeDeleted) {
					if !slices.Contains(want, e) {
						want = append(want, e)
					}
				}
				want = append(want, w.fire(Child, parent[path], wire.NodeChildrenChanged)...)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			if table.Len() != len(*w) {
				t.Fatalf("%d watches, want %d", table.Len(), len(*w))
			}
		}
	})
}

func TestDeletionIsToldOnce(t *testing.T) {
	table := New(bugs.Set{})
	table.Add(Data, "/a", 1)
	table.Add(Child, "/a", 1)
	table.Add(Child, "/a", 2)
	table.Add(Child, "/", 1)
	want := []Event{{1, wire.NodeDeleted, "/a"}, {2, wire.NodeDeleted, "/a"}, {1, wire.NodeChildrenChanged, "/"}}
	if got := table.Deleted("/a", "/"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if table.Len() != 0 || len(table.entries) != 0 {
		t.Errorf("left behind: %v, %v", table.watchers, table.entries)
	}
}
