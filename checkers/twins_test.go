package checkers

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/models"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

// small draws a good history of a few dozen operations.
func small(t *rapid.T) *history.History {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	return random(r, shape{ops: rapid.IntRange(15, 60).Draw(t, "ops"), clients: 3, keys: 2, infoPercent: 10})
}

// linked is a witness ready for one guarantee.
func linked(h *history.History) *witness {
	w := &witness{h: h, tree: reference.New(), closed: map[int64]wire.Zxid{}, counts: map[string]int{}, blamed: map[int]bool{}}
	w.link()
	return w
}

// TestRealTimeOrderTwin compares the one pass with all pairs, on histories whose
// intervals were moved about.
func TestRealTimeOrderTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := small(t)
		for range rapid.IntRange(0, 3).Draw(t, "moves") {
			op := &h.Ops[rapid.IntRange(0, len(h.Ops)-1).Draw(t, "op")]
			shift := time.Duration(rapid.IntRange(-20, 20).Draw(t, "by")) * time.Millisecond
			if op.Return != history.Never && op.Invoke+shift > 0 {
				op.Invoke, op.Return = op.Invoke+shift, op.Return+shift
			}
		}
		w := linked(h)
		w.realTimeOrder()
		broken := false
		for i := range h.Ops {
			for j := range h.Ops {
				a, b := &h.Ops[i], &h.Ops[j]
				if w.txnOf[i] != none && w.txnOf[j] != none && a.Outcome != history.Info && a.Return < b.Invoke && w.zxidOf(i) > w.zxidOf(j) {
					broken = true
				}
			}
		}
		if broken != (len(w.findings) > 0) {
			t.Fatalf("all pairs say broken %v, the pass finds %v", broken, w.findings)
		}
	})
}

// TestAnUnknownWriteMayComeLate: a client gives up, others go on, and only then the
// write is committed.
func TestAnUnknownWriteMayComeLate(t *testing.T) {
	e := newEnsemble(1)
	a, b := e.open(1, 0), e.open(2, 0)
	e.write(b, create("/r"))
	e.write(b, set("/r", "v1"))
	late := e.write(a, set("/r", "late"))
	first := e.h.Ops[0]
	e.lose(a, late)
	late.Invoke, late.Return = first.Return+1, first.Return+2
	if w := runWitness(&e.h); len(w.findings) > 0 {
		t.Error(w.findings)
	}
	final := syncGet("/r")
	final.Final = true
	e.read(b, final)
	if r := Judge(&e.h, everything); r.Verdict != Pass {
		t.Errorf("%v %v %v", r.Verdict, r.Findings, r.Notes)
	}
}

// TestADeadClientsWriteIsOnlyInTheLog: its client crashed before it noted session
// and xid, so nothing joins the operation with its transaction.
func TestADeadClientsWriteIsOnlyInTheLog(t *testing.T) {
	e := newEnsemble(1)
	a, b := e.open(1, 0), e.open(2, 0)
	e.write(b, create("/r"))
	e.lose(a, e.write(a, set("/r", "unnoted")))
	o := &e.h.Ops[1]
	o.Session, o.Conn, o.Xid = 0, 0, 0
	e.write(b, set("/r", "v2"))
	final := syncGet("/r")
	final.Final = true
	e.read(b, final)
	for _, strong := range []bool{false, true} {
		o := everything
		o.Strong = strong
		if r := Judge(&e.h, o); r.Verdict != Pass {
			t.Errorf("strong %v: %v %v %v", strong, r.Verdict, r.Findings, r.Notes)
		}
	}
}

// TestSyncOrderTwin compares the sweep with all pairs, on histories whose synced
// reads were aged.
func TestSyncOrderTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := small(t)
		for i := range h.Ops {
			if op := &h.Ops[i]; op.SyncZxid > 0 && rapid.IntRange(0, 3).Draw(t, "age?") == 0 {
				op.Zxid -= wire.Zxid(rapid.IntRange(0, 3).Draw(t, "by"))
				op.SyncZxid = op.Zxid // of the same epoch
				op.Final = false
			}
		}
		w := linked(h)
		w.syncOrder()
		stale := map[int]bool{}
		for i := range h.Ops {
			for j := range h.Ops {
				read, write := &h.Ops[i], &h.Ops[j]
				if read.SyncZxid > 0 && !read.Final && write.Outcome == history.OK && w.txnOf[j] != none &&
					write.Return < read.Invoke && w.zxidOf(j) > read.Zxid && w.zxidOf(j).Epoch() == read.Zxid.Epoch() {
					stale[i] = true
				}
			}
		}
		if len(stale) != w.counts[SyncOrder] {
			t.Fatalf("all pairs find %d stale reads, the sweep %d", len(stale), w.counts[SyncOrder])
		}
	})
}

// TestGroupTwin compares the counting sort with a filter per session.
func TestGroupTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.Int64Range(-1, 4), 0, 30).Draw(t, "sessions")
		g := group(len(keys), func(i int) (int64, bool) { return keys[i], keys[i] >= 0 })
		for s := int64(-1); s <= 5; s++ {
			var want []int32
			for i, k := range keys {
				if k == s && s >= 0 {
					want = append(want, int32(i))
				}
			}
			if !slices.Equal(g.of(s), want) {
				t.Fatalf("session %d: got %v, want %v", s, g.of(s), want)
			}
		}
	})
}

// tampers are ways to spoil an operation or transaction that nobody may miss. Each
// says whether it found something to spoil.
var tampers = map[string]func(h *history.History, i int) bool{
	"lose an acknowledged write": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		at := slices.IndexFunc(h.Log, func(a history.Applied) bool {
			return a.Txn.Session == op.Session && a.Txn.Cxid == op.Xid && a.Txn.Cxid > 0
		})
		if at < 0 || op.Outcome != history.OK {
			return false
		}
		h.Log = slices.Delete(h.Log, at, at+1)
		return true
	},
	"return another value": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		op.OutValue += "x"
		return op.Outcome == history.OK && (op.F == history.Get || op.F == history.SyncGet)
	},
	"return a lower version": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		if op.Outcome != history.OK || op.OutStat == nil || op.F == history.Delete {
			return false
		}
		op.OutStat.Version--
		return true
	},
	"call a success a failure": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		was := op.Outcome
		op.Outcome = history.Fail
		return was == history.OK && isWrite(op.F)
	},
	"call a failure a success": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		was := op.Outcome
		op.Outcome, op.Err = history.OK, 0
		return was == history.Fail && isWrite(op.F)
	},
	"read from the future": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		op.Zxid += 1 << 20
		return isRead(op.F)
	},
	"hide a child": func(h *history.History, i int) bool {
		op := &h.Ops[i]
		if op.F != history.Children || len(op.OutChildren) == 0 {
			return false
		}
		op.OutChildren = op.OutChildren[1:]
		return true
	},
}

// TestNoTamperingPasses spoils one thing in a good history.
func TestNoTamperingPasses(t *testing.T) {
	for _, name := range sortedTampers() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := small(t)
				i := rapid.IntRange(0, len(h.Ops)-1).Draw(t, "op")
				for !tampers[name](h, i) {
					if i--; i < 0 {
						t.Skip("nothing to spoil")
					}
					h = random(rand.New(rand.NewPCG(uint64(i), 7)), shape{ops: 60, clients: 3, keys: 2})
					i = min(i, len(h.Ops)-1)
				}
				if r := Judge(h, everything); r.Verdict != Violation {
					t.Fatalf("%v after spoiling %s", r.Verdict, describeOp(&h.Ops[i]))
				}
			})
		})
	}
}

func sortedTampers() []string {
	var out []string
	for name := range tampers { //sim:unordered sorted below
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// TestWindowsSeeAcrossTheirEdges searches a history of many windows on one register,
// good and with one late read spoiled, without asking the witness.
func TestWindowsSeeAcrossTheirEdges(t *testing.T) {
	h := random(rand.New(rand.NewPCG(5, 6)), shape{ops: 3000, clients: 4, keys: 1, infoPercent: 5})
	search := func() (windows int, illegal bool) {
		source := models.Source{H: h, Fates: linked(h).txnOf, Strong: true}
		for _, r := range models.Znodes(source, &models.Budget{Steps: 10_000_000}) {
			if r.Path == "/r/0" {
				windows++
			}
			illegal = illegal || r.Outcome != porcupine.Ok
		}
		return windows, illegal
	}
	if n, illegal := search(); illegal || n < 3 {
		t.Fatalf("a good history of %d windows: illegal %v", n, illegal)
	}
	last := slices.IndexFunc(h.Ops, func(op history.Op) bool { return op.Final && op.Outcome == history.OK })
	h.Ops[last].OutValue = "first"
	if _, illegal := search(); !illegal {
		t.Error("the last read returned the first value and no window minds")
	}
}

// TestJudgingIsDeterministic: the same history yields the same report, to the word.
func TestJudgingIsDeterministic(t *testing.T) {
	spoiled := func() Report {
		h := random(rand.New(rand.NewPCG(3, 4)), shape{ops: 500, clients: 5, keys: 2, infoPercent: 5})
		for i := range h.Ops {
			if i%50 == 7 {
				h.Ops[i].Zxid++
			}
		}
		return Judge(h, everything)
	}
	a, b := spoiled(), spoiled()
	if len(a.Findings) == 0 || len(a.Findings) != len(b.Findings) {
		t.Fatalf("%d and %d findings", len(a.Findings), len(b.Findings))
	}
	for i := range a.Findings {
		if a.Findings[i].Error() != b.Findings[i].Error() || !slices.Equal(a.Findings[i].Evidence, b.Findings[i].Evidence) {
			t.Errorf("finding %d differs:\n%v\n%v", i, a.Findings[i], b.Findings[i])
		}
	}
}
