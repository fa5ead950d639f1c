package checkers

import (
	"sort"

	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// trigger is one moment at which a watch on a path fires.
type trigger struct {
	zxid  wire.Zxid
	event wire.EventType
	txn   int // index in the log
}

// triggers lists them for one path in the order of the log; a multi may have several.
type triggers []trigger

// after returns the first with a zxid above z.
func (ts triggers) after(z wire.Zxid) (trigger, bool) {
	i := sort.Search(len(ts), func(i int) bool { return ts[i].zxid > z })
	if i == len(ts) {
		return trigger{}, false
	}
	return ts[i], true
}

// upTo returns those with a zxid of at most z.
func (ts triggers) upTo(z wire.Zxid) triggers {
	return ts[:sort.Search(len(ts), func(i int) bool { return ts[i].zxid > z })]
}

// watchKind tells watches on data and existence from watches on children.
type watchKind int

const (
	dataWatch watchKind = iota
	childWatch
)

// watchIndex says of every path what fires a watch on it, from the log alone.
type watchIndex [2]map[string]triggers

func (w *witness) indexWatches() watchIndex {
	x := watchIndex{map[string]triggers{}, map[string]triggers{}}
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

func (x watchIndex) body(body wire.TxnBody, z wire.Zxid, t int) {
	add := func(k watchKind, path string, e wire.EventType) { x[k][path] = append(x[k][path], trigger{z, e, t}) }
	deleted := func(path string) {
		add(dataWatch, path, wire.NodeDeleted)
		add(childWatch, path, wire.NodeDeleted)
		add(childWatch, reference.Parent(path), wire.NodeChildrenChanged)
	}
	switch b := body.(type) {
	case *wire.CreateTxn:
		add(dataWatch, b.Path, wire.NodeCreated)
		add(childWatch, reference.Parent(b.Path), wire.NodeChildrenChanged)
	case *wire.DeleteTxn:
		deleted(b.Path)
	case *wire.SetDataTxn:
		add(dataWatch, b.Path, wire.NodeDataChanged)
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			deleted(path)
		}
	}
}

// exists reports whether a znode is there at z, and the zxid of its present data.
func (x watchIndex) exists(path string, z wire.Zxid) (wire.Zxid, bool) {
	past := x[dataWatch][path].upTo(z)
	if len(past) == 0 {
		return 0, path == "/" || reference.System(path)
	}
	last := past[len(past)-1]
	return last.zxid, last.event != wire.NodeDeleted
}

// missed is what a watch of a kind must be told that a client brings to a server at
// z, having seen everything up to seen; false if the watch stays set.
func (x watchIndex) missed(k watchKind, absent bool, path string, seen, z wire.Zxid) (wire.EventType, bool) {
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
func (x watchIndex) pzxid(path string, z wire.Zxid) wire.Zxid {
	var last wire.Zxid
	for _, t := range x[childWatch][path].upTo(z) {
		last = t.zxid
	}
	for _, t := range x[dataWatch][path].upTo(z) {
		if t.event == wire.NodeCreated {
			last = max(last, t.zxid)
		}
	}
	return last
}
