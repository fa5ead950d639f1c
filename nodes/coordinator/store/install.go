package store

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Install replaces the history by a snapshot of z that the leader sent, durably.
// The tree must be loaded from the snapshot by the caller, who must not append,
// sync or take a snapshot meanwhile.
//
// What the history has beyond z goes first, then comes the snapshot, then the log
// before it goes. A crash in between leaves the old history up to z, or the new
// one; a log that ends before its snapshot is dropped by Recover as well.
func Install(t *node.Task, d node.Disk, log *txnlog.Log, z wire.Zxid, snapshot []byte, b bugs.Set) error {
	if !CanTruncate(d, log, z) {
		return exchange(t, d, log, z, snapshot, b)
	}
	if err := cut(t, d, log, z); err != nil {
		return err
	}
	if err := save(t, d, z, snapshot); err != nil {
		return err
	}
	log.StartAfter(z)
	return log.Settle(t)
}

// exchange is Install where the history goes beyond z and cannot be cut: it begins
// with a snapshot beyond z. Snapshots and log cannot vanish in one stroke, and of
// either alone nothing can be rebuilt: the log continues its snapshot and no
// other, a fuzzy snapshot is a tree only together with the log. So the old history
// is made one file first, and that file is what goes in the end:
//
//  1. A snapshot of the end of the old history, y, gets its name. A crash leaves
//     the old history, in its old form or as that snapshot: the log has nothing
//     after y.
//  2. The log goes, newest file first. A crash leaves any beginning of it, which
//     Recover drops, as it ends before the newest snapshot, y.
//  3. The other snapshots beyond z go. A crash leaves any of them; y is newer.
//  4. The snapshot of z gets its name, perhaps instead of an older file. A crash
//     leaves either; y is newer.
//  5. y goes. A crash leaves the old history, or the new one: the snapshot of z is
//     the newest, and there is no log.
//
// Each step is durable before the next begins.
func exchange(t *node.Task, d node.Disk, log *txnlog.Log, z wire.Zxid, snapshot []byte, b bugs.Set) error {
	old, err := Load(d, log, b, 0)
	if err != nil {
		return err
	}
	y := old.LastZxid
	if err := save(t, d, y, old.Tree.Serialize()); err != nil {
		return err
	}
	log.StartOver(y)
	if err := log.Settle(t); err != nil {
		return err
	}
	if err := discard(t, d, z, y-1); err != nil {
		return err
	}
	if err := save(t, d, z, snapshot); err != nil {
		return err
	}
	if err := discard(t, d, z, y); err != nil {
		return err
	}
	log.StartOver(z)
	return log.Settle(t)
}

// save makes the snapshot of z durable under its name.
func save(t *node.Task, d node.Disk, z wire.Zxid, snapshot []byte) error {
	name := snapshotName(z)
	if err := d.WriteFile(name+temporary, snapshot); err != nil {
		return fmt.Errorf("store: save %s: %w", name, err)
	}
	return publish(t, d, name)
}

// discard removes the snapshots after one zxid up to another, durably.
func discard(t *node.Task, d node.Disk, after, upTo wire.Zxid) error {
	if _, err := removeSnapshots(d, after, upTo); err != nil {
		return err
	}
	if err := t.SyncDir(); err != nil {
		return fmt.Errorf("store: discard snapshots after %v: %w", after, err)
	}
	return nil
}
