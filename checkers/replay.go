package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// replay folds the log into the reference tree once, and holds every write against
// the tree just before it and every read against the tree it was read from.
func (w *witness) replay() {
	reads := w.readsByZxid()
	if len(w.h.Tails) > 0 {
		w.tails(reads)
		reads = slices.DeleteFunc(reads, func(o observation) bool { return w.inTail(o.zxid) })
	}
	r := replayer{witness: w}
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		for len(reads) > 0 && reads[0].zxid < txn.Zxid {
			r.read(reads[0])
			reads = reads[1:]
		}
		r.transaction(t, txn)
	}
	for _, o := range reads {
		r.read(o)
	}
}

// observation is an answered read.
type observation struct {
	zxid wire.Zxid
	op   int32
}

func (w *witness) readsByZxid() []observation {
	out := make([]observation, 0, len(w.h.Ops))
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if isRead(op.F) && (op.Outcome == history.OK || op.Outcome == history.Fail && replied(op) && (op.Err == wire.ErrNoNode || op.Err == wire.ErrNoAuth)) {
			out = append(out, observation{op.Zxid, int32(i)})
		}
	}
	out = append(out, w.claimsByOp()...)
	slices.SortFunc(out, func(a, b observation) int { return cmp.Or(cmp.Compare(a.zxid, b.zxid), cmp.Compare(a.op, b.op)) })
	return out
}

// replayer is the witness with its tree at some point of the log.
type replayer struct {
	*witness
	parts []wire.TxnBody // of the present transaction
	books []books        // of quotas, oldest first
}

// transaction checks one transaction against the tree before it, applies it, and
// checks the results of its request against the tree after it.
func (r *replayer) transaction(t int, txn *wire.Txn) {
	who := ^t
	var op *history.Op
	if i := r.opOf[t]; i != none {
		who, op = int(i), &r.h.Ops[i]
	}
	r.sessions(who, txn)
	if op != nil {
		r.request(who, op, txn)
	}
	r.parts = appendParts(r.parts[:0], txn)
	answered := op != nil && op.Outcome == history.OK && !failed(txn)
	r.body(who, txn, 0)
	code := r.tree.ApplyEach(txn, func(i int) {
		if answered {
			r.result(who, op, i)
		}
		r.body(who, txn, i+1)
	})
	if code != wire.OK {
		r.report(WriteResult, who, fmt.Sprintf("But transaction %v does not fit the tree: %v.", txn.Zxid, code))
	}
	r.keepBooks(t)
}

// sessions checks what the end of a session does to its ephemerals.
func (r *replayer) sessions(who int, txn *wire.Txn) {
	b, closes := txn.Body.(*wire.CloseSessionTxn)
	if !closes {
		return
	}
	listed, owned := slices.Clone(b.Paths), r.tree.Owned(txn.Session)
	if slices.Sort(listed); !slices.Equal(listed, owned) {
		r.report(EphemeralCleanup, who, fmt.Sprintf("But the end of session %#x at %v deletes %v, and the session owns %v.",
			txn.Session, txn.Zxid, listed, owned))
	}
}

// body checks what must hold of part i of every transaction, whoever asked for it,
// against the tree just before that part.
func (r *replayer) body(who int, txn *wire.Txn, i int) {
	if i >= len(r.parts) {
		return
	}
	switch b := r.parts[i].(type) {
	case *wire.CreateTxn:
		if b.Ephemeral && !r.tree.SessionOpen(txn.Session) {
			r.report(EphemeralOwner, who, fmt.Sprintf("But %v creates %s for session %#x, which is not open.",
				txn.Zxid, b.Path, txn.Session))
		}
		parent := reference.Parent(b.Path)
		_, code := r.tree.Stat(parent)
		if next := r.tree.NextCreates(parent); code == wire.OK && b.ParentCversion != next {
			r.report(SequentialNames, who, fmt.Sprintf("But %v makes %s child number %d of %s, whose next is number %d.",
				txn.Zxid, b.Path, b.ParentCversion, parent, next))
		}
	case *wire.DeleteTxn:
		if txn.Type == wire.OpDeleteContainer {
			r.removal(who, txn, b.Path)
		}
	case *wire.SetDataTxn:
		if txn.Type == wire.OpReconfig {
			return // its version says nothing
		}
		st, code := r.tree.Stat(b.Path)
		if want := r.tree.NextVersion(b.Path); code == wire.OK && b.Version != want {
			r.report(VersionGrowth, who, fmt.Sprintf("But %v sets %s from version %d to %d.",
				txn.Zxid, b.Path, st.Version, b.Version))
		}
	case *wire.SetACLTxn:
		st, code := r.tree.Stat(b.Path)
		if want := reference.NextVersion(st.Aversion); code == wire.OK && b.Version != want {
			r.report(VersionGrowth, who, fmt.Sprintf("But %v sets the ACL of %s from version %d to %d.",
				txn.Zxid, b.Path, st.Aversion, b.Version))
		}
	}
}

// appendParts lists the bodies of a transaction: a multi's parts, or its only one.
func appendParts(out []wire.TxnBody, txn *wire.Txn) []wire.TxnBody {
	multi, ok := txn.Body.(*wire.MultiTxn)
	if !ok {
		return append(out, txn.Body)
	}
	for i := range multi.Parts {
		out = append(out, multi.Parts[i].Body)
	}
	return out
}

// partOf is the single operation that an operation asks for.
func partOf(op *history.Op) history.Part {
	return history.Part{F: op.F, Path: op.Path, Value: op.Value, Version: op.Version, Mode: op.Mode, TTL: op.TTL, ACL: op.ACL}
}

// request checks what became of a request against the tree before it.
func (r *replayer) request(who int, op *history.Op, txn *wire.Txn) {
	switch {
	case op.F == history.Multi:
		r.multi(who, op, txn)
	case op.F == history.Reconfig:
		r.reconfig(who, op, txn)
	case op.F == history.Close:
		if _, ok := txn.Body.(*wire.CloseSessionTxn); !ok && !(turnedAway(txn) && op.Outcome != history.OK) {
			r.report(WriteResult, who, fmt.Sprintf("But op %d closes its session and became %s.", op.ID, describeBody(txn.Body)))
		}
	default:
		part := partOf(op)
		trial := r.tree.Try().As(r.identities.of(op))
		objections := trial.Objections(txn.Session, &part)
		adds := r.growths([]history.Part{part}, &trial)
		if e, rejected := txn.Body.(*wire.ErrorTxn); rejected {
			if refusedFor(e.Err) {
				r.quota(who, op, adds, 0, true)
			}
			r.rejection(who, op, txn, e.Err, objections)
			return
		}
		r.quota(who, op, adds, 1, false)
		r.acceptance(who, op, txn.Zxid, &part, objections)
		r.effect(who, op, &part, txn.Body, &trial)
	}
}

// rejection: an error is what the tree called for, and what the client was told.
func (r *replayer) rejection(who int, op *history.Op, txn *wire.Txn, err wire.ErrorCode, objections []wire.ErrorCode) {
	switch {
	case op.Outcome == history.OK:
		r.report(WriteResult, who, fmt.Sprintf("But op %d was answered ok, and the log rejects it at %v: %v.", op.ID, txn.Zxid, err))
	case op.Err == wire.ErrEphemeralOnLocal && err == wire.ErrSessionExpired:
		// To the leader another server's local session is one that it does not know.
	case op.Outcome == history.Fail && replied(op) && op.Err != wire.OK && op.Err != err:
		r.report(WriteResult, who, fmt.Sprintf("But op %d was answered %v, and the log rejects it at %v for another reason: %v.", op.ID, op.Err, txn.Zxid, err))
	case err == wire.ErrNoAuth && !slices.Contains(objections, err):
		r.deniedWrite(who, op, txn, objections)
	case aboutTheTree(err) && !slices.Contains(objections, err):
		r.report(WriteResult, who, fmt.Sprintf("But op %d was rejected at %v: %v; %s.", op.ID, txn.Zxid, err, calledFor(objections)))
	}
}

// calledFor names what the tree would have answered.
func calledFor(objections []wire.ErrorCode) string {
	if len(objections) == 0 {
		return "the tree before it calls for ok"
	}
	words := make([]string, len(objections))
	for i, e := range objections {
		words[i] = e.String()
	}
	return "the tree before it calls for " + strings.Join(words, " or ")
}

// acceptance: what took effect was valid.
func (r *replayer) acceptance(who int, op *history.Op, z wire.Zxid, p *history.Part, objections []wire.ErrorCode) {
	if len(objections) == 0 {
		return
	}
	if slices.Contains(objections, wire.ErrNoAuth) {
		r.grabbed(who, op, z, p)
		return
	}
	if slices.Contains(objections, wire.ErrBadVersion) {
		st, _ := r.tree.Stat(p.Path)
		had := st.Version
		if p.F == history.SetACL {
			had = st.Aversion
		}
		r.report(VersionCAS, who, fmt.Sprintf("But op %d named version %d of %s and took effect at %v on version %d.",
			op.ID, p.Version, p.Path, z, had))
		return
	}
	id := WriteResult
	if slices.Contains(objections, wire.ErrSessionExpired) {
		id = EphemeralOwner
	}
	r.report(id, who, fmt.Sprintf("But op %d took effect at %v; %s.", op.ID, z, calledFor(objections)))
}

// effect: the transaction does what was asked for.
func (r *replayer) effect(who int, op *history.Op, p *history.Part, body wire.TxnBody, trial *reference.Trial) {
	same := false
	switch b := body.(type) {
	case *wire.CreateTxn:
		if reference.Sequential(p.Mode) && p.F == history.Create {
			r.suffix(who, op, p, b.Path, trial)
			same = strings.HasPrefix(b.Path, p.Path)
		} else {
			same = b.Path == p.Path
		}
		same = same && p.F == history.Create && string(b.Data) == p.Value &&
			b.Ephemeral == reference.Ephemeral(p.Mode) && b.Container == (p.Mode == wire.ModeContainer) && b.TTL == p.TTL && stores(b.ACL, p, trial)
	case *wire.DeleteTxn:
		same = p.F == history.Delete && b.Path == p.Path
	case *wire.SetDataTxn:
		same = p.F == history.Set && b.Path == p.Path && string(b.Data) == p.Value
	case *wire.SetACLTxn:
		same = p.F == history.SetACL && b.Path == p.Path && stores(b.ACL, p, trial)
	case *wire.CheckTxn:
		same = p.F == history.Check && b.Path == p.Path
	}
	if !same {
		r.report(WriteResult, who, fmt.Sprintf("But op %d asked to %s and became %s.", op.ID, describePart(p), describeBody(body)))
	}
}

// stores reports whether a list is the one that was asked for, as it is to be stored.
func stores(list []wire.ACL, p *history.Part, trial *reference.Trial) bool {
	want, ok := trial.Stored(p)
	return ok && slices.Equal(list, want)
}

// suffix: a sequential name ends in the number of children its parent ever had.
func (r *replayer) suffix(who int, op *history.Op, p *history.Part, path string, trial *reference.Trial) {
	if want := trial.CreatedPath(p); path != want {
		r.report(SequentialNames, who, fmt.Sprintf("But op %d created %s where %s was due.", op.ID, path, want))
	}
}

// result checks what a client was told of part i of its write against the tree just
// after that part.
func (r *replayer) result(who int, op *history.Op, i int) {
	switch op.F {
	case history.Multi:
		r.partResult(who, op, i)
		return
	case history.Reconfig:
		return // reconfig has looked at it
	}
	path := op.Path
	if c, ok := r.parts[i].(*wire.CreateTxn); ok {
		path = c.Path
		if op.OutPath != "" && op.OutPath != path {
			r.report(WriteResult, who, fmt.Sprintf("But op %d was told it created %s, and created %s.", op.ID, op.OutPath, path))
		}
	}
	if op.OutStat != nil && op.F != history.Delete {
		r.statIs(WriteResult, who, op, path, op.OutStat)
	}
}

// statIs compares a Stat that a client got with the tree's.
func (r *replayer) statIs(id string, who int, op *history.Op, path string, got *wire.Stat) {
	want, code := r.tree.Stat(path)
	if reference.IsStats(path) {
		want.DataLength = got.DataLength // its data is not what was written
	}
	if code != wire.OK || *got != want {
		r.report(id, who, fmt.Sprintf("But op %d got of %s%s.", op.ID, path, statDifference(got, &want, code)))
	}
}

// statDifference names the fields that differ.
func statDifference(got, want *wire.Stat, code wire.ErrorCode) string {
	if code != wire.OK {
		return " a stat, and there is no such znode"
	}
	var b strings.Builder
	field := func(name string, g, w string) {
		if g != w {
			b.WriteString(" " + name + " " + g + " instead of " + w + ",")
		}
	}
	number := func(name string, g, w int64) { field(name, strconv.FormatInt(g, 10), strconv.FormatInt(w, 10)) }
	field("czxid", got.Czxid.String(), want.Czxid.String())
	field("mzxid", got.Mzxid.String(), want.Mzxid.String())
	field("pzxid", got.Pzxid.String(), want.Pzxid.String())
	number("ctime", got.Ctime, want.Ctime)
	number("mtime", got.Mtime, want.Mtime)
	number("version", int64(got.Version), int64(want.Version))
	number("cversion", int64(got.Cversion), int64(want.Cversion))
	number("aversion", int64(got.Aversion), int64(want.Aversion))
	number("ephemeralOwner", got.EphemeralOwner, want.EphemeralOwner)
	number("dataLength", int64(got.DataLength), int64(want.DataLength))
	number("numChildren", int64(got.NumChildren), int64(want.NumChildren))
	return strings.TrimSuffix(b.String(), ",")
}
