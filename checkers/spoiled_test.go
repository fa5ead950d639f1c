package checkers

import (
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// spoiling is a good history and what is done to it. want is the guarantee that breaks
// then, "" if it stays good.
type spoiling struct {
	want, how string
	story     func(e *ensemble, a, b *client)
	spoil     func(h *history.History)
}

// judge has the witness look at the history before and after. Nothing but want may
// break: what explains one finding must not be reported as another.
func (s *spoiling) judge(t *testing.T) {
	t.Run(s.want+" "+s.how, func(t *testing.T) {
		f := fixture{story: s.story}
		if w := runWitness(f.record()); len(w.findings) > 0 {
			t.Fatalf("before: %v", w.findings)
		}
		h := f.record()
		s.spoil(h)
		found := runWitness(h).findings
		others := slices.ContainsFunc(found, func(f guarantee.Finding) bool { return f.Guarantee != s.want })
		if others || s.want != "" && len(found) == 0 {
			t.Errorf("got %v", found)
		}
	})
}

// spoiled are further ways to break a guarantee than its fixture shows.
var spoiled = []spoiling{
	{FIFOReplies, "a request is passed over", registerStory, func(h *history.History) {
		op := &h.Ops[1]
		op.Outcome, op.Zxid, op.Err, op.OutStat = history.Info, 0, wire.ErrOperationTimeout, nil
	}},
	{FIFOReplies, "a read overtakes its sync", registerStory, func(h *history.History) {
		h.Ops[4].SyncXid, h.Ops[4].SyncZxid = h.Ops[4].Xid-1, 0
	}},
	{ReadResult, "a read claims to be of the beginning", registerStory, func(h *history.History) {
		h.Ops, h.Log = h.Ops[:4], h.Log[:5]
		h.Ops[3].Zxid = 0
	}},
	{ConfigChange, "the version is not the zxid", reconfigStory, func(h *history.History) {
		text := withMembers("100000009", 1)
		txnBody[*wire.SetDataTxn](h, 2).Data, h.Ops[0].OutValue = []byte(text), text
		h.Ops, h.Log = h.Ops[:1], h.Log[:3]
	}},
	{ConfigChange, "the client is told of another configuration", reconfigStory, func(h *history.History) { h.Ops[0].OutValue = h.Config }},
	{ConfigChange, "a configuration is replaced that is not the active one", reconfigStory, func(h *history.History) { h.Ops[0].Change.From = 7 }},
	{ConfigChange, "what could be done is refused", reconfigStory, func(h *history.History) {
		h.Ops[2].Change.Joining = memberLine(3)
		h.Ops[2].Change.Leaving = ""
	}},
	{ConfigChange, "a true version is refused", reconfigStory, func(h *history.History) {
		h.Ops[3].Change.From = int64(wire.MakeZxid(1, 3))
	}},
	{ConfigChange, "nothing is in progress", reconfigStory, func(h *history.History) {
		h.Log[2].Txn.Type, h.Log[2].Txn.Body = wire.OpError, &wire.ErrorTxn{Err: wire.ErrReconfigInProgress}
		h.Ops[0].Outcome, h.Ops[0].Err, h.Ops[0].OutStat, h.Ops[0].OutValue = history.Fail, wire.ErrReconfigInProgress, nil, ""
		h.Ops, h.Log = h.Ops[:1], h.Log[:3]
	}},
	{ConfigShown, "the configuration bears another mzxid", reconfigStory, func(h *history.History) { h.Ops[1].OutStat.Mzxid++ }},
	{WriteResult, "what is not empty is deleted", func(e *ensemble, a, b *client) {
		e.write(a, create("/q"))
		e.write(a, create("/q/x"))
		e.write(b, op{F: history.Delete, Path: "/q", Version: -1})
	}, func(h *history.History) {
		h.Ops[2].Outcome, h.Ops[2].Err = history.OK, wire.OK
		h.Log[4].Txn.Type, h.Log[4].Txn.Body = wire.OpDelete, &wire.DeleteTxn{Path: "/q"}
	}},
	{WriteResult, "an ephemeral gets a child", func(e *ensemble, a, b *client) {
		e.write(a, mode("/e", wire.ModeEphemeral))
		e.write(b, create("/e/c"))
	}, func(h *history.History) {
		h.Ops[1].Outcome, h.Ops[1].Err = history.OK, wire.OK
		h.Log[3].Txn.Type, h.Log[3].Txn.Body = wire.OpCreate, &wire.CreateTxn{Path: "/e/c", Data: []byte("v0"), ParentCversion: 1}
	}},
	{VersionCAS, "an ACL is set on a version that it does not have", aclStory, func(h *history.History) { h.Ops[2].Version = 0 }},
	{VersionGrowth, "the version of an ACL stands still", aclStory, func(h *history.History) {
		txnBody[*wire.SetACLTxn](h, 4).Version = 1
		h.Ops[2].OutStat.Aversion, h.Ops[3].OutStat.Aversion = 1, 1
	}},
	{WriteResult, "another ACL is set", aclStory, func(h *history.History) {
		txnBody[*wire.SetACLTxn](h, 4).ACL = wire.OpenACL
		h.Ops[3].OutValue = "world:anyone:31"
	}},
	{WriteResult, "setACL raises the version of the data", aclStory, func(h *history.History) { h.Ops[2].OutStat.Version = 1 }},
	{ReadResult, "an old ACL is read", aclStory, func(h *history.History) { h.Ops[3].OutValue = "world:anyone:31,digest:one:x:1" }},
	{ReadResult, "a count leaves out grandchildren", manyStory, func(h *history.History) { h.Ops[4].OutValue = "2" }},
	{ReadResult, "an ephemeral of somebody else is listed", manyStory, func(h *history.History) { h.Ops[5].OutChildren = []string{"/q/e", "/q/x"} }},
	{ReadResult, "an ephemeral is not listed", manyStory, func(h *history.History) { h.Ops[5].OutChildren = nil }},
	{ReadResult, "a read fails with its neighbour", manyStory, func(h *history.History) {
		h.Ops[6].OutParts[0] = wire.MultiResult{Type: wire.OpError, Err: wire.ErrNoNode}
	}},
	{ReadResult, "a multi-read is of two states", manyStory, func(h *history.History) {
		h.Ops[6].OutParts[1].Body = &wire.ChildrenReply{Children: []string{"x"}}
	}},
	{ClosedSession, "a write follows the end of its session", ephemeralStory, func(h *history.History) {
		late := &wire.Txn{Session: 1, Cxid: 3, Zxid: h.Log[4].Txn.Zxid + 1, Type: wire.OpDelete, Body: &wire.DeleteTxn{Path: "/f"}}
		h.Log = append(h.Log, history.Applied{At: h.Log[4].At, Txn: late})
		h.Ops = append(h.Ops, op{ID: 3, F: history.Delete, Path: "/f", Version: -1, Session: 1, Conn: 1, Xid: 3, Return: history.Never})
	}},
	{SessionOnce, "two clients bear one name", registerStory, func(h *history.History) {
		h.Log[1].Txn.Session = 1
		for _, i := range []int{2, 4} {
			h.Ops[i].Session = 1
		}
		h.Log[4].Txn.Session = 1
	}},
}

// aclStory sets the list of /r twice and reads it; ops 0 to 3, transactions 2 to 4.
func aclStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.write(a, op{F: history.SetACL, Path: "/r", Value: "world:anyone:31,digest:one:x:1", Version: 0})
	e.write(b, op{F: history.SetACL, Path: "/r", Value: "world:anyone:31,digest:two:x:1", Version: 1})
	e.read(b, op{F: history.GetACL, Path: "/r"})
}

// manyStory reads a small tree, with an ephemeral, in three ways; ops 4 to 6.
func manyStory(e *ensemble, a, b *client) {
	e.write(a, create("/q"))
	e.write(a, create("/q/x"))
	e.write(a, create("/q/x/y"))
	e.write(a, mode("/q/e", wire.ModeEphemeral))
	e.read(a, op{F: history.CountAll, Path: "/q"})
	e.read(a, op{F: history.Ephemerals, Path: "/q"})
	e.read(a, op{F: history.MultiRead, Parts: []part{
		{F: history.Get, Path: "/q/x"}, {F: history.Children, Path: "/q"}, {F: history.Get, Path: "/nowhere"},
	}})
}

func TestSpoiledHistories(t *testing.T) {
	for _, s := range spoiled {
		s.judge(t)
	}
}
