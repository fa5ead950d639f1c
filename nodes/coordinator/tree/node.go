package tree

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Paths that every tree has and no client can delete.
const (
	rootPath   = "/"
	systemPath = "/zookeeper"
	quotaPath  = "/zookeeper/quota"
	configPath = ConfigPath
)

// ConfigPath is the node that shows the active configuration.
const ConfigPath = "/zookeeper/config"

// IsSystem reports whether a path is one of the nodes that cannot be deleted.
func IsSystem(path string) bool {
	return path == rootPath || path == systemPath || path == quotaPath || path == configPath
}

// Parent returns the path of the parent: "/" for "/a" and for "/" itself.
func Parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return rootPath
	}
	return path[:i]
}

// znode is one node. Data is shared with the transaction that set it.
type znode struct {
	path string
	data []byte
	acl  int64 // reference into the tree's ACL table

	czxid, mzxid, pzxid wire.Zxid
	ctime, mtime        int64
	version, aversion   int32
	// creates counts the children ever created. It is what the disk and the
	// digest hold; clients see deletes counted too (see stat).
	creates int32
	owner   int64

	children map[string]struct{} // names; nil until the first
	// sorted caches the names in order, nil if out of date. Replies share it, so
	// it is replaced and never changed.
	sorted []string

	pathSum uint32 // CRC of the path, on which the digest continues
	sum     uint32 // this node's part of the tree's digest
}

// stat is the metadata as clients see it. Cversion counts creates and deletes of
// children: each child ever created counts one, and one more if it is gone.
func (n *znode) stat() wire.Stat {
	children := int32(len(n.children))
	return wire.Stat{
		Czxid: n.czxid, Mzxid: n.mzxid, Pzxid: n.pzxid, Ctime: n.ctime, Mtime: n.mtime,
		Version: n.version, Cversion: 2*n.creates - children, Aversion: n.aversion,
		EphemeralOwner: n.session(), DataLength: int32(len(n.data)), NumChildren: children,
	}
}

// names returns the names of the children in order. The caller must not change it.
func (n *znode) names() []string {
	if n.sorted == nil {
		n.sorted = slices.AppendSeq(make([]string, 0, len(n.children)), maps.Keys(n.children)) //sim:unordered sorted next
		slices.Sort(n.sorted)
	}
	return n.sorted
}

func (n *znode) addChild(name string) {
	if n.children == nil {
		n.children = make(map[string]struct{})
	}
	n.children[name] = struct{}{}
	n.sorted = nil
}

func (n *znode) removeChild(name string) {
	delete(n.children, name)
	n.sorted = nil
}

// childCreated moves creation count and pzxid up, never back: in a replay the
// node may be from a later moment than the transaction. Counts compare by their
// distance, because they wrap.
func (n *znode) childCreated(creates int32, zxid wire.Zxid) {
	if creates-n.creates > 0 {
		n.creates = creates
	}
	n.childTouched(zxid)
}

func (n *znode) childTouched(zxid wire.Zxid) { n.pzxid = max(n.pzxid, zxid) }

// name returns the last element of a path.
func name(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// childPath joins the path of a parent and the name of a child.
func childPath(parent, name string) string {
	if parent == rootPath {
		return rootPath + name
	}
	return parent + "/" + name
}

// inSystem reports whether a path is outside the digest: the system nodes change
// without transactions in a real server.
func inSystem(path string) bool {
	rest, ok := strings.CutPrefix(path, systemPath)
	return ok && (rest == "" || rest[0] == '/')
}

// digestOf returns the node's part of the digest: the IEEE CRC of path, data and
// metadata, 0 inside /zookeeper. It uses scratch, and returns it for the next.
func (n *znode) digestOf(scratch []byte) (uint32, []byte) {
	if inSystem(n.path) {
		return 0, scratch
	}
	b := scratch[:0]
	for _, v := range [...]int64{int64(n.czxid), int64(n.mzxid), int64(n.pzxid), n.ctime, n.mtime} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	for _, v := range [...]int32{n.version, n.creates, n.aversion} {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	b = binary.BigEndian.AppendUint64(b, uint64(n.owner))
	sum := crc32.Update(n.pathSum, crc32.IEEETable, n.data)
	return crc32.Update(sum, crc32.IEEETable, b), b
}
