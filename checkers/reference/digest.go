package reference

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// Digest is the fingerprint of the tree: the sum modulo 2^64, over all znodes but
// "/zookeeper" and what is below, of the IEEE CRC-32 of path, data and stat. The
// stat is big-endian: czxid, mzxid, pzxid, ctime, mtime (64 bits each), version,
// count of child creates, aversion (32 bits each), ephemeral owner (64 bits), which of a container is the
// least number and of a znode with a TTL that in the lowest five bytes below 0xff0000.
//
// Only znodes changed since the last call are hashed again.
func (t *Tree) Digest() uint64 {
	for _, n := range t.stale {
		n.stale = false
		if t.nodes[n.path] != n {
			continue // deleted meanwhile, its weight is already gone
		}
		w := n.hash()
		t.sum += w - n.weight
		n.weight = w
	}
	t.stale = t.stale[:0]
	return t.sum
}

// touch remembers that a znode changed.
func (t *Tree) touch(n *node) {
	if !n.stale && !System(n.path) {
		n.stale = true
		t.stale = append(t.stale, n)
	}
}

// System reports whether a path is "/zookeeper" or below it: the server's own
// books, outside every comparison.
func System(path string) bool {
	rest, ok := strings.CutPrefix(path, "/zookeeper")
	return ok && (rest == "" || rest[0] == '/')
}

// hash returns the CRC of one znode.
func (n *node) hash() uint64 {
	var buf [128]byte
	b := append(buf[:0], n.path...)
	crc := crc32.ChecksumIEEE(b)
	crc = crc32.Update(crc, crc32.IEEETable, n.data)
	b = buf[:0]
	for _, v := range [...]int64{int64(n.czxid), int64(n.mzxid), int64(n.pzxid), n.ctime, n.mtime} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	for _, v := range [...]int32{n.version, n.creates, n.aversion} {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	owner := uint64(n.owner)
	switch {
	case n.container:
		owner = 1 << 63 // the least number there is
	case n.ttl != 0:
		owner = 0xff<<56 | uint64(n.ttl)
	}
	b = binary.BigEndian.AppendUint64(b, owner)
	return uint64(crc32.Update(crc, crc32.IEEETable, b))
}
