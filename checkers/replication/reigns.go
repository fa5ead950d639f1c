package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// becameLeader: a replica begins to lead. If it was chosen among those in sync, it has
// everything that is committed.
func (c *Checker) becameLeader(p *partition, r *replica, e node.Event) {
	epoch := e.N[0]
	named, ok := p.elected[epoch]
	if !ok || named.leader != r.ID {
		c.fail(r.Name, OneLeaderPerEpoch, fmt.Sprintf("%s leads %s in epoch %d, and no state znode ever said so", r.Name, p.name, epoch))
		return
	}
	r.leads, r.epoch, r.mark = true, epoch, e.N[3]
	if reign, ok := e.Body.(*facts.Reign); ok {
		r.isr = reign.Isr
	}
	want, got, lacks := r.log.missing(&p.ledger, 0, p.ledger.end)
	switch {
	case !lacks:
	case !named.clean:
		c.lose(p, r, history.UncleanElection, want.first)
	case r.lost >= 0 && r.lost <= want.first:
		c.lose(p, r, history.LastReplicaLost, want.first)
	default:
		c.fail(r.Name, LeaderCompleteness, fmt.Sprintf("%s leads %s in epoch %d without the committed %v%s", r.Name, p.name, epoch, want, instead(got)))
	}
}

// lose gives up what a leader does not have, in a way that is explained.
func (c *Checker) lose(p *partition, r *replica, why history.LogEventKind, from int64) {
	c.explain(why, p, from)
	p.ledger.cut(from)
	p.ledger.end = min(p.ledger.end, from)
	p.sequence = map[producerEpoch]int32{}
	for _, other := range p.replicas { //sim:unordered each for itself
		other.mark = min(other.mark, from)
		other.lost = -1
	}
	r.mark = min(r.mark, from)
}

// isrKnown: what a leader takes for the content of the state znode is that.
func (c *Checker) isrKnown(p *partition, r *replica, e node.Event) {
	set, version, epoch := e.N[0], e.N[1], e.N[2]
	was, ok := p.truth.past[version]
	if !ok || was.isr != set || was.epoch != epoch {
		c.fail(r.Name, StateCAS, fmt.Sprintf("%s takes %s for the in-sync replicas of %s in version %d and epoch %d; that version has %s in epoch %d",
			r.Name, c.names(set), p.name, version, epoch, c.names(was.isr), was.epoch))
		return
	}
	r.isr = set
}
