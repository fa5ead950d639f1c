package tree_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// put creates a node with data.
func (l *leader) put(path, data string) tree.Result {
	return l.do(1, wire.OpCreate, &wire.CreateRequest{Path: path, Data: []byte(data), ACL: wire.OpenACL})
}

// limited returns a leader with a quota on /a, which holds nothing else yet.
func limited(b bugs.Set) *leader {
	l := newLeader()
	l.tree.SetBugs(b)
	l.open(1)
	l.put("/a", "12")
	l.put("/zookeeper/quota/a", "")
	l.put(quota.Limits("/a"), "count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=3")
	l.put(quota.Stats("/a"), "count=-1,bytes=-1")
	return l
}

func stats(t *tree.Tree, path string) string {
	data, _, _ := t.Data(quota.Stats(path))
	return string(data)
}

// The stats of a quota are what counting gives, whatever happens under it, and also
// after a restart from a fuzzy snapshot.
func TestStatsMatchADumbCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := limited(bugs.Set{})
		for range rapid.IntRange(0, 15).Draw(t, "before") {
			l.step(t)
		}
		s := l.tree.Snapshot()
		var file []byte
		for more := true; more; {
			for range rapid.IntRange(0, 5).Draw(t, "during") {
				l.step(t)
			}
			var chunk []byte
			chunk, more = s.Next(2)
			file = append(file, chunk...)
		}
		for _, tr := range []*tree.Tree{l.tree, recoverFrom(t, file, s.Zxid(), l.log), l.tree.Clone()} {
			count, bytes := 0, 0
			var visit func(path string)
			visit = func(path string) {
				data, _, err := tr.Data(path)
				if err != wire.OK {
					return
				}
				count, bytes = count+1, bytes+len(data)
				names, _, _ := tr.Children(path)
				for _, name := range names {
					visit(path + "/" + name)
				}
			}
			visit("/a")
			if got, want := stats(tr, "/a"), fmt.Sprintf("count=%d,bytes=%d", count, bytes); got != want {
				t.Fatalf("stats say %s, counted %s", got, want)
			}
		}
	})
}

func TestQuotaCountsFromWhenItsStatsAppear(t *testing.T) {
	l := limited(bugs.Set{})
	if got := stats(l.tree, "/a"); got != "count=1,bytes=2" {
		t.Errorf("a new quota says %s", got)
	}
	stat, _ := l.tree.Stat(quota.Stats("/a"))
	l.put("/a/b", "345")
	l.put("/a/b/c", "")
	if got := stats(l.tree, "/a"); got != "count=3,bytes=5" {
		t.Errorf("after two creates it says %s", got)
	}
	if now, _ := l.tree.Stat(quota.Stats("/a")); now.Version != 0 || now.Mzxid != stat.Mzxid {
		t.Errorf("counting changed %+v into %+v", stat, now)
	}
	for _, c := range []struct {
		path         string
		count, bytes int64
		want         quota.Excess
	}{
		{"/a/x", 1, 0, quota.Hard}, {"/a/b/c/x", 1, 0, quota.Hard}, {"/a", 0, 5, quota.Within}, {"/a", 0, 6, quota.Hard},
		{"/b", 1, 99, quota.Within}, {"/ab", 1, 99, quota.Within},
	} {
		if got := l.tree.OverQuota(c.path, c.count, c.bytes); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
	l.delete(1, quota.Limits("/a"))
	l.put("/a/d", "")
	if got := stats(l.tree, "/a"); got != "count=3,bytes=5" || l.tree.OverQuota("/a/x", 1, 0) != quota.Within {
		t.Errorf("without limits it counts on: %s", got)
	}
}

// A new quota counts all below it; from then on, each change counts for the next
// quota above alone.
func TestNestedQuotas(t *testing.T) {
	l := limited(bugs.Set{})
	l.put("/a/b", "")
	l.put("/zookeeper/quota/a/b", "")
	l.put(quota.Limits("/a/b"), "")
	l.put(quota.Stats("/a/b"), "")
	l.put("/a/b/c", "")
	if a, b := stats(l.tree, "/a"), stats(l.tree, "/a/b"); a != "count=2,bytes=2" || b != "count=2,bytes=0" {
		t.Errorf("/a says %s, /a/b says %s", a, b)
	}
	restored := recoverFrom(t, l.tree.Serialize(), l.tree.LastProcessed(), l.log)
	if a := stats(restored, "/a"); a != "count=3,bytes=2" {
		t.Errorf("after a restart /a says %s", a)
	}
}

func TestQuotaOfChildrenWhenTold(t *testing.T) {
	l := limited(bugs.Of(bugs.QuotaOfChildren))
	l.put("/a/b", "")
	l.put("/a/b/c", "")
	if got := stats(l.tree, "/a"); !strings.HasPrefix(got, "count=2,") {
		t.Errorf("the bug is on, yet the stats say %s", got)
	}
}

func TestMultiAnswersCreate2WithTheStat(t *testing.T) {
	for _, on := range []bool{false, true} {
		l := newLeader()
		if on {
			l.tree.SetBugs(bugs.Of(bugs.Create2InMultiAsCreate))
		}
		l.open(1)
		res := l.do(1, wire.OpMulti, &wire.MultiRequest{Ops: []wire.MultiOp{
			{Type: wire.OpCreate2, Body: &wire.CreateRequest{Path: "/a", ACL: wire.OpenACL}},
		}})
		if _, stat := res.Parts[0].Body.(*wire.Create2Reply); stat == on {
			t.Errorf("bug %t: answered by a %T", on, res.Parts[0].Body)
		}
	}
}
