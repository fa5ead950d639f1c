package zab

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// electorate is whose word a leader counts, and how that changes.
//
// While two configurations are in question, both have to find a quorum: the active
// one, because nobody outside knows of another, and the one proposed, because it may
// be active already by the word of a leader that is gone. Only the commit of the
// reconfiguration ends that, and everything proposed behind it until then waits for
// both quorums as well.
//
// ZooKeeper asks only the active configuration in discovery. Then two leaders may
// synchronise in one epoch:
//
//	{1,2,3} is active, {3,4,5} is committed by 1, and only 4 and 5 hear of it.
//	4 and 5 elect 4; its quorum is {4,5}, its epoch 2.
//	2, which acknowledged the reconfiguration, leads 1; its quorum of {1,2,3} is
//	{1,2}, and its epoch 2 as well.
type electorate struct {
	// committed and lastSeen are those of a dynamic ensemble, nil in a static one.
	committed, lastSeen *membership.Config
	// needs are the rules of those of the two that matter.
	needs []quorum.Verifier
	// saving: lastSeen is being made durable. held waits for that before it is logged,
	// so that no log holds a reconfiguration that its server does not know of.
	saving bool
	held   []*wire.Txn
	// activating: a configuration is being made durable as the active one.
	activating bool
	// retired: the active configuration designates another leader, who alone may
	// commit from here on.
	retired    bool
	designated int64
}

func electorateOf(cfg Config) electorate {
	e := electorate{committed: cfg.Committed, lastSeen: cfg.LastSeen, designated: cfg.Sid}
	if e.committed == nil {
		e.needs = []quorum.Verifier{cfg.Voters}
		return e
	}
	e.recount()
	return e
}

// recount collects the rules that decide.
func (e *electorate) recount() {
	e.needs = []quorum.Verifier{e.committed.Verifier()}
	if e.lastSeen.Newer(e.committed) {
		e.needs = append(e.needs, e.lastSeen.Verifier())
	}
}

// counted reports whether a server's word matters to any of the rules.
func counted(sid int64, needs []quorum.Verifier) bool {
	for _, v := range needs {
		if v.Members().Has(sid) {
			return true
		}
	}
	return false
}

// decided reports whether each of the rules finds its quorum.
func decided(in quorum.Bits, needs []quorum.Verifier) bool {
	for _, v := range needs {
		if !v.HasQuorum(in) {
			return false
		}
	}
	return true
}

// configOf reads the configuration that a transaction proposes, nil if it is none.
func configOf(txn *wire.Txn) *membership.Config {
	b, ok := txn.Body.(*wire.SetDataTxn)
	if !ok || txn.Type != wire.OpReconfig {
		return nil
	}
	c, err := membership.Parse(string(b.Data))
	if err != nil {
		panic(fmt.Sprintf("zab: %v proposes no configuration: %v", txn, err))
	}
	return c
}

// Reconfiguring reports whether another reconfiguration has to wait.
func (l *Leader) Reconfiguring() bool {
	return l.lastSeen.Newer(l.committed) || l.saving || l.activating || l.retired
}

// QuorumSynced reports whether a quorum of a configuration follows and is
// synchronised. Observers are not asked for proposals, so they do not count; nor do
// those who do not know yet that they are observers now:
//
//	Server 2 is made an observer, and a participant again before it has heard of the
//	first. It leaves to come back as an observer, and nobody asks it for the second,
//	which waits for its word for ever.
func (l *Leader) QuorumSynced(c *membership.Config) bool {
	in := quorum.Bits(0).Add(l.cfg.Sid)
	for _, f := range l.learners {
		if f.synced && f.forwarding && !f.observer && !l.committed.Observes(f.sid) && l.host.Now()-f.heard <= l.cfg.syncTimeout() {
			in = in.Add(f.sid)
		}
	}
	return c.Verifier().HasQuorum(in)
}

// attach gives a proposal the rules of its commit. A reconfiguration is seen first.
func (l *Leader) attach(p *proposal) *proposal {
	if l.committed == nil {
		p.needs = l.needs
		return p
	}
	if p.config = configOf(p.txn); p.config != nil {
		l.lastSeen = p.config
		l.recount()
		l.saveLastSeen(l.commitReady)
	}
	if p.needs = l.needs; len(p.needs) > 1 {
		l.host.Observe(node.Event{Kind: facts.JointProposal, N: [4]int64{int64(p.txn.Zxid)}})
	}
	switch b := l.cfg.Bugs; {
	case b.Has(bugs.ReconfigByNewQuorum) && p.config != nil:
		p.needs = p.needs[1:]
	case b.Has(bugs.ReconfigByOldQuorum) && p.config != nil, b.Has(bugs.JointQuorumDropped) && p.config == nil:
		p.needs = p.needs[:1]
	}
	return p
}

// saveLastSeen makes the configuration durable that this leader saw last, unless it
// is the active one.
func (l *Leader) saveLastSeen(then func()) {
	if l.committed == nil || !l.lastSeen.Newer(l.committed) {
		then()
		return
	}
	l.saving = true
	l.host.SaveNext(l.lastSeen, l.alive(func() {
		l.saving = false
		held := l.held
		l.held = nil
		for _, txn := range held {
			l.host.Append(txn)
		}
		then()
	}))
}

// holdsBack reports whether a proposal is not in our own log yet. Others may have
// acknowledged it already; but what a tree holds and no log, a term that ends would
// apply a second time.
func (l *Leader) holdsBack(p *proposal) bool {
	return len(l.held) > 0 && p.txn.Zxid >= l.held[0].Zxid
}

// log appends a proposal to our own log, behind what has to be durable before it.
func (l *Leader) log(txn *wire.Txn) {
	if l.saving {
		l.held = append(l.held, txn)
		return
	}
	l.host.Append(txn)
}

// changeElectorate goes over to a configuration that is committed. If it takes our
// vote, somebody else has to lead: of its voters the one that acknowledged most.
func (l *Leader) changeElectorate(p *proposal) {
	l.activate(p.config, p.acks)
	l.host.Observe(node.Event{Kind: facts.ReconfigCommitted, N: [4]int64{int64(p.txn.Zxid), l.designated}})
}

// designate says who leads under a configuration that acks acknowledged.
func (l *Leader) designate(c *membership.Config, acks quorum.Bits) {
	if c.Participants().Has(l.cfg.Sid) {
		return
	}
	candidates := acks & c.Verifier().Members()
	if candidates == 0 { // not without a planted bug
		candidates = c.Verifier().Members()
	}
	l.designated = candidates.Members()[0]
	for _, p := range l.outstanding {
		if candidates &= p.acks; candidates == 0 {
			break
		}
		l.designated = candidates.Members()[0]
	}
	l.retired = !l.cfg.Bugs.Has(bugs.RemovedLeaderCommits)
}

// beginElectorate gives the configuration that an operator wrote a version of its own,
// the one of this epoch, so that it comes before other such configurations: those of
// servers that want to join (ZOOKEEPER-1783).
func (l *Leader) beginElectorate() {
	if l.committed == nil || l.committed.Version != 0 || l.lastSeen.Version != 0 {
		return
	}
	l.lastSeen = l.committed.At(wire.MakeZxid(l.epoch, 0))
	l.recount()
}

// offeredConfig is what NEWLEADER carries. Before the leader is established that is
// the configuration it saw last, which being established makes the active one; later
// it is the active one, and what is proposed travels with its proposal.
func (l *Leader) offeredConfig() string {
	switch {
	case l.committed == nil:
		return ""
	case l.phase == broadcast || l.cfg.Bugs.Has(bugs.NextConfigNotCarried):
		return l.committed.String()
	}
	return l.lastSeen.String()
}

// activate goes by a configuration that acks acknowledged. The next one waits until it
// is durable as the active one: it would overwrite what else tells of it.
func (l *Leader) activate(c *membership.Config, acks quorum.Bits) {
	l.committed, l.activating = c, true
	l.recount()
	l.designate(c, acks)
	l.host.Activate(c, l.alive(func() {
		l.activating = false
		l.host.Observe(node.Event{Kind: facts.ConfigActivated, N: [4]int64{int64(c.Version)}, Text: c.String()})
	}))
}

// finishReconfig goes over to the configuration that an earlier leader proposed, or
// that has its version from this epoch: it is acknowledged with the history.
func (l *Leader) finishReconfig() {
	if l.committed == nil || !l.lastSeen.Newer(l.committed) {
		return
	}
	l.activate(l.lastSeen, l.newLeaderAcks)
	if l.committed.Version.Counter() != 0 {
		l.host.Observe(node.Event{Kind: facts.ReconfigFinished, N: [4]int64{int64(l.committed.Version)}})
	}
}

// outdated sends away a learner that goes by an earlier configuration than we do, where
// that is about to be replaced and we are not established. We would tell it of the latest
// only, and after a crash it would take the one that it goes by for the one before:
//
//	{1,2,3} made way for {4,5}, and 4 has logged that {2,3} is to follow. 3 takes that
//	over from 4, and both crash. Knowing of {1,2,3} and {2,3} it could lead with the word
//	of 2, while 5 and whoever follows it go on.
//
// It looks for a leader again, and learns from our vote what is active.
func (l *Leader) outdated(sid int64, version wire.Zxid) bool {
	if l.phase == broadcast || len(l.needs) < 2 || l.committed.Version.Counter() == 0 || version >= l.committed.Version {
		return false
	}
	l.host.Observe(node.Event{Kind: facts.LearnerConfigOutdated, N: [4]int64{sid, int64(version)}})
	l.host.Disconnect(sid)
	return true
}

// behind sends away a learner that goes by a later configuration than we do: we would
// take it back to one that is not active any more.
func (l *Leader) behind(sid int64, version wire.Zxid) bool {
	if l.committed == nil || version <= l.committed.Version {
		return false
	}
	l.host.Observe(node.Event{Kind: facts.LearnerConfigAhead, N: [4]int64{sid, int64(version)}})
	l.host.Disconnect(sid)
	return true
}
