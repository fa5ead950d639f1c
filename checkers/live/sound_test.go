package live

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
)

// soundScenes are what a correct ensemble may do.
var soundScenes = []scene{
	{"", "writes, all servers", func(p *play) {
		p.write(A, z(1, 2), znode("b"), B)
	}},
	{"", "the rejoining server gets a DIFF", func(p *play) {
		p.accept(C, 1)
		p.append(C, z(1, 1))
		p.apply(C, z(1, 1))
		p.disks[C].sync()
		p.join(C, 1, z(1, 1))
		p.fact(C, facts.UpToDate, 1, n(1, 1))
		p.write(A, z(1, 2), znode("b"), B, C)
	}},
	{"", "the rejoining server gets a snapshot and what is in flight", func(p *play) {
		p.accept(C, 1)
		p.propose(A, z(1, 2), znode("b"))
		p.load(C, A, z(1, 1))
		p.append(C, z(1, 2))
		p.disks[C].sync()
		p.join(C, 1, z(1, 2))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.fact(A, facts.Committed, n(1, 2), bit(A, C))
		p.apply(C, z(1, 2))
		p.fact(C, facts.UpToDate, 1, n(1, 2))
	}},
	{"", "a tail that was never committed is cut; another leader's takes its place", func(p *play) {
		p.loseOnA()
		p.accept(C, 1)
		p.crash(B)
		p.boot(B)
		p.leadByB()
		p.append(B, z(2, 1))
		p.ack(B, z(2, 1))
		p.boot(A)
		p.accept(A, 2)
		p.truncate(A, z(1, 1))
		p.append(A, z(2, 1))
		p.disks[A].sync()
		p.join(A, 2, z(2, 1))
		p.fact(B, facts.Committed, n(2, 1), bit(A, B))
		p.apply(A, z(2, 1))
		p.fact(A, facts.UpToDate, 2, n(2, 1))
	}},
	{"", "a tail survives the crash of all and is committed by establishment", func(p *play) {
		p.propose(A, z(1, 2), znode("kept"))
		p.append(A, z(1, 2))
		p.append(B, z(1, 2))
		p.disks[A].sync()
		p.disks[B].sync()
		p.crash(A)
		p.crash(B)
		p.boot(A)
		p.boot(B)
		p.elect(A, 2, z(1, 2), B)
		p.write(A, z(2, 1), znode("c"), B)
	}},
	{"", "a crash hits a server that has cut its log and not said so yet", func(p *play) {
		p.tailOnA(func() {
			p.fact(B, facts.SyncTrunc, 1, n(1, 2), n(1, 1))
			p.cut(A, z(1, 1))
			p.disks[A].sync()
			p.crash(A)
			p.boot(A)
		})
	}},
	{"", "a snapshot takes the place of a longer one that nobody committed", func(p *play) {
		p.snapshotOnC()
		delete(p.disks[C].cached, "snapshot.100000002")
		p.load(C, B, z(1, 1))
		p.disks[C].sync()
		p.join(C, 4, z(1, 1))
		p.fact(B, facts.Established, 4, n(1, 1), bit(B, C))
		p.fact(C, facts.UpToDate, 4, n(1, 1))
		p.write(B, z(4, 1), znode("new"), C)
	}},
	{"", "a term ends after the log was cut and before that was said", func(p *play) {
		p.tailOnA(func() {
			p.boot(A)
			p.accept(A, 2)
			p.fact(B, facts.SyncTrunc, 1, n(1, 2), n(1, 1))
			p.cut(A, z(1, 1))
			p.disks[A].sync()
			p.fact(A, facts.ElectionStarted, 5, n(1, 1), 1)
			p.epoch(A, acceptedEpoch, 2)
			p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
			p.join(A, 2, z(1, 1))
			p.propose(B, z(2, 1), znode("new"))
			p.append(A, z(2, 1))
			p.ack(A, z(2, 1))
		})
	}},
}

// snapshotOnC leaves 1:2 on C in a snapshot of a leader that was never
// established, A, with B leading C into epoch 4 without it. C cannot cut it.
func (p *play) snapshotOnC() {
	p.loseOnA()
	p.discover(B, 2, z(1, 1), C)
	p.boot(A)
	p.discover(A, 3, z(1, 2), C)
	p.fact(A, facts.SyncSnap, 3, 0, n(1, 2))
	p.load(C, A, z(1, 2))
	p.disks[C].sync()
	p.crash(A)
	p.discover(B, 4, z(1, 1), C)
	p.fact(B, facts.SyncTrunc, 3, n(1, 2), n(1, 1))
	p.fact(C, facts.TruncImpossible, n(1, 1), n(1, 2))
	p.fact(B, facts.SyncSnap, 3, -1, n(1, 1))
}

// tailOnA leaves 1:2 on A alone, acknowledged, with B leading C into epoch 2.
func (p *play) tailOnA(then func()) {
	p.propose(A, z(1, 2), znode("lost"))
	p.append(A, z(1, 2))
	p.ack(A, z(1, 2))
	p.crash(A)
	p.joinB()
	then()
}
