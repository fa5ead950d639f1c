package live

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// snapshotTaken looks for traces in a snapshot of what its server may yet lose. It is
// written while transactions are applied, so that some of them show in it, in part;
// only a replay of them all makes that right. If the log loses one in a crash, the
// tree becomes one that never was.
func (c *Checker) snapshotTaken(s *server, z wire.Zxid) {
	b, _ := c.ghost.Durable(s.ID, "snapshot."+strconv.FormatInt(int64(z), 16))
	trace := newestTrace(b)
	if trace <= z {
		return
	}
	kept, problem := c.diskHistory(s, durable)
	if problem == "" && trace > kept.zxid {
		c.fail(s, ReplayDeterminism, fmt.Sprintf("the snapshot of %v that %s finished holds traces of %v, while after a crash its history ends at %v",
			z, s.Name, trace, kept), c.proposal(trace), kept)
	}
}

// newestTrace is the highest zxid that the znodes of a snapshot bear; 0 for what is
// no snapshot.
func newestTrace(b []byte) wire.Zxid {
	r := snapshotReader{b: b}
	r.skip(16) // magic, version, database id
	for range r.number() {
		r.skip(12) // session and timeout
	}
	for range r.number() {
		r.skip(8) // reference of an access control list
		for range r.number() {
			r.skip(4)
			r.skip(r.number())
			r.skip(r.number())
		}
	}
	newest := wire.Zxid(0)
	for path := r.take(r.number()); !r.short && string(path) != "/"; path = r.take(r.number()) {
		r.skip(r.number()) // data
		r.skip(8)
		czxid, mzxid := r.zxid(), r.zxid()
		r.skip(8 + 8 + 4 + 4 + 4 + 8) // times, versions, owner
		newest = max(newest, czxid, mzxid, r.zxid())
	}
	if r.short {
		return 0
	}
	return newest
}

// snapshotReader walks a snapshot; once it is too short, everything reads as nothing.
type snapshotReader struct {
	b     []byte
	short bool
}

func (r *snapshotReader) take(n int) []byte {
	if r.short || n > len(r.b) {
		r.short = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *snapshotReader) skip(n int) { r.take(n) }

// number reads a length or count; that of null is 0.
func (r *snapshotReader) number() int {
	if b := r.take(4); b != nil {
		return int(max(0, int32(binary.BigEndian.Uint32(b))))
	}
	return 0
}

func (r *snapshotReader) zxid() wire.Zxid {
	if b := r.take(8); b != nil {
		return wire.Zxid(binary.BigEndian.Uint64(b))
	}
	return 0
}
