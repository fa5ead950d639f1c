package checkers

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// multi checks what became of a multi: as a whole under one zxid, or not at all.
func (r *replayer) multi(who int, op *history.Op, txn *wire.Txn) {
	if e, ok := txn.Body.(*wire.ErrorTxn); ok { // rejected as a whole, for its session
		if op.Outcome == history.OK || aboutTheTree(e.Err) {
			r.report(MultiAtomic, who, fmt.Sprintf("But op %d became %v: %v.", op.ID, txn.Zxid, e.Err))
		}
		return
	}
	body, ok := txn.Body.(*wire.MultiTxn)
	if !ok || len(body.Parts) != len(op.Parts) {
		r.report(MultiAtomic, who, fmt.Sprintf("But op %d has %d parts and became %s.", op.ID, len(op.Parts), describeBody(txn.Body)))
		return
	}
	if failed(txn) && len(op.Parts) > 0 {
		r.failedMulti(who, op, txn, body)
		return
	}
	trial := r.tree.Try().As(r.identities.of(op))
	r.quota(who, op, r.growths(op.Parts, &trial), len(op.Parts), false)
	for i := range op.Parts {
		part := &op.Parts[i]
		if e, ok := body.Parts[i].Body.(*wire.ErrorTxn); ok {
			r.report(MultiAtomic, who, fmt.Sprintf("But %v does other parts of op %d and fails part %d: %v.", txn.Zxid, op.ID, i, e.Err))
			return
		}
		objections := trial.Objections(txn.Session, part)
		r.acceptance(who, op, txn.Zxid, part, objections)
		r.effect(who, op, part, body.Parts[i].Body, &trial)
		if len(objections) > 0 {
			return
		}
		trial.Do(txn.Session, part)
	}
}

// failedMulti: the first part that the tree objects to carries the error, those
// before it none, those after it runtime-inconsistency.
func (r *replayer) failedMulti(who int, op *history.Op, txn *wire.Txn, body *wire.MultiTxn) {
	if op.Outcome == history.OK {
		r.report(WriteResult, who, fmt.Sprintf("But op %d was answered ok, and the log rejects it at %v.", op.ID, txn.Zxid))
		return
	}
	trial := r.tree.Try().As(r.identities.of(op))
	for i := range op.Parts {
		err := body.Parts[i].Body.(*wire.ErrorTxn).Err
		objections := trial.Objections(txn.Session, &op.Parts[i])
		if err == wire.OK && len(objections) == 0 {
			trial.Do(txn.Session, &op.Parts[i])
			continue
		}
		r.quota(who, op, r.growths(op.Parts, &trial), i, refusedFor(err))
		r.rejection(who, op, txn, err, objections)
		r.failedResults(who, op, i, err)
		return
	}
	r.report(MultiAtomic, who, fmt.Sprintf("But %v fails op %d without an error in any part.", txn.Zxid, op.ID))
}

// failedResults checks what the client was told of a multi that failed at part at.
func (r *replayer) failedResults(who int, op *history.Op, at int, err wire.ErrorCode) {
	for i := range op.OutParts {
		want := wire.OK
		if i == at {
			want = err
		}
		if i > at {
			want = wire.ErrRuntimeInconsistency
		}
		if got := op.OutParts[i].Err; got != want {
			r.report(MultiAtomic, who, fmt.Sprintf("But op %d failed at part %d and was told %v of part %d.", op.ID, at, got, i))
			return
		}
	}
}

// partResult checks what the client was told of one part of a multi that succeeded.
func (r *replayer) partResult(who int, op *history.Op, i int) {
	if i >= len(op.OutParts) {
		return // the answer was not recorded
	}
	out := &op.OutParts[i]
	if out.Err != wire.OK {
		r.report(MultiAtomic, who, fmt.Sprintf("But op %d was told %v of part %d, which took effect.", op.ID, out.Err, i))
		return
	}
	made, told := "", ""
	if c, ok := r.parts[i].(*wire.CreateTxn); ok {
		made = c.Path
	}
	switch b := out.Body.(type) {
	case *wire.CreateReply: // clients create by create2, which answers with the Stat
		r.report(WriteResult, who, fmt.Sprintf("But op %d was told of part %d that it created %s, without the Stat.", op.ID, i, b.Path))
		return
	case *wire.Create2Reply:
		told = b.Path
		r.statIs(WriteResult, who, op, b.Path, &b.Stat)
	case *wire.StatReply:
		r.statIs(WriteResult, who, op, op.Parts[i].Path, &b.Stat)
	}
	if told != "" && told != made {
		r.report(WriteResult, who, fmt.Sprintf("But op %d was told it created %s, and created %s.", op.ID, told, made))
	}
}
