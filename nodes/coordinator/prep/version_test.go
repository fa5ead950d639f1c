package prep

import (
	"math"
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

// Sequential names go on with negative numbers, whether what they count is in the tree or
// on its way. In a tree that does not follow, they go on only as long as they are on
// their way, and then the last one is taken.
func TestSequencesFromAStart(t *testing.T) {
	names := []string{"0000000000", "2147483647", "-2147483648", "-2147483647"}
	for _, c := range []struct {
		name    string
		bugs    bugs.Set
		applied bool
		last    wire.ErrorCode
	}{
		{"in the tree", bugs.Set{}, true, wire.OK},
		{"on its way", bugs.Set{}, false, wire.OK},
		{"stuck in the tree", bugs.Of(bugs.SequenceStuck), true, wire.ErrNodeExists},
		{"stuck, on its way", bugs.Of(bugs.SequenceStuck), false, wire.OK},
	} {
		l := newLeader(c.bugs)
		l.tree.SetBugs(c.bugs)
		l.prep.SetLimits(Limits{SequenceStart: math.MaxInt32})
		l.open(1)
		l.create("/q", 0)
		for i, name := range names {
			if c.applied {
				l.applyAll()
			}
			txn := l.create("/q/n", wire.ModePersistentSequential)
			want := wire.OK
			if i >= 2 {
				want = c.last
			}
			if body, made := txn.Body.(*wire.CreateTxn); code(txn) != want || made && body.Path != "/q/n"+name {
				t.Errorf("%s, create %d: %v, want %v of %s", c.name, i, txn, want, name)
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
