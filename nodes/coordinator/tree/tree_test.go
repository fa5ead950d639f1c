package tree_test

import (
	"reflect"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func TestFreshTree(t *testing.T) {
	tr := tree.New()
	for _, c := range []struct {
		path string
		want wire.Stat
	}{
		{"/", wire.Stat{Cversion: -1, NumChildren: 1}},
		{"/zookeeper", wire.Stat{Cversion: -2, NumChildren: 2}},
		{"/zookeeper/quota", wire.Stat{}},
		{"/zookeeper/config", wire.Stat{Aversion: -1}},
	} {
		if got, err := tr.Stat(c.path); err != wire.OK || got != c.want {
			t.Errorf("%s: got %+v, %s", c.path, got, err)
		}
	}
	names, _, _ := tr.Children("/zookeeper")
	if !reflect.DeepEqual(names, []string{"config", "quota"}) || tr.Len() != 4 || tr.LastProcessed() != 0 {
		t.Errorf("children %v, %d nodes, at %s", names, tr.Len(), tr.LastProcessed())
	}
}

// txn makes the n-th transaction of epoch 1, at 1000+n ms, by session 7.
func txn(n uint32, op wire.OpCode, body wire.TxnBody) *wire.Txn {
	return &wire.Txn{Session: 7, Cxid: int32(n), Zxid: wire.MakeZxid(1, n), Time: int64(1000 + n), Type: op, Body: body}
}

func create(path string, creates int32) *wire.CreateTxn {
	return &wire.CreateTxn{Path: path, Data: []byte("12"), ACL: wire.OpenACL, ParentCversion: creates}
}

// The rules of the Stat fields, one transaction after the other on one tree.
func TestStatSemantics(t *testing.T) {
	z := func(n uint32) wire.Zxid { return wire.MakeZxid(1, n) }
	a := wire.Stat{Czxid: z(1), Mzxid: z(1), Pzxid: z(1), Ctime: 1001, Mtime: 1001, DataLength: 2}
	with := func(s wire.Stat, change func(s *wire.Stat)) wire.Stat { change(&s); return s }
	child := with(a, func(s *wire.Stat) { s.Cversion, s.NumChildren, s.Pzxid = 1, 1, z(3) })
	childGone := with(a, func(s *wire.Stat) { s.Cversion, s.Pzxid = 2, z(5) })
	set := with(childGone, func(s *wire.Stat) { s.Version, s.Mzxid, s.Mtime, s.DataLength = 1, z(6), 1006, 0 })
	owned := wire.Stat{Czxid: z(3), Mzxid: z(3), Pzxid: z(3), Ctime: 1003, Mtime: 1003, DataLength: 2, EphemeralOwner: 7}
	ephemeral := create("/a/e", 1)
	ephemeral.Ephemeral = true
	tr := tree.New()
	for _, c := range []struct {
		name string
		txn  *wire.Txn
		path string
		want wire.Stat
	}{
		{"create", txn(1, wire.OpCreate, create("/a", 1)), "/a", a},
		{"the parent of a create", txn(2, wire.OpError, &wire.ErrorTxn{Err: wire.ErrNoNode}), "/",
			wire.Stat{Cversion: 0, NumChildren: 2, Pzxid: z(1)}},
		{"an ephemeral child", txn(3, wire.OpCreate, ephemeral), "/a/e", owned},
		{"its parent", txn(4, wire.OpError, &wire.ErrorTxn{Err: wire.ErrNoNode}), "/a", child},
		{"delete counts too", txn(5, wire.OpDelete, &wire.DeleteTxn{Path: "/a/e"}), "/a", childGone},
		{"setData", txn(6, wire.OpSetData, &wire.SetDataTxn{Path: "/a", Version: 1}), "/a", set},
	} {
		tr.Apply(c.txn)
		if got, _ := tr.Stat(c.path); got != c.want {
			t.Errorf("%s: %s is\n%+v, want\n%+v", c.name, c.path, got, c.want)
		}
		if tr.LastProcessed() != c.txn.Zxid {
			t.Errorf("%s: stands at %s", c.name, tr.LastProcessed())
		}
	}
}

func TestApplyIsIdempotentForParents(t *testing.T) {
	tr := tree.New()
	log := []*wire.Txn{
		txn(1, wire.OpCreate, create("/a", 1)),
		txn(2, wire.OpCreate, create("/b", 2)),
		txn(3, wire.OpDelete, &wire.DeleteTxn{Path: "/b"}),
	}
	for _, txn := range log {
		tr.Apply(txn)
	}
	want := dump(tr)
	if res := tr.Apply(log[0]); res.Err != wire.ErrNodeExists {
		t.Errorf("a repeated create gives %s", res.Err)
	}
	if tr.LastProcessed() != log[2].Zxid {
		t.Errorf("an old transaction moved the tree back to %s", tr.LastProcessed())
	}
	if res := tr.Apply(log[2]); res.Err != wire.ErrNoNode {
		t.Errorf("a repeated delete gives %s", res.Err)
	}
	if got := dump(tr); got != want {
		t.Errorf("repeating gave\n%s\ninstead of\n%s", got, want)
	}
	missing := txn(4, wire.OpCreate, create("/x/y", 1))
	if res := tr.Apply(missing); res.Err != wire.ErrNoNode || tr.LastProcessed() != missing.Zxid {
		t.Errorf("a create without parent gives %s at %s", res.Err, tr.LastProcessed())
	}
}

// A delete whose node the snapshot already lacks still moves the parent's pzxid,
// on which child watches depend.
func TestDeleteOfAnAbsentNodeTouchesTheParent(t *testing.T) {
	for _, body := range []wire.TxnBody{&wire.DeleteTxn{Path: "/gone"}, &wire.CloseSessionTxn{Paths: []string{"/gone"}}} {
		tr := tree.New()
		tr.Apply(txn(9, wire.OpDelete, body))
		if stat, _ := tr.Stat("/"); stat.Pzxid != wire.MakeZxid(1, 9) {
			t.Errorf("%T: pzxid is %s", body, stat.Pzxid)
		}
	}
}

func TestSessionsAndEphemerals(t *testing.T) {
	l := newLeader()
	l.open(2)
	l.open(1)
	l.create(1, "/e2", wire.ModeEphemeral)
	l.create(1, "/e1", wire.ModeEphemeral)
	l.create(2, "/other", wire.ModeEphemeral)
	if got := l.tree.Ephemerals(1); !reflect.DeepEqual(got, []string{"/e1", "/e2"}) {
		t.Errorf("ephemerals %v", got)
	}
	if got := l.tree.Sessions(); !reflect.DeepEqual(got, []tree.Session{{1, 1000}, {2, 2000}}) {
		t.Errorf("sessions %v", got)
	}
	l.close(1)
	if _, ok := l.tree.SessionTimeout(1); ok || len(l.tree.Ephemerals(1)) != 0 {
		t.Error("session 1 survives its close")
	}
	if timeout, ok := l.tree.SessionTimeout(2); !ok || timeout != 2000 {
		t.Error("session 2 was lost")
	}
	if names, stat, _ := l.tree.Children("/"); !reflect.DeepEqual(names, []string{"other", "zookeeper"}) || stat.Cversion != 4 {
		t.Errorf("children %v, %+v", names, stat)
	}
}

func TestEphemeralsSurviveWhenTold(t *testing.T) {
	l := newLeader()
	l.tree.SetBugs(bugs.Of(bugs.EphemeralsSurviveExpiry))
	l.open(1)
	l.create(1, "/e", wire.ModeEphemeral)
	l.close(1)
	if _, err := l.tree.Stat("/e"); err != wire.OK {
		t.Error("the bug is on and the ephemeral is gone")
	}
	if _, ok := l.tree.SessionTimeout(1); ok {
		t.Error("the session itself must still end")
	}
}

func TestCloneIsIndependent(t *testing.T) {
	l, _ := fuzzyScript()
	before := dump(l.tree)
	c := l.tree.Clone()
	if dump(c) != before {
		t.Fatalf("the clone is\n%s\ninstead of\n%s", dump(c), before)
	}
	l.open(1)
	l.create(1, "/new", wire.ModeEphemeral)
	l.do(1, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Data: []byte("new"), Version: -1})
	if dump(c) != before {
		t.Error("the clone follows the original")
	}
}

// Lists of children are shared with replies, so a later change must not reach
// a list handed out before.
func TestReturnedChildrenDoNotChange(t *testing.T) {
	l := newLeader()
	l.open(1)
	l.create(1, "/b", 0)
	names, _, _ := l.tree.Children("/")
	l.create(1, "/a", 0)
	l.delete(1, "/b")
	if !reflect.DeepEqual(names, []string{"b", "zookeeper"}) {
		t.Errorf("the list became %v", names)
	}
}

func TestReplies(t *testing.T) {
	stat := wire.Stat{Version: 3}
	parts := []wire.MultiResult{{Type: wire.OpDelete, Body: &wire.Empty{}}}
	full := tree.Result{Path: "/a", Stat: stat, Parts: parts}
	for _, c := range []struct {
		op   wire.OpCode
		res  tree.Result
		body wire.Record
	}{
		{wire.OpCreate, full, &wire.CreateReply{Path: "/a"}},
		{wire.OpCreate2, full, &wire.Create2Reply{Path: "/a", Stat: stat}},
		{wire.OpSetData, full, &wire.StatReply{Stat: stat}},
		{wire.OpDelete, full, &wire.Empty{}},
		{wire.OpCloseSession, full, &wire.Empty{}},
		{wire.OpMulti, full, &wire.MultiReply{Results: parts}},
	} {
		code, body := tree.Reply(&wire.Txn{Type: c.op}, c.res, c.op)
		if code != wire.OK || !reflect.DeepEqual(body, c.body) {
			t.Errorf("%s: got %s %+v", c.op, code, body)
		}
		if code, body = tree.Reply(&wire.Txn{Type: wire.OpError}, tree.Result{Err: wire.ErrBadVersion}, c.op); code != wire.ErrBadVersion || body != nil {
			t.Errorf("%s that failed: got %s %+v", c.op, code, body)
		}
	}
}

func TestMultiResults(t *testing.T) {
	l := newLeader()
	l.open(1)
	ops := []wire.MultiOp{
		{Type: wire.OpCreate2, Body: &wire.CreateRequest{Path: "/m", ACL: wire.OpenACL}},
		{Type: wire.OpSetData, Body: &wire.SetDataRequest{Path: "/m", Data: []byte("x"), Version: 0}},
		{Type: wire.OpCheck, Body: &wire.CheckRequest{Path: "/m", Version: 1}},
		{Type: wire.OpDelete, Body: &wire.DeleteRequest{Path: "/m", Version: 1}},
	}
	res := l.do(1, wire.OpMulti, &wire.MultiRequest{Ops: ops})
	z := l.tree.LastProcessed()
	created := wire.Stat{Czxid: z, Mzxid: z, Pzxid: z, Ctime: 1000 + int64(z), Mtime: 1000 + int64(z)}
	changed := created
	changed.Version, changed.DataLength = 1, 1
	want := []wire.MultiResult{
		{Type: wire.OpCreate2, Body: &wire.Create2Reply{Path: "/m", Stat: created}},
		{Type: wire.OpSetData, Body: &wire.StatReply{Stat: changed}},
		{Type: wire.OpCheck, Body: &wire.Empty{}},
		{Type: wire.OpDelete, Body: &wire.Empty{}},
	}
	if res.Err != wire.OK || !reflect.DeepEqual(res.Parts, want) {
		t.Errorf("got %s %+v", res.Err, res.Parts)
	}
	ops[2].Body = &wire.CheckRequest{Path: "/m", Version: 5}
	res = l.do(1, wire.OpMulti, &wire.MultiRequest{Ops: ops})
	codes := []wire.ErrorCode{wire.OK, wire.OK, wire.ErrBadVersion, wire.ErrRuntimeInconsistency}
	for i, part := range res.Parts {
		if part.Type != wire.OpError || part.Err != codes[i] || part.Body != nil {
			t.Errorf("part %d of the failed multi is %+v, want %s", i, part, codes[i])
		}
	}
	if code, _ := tree.Reply(l.log[len(l.log)-1], res, wire.OpMulti); code != wire.OK || len(res.Parts) != 4 {
		t.Errorf("a failed multi answers %s with %d parts", code, len(res.Parts))
	}
}
