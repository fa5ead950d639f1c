package zab

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Propose broadcasts a transaction whose zxid is NextZxid.
func (l *Leader) Propose(txn *wire.Txn) {
	if l.phase != broadcast || l.over {
		panic("zab: proposal outside of an established term")
	}
	if txn.Zxid != l.NextZxid() {
		panic(fmt.Sprintf("zab: proposal %v after %v", txn.Zxid, l.lastProposed))
	}
	l.lastProposed = txn.Zxid
	p := l.attach(&proposal{txn: txn})
	l.outstanding = append(l.outstanding, p)
	l.host.Observe(node.Event{Kind: facts.Proposed, N: [4]int64{int64(txn.Zxid), txn.Session, int64(txn.Cxid)}, Body: txn})
	for _, f := range l.learners {
		if f.forwarding && !f.observer {
			l.sendProposal(f, txn)
		}
	}
	l.log(txn)
	if l.cfg.Bugs.Has(bugs.AckBeforeSync) {
		l.LogDurable(txn.Zxid)
	}
}

// MustEnd reports whether the counter of this epoch is used up; the caller then
// ends the term instead of proposing (ZOOKEEPER-1277).
func (l *Leader) MustEnd() bool { return l.cfg.spent(l.NextZxid()) }

// EndEpoch gives up the term because its zxids are used up.
func (l *Leader) EndEpoch() {
	l.host.Observe(node.Event{Kind: facts.EpochExhausted, N: [4]int64{l.epoch}})
	l.stepDown("the zxid counter of the epoch is used up")
}

func (l *Leader) sendProposal(f *learner, txn *wire.Txn) {
	if f.awaiting == 0 {
		f.awaiting, f.since = txn.Zxid, l.host.Now()
	}
	l.host.Send(f.sid, &wire.Packet{Type: wire.PacketProposal, Zxid: txn.Zxid, Txn: txn})
}

// LogDurable counts our own log: everything up to z is durable here. The leader
// is a voter like any other and must not count itself earlier.
func (l *Leader) LogDurable(z wire.Zxid) {
	if l.over || l.phase != broadcast || l.retired {
		return
	}
	acked := wire.Zxid(0)
	for _, p := range l.outstanding {
		if p.txn.Zxid > z {
			break
		}
		if !p.acks.Has(l.cfg.Sid) {
			l.count(l.cfg.Sid, p)
			acked = p.txn.Zxid
		}
	}
	if acked != 0 {
		l.host.Observe(node.Event{Kind: facts.Acked, N: [4]int64{int64(acked)}})
		l.commitReady()
	}
}

// ackProposal counts a learner's ACK of one proposal.
func (l *Leader) ackProposal(f *learner, z wire.Zxid) {
	if z == f.awaiting {
		f.awaiting, f.since = 0, l.host.Now()
		if l.lastProposed > z {
			f.awaiting = l.lastProposed
		}
	}
	if z > l.lastProposed {
		panic(fmt.Sprintf("zab: %d acknowledged %v, last proposed is %v", f.sid, z, l.lastProposed))
	}
	if len(l.outstanding) == 0 || z < l.outstanding[0].txn.Zxid {
		return // committed without it
	}
	l.count(f.sid, l.outstanding[z-l.outstanding[0].txn.Zxid])
	l.commitReady()
}

// commitReady commits from the head while the head has its quorum: never a
// proposal before its predecessor.
func (l *Leader) commitReady() {
	for len(l.outstanding) > 0 && !l.retired && !l.holdsBack(l.outstanding[0]) && l.hasCommitQuorum(l.outstanding[0]) {
		p := l.outstanding[0]
		l.outstanding = slices.Delete(l.outstanding, 0, 1)
		l.commit(p)
		if l.over {
			return
		}
	}
}

// count enters an acknowledgement of a proposal, if it counts.
func (l *Leader) count(sid int64, p *proposal) {
	if counted(sid, p.needs) || l.cfg.Bugs.Has(bugs.ObserverCounted) {
		p.acks = p.acks.Add(sid)
	}
}

func (l *Leader) hasCommitQuorum(p *proposal) bool {
	switch b := l.cfg.Bugs; {
	case b.Has(bugs.QuorumOffByOne):
		return p.acks.Count() >= l.cfg.Voters.Members().Count()/2
	case b.Has(bugs.ObserverCounted):
		return l.hasQuorum(p.acks)
	}
	return decided(p.acks, p.needs)
}

func (l *Leader) commit(p *proposal) {
	z := p.txn.Zxid
	l.lastCommitted = z
	l.host.Observe(node.Event{Kind: facts.Committed, N: [4]int64{int64(z), int64(p.acks)}})
	if p.config != nil {
		l.changeElectorate(p)
	}
	for _, f := range l.learners {
		if f.forwarding {
			l.host.Send(f.sid, l.commitPacket(p, f.observer))
		}
	}
	l.host.Deliver(p.txn)
	for _, s := range p.syncs {
		l.answerSync(s)
	}
	l.synchronizeWaiting()
	if len(l.outstanding) == 0 {
		l.host.Observe(node.Event{Kind: facts.PipelineDrained, N: [4]int64{int64(z)}})
	}
}

// commitPacket is how a learner is told of a commit.
func (l *Leader) commitPacket(p *proposal, observer bool) *wire.Packet {
	out := &wire.Packet{Type: wire.PacketCommit, Zxid: p.txn.Zxid}
	if observer {
		out.Type, out.Txn = wire.PacketInform, p.txn
	}
	if p.config == nil {
		return out
	}
	if out.Designated, out.Type = l.designated, wire.PacketActivate; observer {
		out.Type = wire.PacketInformActivate
	}
	return out
}

// Sync arranges that server sid is told when everything proposed so far is
// committed. It takes no quorum's word that we still lead (ZOOKEEPER-1675): a
// deposed leader that has nothing outstanding answers at once. But one that committed
// its own removal knows that another leads, maybe already, and commits what it will
// not hear of. Who asks is told nothing, and asks elsewhere when the connection ends.
func (l *Leader) Sync(sid, session int64, cxid int32) {
	if l.retired {
		return
	}
	s := syncRequest{sid, session, cxid}
	if n := len(l.outstanding); n > 0 {
		last := l.outstanding[n-1]
		last.syncs = append(last.syncs, s)
		return
	}
	l.answerSync(s)
}

func (l *Leader) answerSync(s syncRequest) {
	l.host.Observe(node.Event{Kind: facts.SyncAnswered, N: [4]int64{s.session, int64(s.cxid), int64(l.lastCommitted)}})
	l.host.AnswerSync(s.sid, s.session, s.cxid)
}
