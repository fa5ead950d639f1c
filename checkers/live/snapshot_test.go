package live

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// snapshotScenes are about snapshots and the log that they rest on.
var snapshotScenes = []scene{
	{"", "a snapshot has traces of what the log holds durably", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.disks[A].sync()
		p.snapshot(A, z(1, 1), z(1, 2))
	}},
	{"", "a leader that others outran purges a log before it acknowledges anything", func(p *play) {
		p.outrun(func() { p.snapshot(A, z(1, 2), z(1, 2)) })
	}},
	{AckDurability, "a log is gone, and no snapshot has what was in it", func(p *play) {
		p.outrun(func() {})
	}},
	{ReplayDeterminism, "a snapshot has traces of what a crash may take", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.snapshot(A, z(1, 1), z(1, 2))
	}},
}

// purgeScenes delete snapshots and logs. 1:1 is in the log, and everybody has it.
var purgeScenes = []scene{
	{"", "two snapshots are kept, and the log after the older", func(p *play) {
		p.snapshot(A, 0, 0)
		p.snapshot(A, z(1, 1), z(1, 1))
		p.fact(A, facts.Purged, 0, 2)
	}},
	{PurgeKeeps, "a damaged snapshot is counted", func(p *play) {
		p.snapshot(A, 0, 0)
		p.snapshot(A, z(1, 1), z(1, 1))
		p.rotten = "snapshot.100000001"
		p.fact(A, facts.Purged, 0, 2)
	}},
	{PurgeKeeps, "the log after the older snapshot is gone", func(p *play) {
		p.snapshot(A, 0, 0)
		p.snapshot(A, z(1, 1), z(1, 1))
		delete(p.disks[A].cached, logFile)
		p.fact(A, facts.Purged, 0, 2)
	}},
}

// outrun lets B and C commit a write of A, which purges its log and acknowledges the
// next write only.
func (p *play) outrun(before func()) {
	p.accept(C, 1)
	p.append(C, z(1, 1))
	p.disks[C].sync()
	p.join(C, 1, z(1, 1))
	p.propose(A, z(1, 2), znode("b"))
	for _, id := range []node.ID{A, B, C} {
		p.append(id, z(1, 2))
	}
	p.ack(B, z(1, 2))
	p.ack(C, z(1, 2))
	p.fact(A, facts.Committed, n(1, 2), bit(B, C))
	p.apply(A, z(1, 2))
	before()
	delete(p.disks[A].cached, logFile)
	p.propose(A, z(1, 3), znode("c"))
	p.appendTo(A, "log.100000003", z(1, 3))
	p.ack(A, z(1, 3))
}

// snapshot finishes a snapshot with one znode, the root, that bears a trace.
func (p *play) snapshot(id node.ID, at, trace wire.Zxid) {
	name := fmt.Sprintf("snapshot.%x", int64(at))
	b := make([]byte, 16+4+4, 128)                      // header, no session, no list
	b = append(b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)   // the root, without data
	b = append(b, make([]byte, 8+8+8+8+8+4+4+4+8)...)   // up to the owner
	b = binary.BigEndian.AppendUint64(b, uint64(trace)) // pzxid
	b = append(b, 0, 0, 0, 1, '/')                      // no more
	p.disks[id].cached[name], p.disks[id].durable[name] = b, b
	p.fact(id, facts.SnapshotTaken, int64(at))
}

// TestNewestTrace reads what the server writes.
func TestNewestTrace(t *testing.T) {
	live := tree.New()
	live.Apply(&wire.Txn{Session: 7, Zxid: z(1, 1), Body: &wire.CreateSessionTxn{TimeoutMs: 4000}})
	live.Apply(&wire.Txn{Session: 7, Zxid: z(1, 2), Body: &wire.CreateTxn{
		Path: "/a", Data: []byte("x"), ACL: []wire.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}}, ParentCversion: 1,
	}})
	s := live.Snapshot()
	live.Apply(&wire.Txn{Session: 7, Zxid: z(1, 3), Body: &wire.SetDataTxn{Path: "/a", Data: nil, Version: 1}})
	b, _ := s.Next(math.MaxInt)
	if got := newestTrace(b); s.Zxid() != z(1, 2) || got != z(1, 3) {
		t.Errorf("a snapshot of %v has traces up to %v, want 1:3", s.Zxid(), got)
	}
	if got := newestTrace(b[:len(b)/2]); got != 0 {
		t.Errorf("half a snapshot has traces up to %v", got)
	}
}
