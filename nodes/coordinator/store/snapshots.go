package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

const snapshotPrefix = "snapshot."

// snapshotName returns the name of the snapshot of z.
func snapshotName(z wire.Zxid) string { return snapshotPrefix + strconv.FormatInt(int64(z), 16) }

// snapshots lists the zxids of all snapshot files, newest first.
func snapshots(d node.Disk) []wire.Zxid {
	var zs []wire.Zxid
	for _, name := range d.List() {
		hex, ok := strings.CutPrefix(name, snapshotPrefix)
		if !ok {
			continue
		}
		if z, err := strconv.ParseInt(hex, 16, 64); err == nil {
			zs = append(zs, wire.Zxid(z))
		}
	}
	slices.Sort(zs)
	slices.Reverse(zs)
	return zs
}

// NewestSnapshot returns the zxid in the name of the newest snapshot, 0 if there is
// none. It may be damaged.
func NewestSnapshot(d node.Disk) wire.Zxid {
	if all := snapshots(d); len(all) > 0 {
		return all[0]
	}
	return 0
}

// IsSnapshot and IsLog tell by its name what a file is.
func IsSnapshot(name string) bool { return strings.HasPrefix(name, snapshotPrefix) }

// IsLog reports whether a file is part of the transaction log.
func IsLog(name string) bool { return txnlog.IsFile(name) }

// loadSnapshot restores the tree of one snapshot.
func loadSnapshot(d node.Disk, z wire.Zxid, b bugs.Set) (*tree.Tree, error) {
	data, _ := d.Read(snapshotName(z))
	restore := tree.Restore
	if b.Has(bugs.SnapshotUnchecked) {
		restore = tree.RestoreUnchecked
	}
	t, err := restore(data)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", snapshotName(z), err)
	}
	t.SetLastProcessed(z)
	return t, nil
}

// SaveSnapshot drains snap, at most chunk nodes at a time, into a file and
// publishes it. The server may apply transactions meanwhile; each chunk is synced
// before the next is serialized. It fails with the disk, and gives up (saved
// false) if the log is truncated meanwhile, as the snapshot may hold what was cut.
//
// Before the snapshot gets its name, the log must be durable as far as it went
// when serialization ended: a fuzzy snapshot is only right together with every
// transaction that may have left traces in it. Somebody else must Sync the log.
func SaveSnapshot(t *node.Task, d node.Disk, log *txnlog.Log, snap *tree.Snapshot, chunk int, b bugs.Set, observe func(node.Event)) (saved bool, err error) {
	name, cuts := snapshotName(snap.Zxid()), log.Cuts()
	write := d.WriteFile
	for more := true; more; write = d.Append {
		var data []byte
		data, more = snap.Next(chunk)
		if err = write(name+temporary, data); err == nil {
			err = t.Sync(name + temporary)
		}
		if err != nil {
			return false, fmt.Errorf("store: save %s: %w", name, err)
		}
	}
	if !b.Has(bugs.SnapshotBeforeLog) {
		err = log.AwaitDurable(t, log.LastZxid())
	}
	if log.Cuts() != cuts {
		return false, d.Remove(name + temporary)
	}
	if err != nil {
		return false, err
	}
	state := func(k *node.EventKind) { observe(node.Event{Kind: k, N: [4]int64{int64(snap.Zxid())}}) }
	state(facts.SnapshotWritten)
	if err = d.Rename(name+temporary, name); err == nil {
		state(facts.SnapshotNamed)
		err = t.SyncDir()
	}
	if err != nil {
		return false, fmt.Errorf("store: save %s: %w", name, err)
	}
	return true, nil
}

// PurgeSnapshots deletes all snapshots older than the newest keep, and the log
// files that only those needed. Only intact snapshots count that the log continues, so
// that damaged ones never crowd out the last good one (ZOOKEEPER-3231), nor one that a
// crash brought back after its log was purged, nor one from before a leader's. It
// returns the oldest that is kept, and whether anything was deleted.
func PurgeSnapshots(d node.Disk, log *txnlog.Log, keep int, b bugs.Set) (oldest wire.Zxid, purged bool, err error) {
	valid, all := 0, snapshots(d)
	if len(all) < keep {
		return 0, false, nil
	}
	for i, z := range all {
		if !continued(all, i, log) || !b.Has(bugs.PurgeCountsInvalid) && !intact(d, z) {
			continue
		}
		if valid++; valid < keep {
			continue
		}
		for _, old := range all[i+1:] {
			if err := d.Remove(snapshotName(old)); err != nil {
				return 0, false, fmt.Errorf("store: purge: %w", err)
			}
		}
		return z, len(all) > i+1, log.Purge(z)
	}
	return 0, false, nil
}

// intact reports whether the snapshot of z can be read. It is read anew at every purge:
// that it was whole when it was written says nothing about a medium that rots.
func intact(d node.Disk, z wire.Zxid) bool {
	data, _ := d.Read(snapshotName(z))
	return tree.Intact(data) == nil
}

// continued reports whether the log continues snapshot i of all, newest first. Where it
// begins with an epoch it looks as if it continued any; but a snapshot in between
// shows that there was something in between.
//
//	snapshot.1:106 is of before a leader's snapshot.2:38, which the log continues with
//	4:1. When the server starts next, from a later snapshot, 4:1 could follow 1:106.
func continued(all []wire.Zxid, i int, log *txnlog.Log) bool {
	return log.Reaches(all[i]) && (i == 0 || all[i-1] >= log.First())
}

// NewestSize is the size of the newest snapshot, 0 if there is none.
func NewestSize(d node.Disk) int64 {
	if all := snapshots(d); len(all) > 0 {
		return d.Size(snapshotName(all[0]))
	}
	return 0
}
