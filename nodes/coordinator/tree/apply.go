package tree

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Result is what applying a transaction gave: enough to answer any request.
type Result struct {
	// Err is the code of an error transaction. In a replay it may also be
	// NoNode or NodeExists, which then mean nothing. A failed multi is OK here
	// and has its codes in Parts.
	Err  wire.ErrorCode
	Path string    // create: the path created
	Stat wire.Stat // create and setData: the metadata after it
	Data []byte    // setData: what was set
	// Parts: multi, one result an operation.
	Parts []wire.MultiResult
}

// Apply carries out a committed transaction. LastProcessed advances last: a
// snapshot named by it holds at least everything up to that name, the session
// table included (ZOOKEEPER-3144).
func (t *Tree) Apply(txn *wire.Txn) Result {
	var res Result
	if multi, ok := txn.Body.(*wire.MultiTxn); ok {
		res.Parts = make([]wire.MultiResult, len(multi.Parts))
		for i, part := range multi.Parts {
			one := t.apply(txn, part.Body)
			op := part.Type
			if op == wire.OpCreate2 && t.bugs.Has(bugs.Create2InMultiAsCreate) {
				op = wire.OpCreate
			}
			res.Parts[i] = one.part(op)
		}
	} else {
		res = t.apply(txn, txn.Body)
	}
	t.last = max(t.last, txn.Zxid)
	return res
}

// apply carries out one body with the transaction's session, zxid and time.
func (t *Tree) apply(txn *wire.Txn, body wire.TxnBody) Result {
	switch b := body.(type) {
	case *wire.CreateTxn:
		return t.create(txn, b)
	case *wire.DeleteTxn:
		return Result{Err: t.remove(b.Path, txn.Zxid)}
	case *wire.SetDataTxn:
		return t.setData(txn, b)
	case *wire.SetACLTxn:
		return t.setACL(b)
	case *wire.CheckTxn:
		return Result{}
	case *wire.CreateSessionTxn:
		t.sessions[txn.Session] = b.TimeoutMs
		return Result{}
	case *wire.CloseSessionTxn:
		t.closeSession(txn, b)
		return Result{}
	case *wire.ErrorTxn:
		return Result{Err: b.Err}
	}
	panic(fmt.Sprintf("tree: cannot apply %v with a %T", txn, body))
}

func (t *Tree) create(txn *wire.Txn, b *wire.CreateTxn) Result {
	parent := t.nodes[Parent(b.Path)]
	if parent == nil {
		return Result{Err: wire.ErrNoNode}
	}
	if b.ParentCversion >= parent.creates || !t.bugs.Has(bugs.SequenceStuck) {
		parent.childCreated(b.ParentCversion, txn.Zxid)
	}
	t.rehash(parent)
	if n := t.nodes[b.Path]; n != nil {
		// A snapshot caught the node, but perhaps not its list (ZOOKEEPER-4846).
		if !t.bugs.Has(bugs.ACLLostInReplay) {
			n.acl = t.acls.intern(b.ACL)
		}
		return Result{Err: wire.ErrNodeExists}
	}
	n := &znode{
		path: b.Path, data: b.Data, acl: t.acls.intern(b.ACL),
		czxid: txn.Zxid, mzxid: txn.Zxid, pzxid: txn.Zxid, ctime: txn.Time, mtime: txn.Time,
	}
	if b.Ephemeral {
		n.owner = txn.Session
	}
	switch {
	case b.Container:
		n.owner = containerOwner
	case b.TTL != 0:
		n.owner = ttlOwner(b.TTL)
	}
	t.link(n)
	made := n.stat()
	t.quotaCreated(n) // which may change the data of a stats node
	return Result{Path: b.Path, Stat: made}
}

// remove deletes a node. The parent's pzxid moves even if the node is gone
// already: in a replay the parent may be from before the delete and the
// children from after it (ZOOKEEPER-3125, ZOOKEEPER-3145).
func (t *Tree) remove(path string, zxid wire.Zxid) wire.ErrorCode {
	parent := t.nodes[Parent(path)]
	if parent == nil {
		return wire.ErrNoNode
	}
	parent.childTouched(zxid)
	t.rehash(parent)
	n := t.nodes[path]
	if n == nil {
		return wire.ErrNoNode
	}
	t.unlink(n)
	return wire.OK
}

func (t *Tree) setData(txn *wire.Txn, b *wire.SetDataTxn) Result {
	n := t.nodes[b.Path]
	if n == nil {
		return Result{Err: wire.ErrNoNode}
	}
	grown := int64(len(b.Data) - len(n.data))
	n.data, n.version, n.mzxid, n.mtime = b.Data, b.Version, txn.Zxid, txn.Time
	t.charge(b.Path, 0, grown)
	t.rehash(n)
	return Result{Path: b.Path, Stat: n.stat(), Data: b.Data}
}

// ShowConfig puts a configuration into its node that no transaction put there: the
// one that an operator wrote, or one that came with a term.
func (t *Tree) ShowConfig(text string, version wire.Zxid) {
	n := t.nodes[ConfigPath]
	n.data, n.version, n.mzxid = []byte(text), -1, version
	t.rehash(n)
}

// setACL leaves mzxid and mtime alone: they speak of the data.
func (t *Tree) setACL(b *wire.SetACLTxn) Result {
	n := t.nodes[b.Path]
	if n == nil {
		return Result{Err: wire.ErrNoNode}
	}
	n.acl, n.aversion = t.acls.intern(b.ACL), b.Version
	t.rehash(n)
	return Result{Path: b.Path, Stat: n.stat()}
}

// closeSession deletes the nodes the transaction lists, no more: what the leader
// did not list does not die here, or replicas could disagree.
func (t *Tree) closeSession(txn *wire.Txn, b *wire.CloseSessionTxn) {
	delete(t.sessions, txn.Session)
	if t.bugs.Has(bugs.EphemeralsSurviveExpiry) {
		return
	}
	for _, path := range b.Paths {
		if t.bugs.Has(bugs.CloseReplayForgetsParent) && t.nodes[path] == nil {
			continue
		}
		t.remove(path, txn.Zxid)
	}
}

// part turns the result of one operation of a multi into its reply.
func (r *Result) part(op wire.OpCode) wire.MultiResult {
	if op == wire.OpError {
		return wire.MultiResult{Type: op, Err: r.Err}
	}
	if op == wire.OpCreateContainer || op == wire.OpCreateTTL {
		op = wire.OpCreate2 // so does ZooKeeper: there is no other result with metadata
	}
	return wire.MultiResult{Type: op, Body: r.body(op)}
}
