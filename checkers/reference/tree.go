// Package reference is the judges' own data tree: what a ZooKeeper ensemble must
// hold after a sequence of transactions, written from the specification and never
// from a node's code, so that one mistake cannot hide in both.
//
// It is small before it is fast, but folding a log into it is linear: a million
// transactions take about a second.
package reference

import (
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Tree is the state after a prefix of the log.
type Tree struct {
	nodes    map[string]*node
	sessions map[int64]int32               // open sessions and their timeouts, ms
	owned    map[int64]map[string]struct{} // ephemerals by owning session
	limited  map[string]bool               // the paths with a quota
	last     wire.Zxid
	// versionStart is the version after the first setData, 0 for 1.
	versionStart int32
	// sequenceStart is the count of creates after the first child, 0 for 1.
	sequenceStart int32

	// sum is the digest but for what the nodes in stale have changed since.
	sum   uint64
	stale []*node
}

// node is one znode.
type node struct {
	path                string
	data                []byte
	acl                 []wire.ACL
	czxid, mzxid, pzxid wire.Zxid
	ctime, mtime        int64
	version, aversion   int32
	// creates counts the children ever created: the "internal cversion", source
	// of sequential names.
	creates int32
	owner   int64
	// container: the ensemble may delete it once it had children and has none.
	container bool
	// ttl is after how many ms without change and children the ensemble may delete
	// it, 0 for never.
	ttl int64

	children map[string]struct{}
	sorted   []string // the children in order, nil if not known

	weight uint64 // its present share of Tree.sum
	stale  bool   // it is in Tree.stale
}

// systemPaths exist from the beginning, with all-zero stats but for the list of the
// configuration, and cannot be deleted.
var systemPaths = []string{"/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"}

// New returns the tree of an empty ensemble.
func New() *Tree {
	t := &Tree{
		nodes:    map[string]*node{},
		sessions: map[int64]int32{},
		owned:    map[int64]map[string]struct{}{},
		limited:  map[string]bool{},
	}
	for _, path := range systemPaths {
		n := &node{path: path, acl: wire.OpenACL}
		if path == "/zookeeper/config" { // everybody may read it, nobody but the super user do more
			n.acl, n.aversion = wire.ReadACL, -1
		}
		t.nodes[path] = n
		if path != "/" {
			t.nodes[Parent(path)].adopt(Base(path))
		}
		t.touch(n)
	}
	return t
}

// Last is the zxid of the last transaction applied.
func (t *Tree) Last() wire.Zxid { return t.last }

// Len is the number of znodes, the server's own books included.
func (t *Tree) Len() int { return len(t.nodes) }

// Apply folds in one transaction. It answers OK, or what kept (part of) it from
// taking effect: NoNode, NodeExists. A sound log never shows that, a replay over a
// later state does, where it is harmless.
func (t *Tree) Apply(txn *wire.Txn) wire.ErrorCode { return t.ApplyEach(txn, nil) }

// ApplyEach is Apply that calls after when each part of a multi has taken effect,
// with its index; for any other transaction once, with 0.
func (t *Tree) ApplyEach(txn *wire.Txn, after func(part int)) wire.ErrorCode {
	t.last = max(t.last, txn.Zxid)
	multi, ok := txn.Body.(*wire.MultiTxn)
	if !ok {
		code := t.apply(txn, txn.Body)
		if after != nil {
			after(0)
		}
		return code
	}
	first := wire.OK
	for i, part := range multi.Parts {
		if code := t.apply(txn, part.Body); code != wire.OK && first == wire.OK {
			first = code
		}
		if after != nil {
			after(i)
		}
	}
	return first
}

// apply carries out one body under the header of txn.
func (t *Tree) apply(txn *wire.Txn, body wire.TxnBody) wire.ErrorCode {
	switch b := body.(type) {
	case *wire.CreateTxn:
		return t.create(txn, b)
	case *wire.DeleteTxn:
		return t.delete(b.Path, txn.Zxid)
	case *wire.SetDataTxn:
		return t.setData(txn, b)
	case *wire.SetACLTxn:
		return t.setACL(b)
	case *wire.CreateSessionTxn:
		t.sessions[txn.Session] = b.TimeoutMs
	case *wire.CloseSessionTxn:
		t.closeSession(txn, b)
	}
	return wire.OK // checks and errors change nothing
}

// create adds a znode. The parent's counters never go back, so a replay over a
// later state leaves them alone.
func (t *Tree) create(txn *wire.Txn, b *wire.CreateTxn) wire.ErrorCode {
	parent := t.nodes[Parent(b.Path)]
	if parent == nil || b.Path == "/" {
		return wire.ErrNoNode
	}
	if ahead(b.ParentCversion, parent.creates) {
		parent.creates = b.ParentCversion
	}
	parent.pzxid = max(parent.pzxid, txn.Zxid)
	t.touch(parent)
	if t.nodes[b.Path] != nil {
		return wire.ErrNodeExists
	}
	n := &node{
		path: b.Path, data: b.Data, acl: b.ACL,
		czxid: txn.Zxid, mzxid: txn.Zxid, pzxid: txn.Zxid,
		ctime: txn.Time, mtime: txn.Time, container: b.Container, ttl: b.TTL,
	}
	if b.Ephemeral {
		n.owner = txn.Session
		if t.owned[n.owner] == nil {
			t.owned[n.owner] = map[string]struct{}{}
		}
		t.owned[n.owner][b.Path] = struct{}{}
	}
	t.nodes[b.Path] = n
	parent.adopt(Base(b.Path))
	t.touch(n)
	t.limit(b.Path, true)
	return wire.OK
}

// ahead reports whether one count of creates comes after another. Counts go round, the
// one after 2^31-1 being -2^31, so it is their distance that tells.
func ahead(a, b int32) bool { return a-b > 0 }

// delete removes a znode, and what is below it: a sound log deletes leaves only, but
// whether one is sound is for a judge of the log to say, not for a tree that differs.
func (t *Tree) delete(path string, z wire.Zxid) wire.ErrorCode {
	n := t.nodes[path]
	if n == nil || path == "/" {
		return wire.ErrNoNode
	}
	for name := range n.children { //sim:unordered all of them go
		t.delete(path+"/"+name, z)
	}
	delete(t.nodes, path)
	t.limit(path, false)
	t.sum -= n.weight
	n.weight = 0
	if n.owner != 0 {
		delete(t.owned[n.owner], path)
	}
	if parent := t.nodes[Parent(path)]; parent != nil {
		delete(parent.children, Base(path))
		parent.sorted = nil
		parent.pzxid = max(parent.pzxid, z)
		t.touch(parent)
	}
	return wire.OK
}

// setData replaces the data of a znode.
func (t *Tree) setData(txn *wire.Txn, b *wire.SetDataTxn) wire.ErrorCode {
	n := t.nodes[b.Path]
	if n == nil {
		return wire.ErrNoNode
	}
	n.data, n.version, n.mzxid, n.mtime = b.Data, b.Version, txn.Zxid, txn.Time
	t.touch(n)
	return wire.OK
}

// setACL replaces the access control list of a znode. What tells of the data stays.
func (t *Tree) setACL(b *wire.SetACLTxn) wire.ErrorCode {
	n := t.nodes[b.Path]
	if n == nil {
		return wire.ErrNoNode
	}
	n.acl, n.aversion = b.ACL, b.Version
	t.touch(n)
	return wire.OK
}

// closeSession ends a session. Every ephemeral it still owns goes, listed or not:
// that is the promise; whether the list was right is for a judge to say.
func (t *Tree) closeSession(txn *wire.Txn, b *wire.CloseSessionTxn) {
	for _, path := range b.Paths {
		if n := t.nodes[path]; n != nil && n.owner == txn.Session {
			t.delete(path, txn.Zxid)
		}
	}
	for _, path := range t.Owned(txn.Session) {
		t.delete(path, txn.Zxid)
	}
	delete(t.owned, txn.Session)
	delete(t.sessions, txn.Session)
}

// adopt enters a child's name.
func (n *node) adopt(name string) {
	if n.children == nil {
		n.children = map[string]struct{}{}
	}
	n.children[name] = struct{}{}
	if last := len(n.sorted); last > 0 && n.sorted[last-1] < name {
		n.sorted = append(n.sorted, name) // names often come in order
		return
	}
	n.sorted = nil
}

// Parent returns the path of the znode above; "/" is its own parent.
func Parent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// Base returns the last element of a path.
func Base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Owned lists the ephemerals of a session, sorted.
func (t *Tree) Owned(session int64) []string {
	set := t.owned[session]
	if len(set) == 0 {
		return nil
	}
	out := make([]string, 0, len(set))
	for path := range set { //sim:unordered sorted below
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

// SessionOpen reports whether a session exists and is not closed.
func (t *Tree) SessionOpen(id int64) bool {
	_, open := t.sessions[id]
	return open
}
