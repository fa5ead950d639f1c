package zab

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// plan is how a leader brings one learner up to date: an operation on the
// learner's history up to Cut, then the transactions that follow it.
type plan struct {
	// Op is DIFF, TRUNC or SNAP. DIFF keeps the learner's history, TRUNC cuts it
	// after Cut, SNAP replaces it by the leader's tree at Cut.
	Op  wire.PacketType
	Cut wire.Zxid
	// Txns are sent as PROPOSAL and COMMIT.
	Txns     []*wire.Txn
	FromDisk bool
}

// decide picks the cheapest operation after which the learner's history equals
// the leader's up to h.Last. peer is the learner's last zxid, wire.NoZxid if only
// a SNAP can help it.
//
// A TRUNC must never cross an epoch the leader knows nothing about: if the
// learner's tail is of another epoch than the leader's next transaction, the
// leader cannot tell how much of that epoch the learner shares, and sends SNAP.
func decide(peer wire.Zxid, h History, b bugs.Set) plan {
	if peer == wire.NoZxid {
		return plan{Op: wire.PacketSnap, Cut: h.Last}
	}
	if peer == h.Last {
		return plan{Op: wire.PacketDiff, Cut: peer}
	}
	lo, hi := h.Last, h.Last
	if len(h.Recent) > 0 {
		lo, hi = h.Recent[0].Zxid, h.Recent[len(h.Recent)-1].Zxid
	}
	switch {
	case peer > hi && peer.Counter() != 0:
		return plan{Op: wire.PacketTrunc, Cut: hi}
	case lo <= peer && peer <= hi:
		if p, ok := fromEntries(peer, h.Recent, b); ok {
			return p
		}
	case peer < lo && h.FromDisk != nil:
		entries := h.FromDisk(peer)
		if b.Has(bugs.DiskLogWithGap) && len(entries) > 0 && entries[0].Zxid > peer {
			return plan{Op: wire.PacketDiff, Cut: peer, Txns: entries, FromDisk: true}
		}
		if p, ok := fromEntries(peer, entries, b); ok {
			p.FromDisk = true
			return p
		}
	}
	return plan{Op: wire.PacketSnap, Cut: h.Last}
}

// fromEntries plans from consecutive transactions of the leader's history. It
// needs the one at peer, or one before it that the learner can be cut back to.
func fromEntries(peer wire.Zxid, entries []*wire.Txn, b bugs.Set) (plan, bool) {
	next := 0
	for next < len(entries) && entries[next].Zxid <= peer {
		next++
	}
	if next == 0 {
		return plan{}, false // the entries start after peer: what lies between is unknown
	}
	before := entries[next-1].Zxid
	if before == peer || b.Has(bugs.DiffWhereTrunc) {
		return plan{Op: wire.PacketDiff, Cut: peer, Txns: entries[next:]}, true
	}
	if next < len(entries) && entries[next].Zxid.Epoch() != peer.Epoch() {
		return plan{}, false
	}
	return plan{Op: wire.PacketTrunc, Cut: before, Txns: entries[next:]}, true
}
