package checkers

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// permitted checks that a read which was answered had a permission to, by the list at
// its zxid. It reports whether there is more to check.
func (r *replayer) permitted(i int, op *history.Op) bool {
	perms := reference.MayRead
	switch op.F {
	case history.GetACL:
		perms |= reference.MayAdmin
	case history.Ephemerals, history.MultiRead, history.WhoAmI:
		return true // no znode is asked, or each part by itself
	}
	list, _, code := r.tree.ACL(op.Path)
	if code != wire.OK || reference.Grants(list, perms, r.identities.of(op)) {
		return true
	}
	r.report(AccessControl, i, fmt.Sprintf("But op %d, of %s, read %s at %v, whose list then is %s.",
		op.ID, names(r.identities.of(op)), op.Path, op.Zxid, wire.FormatACL(list)))
	return false
}

// denied checks that a read which was refused lacked the permission.
func (r *replayer) denied(i int, op *history.Op) {
	perms := reference.MayRead
	if op.F == history.GetACL {
		perms |= reference.MayAdmin
	}
	list, _, code := r.tree.ACL(op.Path)
	if code != wire.OK || reference.Grants(list, perms, r.identities.of(op)) {
		r.report(NoAuth, i, fmt.Sprintf("But op %d, of %s, was refused to read %s at %v, whose list then is %s (%v).",
			op.ID, names(r.identities.of(op)), op.Path, op.Zxid, wire.FormatACL(list), code))
	}
}

// deniedWrite reports a write that was refused although the tree grants it.
func (r *replayer) deniedWrite(who int, op *history.Op, txn *wire.Txn, objections []wire.ErrorCode) {
	r.report(NoAuth, who, fmt.Sprintf("But op %d, of %s, was refused at %v; %s.",
		op.ID, names(r.identities.of(op)), txn.Zxid, calledFor(objections)))
}

// grabbed reports a write that took effect although the tree withholds it.
func (r *replayer) grabbed(who int, op *history.Op, z wire.Zxid, p *history.Part) {
	r.report(AccessControl, who, fmt.Sprintf("But op %d, of %s, did at %v: %s; and the lists of %s and %s then are %s and %s.",
		op.ID, names(r.identities.of(op)), z, describePart(p), reference.Parent(p.Path), p.Path,
		r.listOf(reference.Parent(p.Path)), r.listOf(p.Path)))
}

// listOf renders the present list of a znode.
func (r *replayer) listOf(path string) string {
	list, _, code := r.tree.ACL(path)
	if code != wire.OK {
		return "of nothing"
	}
	return wire.FormatACL(list)
}

// acl checks getACL.
func (r *replayer) acl(i int, op *history.Op) {
	list, stat, code := r.tree.ACL(op.Path)
	whole := wire.FormatACL(list)
	switch want := wire.FormatACL(reference.Shown(list, r.identities.of(op))); {
	case code != wire.OK:
		r.report(ReadResult, i, fmt.Sprintf("But op %d read the ACL of %s at %v, where there is none.", op.ID, op.Path, op.Zxid))
	case op.OutValue == whole && want != whole:
		r.report(ACLMasked, i, fmt.Sprintf("But op %d, of %s, read %s of %s at %v.", op.ID, names(r.identities.of(op)), whole, op.Path, op.Zxid))
	case op.OutValue != want:
		r.report(ReadResult, i, fmt.Sprintf("But op %d read the ACL %s of %s at %v, which has %s there.", op.ID, op.OutValue, op.Path, op.Zxid, want))
	case op.OutStat != nil && *op.OutStat != stat:
		r.statIs(ReadResult, i, op, op.Path, op.OutStat)
	}
}

// readCode is what one part of a multi-read must be answered with.
func (r *replayer) readCode(op *history.Op, path string) wire.ErrorCode {
	list, _, code := r.tree.ACL(path)
	if code == wire.OK && !reference.Grants(list, reference.MayRead, r.identities.of(op)) {
		return wire.ErrNoAuth
	}
	return code
}
