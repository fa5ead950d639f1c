package checkers

import (
	"fmt"
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func init() { fixtures = append(fixtures, recipeFixtures...) }

// claim records what a client concludes now, from what it saw last unless the claim
// says otherwise.
func (e *ensemble) claim(c *client, claim history.Claim) {
	claim.At, claim.Client, claim.Session = e.now, int(c.session), c.session
	if claim.Zxid == 0 {
		claim.Zxid = c.seen
	}
	e.h.Claims = append(e.h.Claims, claim)
}

// stand puts a client in line before /l, as step.
func (e *ensemble) stand(c *client, step int, kind string) *history.Op {
	return e.write(c, op{F: history.Create, Path: "/l/c-" + kind, Mode: wire.ModeEphemeralSequential, Step: step})
}

// lineStory: two clients take turns, and write under their tokens to /f. Ops 0 to 8,
// transactions 2 to 8; the steps are 1 and 2.
func lineStory(first, second history.F) func(e *ensemble, a, b *client) {
	kinds := map[history.F]string{lockRecipe: "lock-", readLockRecipe: "read-", writeLockRecipe: "write-", leadRecipe: "n-"}
	return func(e *ensemble, a, b *client) {
		e.write(a, create("/l"))
		e.write(a, create("/f"))
		one, two := e.stand(a, 1, kinds[first]), e.stand(b, 2, kinds[second])
		use := func(c *client, recipe history.F, own *history.Op, step int) {
			e.read(c, children("/l"))
			claim := history.Claim{Step: step, Recipe: recipe, Path: "/l", Node: own.OutPath, Token: own.OutStat.Czxid}
			claim.Kind = history.Acquired
			e.claim(c, claim)
			write := set("/f", fmt.Sprintf("%d c", int64(claim.Token)))
			write.Step = step
			e.write(c, write)
			claim.Kind, claim.Path = history.Wrote, "/f"
			e.claim(c, claim)
			e.write(c, op{F: history.Delete, Path: own.OutPath, Version: -1, Step: step})
		}
		use(a, first, one, 1)
		e.catchUp(b.server, len(e.h.Log))
		use(b, second, two, 2)
	}
}

// bothHold lets the second client acquire from what it read before the first was gone.
func bothHold(h *history.History) { h.Claims[2].Zxid = h.Ops[3].Zxid }

var recipeFixtures = []fixture{
	{LockAttemptOnce, lineStory(lockRecipe, lockRecipe), func(h *history.History) { h.Ops[3].Step = 1 }},
	{LockExclusive, lineStory(lockRecipe, lockRecipe), bothHold},
	{SharedLockExclusive, lineStory(writeLockRecipe, readLockRecipe), bothHold},
	{LeaderUnique, lineStory(leadRecipe, leadRecipe), bothHold},
	{Fencing, lineStory(lockRecipe, lockRecipe), func(h *history.History) { // the second write came first
		h.Ops[5].Value, h.Ops[8].Value = h.Ops[8].Value, h.Ops[5].Value
		one, two := txnBody[*wire.SetDataTxn](h, 6), txnBody[*wire.SetDataTxn](h, 8)
		one.Data, two.Data = two.Data, one.Data
	}},
	{QueueOfferOnce, queueStory, func(h *history.History) { h.Ops[2].Step = 1 }},
	{QueueOnce, queueStory, func(h *history.History) { h.Claims[2].Step = 4 }},
	{QueueLoss, queueStory, func(h *history.History) { h.Claims = h.Claims[:3] }},
	{QueueOrder, queueStory, takenInDisorder},
	{PriorityOrder, priorityStory, func(h *history.History) { h.Claims[3].Zxid = h.Claims[2].Zxid }}, // from an old list
	{BarrierHolds, barrierStory, func(h *history.History) { h.Claims[0].Zxid = h.Ops[1].Zxid }},
	{DoubleBarrierEnter, doubleStory, func(h *history.History) { h.Claims[1].N = 3 }},
	{DoubleBarrierLeave, doubleStory, func(h *history.History) { h.Claims[2].Zxid = h.Ops[4].Zxid }},
	{ConfigWhole, configStory, func(h *history.History) { h.Claims[0].Values[0] = "0" }},
	{CounterExact, counterStory, func(h *history.History) { h.Ops[2].Step = 1; h.Claims = h.Claims[:1] }},
	{BankTotal, bankStory, func(h *history.History) { h.Claims[0].N = 195 }},
	{WatchCache, mirrorStory, func(h *history.History) { // an event was taken for another znode's
		h.Claims[0].Values = h.Claims[0].Values[:1]
	}},
	{Agreement, agreementStory, func(h *history.History) { h.Claims[1].Values[0] = "abort" }},
	{CacheCoherent, cacheStory, func(h *history.History) { h.Claims[0].Values[0] = "x=idle" }},
}

// What looks alike and is legal.
func TestRecipesThatAreKept(t *testing.T) {
	for _, tc := range []struct {
		how   string
		story func(e *ensemble, a, b *client)
		spoil func(h *history.History)

		overlaps int
	}{
		{"holders take turns", lineStory(lockRecipe, lockRecipe), func(*history.History) {}, 0},
		{"readers share", lineStory(readLockRecipe, readLockRecipe), bothHold, 0},
		{"holders overlap by the clock", lineStory(lockRecipe, lockRecipe), func(h *history.History) { // the first hangs
			lost := h.Claims[0]
			lost.Kind, lost.At = history.Lost, h.Claims[2].At+1
			h.Claims = append(h.Claims, lost)
		}, 1},
	} {
		h := (&fixture{story: tc.story}).record()
		tc.spoil(h)
		if w := runWitness(h); len(w.findings) > 0 {
			t.Errorf("%s: %v", tc.how, w.findings)
		}
		if n := overlaps(h); n != tc.overlaps {
			t.Errorf("%s: %d overlaps, want %d", tc.how, n, tc.overlaps)
		}
	}
}

// Further ways to break what a line promises.
func TestSpoiledLines(t *testing.T) {
	for _, tc := range []struct {
		how, want string
		spoil     func(h *history.History)
	}{
		{"the holder's znode is not there", LockExclusive, func(h *history.History) { h.Claims[0].Zxid = h.Ops[1].Zxid }},
		{"the token is another's", LockExclusive, func(h *history.History) { h.Claims[0].Token++ }},
	} {
		h := (&fixture{story: lineStory(lockRecipe, lockRecipe)}).record()
		tc.spoil(h)
		if w := runWitness(h); len(w.findings) != 1 || w.findings[0].Guarantee != tc.want {
			t.Errorf("%s: %v", tc.how, w.findings)
		}
	}
}

// offer and takeOut are what steps of queues do, with their claims.
func (e *ensemble) offer(c *client, step int, recipe history.F, prefix string) string {
	o := e.write(c, op{F: history.Create, Path: "/q/c-" + prefix, Value: fmt.Sprintf("e%d", step), Mode: wire.ModePersistentSequential, Step: step})
	e.claim(c, history.Claim{Step: step, Recipe: recipe, Kind: history.Offered, Path: "/q", Node: o.OutPath, Values: []string{o.Value}})
	return o.OutPath
}

func (e *ensemble) takeOut(c *client, step int, recipe history.F, path, value string) {
	list := e.read(c, children("/q")).Zxid
	del := e.write(c, op{F: history.Delete, Path: path, Version: -1, Step: step})
	claim := history.Claim{Step: step, Recipe: recipe, Kind: history.Took, Path: "/q", Node: path, Zxid: del.Zxid, Values: []string{value}}
	if recipe == takePriorityRecipe {
		claim.Zxid = list
	}
	e.claim(c, claim)
}

// queueStory: steps 1 and 2 offer, 3 and 4 take. Ops 0 to 6: the lists are 3 and 5.
// Claims 2 and 3 are of the takes, transactions 5 and 6.
func queueStory(e *ensemble, a, b *client) {
	e.write(a, create("/q"))
	one, two := e.offer(a, 1, offerRecipe, "e-"), e.offer(b, 2, offerRecipe, "e-")
	e.takeOut(a, 3, takeRecipe, one, "e1")
	e.takeOut(b, 4, takeRecipe, two, "e2")
}

// priorityStory: the same with priorities, the second element being more urgent.
func priorityStory(e *ensemble, a, b *client) {
	e.write(a, create("/q"))
	one, two := e.offer(a, 1, offerPriorityRecipe, "03-"), e.offer(b, 2, offerPriorityRecipe, "01-")
	e.catchUp(a.server, len(e.h.Log))
	e.takeOut(a, 3, takePriorityRecipe, two, "e2")
	e.takeOut(a, 4, takePriorityRecipe, one, "e1")
}

// takenInDisorder lets the consumers of queueStory take each other's element.
func takenInDisorder(h *history.History) {
	one, two := &h.Claims[2], &h.Claims[3]
	one.Node, two.Node, one.Values, two.Values = two.Node, one.Node, two.Values, one.Values
	h.Ops[4].Path, h.Ops[6].Path = h.Ops[6].Path, h.Ops[4].Path
	first, second := txnBody[*wire.DeleteTxn](h, 5), txnBody[*wire.DeleteTxn](h, 6)
	first.Path, second.Path = second.Path, first.Path
	h.Ops = append(h.Ops[:5], h.Ops[6]) // nobody looked in between
}

// barrierStory: b finds the barrier, and later none. Ops 0 to 3.
func barrierStory(e *ensemble, a, b *client) {
	e.write(a, create("/b"))
	e.catchUp(b.server, len(e.h.Log))
	e.read(b, op{F: history.Exists, Path: "/b"})
	e.write(a, op{F: history.Delete, Path: "/b", Version: -1})
	e.catchUp(b.server, len(e.h.Log))
	e.read(b, op{F: history.Exists, Path: "/b"})
	e.claim(b, history.Claim{Step: 1, Recipe: passRecipe, Kind: history.Passed, Path: "/b"})
}

// doubleStory: a and b enter and leave. Ops 0 to 6, claims 0 and 1 of entering, 2 of a
// leaving, as of op 5.
func doubleStory(e *ensemble, a, b *client) {
	claim := history.Claim{Step: 1, Recipe: meetRecipe, Kind: history.Entered, Path: "/d", N: 2}
	e.write(a, create("/d"))
	e.write(a, mode("/d/a-m", wire.ModeEphemeral))
	e.write(b, mode("/d/b-m", wire.ModeEphemeral))
	e.write(b, create("/d/ready"))
	e.claim(b, claim)
	e.catchUp(a.server, len(e.h.Log))
	e.read(a, op{F: history.Exists, Path: "/d/ready"})
	e.claim(a, claim)
	e.write(b, op{F: history.Delete, Path: "/d/b-m", Version: -1})
	e.catchUp(a.server, len(e.h.Log))
	e.read(a, children("/d"))
	claim.Kind, claim.Node = history.Left, "/d/a-m"
	e.claim(a, claim)
	e.write(a, op{F: history.Delete, Path: "/d/a-m", Version: -1})
}

// configStory: b reads what a published. Ops 0 to 7.
func configStory(e *ensemble, a, b *client) {
	e.write(a, create("/c"))
	for _, name := range []string{"a", "b", "c"} {
		e.write(a, op{F: history.Create, Path: "/c/" + name, Value: "1"})
	}
	e.write(a, create("/c/ready"))
	e.catchUp(b.server, len(e.h.Log))
	claim := history.Claim{Step: 2, Recipe: configureRecipe, Kind: history.Configured, Path: "/c"}
	for _, name := range []string{"a", "b", "c"} {
		claim.Values = append(claim.Values, e.read(b, get("/c/"+name)).OutValue)
	}
	e.claim(b, claim)
}

// counterStory: steps 1 and 2 raise /n. Ops 0 to 2.
func counterStory(e *ensemble, a, b *client) {
	e.write(a, create("/n"))
	for i, c := range []*client{a, b} {
		raise := cas("/n", fmt.Sprintf("%d c", i+1), int32(i))
		raise.Step = i + 1
		e.write(c, raise)
		e.claim(c, history.Claim{Step: i + 1, Recipe: incrementRecipe, Kind: history.Counted, Path: "/n", N: i + 1})
	}
}

// bankStory: 5 go from one account to the other, and b adds up. Ops 0 to 4.
func bankStory(e *ensemble, a, b *client) {
	e.write(a, create("/bank"))
	e.write(a, create("/bank/0"))
	e.write(a, create("/bank/1"))
	e.multi(a, part{F: history.Set, Path: "/bank/0", Value: "95 c"}, part{F: history.Set, Path: "/bank/1", Value: "105 c"})
	e.catchUp(b.server, len(e.h.Log))
	e.read(b, op{F: history.MultiRead, Parts: []part{{F: history.Get, Path: "/bank/0"}, {F: history.Get, Path: "/bank/1"}}})
	e.claim(b, history.Claim{Step: 2, Recipe: auditRecipe, Kind: history.Audited, Path: "/bank", N: 200})
}

// agreementStory: two sites commit. Ops 0 to 4, claims 0 and 1.
func agreementStory(e *ensemble, a, b *client) {
	e.write(a, create("/t"))
	e.write(a, create("/t/a-yes"))
	e.write(b, create("/t/b-yes"))
	e.write(b, op{F: history.Create, Path: "/t/decision", Value: "commit"})
	claim := history.Claim{Step: 2, Recipe: voteCommitRecipe, Kind: history.Decided, Path: "/t", N: 2}
	claim.Values = []string{"commit"}
	e.claim(b, claim)
	e.catchUp(a.server, len(e.h.Log))
	claim.Step, claim.Values = 1, []string{e.read(a, get("/t/decision")).OutValue}
	e.claim(a, claim)
}

// cacheStory: b caches a group of one. Ops 0 to 2.
func cacheStory(e *ensemble, a, b *client) {
	e.write(a, create("/g"))
	e.write(a, op{F: history.Create, Path: "/g/x", Value: "busy", Mode: wire.ModeEphemeral})
	e.catchUp(b.server, len(e.h.Log))
	e.read(b, op{F: history.Exists, Path: "/g"})
	e.claim(b, history.Claim{Step: 2, Recipe: discoverRecipe, Kind: history.Cached, Path: "/g", Values: []string{"x=busy"}})
}

// mirrorStory: b mirrors a tree of two. Ops 0 to 4.
func mirrorStory(e *ensemble, a, b *client) {
	root := e.write(a, create("/g")).Zxid
	e.current(b)
	e.watches(b, addWatch("/g", wire.WatchRecursive), wire.OK)
	e.read(b, get("/g"))
	child := e.write(a, create("/g/x")).Zxid
	e.event(b, wire.NodeCreated, "/g/x", child)
	e.current(b)
	e.read(b, op{F: history.Exists, Path: "/g"})
	e.claim(b, history.Claim{Step: 2, Recipe: mirrorRecipe, Kind: history.Cached, Path: "/g",
		Values: []string{"/g/x=" + child.String(), "/g=" + root.String()}})
}

func TestSpoiledRecipes(t *testing.T) {
	for _, s := range []spoiling{
		{QueueOnce, "an element is claimed that nobody took out", queueStory, func(h *history.History) { h.Ops, h.Log = h.Ops[:6], h.Log[:6] }},
		{QueueOnce, "an element holds something else", queueStory, func(h *history.History) { h.Claims[2].Values[0] = "e2" }},
		{QueueOnce, "two claim one element", queueStory, func(h *history.History) {
			h.Claims = append(h.Claims, h.Claims[2])
			h.Claims[4].Step = 7
		}},
		{ConfigWhole, "a flag is missing", configStory, func(h *history.History) { h.Claims[0].Zxid = h.Ops[3].Zxid }},
		{ConfigWhole, "an old configuration is read", configStory, func(h *history.History) { h.Claims[0].Values = []string{"0", "0", "0"} }},
		{CounterExact, "an increment is lost", counterStory, func(h *history.History) {
			h.Ops[2].Value, h.Ops[2].OutStat.DataLength = "1 d", 3
			txnBody[*wire.SetDataTxn](h, 4).Data = []byte("1 d")
		}},
		{CounterExact, "an increment is claimed that was never made", counterStory, func(h *history.History) { h.Claims[1].Step = 7 }},
		{BankTotal, "money appears", bankStory, func(h *history.History) {
			h.Ops[3].Parts[1].Value, h.Ops = "106 c", h.Ops[:4]
			txnBody[*wire.MultiTxn](h, 5).Parts[1].Body.(*wire.SetDataTxn).Data = []byte("106 c")
			h.Claims[0].Kind = history.Transferred
		}},
		{WatchCache, "a copy holds what is gone", mirrorStory, func(h *history.History) {
			h.Claims[0].Values = append(h.Claims[0].Values, "/g/y=1:4")
		}},
		{WatchCache, "a copy missed a write", mirrorStory, func(h *history.History) { h.Claims[0].Values[0] = "/g/x=1:3" }},
		{Agreement, "it is committed by two votes of three", agreementStory, func(h *history.History) {
			h.Claims[0].N = 3
		}},
		{Agreement, "a site decides before it is decided", agreementStory, func(h *history.History) { h.Claims[0].Zxid = h.Ops[2].Zxid }},
		{Agreement, "a decision is changed", func(e *ensemble, a, b *client) {
			agreementStory(e, a, b)
			e.read(b, get("/t/decision"))
		}, func(h *history.History) {
			last := &h.Ops[5]
			last.F, last.Value, last.Version, last.OutValue, last.OutStat = history.Set, "abort", -1, "", nil
			last.Zxid++
			h.Log = append(h.Log, history.Applied{At: last.Invoke, Txn: &wire.Txn{
				Session: last.Session, Cxid: last.Xid, Zxid: last.Zxid, Type: wire.OpSetData,
				Body: &wire.SetDataTxn{Path: "/t/decision", Data: []byte("abort"), Version: 1},
			}})
		}},
		{CacheCoherent, "a member is missing in a cache", cacheStory, func(h *history.History) { h.Claims[0].Values = nil }},
	} {
		s.judge(t)
	}
}

// A step whose delete was answered to nobody owes no claim: its client died of it.
func TestNobodyKnowsWhoTook(t *testing.T) {
	h := (&fixture{story: queueStory}).record()
	last := &h.Ops[6]
	last.Outcome, last.Return, last.Zxid, last.Order = history.Info, history.Never, 0, 0
	h.Claims = h.Claims[:3]
	if w := runWitness(h); len(w.findings) > 0 {
		t.Errorf("%v", w.findings)
	}
}

func TestClaimsThatAreRequired(t *testing.T) {
	h := (&fixture{story: barrierStory}).record()
	h.Ops[3].Final = true
	for kind, want := range map[history.ClaimKind]Verdict{history.Passed: Pass, history.Entered: Vacuous} { //sim:unordered each by itself
		if r := Judge(h, Options{Claims: []history.ClaimKind{kind}}); r.Verdict != want {
			t.Errorf("%s is required: %v %v, want %v", kind, r.Verdict, r.Notes, want)
		}
	}
}
