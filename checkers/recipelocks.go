package checkers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// lineRule judges those who stand in line before one lock, or for one election.
type lineRule struct {
	judge *recipeJudge
	path  string
	// standing are the steps with a live znode in line, by path.
	standing map[string]int
}

func newLineRule(j *recipeJudge, c *history.Claim) *lineRule {
	return &lineRule{judge: j, path: c.Path, standing: map[string]int{}}
}

// exclusive names the guarantee about holders for a recipe.
func exclusive(recipe history.F) string {
	switch recipe {
	case leadRecipe:
		return LeaderUnique
	case readLockRecipe, writeLockRecipe:
		return SharedLockExclusive
	}
	return LockExclusive
}

// happened: a step that wants a lock has one znode in line at most, or its other one
// would keep everybody waiting for nobody.
func (r *lineRule) happened(e *effect) {
	if e.path == r.path {
		return
	}
	step := r.judge.step(e)
	switch {
	case e.kind == deleted:
		delete(r.standing, e.path)
	case e.kind == created && step != 0:
		for path, other := range r.standing { //sim:unordered at most one is of the step
			if other == step {
				r.judge.charge(LockAttemptOnce, nil, fmt.Sprintf("But step %d created %s while its %s stood in line.", step, e.path, path), e.because()...)
			}
		}
		r.standing[e.path] = step
	}
}

// claimed: who has a lock has the first znode in line of those that matter to it. As
// numbers only grow, nobody comes before it until that znode is gone, so that spans
// of holders cannot overlap in the order of zxids, and tokens grow from one to the next.
func (r *lineRule) claimed(c *history.Claim) {
	if c.Kind != history.Acquired {
		return
	}
	id := exclusive(c.Recipe)
	names, _, _ := r.judge.tree.Children(r.path)
	st, code := r.judge.tree.Stat(c.Node)
	switch {
	case code != wire.OK:
		r.judge.charge(id, c, fmt.Sprintf("But %s was not there as of %v.", c.Node, c.Zxid))
		return
	case st.Czxid != c.Token:
		r.judge.charge(id, c, fmt.Sprintf("But the token of %s is %v.", c.Node, st.Czxid))
		return
	}
	own := lineNumber(reference.Base(c.Node))
	i := slices.IndexFunc(names, func(name string) bool {
		return lineNumber(name) < own && (c.Recipe != readLockRecipe || !strings.Contains(name, "read-"))
	})
	if i >= 0 {
		r.judge.charge(id, c, fmt.Sprintf("But as of %v %s/%s came before %s.", c.Zxid, r.path, names[i], c.Node))
	}
}

func (r *lineRule) ended() {}

// fenceRule judges the resource behind a lock. That is all that a lock promises by the
// clock: a holder may act after its time, but not after the next holder acted.
type fenceRule struct {
	judge *recipeJudge
	path  string
}

// happened: tokens that the resource accepts never go back.
func (r *fenceRule) happened(e *effect) {
	if e.kind != written || e.path != r.path {
		return
	}
	if before, now := fenceToken(e.old), fenceToken(e.value); now < before {
		r.judge.charge(Fencing, nil, fmt.Sprintf("But %s accepted token %v after token %v.", r.path, now, before), e.because()...)
	}
}

func (r *fenceRule) claimed(*history.Claim) {}
func (r *fenceRule) ended()                 {}

// fenceToken reads the token at the beginning of a resource's value; before the first
// write there is none.
func fenceToken(value string) wire.Zxid {
	word, _, _ := strings.Cut(value, " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0
	}
	return wire.Zxid(n)
}

// overlaps counts how often a client acquired a lock while another still believed to
// hold it, by the clock. That breaks nothing: the other hangs, or has not heard yet
// that its session is over. It is why resources need fencing, so reports tell.
func overlaps(h *history.History) int {
	type held struct {
		path  string
		until time.Duration
	}
	ends := map[int]time.Duration{} // of the beliefs, by step; a client that died believes nothing
	for i := range h.Claims {
		if c := &h.Claims[i]; c.Kind == history.Released || c.Kind == history.Lost {
			ends[c.Step] = c.At
		}
	}
	n := 0
	var holders []held
	for i := range h.Claims {
		c := &h.Claims[i]
		if c.Kind != history.Acquired || c.Recipe == readLockRecipe {
			continue
		}
		if slices.ContainsFunc(holders, func(o held) bool { return o.path == c.Path && o.until > c.At }) {
			n++
		}
		holders = append(holders, held{c.Path, ends[c.Step]})
	}
	return n
}
