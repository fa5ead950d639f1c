package tree

import (
	"encoding/binary"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// The snapshot format of ZooKeeper: header, session table, ACL table, nodes in
// pre-order, an end mark, the checksum of all that.
const (
	snapshotMagic   = 0x5a4b534e // "ZKSN"
	snapshotVersion = 2
	snapshotDBID    = -1
	rootOnDisk      = ""  // the root is written with an empty path,
	endOnDisk       = "/" // so that this can end the nodes
)

// writer appends the pieces of a snapshot to b.
type writer struct{ b []byte }

func (w *writer) int32(v int32) { w.b = binary.BigEndian.AppendUint32(w.b, uint32(v)) }
func (w *writer) int64(v int64) { w.b = binary.BigEndian.AppendUint64(w.b, uint64(v)) }

func (w *writer) str(s string) {
	w.int32(int32(len(s)))
	w.b = append(w.b, s...)
}

// buf keeps nil and empty apart, as jute does.
func (w *writer) buf(b []byte) {
	if b == nil {
		w.int32(-1)
		return
	}
	w.int32(int32(len(b)))
	w.b = append(w.b, b...)
}

func (w *writer) header() {
	w.int32(snapshotMagic)
	w.int32(snapshotVersion)
	w.int64(snapshotDBID)
}

func (w *writer) sessions(all []Session) {
	w.int32(int32(len(all)))
	for _, s := range all {
		w.int64(s.ID)
		w.int32(s.TimeoutMs)
	}
}

func (w *writer) acls(lists [][]wire.ACL) {
	w.int32(int32(len(lists)))
	for i, list := range lists {
		w.int64(int64(i + 1))
		w.int32(int32(len(list)))
		for _, a := range list {
			w.int32(a.Perms)
			w.str(a.Scheme)
			w.str(a.ID)
		}
	}
}

func (w *writer) node(n *znode) {
	if n.path == rootPath {
		w.str(rootOnDisk)
	} else {
		w.str(n.path)
	}
	w.buf(n.data)
	w.int64(n.acl)
	w.int64(int64(n.czxid))
	w.int64(int64(n.mzxid))
	w.int64(n.ctime)
	w.int64(n.mtime)
	w.int32(n.version)
	w.int32(n.creates)
	w.int32(n.aversion)
	w.int64(n.owner)
	w.int64(int64(n.pzxid))
}

func (w *writer) endOfNodes() { w.str(endOnDisk) }

func (w *writer) seal(sum uint32) {
	w.int64(int64(sum))
	w.str(endOnDisk)
}
