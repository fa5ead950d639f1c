package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Recovered is what a server knows after boot.
type Recovered struct {
	History
	Log *txnlog.Log
	// Accepted and Current are the epochs of the files. Current may be below the
	// epoch of LastZxid: the server died between logging the first transactions of
	// an epoch and saving it. The log then holds the whole initial history of that
	// epoch, so the server may raise Current to it.
	Accepted, Current int64
	// Opened says in what state the log was found.
	Opened txnlog.Opened
}

// History is a database rebuilt from a snapshot and the log after it.
type History struct {
	Tree *tree.Tree
	// SnapshotZxid names the snapshot used, 0 if none.
	SnapshotZxid wire.Zxid
	// LastZxid is where the history ends: the tree's last processed zxid.
	LastZxid wire.Zxid
	// Tail are the last transactions of the log, consecutive, ending at LastZxid.
	Tail []*wire.Txn
}

// Recover rebuilds a server's state from its disk: the newest readable snapshot
// and all logged transactions after it. tail bounds Recovered.Tail. A fresh disk
// gives an empty tree and zxid 0. An error says why the server must not start:
// what is on the disk cannot be the work of a crash, and going on would forget
// transactions that were acknowledged.
//
// Nothing recovered counts as durable yet; Sync the log before acting on it.
func Recover(d node.Disk, b bugs.Set, tail int) (*Recovered, error) {
	r := &Recovered{}
	var err error
	if r.Accepted, r.Current, err = LoadEpochs(d); err != nil {
		return nil, err
	}
	r.Log, r.Opened = txnlog.Open(d, b)
	if r.Opened.Corrupt != "" {
		return nil, errors.New("store: transaction log is corrupt: " + r.Opened.Corrupt)
	}
	if err = removeTemporaries(d); err != nil {
		return nil, err
	}
	r.History, err = Load(d, r.Log, b, tail)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// removeTemporaries deletes what flows left that a crash interrupted.
func removeTemporaries(d node.Disk) error {
	for _, name := range d.List() {
		if strings.HasSuffix(name, temporary) {
			if err := d.Remove(name); err != nil {
				return fmt.Errorf("store: recover: %w", err)
			}
		}
	}
	return nil
}

// Load rebuilds the tree from the newest readable snapshot and the log, at boot
// and after Truncate or Install.
func Load(d node.Disk, log *txnlog.Log, b bugs.Set, tail int) (History, error) {
	h, damaged, err := newestSnapshot(d, b)
	if err != nil {
		return h, err // no snapshot is readable: nothing tells where the log should begin
	}
	if len(damaged) > 0 && !standsIn(damaged, log) {
		return h, fmt.Errorf("store: %s is damaged, and the log begins behind it", snapshotName(damaged[len(damaged)-1]))
	}
	if !log.Reaches(h.SnapshotZxid) {
		return h, fmt.Errorf("store: log files are missing: the log does not continue the snapshot of %v", h.SnapshotZxid)
	}
	if len(damaged) > 0 && damaged[0] > max(h.SnapshotZxid, log.LastZxid()) {
		return h, fmt.Errorf("store: %s is damaged and nothing else on this disk goes that far", snapshotName(damaged[0]))
	}
	h.Tree.SetBugs(b)
	if ghost := b.Has(bugs.TruncKeepsNewerSnapshot) && 0 < log.LastZxid() && log.LastZxid() < h.SnapshotZxid; ghost {
		h.Tree.SetLastProcessed(log.LastZxid())
	} else if h.SnapshotZxid > 0 {
		log.StartAfter(h.SnapshotZxid)
	}
	return h, h.replay(log, tail)
}

// standsIn reports whether an older snapshot and the log may take the place of
// damaged ones. The log must begin before the oldest of them: where it begins after it, as
// it does behind a snapshot that a leader sent, what lies between is lost, though the
// first record of an epoch looks as if it followed anything.
//
//	snapshot.2:36 came from the leader, log.3:1 continues it. A bit of the snapshot
//	flips. 3:1 could follow the empty history, and would be all this server knew.
func standsIn(damaged []wire.Zxid, log *txnlog.Log) bool {
	return log.First() <= damaged[len(damaged)-1]
}

// newestSnapshot loads the newest readable snapshot, or an empty tree. damaged are
// the unreadable ones that are newer, newest first, with the reason of the first; a
// crash cannot make one.
func newestSnapshot(d node.Disk, b bugs.Set) (h History, damaged []wire.Zxid, err error) {
	for _, z := range snapshots(d) {
		t, bad := loadSnapshot(d, z, b)
		if bad == nil {
			return History{Tree: t, SnapshotZxid: z}, damaged, nil
		}
		if damaged = append(damaged, z); err == nil {
			err = bad
		}
	}
	return History{Tree: tree.New()}, damaged, err
}

// replay applies the log after the snapshot.
func (h *History) replay(log *txnlog.Log, tail int) error {
	txns, err := log.Read(0)
	if err != nil {
		return err
	}
	for _, txn := range txns {
		if txn.Zxid > h.SnapshotZxid {
			h.Tree.Apply(txn)
		}
	}
	h.LastZxid = h.Tree.LastProcessed()
	h.Tail = txns[max(0, len(txns)-tail):]
	return nil
}
