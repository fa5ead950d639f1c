package zab

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// takeConfig makes the configuration of NEWLEADER durable as one to reckon with, or
// one that was proposed on top of it and is not committed yet.
func (f *Learner) takeConfig(text string, then func()) {
	if text == "" || f.cfg.Committed == nil {
		then()
		return
	}
	c, err := membership.Parse(text)
	if err != nil {
		panic("zab: NEWLEADER brings no configuration: " + err.Error())
	}
	if f.config == nil || c.Newer(f.config) {
		f.config = c
	}
	next := c
	for _, txn := range f.pending {
		if proposed := configOf(txn); proposed != nil {
			next = proposed
		}
	}
	if next == c {
		f.saveNext(c, then)
		return
	}
	f.supersede(next, then)
}

// supersede makes a configuration durable that was proposed on top of the one that
// UPTODATE will make active. That one is committed, or nobody would have proposed
// another, and it is durable as the active one before: the file of the next configuration
// has room for one, and a history shows only its last.
//
//	{1,2,3} made way for {4,5}, which 1 leads from outside until it is followed no more.
//	3 comes back, is told of {4,5}, and logs that {2,3} is proposed. It crashes.
//	Knowing of {1,2,3} and {2,3} it could lead with the word of 2, while 4 and 5 go on.
func (f *Learner) supersede(next *membership.Config, then func()) {
	if f.phase == broadcast || f.config == nil {
		f.saveNext(next, then)
		return
	}
	f.host.Activate(f.config, f.begin(func() { f.saveNext(next, then) }))
}

// saveSeen makes the configuration durable that our history ends with. It may have come
// with a snapshot, before NEWLEADER told that it is one to reckon with.
func (f *Learner) saveSeen(then func()) {
	if f.cfg.Committed == nil || !f.cfg.LastSeen.Newer(f.cfg.Committed) {
		then()
		return
	}
	f.saveNext(f.cfg.LastSeen, then)
}

// saveNext makes a configuration that may come to be active durable before what
// follows, which acknowledges it.
func (f *Learner) saveNext(c *membership.Config, then func()) {
	if f.cfg.Bugs.Has(bugs.ConfigAckBeforeDurable) {
		f.host.SaveNext(c, func() {})
		then()
		return
	}
	f.host.SaveNext(c, f.begin(then))
}

// seeConfig takes note of a configuration that is proposed before it is logged.
func (f *Learner) seeConfig(c *membership.Config, then func()) {
	if f.cfg.Bugs.Has(bugs.ActivatedAtProposal) {
		f.host.Activate(c, f.begin(func() {
			f.observeActive(c)
			then()
		}))
		return
	}
	f.supersede(c, then)
}

// activate handles COMMITANDACTIVATE.
func (f *Learner) activate(p *wire.Packet) {
	if len(f.pending) == 0 || f.pending[0].Zxid != p.Zxid {
		panic(fmt.Sprintf("zab: COMMITANDACTIVATE %v, but the oldest pending proposal is %s", p.Zxid, f.oldestPending()))
	}
	f.goOver(configOf(f.pending[0]), p)
}

// informActivate handles INFORMANDACTIVATE, as an observer.
func (f *Learner) informActivate(p *wire.Packet) {
	f.host.Observe(node.Event{Kind: facts.Informed, N: [4]int64{int64(p.Zxid)}})
	f.checkSuccessor(p.Zxid)
	f.lastSeen = p.Zxid
	f.pending = append(f.pending, p.Txn)
	f.unlogged++
	c := configOf(p.Txn)
	if !f.newLeaderAcked {
		f.goOver(c, p)
		return
	}
	f.host.SaveNext(c, f.begin(func() {
		f.logProposal()
		f.goOver(c, p)
	}))
}

// goOver makes a committed configuration the active one, durably, then delivers it.
// While synchronising both are left to UPTODATE.
func (f *Learner) goOver(c *membership.Config, p *wire.Packet) {
	if f.phase != broadcast {
		f.config, f.designated = c, p.Designated
		f.commit(p.Zxid)
		return
	}
	f.host.Activate(c, f.begin(func() {
		f.observeActive(c)
		f.commit(p.Zxid)
		f.followConfig(c, p.Designated)
	}))
}

// activateConfig makes the configuration of the synchronisation the active one. The
// learner goes on unless it has another part in it than it plays.
func (f *Learner) activateConfig(then func()) {
	c := f.config
	if c == nil || f.cfg.Committed == nil {
		then()
		return
	}
	f.host.Activate(c, f.begin(func() {
		if c.Newer(f.cfg.Committed) {
			f.observeActive(c)
			if f.followConfig(c, f.designated); f.over {
				return
			}
		}
		then()
	}))
}

func (f *Learner) observeActive(c *membership.Config) {
	f.host.Observe(node.Event{Kind: facts.ConfigActivated, N: [4]int64{int64(c.Version)}, Text: c.String()})
}

// followConfig leaves the leader if the active configuration gives us another role or
// designates another leader. Where it says who leads, no election is needed.
func (f *Learner) followConfig(c *membership.Config, designated int64) {
	sameRole := c.Observes(f.cfg.Sid) == f.cfg.Observer
	switch {
	case f.over:
	case designated == 0 && sameRole && c.Participants().Has(f.leader):
	case designated == 0:
		f.stepDown("the configuration changed our role or our leader")
	case sameRole && designated == f.leader:
	default:
		f.over = true
		why := fmt.Sprintf("the configuration designates %d", designated)
		f.host.Observe(node.Event{Kind: facts.StepDown, N: [4]int64{f.epoch}, Text: why})
		f.host.HandOver(designated, why)
	}
}
