package prep

import (
	"reflect"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// leader prepares requests and applies their transactions when told to.
type leader struct {
	tree     *tree.Tree
	prep     *Prep
	prepared []*wire.Txn
	applied  int
}

func newLeader(b bugs.Set) *leader {
	t := tree.New()
	return &leader{tree: t, prep: New(t, acl.Rules{Bugs: b})}
}

func (l *leader) do(session int64, op wire.OpCode, body wire.Record) *wire.Txn {
	n := len(l.prepared) + 1
	txn := l.prep.Prepare(Request{Session: session, Cxid: int32(n), Type: op, Body: body}, wire.MakeZxid(1, uint32(n)), int64(n))
	l.prepared = append(l.prepared, txn)
	return txn
}

// apply applies the oldest n prepared transactions.
func (l *leader) apply(n int) (results []tree.Result) {
	for range n {
		txn := l.prepared[l.applied]
		results = append(results, l.tree.Apply(txn))
		l.prep.Done(txn.Zxid)
		l.applied++
	}
	return results
}

func (l *leader) applyAll() []tree.Result { return l.apply(len(l.prepared) - l.applied) }

func (l *leader) open(session int64) {
	l.do(session, wire.OpCreateSession, &wire.CreateSessionRequest{TimeoutMs: 1000})
}

func (l *leader) create(path string, mode int32) *wire.Txn {
	return l.do(1, wire.OpCreate, newNode(path, mode))
}

func newNode(path string, mode int32) *wire.CreateRequest {
	return &wire.CreateRequest{Path: path, ACL: wire.OpenACL, Mode: mode}
}

func withTTL(path string, ttl int64) *wire.CreateTTLRequest {
	return &wire.CreateTTLRequest{CreateRequest: *newNode(path, wire.ModeTTL), TTL: ttl}
}

func remove(path string) *wire.DeleteRequest { return &wire.DeleteRequest{Path: path, Version: -1} }
func set(path string, v int32) wire.Record   { return &wire.SetDataRequest{Path: path, Version: v} }
func setACL(path string, v int32) wire.Record {
	return &wire.SetACLRequest{Path: path, ACL: wire.OpenACL, Version: v}
}
func check(path string, v int32) *wire.CheckRequest {
	return &wire.CheckRequest{Path: path, Version: v}
}

// code returns what a transaction fails with, OK if it does something.
func code(txn *wire.Txn) wire.ErrorCode {
	if e, ok := txn.Body.(*wire.ErrorTxn); ok {
		return e.Err
	}
	return wire.OK
}

// stocked returns a leader with session 1 and the nodes /a (version 1), /a/b and
// the ephemeral /e, applied or still in flight.
func stocked(applied bool) *leader {
	l := newLeader(bugs.Set{})
	l.open(1)
	l.create("/a", wire.ModePersistent)
	l.do(1, wire.OpSetData, set("/a", 0))
	l.create("/a/b", wire.ModePersistent)
	l.create("/e", wire.ModeEphemeral)
	if applied {
		l.applyAll()
	}
	return l
}

// Every way to fail, and next to it the request that just does not; whether the
// nodes are in the tree or on their way makes no difference.
func TestValidation(t *testing.T) {
	noACL := newNode("/x", 0)
	noACL.ACL = nil
	for _, c := range []struct {
		name string
		op   wire.OpCode
		body wire.Record
		want wire.ErrorCode
	}{
		{"create", wire.OpCreate, newNode("/x", 0), wire.OK},
		{"create2", wire.OpCreate2, newNode("/x", 0), wire.OK},
		{"create twice", wire.OpCreate, newNode("/a", 0), wire.ErrNodeExists},
		{"create the root", wire.OpCreate, newNode("/", 0), wire.ErrNodeExists},
		{"create without parent", wire.OpCreate, newNode("/x/y", 0), wire.ErrNoNode},
		{"create below an ephemeral", wire.OpCreate, newNode("/e/x", 0), wire.ErrNoChildrenForEph},
		{"create without ACL", wire.OpCreate, noACL, wire.ErrInvalidACL},
		{"create in the mode of containers", wire.OpCreate, newNode("/x", wire.ModeContainer), wire.OK},
		{"create a node with TTL", wire.OpCreate, newNode("/x", wire.ModeTTL), wire.ErrUnimplemented},
		{"create in no mode", wire.OpCreate, newNode("/x", 7), wire.ErrBadArguments},
		{"create a relative path", wire.OpCreate, newNode("x", 0), wire.ErrBadArguments},
		{"create an empty path", wire.OpCreate, newNode("", 0), wire.ErrBadArguments},
		{"create with trailing slash", wire.OpCreate, newNode("/a/", 0), wire.ErrBadArguments},
		{"create a sequential with trailing slash", wire.OpCreate, newNode("/a/", wire.ModePersistentSequential), wire.OK},
		{"create a dot", wire.OpCreate, newNode("/a/.", 0), wire.ErrBadArguments},
		{"delete a leaf", wire.OpDelete, remove("/a/b"), wire.OK},
		{"delete a missing node", wire.OpDelete, remove("/x"), wire.ErrNoNode},
		{"delete below a missing node", wire.OpDelete, remove("/x/y"), wire.ErrNoNode},
		{"delete a parent", wire.OpDelete, remove("/a"), wire.ErrNotEmpty},
		{"delete a wrong version", wire.OpDelete, &wire.DeleteRequest{Path: "/a/b", Version: 1}, wire.ErrBadVersion},
		{"delete a parent's wrong version", wire.OpDelete, &wire.DeleteRequest{Path: "/a", Version: 7}, wire.ErrBadVersion},
		{"delete the root", wire.OpDelete, remove("/"), wire.ErrBadArguments},
		{"delete /zookeeper", wire.OpDelete, remove("/zookeeper"), wire.ErrBadArguments},
		{"delete the quotas", wire.OpDelete, remove("/zookeeper/quota"), wire.ErrBadArguments},
		{"delete the configuration", wire.OpDelete, remove("/zookeeper/config"), wire.ErrBadArguments},
		{"delete no path", wire.OpDelete, remove("a//b"), wire.ErrNoNode},
		{"delete a name without slash", wire.OpDelete, remove("a"), wire.ErrBadArguments},
		{"create below a name without slash", wire.OpCreate, newNode("x/y", 0), wire.ErrNoNode},
		{"set", wire.OpSetData, set("/a", 1), wire.OK},
		{"set any version", wire.OpSetData, set("/a", -1), wire.OK},
		{"set an old version", wire.OpSetData, set("/a", 0), wire.ErrBadVersion},
		{"set a missing node", wire.OpSetData, set("/x", -1), wire.ErrNoNode},
		{"set no path", wire.OpSetData, set("/a/", -1), wire.ErrBadArguments},
		{"check alone", wire.OpCheck, check("/a", 1), wire.ErrUnimplemented},
		{"setACL", wire.OpSetACL, setACL("/a", 0), wire.OK},
		{"setACL of any version", wire.OpSetACL, setACL("/a", -1), wire.OK},
		{"setACL of the data's version", wire.OpSetACL, setACL("/a", 1), wire.ErrBadVersion},
		{"setACL of a missing node", wire.OpSetACL, setACL("/x", -1), wire.ErrNoNode},
		{"setACL of no path", wire.OpSetACL, setACL("/a/", -1), wire.ErrBadArguments},
		{"setACL to nothing", wire.OpSetACL, &wire.SetACLRequest{Path: "/a", Version: -1}, wire.ErrInvalidACL},
		{"create with TTL", wire.OpCreateTTL, withTTL("/x", 1), wire.ErrUnimplemented},
		{"create container", wire.OpCreateContainer, newNode("/x", wire.ModeContainer), wire.OK},
		{"create container in another mode", wire.OpCreateContainer, newNode("/x", wire.ModeEphemeral), wire.OK},
		{"delete a container by request", wire.OpDeleteContainer, &wire.Opaque{}, wire.ErrUnimplemented},
	} {
		for _, applied := range []bool{true, false} {
			l := stocked(applied)
			before := l.prep.Outstanding()
			txn := l.do(1, c.op, c.body)
			if got := code(txn); got != c.want {
				t.Errorf("%s (applied %t): got %s, want %s", c.name, applied, got, c.want)
			}
			if c.want != wire.OK && (txn.Type != wire.OpError || l.prep.Outstanding() != before) {
				t.Errorf("%s (applied %t): failed as %s and left %d changes", c.name, applied, txn, l.prep.Outstanding()-before)
			}
			multi := stocked(applied).do(1, wire.OpMulti, &wire.MultiRequest{Ops: []wire.MultiOp{{Type: c.op, Body: c.body}}})
			want := c.want
			if c.op == wire.OpCheck {
				want = wire.OK
			}
			if body := multi.Body.(*wire.MultiTxn).Parts[0].Body; code(&wire.Txn{Body: body}) != want {
				t.Errorf("%s in a multi (applied %t): got %+v, want %s", c.name, applied, body, want)
			}
		}
	}
}

func TestChecksInMultis(t *testing.T) {
	for _, c := range []struct {
		check *wire.CheckRequest
		want  wire.ErrorCode
	}{
		{check("/a", 1), wire.OK}, {check("/a", -1), wire.OK}, {check("/a", 0), wire.ErrBadVersion},
		{check("/x", -1), wire.ErrNoNode}, {check("x", -1), wire.ErrBadArguments},
	} {
		txn := stocked(false).do(1, wire.OpMulti, &wire.MultiRequest{Ops: []wire.MultiOp{{Type: wire.OpCheck, Body: c.check}}})
		part := txn.Body.(*wire.MultiTxn).Parts[0]
		if code(&wire.Txn{Body: part.Body}) != c.want {
			t.Errorf("%+v: got %+v, want %s", c.check, part.Body, c.want)
		}
		if c.want == wire.OK && !reflect.DeepEqual(part.Body, &wire.CheckTxn{Path: "/a", Version: 1}) {
			t.Errorf("%+v became %+v", c.check, part.Body)
		}
	}
}

func TestSessionsThatAreNotOpenWriteNothing(t *testing.T) {
	writes := []Request{
		{Type: wire.OpCreate, Body: newNode("/x", wire.ModeEphemeral)},
		{Type: wire.OpCreate, Body: newNode("/x", wire.ModePersistent)},
		{Type: wire.OpSetData, Body: set("/a", -1)},
		{Type: wire.OpDelete, Body: remove("/a/b")},
	}
	for _, w := range writes {
		l := stocked(true)
		if got := code(l.do(9, w.Type, w.Body)); got != wire.ErrSessionExpired {
			t.Errorf("%s by an unknown session: %s", w.Type, got)
		}
		l.do(1, wire.OpCloseSession, &wire.Empty{})
		if got := code(l.do(1, w.Type, w.Body)); got != wire.ErrSessionExpired {
			t.Errorf("%s by a closing session: %s", w.Type, got)
		}
		l.applyAll()
		if got := code(l.do(1, w.Type, w.Body)); got != wire.ErrSessionExpired {
			t.Errorf("%s by a closed session: %s", w.Type, got)
		}
		l.open(1)
		if got := code(l.do(1, wire.OpCreate, newNode("/x", wire.ModeEphemeral))); got != wire.OK {
			t.Errorf("a session on its way in: %s", got)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		path string
		want bool
	}{
		{"/", true}, {"/a", true}, {"/a/b", true}, {"/é", true}, {"/a b", true}, {"/...", true}, {"/.a", true}, {"/a.", true},
		{"/\ue000a", false}, {"/\uf900", true}, {"/\uffef", true},
		{"", false}, {"a", false}, {"/a/", false}, {"//", false}, {"/a//b", false}, {"/.", false}, {"/..", false},
		{"/a/./b", false}, {"/a/../b", false}, {"/\x00", false}, {"/\x1f", false}, {"/ ", true}, {"/~", true}, {"/\x7f", false},
		{"/\u009f", false}, {"/\u00a0", true}, {"/\ud7ff", true}, {"/\ufff0", false}, {"/\U0001f600", false}, {"/\xff", false},
	} {
		if validPath(c.path) != c.want {
			t.Errorf("%q: valid is %t", c.path, !c.want)
		}
	}
}

func TestVersionsLeaveOutMinusOne(t *testing.T) {
	for v, want := range map[int32]int32{0: 1, 1: 2, -2: 0, -3: -2, 1<<31 - 1: -1 << 31} { //sim:unordered each case is its own
		if got := nextVersion(v); got != want {
			t.Errorf("after %d comes %d, want %d", v, got, want)
		}
	}
}
