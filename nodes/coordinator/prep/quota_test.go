package prep

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// limitedTo returns a leader with /a, which may hold two znodes and 5 bytes.
func limitedTo(b bugs.Set, limits string) *leader {
	l := newLeader(b)
	l.prep.SetLimits(Limits{EnforceQuota: true})
	l.open(1)
	l.create("/a", 0)
	l.create("/zookeeper/quota/a", 0)
	l.do(1, wire.OpCreate, holding(quota.Limits("/a"), limits))
	l.do(1, wire.OpCreate, holding(quota.Stats("/a"), ""))
	l.applyAll()
	return l
}

func holding(path, data string) *wire.CreateRequest {
	r := newNode(path, wire.ModePersistent)
	r.Data = []byte(data)
	return r
}

const hardLimits = "count=-1,bytes=-1=;byteHardLimit=5;countHardLimit=2"

func TestQuotasAreEnforced(t *testing.T) {
	full := func(l *leader) { l.create("/a/b", 0); l.applyAll() }
	none := func(*leader) {}
	for _, c := range []struct {
		name   string
		before func(*leader)
		op     wire.OpCode
		body   wire.Record
		want   wire.ErrorCode
	}{
		{"one that fits", none, wire.OpCreate, holding("/a/b", "12345"), wire.OK},
		{"too many bytes", none, wire.OpCreate, holding("/a/b", "123456"), wire.ErrQuotaExceeded},
		{"one too many", full, wire.OpCreate, holding("/a/c", ""), wire.ErrQuotaExceeded},
		{"one too many, with a TTL", full, wire.OpCreateContainer, newNode("/a/c", wire.ModeContainer), wire.ErrQuotaExceeded},
		{"one that exists", full, wire.OpCreate, holding("/a/b", ""), wire.ErrNodeExists},
		{"elsewhere", full, wire.OpCreate, holding("/ab", ""), wire.OK},
		{"too long data", none, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Data: []byte("123456"), Version: -1}, wire.ErrQuotaExceeded},
		{"too long data for a wrong version", none, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Data: []byte("123456"), Version: 7}, wire.ErrQuotaExceeded},
		{"data that fits, for a wrong version", none, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Version: 7}, wire.ErrBadVersion},
		{"a full one is changed", full, wire.OpSetData, &wire.SetDataRequest{Path: "/a/b", Data: []byte("12345"), Version: -1}, wire.OK},
		{"limits that make no sense", none, wire.OpSetData, &wire.SetDataRequest{Path: quota.Limits("/a"), Data: []byte("x"), Version: -1}, wire.ErrBadArguments},
		{"stats that make no sense", none, wire.OpCreate, holding("/zookeeper/quota/a/b/zookeeper_stats", "x"), wire.ErrNoNode},
		{"no limits of anything", none, wire.OpCreate, holding("/zookeeper/quota/zookeeper_limits", "x"), wire.OK},
	} {
		l := limitedTo(bugs.Set{}, hardLimits)
		c.before(l)
		if got := code(l.do(1, c.op, c.body)); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	l := limitedTo(bugs.Set{}, hardLimits)
	l.prep.SetLimits(Limits{})
	if got := code(l.do(1, wire.OpCreate, holding("/a/b", "123456"))); got != wire.OK {
		t.Errorf("not enforced: %v", got)
	}
}

// What is in flight is not counted: so it is upstream, and so the judges allow it.
func TestQuotasGoByWhatIsApplied(t *testing.T) {
	l := limitedTo(bugs.Set{}, hardLimits)
	for _, path := range []string{"/a/b", "/a/c", "/a/d"} {
		if got := code(l.create(path, 0)); got != wire.OK {
			t.Errorf("%s: %v", path, got)
		}
	}
	l.applyAll()
	if got := code(l.create("/a/e", 0)); got != wire.ErrQuotaExceeded {
		t.Errorf("when all is applied: %v", got)
	}
}

func TestQuotasInMultis(t *testing.T) {
	twice := &wire.MultiRequest{Ops: []wire.MultiOp{{Type: wire.OpCreate, Body: holding("/a/b", "")}, {Type: wire.OpCreate, Body: holding("/a/c", "123456")}}}
	failed := limitedTo(bugs.Set{}, hardLimits).do(1, wire.OpMulti, twice).Body.(*wire.MultiTxn)
	if got := code(&wire.Txn{Body: failed.Parts[1].Body}); got != wire.ErrQuotaExceeded {
		t.Errorf("the second part: %v", got)
	}
	done := limitedTo(bugs.Of(bugs.QuotaIgnoresMulti), hardLimits).do(1, wire.OpMulti, twice).Body.(*wire.MultiTxn)
	if got := code(&wire.Txn{Body: done.Parts[1].Body}); got != wire.OK {
		t.Errorf("with the bug: %v", got)
	}
}

func TestSoftQuotasAreForTheLog(t *testing.T) {
	l := limitedTo(bugs.Set{}, "count=1,bytes=-1")
	if got := code(l.create("/a/b", 0)); got != wire.OK || l.prep.OverSoftQuota() != 1 || l.prep.OverSoftQuota() != 0 {
		t.Errorf("got %v", got)
	}
}
