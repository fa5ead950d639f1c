package workloads

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	counters = "/counter"
	bank     = "/bank"
	// deposit is what an account holds that nobody has moved money from or to.
	deposit = 100
)

// ledgers are about numbers that must come out right: counters, and accounts between
// which money moves. Both are read and written back on condition of their versions.
func ledgers() Workload {
	return Workload{
		Name: "ledger",
		Doc:  "counters raised by compare and set, and accounts between which multis move money",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 3)
			s.Think = choose(r, 20*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond)
			s.Mix = swarm(r, []Weight{{"increment", 5}, {"transfer", 5}, {"audit", 2}, {"move", 1}, {"hang", 1}, {"open", 1}},
				"transfer", "audit", "move", "hang", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return ledgerOps(r, s, kind) }, func(client int) []Op {
				return []Op{
					{F: Increment, Path: child(counters, client%s.Keys), Recipe: farewell(0)},
					{F: Audit, Path: bank, Recipe: farewell(0)},
				}
			})
		},
		Setup: func(s Shape) []Op { return together(creates(counters, s.Keys), creates(bank, accounts(s))) },
		FinalReads: func(s Shape) []Op {
			return finals(history.SyncGet, s, append(children(counters, s.Keys), children(bank, accounts(s))...)...)
		},
		Judges:      []string{"witness"},
		NeedsClaims: []history.ClaimKind{history.Counted, history.Audited},
	}
}

// accounts is how many accounts there are: one is nothing to move money between.
func accounts(s Shape) int { return s.Keys + 1 }

func ledgerOps(r *rand.Rand, s Shape, kind string) []Op {
	args := RecipeArgs{Within: time.Duration(500+r.IntN(1500)) * time.Millisecond}
	switch kind {
	case "increment":
		return []Op{{F: Increment, Path: child(counters, s.key(r)), Recipe: args}}
	case "transfer":
		from := r.IntN(accounts(s))
		to := (from + 1 + r.IntN(accounts(s)-1)) % accounts(s)
		args.N, args.To = 1+r.IntN(20), child(bank, to)
		return []Op{{F: Transfer, Path: child(bank, from), Recipe: args}}
	case "audit":
		return []Op{{F: Audit, Path: bank, Recipe: args}}
	}
	return sessionOps(r, s, kind)
}

// amount reads the number that a value begins with: what follows says who wrote it.
func amount(value string, untouched int) int {
	word, _, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(word)
	if err != nil {
		return untouched
	}
	return n
}

// stamped is a value that says who wrote it.
func (s *step) stamped(n int) string { return fmt.Sprintf("%d %s", n, s.name()) }

// increment raises a counter by one. A write that was lost may have counted; the
// stamp of the version that it would have made tells.
func (s *step) increment() {
	for !s.late() {
		got, ok := s.readMade(Op{F: history.Get, Path: s.op.Path})
		if !ok {
			return
		}
		n := amount(got.OutValue, 0) + 1
		version := VersionArg(got.OutStat.Version)
		if s.has(bugs.CounterWithoutVersion) {
			version = Any
		}
		set, ok := s.ask(Op{F: history.Set, Path: s.op.Path, Value: s.stamped(n), Version: version})
		switch {
		case set.Outcome == history.OK:
			s.claim(history.Claim{Kind: history.Counted, N: n, Zxid: set.Zxid})
			return
		case set.Outcome == history.Info && !ok:
			s.claim(history.Claim{Kind: history.Unsure})
			return
		case !ok:
			return
		case set.Outcome == history.Info && !s.has(bugs.CounterCountsTwice) && s.settled(got, n):
			return
		}
		s.t.Sleep(time.Duration(s.c.env.Rand().IntN(20)) * time.Millisecond) // or two that collide do so again
	}
	s.gaveUp()
}

// settled looks what became of a lost increment, and says whether that ends the step.
// After a sync over another connection it has happened or never will.
func (s *step) settled(before history.Op, n int) bool {
	now, ok := s.readMade(Op{F: history.SyncGet, Path: s.op.Path})
	if !ok {
		s.claim(history.Claim{Kind: history.Unsure})
		return true
	}
	switch passed := now.OutStat.Version - before.OutStat.Version; {
	case passed == 0:
		return false
	case passed == 1 && now.OutValue == s.stamped(n):
		s.claim(history.Claim{Kind: history.Counted, N: n, Zxid: now.Zxid})
	case passed == 1:
		return false
	default: // others have written over whatever was first
		s.claim(history.Claim{Kind: history.Unsure})
	}
	return true
}

// transfer moves money, if there is enough. What is lost on the way is not tried again.
func (s *step) transfer() {
	for !s.late() {
		from, ok := s.readMade(Op{F: history.Get, Path: s.op.Path})
		if !ok {
			return
		}
		to, ok := s.readMade(Op{F: history.Get, Path: s.op.Recipe.To})
		if !ok {
			return
		}
		left := amount(from.OutValue, deposit) - s.op.Recipe.N
		if left < 0 {
			s.claim(history.Claim{Kind: history.Refused, Path: bank, N: s.op.Recipe.N})
			return
		}
		got, ok := s.ask(Op{F: history.Multi, Parts: []Part{
			{F: history.Set, Path: s.op.Path, Value: s.stamped(left), Version: s.onlyIf(from)},
			{F: history.Set, Path: s.op.Recipe.To, Value: s.stamped(amount(to.OutValue, deposit) + s.op.Recipe.N), Version: s.onlyIf(to)},
		}})
		switch {
		case got.Outcome == history.OK:
			s.claim(history.Claim{Kind: history.Transferred, Path: bank, N: s.op.Recipe.N, Zxid: got.Zxid})
			return
		case got.Outcome == history.Info:
			s.claim(history.Claim{Kind: history.Unsure, Path: bank})
			return
		case !ok:
			return
		}
		s.t.Sleep(time.Duration(s.c.env.Rand().IntN(20)) * time.Millisecond)
	}
	s.claim(history.Claim{Kind: history.GaveUp, Path: bank})
}

// onlyIf is the version to write back on.
func (s *step) onlyIf(read history.Op) VersionArg {
	if s.has(bugs.BankWithoutVersions) {
		return Any
	}
	return VersionArg(read.OutStat.Version)
}

// audit adds up all accounts in one state.
func (s *step) audit() {
	list, ok := s.readMade(Op{F: history.Children, Path: s.op.Path})
	if !ok {
		return
	}
	var parts []Part
	for _, name := range list.OutChildren {
		parts = append(parts, Part{F: history.Get, Path: s.op.Path + "/" + name})
	}
	got, ok := s.insist(Op{F: history.MultiRead, Parts: parts})
	if !ok {
		return
	}
	total := 0
	for _, p := range got.OutParts {
		if b, ok := p.Body.(*wire.DataReply); ok {
			total += amount(string(b.Data), deposit)
		}
	}
	s.claim(history.Claim{Kind: history.Audited, N: total, Zxid: got.Zxid})
}
