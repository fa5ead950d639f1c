package checkers

import (
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// vouch gives a connection its address.
func (e *ensemble) vouch(c *client, address string) {
	for i := range e.h.Sessions {
		if s := &e.h.Sessions[i]; s.Session == c.session && s.Conn == c.conn {
			s.Vouched = []wire.Identity{{Scheme: "ip", ID: address}}
		}
	}
}

// auth shows a credential, which the server answers at once.
func (e *ensemble) auth(c *client, scheme, secret string) {
	c.order++
	a := history.Auth{
		At: e.now, Session: c.session, Conn: c.conn, Server: c.server, After: c.xid,
		Scheme: scheme, Secret: secret, Super: secret == "super:secret", Answered: true, Order: c.order,
	}
	if _, ok := reference.Proves(scheme, secret); !ok {
		a.Err = wire.ErrAuthFailed
	}
	e.h.Auths = append(e.h.Auths, a)
}

// who is who an operation is made as.
func (e *ensemble) who(o *history.Op) []wire.Identity { return indexIdentities(&e.h).of(o) }

// readable is what a read of a znode in a tree is answered with.
func (e *ensemble) readable(tree *reference.Tree, o *history.Op, path string) wire.ErrorCode {
	list, _, code := tree.ACL(path)
	if code == wire.OK && !reference.Grants(list, reference.MayRead, e.who(o)) {
		return wire.ErrNoAuth
	}
	return code
}

const mine = "digest:me:7EWDTUlOEqjDRjFUxaaUYXYKnfA=" // the identity of me:mine

// accessStory gives /d to session 1, then takes from the others what they had; ops 0
// to 7, transactions 2 to 5.
func accessStory(e *ensemble, a, b *client) {
	e.vouch(a, "10.0.0.1")
	e.vouch(b, "10.0.0.2")
	e.auth(a, "digest", "me:mine")
	e.write(a, op{F: history.Create, Path: "/d", Value: "v0", ACL: "auth::31,world:anyone:1"})
	e.write(a, set("/d", "v1"))
	e.write(b, set("/d", "v2"))
	e.read(b, get("/d"))
	e.read(b, op{F: history.GetACL, Path: "/d"})
	e.write(a, op{F: history.SetACL, Path: "/d", Value: "auth::31", Version: -1})
	e.read(b, syncGet("/d"))
	e.read(a, op{F: history.WhoAmI})
}

// credentialStory has session 1 authenticate on two connections, in vain on a third;
// ops 0 to 2.
func credentialStory(e *ensemble, a, b *client) {
	e.auth(a, "digest", "me:mine")
	e.write(a, op{F: history.Create, Path: "/d", Value: "v0", ACL: "auth::31"})
	e.move(a, 1)
	e.auth(a, "digest", "me:mine")
	e.read(a, syncGet("/d"))
	e.write(b, create("/e"))
	e.auth(b, "x509", "CN=root")
}

func TestAccessSpoiled(t *testing.T) {
	stolen := func(h *history.History, i int) { // the read of op i is answered as if it were allowed
		h.Ops[i].Outcome, h.Ops[i].Err, h.Ops[i].OutValue, h.Ops[i].OutStat = history.OK, wire.OK, "v1", h.Ops[3].OutStat
	}
	for _, s := range []spoiling{
		{AccessControl, "a secret is read", accessStory, func(h *history.History) { stolen(h, 6) }},
		{AccessControl, "exists tells of a secret", accessStory, func(h *history.History) {
			stolen(h, 6)
			h.Ops[6].F, h.Ops[6].OutValue = history.Exists, ""
		}},
		{AccessControl, "a multi writes what its sender may not", func(e *ensemble, a, b *client) {
			accessStory(e, a, b)
			e.multi(b, part{F: history.Set, Path: "/d", Value: "v3", Version: -1})
		}, func(h *history.History) {
			txnBody[*wire.MultiTxn](h, 6).Parts[0] = wire.SubTxn{Type: wire.OpSetData, Body: &wire.SetDataTxn{Path: "/d", Data: []byte("v3"), Version: 2}}
			h.Ops[8].Outcome, h.Ops[8].Err = history.OK, wire.OK
			h.Ops[8].OutParts = nil
		}},
		{NoAuth, "what is open is not read", accessStory, func(h *history.History) {
			h.Ops[3].Outcome, h.Ops[3].Err, h.Ops[3].OutStat, h.Ops[3].OutValue = history.Fail, wire.ErrNoAuth, nil, ""
		}},
		{WriteResult, "an identity is not filled in", accessStory, func(h *history.History) {
			txnBody[*wire.CreateTxn](h, 2).ACL[0] = wire.ACL{Perms: 31, Scheme: "auth"}
			h.Ops, h.Log = h.Ops[:1], h.Log[:3]
		}},
		{WriteResult, "a list that makes no sense is taken", accessStory, func(h *history.History) {
			h.Ops[0].ACL = "digest:me:31"
			h.Ops, h.Log = h.Ops[:1], h.Log[:3]
		}},
		{ReadResult, "a list is masked for its owner", func(e *ensemble, a, b *client) {
			accessStory(e, a, b)
			e.read(a, op{F: history.GetACL, Path: "/d"})
		}, func(h *history.History) { h.Ops[8].OutValue = "digest:me:x:31" }},
		{Identities, "a good credential is refused", accessStory, func(h *history.History) { h.Auths[0].Err = wire.ErrAuthFailed }},
		{Identities, "a bad credential is believed", credentialStory, func(h *history.History) { h.Auths[2].Err = wire.OK }},
		{Identities, "who is not believed is served", credentialStory, func(h *history.History) { h.Auths[2].After-- }},
		{Identities, "the super user is not told", func(e *ensemble, a, b *client) {
			e.auth(a, "digest", "super:secret")
			e.write(a, set("/zookeeper/config", "x"))
			e.read(a, op{F: history.WhoAmI})
		}, func(h *history.History) { h.Ops[1].OutChildren = h.Ops[1].OutChildren[:1] }},
	} {
		s.judge(t)
	}
}

// Requests in a pipeline are made as who their sender was when they left.
func TestIdentitiesGrowAlongAConnection(t *testing.T) {
	e := newEnsemble(1)
	a := e.open(1, 0)
	e.vouch(a, "10.0.0.1")
	for _, want := range []int{1, 2, 2, 3} {
		if got := e.who(e.read(a, get("/"))); len(got) != want {
			t.Errorf("op %d: %v", len(e.h.Ops)-1, got)
		}
		switch len(e.h.Ops) {
		case 1:
			e.auth(a, "digest", "me:mine")
		case 2:
			e.auth(a, "digest", "me:mine")
		case 3:
			e.auth(a, "digest", "you:yours")
		}
	}
	e.move(a, 0)
	if got := e.who(e.read(a, get("/"))); len(got) != 0 {
		t.Errorf("on a new connection: %v", got)
	}
	if id, _ := reference.Proves("digest", "me:mine"); id.Scheme+":"+id.ID != mine {
		t.Errorf("me:mine is %v", id)
	}
}
