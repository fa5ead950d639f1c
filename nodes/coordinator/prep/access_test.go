package prep

import (
	"reflect"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

var (
	alice = wire.Identity{Scheme: "digest", ID: "alice:h"}
	bob   = wire.Identity{Scheme: "digest", ID: "bob:h"}
)

// grant is an entry for somebody.
func grant(perms int32, to wire.Identity) wire.ACL {
	return wire.ACL{Perms: perms, Scheme: to.Scheme, ID: to.ID}
}

// as prepares a request of somebody.
func (l *leader) as(who wire.Identity, op wire.OpCode, body wire.Record) *wire.Txn {
	n := len(l.prepared) + 1
	txn := l.prep.Prepare(Request{Session: 1, Cxid: int32(n), Type: op, Body: body, Auth: []wire.Identity{who}}, wire.MakeZxid(1, uint32(n)), int64(n))
	l.prepared = append(l.prepared, txn)
	return txn
}

func listed(path string, list ...wire.ACL) *wire.CreateRequest {
	return &wire.CreateRequest{Path: path, ACL: list}
}

// guarded returns a leader whose node /d grants alice everything and bob perms, with a
// child /d/x that is bob's own, applied or still in flight.
func guarded(b bugs.Set, applied bool, perms int32) *leader {
	l := newLeader(b)
	l.open(1)
	l.as(alice, wire.OpCreate, listed("/d", grant(acl.All, alice), grant(perms, bob)))
	l.as(alice, wire.OpCreate, listed("/d/x", grant(acl.All, bob)))
	if applied {
		l.applyAll()
	}
	return l
}

// Each permission opens just what it is for, alone and in a multi, whether the list is
// in the tree or on its way.
func TestPermissionsByOperation(t *testing.T) {
	list := []wire.ACL{grant(acl.All, bob)}
	for _, c := range []struct {
		name string
		op   wire.OpCode
		body wire.Record
		need int32 // of bob, on /d; 0 for what he can do anyway, -1 for what not
	}{
		{"create", wire.OpCreate, newNode("/d/y", 0), acl.Create},
		{"create2", wire.OpCreate2, newNode("/d/y", 0), acl.Create},
		{"create a container", wire.OpCreateContainer, newNode("/d/y", wire.ModeContainer), acl.Create},
		{"delete his own", wire.OpDelete, remove("/d/x"), acl.Delete},
		{"delete the directory", wire.OpDelete, remove("/d"), 0}, // asks the root; then it is not empty
		{"set", wire.OpSetData, set("/d", -1), acl.Write},
		{"set his own", wire.OpSetData, set("/d/x", -1), 0},
		{"setACL", wire.OpSetACL, &wire.SetACLRequest{Path: "/d", ACL: list, Version: -1}, acl.Admin},
		{"setACL of his own", wire.OpSetACL, &wire.SetACLRequest{Path: "/d/x", ACL: list, Version: -1}, 0},
		{"create below the configuration", wire.OpCreate, newNode("/zookeeper/config/x", 0), -1},
		{"set the configuration", wire.OpSetData, set("/zookeeper/config", -1), -1},
		{"set the quota node", wire.OpSetData, set("/zookeeper/quota", -1), 0},
	} {
		for _, have := range []int32{acl.Read, acl.Write, acl.Create, acl.Delete, acl.Admin} {
			for _, applied := range []bool{true, false} {
				want := c.need != 0 && have != c.need
				got := code(guarded(bugs.Set{}, applied, have).as(bob, c.op, c.body)) == wire.ErrNoAuth
				if got != want {
					t.Errorf("%s with permission %d (applied %t): denied is %t", c.name, have, applied, got)
				}
				if c.op == wire.OpSetACL {
					continue // no part of multis
				}
				l := guarded(bugs.Set{}, applied, have)
				multi := l.as(bob, wire.OpMulti, &wire.MultiRequest{Ops: []wire.MultiOp{{Type: c.op, Body: c.body}}})
				if code(&wire.Txn{Body: multi.Body.(*wire.MultiTxn).Parts[0].Body}) == wire.ErrNoAuth != want {
					t.Errorf("%s in a multi with permission %d (applied %t): denied is %t", c.name, have, applied, !want)
				}
			}
		}
	}
}

func TestChecksNeedRead(t *testing.T) {
	ops := &wire.MultiRequest{Ops: []wire.MultiOp{{Type: wire.OpCheck, Body: check("/d", -1)}}}
	for have, want := range map[int32]wire.ErrorCode{acl.Read: wire.OK, acl.All &^ acl.Read: wire.ErrNoAuth} { //sim:unordered each by itself
		part := guarded(bugs.Set{}, true, have).as(bob, wire.OpMulti, ops).Body.(*wire.MultiTxn).Parts[0]
		if got := code(&wire.Txn{Body: part.Body}); got != want {
			t.Errorf("with permission %d: %s", have, got)
		}
	}
}

func TestSuperUserAndNoChecks(t *testing.T) {
	if got := code(guarded(bugs.Set{}, true, 0).as(acl.Superuser, wire.OpSetData, set("/d", -1))); got != wire.OK {
		t.Errorf("the super user: %s", got)
	}
	l := guarded(bugs.Set{}, true, 0)
	l.prep.access.Skip = true
	if got := code(l.as(bob, wire.OpSetData, set("/d", -1))); got != wire.OK {
		t.Errorf("without checks: %s", got)
	}
}

// What is on its way in counts, not what is in the tree.
func TestRevocationHoldsForWhatComesBehindIt(t *testing.T) {
	revoke := &wire.SetACLRequest{Path: "/d", ACL: []wire.ACL{grant(acl.All, alice)}, Version: -1}
	for b, want := range map[bugs.Set]wire.ErrorCode{{}: wire.ErrNoAuth, bugs.Of(bugs.CommittedACLOnly): wire.OK} { //sim:unordered each by itself
		l := guarded(b, true, acl.Write)
		l.as(alice, wire.OpSetACL, revoke)
		if got := code(l.as(bob, wire.OpSetData, set("/d", -1))); got != want {
			t.Errorf("bugs %q: %s", b, got)
		}
	}
	l := guarded(bugs.Set{}, true, acl.Write)
	l.as(alice, wire.OpMulti, &wire.MultiRequest{Ops: []wire.MultiOp{{Type: wire.OpDelete, Body: remove("/x")}}})
	l.as(alice, wire.OpSetData, set("/d", -1)) // carries the list along
	if got := code(l.as(bob, wire.OpSetData, set("/d", -1))); got != wire.OK {
		t.Errorf("a write in flight changed the list: %s", got)
	}
}

func TestListsAreStoredExpanded(t *testing.T) {
	l := newLeader(bugs.Set{})
	l.open(1)
	txn := l.as(alice, wire.OpCreate, listed("/d", wire.ACL{Perms: 31, Scheme: "auth"}))
	if got := txn.Body.(*wire.CreateTxn).ACL; !reflect.DeepEqual(got, []wire.ACL{grant(31, alice)}) {
		t.Errorf("created with %v", got)
	}
	set := &wire.SetACLRequest{Path: "/d", Version: -1, ACL: []wire.ACL{{Perms: 1, Scheme: "auth"}, grant(31, bob), grant(31, bob)}}
	if got := l.as(alice, wire.OpSetACL, set).Body.(*wire.SetACLTxn).ACL; !reflect.DeepEqual(got, []wire.ACL{grant(1, alice), grant(31, bob)}) {
		t.Errorf("set to %v", got)
	}
	bad := listed("/e", wire.ACL{Perms: 31, Scheme: "digest", ID: "alice"})
	if got := code(l.as(alice, wire.OpCreate, bad)); got != wire.ErrInvalidACL {
		t.Errorf("an entry without a hash: %s", got)
	}
}

func TestPlantedBugsOfAccess(t *testing.T) {
	mine := &wire.SetACLRequest{Path: "/d", ACL: []wire.ACL{grant(acl.All, bob)}, Version: -1}
	for _, c := range []struct {
		bug  bugs.ID
		op   wire.OpCode
		body wire.Record
	}{
		{bugs.ACLCheckedAfter, wire.OpSetACL, mine},
		{bugs.DeleteChecksNode, wire.OpDelete, remove("/d/x")},
	} {
		if got := code(guarded(bugs.Set{}, true, 0).as(bob, c.op, c.body)); got != wire.ErrNoAuth {
			t.Errorf("%s without the bug: %s", c.op, got)
		}
		if got := code(guarded(bugs.Of(c.bug), true, 0).as(bob, c.op, c.body)); got != wire.OK {
			t.Errorf("%s with the bug: %s", c.op, got)
		}
	}
	l := guarded(bugs.Of(bugs.MultiSkipsACL), true, 0)
	multi := l.as(bob, wire.OpMulti, &wire.MultiRequest{Ops: []wire.MultiOp{{Type: wire.OpSetData, Body: set("/d", -1)}}})
	if _, failed := multi.Body.(*wire.MultiTxn).Parts[0].Body.(*wire.ErrorTxn); failed {
		t.Error("with the bug, a multi is still checked")
	}
}
