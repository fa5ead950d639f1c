package live

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// reapingScenes are about what the ensemble deletes by itself. A turn takes 10.1 s: a
// look each second, ten deletions a second, ticks of 2 s.
var reapingScenes = []scene{
	{"", "a node whose TTL is over is deleted in a turn", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/ttl", TTL: 4000, ParentCversion: 2})
		p.waits(13*time.Second, "/ttl")
	}},
	{ReapedInTime, "a node whose TTL is over stays", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/ttl", TTL: 4000, ParentCversion: 2})
		p.waits(15*time.Second, "/ttl")
	}},
	{"", "a node whose TTL is not over stays", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/ttl", TTL: 40_000, ParentCversion: 2})
		p.waits(15*time.Second, "")
	}},
	{"", "a node whose TTL is over has a child", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/ttl", TTL: 4000, ParentCversion: 2})
		p.deed(z(1, 3), &wire.CreateTxn{Path: "/ttl/c", ParentCversion: 1})
		p.waits(15*time.Second, "")
	}},
	{"", "a clock jumped over the TTL, and healed only just now", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/ttl", TTL: 40_000, ParentCversion: 2})
		p.clock += 3_600_000
		p.healed = 14 * time.Second
		p.waits(15*time.Second, "/ttl")
	}},
	{ReapedInTime, "a container stays that nobody ever used", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/box", Container: true, ParentCversion: 2})
		p.waits(25*time.Second, "/box")
	}},
	{"", "a container stays that nobody ever used, and that is for ever", func(p *play) {
		p.mortal(&wire.CreateTxn{Path: "/box", Container: true, ParentCversion: 2})
		p.c.cfg.Reaping.NeverUsed = 0
		p.waits(25*time.Second, "")
	}},
	{ReapedInTime, "a container stays that is empty again", func(p *play) {
		p.used()
		p.waits(11*time.Second, "/box")
	}},
	{"", "a leader deletes another first", func(p *play) {
		p.used()
		p.later(9 * time.Second)
		p.tidies(z(1, 5), "/old")
		p.waits(9*time.Second, "/box")
	}},
	{"", "another leads only since now", func(p *play) {
		p.used()
		p.later(9 * time.Second)
		p.elect(B, 2, z(1, 4), A)
		p.waits(9*time.Second, "/box")
	}},
	{"", "nobody leads", func(p *play) {
		p.used()
		p.crash(A)
		p.waits(time.Minute, "")
	}},
}

// mortal adds a znode that the ensemble may delete, which has its first look behind it.
func (p *play) mortal(made *wire.CreateTxn) {
	p.c.cfg.Reaping = Reaping{Interval: time.Second, PerMinute: 600, NeverUsed: 12 * time.Second}
	p.deed(z(1, 2), made)
}

// deed has A propose and everybody apply a transaction of session 7.
func (p *play) deed(at wire.Zxid, body wire.TxnBody) {
	p.propose(A, at, body)
	p.replicate(A, at, B)
}

// used adds a container that had a child and has none.
func (p *play) used() {
	p.mortal(&wire.CreateTxn{Path: "/box", Container: true, ParentCversion: 2})
	p.deed(z(1, 3), &wire.CreateTxn{Path: "/box/c", ParentCversion: 1})
	p.deed(z(1, 4), &wire.DeleteTxn{Path: "/box/c"})
}

// tidies has A try to delete a znode by itself, which is gone already.
func (p *play) tidies(at wire.Zxid, path string) {
	clock := p.clock
	p.txns[at] = &wire.Txn{Zxid: at, Time: clock, Type: wire.OpError, Body: &wire.ErrorTxn{Err: wire.ErrNoNode}}
	p.say(A, facts.Proposed, "", p.txns[at], int64(at), 0, 0)
}

// later lets time pass, on every clock.
func (p *play) later(d time.Duration) {
	p.at += d
	p.clock += d.Milliseconds()
}

// waits lets time pass and asks what has expired and is there.
func (p *play) waits(d time.Duration, want string) {
	p.later(d)
	if got := p.c.Expired(p.at, p.healed); got != want && p.c.Finding() == nil {
		panic("expired: " + got + ", want " + want)
	}
}

func TestNothingExpiresWhereNobodyReaps(t *testing.T) {
	p := opened()
	p.used()
	p.c.cfg.Reaping = Reaping{}
	if p.waits(time.Hour, ""); p.c.Finding() != nil {
		t.Error(p.c.Finding())
	}
}
