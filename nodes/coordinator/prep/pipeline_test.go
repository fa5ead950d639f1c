package prep

import (
	"reflect"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func multi(ops ...wire.MultiOp) *wire.MultiRequest { return &wire.MultiRequest{Ops: ops} }

func TestRequestsSeeWhatIsInFlight(t *testing.T) {
	l := newLeader(bugs.Set{})
	l.open(1)
	for _, c := range []struct {
		op   wire.OpCode
		body wire.Record
		want wire.ErrorCode
	}{
		{wire.OpCreate, newNode("/a", 0), wire.OK},
		{wire.OpCreate, newNode("/a", 0), wire.ErrNodeExists},
		{wire.OpCreate, newNode("/a/b", 0), wire.OK},
		{wire.OpDelete, remove("/a"), wire.ErrNotEmpty},
		{wire.OpSetData, set("/a/b", 0), wire.OK},
		{wire.OpSetData, set("/a/b", 0), wire.ErrBadVersion},
		{wire.OpSetData, set("/a/b", 1), wire.OK},
		{wire.OpDelete, remove("/a/b"), wire.OK},
		{wire.OpSetData, set("/a/b", -1), wire.ErrNoNode},
		{wire.OpDelete, remove("/a"), wire.OK},
		{wire.OpCreate, newNode("/a/b", 0), wire.ErrNoNode},
		{wire.OpCreate, newNode("/a", wire.ModeEphemeral), wire.OK},
		{wire.OpCreate, newNode("/a/b", 0), wire.ErrNoChildrenForEph},
	} {
		if got := code(l.do(1, c.op, c.body)); got != c.want {
			t.Errorf("%s %+v: got %s, want %s", c.op, c.body, got, c.want)
		}
	}
	if l.prep.Outstanding() == 0 {
		t.Error("nothing is outstanding though nothing was applied")
	}
	l.applyAll()
	if l.prep.Outstanding() != 0 || len(l.prep.nodes) != 0 || len(l.prep.sessions) != 0 {
		t.Errorf("applying everything leaves %d changes, %v, %v", l.prep.Outstanding(), l.prep.nodes, l.prep.sessions)
	}
}

// Names count creates, in flight or not, and deletes do not bring a number back.
func TestSequentialNames(t *testing.T) {
	for _, applyEach := range []bool{true, false} {
		l := newLeader(bugs.Set{})
		l.open(1)
		l.create("/q", 0)
		var names []string
		step := func(txn *wire.Txn) {
			if c, ok := txn.Body.(*wire.CreateTxn); ok {
				names = append(names, c.Path)
			}
			if applyEach {
				l.applyAll()
			}
		}
		step(l.create("/q/n-", wire.ModePersistentSequential))
		step(l.do(1, wire.OpDelete, remove("/q/n-0000000000")))
		step(l.create("/q/plain", wire.ModePersistent))
		step(l.create("/q/n-", wire.ModeEphemeralSequential))
		step(l.create("/q/", wire.ModePersistentSequential))
		want := []string{"/q/n-0000000000", "/q/plain", "/q/n-0000000002", "/q/0000000003"}
		if !reflect.DeepEqual(names, want) {
			t.Errorf("applied at once %t: got %q, want %q", applyEach, names, want)
		}
	}
}

func TestSequentialNamesWrap(t *testing.T) {
	l := newLeader(bugs.Set{})
	l.open(1)
	l.applyAll()
	l.tree.Apply(&wire.Txn{Zxid: 1, Type: wire.OpCreate, Body: &wire.CreateTxn{Path: "/seed", ParentCversion: 1<<31 - 1}})
	for _, want := range []string{"/n2147483647", "/n-2147483648", "/n-2147483647"} {
		txn := l.create("/n", wire.ModePersistentSequential)
		l.applyAll()
		if c, ok := txn.Body.(*wire.CreateTxn); !ok || c.Path != want {
			t.Errorf("got %s, want %s", txn, want)
		}
	}
}

func TestSequenceFromChildCountRepeatsNames(t *testing.T) {
	l := newLeader(bugs.Of(bugs.SequenceFromChildCount))
	l.open(1)
	l.create("/q", 0)
	first := l.create("/q/n", wire.ModePersistentSequential).Body.(*wire.CreateTxn).Path
	l.do(1, wire.OpDelete, remove(first))
	if again := l.create("/q/n", wire.ModePersistentSequential).Body.(*wire.CreateTxn).Path; again != first {
		t.Errorf("the bug is on, yet %s is followed by %s", first, again)
	}
}

func TestCloseSessionListsWhatWillBeThere(t *testing.T) {
	l := newLeader(bugs.Set{})
	l.open(1)
	l.open(2)
	l.create("/p", 0)
	l.create("/stays", wire.ModeEphemeral)
	l.create("/deleted", wire.ModeEphemeral)
	l.create("/replaced", wire.ModeEphemeral)
	l.do(2, wire.OpCreate, newNode("/other", wire.ModeEphemeral))
	l.applyAll()
	l.create("/p/inflight", wire.ModeEphemeral)
	l.create("/p/brief", wire.ModeEphemeral)
	l.do(1, wire.OpDelete, remove("/p/brief"))
	l.do(1, wire.OpDelete, remove("/deleted"))
	l.do(1, wire.OpDelete, remove("/replaced"))
	l.do(2, wire.OpCreate, newNode("/replaced", wire.ModeEphemeral))
	l.do(1, wire.OpSetData, set("/stays", -1))
	l.do(1, wire.OpMulti, multi(
		wire.MultiOp{Type: wire.OpCreate, Body: newNode("/never", wire.ModeEphemeral)},
		wire.MultiOp{Type: wire.OpDelete, Body: remove("/missing")}))
	closing := l.do(1, wire.OpCloseSession, &wire.Empty{})
	if got := closing.Body.(*wire.CloseSessionTxn).Paths; !reflect.DeepEqual(got, []string{"/p/inflight", "/stays"}) {
		t.Fatalf("the close lists %q", got)
	}
	if got := code(l.do(2, wire.OpDelete, remove("/p"))); got != wire.OK {
		t.Errorf("the parent of the closed session's node: %s", got)
	}
	if again := l.do(1, wire.OpCloseSession, &wire.Empty{}).Body.(*wire.CloseSessionTxn).Paths; len(again) != 0 {
		t.Errorf("a second close lists %q", again)
	}
	l.applyAll()
	if got := l.tree.Ephemerals(1); len(got) != 0 {
		t.Errorf("the closed session still owns %q", got)
	}
	if got := l.tree.Ephemerals(2); !reflect.DeepEqual(got, []string{"/other", "/replaced"}) {
		t.Errorf("the other session owns %q", got)
	}
}

func TestMultiOperationsSeeEachOther(t *testing.T) {
	l := newLeader(bugs.Set{})
	l.open(1)
	txn := l.do(1, wire.OpMulti, multi(
		wire.MultiOp{Type: wire.OpCreate, Body: newNode("/a", 0)},
		wire.MultiOp{Type: wire.OpCreate, Body: newNode("/a/n", wire.ModePersistentSequential)},
		wire.MultiOp{Type: wire.OpDelete, Body: remove("/a/n0000000000")},
		wire.MultiOp{Type: wire.OpCreate, Body: newNode("/a/n", wire.ModePersistentSequential)},
		wire.MultiOp{Type: wire.OpSetData, Body: set("/a", 0)},
		wire.MultiOp{Type: wire.OpCheck, Body: check("/a", 1)},
	))
	want := []wire.TxnBody{
		&wire.CreateTxn{Path: "/a", ACL: wire.OpenACL, ParentCversion: 1},
		&wire.CreateTxn{Path: "/a/n0000000000", ACL: wire.OpenACL, ParentCversion: 1},
		&wire.DeleteTxn{Path: "/a/n0000000000"},
		&wire.CreateTxn{Path: "/a/n0000000001", ACL: wire.OpenACL, ParentCversion: 2},
		&wire.SetDataTxn{Path: "/a", Version: 1},
		&wire.CheckTxn{Path: "/a", Version: 1},
	}
	for i, part := range txn.Body.(*wire.MultiTxn).Parts {
		if !reflect.DeepEqual(part.Body, want[i]) {
			t.Errorf("part %d is %+v, want %+v", i, part.Body, want[i])
		}
	}
}

// failing is a multi that changes /q and its children before it fails.
func failing() *wire.MultiRequest {
	return multi(
		wire.MultiOp{Type: wire.OpCreate, Body: newNode("/q/n", wire.ModePersistentSequential)},
		wire.MultiOp{Type: wire.OpSetData, Body: set("/q", 0)},
		wire.MultiOp{Type: wire.OpDelete, Body: remove("/q/x")},
		wire.MultiOp{Type: wire.OpDelete, Body: remove("/missing")},
		wire.MultiOp{Type: wire.OpCreate, Body: newNode("/late", 0)},
	)
}

// A failed multi leaves no trace in what later requests see, not even in the
// parents of its nodes, whether those were in flight before or not.
func TestFailedMultiLeavesNothing(t *testing.T) {
	for _, applied := range []bool{true, false} {
		l := newLeader(bugs.Set{})
		l.open(1)
		l.create("/q", 0)
		l.create("/q/x", 0)
		if applied {
			l.applyAll()
		}
		outstanding, sessions := l.prep.Outstanding(), len(l.prep.sessions)
		nodes := make(map[string]record)
		for path, r := range l.prep.nodes { //sim:unordered copies a map into a map
			nodes[path] = r
		}
		txn := l.do(1, wire.OpMulti, failing())
		if l.prep.Outstanding() != outstanding || len(l.prep.sessions) != sessions || !reflect.DeepEqual(l.prep.nodes, nodes) {
			t.Errorf("applied %t: records were\n%+v, are\n%+v", applied, nodes, l.prep.nodes)
		}
		codes := []wire.ErrorCode{wire.OK, wire.OK, wire.OK, wire.ErrNoNode, wire.ErrRuntimeInconsistency}
		for i, part := range txn.Body.(*wire.MultiTxn).Parts {
			if part.Type != wire.OpError || part.Body.(*wire.ErrorTxn).Err != codes[i] {
				t.Errorf("part %d is %s %+v, want %s", i, part.Type, part.Body, codes[i])
			}
		}
		if next := l.create("/q/n", wire.ModePersistentSequential); next.Body.(*wire.CreateTxn).ParentCversion != 2 {
			t.Errorf("applied %t: the next create is %+v", applied, next.Body)
		}
	}
}

func TestFailedMultiLeaksTheParentWhenTold(t *testing.T) {
	l := newLeader(bugs.Of(bugs.FailedMultiLeaksParent))
	l.open(1)
	l.create("/q", 0)
	l.create("/q/x", 0)
	l.applyAll()
	l.do(1, wire.OpMulti, failing())
	next := l.create("/q/n", wire.ModePersistentSequential).Body.(*wire.CreateTxn)
	if next.Path != "/q/n0000000002" || next.ParentCversion != 3 {
		t.Errorf("the bug is on, yet the next create is %+v", next)
	}
}
