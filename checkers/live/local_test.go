package live

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// localScenes are about session 9, which B opens and tells nobody of.
var localScenes = []scene{
	{"", "a local session lives, and is expired by its server", func(p *play) {
		p.local()
		p.at += 3 * time.Second
		p.fact(B, facts.SessionTouched, 9)
		p.fact(B, facts.SessionOpened, 9, 4000)
		p.at += 4 * time.Second
		p.fact(B, facts.LocalExpired, 9, 4000, 4001)
	}},
	{"", "a local session is made known to all, and moves", func(p *play) {
		p.local()
		p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
		p.replicate(A, z(1, 2), B)
		p.fact(A, facts.SessionOpened, 9, 4000)
	}},
	{LocalHome, "another server lets a local session in", func(p *play) {
		p.local()
		p.fact(A, facts.SessionOpened, 9, 4000)
	}},
	{LocalHome, "a local session outlives the term of its server", func(p *play) {
		p.local()
		p.elect(A, 2, z(1, 1), B)
		p.fact(B, facts.SessionOpened, 9, 4000)
	}},
	{ExpiryNotEarly, "a local session expires before its time", func(p *play) {
		p.local()
		p.at += 2 * time.Second
		p.fact(B, facts.LocalExpired, 9, 4000, 2000)
	}},
	{LocalHome, "a server expires a local session after all know it", func(p *play) {
		p.local()
		p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
		p.replicate(A, z(1, 2), B)
		p.at += time.Minute
		p.fact(B, facts.LocalExpired, 9, 4000, 60000)
	}},
	{"", "a session is refused whose upgrade went down with the leader", func(p *play) {
		p.local()
		p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
		p.elect(B, 2, z(1, 1), A)
		p.fact(B, facts.SessionUnknown, 9, 1)
	}},
	{"", "a session is refused that was made known after the leader was asked for it", func(p *play) {
		p.local()
		p.fact(A, facts.SessionUnknown, 9, 1)
		p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
		p.replicate(A, z(1, 2), B)
		p.fact(B, facts.SessionRejected, 9)
	}},
	{SessionsSurvive, "a session is refused whose upgrade was committed", func(p *play) {
		p.local()
		p.proposeFor(A, z(1, 2), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
		p.replicate(A, z(1, 2), B)
		p.elect(B, 2, z(1, 2), A)
		p.fact(B, facts.SessionUnknown, 9, 1)
	}},
	{SessionOnce, "the id of a local session is given out again", func(p *play) {
		p.local()
		p.fact(A, facts.LocalOpened, 9, 4000)
	}},
}

// local lets B open session 9, of 4 s.
func (p *play) local() {
	p.fact(B, facts.LocalOpened, 9, 4000, 1)
	p.fact(B, facts.SessionOpened, 9, 4000)
}
