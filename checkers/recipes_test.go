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
}

// What looks alike and is legal.
func TestRecipesThatAreKept(t *testing.T) {
	for _, tc := range []struct {
		how   string
		story func(e *ensemble, a, b *client)
		spoil func(h *history.History)
	}{
		{"readers share", lineStory(readLockRecipe, readLockRecipe), bothHold},
		{"holders overlap by the clock", lineStory(lockRecipe, lockRecipe), func(h *history.History) { h.Claims[2].At = h.Claims[0].At }},
	} {
		h := (&fixture{story: tc.story}).record()
		tc.spoil(h)
		if w := runWitness(h); len(w.findings) > 0 {
			t.Errorf("%s: %v", tc.how, w.findings)
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
