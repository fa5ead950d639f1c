package replication

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// Pending is the first reason why a healed cluster has not converged, "" if it has:
// every broker is registered, one of them controls, and every partition has a leader
// with all its replicas in sync, whose logs are equal, and goes by what is said of it.
func (c *Checker) Pending() string {
	if reason := c.unconverged(); reason != "" {
		c.configs.behind = "" // nobody is to be impatient with who has something else to do
		return reason
	}
	if reason := c.unfollowed(); reason != "" {
		return reason
	}
	c.atRest()
	return ""
}

// unconverged is why brokers, controller and partitions are not as they shall be.
func (c *Checker) unconverged() string {
	for _, m := range c.brokers {
		switch {
		case !m.up:
			return m.Name + " is down"
		case c.registered[m.ID] == 0:
			return m.Name + " is not registered"
		case m.life != c.registered[m.ID]:
			// The znode of a life that ended stands until its session expires, and who has
			// begun another can hear of nothing until then.
			return m.Name + " has not registered in this life"
		}
	}
	if c.controller.broker == 0 {
		return "there is no controller"
	}
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		t := c.topics[name]
		for _, index := range slices.Sorted(maps.Keys(t.assigned)) {
			if reason := t.partition(index).pending(c, t.assigned[index].replicas); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// pending is why one partition has not converged.
func (p *partition) pending(c *Checker, assigned int64) string {
	if !p.truth.exists || p.truth.leader < 0 {
		return p.name + " has no leader"
	}
	leader := p.replicas[p.truth.leader]
	if leader == nil || !leader.leads || leader.epoch != p.truth.epoch {
		return fmt.Sprintf("%s does not lead %s in epoch %d", c.names(1<<p.truth.leader), p.name, p.truth.epoch)
	}
	if p.truth.isr != assigned {
		return fmt.Sprintf("of the replicas of %s on %s only %s are in sync", p.name, c.names(assigned), c.names(p.truth.isr))
	}
	for _, id := range facts.Members(assigned) {
		if r := p.replicas[id]; r == nil || r.log.end != leader.log.end || r.mark < c.known(p, r) || r.epoch != leader.epoch {
			return fmt.Sprintf("%s has not all of %s on %s, which ends at %d", c.names(1<<id), p.name, leader.Name, leader.log.end)
		}
	}
	return ""
}

// raised is a high watermark, and when a leader raised its own to that.
type raised struct {
	at   time.Duration
	mark int64
}

// raise notes that a leader raised its high watermark, and forgets those that have aged.
func (p *partition) raise(mark int64, now, lag time.Duration) {
	p.raised = append(p.raised, raised{now, mark})
	p.age(now - lag)
}

// age takes the high watermarks of some time ago for told to everybody.
func (p *partition) age(then time.Duration) {
	n := 0
	for ; n < len(p.raised) && p.raised[n].at <= then; n++ {
		p.aged = p.raised[n].mark
	}
	p.raised = slices.Delete(p.raised, 0, n)
}

// known is what a replica must know to be committed of a log of which it has all. A
// follower is told what its leader knew when it answered, at once if there are records:
// of those the other followers may be still to fetch. So while members of groups commit
// more often than fetches without records end, no follower ever knows of the last; but
// one that keeps up has heard of all that was committed some time ago.
func (c *Checker) known(p *partition, r *replica) int64 {
	if !r.leads && c.now.at-p.grew < c.cfg.Lag {
		p.age(c.now.at - c.cfg.Lag)
		return min(p.aged, r.log.end)
	}
	return r.log.end
}

// atRest: when everything has converged, all replicas hold all that is committed, which
// is all there is, and nothing else.
func (c *Checker) atRest() {
	if c.finding != nil {
		return
	}
	c.now = moment{step: c.now.step, at: c.now.at, rest: true}
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		for _, p := range c.topics[name].sorted() {
			for _, id := range facts.Members(p.topic.assigned[p.index].replicas) {
				r := p.replicas[id]
				if want, got, lacks := p.holds(r, p.ledger.end); lacks || r.log.end != p.ledger.end {
					c.fail(r.Name, LogMatching, fmt.Sprintf("%s has %s up to %d, where %d is the end, without the committed %v%s", r.Name, p.name, r.log.end, p.ledger.end, want, instead(got)))
				}
			}
		}
	}
}
