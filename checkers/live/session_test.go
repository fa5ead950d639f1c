package live

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// sessionScenes are about the life and death of session 9.
var sessionScenes = []scene{
	{"", "a session expires after its timeout", func(p *play) {
		p.session(func() {
			p.fact(A, facts.SessionTouched, 9)
			p.at += 4 * time.Second
			p.fact(A, facts.SessionExpiring, 9, 4000, 4001, 0)
			p.proposeFor(A, z(1, 3), 9, 0, &wire.CloseSessionTxn{})
		})
	}},
	{"", "a client closes its session at once", func(p *play) {
		p.session(func() { p.proposeFor(A, z(1, 3), 9, 2, &wire.CloseSessionTxn{}) })
	}},
	{"", "a fast clock expires a session a little early", func(p *play) {
		p.session(func() {
			p.at += 4*time.Second - 2*time.Millisecond
			p.fact(A, facts.SessionExpiring, 9, 4000, 4000, 0)
		})
	}},
	{ExpiryByLeader, "a follower expires a session", func(p *play) {
		p.session(func() {
			p.at += time.Minute
			p.fact(B, facts.SessionExpiring, 9, 4000, 60000, 0)
		})
	}},
	{ExpiryNotEarly, "a session expires too early after its last touch", func(p *play) {
		p.session(func() {
			p.at += 3 * time.Second
			p.fact(A, facts.SessionTouched, 9)
			p.at += 3 * time.Second
			p.fact(A, facts.SessionExpiring, 9, 4000, 6000, 0)
		})
	}},
	{ExpiryNotEarly, "a new leader does not give a fresh timeout", func(p *play) {
		p.session(func() {
			p.at += time.Minute
			p.elect(B, 2, z(1, 2), A)
			p.at += time.Second
			p.fact(B, facts.SessionExpiring, 9, 4000, 60000, 0)
		})
	}},
	{ExpiryNotEarly, "a session is closed unasked, without a word", func(p *play) {
		p.session(func() { p.proposeFor(A, z(1, 3), 9, 0, &wire.CloseSessionTxn{}) })
	}},
	{"", "a session is refused after its leader decided to expire it", func(p *play) {
		p.session(func() {
			p.at += time.Minute
			p.fact(A, facts.SessionExpiring, 9, 4000, 60000, 0)
			p.fact(B, facts.SessionRejected, 9)
		})
	}},
	{SessionsSurvive, "a session is refused that nobody closed", func(p *play) {
		p.session(func() { p.fact(B, facts.SessionRejected, 9) })
	}},
	{"", "a server that missed an epoch does not know its sessions", func(p *play) {
		p.session(func() {
			p.elect(B, 2, z(1, 2), A)
			p.proposeFor(B, z(2, 1), 10, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
			p.fact(C, facts.SessionRejected, 10)
		})
	}},
	{SessionsSurvive, "a new leader does not know an old session", func(p *play) {
		p.session(func() {
			p.elect(B, 2, z(1, 2), A)
			p.fact(A, facts.SessionRejected, 9)
		})
	}},
	{SessionsSurvive, "a request is refused for a session that nobody closed", func(p *play) {
		p.session(func() { p.proposeFor(A, z(1, 3), 9, 1, &wire.ErrorTxn{Err: wire.ErrSessionExpired}) })
	}},
	{"", "a run ends while a session is within its timeout", func(p *play) {
		p.session(func() {
			p.fact(B, facts.SessionOpened, 9, 4000)
			p.at += 4 * time.Second
			p.c.Finish(p.at)
		})
	}},
	{ExpiryNotLate, "a leader forgets to expire a session", func(p *play) {
		p.session(func() {
			p.fact(B, facts.SessionOpened, 9, 4000)
			p.at += time.Minute
			p.c.Finish(p.at)
		})
	}},
	{ExpiryNotEarly, "a leader grants less than the client was told", func(p *play) {
		p.session(func() {
			p.fact(B, facts.SessionOpened, 9, 8000)
			p.at += 6 * time.Second
			p.fact(A, facts.SessionExpiring, 9, 4000, 6000, 0)
		})
	}},
	{"", "a request is refused at the server that its session has left", func(p *play) {
		p.session(func() {
			p.fact(A, facts.SessionRevalidated, 9, 2)
			p.fact(A, facts.SessionRevalidated, 9, 3)
			p.fact(A, facts.SessionMoved, 9, 2)
		})
	}},
	{MovedTruly, "a request is refused at the server that its session came to", func(p *play) {
		p.session(func() {
			p.fact(A, facts.SessionRevalidated, 9, 3)
			p.fact(A, facts.SessionMoved, 9, 3)
		})
	}},
	{"", "a sync is answered before a write that was sent after it", func(p *play) {
		p.session(func() {
			p.proposeFor(A, z(1, 3), 9, 3, znode("later"))
			p.fact(A, facts.SyncAnswered, 9, 2, n(1, 2))
		})
	}},
	{SyncBehindWrites, "a sync is answered before a write that was sent before it", func(p *play) {
		p.session(func() {
			p.proposeFor(A, z(1, 3), 9, 2, znode("earlier"))
			p.fact(A, facts.SyncAnswered, 9, 3, n(1, 2))
		})
	}},
	{ServesCurrent, "a server that synchronises lets a client in", func(p *play) {
		p.session(func() { p.fact(C, facts.SessionOpened, 9, 4000) })
	}},
	{"", "watches are entered for a connection that is open", func(p *play) {
		p.session(func() {
			p.fact(A, facts.WatchSet, 9, 5)
			p.fact(A, facts.WatchesDropped, 5, 1)
			p.fact(A, facts.WatchRearmed, 9, 6)
			p.fact(B, facts.WatchSet, 9, 5)
			p.crash(A)
			p.boot(A)
			p.fact(A, facts.WatchSet, 9, 5)
		})
	}},
	{WatchesOfLiving, "a watch is entered for a connection that has ended", func(p *play) {
		p.session(func() {
			p.fact(A, facts.WatchesDropped, 5, 0)
			p.fact(A, facts.WatchSet, 9, 5)
		})
	}},
	{SessionOnce, "a session id is given out again", func(p *play) {
		p.session(func() { p.proposeFor(A, z(1, 3), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000}) })
	}},
	{TxnTime, "a transaction bears no time", func(p *play) {
		p.session(func() {
			p.clock = 1234
			txn := &wire.Txn{Session: 9, Cxid: 1, Zxid: z(1, 3), Type: wire.OpCreate, Body: znode("timeless")}
			p.say(A, facts.Proposed, "", txn, n(1, 3), 9, 1)
		})
	}},
	{EphemeralsDie, "an ephemeral outlives its session", func(p *play) {
		p.session(func() {
			eph := znode("eph")
			eph.Ephemeral = true
			p.proposeFor(A, z(1, 3), 9, 1, eph)
			p.replicate(A, z(1, 3), B)
			p.proposeFor(A, z(1, 4), 9, 2, &wire.CloseSessionTxn{})
			for _, id := range []node.ID{A, B} {
				p.append(id, z(1, 4))
				p.ack(id, z(1, 4))
			}
			p.fact(A, facts.Committed, n(1, 4), bit(A, B))
			p.say(A, facts.Applied, "", p.txns[z(1, 4)], n(1, 4), 0, p.digest(A))
		})
	}},
}

// session opens session 9, of 4 s, before what follows.
func (p *play) session(then func()) {
	p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
	p.replicate(A, z(1, 2), B)
	then()
}
