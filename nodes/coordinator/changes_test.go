package coordinator

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// TestListsFollowTheParts: who may be told of a part is a matter of the lists that the
// parts before it have left, and of a deleted znode its last one counts.
func TestListsFollowTheParts(t *testing.T) {
	list := func(id string) []wire.ACL { return []wire.ACL{{Perms: 31, Scheme: "digest", ID: id}} }
	l := lists{tree: tree.New(), set: map[string][]wire.ACL{}}
	l.tree.Apply(&wire.Txn{Zxid: 1, Body: &wire.CreateTxn{Path: "/a", ACL: list("old"), ParentCversion: 1}})
	for _, body := range []wire.TxnBody{
		&wire.SetDataTxn{Path: "/a"},
		&wire.SetACLTxn{Path: "/a", ACL: list("new")},
		&wire.SetDataTxn{Path: "/a"},
		&wire.CreateTxn{Path: "/a/b", ACL: list("child")},
		&wire.CheckTxn{Path: "/a"},
		&wire.CloseSessionTxn{Paths: []string{"/a/b"}},
		&wire.DeleteTxn{Path: "/a"},
		&wire.CreateTxn{Path: "/a", ACL: list("again")},
	} {
		l.body(body)
	}
	var got []string
	for _, c := range l.changes {
		got = append(got, fmt.Sprintf("%v %s %s under %s", c.event, c.path, c.own[0].ID, c.over[0].ID))
	}
	want := []string{
		"data-changed /a old under anyone", "data-changed /a new under anyone", "created /a/b child under new",
		"deleted /a/b child under new", "deleted /a new under anyone", "created /a again under anyone",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
