package reference

import (
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Data is getData: the data and the full Stat, or NoNode. The data is the tree's
// own, not to be changed.
func (t *Tree) Data(path string) ([]byte, wire.Stat, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return nil, wire.Stat{}, wire.ErrNoNode
	}
	return n.data, n.stat(), wire.OK
}

// Stat is exists: the full Stat, or NoNode.
func (t *Tree) Stat(path string) (wire.Stat, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return wire.Stat{}, wire.ErrNoNode
	}
	return n.stat(), wire.OK
}

// Children is getChildren2: the names in order and the Stat, or NoNode. The slice
// is the tree's own, valid until the next Apply.
func (t *Tree) Children(path string) ([]string, wire.Stat, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return nil, wire.Stat{}, wire.ErrNoNode
	}
	if n.sorted == nil && len(n.children) > 0 {
		n.sorted = make([]string, 0, len(n.children))
		for name := range n.children { //sim:unordered sorted below
			n.sorted = append(n.sorted, name)
		}
		slices.Sort(n.sorted)
	}
	return n.sorted, n.stat(), wire.OK
}

// ACL is getACL: the access control list and the Stat, or NoNode.
func (t *Tree) ACL(path string) ([]wire.ACL, wire.Stat, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return nil, wire.Stat{}, wire.ErrNoNode
	}
	return n.acl, n.stat(), wire.OK
}

// CountAll is getAllChildrenNumber: how many znodes are below path, at any depth.
func (t *Tree) CountAll(path string) (int, wire.ErrorCode) {
	if t.nodes[path] == nil {
		return 0, wire.ErrNoNode
	}
	prefix, total := strings.TrimSuffix(path, "/")+"/", 0
	for other := range t.nodes { //sim:unordered counts
		if other != path && strings.HasPrefix(other, prefix) {
			total++
		}
	}
	return total, wire.OK
}

// Creates is how many children were ever created under path: the number the next
// sequential child bears. Zero if there is no such znode.
func (t *Tree) Creates(path string) int32 {
	if n := t.nodes[path]; n != nil {
		return n.creates
	}
	return 0
}

// stat renders what clients see. The cversion that clients see counts creates
// and deletes, which the count of creates and the number of those left yield.
func (n *node) stat() wire.Stat {
	return wire.Stat{
		Czxid: n.czxid, Mzxid: n.mzxid, Pzxid: n.pzxid,
		Ctime: n.ctime, Mtime: n.mtime,
		Version: n.version, Aversion: n.aversion,
		Cversion:       2*n.creates - int32(len(n.children)),
		EphemeralOwner: n.owner,
		DataLength:     int32(len(n.data)),
		NumChildren:    int32(len(n.children)),
	}
}

// SetStarts has the counters of every znode begin where an ensemble with these rules
// has them begin.
func (t *Tree) SetStarts(r history.Rules) {
	t.versionStart, t.sequenceStart = r.VersionStart, r.SequenceStart
}

// NextCreates is how many children were ever created under a znode once it has another.
func (t *Tree) NextCreates(path string) int32 { return t.afterCreate(t.Creates(path)) }

// afterCreate is the count of creates after count.
func (t *Tree) afterCreate(count int32) int32 {
	if count == 0 && t.sequenceStart != 0 {
		return t.sequenceStart
	}
	return count + 1
}

// NextVersion is the version that the next setData of a znode gives it.
func (t *Tree) NextVersion(path string) int32 {
	if n := t.nodes[path]; n != nil {
		return t.after(n.version, n.unset())
	}
	return 0
}

// after is the version after v of data that is that of the creation, or not.
func (t *Tree) after(v int32, unset bool) int32 {
	if unset && t.versionStart != 0 {
		return t.versionStart
	}
	return NextVersion(v)
}

// unset reports whether nobody has set the data of a znode since its creation.
func (n *node) unset() bool { return n.version == 0 && n.mzxid == n.czxid }
