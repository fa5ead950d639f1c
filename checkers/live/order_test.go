package live

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// orderScenes break what holds while transactions flow and after crashes.
var orderScenes = []scene{
	{AckDurability, "an acknowledged tail vanishes though nobody told to cut it", func(p *play) {
		p.tailOnA(func() {
			p.cut(A, z(1, 1))
			p.disks[A].sync()
			p.boot(A)
		})
	}},
	{PrefixConsistency, "a tree is not what the history makes it", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		for _, id := range []node.ID{A, B} {
			p.append(id, z(1, 2))
			p.ack(id, z(1, 2))
		}
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
		p.apply(A, z(1, 2))
		p.say(B, facts.Applied, "", p.txns[z(1, 2)], n(1, 2), 0, p.digest(B))
	}},
	{PrefixConsistency, "a snapshot is not the leader's tree", func(p *play) {
		p.fact(C, facts.SnapshotLoaded, n(1, 1), 0, p.digest(C))
	}},
	{PrefixConsistency, "the tree went down a branch the committed log did not take", func(p *play) {
		p.loseOnA()
		p.leadByB()
		p.boot(A)
		p.apply(A, z(2, 1))
	}},
	{Integrity, "a server logs what nobody proposed", func(p *play) {
		p.txns[z(1, 2)] = &wire.Txn{Zxid: z(1, 2), Type: wire.OpCreate, Body: znode("b")}
		p.append(B, z(1, 2))
	}},
	{Integrity, "a transaction changed on its way", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		other := *p.txns[z(1, 2)]
		other.Body = znode("c")
		p.say(B, facts.Logged, logFile, &other, n(1, 2), 500)
	}},
	{TotalOrder, "a server logs a transaction twice", func(p *play) {
		p.append(B, z(1, 1))
	}},
	{LocalPrimaryOrder, "a server logs past a hole", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.propose(A, z(1, 3), znode("c"))
		p.append(B, z(1, 3))
	}},
	{LocalPrimaryOrder, "a leader leaves a hole", func(p *play) {
		p.propose(A, z(1, 3), znode("c"))
	}},
	{LocalPrimaryOrder, "a server applies past a hole", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.propose(A, z(1, 3), znode("c"))
		p.apply(C, z(1, 3))
	}},
	{GlobalPrimaryOrder, "an earlier epoch's transaction comes after a later one's", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.crash(B)
		p.boot(B)
		p.leadByB()
		p.append(B, z(2, 1))
		p.append(B, z(1, 2))
	}},
	{CommittedLog, "a commit skips one", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.propose(A, z(1, 3), znode("c"))
		for _, id := range []node.ID{A, B} {
			p.append(id, z(1, 2), z(1, 3))
			p.ack(id, z(1, 3))
		}
		p.fact(A, facts.Committed, n(1, 3), bit(A, B))
	}},
	{CommittedLog, "a serving server applies what is not committed", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 2))
		p.apply(B, z(1, 2))
	}},
	{CommittedLog, "a learner starts to serve a tree ahead of the commits", func(p *play) {
		p.accept(C, 1)
		p.propose(A, z(1, 2), znode("b"))
		p.append(C, z(1, 1), z(1, 2))
		p.apply(C, z(1, 1), z(1, 2))
		p.disks[C].sync()
		p.join(C, 1, z(1, 2))
		p.fact(C, facts.UpToDate, 1, n(1, 2))
	}},
	{AckDurability, "an acknowledgement before the sync", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 2))
		p.fact(B, facts.Acked, n(1, 2))
	}},
	{AckDurability, "an acknowledgement of what was never logged", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.fact(B, facts.Acked, n(1, 2))
	}},
	{AckDurability, "NEWLEADER is acknowledged before the history is durable (ZOOKEEPER-4646)", func(p *play) {
		p.accept(C, 1)
		p.epoch(C, currentEpoch, 1)
		p.append(C, z(1, 1))
		p.fact(C, facts.NewLeaderAcked, 1, n(1, 1))
	}},
	{AckDurability, "NEWLEADER is acknowledged before the snapshot is durable", func(p *play) {
		p.accept(C, 1)
		p.epoch(C, currentEpoch, 1)
		p.load(C, A, z(1, 1))
		p.fact(C, facts.NewLeaderAcked, 1, n(1, 1))
	}},
	{AckDurability, "an acknowledged transaction is gone after a crash", func(p *play) {
		p.c.Crashed(B)
		p.disks[B].cached[logFile] = logHeader
		p.boot(B)
	}},
	{ReplayDeterminism, "a recovered tree lacks a transaction", func(p *play) {
		p.crash(B)
		p.fact(B, facts.Recovered, n(1, 1), 0, p.digest(C))
	}},
	{ReplayDeterminism, "recovery stops before the end of the log", func(p *play) {
		p.crash(B)
		p.fact(B, facts.Recovered, 0, 0, p.digest(C))
	}},
	{ReplayDeterminism, "the memory tree stays behind the log", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.fact(A, facts.FastForwarded, n(1, 1), 0)
	}},
}
