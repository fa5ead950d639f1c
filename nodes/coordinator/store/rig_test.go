package store

import (
	"fmt"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// z is the zxid epoch:counter.
func z(epoch int64, counter uint32) wire.Zxid { return wire.MakeZxid(epoch, counter) }

// txn creates a znode named after its zxid if that is odd, and sets the data of
// the one before if it is even, so that a fuzzy snapshot shows traces of it.
func txn(zxid wire.Zxid) *wire.Txn {
	t := &wire.Txn{Session: 3, Cxid: int32(zxid), Zxid: zxid, Time: 1700000000000}
	if zxid%2 == 0 {
		t.Type, t.Body = wire.OpSetData, &wire.SetDataTxn{Path: path(zxid - 1), Data: make([]byte, 300), Version: 1}
		return t
	}
	t.Type = wire.OpCreate
	t.Body = &wire.CreateTxn{
		Path: path(zxid), Data: make([]byte, 200), ACL: wire.OpenACL, ParentCversion: int32(zxid.Counter()),
	}
	return t
}

func path(zxid wire.Zxid) string { return fmt.Sprintf("/n%d", zxid) }

// treeOf applies zxids to an empty tree.
func treeOf(zs ...wire.Zxid) *tree.Tree {
	t := tree.New()
	for _, zxid := range zs {
		t.Apply(txn(zxid))
	}
	return t
}

// span lists first to last of one epoch.
func span(first, last wire.Zxid) (zs []wire.Zxid) {
	for zxid := first; zxid <= last; zxid++ {
		zs = append(zs, zxid)
	}
	return zs
}

// rig is a server reduced to its disk, log and tree.
type rig struct {
	t    *testing.T
	disk *crashdisk.Disk
	log  *txnlog.Log
	tree *tree.Tree
	bugs bugs.Set
	// legal maps the zxids at which a recovered history may end to the digest the
	// tree must then have.
	legal   map[wire.Zxid]uint64
	durable wire.Zxid
	states  int
}

// newRig starts on a fresh disk with a settled history.
func newRig(t *testing.T, history ...wire.Zxid) *rig {
	r := &rig{t: t, disk: crashdisk.New(), tree: tree.New(), legal: map[wire.Zxid]uint64{0: tree.New().Digest()}}
	r.log, _ = txnlog.Open(r.disk, bugs.Set{})
	r.add(history...)
	r.run(r.log.Settle)
	r.durable = r.log.LastZxid()
	return r
}

// add logs and applies transactions.
func (r *rig) add(zs ...wire.Zxid) {
	r.t.Helper()
	for _, zxid := range zs {
		r.tree.Apply(txn(zxid))
		r.legal[zxid] = r.tree.Digest()
		if _, _, err := r.log.Append(txn(zxid)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// run runs a flow to its end, and the log's own syncs beside it.
func (r *rig) run(flow func(*node.Task) error) {
	r.t.Helper()
	task := node.NewTask("flow", r.disk, func(t *node.Task) {
		if err := flow(t); err != nil {
			r.t.Fatalf("flow: %v", err)
		}
	})
	for task.Start(); !task.Ended(); {
		r.step()
	}
}

// step completes one sync, or starts the log's if none is pending.
func (r *rig) step() {
	r.t.Helper()
	var err error
	switch {
	case r.disk.TaskNext():
		r.disk.CompleteNext()
	case r.disk.Pending() > 0:
		_, err = r.log.Synced(r.disk.CompleteNext())
	default:
		err = r.log.Sync(node.Tag{})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) snapshot(chunk int) {
	r.t.Helper()
	source := r.tree.Snapshot()
	r.run(func(t *node.Task) error {
		_, err := SaveSnapshot(t, r.disk, r.log, source, chunk, r.bugs, func(node.Event) {})
		return err
	})
}

// recover recovers from a disk and checks that the outcome is a legal one.
func (r *rig) recover(d *crashdisk.Disk) *Recovered {
	r.t.Helper()
	got, err := Recover(d, r.bugs, 3)
	if err != nil {
		r.t.Fatalf("recover: %v; disk %v", err, d.List())
	}
	digest, ok := r.legal[got.LastZxid]
	switch {
	case !ok:
		r.t.Fatalf("recovered to %v, which is no history", got.LastZxid)
	case got.LastZxid < r.durable:
		r.t.Fatalf("recovered to %v, but %v was durable", got.LastZxid, r.durable)
	case got.LastZxid != got.Log.LastZxid() || got.LastZxid != got.Tree.LastProcessed():
		r.t.Fatalf("history ends at %v, log at %v, tree at %v", got.LastZxid, got.Log.LastZxid(), got.Tree.LastProcessed())
	case digest != got.Tree.Digest():
		r.t.Fatalf("recovered to %v with a tree that never was (snapshot %v)", got.LastZxid, got.SnapshotZxid)
	}
	return got
}

// onEveryCrash recovers from every crash state during what follows.
func (r *rig) onEveryCrash() {
	r.disk.Effect = func() {
		for state := range r.disk.Crashes() {
			r.states++
			r.recover(state)
		}
		r.recover(r.disk.Clone())
	}
}
