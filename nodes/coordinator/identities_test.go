package coordinator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

var (
	me       = wire.ACL{Perms: acl.All, Scheme: "digest", ID: acl.Digest("me:mine")}
	credible = client.Credential{Scheme: "digest", Secret: "me:mine"}
)

// whoami is what a server takes the client for.
func (s *scripted) whoami(t *node.Task) (out []string) {
	r := s.call(t, wire.OpWhoAmI, &wire.Empty{})
	for _, c := range r.Body.(*wire.WhoAmIReply).Clients {
		out = append(out, c.Scheme+":"+c.User)
	}
	return out
}

// finish runs the ensemble until the script of one client is done.
func (e *ensemble) finish(body func(s *scripted, t *node.Task)) {
	e.t.Helper()
	done := false
	e.run(3 * time.Second)
	e.client(func(s *scripted, t *node.Task) { body(s, t); done = true })
	e.run(10 * time.Second)
	if !done {
		e.t.Error("the client did not finish")
	}
}

// Identities belong to a connection, and the client brings them to the next.
func TestIdentitiesOfAConnection(t *testing.T) {
	e := newEnsemble(t, 3, func(c *coordinator.Config) {
		c.SuperDigest = acl.Digest("super:secret")
		c.Vouched = []coordinator.Vouched{{Client: 3, Identity: wire.Identity{Scheme: "x509", ID: "CN=c1"}}}
	})
	e.finish(func(s *scripted, task *node.Task) {
		expect := func(want ...string) {
			t.Helper()
			if got := s.whoami(task); !slices.Equal(got, want) {
				t.Errorf("the server takes us for %v, want %v", got, want)
			}
		}
		expect("ip:10.0.0.3", "x509:CN=c1")
		s.zk.Authenticate(credible)
		expect("ip:10.0.0.3", "x509:CN=c1", "digest:me")
		s.zk.Move()
		expect("ip:10.0.0.3", "x509:CN=c1", "digest:me")
		s.zk.Authenticate(client.Credential{Scheme: "ip"})
		s.zk.Authenticate(client.Credential{Scheme: "digest", Secret: "super:secret"})
		expect("ip:10.0.0.3", "x509:CN=c1", "digest:me", "super:", "digest:super")
		s.zk.Authenticate(client.Credential{Scheme: "x509", Secret: "CN=somebody"})
		if r := s.call(task, wire.OpWhoAmI, &wire.Empty{}); r.Err != wire.ErrAuthFailed || !s.zk.Over() {
			t.Errorf("after a refusal: %v, over is %t", r.Err, s.zk.Over())
		}
		s.zk.Restart()
		expect("ip:10.0.0.3", "x509:CN=c1")
	})
	if e.seen[facts.Authenticated] == 0 || e.seen[facts.SuperAuthenticated] == 0 || e.seen[facts.AuthRefused] != 1 {
		t.Error("a fact is missing")
	}
}

// readOf is one kind of read, and the permissions of which one opens it; 0 if it needs
// none.
type readOf struct {
	op   wire.OpCode
	body func(path string) wire.Record
	need int32
}

var readsOf = []readOf{
	{wire.OpGetData, func(p string) wire.Record { return &wire.PathRequest{Path: p} }, acl.Read},
	{wire.OpExists, func(p string) wire.Record { return &wire.PathRequest{Path: p} }, acl.Read},
	{wire.OpGetChildren, func(p string) wire.Record { return &wire.PathRequest{Path: p} }, acl.Read},
	{wire.OpGetChildren2, func(p string) wire.Record { return &wire.PathRequest{Path: p} }, acl.Read},
	{wire.OpCountAll, func(p string) wire.Record { return &wire.CountAllRequest{Path: p} }, acl.Read},
	{wire.OpGetACL, func(p string) wire.Record { return &wire.GetACLRequest{Path: p} }, acl.Read | acl.Admin},
	{wire.OpGetEphemerals, func(p string) wire.Record { return &wire.GetEphemeralsRequest{Prefix: p} }, 0},
	{wire.OpSync, func(p string) wire.Record { return &wire.SyncRequest{Path: p} }, 0},
}

// What each read asks for, of a client that has just one permission on a znode whose
// owner is another.
func TestReadsAskForPermission(t *testing.T) {
	e := newEnsemble(t, 3, func(c *coordinator.Config) { c.SnapCount = 1000 })
	permissions := []int32{acl.Read, acl.Write, acl.Create, acl.Delete, acl.Admin}
	path := func(have int32) string { return fmt.Sprintf("/d%d", have) }
	e.finish(func(s *scripted, task *node.Task) {
		for _, have := range permissions {
			list := []wire.ACL{{Perms: have, Scheme: "world", ID: "anyone"}, me}
			if r := s.call(task, wire.OpCreate, &wire.CreateRequest{Path: path(have), ACL: list}); r.Err != wire.OK {
				t.Errorf("create: %v", r.Err)
			}
		}
	})
	e.finish(func(s *scripted, task *node.Task) {
		for _, have := range permissions {
			for _, read := range readsOf {
				r := s.call(task, read.op, read.body(path(have)))
				if denied := r.Err == wire.ErrNoAuth; denied != (read.need != 0 && have&read.need == 0) {
					t.Errorf("%s with permission %d: %v", read.op, have, r.Err)
				}
				if shown, ok := r.Body.(*wire.ACLReply); ok && (shown.ACL[1] == me) != (have == acl.Admin) {
					t.Errorf("with permission %d the list is %v", have, shown.ACL)
				}
			}
			many := s.call(task, wire.OpMultiRead, &wire.MultiRequest{Ops: []wire.MultiOp{
				{Type: wire.OpGetData, Body: &wire.PathRequest{Path: "/"}}, {Type: wire.OpGetChildren, Body: &wire.PathRequest{Path: path(have)}},
			}}).Body.(*wire.MultiReply)
			if many.Results[0].Err != wire.OK || (many.Results[1].Err == wire.ErrNoAuth) != (have != acl.Read) {
				t.Errorf("a multiRead with permission %d: %v", have, many.Results)
			}
		}
		if r := s.call(task, wire.OpExists, &wire.PathRequest{Path: "/d1/none"}); r.Err != wire.ErrNoNode {
			t.Errorf("exists of what is not there: %v", r.Err)
		}
	})
	if e.seen[facts.ReadDenied] == 0 || e.seen[facts.ACLMasked] == 0 {
		t.Error("a fact is missing")
	}
}

func TestClientsMustAuthenticateIfTold(t *testing.T) {
	for _, sasl := range []bool{false, true} {
		t.Run(fmt.Sprint(sasl), func(t *testing.T) {
			e := newEnsemble(t, 1, func(c *coordinator.Config) {
				c.EnforceAuth = []string{"sasl"}
				if sasl {
					c.Vouched = []coordinator.Vouched{{Client: 1, Identity: wire.Identity{Scheme: "sasl", ID: "bob"}}}
				}
			})
			e.finish(func(s *scripted, task *node.Task) {
				r := s.call(task, wire.OpGetData, &wire.PathRequest{Path: "/"})
				if want := map[bool]wire.ErrorCode{false: wire.ErrSASLRequired, true: wire.OK}[sasl]; r.Err != want {
					t.Errorf("%v", r.Err)
				}
			})
		})
	}
}
