package prep

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// operation validates what may stand alone or in a multi, records its effects
// and returns its transaction body, or the code it fails with.
func (p *Prep) operation(txn *wire.Txn, op wire.OpCode, body wire.Record) (wire.TxnBody, wire.ErrorCode) {
	if p.local == wire.OK && !p.sessionOpen(txn.Session) {
		return nil, wire.ErrSessionExpired
	}
	switch op {
	case wire.OpCreate, wire.OpCreate2, wire.OpCreateContainer:
		return p.create(txn, op, body.(*wire.CreateRequest), 0)
	case wire.OpCreateTTL:
		r := body.(*wire.CreateTTLRequest)
		return p.create(txn, op, &r.CreateRequest, r.TTL)
	case wire.OpDelete:
		return p.delete(txn, body.(*wire.DeleteRequest))
	case wire.OpSetData:
		return p.setData(txn, body.(*wire.SetDataRequest))
	case wire.OpSetACL:
		return p.setACL(txn, body.(*wire.SetACLRequest))
	case wire.OpCheck:
		return p.check(body.(*wire.CheckRequest))
	}
	return nil, wire.ErrUnimplemented
}

// create validates a create by one of its operations.
func (p *Prep) create(txn *wire.Txn, op wire.OpCode, r *wire.CreateRequest, ttl int64) (wire.TxnBody, wire.ErrorCode) {
	if err := p.checkMode(op, r.Mode, ttl); err != wire.OK {
		return nil, err
	}
	container := op == wire.OpCreateContainer
	ephemeral := !container && (r.Mode == wire.ModeEphemeral || r.Mode == wire.ModeEphemeralSequential)
	if ephemeral && p.local != wire.OK && !p.bugs.Has(bugs.EphemeralOfLocalSession) {
		return nil, p.local
	}
	if !hasParent(r.Path) {
		return nil, wire.ErrBadArguments
	}
	list, valid := acl.Fixup(r.ACL, p.auth)
	if !valid {
		return nil, wire.ErrInvalidACL
	}
	parentPath := tree.Parent(r.Path)
	parent, ok := p.lookup(parentPath)
	if !ok {
		return nil, wire.ErrNoNode
	}
	if !p.permitted(parentPath, parent, acl.Create) {
		return nil, wire.ErrNoAuth
	}
	path := r.Path
	if sequential(r.Mode) {
		path += p.sequence(parent)
	}
	if !validPath(path) {
		return nil, wire.ErrBadArguments
	}
	if _, exists := p.lookup(path); exists {
		return nil, wire.ErrNodeExists
	}
	if parent.Owner != 0 {
		return nil, wire.ErrNoChildrenForEph
	}
	if err := checkQuotaText(path, r.Data); err != wire.OK {
		return nil, err
	}
	if err := p.checkQuota(path, 1, int64(len(r.Data))); err != wire.OK {
		return nil, err
	}
	child := tree.Meta{ACL: list, Bytes: int32(len(r.Data)), Unset: true, Lifespan: tree.Lifespan{
		Container: container, TTL: ttl, Mtime: txn.Time,
	}}
	if ephemeral {
		child.Owner = txn.Session
	}
	parent.Creates = p.nextCount(parent.Creates)
	parent.Children++
	p.putParent(txn.Zxid, parentPath, parent)
	p.put(txn.Zxid, path, true, child)
	return &wire.CreateTxn{
		Path: path, Data: r.Data, ACL: list, Ephemeral: ephemeral, Container: child.Container, TTL: ttl,
		ParentCversion: parent.Creates,
	}, wire.OK
}

// nextCount counts a create.
func (p *Prep) nextCount(creates int32) int32 {
	if creates == 0 && p.limits.SequenceStart != 0 {
		return p.limits.SequenceStart
	}
	return creates + 1
}

// sequence returns the suffix of a sequential name: the number of children ever
// created, which deletes do not bring back. The count is a signed 32-bit number
// and may wrap.
func (p *Prep) sequence(parent tree.Meta) string {
	n := parent.Creates
	if p.bugs.Has(bugs.SequenceFromChildCount) {
		n = parent.Children
	}
	return fmt.Sprintf("%010d", n)
}

func (p *Prep) delete(txn *wire.Txn, r *wire.DeleteRequest) (wire.TxnBody, wire.ErrorCode) {
	if !hasParent(r.Path) || tree.IsSystem(r.Path) {
		return nil, wire.ErrBadArguments
	}
	if _, exists := p.lookup(tree.Parent(r.Path)); !exists {
		return nil, wire.ErrNoNode
	}
	if !p.mayDelete(r.Path) {
		return nil, wire.ErrNoAuth
	}
	node, ok := p.lookup(r.Path)
	switch {
	case !ok:
		return nil, wire.ErrNoNode
	case !matches(r.Version, node.Version):
		return nil, wire.ErrBadVersion
	case node.Children > 0:
		return nil, wire.ErrNotEmpty
	}
	p.unlink(txn.Zxid, r.Path)
	return &wire.DeleteTxn{Path: r.Path}, wire.OK
}

// unlink records that a node goes and its parent has a child less.
func (p *Prep) unlink(zxid wire.Zxid, path string) {
	parent, _ := p.lookup(tree.Parent(path))
	parent.Children--
	p.putParent(zxid, tree.Parent(path), parent)
	p.put(zxid, path, false, tree.Meta{})
}

func (p *Prep) setData(txn *wire.Txn, r *wire.SetDataRequest) (wire.TxnBody, wire.ErrorCode) {
	node, err := p.checked(r.Path, r.Version, acl.Write)
	if err == wire.OK || err == wire.ErrBadVersion {
		err = cmp.Or(checkQuotaText(r.Path, r.Data), p.checkQuota(r.Path, 0, int64(len(r.Data))-int64(node.Bytes)), err)
	}
	if err != wire.OK {
		return nil, err
	}
	node.Bytes = int32(len(r.Data))
	node.Version, node.Unset = p.nextVersion(node), false
	node.Mtime = txn.Time
	p.put(txn.Zxid, r.Path, true, node)
	return &wire.SetDataTxn{Path: r.Path, Data: r.Data, Version: node.Version}, wire.OK
}

// setACL replaces a list. Lists have versions of their own; those of the data have
// no say here.
func (p *Prep) setACL(txn *wire.Txn, r *wire.SetACLRequest) (wire.TxnBody, wire.ErrorCode) {
	if !validPath(r.Path) {
		return nil, wire.ErrBadArguments
	}
	list, valid := acl.Fixup(r.ACL, p.auth)
	if !valid {
		return nil, wire.ErrInvalidACL
	}
	node, ok := p.lookup(r.Path)
	have := node.Aversion
	if p.bugs.Has(bugs.ACLByDataVersion) {
		have = node.Version
	}
	switch {
	case !ok:
		return nil, wire.ErrNoNode
	case !p.maySetACL(r.Path, node, list):
		return nil, wire.ErrNoAuth
	case !matches(r.Version, have):
		return nil, wire.ErrBadVersion
	}
	node.Aversion, node.ACL = nextVersion(node.Aversion), list
	p.put(txn.Zxid, r.Path, true, node)
	return &wire.SetACLTxn{Path: r.Path, ACL: list, Version: node.Aversion}, wire.OK
}

// check notes the version found.
func (p *Prep) check(r *wire.CheckRequest) (wire.TxnBody, wire.ErrorCode) {
	node, err := p.checked(r.Path, r.Version, acl.Read)
	if err != wire.OK {
		return nil, err
	}
	return &wire.CheckTxn{Path: r.Path, Version: node.Version}, wire.OK
}

// checked returns a node that must exist, permit one of perms, and have a version.
func (p *Prep) checked(path string, version, perms int32) (tree.Meta, wire.ErrorCode) {
	if !validPath(path) {
		return tree.Meta{}, wire.ErrBadArguments
	}
	node, ok := p.lookup(path)
	switch {
	case !ok:
		return node, wire.ErrNoNode
	case !p.permitted(path, node, perms):
		return node, wire.ErrNoAuth
	case !matches(version, node.Version):
		return node, wire.ErrBadVersion
	}
	return node, wire.OK
}

// anyVersion in a request matches every version.
const anyVersion = -1

func matches(want, have int32) bool { return want == anyVersion || want == have }

// nextVersion counts the changes of a node's data.
func (p *Prep) nextVersion(node tree.Meta) int32 {
	switch {
	case node.Unset && p.limits.VersionStart != 0:
		return p.limits.VersionStart
	case p.bugs.Has(bugs.VersionWraps):
		return node.Version + 1
	}
	return nextVersion(node.Version)
}

// nextVersion counts on, leaving out the number that means any version
// (ZOOKEEPER-4743).
func nextVersion(v int32) int32 {
	if v++; v == anyVersion {
		v++
	}
	return v
}

// multi validates the operations one after the other, each on top of those
// before it. If one fails, all become errors: those before it carry OK, it its
// code, those after it RuntimeInconsistency; and nothing of them stays recorded.
func (p *Prep) multi(txn *wire.Txn, r *wire.MultiRequest) wire.TxnBody {
	start := len(p.changes)
	p.inMulti = true
	defer func() { p.inMulti = false }()
	if p.bugs.Has(bugs.MultiSkipsACL) {
		p.auth = append(slices.Clone(p.auth), acl.Superuser)
	}
	parts := make([]wire.SubTxn, len(r.Ops))
	for i, op := range r.Ops {
		typ := inMulti(op.Type, op.Body)
		body, err := p.operation(txn, typ, op.Body)
		if err != wire.OK {
			p.rollback(start)
			return failedMulti(len(r.Ops), i, err)
		}
		parts[i] = wire.SubTxn{Type: typ, Body: body}
	}
	return &wire.MultiTxn{Parts: parts}
}

func failedMulti(n, failing int, err wire.ErrorCode) *wire.MultiTxn {
	parts := make([]wire.SubTxn, n)
	for i := range parts {
		code := wire.OK
		switch {
		case i == failing:
			code = err
		case i > failing:
			code = wire.ErrRuntimeInconsistency
		}
		parts[i] = wire.SubTxn{Type: wire.OpError, Body: &wire.ErrorTxn{Err: code}}
	}
	return &wire.MultiTxn{Parts: parts}
}
