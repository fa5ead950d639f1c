package checkers

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Verdicts on quotas rest on a state that the log does not name. These are the limits
// of what a judge may say.
func TestVerdictsOnQuotas(t *testing.T) {
	// tell plays the story, and then a create of /u/y that ends as err.
	tell := func(err wire.ErrorCode, before func(e *ensemble, a, b *client)) *history.History {
		e := newEnsemble(2)
		e.h.Ops = make([]history.Op, 0, 16)
		a, b := e.open(1, 0), e.open(2, 1)
		quotaStory(e, a, b)
		before(e, a, b)
		o := e.start(b, create("/u/y"))
		opcode, body := wire.OpCreate, wire.TxnBody(&wire.CreateTxn{
			Path: "/u/y", Data: []byte("v0"), ACL: wire.OpenACL, ParentCversion: e.leader.Creates("/u") + 1,
		})
		o.Outcome, o.OutPath = history.OK, "/u/y"
		if err != wire.OK {
			opcode, body = wire.OpError, &wire.ErrorTxn{Err: err}
			o.Outcome, o.Err, o.OutPath = history.Fail, err, ""
		}
		txn := e.commit(b.session, b.xid, opcode, body)
		e.catchUp(b.server, len(e.h.Log))
		e.finish(b, o, txn.Zxid)
		return &e.h
	}
	drop := func(e *ensemble, a, b *client) { e.write(a, op{F: history.Delete, Path: "/u/x", Version: -1}) }
	for _, c := range []struct {
		name   string
		h      *history.History
		change func(h *history.History)
		want   string
	}{
		{"a quota that is full", tell(wire.ErrQuotaExceeded, func(*ensemble, *client, *client) {}), nil, ""},
		{"one that has room", tell(wire.ErrQuotaExceeded, drop), nil, QuotaKept},
		{"one that has room, used", tell(wire.OK, drop), nil, ""},
		{"room that was made while the request was on its way, unseen", tell(wire.ErrQuotaExceeded, drop), func(h *history.History) {
			h.Ops[6].Invoke = h.Log[len(h.Log)-2].At - 1
		}, ""},
		{"full while the request was on its way, unseen", tell(wire.OK, func(*ensemble, *client, *client) {}), func(h *history.History) {
			h.Ops[5].Invoke = h.Log[len(h.Log)-2].At - 1
		}, ""},
		{"full before", tell(wire.OK, func(*ensemble, *client, *client) {}), nil, QuotaKept},
		{"full, and nobody enforces it", tell(wire.OK, func(*ensemble, *client, *client) {}), func(h *history.History) { h.Rules.EnforceQuota = false }, ""},
		{"refused, and nobody enforces it", tell(wire.ErrQuotaExceeded, func(*ensemble, *client, *client) {}), func(h *history.History) { h.Rules.EnforceQuota = false }, QuotaKept},
		{"stats that a client wrote", tell(wire.OK, func(e *ensemble, a, b *client) {
			e.write(a, set("/zookeeper/quota/u/zookeeper_stats", "count=0,bytes=0"))
		}), nil, ""},
		{"no stats", tell(wire.OK, func(e *ensemble, a, b *client) {
			e.write(a, op{F: history.Delete, Path: "/zookeeper/quota/u/zookeeper_stats", Version: -1})
		}), nil, ""},
		{"a quota below it", tell(wire.OK, func(e *ensemble, a, b *client) {
			e.write(a, create("/zookeeper/quota/u/x"))
			e.write(a, create("/zookeeper/quota/u/x/zookeeper_limits"))
		}), nil, ""},
		{"a quota that was lifted", tell(wire.ErrQuotaExceeded, func(e *ensemble, a, b *client) {
			e.write(a, op{F: history.Delete, Path: "/zookeeper/quota/u/zookeeper_limits", Version: -1})
			e.now += time.Second
		}), nil, QuotaKept},
	} {
		if c.change != nil {
			c.change(c.h)
		}
		w := runWitness(c.h)
		switch {
		case c.want == "" && len(w.findings) > 0:
			t.Errorf("%s: %v", c.name, w.findings)
		case c.want != "" && (len(w.findings) != 1 || w.findings[0].Guarantee != c.want):
			t.Errorf("%s: %v, want %s", c.name, w.findings, c.want)
		}
	}
}
