package zab

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// chunkSize is how many bytes of a snapshot travel in one packet.
const chunkSize = 4096

// welcome registers a learner at its FOLLOWERINFO or OBSERVERINFO.
func (l *Leader) welcome(sid int64, p *wire.Packet) {
	if l.behind(sid, p.ConfigVersion) || l.outdated(sid, p.ConfigVersion) {
		return
	}
	f := &learner{sid: sid, accepted: p.Zxid.Epoch(), heard: l.host.Now(), observer: p.Type == wire.PacketObserverInfo}
	l.learners = append(l.learners, f)
	if l.announced {
		l.announce(f)
		return
	}
	if l.heeds(f) {
		l.learnEpoch(sid, f.accepted)
	}
}

// learnEpoch counts one server's acceptedEpoch. With a quorum, the new epoch is
// greater than any epoch a quorum has accepted, so it is greater than any epoch
// ever established. Only voters count: what an outsider accepted binds nobody.
func (l *Leader) learnEpoch(sid, accepted int64) {
	if l.epoch != 0 || !l.isVoter(sid) {
		return
	}
	l.maxAccepted = max(l.maxAccepted, accepted)
	l.infos = l.infos.Add(sid)
	if !l.infos.Has(l.cfg.Sid) || !l.hasQuorum(l.infos) {
		return
	}
	l.epoch = l.maxAccepted + 1
	l.host.Observe(node.Event{Kind: facts.EpochChosen, N: [4]int64{l.epoch}})
	if l.cfg.Bugs.Has(bugs.EpochAnnouncedBeforeDurable) {
		l.epochDurable()
		return
	}
	l.host.SaveAcceptedEpoch(l.epoch, l.alive(l.epochDurable))
}

// epochDurable announces the new epoch: a crash from here on cannot make this
// server accept, or propose, the same epoch a second time (ZOOKEEPER-1291).
func (l *Leader) epochDurable() {
	l.announced = true
	l.host.Observe(node.Event{Kind: facts.EpochProposed, N: [4]int64{l.epoch}})
	for _, f := range l.learners {
		l.announce(f)
	}
	l.countEpochAck(l.cfg.Sid)
}

func (l *Leader) announce(f *learner) {
	l.host.Send(f.sid, &wire.Packet{Type: wire.PacketLeaderInfo, Zxid: wire.MakeZxid(l.epoch, 0)})
}

// ackEpoch handles ACKEPOCH. A learner with a newer history than ours proves
// that the election was wrong, or is outdated: we must not lead.
//
// A learner that could not do the TRUNC it was told sends a second one, without a
// zxid. It skips everything before the SNAP, and owes no acknowledgement of it.
func (l *Leader) ackEpoch(f *learner, p *wire.Packet) {
	f.acked, f.last = true, p.Zxid
	counts := p.Epoch >= 0 && p.Zxid != wire.NoZxid && l.heeds(f)
	if counts && l.phase == discovery {
		if p.Epoch > l.ownCurrent || p.Epoch == l.ownCurrent && p.Zxid > l.ownLast {
			l.host.Observe(node.Event{Kind: facts.LeaderSawNewerHistory, N: [4]int64{f.sid, int64(p.Zxid), p.Epoch}})
			l.stepDown("a learner has a newer history")
			return
		}
		l.countEpochAck(f.sid)
		return
	}
	if l.phase != discovery {
		f.awaiting = 0
		l.synchronize(f)
	}
}

// countEpochAck moves on to synchronisation when a quorum accepted the epoch.
func (l *Leader) countEpochAck(sid int64) {
	l.epochAcks = l.epochAcks.Add(sid)
	if l.phase != discovery || !l.epochAcks.Has(l.cfg.Sid) || !l.hasQuorum(l.epochAcks) {
		return
	}
	l.phase = synchronization
	l.lastProposed = wire.MakeZxid(l.epoch, 0)
	l.host.Observe(node.Event{Kind: facts.Synchronizing, N: [4]int64{l.epoch, int64(l.ownLast), int64(l.epochAcks)}})
	l.beginElectorate()
	l.host.PrepareToLead(l.epoch)
	for _, f := range l.learners {
		if f.acked {
			l.synchronize(f)
		}
	}
	l.saveLastSeen(func() {
		l.host.SaveCurrentEpoch(l.epoch, l.alive(func() { l.countNewLeaderAck(l.cfg.Sid) }))
	})
}

// synchronize sends a learner everything up to this moment and registers it for
// everything after it. Both happen in one step: a proposal issued between the
// cut and the registration would be lost to the learner for ever.
func (l *Leader) synchronize(f *learner) {
	if l.holdsOutstanding(f) {
		return
	}
	h := l.host.History()
	pl := decide(f.last, h, l.cfg.Bugs)
	if l.throttled(f, pl.Op) {
		l.host.Observe(node.Event{Kind: facts.SyncThrottled, N: [4]int64{f.sid}})
		l.host.Disconnect(f.sid)
		l.forget(f.sid)
		return
	}
	f.syncing = pl.Op
	l.observeSync(f, pl, h.Last)
	l.host.Send(f.sid, &wire.Packet{Type: pl.Op, Zxid: headerZxid(pl, h)})
	if pl.Op == wire.PacketSnap {
		l.sendSnapshot(f, h)
	}
	for _, t := range pl.Txns {
		l.host.Send(f.sid, &wire.Packet{Type: wire.PacketProposal, Zxid: t.Zxid, Txn: t})
		l.host.Send(f.sid, &wire.Packet{Type: wire.PacketCommit, Zxid: t.Zxid})
	}
	if !l.cfg.Bugs.Has(bugs.LateForwarding) {
		l.register(f)
	}
	l.host.Send(f.sid, &wire.Packet{Type: wire.PacketNewLeader, Zxid: wire.MakeZxid(l.epoch, 0), Config: l.offeredConfig()})
}

// throttled reports whether a learner must come again later, because as many as may
// are being synchronised in the same way. Voters count and are exempt: the ensemble
// needs them.
func (l *Leader) throttled(f *learner, op wire.PacketType) bool {
	most := l.cfg.MaxDiffSyncs
	if op == wire.PacketSnap {
		most = l.cfg.MaxSnapSyncs
	}
	if most == 0 || !f.observer {
		return false
	}
	busy := 0
	for _, other := range l.learners {
		if other != f && other.syncing != 0 && (other.syncing == wire.PacketSnap) == (op == wire.PacketSnap) {
			busy++
		}
	}
	return busy >= most
}

// holdsOutstanding deals with a learner that comes back to us with proposals of
// this very term that are still in flight. It holds them durably, so it has
// acknowledged them by reporting them, and it is synchronised when they are
// committed. A TRUNC to our committed history instead, as ZooKeeper sends it,
// would take from its disk what is being committed:
//
//	A leads, proposes z.  B logs z, acknowledges it.  A's own fsync is slow.
//	The connection breaks; B comes back with z, is told TRUNC z-1.
//	A's fsync ends: z has the acks of A and B, and is committed. Only A has it.
func (l *Leader) holdsOutstanding(f *learner) bool {
	if l.cfg.Bugs.Has(bugs.OutstandingTruncated) || f.last <= l.lastCommitted || f.last.Epoch() != l.epoch {
		return false
	}
	f.waiting = true
	for _, p := range l.outstanding {
		if p.txn.Zxid <= f.last {
			l.count(f.sid, p)
		}
	}
	l.commitReady()
	return true
}

// synchronizeWaiting goes on with the learners whose last transaction has been
// committed.
func (l *Leader) synchronizeWaiting() {
	for _, f := range l.learners {
		if f.waiting && f.last <= l.lastCommitted {
			f.waiting = false
			l.host.Observe(node.Event{Kind: facts.SyncWaited, N: [4]int64{f.sid, int64(f.last)}})
			l.synchronize(f)
		}
	}
}

// headerZxid is the zxid in the DIFF, TRUNC or SNAP packet: where a DIFF ends,
// where a TRUNC cuts, what a SNAP contains.
func headerZxid(pl plan, h History) wire.Zxid {
	if pl.Op == wire.PacketDiff {
		return h.Last
	}
	return pl.Cut
}

// register adds the learner to those who get proposals and commits, beginning
// with the proposals still in flight. An observer only gets what is committed from
// here on.
func (l *Leader) register(f *learner) {
	f.forwarding = true
	if f.observer {
		return
	}
	if n := len(l.outstanding); n > 0 {
		l.host.Observe(node.Event{Kind: facts.SyncOutstanding, N: [4]int64{f.sid, int64(n)}})
	}
	for _, p := range l.outstanding {
		l.sendProposal(f, p.txn)
	}
}

func (l *Leader) sendSnapshot(f *learner, h History) {
	data := h.Snapshot()
	for len(data) > chunkSize {
		l.host.Send(f.sid, &wire.Packet{Type: wire.PacketSnapshotChunk, Data: data[:chunkSize:chunkSize]})
		data = data[chunkSize:]
	}
	l.host.Send(f.sid, &wire.Packet{Type: wire.PacketSnapshotChunk, Data: data, Last: true})
}

func (l *Leader) observeSync(f *learner, pl plan, last wire.Zxid) {
	k := facts.SyncSnap
	switch {
	case pl.Op == wire.PacketDiff && len(pl.Txns) == 0:
		k = facts.SyncEmptyDiff
	case pl.Op == wire.PacketDiff && pl.FromDisk:
		k = facts.SyncDiffFromDisk
	case pl.Op == wire.PacketDiff:
		k = facts.SyncDiff
	case pl.Op == wire.PacketTrunc && len(pl.Txns) == 0:
		k = facts.SyncTrunc
	case pl.Op == wire.PacketTrunc:
		k = facts.SyncTruncDiff
	}
	l.host.Observe(node.Event{Kind: k, N: [4]int64{f.sid, int64(f.last), int64(last)}})
	if l.phase == broadcast {
		l.host.Observe(node.Event{Kind: facts.LearnerRejoined, N: [4]int64{f.sid}})
	}
}

// ack handles ACK from a learner: the first one it owes is for NEWLEADER.
func (l *Leader) ack(f *learner, z wire.Zxid) {
	if !f.synced {
		if z != wire.MakeZxid(l.epoch, 0) {
			return // an ACK of a proposal overtook it (ZOOKEEPER-4685): not a NEWLEADER ack
		}
		f.synced, f.syncing = true, 0
		switch {
		case f.observer:
			l.host.Observe(node.Event{Kind: facts.ObserverSynced, N: [4]int64{f.sid}})
		case !counted(f.sid, l.needs):
			l.host.Observe(node.Event{Kind: facts.NonVoterSynced, N: [4]int64{f.sid}})
		}
		if !f.forwarding {
			l.register(f)
		}
		if l.phase == broadcast {
			l.sendUpToDate(f)
			return
		}
		if l.heeds(f) {
			l.countNewLeaderAck(f.sid)
		}
		return
	}
	if z.Counter() == 0 {
		return // the learner also acknowledges UPTODATE, with the same zxid
	}
	l.ackProposal(f, z)
}

// countNewLeaderAck establishes the leader when a quorum holds its history. From
// here on every transaction of that history is committed.
func (l *Leader) countNewLeaderAck(sid int64) {
	if !l.isVoter(sid) {
		return
	}
	l.newLeaderAcks = l.newLeaderAcks.Add(sid)
	if l.phase != synchronization || !l.newLeaderAcks.Has(l.cfg.Sid) || !l.hasQuorum(l.newLeaderAcks) {
		return
	}
	l.phase = broadcast
	l.host.Observe(node.Event{Kind: facts.Established, N: [4]int64{l.epoch, int64(l.lastCommitted), int64(l.newLeaderAcks)}})
	if 2*l.newLeaderAcks.Count() <= l.cfg.Voters.Members().Count() {
		l.host.Observe(node.Event{Kind: facts.ElectedByWeight, N: [4]int64{l.epoch, int64(l.newLeaderAcks)}})
	}
	l.finishReconfig()
	l.host.Serve(l.epoch)
	for _, f := range l.learners {
		if f.synced {
			l.sendUpToDate(f)
		}
	}
	l.host.SetTimer(PingTimer, l.cfg.Tick/2)
}

func (l *Leader) sendUpToDate(f *learner) {
	f.upToDate = true
	l.host.Send(f.sid, &wire.Packet{Type: wire.PacketUpToDate, Zxid: wire.NoZxid})
}
