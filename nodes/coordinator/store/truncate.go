package store

import (
	"fmt"
	"math"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Truncate makes the history end at z, durably: what a TRUNC asks. The caller
// then reloads the tree with [Load], and must not append or sync meanwhile. It is
// an error if the history cannot be rebuilt up to z from what would be left.
//
// Both snapshots and log must be cut, or the tree rebuilt from a newer snapshot
// holds transactions that were truncated (ZOOKEEPER-4837). Snapshots beyond z are
// gone for good before the log is cut: a crash in between leaves an older snapshot
// and the whole log, that is, the old history. In the other order it would leave a
// fuzzy snapshot without the transactions that left traces in it, and the tree
// would be one that never was.
func Truncate(t *node.Task, d node.Disk, log *txnlog.Log, z wire.Zxid, b bugs.Set) error {
	if b.Has(bugs.TruncKeepsNewerSnapshot) {
		return truncateLog(t, log, z)
	}
	return cut(t, d, log, z)
}

func cut(t *node.Task, d node.Disk, log *txnlog.Log, z wire.Zxid) error {
	if err := checkReach(d, log, z); err != nil {
		return err
	}
	// A snapshot in progress may be published while we wait; the log's cut, which
	// makes it give up, follows the last look without a pause.
	for {
		n, err := removeSnapshots(d, z, math.MaxInt64)
		if err != nil {
			return err
		}
		if n == 0 {
			return truncateLog(t, log, z)
		}
		if err := t.SyncDir(); err != nil {
			return fmt.Errorf("store: truncate to %v: %w", z, err)
		}
	}
}

func truncateLog(t *node.Task, log *txnlog.Log, z wire.Zxid) error {
	if err := log.Truncate(z); err != nil {
		return err
	}
	return log.Settle(t)
}

// CanTruncate reports whether Truncate to z is possible. It is not if the history
// begins with a snapshot beyond z, which a leader sent in a SNAP.
func CanTruncate(d node.Disk, log *txnlog.Log, z wire.Zxid) bool {
	return checkReach(d, log, z) == nil
}

// checkReach reports whether the log reaches back to a snapshot at or before z,
// or to the beginning.
func checkReach(d node.Disk, log *txnlog.Log, z wire.Zxid) error {
	if z >= log.LastZxid() || log.Reaches(0) {
		return nil
	}
	for _, s := range snapshots(d) {
		if _, err := loadSnapshot(d, s, bugs.Set{}); s <= z && err == nil && log.Reaches(s) {
			return nil
		}
	}
	return fmt.Errorf("store: cannot truncate to %v: no snapshot on this disk leads there", z)
}

// removeSnapshots removes the snapshots after one zxid up to another and returns
// their number.
func removeSnapshots(d node.Disk, after, upTo wire.Zxid) (n int, _ error) {
	for _, s := range snapshots(d) {
		if s <= after || s > upTo {
			continue
		}
		if err := d.Remove(snapshotName(s)); err != nil {
			return n, fmt.Errorf("store: remove %s: %w", snapshotName(s), err)
		}
		n++
	}
	return n, nil
}
