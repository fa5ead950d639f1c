package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Functions of recipe steps, as claims name them.
const (
	lockRecipe      history.F = "lock"
	readLockRecipe  history.F = "read-lock"
	writeLockRecipe history.F = "write-lock"
	leadRecipe      history.F = "lead"

	offerRecipe         history.F = "offer"
	takeRecipe          history.F = "take"
	offerPriorityRecipe history.F = "offer-priority"
	takePriorityRecipe  history.F = "take-priority"

	passRecipe history.F = "pass"
	meetRecipe history.F = "meet"

	publishRecipe   history.F = "publish"
	configureRecipe history.F = "configure"

	incrementRecipe history.F = "increment"
	transferRecipe  history.F = "transfer"
	auditRecipe     history.F = "audit"

	voteCommitRecipe history.F = "vote-commit"
	voteAbortRecipe  history.F = "vote-abort"

	serveRecipe    history.F = "serve"
	discoverRecipe history.F = "discover"

	mirrorRecipe history.F = "mirror"
)

// recipeJudge holds what clients concluded against the log. A claim names the zxid
// of the reply or event that it rests on, so it is judged in the tree as of then,
// whatever the clocks say: two clients may well believe at one time to hold a lock,
// one of them in the past. What a recipe promises beyond that, it promises by fencing,
// and that is judged in the order of the log, too.
type recipeJudge struct {
	*witness
	tree *reference.Tree
	// rules are those that look at each path, or at the children of it.
	rules map[string][]recipeRule
	all   []recipeRule
}

// recipeRule judges one use of a recipe: a lock, a queue, a counter.
type recipeRule interface {
	// happened tells of a change, after it; claimed of a claim, in the tree it is about.
	happened(e *effect)
	claimed(c *history.Claim)
	// ended tells that there is no more.
	ended()
}

// effectKind is what happened to a znode.
type effectKind uint8

const (
	created effectKind = iota
	deleted
	written
)

// effect is one change of one znode.
type effect struct {
	kind             effectKind
	path             string
	value, old       string // after and before
	version          int32
	txn              int // index in the log
	op               int // index of the operation that asked for it, none if nobody did
	session          int64
	transactionEnded bool // it is the last of its transaction
}

// step is the recipe step that asked for an effect, 0 if none did.
func (j *recipeJudge) step(e *effect) int {
	if e.op == none {
		return 0
	}
	return j.h.Ops[e.op].Step
}

// recipes judges the claims of a history. The ensemble must have been judged before:
// a client cannot be right where its servers are wrong.
func (w *witness) recipes() {
	if len(w.h.Claims) == 0 {
		return
	}
	j := recipeJudge{witness: w, tree: reference.New(), rules: map[string][]recipeRule{}}
	claims := make([]*history.Claim, len(w.h.Claims))
	for i := range w.h.Claims {
		claims[i] = &w.h.Claims[i]
		j.prepare(claims[i])
	}
	slices.SortStableFunc(claims, func(a, b *history.Claim) int { return cmp.Compare(a.Zxid, b.Zxid) })
	for t := range w.h.Log {
		for len(claims) > 0 && claims[0].Zxid < w.h.Log[t].Txn.Zxid {
			j.claimed(claims[0])
			claims = claims[1:]
		}
		j.transaction(t)
	}
	for _, c := range claims {
		j.claimed(c)
	}
	for _, r := range j.all {
		r.ended()
	}
}

// prepare makes the rules for what a claim is about, if there are none yet.
func (j *recipeJudge) prepare(c *history.Claim) {
	if _, known := j.rules[c.Path]; known {
		return
	}
	j.rules[c.Path] = nil
	switch c.Recipe {
	case lockRecipe, readLockRecipe, writeLockRecipe, leadRecipe:
		if c.Kind == history.Wrote || c.Kind == history.Refused {
			j.add(c.Path, &fenceRule{judge: j, path: c.Path})
			return
		}
		j.add(c.Path, newLineRule(j, c))
	case offerRecipe, takeRecipe, offerPriorityRecipe, takePriorityRecipe:
		j.add(c.Path, newQueueRule(j, c))
	case passRecipe:
		j.add(c.Path, &barrierRule{j, c.Path})
	case meetRecipe:
		j.add(c.Path, &doubleRule{judge: j, path: c.Path})
	case publishRecipe, configureRecipe:
		j.add(c.Path, &configRule{j, c.Path})
	case incrementRecipe:
		j.add(c.Path, &counterRule{judge: j, path: c.Path, counted: map[int]int{}})
	case transferRecipe, auditRecipe:
		j.add(c.Path, &bankRule{judge: j, path: c.Path})
	case voteCommitRecipe, voteAbortRecipe:
		j.add(c.Path, &agreementRule{j, c.Path, c.N})
	case serveRecipe, discoverRecipe:
		j.add(c.Path, &cacheRule{j, c.Path})
	case mirrorRecipe:
		j.add(c.Path, &mirrorRule{j, c.Path})
	}
}

func (j *recipeJudge) add(path string, r recipeRule) {
	j.rules[path] = append(j.rules[path], r)
	j.all = append(j.all, r)
}

func (j *recipeJudge) claimed(c *history.Claim) {
	for _, r := range j.rules[c.Path] {
		r.claimed(c)
	}
}

// transaction applies one transaction and tells the rules what it did.
func (j *recipeJudge) transaction(t int) {
	effects := j.effects(t)
	j.tree.Apply(j.h.Log[t].Txn)
	for i := range effects {
		e := &effects[i]
		e.transactionEnded = i == len(effects)-1
		for _, r := range j.rules[e.path] {
			r.happened(e)
		}
		for _, r := range j.rules[reference.Parent(e.path)] {
			r.happened(e)
		}
	}
}

// effects lists what a transaction is about to do to znodes, the ephemerals that end
// with a session among it.
func (j *recipeJudge) effects(t int) []effect {
	txn := j.h.Log[t].Txn
	var out []effect
	put := func(kind effectKind, path string, value []byte, version int32) {
		old, _, _ := j.tree.Data(path)
		out = append(out, effect{
			kind: kind, path: path, value: string(value), old: string(old), version: version,
			txn: t, op: int(j.opOf[t]), session: txn.Session,
		})
	}
	for _, body := range appendParts(nil, txn) {
		switch b := body.(type) {
		case *wire.CreateTxn:
			put(created, b.Path, b.Data, 0)
		case *wire.DeleteTxn:
			put(deleted, b.Path, nil, 0)
		case *wire.SetDataTxn:
			put(written, b.Path, b.Data, b.Version)
		case *wire.CloseSessionTxn:
			for _, path := range j.tree.Owned(txn.Session) {
				put(deleted, path, nil, 0)
			}
		}
	}
	return out
}

// charge enters a finding about a claim; the references are operations, or ^index for
// transactions.
func (j *recipeJudge) charge(id string, c *history.Claim, explanation string, refs ...int) {
	if j.counts[id]++; j.counts[id] > findingsPerGuarantee {
		return
	}
	f := guarantee.Finding{Guarantee: id, Explanation: sentence(id) + " " + explanation}
	if c != nil {
		f.At, f.Evidence = c.At, append(f.Evidence, describeClaim(c))
	}
	for _, i := range refs {
		switch {
		case i >= 0:
			f.Ops = append(f.Ops, j.h.Ops[i].ID)
		case f.At == 0:
			f.At = j.h.Log[^i].At
		}
		f.Evidence = append(f.Evidence, j.evidence(i))
	}
	j.findings = append(j.findings, f)
}

// because lists what stands behind an effect: its transaction, and who asked for it.
func (e *effect) because() []int {
	if e.op == none {
		return []int{^e.txn}
	}
	return []int{e.op, ^e.txn}
}

// describeClaim renders a claim as one line of evidence.
func describeClaim(c *history.Claim) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] client %d, session %#x, step %d: %s %s %s", when(c.At), c.Client, c.Session, c.Step, c.Recipe, c.Kind, c.Path)
	if c.Node != "" {
		b.WriteString(" by " + c.Node)
	}
	if c.Token != 0 {
		b.WriteString(", token " + c.Token.String())
	}
	if c.N != 0 {
		fmt.Fprintf(&b, ", number %d", c.N)
	}
	if len(c.Values) > 0 {
		fmt.Fprintf(&b, ", %q", c.Values)
	}
	if c.Zxid != 0 {
		b.WriteString(", as of " + c.Zxid.String())
	}
	return b.String()
}

// lineNumber is the sequence number that ends a name, -1 if there is none.
func lineNumber(name string) int64 {
	const digits = 10
	if len(name) < digits {
		return -1
	}
	var n int64
	if _, err := fmt.Sscanf(name[len(name)-digits:], "%d", &n); err != nil {
		return -1
	}
	return n
}
