package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// configRule judges one configuration of several znodes under a flag.
type configRule struct {
	judge *recipeJudge
	path  string
}

func (r *configRule) happened(*effect) {}
func (r *configRule) ended()           {}

// claimed: as no event about the flag came before the last reply, the flag was there
// as of then and nothing was published since it was read. So the whole configuration
// is that of one state, and of one version.
func (r *configRule) claimed(c *history.Claim) {
	if c.Kind != history.Configured {
		return
	}
	if _, code := r.judge.tree.Stat(r.path + "/ready"); code != wire.OK {
		r.judge.charge(ConfigWhole, c, fmt.Sprintf("But as of %v the configuration was being changed.", c.Zxid))
		return
	}
	var want []string
	for _, name := range []string{"a", "b", "c"} {
		data, _, _ := r.judge.tree.Data(r.path + "/" + name)
		want = append(want, string(data))
	}
	switch {
	case len(slices.Compact(slices.Clone(c.Values))) > 1:
		r.judge.charge(ConfigWhole, c, fmt.Sprintf("But %q are of different versions.", c.Values))
	case !slices.Equal(c.Values, want):
		r.judge.charge(ConfigWhole, c, fmt.Sprintf("But as of %v it was %q.", c.Zxid, want))
	}
}

// cacheRule judges those who cache one group.
type cacheRule struct {
	judge *recipeJudge
	path  string
}

func (r *cacheRule) happened(*effect) {}
func (r *cacheRule) ended()           {}

// claimed: as no event came before a reply, what that reply's state holds is what the
// cache holds.
func (r *cacheRule) claimed(c *history.Claim) {
	if c.Kind != history.Cached {
		return
	}
	names, _, _ := r.judge.tree.Children(r.path)
	var want []string
	for _, name := range names {
		data, _, _ := r.judge.tree.Data(r.path + "/" + name)
		want = append(want, name+"="+string(data))
	}
	if slices.Sort(want); !slices.Equal(c.Values, want) {
		r.judge.charge(CacheCoherent, c, fmt.Sprintf("But as of %v there was %q.", c.Zxid, want))
	}
}
