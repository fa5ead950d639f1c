package prep

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// How far preparation runs ahead of application must not show: the dumb twin
// prepares every request on a tree of its own that has applied all before it.
func TestPipelineGivesWhatNoPipelineGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piped := newLeader(bugs.Set{})
		eager := tree.New()
		var want []tree.Result
		var got []tree.Result
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			req := genRequest(t)
			txn := piped.do(req.Session, req.Type, req.Body)
			alone := New(eager, acl.Rules{}).Prepare(Request{Session: req.Session, Cxid: txn.Cxid, Type: req.Type, Body: req.Body}, txn.Zxid, txn.Time)
			if !reflect.DeepEqual(txn, alone) {
				t.Fatalf("%d in flight: %s\nwithout: %s", len(piped.prepared)-piped.applied, txn, alone)
			}
			eager = eager.Clone()
			want = append(want, eager.Apply(alone))
			got = append(got, piped.apply(rapid.IntRange(0, len(piped.prepared)-piped.applied).Draw(t, "applied"))...)
		}
		got = append(got, piped.applyAll()...)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("results\n%+v, want\n%+v", got, want)
		}
		if piped.tree.Digest() != eager.Digest() || !reflect.DeepEqual(piped.tree.Serialize(), eager.Serialize()) {
			t.Fatal("the trees differ")
		}
		if piped.prep.Outstanding() != 0 || len(piped.prep.nodes)+len(piped.prep.sessions) != 0 {
			t.Fatalf("everything is applied, yet records remain: %v %v", piped.prep.nodes, piped.prep.sessions)
		}
	})
}

// A request that was accepted also takes effect.
func TestAcceptedRequestsApply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLeader(bugs.Set{})
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			req := genRequest(t)
			txn := l.do(req.Session, req.Type, req.Body)
			if txn.Type != wire.OpError && txn.Type != req.Type {
				t.Fatalf("a %s became %s", req.Type, txn)
			}
		}
		for i, res := range l.applyAll() {
			if txn := l.prepared[i]; res.Err != code(txn) {
				t.Fatalf("%s gave %s", txn, res.Err)
			}
		}
	})
}

var genPath = rapid.OneOf(rapid.StringMatching(`(/[ab]){1,3}`), rapid.SampledFrom([]string{"/", "/a/", "/zookeeper/quota"}))

func genRequest(t *rapid.T) Request {
	req := Request{Session: rapid.Int64Range(1, 2).Draw(t, "session")}
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); kind {
	case 0:
		req.Type, req.Body = wire.OpCloseSession, &wire.Empty{}
	case 1:
		req.Type, req.Body = wire.OpCreateSession, &wire.CreateSessionRequest{TimeoutMs: 1000}
	case 2, 3:
		body := &wire.MultiRequest{}
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			op, part := genOperation(t)
			body.Ops = append(body.Ops, wire.MultiOp{Type: op, Body: part})
		}
		req.Type, req.Body = wire.OpMulti, body
	default:
		req.Type, req.Body = genOperation(t)
	}
	return req
}

func genOperation(t *rapid.T) (wire.OpCode, wire.Record) {
	path, version := genPath.Draw(t, "path"), rapid.Int32Range(-1, 1).Draw(t, "version")
	op := rapid.SampledFrom([]wire.OpCode{wire.OpCreate, wire.OpCreate, wire.OpCreate2, wire.OpDelete, wire.OpSetData, wire.OpCheck}).Draw(t, "op")
	switch op {
	case wire.OpDelete:
		return op, &wire.DeleteRequest{Path: path, Version: version}
	case wire.OpSetData:
		return op, &wire.SetDataRequest{Path: path, Data: []byte("x"), Version: version}
	case wire.OpCheck:
		return op, check(path, version)
	}
	return op, newNode(path, rapid.Int32Range(0, 3).Draw(t, "mode"))
}

// A steady pipeline: 16 writes in flight to as many nodes.
func BenchmarkPrepareSetData(b *testing.B) {
	l := newLeader(bugs.Set{})
	l.open(1)
	paths := []string{"/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h"}
	for _, path := range paths {
		l.create(path, 0)
	}
	l.applyAll()
	body := make([]*wire.SetDataRequest, len(paths))
	for i, path := range paths {
		body[i] = &wire.SetDataRequest{Path: path, Version: -1}
	}
	zxid := wire.MakeZxid(2, 0)
	b.ReportAllocs()
	for b.Loop() {
		zxid++
		l.prep.Prepare(Request{Session: 1, Cxid: 1, Type: wire.OpSetData, Body: body[int(zxid)%len(body)]}, zxid, 1)
		l.prep.Done(zxid - 16)
	}
}
