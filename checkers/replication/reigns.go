package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// assumes: a replica begins to lead or to follow in an epoch, never in an earlier one
// than before. Only a broker that was started again has to hear of all epochs anew.
func (c *Checker) assumes(r *replica, epoch int64) bool {
	if epoch < r.epoch {
		c.fail(r.Name, ReplicaFenced, fmt.Sprintf("%s, having heard of epoch %d of %s, goes back to epoch %d", r.Name, r.epoch, r.of.name, epoch))
		return false
	}
	r.epoch = epoch
	return true
}

// keepsMark: what is committed does not come about by an election. Who leads goes on from the
// high watermark that it knows, and raises it when its followers have told where they are.
func (c *Checker) keepsMark(r *replica, epoch, mark int64) bool {
	if mark > r.mark {
		c.fail(r.Name, HighWatermarkGrows, fmt.Sprintf("%s begins epoch %d of %s with a high watermark of %d, and knew of %d", r.Name, epoch, r.of.name, mark, r.mark))
		return false
	}
	return true
}

// becameFollower: a replica begins to follow, whom the state znode names, or nobody.
func (c *Checker) becameFollower(r *replica, epoch, leader, mark int64) {
	named := r.of.elected[epoch]
	if leader >= 0 && (named == nil || int64(named.leader) != leader) {
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s follows %s in epoch %d of %s, and no state znode ever said so", r.Name, c.names(1<<leader), epoch, r.of.name))
		return
	}
	if c.assumes(r, epoch) && c.keepsMark(r, epoch, mark) {
		r.leads, r.mark, r.fetched, r.via, r.paces, r.former = false, mark, nil, nil, nil, nil
	}
}

// becameLeader: a replica begins to lead. If it was chosen among those in sync, it has
// everything that was committed before the next leader was chosen: it may be deposed
// already, and hear of its election only now.
func (c *Checker) becameLeader(p *partition, r *replica, e node.Event) {
	epoch, mark := e.N[0], e.N[3]
	named := p.elected[epoch]
	switch {
	case named == nil || named.leader != r.ID:
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s leads %s in epoch %d, and no state znode ever said so", r.Name, p.name, epoch))
		return
	case !c.assumes(r, epoch), !c.keepsMark(r, epoch, mark):
		return
	case r.log.latest() != epoch:
		c.fail(r.Name, EpochNoted, fmt.Sprintf("%s leads %s in epoch %d, and the last epoch it has noted is %d", r.Name, p.name, epoch, r.log.latest()))
		return
	}
	r.leads, r.mark, r.began, r.proposed, r.fetched, r.via, r.former = true, mark, r.log.end, 0, map[int32]int64{}, map[int32]int64{}, map[int32]bool{}
	reign := e.Body.(*facts.Reign)
	r.isr = reign.Isr
	r.crown(c.now.at)
	c.told(p, r, e.N[1])
	c.complete(p, r, named)
	c.knows(p, r, reign.Producers)
}

// told: what a leader is told of who is in sync stands in the version that it is told of.
// By that version it will write.
func (c *Checker) told(p *partition, r *replica, version int64) {
	if was, ok := p.past[version]; !ok || was.epoch != r.epoch || was.isr != r.isr {
		c.fail(r.Name, StateCAS, fmt.Sprintf("%s begins to lead %s in epoch %d with %s in sync by version %d; that version has %s in epoch %d",
			r.Name, p.name, r.epoch, c.names(r.isr), version, c.names(was.isr), was.epoch))
	}
}

// complete holds the log of a new leader against the ledger.
func (c *Checker) complete(p *partition, r *replica, named *election) {
	upTo := p.ledger.end
	if named.bound >= 0 {
		upTo = named.bound
	}
	want, got, lacks := p.holds(r, upTo)
	switch {
	case named.bound >= 0 && lacks && (!named.clean || r.explains(want.first)):
		// It is deposed already: what it commits, it commits in vain.
		why := history.UncleanElection
		if named.clean {
			why = history.LastReplicaLost
		}
		p.disputes(r.epoch+1, why)
		c.events = append(c.events, history.LogEvent{At: c.now.at, Kind: history.LedInVain, Partition: p.name, Offset: want.first, Broker: r.ID})
		return
	case !lacks:
	case !named.clean:
		c.lose(p, r, history.UncleanElection, want.first)
	case r.explains(want.first):
		c.lose(p, r, history.LastReplicaLost, want.first)
	default:
		c.fail(r.Name, LeaderCompleteness, fmt.Sprintf("%s leads %s in epoch %d without the committed %v%s", r.Name, p.name, r.epoch, want, instead(got)))
		return
	}
	if named.bound < 0 {
		// From here on the ledger is what this leader has.
		p.tainted, named.clean = false, true
		// What was lost comes back with a leader that has it and took it for committed: it
		// goes on from its high watermark. So does one that was deposed, and did so alone.
		if r.mark > p.ledger.end {
			c.enter(p, r, r.mark)
			p.revived()
		}
	}
}

// lose gives up what a leader does not have, in a way that is explained. The history is told
// of each loss, also of a second one from the same offset on: what groups keep in their topic
// is lost at a time.
//
// Below where the logs begin there is nothing to lose, until one is lost that begins there. If its
// leader gives those offsets out again, it is as if what was there were lost, too:
//
//	all logs begin at 3, and nobody is in sync but b1, which loses its disk
//	b1 leads, and appends another 0; it is elected again, and lacks 1 to 5
func (c *Checker) lose(p *partition, r *replica, why history.LogEventKind, from int64) {
	if below, got, differs := r.log.differsAlso(&p.ledger, 0, from); differs && got != nil {
		from = below.first
	}
	p.excused = min(p.excused, from)
	c.explain(why, p, from)
	p.ledger.cut(from)
	p.disputes(r.epoch, why)
	p.recount()
	for _, e := range p.elected { //sim:unordered each for itself
		if e.bound >= 0 {
			e.bound = min(e.bound, from)
		}
	}
	for _, other := range p.replicas { //sim:unordered each for itself
		other.agreed = min(other.agreed, from)
		if other.lost >= from {
			other.lost = -1
		}
	}
}

// excuse tells readers that from an offset on acknowledged records may be lost.
func (c *Checker) excuse(p *partition, why history.LogEventKind, from int64) {
	if from < p.excused {
		p.excused = from
		c.explain(why, p, from)
	}
}

// isrProposed: a leader takes in only who has everything that it knows to be committed,
// and all that was there when its reign began, as fetches in this reign have told.
// Where either is not so, the follower may lack what a former leader committed
// (KAFKA-7128). Nor does it take in whose broker it was told is gone: the controller has taken
// that one out, or is about to, and does so once.
func (c *Checker) isrProposed(p *partition, r *replica, set, version int64) {
	if was, ok := p.past[version]; ok && was.epoch == r.epoch {
		r.isr = was.isr // also if a controller told it of that
	}
	c.putsOut(p, r, r.isr&^set)
	in := r.isr | p.lastInSync(r.epoch)
	for _, id := range facts.Members(set &^ in) {
		at, ok := r.fetched[id]
		if !ok {
			at = -1
		}
		if at < max(r.mark, r.began) {
			c.fail(r.Name, JoinerCaughtUp, fmt.Sprintf("%s wants %s in sync on %s, which fetched last at %d; the high watermark is %d, and epoch %d began at %d", r.Name, c.names(1<<id), p.name, at, r.mark, r.epoch, r.began))
			return
		}
	}
	if dead := set &^ in &^ r.peers; dead != 0 && r.peers != 0 {
		c.fail(r.Name, JoinerLives, fmt.Sprintf("%s wants %s in sync on %s, and was told that only %s live", r.Name, c.names(dead), p.name, c.names(r.peers)))
		return
	}
	r.proposed = set
}

// isrKnown: what a leader takes for the content of the state znode is that. Of one that
// was refused it learned somebody else's.
func (c *Checker) isrKnown(p *partition, r *replica, e node.Event) {
	set, version, epoch := e.N[0], e.N[1], e.N[2]
	was, ok := p.past[version]
	refused := e.Kind == facts.IsrRefused
	if !ok || was.isr != set || (was.epoch == epoch) == refused {
		c.fail(r.Name, StateCAS, fmt.Sprintf("%s, leading %s in epoch %d, takes %s for the in-sync replicas in version %d; that version has %s in epoch %d",
			r.Name, p.name, epoch, c.names(set), version, c.names(was.isr), was.epoch))
		return
	}
	if !refused {
		r.isr, r.proposed, r.quiet = set, 0, c.now.at
	}
}

// stateKnown: what the controller takes for the content of a state znode is that.
func (c *Checker) stateKnown(m *member, e node.Event) {
	p := c.partition(e.Text)
	if p == nil {
		return // of a topic that is gone by now
	}
	set, version, epoch, leader := e.N[0], e.N[1], e.N[2], e.N[3]
	was, ok := p.past[version]
	if ok && (was.isr != set || was.epoch != epoch || int64(was.leader) != leader) && version <= p.truth.version {
		c.fail(m.Name, StateCAS, fmt.Sprintf("%s, the controller, takes %s for the in-sync replicas of %s in version %d, in epoch %d under %d; that version has %s, epoch %d and %d",
			m.Name, c.names(set), p.name, version, epoch, leader, c.names(was.isr), was.epoch, was.leader))
	}
}

// epochStarted: a leader notes where its epoch begins, behind all that there is.
func (c *Checker) epochStarted(p *partition, r *replica, epoch, start int64) {
	if start != r.log.end || epoch < r.log.epoch() {
		c.fail(r.Name, EpochNoted, fmt.Sprintf("%s notes that epoch %d of %s begins at %d, where its log ends at %d in epoch %d", r.Name, epoch, p.name, start, r.log.end, r.log.epoch()))
		return
	}
	r.log.assign(epoch, start)
}

// diverged: a follower is told where an epoch ends at its leader, which is where it does.
// Of an epoch before all that the leader has, it is told where the leader's first begins.
func (c *Checker) diverged(p *partition, r *replica, epoch, end int64) {
	if epoch < r.log.first() {
		return
	}
	if have, known := r.log.endOf(epoch); !known || have != end {
		c.fail(r.Name, EpochNoted, fmt.Sprintf("%s tells a follower of %s that epoch %d ends at %d, and has it end at %d", r.Name, p.name, epoch, end, have))
	}
}

// obeyed: who has heard of a controller obeys none before it, and a broker that was
// started again, or lost its session, no order that was meant for it before (KIP-380). Nor does
// it go back to an order that its controller has sent before another.
func (c *Checker) obeyed(m *member, epoch, life, number int64) {
	switch {
	case epoch < m.controllerEpoch:
		c.fail(m.Name, ControllerObeyed, fmt.Sprintf("%s obeys the controller of epoch %d, having obeyed that of epoch %d", m.Name, epoch, m.controllerEpoch))
	case life >= 0 && life < m.life:
		c.fail(m.Name, ControllerObeyed, fmt.Sprintf("%s obeys what was meant for its life %#x, registered as %#x", m.Name, life, m.life))
	case epoch == m.controllerEpoch && life == m.orderLife && number < m.order:
		c.fail(m.Name, ControllerObeyed, fmt.Sprintf("%s obeys order %d of the controller of epoch %d, having obeyed order %d", m.Name, number, epoch, m.order))
	}
	m.controllerEpoch, m.order, m.orderLife = epoch, number, life
}

// stopped: a replica stops, and maybe goes, because a controller says so who may, and of no
// earlier leader epoch than it has heard of: such an order is of before it was made what it
// is (KIP-570).
func (c *Checker) stopped(m *member, e node.Event) {
	c.obeyed(m, e.N[0], e.N[1], m.order)
	if r := m.open[e.Text]; r != nil && e.N[2] >= 0 && e.N[2] < r.epoch && !r.of.topic.gone {
		c.fail(m.Name, ReplicaFenced, fmt.Sprintf("%s stops its replica of %s as of epoch %d, having heard of epoch %d", m.Name, e.Text, e.N[2], r.epoch))
	}
}
