package zab

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func z(epoch int64, counter uint32) wire.Zxid { return wire.MakeZxid(epoch, counter) }

func txns(zxids ...wire.Zxid) []*wire.Txn {
	var out []*wire.Txn
	for _, zxid := range zxids {
		out = append(out, &wire.Txn{Zxid: zxid, Type: wire.OpError, Body: &wire.ErrorTxn{}})
	}
	return out
}

func zxidsOf(txns []*wire.Txn) []wire.Zxid {
	var out []wire.Zxid
	for _, t := range txns {
		out = append(out, t.Zxid)
	}
	return out
}

func TestDecide(t *testing.T) {
	mine := txns(z(1, 5), z(1, 6), z(1, 7), z(2, 1), z(2, 2))
	onDisk := append(txns(z(1, 1), z(1, 2), z(1, 3), z(1, 4)), mine...)
	for _, c := range []struct {
		name     string
		peer     wire.Zxid
		disk     bool
		op       wire.PacketType
		cut      wire.Zxid
		txns     int
		fromDisk bool
	}{
		{"same end", z(2, 2), false, wire.PacketDiff, z(2, 2), 0, false},
		{"lacks a suffix", z(1, 6), false, wire.PacketDiff, z(1, 6), 3, false},
		{"tail beyond ours", z(2, 9), false, wire.PacketTrunc, z(2, 2), 0, false},
		{"tail of a newer epoch without a leader", z(3, 1), false, wire.PacketTrunc, z(2, 2), 0, false},
		// (1,8) is not ours and the next of ours is of epoch 2: we cannot tell how
		// much of epoch 1 the learner shares.
		{"tail inside our range, other epoch follows", z(1, 8), false, wire.PacketSnap, z(2, 2), 0, false},
		{"behind the cache", z(1, 2), false, wire.PacketSnap, z(2, 2), 0, false},
		{"behind the cache, files allowed", z(1, 2), true, wire.PacketDiff, z(1, 2), 7, true},
		{"asks for a snapshot", wire.NoZxid, false, wire.PacketSnap, z(2, 2), 0, false},
		{"asks for a snapshot, files allowed", wire.NoZxid, true, wire.PacketSnap, z(2, 2), 0, false},
		{"fresh server, files do not start at the beginning", 0, true, wire.PacketSnap, z(2, 2), 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := History{Last: z(2, 2), Recent: mine}
			if c.disk {
				h.FromDisk = func(wire.Zxid) []*wire.Txn { return onDisk }
			}
			p := decide(c.peer, h, bugs.Set{})
			if p.Op != c.op || p.Cut != c.cut || len(p.Txns) != c.txns || p.FromDisk != c.fromDisk {
				t.Errorf("got %v cut=%v txns=%v disk=%v", p.Op, p.Cut, zxidsOf(p.Txns), p.FromDisk)
			}
		})
	}
}

// histories draws a leader's history and a learner's that the protocol allows to
// exist beside it: a common prefix, then possibly a tail of an epoch whose leader
// fell before the leader's next transaction.
func histories(t *rapid.T) (leader, peer []wire.Zxid) {
	epoch := int64(0)
	for range rapid.IntRange(1, 4).Draw(t, "epochs") {
		epoch += int64(rapid.IntRange(1, 2).Draw(t, "step"))
		for c := range rapid.IntRange(0, 4).Draw(t, "count") {
			leader = append(leader, z(epoch, uint32(c+1)))
		}
	}
	shared := rapid.IntRange(0, len(leader)).Draw(t, "shared")
	peer = slices.Clone(leader[:shared])
	lo, hi := int64(1), epoch+1
	if shared > 0 {
		lo = leader[shared-1].Epoch()
	}
	if shared < len(leader) {
		hi = leader[shared].Epoch() - 1
	}
	if lo > hi {
		return leader, peer
	}
	e := rapid.Int64Range(lo, hi).Draw(t, "tailEpoch")
	next := uint32(1)
	if shared > 0 && e == leader[shared-1].Epoch() {
		next = leader[shared-1].Counter() + 1
	}
	for c := range rapid.IntRange(0, 3).Draw(t, "tail") {
		peer = append(peer, z(e, next+uint32(c)))
	}
	return leader, peer
}

// carryOut does to a history what a learner does that is told the plan.
func carryOut(p plan, peer, leader []wire.Zxid) []wire.Zxid {
	var out []wire.Zxid
	switch p.Op {
	case wire.PacketDiff:
		out = slices.Clone(peer)
	case wire.PacketTrunc:
		for _, zxid := range peer {
			if zxid <= p.Cut {
				out = append(out, zxid)
			}
		}
	case wire.PacketSnap:
		for _, zxid := range leader {
			if zxid <= p.Cut {
				out = append(out, zxid)
			}
		}
	}
	return append(out, zxidsOf(p.Txns)...)
}

// Whatever the histories, the cache and the files: after the plan the learner has
// exactly the leader's history.
func TestDecideMakesHistoriesEqual(t *testing.T) {
	hit := map[wire.PacketType]int{}
	rapid.Check(t, func(t *rapid.T) {
		leader, peer := histories(t)
		h := History{}
		if n := len(leader); n > 0 {
			h.Last = leader[n-1]
			h.Recent = txns(leader[rapid.IntRange(0, n).Draw(t, "cache"):]...)
		}
		if rapid.Bool().Draw(t, "diskSync") {
			purged := rapid.IntRange(0, len(leader)).Draw(t, "purged")
			h.FromDisk = func(wire.Zxid) []*wire.Txn { return txns(leader[purged:]...) }
		}
		var last wire.Zxid
		if len(peer) > 0 {
			last = peer[len(peer)-1]
		}
		p := decide(last, h, bugs.Set{})
		hit[p.Op]++
		if got := carryOut(p, peer, leader); !slices.Equal(got, leader) {
			t.Fatalf("leader %v, learner %v, plan %v cut=%v +%v gives %v", leader, peer, p.Op, p.Cut, zxidsOf(p.Txns), got)
		}
	})
	for _, op := range []wire.PacketType{wire.PacketDiff, wire.PacketTrunc, wire.PacketSnap} {
		if hit[op] == 0 {
			t.Errorf("no history led to %v", op)
		}
	}
}

// The same property convicts the historical bug.
func TestDecideConvictsDiffWhereTrunc(t *testing.T) {
	leader := []wire.Zxid{z(7, 71), z(7, 73), z(8, 1)}
	peer := []wire.Zxid{z(7, 71), z(7, 73), z(7, 74)}
	p := decide(z(7, 74), History{Last: z(8, 1), Recent: txns(leader...)}, bugs.Of(bugs.DiffWhereTrunc))
	if got := carryOut(p, peer, leader); slices.Equal(got, leader) {
		t.Error("the bug is not one")
	}
}
