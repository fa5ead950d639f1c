package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// mirrorRule judges those who keep a copy of one tree.
type mirrorRule struct {
	judge *recipeJudge
	path  string
}

func (r *mirrorRule) happened(*effect) {}
func (r *mirrorRule) ended()           {}

// claimed: all that happened up to the zxid of the reply was told before it, so the
// copy is the tree as of then.
func (r *mirrorRule) claimed(c *history.Claim) {
	if c.Kind != history.Cached {
		return
	}
	if want := slices.Sorted(slices.Values(r.below(nil, r.path))); !slices.Equal(c.Values, want) {
		r.judge.charge(WatchCache, c, fmt.Sprintf("But as of %v the copy lacks %v and has %v.", c.Zxid, minus(want, c.Values), minus(c.Values, want)))
	}
}

// below adds a znode and all below it, as a mirror renders them.
func (r *mirrorRule) below(out []string, path string) []string {
	stat, code := r.judge.tree.Stat(path)
	if code != wire.OK {
		return out
	}
	out = append(out, path+"="+stat.Mzxid.String())
	names, _, _ := r.judge.tree.Children(path)
	for _, name := range names {
		out = r.below(out, path+"/"+name)
	}
	return out
}
