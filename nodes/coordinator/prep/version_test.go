package prep

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// A counter that starts just before its end passes over -1, whether its node is in
// the tree or on its way.
func TestVersionsFromAStart(t *testing.T) {
	for _, c := range []struct {
		bugs bugs.Set
		want []int32
	}{
		{bugs.Set{}, []int32{-3, -2, 0, 1}},
		{bugs.Of(bugs.VersionWraps), []int32{-3, -2, -1, 0}},
	} {
		for _, applied := range []bool{true, false} {
			l := newLeader(c.bugs)
			l.prep.SetLimits(Limits{VersionStart: -3})
			l.open(1)
			l.create("/a", 0)
			for i, want := range c.want {
				if applied {
					l.applyAll()
				}
				body, ok := l.do(1, wire.OpSetData, set("/a", -1)).Body.(*wire.SetDataTxn)
				if !ok || body.Version != want {
					t.Errorf("applied %t, setData %d: got %+v, want version %d", applied, i, body, want)
				}
			}
		}
	}
}

func TestChecksAloneWhenTold(t *testing.T) {
	l := newLeader(bugs.Of(bugs.CheckAlone))
	l.open(1)
	l.create("/a", 0)
	if got := code(l.do(1, wire.OpCheck, check("/a", 0))); got != wire.OK {
		t.Errorf("the bug is on, yet a check alone is %v", got)
	}
}
