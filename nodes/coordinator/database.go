package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// database is a server's history in its three forms: the log files, the tree
// that they add up to, and the recent transactions kept for learners.
//
// Invariant: tree.LastProcessed() <= log.LastZxid(), equal whenever the server
// looks for a leader.
type database struct {
	log  *txnlog.Log
	tree *tree.Tree
	// recent holds the last applied transactions, consecutive, ending at the
	// tree's last processed one (the committedLog); at most keep of them.
	recent []*wire.Txn
	keep   int
	bugs   bugs.Set
}

// reset takes over a history rebuilt from the files.
func (d *database) reset(h store.History) {
	d.tree = h.Tree
	d.recent = append(make([]*wire.Txn, 0, 2*d.keep+1), h.Tail...)
}

// lastSeen is the end of the history: what a vote claims and a learner reports.
// The planted bug claims the tree instead, which hides a longer log.
func (d *database) lastSeen() wire.Zxid {
	if d.bugs.Has(bugs.StaleMemoryTree) {
		return d.tree.LastProcessed()
	}
	return d.log.LastZxid()
}

// apply adds a transaction to the tree and to those kept for learners. serving says
// whether that is long after the synchronisation; to leave out what came with it
// would leave a hole.
func (d *database) apply(txn *wire.Txn, serving bool) tree.Result {
	res := d.tree.Apply(txn)
	if d.bugs.Has(bugs.CommittedLogHole) && !serving {
		return res
	}
	if len(d.recent) == cap(d.recent) {
		// Move the window to fresh memory: learners may still read the old one.
		d.recent = append(make([]*wire.Txn, 0, 2*d.keep+1), d.recent...)
	}
	d.recent = append(d.recent, txn)
	if over := len(d.recent) - d.keep; over > 0 {
		d.recent = d.recent[over:]
	}
	return res
}

// logged reads the log files for the transactions in (after, upTo]. An
// unreadable log has nothing to offer.
func (d *database) logged(after, upTo wire.Zxid) []*wire.Txn {
	txns, err := d.log.Read(after)
	if err != nil {
		return nil
	}
	for i, t := range txns {
		if t.Zxid > upTo {
			return txns[:i]
		}
	}
	return txns
}
