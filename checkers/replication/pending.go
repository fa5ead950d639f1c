package replication

import (
	"fmt"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// Pending is the first reason why a healed cluster has not converged, "" if it has:
// every broker is registered, one of them controls, and every partition has a leader
// with all its replicas in sync, whose logs are equal.
func (c *Checker) Pending() string {
	for _, m := range c.brokers {
		switch {
		case !m.up:
			return m.Name + " is down"
		case !c.registered[m.ID]:
			return m.Name + " is not registered"
		}
	}
	if c.controller == 0 {
		return "there is no controller"
	}
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		t := c.topics[name]
		for _, index := range slices.Sorted(maps.Keys(t.assigned)) {
			if reason := c.partition(name+"-"+index).pending(c, t.assigned[index]); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// pending is why one partition has not converged.
func (p *partition) pending(c *Checker, assigned []int32) string {
	if !p.truth.exists || p.truth.leader < 0 {
		return p.name + " has no leader"
	}
	leader := p.replicas[p.truth.leader]
	if leader == nil || !leader.leads || leader.epoch != p.truth.epoch {
		return fmt.Sprintf("%s does not lead %s in epoch %d", c.names(1<<p.truth.leader), p.name, p.truth.epoch)
	}
	if all := facts.Set(assigned); p.truth.isr != all {
		return fmt.Sprintf("of the replicas of %s on %s only %s are in sync", p.name, c.names(all), c.names(p.truth.isr))
	}
	for _, id := range assigned {
		if r := p.replicas[id]; r == nil || r.log.end != leader.log.end || r.mark != leader.log.end {
			return fmt.Sprintf("%s has not all of %s on %s, which ends at %d", c.names(1<<id), p.name, leader.Name, leader.log.end)
		}
	}
	return ""
}
