package checkers

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// agreementRule judges one two-phase commit of so many sites.
type agreementRule struct {
	judge *recipeJudge
	path  string
	sites int
}

// happened: a transaction commits only if all sites have voted for it, and no vote and
// no decision is ever changed.
func (r *agreementRule) happened(e *effect) {
	name := reference.Base(e.path)
	switch {
	case e.path == r.path:
	case e.kind != created:
		r.judge.charge(Agreement, nil, fmt.Sprintf("But %s was changed.", e.path), e.because()...)
	case name == "decision" && e.value == "commit":
		names, _, _ := r.judge.tree.Children(r.path)
		yes := 0
		for _, name := range names {
			if strings.HasSuffix(name, "-yes") {
				yes++
			}
		}
		if yes < r.sites {
			r.judge.charge(Agreement, nil, fmt.Sprintf("But %s was committed by %d votes of %d.", r.path, yes, r.sites), e.because()...)
		}
	}
}

// claimed: what a site takes for decided is.
func (r *agreementRule) claimed(c *history.Claim) {
	if c.Kind != history.Decided {
		return
	}
	data, _, code := r.judge.tree.Data(r.path + "/decision")
	switch {
	case code != wire.OK:
		r.judge.charge(Agreement, c, fmt.Sprintf("But as of %v nothing was decided.", c.Zxid))
	case len(c.Values) != 1 || c.Values[0] != string(data):
		r.judge.charge(Agreement, c, fmt.Sprintf("But the decision is %q.", data))
	}
}

func (r *agreementRule) ended() {}
