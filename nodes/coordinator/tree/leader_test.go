package tree_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// leader turns requests into the transactions a real leader would log, and
// applies each at once.
type leader struct {
	tree *tree.Tree
	prep *prep.Prep
	log  []*wire.Txn
}

func newLeader() *leader {
	t := tree.New()
	l := &leader{tree: t, prep: prep.New(t, acl.Rules{Skip: true})}
	l.prep.SetLimits(prep.Limits{ExtendedTypes: true, NeverUsed: 20})
	return l
}

// reap makes, logs and applies the deletion of every node that has expired, a while
// after the last transaction, and returns what it deleted.
func (l *leader) reap(after int64) []string {
	now := 1000 + int64(wire.MakeZxid(1, uint32(len(l.log)))) + after
	expired := l.tree.Expired(now, 20)
	for _, path := range expired {
		txn := l.prep.Reap(path, wire.MakeZxid(1, uint32(len(l.log)+1)), now)
		l.tree.Apply(txn)
		l.prep.Done(txn.Zxid)
		l.log = append(l.log, txn)
	}
	return expired
}

// do makes, logs and applies the transaction of one request.
func (l *leader) do(session int64, op wire.OpCode, body wire.Record) tree.Result {
	zxid := wire.MakeZxid(1, uint32(len(l.log)+1))
	txn := l.prep.Prepare(prep.Request{Session: session, Type: op, Body: body}, zxid, 1000+int64(zxid))
	res := l.tree.Apply(txn)
	l.prep.Done(zxid)
	l.log = append(l.log, txn)
	return res
}

func (l *leader) open(session int64) {
	l.do(session, wire.OpCreateSession, &wire.CreateSessionRequest{TimeoutMs: 1000 * int32(session)})
}

func (l *leader) close(session int64) { l.do(session, wire.OpCloseSession, &wire.Empty{}) }

func (l *leader) create(session int64, path string, mode int32) tree.Result {
	return l.do(session, wire.OpCreate, &wire.CreateRequest{Path: path, ACL: wire.OpenACL, Mode: mode})
}

func (l *leader) delete(session int64, path string) tree.Result {
	return l.do(session, wire.OpDelete, &wire.DeleteRequest{Path: path, Version: -1})
}

// step does one drawn request. Few paths, sessions and lists make collisions
// common; invalid requests are part of the fun.
func (l *leader) step(t *rapid.T) {
	session := rapid.Int64Range(1, 3).Draw(t, "session")
	switch op := rapid.SampledFrom(stepOps).Draw(t, "op"); op {
	case wire.OpCreateSession:
		l.open(session)
	case wire.OpCloseSession:
		l.close(session)
	case wire.OpMulti:
		n := rapid.IntRange(0, 3).Draw(t, "parts")
		multi := &wire.MultiRequest{}
		for range n {
			op := rapid.SampledFrom([]wire.OpCode{wire.OpCreate, wire.OpCreateTTL, wire.OpDelete, wire.OpSetData, wire.OpCheck}).Draw(t, "part")
			multi.Ops = append(multi.Ops, wire.MultiOp{Type: op, Body: genOperation(t, op)})
		}
		l.do(session, op, multi)
	default:
		l.do(session, op, genOperation(t, op))
	}
}

var stepOps = []wire.OpCode{
	wire.OpCreate, wire.OpCreate, wire.OpCreate2, wire.OpCreate, wire.OpDelete, wire.OpDelete, wire.OpSetData,
	wire.OpMulti, wire.OpCreateSession, wire.OpCreateSession, wire.OpCloseSession,
	wire.OpCreateTTL, wire.OpCreateTTL, wire.OpCreateContainer,
}

var genPath = rapid.StringMatching(`(/[ab]){1,3}`)

var genACL = rapid.SampledFrom([][]wire.ACL{
	wire.OpenACL,
	{{Perms: 1, Scheme: "world", ID: "anyone"}},
	{{Perms: 31, Scheme: "digest", ID: "u:p"}, {Perms: 1, Scheme: "world", ID: "anyone"}},
})

func genOperation(t *rapid.T, op wire.OpCode) wire.Record {
	path, version := genPath.Draw(t, "path"), rapid.Int32Range(-1, 1).Draw(t, "version")
	data := rapid.SampledFrom([][]byte{nil, {}, []byte("x"), []byte("longer")}).Draw(t, "data")
	switch op {
	case wire.OpDelete:
		return &wire.DeleteRequest{Path: path, Version: -1}
	case wire.OpSetData:
		return &wire.SetDataRequest{Path: path, Data: data, Version: version}
	case wire.OpCheck:
		return &wire.CheckRequest{Path: path, Version: version}
	}
	r := wire.CreateRequest{Path: path, Data: data, ACL: genACL.Draw(t, "acl"), Mode: wire.ModeContainer}
	switch op {
	case wire.OpCreateTTL:
		r.Mode = rapid.Int32Range(wire.ModeTTL, wire.ModeSequentialTTL).Draw(t, "mode")
		return &wire.CreateTTLRequest{CreateRequest: r, TTL: rapid.Int64Range(1, 30).Draw(t, "ttl")}
	case wire.OpCreate, wire.OpCreate2:
		r.Mode = rapid.Int32Range(0, 3).Draw(t, "mode")
	}
	return &r
}

// dump renders everything a tree holds, as its readers see it. Equal dumps are
// equal trees.
func dump(t *tree.Tree) string {
	out := fmt.Sprintf("zxid=%s digest=%#x sessions=%v\n", t.LastProcessed(), t.Digest(), t.Sessions())
	for _, s := range []int64{1, 2, 3} {
		out += fmt.Sprintf("ephemerals of %d: %q\n", s, t.Ephemerals(s))
	}
	var visit func(path, prefix string)
	visit = func(path, prefix string) {
		data, stat, _ := t.Data(path)
		acl, _ := t.ACL(path)
		meta, _ := t.Meta(path)
		out += fmt.Sprintf("%s %q(nil=%t) %+v %v %+v\n", path, data, data == nil, stat, acl, meta)
		names, _, _ := t.Children(path)
		for _, name := range names {
			visit(prefix+name, prefix+name+"/")
		}
	}
	visit("/", "/")
	return out + fmt.Sprintf("%d nodes\n", t.Len())
}
