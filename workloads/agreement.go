package workloads

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

const (
	transactions = "/tx"
	// decision is the child of a transaction that says what it came to; what the names
	// of votes end in says which they are.
	decision = "decision"
	inFavour = "-yes"
	against  = "-no"
	commits  = "commit"
	aborted  = "abort"
	// ballot is how long votes belong to the same transaction.
	ballot = 2 * time.Second
)

// agreeing is two-phase commit. Each site votes once, by a znode of its own, and what
// the votes come to is written into one more znode, by whoever sees it first. A site
// that has waited long enough may abort, but only by writing that: others may
// have committed already. There is no coordinator to wait for, so no site can block
// the others for longer than they are willing to wait.
func agreeing() Workload {
	return Workload{
		Name: "agreement",
		Doc:  "two-phase commits by sites that vote for and against, come late, lose contact and abort what takes too long",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 1)
			s.Think = choose(r, 200*time.Millisecond, 400*time.Millisecond, 800*time.Millisecond)
			s.Mix = swarm(r, []Weight{{"vote-commit", 8}, {"vote-abort", 1}, {"impatient", 1}, {"move", 1}, {"hang", 1}, {"open", 1}},
				"vote-abort", "impatient", "move", "hang", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return constituted(timeline(r, s, func(kind string) []Op { return agreementOps(r, s, kind) }, func(int) []Op {
				return []Op{{F: VoteCommit, Path: transactions, Recipe: farewell(0)}}
			}))
		},
		Setup:       func(Shape) []Op { return creates(transactions, 0) },
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, transactions) },
		Judges:      []string{"witness"},
		NeedsClaims: []history.ClaimKind{history.Decided},
	}
}

func agreementOps(r *rand.Rand, s Shape, kind string) []Op {
	op := Op{F: VoteCommit, Path: transactions, Recipe: RecipeArgs{Within: time.Duration(500+r.IntN(2000)) * time.Millisecond}}
	switch kind {
	case "vote-commit":
	case "vote-abort":
		op.F = VoteAbort
	case "impatient":
		op.Recipe.Within = time.Duration(20+r.IntN(200)) * time.Millisecond
	default:
		return sessionOps(r, s, kind)
	}
	return []Op{op}
}

// constituted makes transactions of votes that come at about the same time, one of each
// client at most, and tells each how many sites there are.
func constituted(plan []Op) []Op {
	sites, votes := map[string]int{}, map[string]int{}
	for i := range plan {
		op := &plan[i]
		if !isVote(op.F) {
			continue
		}
		round := "last"
		if !op.Patient {
			round = fmt.Sprint(int(op.At / ballot))
		}
		voter := fmt.Sprintf("%d in %s", op.Client, round)
		op.Path = fmt.Sprintf("%s/%s.%d", transactions, round, votes[voter])
		votes[voter]++
		sites[op.Path]++
	}
	for i := range plan {
		if isVote(plan[i].F) {
			plan[i].Recipe.N = sites[plan[i].Path]
		}
	}
	return plan
}

func isVote(f history.F) bool { return f == VoteCommit || f == VoteAbort }

// agree votes, and learns what the votes came to.
func (s *step) agree() {
	vote := s.op.Path + "/" + strings.TrimSuffix(s.name(), "-") + inFavour
	if s.op.F == VoteAbort {
		vote = strings.TrimSuffix(vote, inFavour) + against
	}
	// Both names are told apart by nobody else, so it does no harm to create them twice.
	for _, path := range []string{s.op.Path, vote} {
		if _, ok := s.insist(Op{F: history.Create, Path: path}); !ok {
			return
		}
	}
	for {
		s.forget(s.op.Path)
		list, ok := s.list(s.op.Path, true)
		if !ok {
			return
		}
		if slices.Contains(list.OutChildren, decision) {
			s.decided()
			return
		}
		outcome := s.tally(list.OutChildren)
		if outcome == "" && s.await(s.op.Path) {
			continue
		}
		if outcome == "" {
			outcome = aborted // it takes too long
			if s.alive() && s.has(bugs.AbortedAlone) {
				s.claim(history.Claim{Kind: history.Decided, N: s.op.Recipe.N, Values: []string{outcome}, Zxid: list.Zxid})
				return
			}
		}
		if _, ok := s.insist(Op{F: history.Create, Path: s.op.Path + "/" + decision, Value: outcome}); !ok {
			return
		}
	}
}

// decided reads what was decided.
func (s *step) decided() {
	got, ok := s.insist(Op{F: history.Get, Path: s.op.Path + "/" + decision})
	if ok && got.Outcome == history.OK {
		s.claim(history.Claim{Kind: history.Decided, N: s.op.Recipe.N, Values: []string{got.OutValue}, Zxid: got.Zxid})
	}
}

// tally is what the votes come to, "" while too few are in.
func (s *step) tally(names []string) string {
	yes := 0
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, against):
			return aborted
		case strings.HasSuffix(name, inFavour):
			yes++
		}
	}
	needed := s.op.Recipe.N
	if s.has(bugs.MajorityCommits) {
		needed = needed/2 + 1
	}
	if yes < needed {
		return ""
	}
	return commits
}
