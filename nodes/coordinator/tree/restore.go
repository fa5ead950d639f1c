package tree

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// sealSize is the length of checksum and end mark: 8 + 4 + 1 bytes.
const sealSize = 13

// Intact reports whether a snapshot is complete and matches its checksum, without
// building the tree: what a crash can do to a file it always finds out.
func Intact(b []byte) error {
	if len(b) < sealSize {
		return fmt.Errorf("tree: a snapshot of %d bytes is cut short", len(b))
	}
	body, seal := b[:len(b)-sealSize], reader{b: b, off: len(b) - sealSize}
	if got, want := int64(adler32.Checksum(body)), seal.int64(); got != want || seal.str() != endOnDisk {
		return fmt.Errorf("tree: snapshot checksum is %#x, its content gives %#x: torn or corrupt", want, got)
	}
	return nil
}

// Restore reads a snapshot. It refuses one that is not [Intact] or not a tree. The
// caller knows from the snapshot's name which zxid it stands for, sets it as
// LastProcessed and replays the log after it.
func Restore(b []byte) (*Tree, error) {
	if err := Intact(b); err != nil {
		return nil, err
	}
	return restore(b)
}

// RestoreUnchecked is Restore by a server that does not look at the checksum.
func RestoreUnchecked(b []byte) (*Tree, error) {
	if len(b) < sealSize {
		return nil, Intact(b)
	}
	return restore(b)
}

func restore(b []byte) (*Tree, error) {
	body := b[:len(b)-sealSize]
	r := reader{b: body}
	t := empty()
	r.header()
	r.sessions(t)
	r.acls(t)
	for r.node(t) {
	}
	if r.err == nil && r.off != len(body) {
		r.fail("%d bytes follow the end mark", len(body)-r.off)
	}
	if r.err == nil && t.nodes[rootPath] == nil {
		r.fail("no root")
	}
	if r.err != nil {
		return nil, r.err
	}
	t.findQuotas()
	return t, nil
}

// reader takes a snapshot apart. After the first error it reads zeros.
type reader struct {
	b   []byte
	off int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("tree: snapshot offset %d: %s", r.off, fmt.Sprintf(format, args...))
	}
}

// zeros stands for what a failed read returns.
var zeros [8]byte

func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.b)-r.off {
		r.fail("%d bytes wanted, %d left", n, len(r.b)-r.off)
	}
	if r.err != nil {
		return zeros[:min(n, len(zeros))]
	}
	r.off += n
	return r.b[r.off-n : r.off]
}

func (r *reader) int32() int32 { return int32(binary.BigEndian.Uint32(r.take(4))) }
func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

// count reads a number of things of at least size bytes each; -1 is null.
func (r *reader) count(size int) int {
	n := int(r.int32())
	if n < -1 || n*size > len(r.b)-r.off {
		r.fail("length %d is impossible", n)
		return 0
	}
	return n
}

func (r *reader) str() string { return string(r.take(max(0, r.count(1)))) }

func (r *reader) buf() []byte {
	n := r.count(1)
	if n < 0 {
		return nil
	}
	return append(make([]byte, 0, n), r.take(n)...)
}

func (r *reader) header() {
	if magic := r.int32(); magic != snapshotMagic {
		r.fail("magic %#x is not ZKSN", magic)
	}
	if version := r.int32(); version != snapshotVersion {
		r.fail("version %d, only %d is understood", version, snapshotVersion)
	}
	r.int64()
}

func (r *reader) sessions(t *Tree) {
	for range max(0, r.count(12)) {
		id := r.int64()
		t.sessions[id] = r.int32()
	}
}

func (r *reader) acls(t *Tree) {
	for i := range max(0, r.count(12)) {
		if ref := r.int64(); ref != int64(i+1) {
			r.fail("ACL %d has number %d", i+1, ref)
		}
		list := make([]wire.ACL, max(0, r.count(12)))
		for j := range list {
			list[j] = wire.ACL{Perms: r.int32(), Scheme: r.str(), ID: r.str()}
		}
		t.acls.lists = append(t.acls.lists, list)
	}
}

// node reads one node into the tree, false at the end mark or an error.
func (r *reader) node(t *Tree) bool {
	path := r.str()
	if r.err != nil || path == endOnDisk {
		return false
	}
	if path == rootOnDisk {
		path = rootPath
	}
	n := &znode{
		path: path, data: r.buf(), acl: r.int64(),
		czxid: wire.Zxid(r.int64()), mzxid: wire.Zxid(r.int64()), ctime: r.int64(), mtime: r.int64(),
		version: r.int32(), creates: r.int32(), aversion: r.int32(),
		owner: r.int64(), pzxid: wire.Zxid(r.int64()),
	}
	switch {
	case path[0] != '/':
		r.fail("path %q is not absolute", path)
	case t.nodes[path] != nil:
		r.fail("node %s comes twice", path)
	case path != rootPath && t.nodes[Parent(path)] == nil:
		r.fail("node %s comes without its parent", path)
	case strings.HasSuffix(path, "/") && path != rootPath:
		r.fail("path %q has no name", path)
	}
	if r.err != nil {
		return false
	}
	if !t.acls.known(n.acl) {
		// Created after the ACL table was written; the replay brings the list.
		n.acl = openACLRef
	}
	t.link(n)
	return true
}
