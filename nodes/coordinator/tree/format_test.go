package tree

import (
	"hash/adler32"
	"strings"
	"testing"
)

// sealed finishes a snapshot with a checksum that matches, whatever is in it.
func sealed(write func(w *writer)) []byte {
	var w writer
	write(&w)
	w.seal(adler32.Checksum(w.b))
	return w.b
}

// A checksum proves that a file is as it was written, not that it is a tree.
func TestSnapshotsThatAreNoTreesAreRefused(t *testing.T) {
	start := func(w *writer) { w.header(); w.sessions(nil); w.acls(nil) }
	node := func(w *writer, path string) { w.node(&znode{path: path, acl: openACLRef}) }
	for _, c := range []struct {
		want  string
		write func(w *writer)
	}{
		{"is not ZKSN", func(w *writer) { w.int64(1); w.int64(2) }},
		{"version 3", func(w *writer) { w.int32(snapshotMagic); w.int32(3); w.int64(0) }},
		{"no root", func(w *writer) { start(w); w.endOfNodes() }},
		{"without its parent", func(w *writer) { start(w); node(w, "/"); node(w, "/a/b"); w.endOfNodes() }},
		{"comes twice", func(w *writer) { start(w); node(w, "/"); node(w, "/a"); node(w, "/a"); w.endOfNodes() }},
		{"not absolute", func(w *writer) { start(w); node(w, "/"); node(w, "a"); w.endOfNodes() }},
		{"has no name", func(w *writer) { start(w); node(w, "/"); node(w, "/a"); node(w, "/a/"); w.endOfNodes() }},
		{"bytes follow the end mark", func(w *writer) { start(w); node(w, "/"); w.endOfNodes(); w.int32(0) }},
		{"bytes wanted, 0 left", func(w *writer) { start(w); node(w, "/") }},
		{"length 1000000 is impossible", func(w *writer) { w.header(); w.int32(1000000) }},
		{"has number 2", func(w *writer) {
			w.header()
			w.sessions(nil)
			w.int32(1)
			w.int64(2)
			w.int64(0)
			w.int32(0)
		}},
	} {
		_, err := Restore(sealed(c.write))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want it to say %q", err, c.want)
		}
	}
}

func TestCountsWrap(t *testing.T) {
	n := &znode{creates: 1<<31 - 1}
	n.childCreated(-1<<31, 5)
	if n.creates != -1<<31 || n.pzxid != 5 {
		t.Errorf("the count after 2^31-1 became %d, pzxid %d", n.creates, n.pzxid)
	}
	n.childCreated(1<<31-1, 4)
	if n.creates != -1<<31 || n.pzxid != 5 {
		t.Errorf("an older create moved the count to %d, pzxid to %d", n.creates, n.pzxid)
	}
}
