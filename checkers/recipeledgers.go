package checkers

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// counterRule judges one counter.
type counterRule struct {
	judge *recipeJudge
	path  string
	// counted are the transactions that each step raised it by; claims who says so.
	counted map[int]int
	claims  []*history.Claim
}

// happened: every write raises the counter by one, or one that came between is lost,
// and no step does so twice.
func (r *counterRule) happened(e *effect) {
	if e.kind != written {
		return
	}
	before, now := leading(e.old, 0), leading(e.value, 0)
	if now != before+1 {
		r.judge.charge(CounterExact, nil, fmt.Sprintf("But %s went from %d to %d.", r.path, before, now), e.because()...)
	}
	step := r.judge.step(e)
	if r.counted[step]++; step != 0 && r.counted[step] > 1 {
		r.judge.charge(CounterExact, nil, fmt.Sprintf("But step %d raised %s again.", step, r.path), e.because()...)
	}
}

func (r *counterRule) claimed(c *history.Claim) {
	if c.Kind == history.Counted {
		r.claims = append(r.claims, c)
	}
}

func (r *counterRule) ended() {
	for _, c := range r.claims {
		if r.counted[c.Step] == 0 {
			r.judge.charge(CounterExact, c, fmt.Sprintf("But step %d never raised %s.", c.Step, r.path))
		}
	}
}

// deposit is what an account holds that nobody has moved money from or to.
const deposit = 100

// bankRule judges all accounts of a bank.
type bankRule struct {
	judge *recipeJudge
	path  string
	touch bool // the present transaction moves money
}

// happened: no transaction makes or destroys money, once it is through.
func (r *bankRule) happened(e *effect) {
	r.touch = r.touch || e.kind == written
	if !e.transactionEnded || !r.touch {
		return
	}
	r.touch = false
	if total, want := r.total(); total != want {
		r.judge.charge(BankTotal, nil, fmt.Sprintf("But after %v the accounts hold %d instead of %d.", r.judge.h.Log[e.txn].Txn.Zxid, total, want), e.because()...)
	}
}

// total adds up the accounts, and what they should come to.
func (r *bankRule) total() (total, want int) {
	names, _, _ := r.judge.tree.Children(r.path)
	for _, name := range names {
		data, _, _ := r.judge.tree.Data(r.path + "/" + name)
		total += leading(string(data), deposit)
	}
	return total, deposit * len(names)
}

func (r *bankRule) claimed(c *history.Claim) {
	if _, want := r.total(); c.Kind == history.Audited && c.N != want {
		r.judge.charge(BankTotal, c, fmt.Sprintf("But the accounts should hold %d.", want))
	}
}

func (r *bankRule) ended() {}

// leading is the number at the beginning of a value, or what a value that begins with
// none stands for.
func leading(value string, untouched int) int {
	word, _, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(word)
	if err != nil {
		return untouched
	}
	return n
}
