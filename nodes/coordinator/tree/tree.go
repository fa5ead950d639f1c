package tree

import (
	"hash/crc32"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Tree is the database of one server. Slices it returns are shared and must not
// be changed.
type Tree struct {
	nodes map[string]*znode
	// ephemerals indexes the ephemeral nodes by owner. No owner has an empty set.
	ephemerals map[int64]map[string]struct{}
	// mortals are the containers and the nodes with a TTL.
	mortals map[string]*znode
	// quotas are the paths that have a limits node.
	quotas   map[string]struct{}
	sessions map[int64]int32 // timeouts in ms
	acls     aclTable
	last     wire.Zxid
	// digest is the sum over all nodes of their sums.
	digest  uint64
	scratch []byte
	bugs    bugs.Set
}

// Session is one entry of the session table.
type Session struct {
	ID        int64
	TimeoutMs int32
}

// New returns a fresh database: the root and the system nodes, all of them with
// zero metadata, and no session. Everybody may read the configuration and nobody but
// the super user may do more; it looks as if its list had been set to version -1
// (ZOOKEEPER-2014).
func New() *Tree {
	t := empty()
	for _, path := range []string{rootPath, systemPath, quotaPath} {
		t.link(&znode{path: path, acl: openACLRef, data: []byte{}})
	}
	t.link(&znode{path: configPath, acl: t.acls.intern(wire.ReadACL), aversion: -1, data: []byte{}})
	return t
}

func empty() *Tree {
	return &Tree{
		nodes:      make(map[string]*znode),
		ephemerals: make(map[int64]map[string]struct{}),
		mortals:    make(map[string]*znode),
		quotas:     make(map[string]struct{}),
		sessions:   make(map[int64]int32),
	}
}

// SetBugs switches bugs on in this tree.
func (t *Tree) SetBugs(b bugs.Set) { t.bugs = b }

// LastProcessed returns the zxid of the last transaction applied.
func (t *Tree) LastProcessed() wire.Zxid { return t.last }

// SetLastProcessed says which transaction the tree stands at, for a tree that
// was restored or stands at the start of an epoch.
func (t *Tree) SetLastProcessed(zxid wire.Zxid) { t.last = zxid }

// Data returns a node's data and metadata.
func (t *Tree) Data(path string) ([]byte, wire.Stat, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return nil, wire.Stat{}, wire.ErrNoNode
	}
	return n.data, n.stat(), wire.OK
}

// Stat returns a node's metadata.
func (t *Tree) Stat(path string) (wire.Stat, wire.ErrorCode) {
	_, stat, err := t.Data(path)
	return stat, err
}

// ACL returns a node's access control list.
func (t *Tree) ACL(path string) ([]wire.ACL, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return nil, wire.ErrNoNode
	}
	return t.acls.list(n.acl), wire.OK
}

// Children returns the names of a node's children, sorted, and its metadata.
func (t *Tree) Children(path string) ([]string, wire.Stat, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return nil, wire.Stat{}, wire.ErrNoNode
	}
	return n.names(), n.stat(), wire.OK
}

// Ephemerals returns the paths of a session's ephemeral nodes, sorted.
func (t *Tree) Ephemerals(session int64) []string {
	return slices.Sorted(maps.Keys(t.ephemerals[session]))
}

// Below returns the number of nodes below a path, at any depth.
func (t *Tree) Below(path string) (int32, wire.ErrorCode) {
	n := t.nodes[path]
	if n == nil {
		return 0, wire.ErrNoNode
	}
	total := int32(len(n.children))
	for _, child := range n.names() {
		below, _ := t.Below(childPath(path, child))
		total += below
	}
	return total, wire.OK
}

// Sessions returns the session table, in order of id.
func (t *Tree) Sessions() []Session {
	all := make([]Session, 0, len(t.sessions))
	for _, id := range slices.Sorted(maps.Keys(t.sessions)) {
		all = append(all, Session{id, t.sessions[id]})
	}
	return all
}

// SessionTimeout returns the timeout of a session in ms, and whether it exists.
func (t *Tree) SessionTimeout(session int64) (int32, bool) {
	timeout, ok := t.sessions[session]
	return timeout, ok
}

// Digest returns the sum, modulo 2^64, of the checksums of all nodes outside
// /zookeeper. Two servers at the same zxid have the same.
func (t *Tree) Digest() uint64 { return t.digest }

// Len returns the number of nodes.
func (t *Tree) Len() int { return len(t.nodes) }

// Size returns the bytes of all paths and data.
func (t *Tree) Size() int {
	total := 0
	for path, n := range t.nodes { //sim:unordered a sum
		total += len(path) + len(n.data)
	}
	return total
}

// Meta is what validation needs to know of a node.
type Meta struct {
	Version  int32
	Aversion int32 // of the access control list
	Creates  int32 // children ever created, the source of sequential names
	Children int32
	Bytes    int32 // of data
	Unset    bool  // the data is that of its creation
	Owner    int64 // owning session, 0 if not ephemeral
	// Lifespan tells when the ensemble may delete it.
	Lifespan
	ACL []wire.ACL
}

// Meta returns what validation needs to know of a node, and whether it exists.
func (t *Tree) Meta(path string) (Meta, bool) {
	n := t.nodes[path]
	if n == nil {
		return Meta{}, false
	}
	return Meta{
		Version: n.version, Aversion: n.aversion, Creates: n.creates, Children: int32(len(n.children)), Bytes: int32(len(n.data)),
		Unset: n.version == 0 && n.mzxid == n.czxid,
		Owner: n.session(), Lifespan: t.lifespan(n), ACL: t.acls.list(n.acl),
	}, true
}

// Clone returns an independent copy of the tree.
func (t *Tree) Clone() *Tree {
	c := empty()
	c.sessions = maps.Clone(t.sessions)
	c.quotas = maps.Clone(t.quotas)
	c.acls = t.acls.clone()
	c.last, c.digest, c.bugs = t.last, t.digest, t.bugs
	for path, n := range t.nodes { //sim:unordered copies a map into a map
		m := *n
		m.children = maps.Clone(n.children)
		c.nodes[path] = &m
		if m.mortal() {
			c.mortals[path] = &m
		}
	}
	for session, paths := range t.ephemerals { //sim:unordered copies a map into a map
		c.ephemerals[session] = maps.Clone(paths)
	}
	return c
}

// link adds a node to the map, to its parent's children, to its owner's
// ephemerals and to the digest. The parent must be there, except of the root.
func (t *Tree) link(n *znode) {
	n.pathSum = crc32.ChecksumIEEE([]byte(n.path))
	t.nodes[n.path] = n
	if n.path != rootPath {
		t.nodes[Parent(n.path)].addChild(name(n.path))
	}
	if n.mortal() {
		t.mortals[n.path] = n
	} else if n.owner != 0 {
		if t.ephemerals[n.owner] == nil {
			t.ephemerals[n.owner] = make(map[string]struct{})
		}
		t.ephemerals[n.owner][n.path] = struct{}{}
	}
	t.rehash(n)
}

// unlink is the opposite of link. What was below the node goes too: only a
// replay meets a node with children here, and it will create them again.
func (t *Tree) unlink(n *znode) {
	for _, child := range n.names() {
		t.unlink(t.nodes[childPath(n.path, child)])
	}
	delete(t.nodes, n.path)
	delete(t.mortals, n.path)
	t.nodes[Parent(n.path)].removeChild(name(n.path))
	if n.session() != 0 {
		delete(t.ephemerals[n.owner], n.path)
		if len(t.ephemerals[n.owner]) == 0 {
			delete(t.ephemerals, n.owner)
		}
	}
	t.digest -= uint64(n.sum)
	t.quotaRemoved(n)
}

// rehash brings the digest up to date with a changed node.
func (t *Tree) rehash(n *znode) {
	t.digest -= uint64(n.sum)
	n.sum, t.scratch = n.digestOf(t.scratch)
	t.digest += uint64(n.sum)
}
