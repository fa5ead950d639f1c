package checkers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// findingsPerGuarantee bounds the findings under one guarantee: a broken run breaks
// it thousands of times, the first few tell the story.
const findingsPerGuarantee = 5

// witness checks a whole history against the committed log W, in n log n.
//
// Two facts of ZooKeeper make that possible. A transaction carries the session and
// xid of the request it came from, so W settles what became of each write, answered
// or not. And a reply carries the zxid of the state it was read from, so a read is
// checked against that state and no other.
type witness struct {
	h    *history.History
	tree *reference.Tree
	// txnOf and opOf join operations and transactions by index; none is -1.
	txnOf, opOf []int32
	// closed is the zxid that ended each session.
	closed map[int64]wire.Zxid
	// changes are the configurations of the ensemble in order, nil until asked for.
	changes []configAt

	book sessionBook

	identities identities

	acks []ending // see acknowledged

	findings []guarantee.Finding
	counts   map[string]int
	// blamed are the operations, or ^index for transactions, that a finding already
	// explains.
	blamed map[int]bool
}

// none is the partner of an operation or transaction that has none.
const none = -1

// runWitness judges h by every witnessed guarantee.
func runWitness(h *history.History) *witness {
	w := &witness{
		h: h, tree: reference.New(), closed: map[int64]wire.Zxid{},
		counts: map[string]int{}, blamed: map[int]bool{},
	}
	w.tree.SetStarts(h.Rules)
	if w.logOrder(); len(w.findings) > 0 {
		return w // nothing below means anything without an order
	}
	if w.sessionOnce(); len(w.findings) > 0 {
		return w // nor where one name stands for several sessions
	}
	w.link()
	w.identities = indexIdentities(h)
	w.bookSessions()
	w.localUpgrade()
	w.readOnly()
	w.checksAlone()
	w.nothingUnasked()
	w.definiteFailure()
	w.durability()
	w.writeZxid()
	w.realTimeOrder()
	w.closedSession()
	w.sessionKept()
	w.connections()
	w.syncOrder()
	w.finalReads()
	w.credentials()
	w.credentialsKept()
	w.replay()
	w.configReads()
	w.silentAfterEnd()
	w.watches()
	if len(w.findings) == 0 {
		w.recipes()
	}
	w.sortFindings()
	return w
}

// report enters a finding about the operation at index op. A guarantee that holds
// of an operation already blamed would only say the same in wider words.
func (w *witness) report(id string, op int, explanation string, also ...int) {
	if w.blamed[op] {
		return
	}
	w.blamed[op] = true
	if w.counts[id]++; w.counts[id] > findingsPerGuarantee {
		return
	}
	f := guarantee.Finding{Guarantee: id, Explanation: sentence(id) + " " + explanation}
	for _, i := range append([]int{op}, also...) {
		if i >= 0 {
			f.Ops = append(f.Ops, w.h.Ops[i].ID)
		} else if f.At == 0 {
			f.At = w.h.Log[^i].At
		}
		f.Evidence = append(f.Evidence, w.evidence(i))
	}
	if f.At == 0 && op >= 0 {
		f.At = w.h.Ops[op].Invoke
	}
	w.findings = append(w.findings, f)
}

// note enters a finding about something that is neither an operation nor a
// transaction, with the evidence for it.
func (w *witness) note(id, explanation, evidence string) {
	if w.counts[id]++; w.counts[id] > findingsPerGuarantee {
		return
	}
	w.findings = append(w.findings, guarantee.Finding{
		Guarantee: id, Explanation: sentence(id) + " " + explanation, Evidence: []string{evidence},
	})
}

// sentence is the text of a guarantee.
func sentence(id string) string {
	g, ok := Lookup(id)
	if !ok {
		panic("checkers: " + id + " is not among the guarantees")
	}
	return g.Sentence
}

// evidence is one line about an operation (index) or a transaction (^index).
func (w *witness) evidence(i int) string {
	if i >= 0 {
		return describeOp(&w.h.Ops[i])
	}
	return describeTxn(&w.h.Log[^i])
}

// sortFindings orders them as Guarantees lists them.
func (w *witness) sortFindings() {
	rank := map[string]int{}
	for i, g := range Guarantees {
		rank[g.ID] = i
	}
	slices.SortStableFunc(w.findings, func(a, b guarantee.Finding) int {
		return cmp.Compare(rank[a.Guarantee], rank[b.Guarantee])
	})
}

// notes says how many findings were counted but not listed.
func (w *witness) notes() []string {
	var out []string
	for _, g := range Guarantees {
		if more := w.counts[g.ID] - findingsPerGuarantee; more > 0 {
			out = append(out, fmt.Sprintf("%s is broken %d more times", g.ID, more))
		}
	}
	return out
}

// logOrder: the committed log bears strictly increasing zxids.
func (w *witness) logOrder() {
	for i := 1; i < len(w.h.Log); i++ {
		if a, b := w.h.Log[i-1].Txn.Zxid, w.h.Log[i].Txn.Zxid; b <= a {
			w.report(LogOrder, ^i, fmt.Sprintf("But %v follows %v.", b, a), ^(i - 1))
		}
	}
}

// sessionOnce: a session id is never given out twice.
func (w *witness) sessionOnce() {
	opened := map[int64]int{}
	for t := range w.h.Log {
		txn := w.h.Log[t].Txn
		if _, opens := txn.Body.(*wire.CreateSessionTxn); !opens {
			continue
		}
		if first, again := opened[txn.Session]; again {
			w.report(SessionOnce, ^t, fmt.Sprintf("But %v opens session %#x, which %v had opened before.",
				txn.Zxid, txn.Session, w.h.Log[first].Txn.Zxid), ^first)
		}
		opened[txn.Session] = t
	}
}

// link joins each write with its transaction and finds what ended the sessions. On
// the way it sees that a request becomes at most one transaction.
func (w *witness) link() {
	w.opOf = make([]int32, len(w.h.Log))
	txns := group(len(w.h.Log), func(i int) (int64, bool) {
		w.opOf[i] = none
		txn := w.h.Log[i].Txn
		if _, ok := txn.Body.(*wire.CloseSessionTxn); ok && w.closed[txn.Session] == 0 {
			w.closed[txn.Session] = txn.Zxid
		}
		_, opens := txn.Body.(*wire.CreateSessionTxn)
		return txn.Session, txn.Cxid > 0 && !opens // no client asked for the others by number
	})
	w.txnOf = make([]int32, len(w.h.Ops))
	ops := group(len(w.h.Ops), func(i int) (int64, bool) {
		w.txnOf[i] = none
		op := &w.h.Ops[i]
		return op.Session, isWrite(op.F) && op.Xid > 0
	})
	for _, session := range txns.sessions {
		sortBy(txns.of(session), w.cxid)
		sortBy(ops.of(session), w.xid)
		w.join(ops.of(session), txns.of(session))
	}
}

func (w *witness) cxid(txn int32) int32 { return w.h.Log[txn].Txn.Cxid }
func (w *witness) xid(op int32) int32   { return w.h.Ops[op].Xid }

// sortBy sorts indices by a key, most often finding them sorted.
func sortBy(list []int32, key func(int32) int32) {
	by := func(a, b int32) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a, b)) }
	if !slices.IsSortedFunc(list, by) {
		slices.SortFunc(list, by)
	}
}

// join walks the writes and the transactions of one session.
func (w *witness) join(ops, txns []int32) {
	o := 0
	for i, t := range txns {
		cxid := w.cxid(t)
		if i > 0 && cxid == w.cxid(txns[i-1]) {
			first := int(txns[i-1])
			w.report(AtMostOnce, ^int(t), fmt.Sprintf("But request %d of session %#x became %v and %v.",
				cxid, w.h.Log[t].Txn.Session, w.h.Log[first].Txn.Zxid, w.h.Log[t].Txn.Zxid), ^first)
			continue
		}
		for o < len(ops) && w.xid(ops[o]) < cxid {
			o++
		}
		if o < len(ops) && w.xid(ops[o]) == cxid {
			w.txnOf[ops[o]], w.opOf[t] = t, ops[o]
		}
	}
}

// isWrite reports whether a function of the coordinator becomes a transaction.
func isWrite(f history.F) bool {
	switch f {
	case history.Create, history.Delete, history.Set, history.SetACL, history.Multi, history.Close, history.Reconfig:
		return true
	}
	return false
}

// isRead reports whether a function of the coordinator reads the tree.
func isRead(f history.F) bool {
	switch f {
	case history.Get, history.Exists, history.Children, history.SyncGet,
		history.GetACL, history.CountAll, history.Ephemerals, history.MultiRead, history.WhoAmI:
		return true
	}
	return false
}

// zxidOf is the zxid of a write's transaction, 0 if it has none.
func (w *witness) zxidOf(op int) wire.Zxid {
	if t := w.txnOf[op]; t != none {
		return w.h.Log[t].Txn.Zxid
	}
	return 0
}

// replied reports whether the ensemble answered with a zxid that means something:
// requests turned away before they entered the pipeline bear none of their own.
func replied(op *history.Op) bool {
	if op.Zxid <= 0 {
		return false
	}
	switch op.Err {
	case wire.ErrUnimplemented, wire.ErrMarshalling, wire.ErrSessionExpired, wire.ErrSessionMoved, wire.ErrNotReadOnly:
		return false
	}
	return true
}

// failed reports whether a transaction records a rejection.
func failed(txn *wire.Txn) bool {
	switch b := txn.Body.(type) {
	case *wire.ErrorTxn:
		return true
	case *wire.MultiTxn:
		for _, p := range b.Parts {
			if _, ok := p.Body.(*wire.ErrorTxn); !ok {
				return false
			}
		}
		return len(b.Parts) > 0
	}
	return false
}
