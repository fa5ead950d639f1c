package checkers

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// barrierRule judges one barrier: nobody passes while its znode is there.
type barrierRule struct {
	judge *recipeJudge
	path  string
}

func (r *barrierRule) happened(*effect) {}
func (r *barrierRule) ended()           {}

func (r *barrierRule) claimed(c *history.Claim) {
	if _, code := r.judge.tree.Stat(r.path); c.Kind == history.Passed && code == wire.OK {
		r.judge.charge(BarrierHolds, c, fmt.Sprintf("But %s was there as of %v.", r.path, c.Zxid))
	}
}

// doubleRule judges one double barrier.
type doubleRule struct {
	judge *recipeJudge
	path  string
	// inside is how many members are there, most how many there ever were.
	inside, most int
}

// isMember reports whether a name is that of somebody who came, and not the door's.
func isMember(name string) bool { return strings.HasSuffix(name, "-m") }

func (r *doubleRule) happened(e *effect) {
	if e.path == r.path || !isMember(e.path) {
		return
	}
	switch e.kind {
	case created:
		r.inside++
	case deleted:
		r.inside--
	}
	r.most = max(r.most, r.inside)
}

// claimed: who enters came after enough had been there at one time; who leaves saw
// nobody left but itself.
func (r *doubleRule) claimed(c *history.Claim) {
	switch c.Kind {
	case history.Entered:
		if r.most < c.N {
			r.judge.charge(DoubleBarrierEnter, c, fmt.Sprintf("But until %v never more than %d were there.", c.Zxid, r.most))
		}
	case history.Left:
		names, _, _ := r.judge.tree.Children(r.path)
		for _, name := range names {
			if isMember(name) && name != reference.Base(c.Node) {
				r.judge.charge(DoubleBarrierLeave, c, fmt.Sprintf("But as of %v %s/%s was still inside.", c.Zxid, r.path, name))
				return
			}
		}
	}
}

func (r *doubleRule) ended() {}
