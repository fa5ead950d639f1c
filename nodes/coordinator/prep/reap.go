package prep

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Reap prepares the deletion of a node that the tree shows expired. What is
// outstanding may have given it a child since, or changed or deleted it: then it
// becomes an error transaction, like any request that comes too late. ZooKeeper asks
// here only for children, and so deletes a node with a TTL under a write that it has
// accepted before.
func (p *Prep) Reap(path string, zxid wire.Zxid, nowMs int64) *wire.Txn {
	txn := &wire.Txn{Zxid: zxid, Time: nowMs, Type: wire.OpDeleteContainer}
	if err := p.reapable(path, nowMs); err != wire.OK {
		txn.Type, txn.Body = wire.OpError, &wire.ErrorTxn{Err: err}
		return txn
	}
	p.unlink(zxid, path)
	txn.Body = &wire.DeleteTxn{Path: path}
	return txn
}

func (p *Prep) reapable(path string, nowMs int64) wire.ErrorCode {
	node, ok := p.lookup(path)
	switch {
	case !ok:
		return wire.ErrNoNode
	case p.bugs.Has(bugs.ReaperTrustsItsList):
		return wire.OK
	case !node.Container && node.TTL == 0:
		return wire.ErrBadArguments // another node by now
	case node.Children > 0:
		return wire.ErrNotEmpty
	case p.bugs.Has(bugs.ReaperIgnoresTouch) && node.TTL != 0:
		return wire.OK
	}
	if !node.Expired(node.Creates, nowMs, p.limits.NeverUsed) {
		return wire.ErrBadVersion // changed meanwhile
	}
	return wire.OK
}
