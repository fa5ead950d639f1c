package zab

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// noCount is the epoch in an ACKEPOCH that must not be counted: we had accepted
// the epoch before, perhaps from the same leader's earlier connection.
const noCount = -1

// leaderInfo answers LEADERINFO. Having accepted an epoch, we never again follow
// a leader of a lower one; therefore it is durable before we say so.
func (f *Learner) leaderInfo(epoch int64) {
	switch {
	case epoch < f.accepted && !f.cfg.Bugs.Has(bugs.FollowsLowerEpoch):
		f.host.Observe(node.Event{Kind: facts.LeaderRefusedEpoch, N: [4]int64{epoch, f.accepted}})
		f.stepDown("the leader's epoch is below the accepted one")
	case epoch == f.accepted:
		f.epoch = epoch
		f.saveSeen(f.returnToEpoch)
	default:
		f.epoch = epoch
		f.host.SaveAcceptedEpoch(epoch, f.begin(func() {
			f.accepted = epoch
			f.sendAckEpoch(f.current)
		}))
	}
}

// returnToEpoch answers a leader whose epoch we had accepted before. If our log
// holds its proposals, reporting them acknowledges them, and like every ACK that
// rests on a durable currentEpoch. We may have lost the connection between logging
// the history and saving it: with the older epoch, what is committed on our word
// would lose the next election. The log is a prefix of the epoch's history, so it
// is what the higher currentEpoch claims.
func (f *Learner) returnToEpoch() {
	if f.current == f.epoch || f.host.LastLogged().Epoch() != f.epoch {
		f.sendAckEpoch(noCount)
		return
	}
	f.host.SaveCurrentEpoch(f.epoch, f.begin(func() {
		f.current = f.epoch
		f.sendAckEpoch(noCount)
	}))
}

func (f *Learner) sendAckEpoch(current int64) {
	last := f.host.LastLogged()
	if current != noCount {
		f.host.Observe(node.Event{Kind: facts.AckEpochSent, N: [4]int64{f.epoch, current, int64(last)}})
	} else if last.Epoch() == f.epoch && !f.cfg.Observer {
		// Back at the same leader: reporting its proposals acknowledges them.
		f.host.Observe(node.Event{Kind: facts.Acked, N: [4]int64{int64(last)}})
	}
	f.lastSeen = last
	f.host.Send(f.leader, &wire.Packet{Type: wire.PacketAckEpoch, Zxid: last, Epoch: current})
}

// syncHeader prepares our history for what follows.
func (f *Learner) syncHeader(p *wire.Packet) {
	if f.phase == discovery {
		f.phase = synchronization
	}
	if p.Type != wire.PacketSnapshotChunk {
		f.host.Observe(node.Event{Kind: facts.SyncBegun, N: [4]int64{int64(p.Zxid)}, Text: p.Kind()})
	}
	switch p.Type {
	case wire.PacketTrunc:
		f.truncate(p.Zxid)
	case wire.PacketSnap:
		f.snapshotZxid, f.snapshot, f.awaitsSnapshot = p.Zxid, nil, false
	case wire.PacketSnapshotChunk:
		f.snapshot = append(f.snapshot, p.Data...)
		if p.Last {
			f.install()
		}
	}
}

func (f *Learner) truncate(z wire.Zxid) {
	if f.cfg.Bugs.Has(bugs.SkippedTruncation) {
		f.lastSeen = z
		return
	}
	if !f.host.CanTruncate(z) {
		f.askForSnapshot(z)
		return
	}
	f.host.Truncate(z, f.begin(func() {
		if last := f.host.LastLogged(); last != z {
			panic(fmt.Sprintf("zab: history ends at %v after TRUNC %v", last, z))
		}
		f.lastSeen = z
	}))
}

// askForSnapshot answers a TRUNC that cannot be done: our history begins with a
// snapshot beyond z, from a leader that was never established. To end here instead
// would be to end at every attempt, for as long as this leader proposes nothing.
//
// What we reported first was true and may have been counted in discovery; there
// it must be, or a quorum of which we are part could never form. Only then, on the
// same connection, do we say that our database is of no use to this leader.
func (f *Learner) askForSnapshot(z wire.Zxid) {
	f.awaitsSnapshot = true
	f.host.Observe(node.Event{Kind: facts.TruncImpossible, N: [4]int64{int64(z), int64(f.host.LastLogged())}})
	f.host.Send(f.leader, &wire.Packet{Type: wire.PacketAckEpoch, Zxid: wire.NoZxid, Epoch: noCount})
}

func (f *Learner) install() {
	z, data := f.snapshotZxid, f.snapshot
	f.snapshot = nil
	f.host.Install(z, data, f.begin(func() { f.lastSeen = z }))
}

// newLeader takes the leader's history and configuration. The configuration comes
// first: nobody may hold a reconfiguration in the log and not know that it has to
// be reckoned with.
func (f *Learner) newLeader(config string) {
	f.takeConfig(config, f.keepHistory)
}

// keepHistory acknowledges the leader's history. The order of the three durable
// steps is the point of the protocol: first the history, then currentEpoch, which
// stands for it, then the ACK, which lets the leader count on both
// (ZOOKEEPER-3911, -4643, -4646).
func (f *Learner) keepHistory() {
	switch b := f.cfg.Bugs; {
	case b.Has(bugs.NewLeaderAckBeforeLogged):
		f.host.SaveCurrentEpoch(f.epoch, f.begin(f.ackNewLeader))
	case b.Has(bugs.NewLeaderAckBeforeSynced):
		f.logHistory()
		f.host.SaveCurrentEpoch(f.epoch, f.begin(f.ackNewLeader))
	case b.Has(bugs.CurrentEpochAfterAck):
		f.logHistory()
		f.host.WhenDurable(f.begin(func() {
			f.ackNewLeader()
			f.host.SaveCurrentEpoch(f.epoch, func() {})
		}))
	case b.Has(bugs.EpochBeforeHistory):
		f.host.SaveCurrentEpoch(f.epoch, f.begin(func() {
			f.logHistory()
			f.host.WhenDurable(f.begin(f.ackNewLeader))
		}))
	default:
		f.logHistory()
		f.host.Observe(node.Event{Kind: facts.HistoryLogged, N: [4]int64{f.epoch}})
		f.host.WhenDurable(f.begin(func() {
			f.host.Observe(node.Event{Kind: facts.HistoryDurable, N: [4]int64{f.epoch}})
			f.host.SaveCurrentEpoch(f.epoch, f.begin(f.ackNewLeader))
		}))
	}
}

// logHistory appends everything received so far; what is not committed yet is
// owed an ACK of its own later.
func (f *Learner) logHistory() {
	f.logTail(false /* acknowledge */)
	for _, txn := range f.pending {
		f.owed = append(f.owed, txn.Zxid)
	}
	if f.cfg.Bugs.Has(bugs.PendingClearedAtNewLeader) {
		f.pending = nil
	}
}

func (f *Learner) ackNewLeader() {
	f.current = f.epoch
	f.newLeaderAcked = true
	f.host.Observe(node.Event{Kind: facts.NewLeaderAcked, N: [4]int64{f.epoch, int64(f.host.LastLogged())}})
	f.host.Send(f.leader, &wire.Packet{Type: wire.PacketAck, Zxid: wire.MakeZxid(f.epoch, 0)})
	f.payOwed()
}

// upToDate starts serving: what was committed during the synchronisation is
// delivered, and from here on each COMMIT delivers.
func (f *Learner) upToDate() {
	f.activateConfig(f.serve)
}

// serve is upToDate under the configuration that is active now.
func (f *Learner) serve() {
	if f.unlogged > 0 {
		f.logTail(true /* acknowledge */)
	}
	f.phase = broadcast
	f.heard = f.host.Now()
	f.host.SetTimer(SilenceTimer, f.cfg.syncTimeout())
	f.host.Send(f.leader, &wire.Packet{Type: wire.PacketAck, Zxid: wire.MakeZxid(f.epoch, 0)})
	for _, txn := range f.committed {
		f.host.Deliver(txn)
	}
	f.committed = nil
	f.host.Serve(f.epoch)
	f.host.Observe(node.Event{Kind: facts.UpToDate, N: [4]int64{f.epoch, int64(f.lastSeen)}})
}
