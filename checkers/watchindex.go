package checkers

import (
	"cmp"
	"slices"
	"sort"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// trigger is one thing that happened to a znode, of which a connection is told at most
// once, however many of its watches it fires.
type trigger struct {
	zxid  wire.Zxid
	event wire.EventType
	path  string
	// list says who may read it then: the znode's, or for a list of children that of
	// the znode whose children they are.
	list []wire.ACL
	txn  int // index in the log
	// seq is its place among all that happened, the parts of a multi in their order.
	// A deletion is one thing to those who watch the data and to those who watch the
	// children; what it does to the parent's list is another.
	seq int
}

// triggers lists them for one watch in the order of the log; a multi may have several.
type triggers []trigger

// after is the index of the first with a zxid above z.
func (ts triggers) after(z wire.Zxid) int {
	return sort.Search(len(ts), func(i int) bool { return ts[i].zxid > z })
}

// upTo returns those with a zxid of at most z.
func (ts triggers) upTo(z wire.Zxid) triggers { return ts[:ts.after(z)] }

// watchKind tells apart what is watched, and how often.
type watchKind int

const (
	dataWatch watchKind = iota // data and existence
	childWatch
	persistentWatch // both, for good
	recursiveWatch  // data and existence of a znode and all below it, for good
	watchKinds
)

var watchNames = [...]string{"data", "child", "persistent", "recursive"}

// String names the kind in sentences.
func (k watchKind) String() string { return watchNames[k] }

func (k watchKind) stays() bool { return k >= persistentWatch }

// watchKey names a watch of a connection.
type watchKey struct {
	kind watchKind
	path string
}

// watchIndex says of every watch what fires it, from the log alone.
type watchIndex struct {
	fires [watchKinds]map[string]triggers
	seq   int
	lists map[string][]wire.ACL // of every znode, as of the transaction being entered
}

func (w *witness) indexWatches() *watchIndex {
	x := &watchIndex{lists: map[string][]wire.ACL{}}
	for k := range x.fires {
		x.fires[k] = map[string]triggers{}
	}
	for _, root := range w.recursiveRoots() {
		x.fires[recursiveWatch][root] = nil
	}
	var parts []wire.TxnBody
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		parts = appendParts(parts[:0], txn)
		for _, body := range parts {
			x.body(body, txn.Zxid, t)
		}
	}
	return x
}

// recursiveRoots lists the paths that anybody ever watched with all below them. Only
// these have a list of what happens there: a list for every path would be as long as
// the log is times the tree is deep.
func (w *witness) recursiveRoots() (roots []string) {
	for i := range w.h.Ops {
		if op := &w.h.Ops[i]; op.F == history.AddWatch && wire.WatchMode(op.Mode) == wire.WatchRecursive {
			roots = append(roots, op.Path)
		}
	}
	for i := range w.h.Rearms {
		roots = append(roots, w.h.Rearms[i].Recursive...)
	}
	return roots
}

// body enters what a transaction, or a part of one, does, in the order in which
// ZooKeeper tells it: the znode, then its parent.
func (x *watchIndex) body(body wire.TxnBody, z wire.Zxid, t int) {
	switch b := body.(type) {
	case *wire.SetACLTxn:
		x.lists[b.Path] = b.ACL
	case *wire.CreateTxn:
		x.lists[b.Path] = b.ACL
		x.data(b.Path, trigger{zxid: z, path: b.Path, event: wire.NodeCreated, txn: t})
		x.children(reference.Parent(b.Path), z, t)
	case *wire.DeleteTxn:
		x.deleted(b.Path, z, t)
	case *wire.SetDataTxn:
		x.data(b.Path, trigger{zxid: z, path: b.Path, event: wire.NodeDataChanged, txn: t})
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			x.deleted(path, z, t)
		}
	}
}

func (x *watchIndex) deleted(path string, z wire.Zxid, t int) {
	gone := x.data(path, trigger{zxid: z, path: path, event: wire.NodeDeleted, txn: t})
	x.fires[childWatch][path] = append(x.fires[childWatch][path], gone)
	delete(x.lists, path)
	x.children(reference.Parent(path), z, t)
}

// data enters something that happens to a znode itself.
func (x *watchIndex) data(path string, tr trigger) trigger {
	x.seq++
	tr.seq, tr.list = x.seq, x.lists[path]
	x.fires[dataWatch][path] = append(x.fires[dataWatch][path], tr)
	for above := path; ; above = reference.Parent(above) {
		if list, watched := x.fires[recursiveWatch][above]; watched {
			x.fires[recursiveWatch][above] = append(list, tr)
		}
		if above == "/" {
			return tr
		}
	}
}

// children enters a change of a list of children.
func (x *watchIndex) children(path string, z wire.Zxid, t int) {
	x.seq++
	x.fires[childWatch][path] = append(x.fires[childWatch][path], trigger{z, wire.NodeChildrenChanged, path, x.lists[path], t, x.seq})
}

// of lists what fires a watch. What fires a persistent one is joined when it is first
// asked for.
func (x *watchIndex) of(k watchKey) triggers {
	list, known := x.fires[k.kind][k.path]
	if k.kind == persistentWatch && !known {
		list = slices.Concat(x.fires[dataWatch][k.path], x.fires[childWatch][k.path])
		slices.SortFunc(list, func(a, b trigger) int { return cmp.Compare(a.seq, b.seq) })
		list = slices.CompactFunc(list, func(a, b trigger) bool { return a.seq == b.seq }) // a deletion is in both
		x.fires[k.kind][k.path] = list
	}
	return list
}

// find lists what happened to a path in a transaction, as an event tells it.
func (x *watchIndex) find(e *history.WatchEvent) triggers {
	k := dataWatch
	if e.Type == wire.NodeChildrenChanged {
		k = childWatch
	}
	list := x.fires[k][e.Path]
	same := list[list.after(e.Zxid-1):list.after(e.Zxid)]
	return slices.DeleteFunc(slices.Clone(same), func(t trigger) bool { return t.event != e.Type })
}

// exists reports whether a znode is there at z, and the zxid of its present data.
func (x *watchIndex) exists(path string, z wire.Zxid) (wire.Zxid, bool) {
	past := x.fires[dataWatch][path].upTo(z)
	if len(past) == 0 {
		return 0, path == "/" || reference.System(path)
	}
	last := past[len(past)-1]
	return last.zxid, last.event != wire.NodeDeleted
}

// missed is what a one-shot watch must be told that a client brings to a server at z,
// having seen everything up to seen; false if the watch stays set.
func (x *watchIndex) missed(k watchKind, absent bool, path string, seen, z wire.Zxid) (wire.EventType, bool) {
	mzxid, exists := x.exists(path, z)
	switch {
	case absent:
		return wire.NodeCreated, exists
	case !exists:
		return wire.NodeDeleted, true
	case k == dataWatch:
		return wire.NodeDataChanged, mzxid > seen
	}
	return wire.NodeChildrenChanged, x.pzxid(path, z) > seen
}

// pzxid is the zxid of the last child that came or went, or of the znode's own creation.
func (x *watchIndex) pzxid(path string, z wire.Zxid) wire.Zxid {
	var last wire.Zxid
	if past := x.fires[childWatch][path].upTo(z); len(past) > 0 {
		last = past[len(past)-1].zxid
	}
	past := x.fires[dataWatch][path].upTo(z)
	for i := len(past) - 1; i >= 0; i-- {
		if past[i].event == wire.NodeCreated {
			return max(last, past[i].zxid)
		}
	}
	return last
}
