package controller

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// candidates is what an election goes by.
type candidates struct {
	// replicas are in the order of preference.
	replicas []int32
	isr      []int32
	// lives: the broker serves the partition and is not leaving. present: it may be leaving.
	// whole: it has not begun another life since the state was written.
	lives, present, whole func(int32) bool
	// unclean: if nobody that is in sync lives, somebody that is not may lead. unasked: the
	// preferred replica may, in sync or not, as PreferredUnsynced has it.
	unclean, unasked bool
}

// choice is who shall lead, with which in-sync replicas.
type choice struct {
	leader  int32
	isr     []int32
	unclean bool
}

// first finds the first of the replicas for which all of the conditions hold.
func (c *candidates) first(conditions ...func(int32) bool) (id int32, found bool) {
	for _, id := range c.replicas {
		if !slices.ContainsFunc(conditions, func(holds func(int32) bool) bool { return !holds(id) }) {
			return id, true
		}
	}
	return 0, false
}

// inSync reports whether a replica is in sync.
func (c *candidates) inSync(id int32) bool { return slices.Contains(c.isr, id) }

// offline elects for a partition without a leader: the first that lives and is in sync.
// Those of the in-sync replicas that do not live leave them.
func offline(c *candidates) (choice, bool) {
	if id, found := c.first(c.lives, c.inSync); found {
		return choice{leader: id, isr: slices.DeleteFunc(slices.Clone(c.isr), func(id int32) bool { return !c.lives(id) })}, true
	}
	if id, found := c.first(c.lives); found && c.unclean {
		return choice{leader: id, isr: []int32{id}, unclean: true}, true
	}
	return choice{}, false
}

// restarted elects for a partition whose leader has begun another life: somebody who has
// not, and those who have leave the in-sync replicas, as they may have lost the end of their
// logs. If all have, it is as if there were no leader.
func restarted(c *candidates) (choice, bool) {
	if id, found := c.first(c.lives, c.inSync, c.whole); found {
		return choice{leader: id, isr: slices.DeleteFunc(slices.Clone(c.isr), func(id int32) bool { return !c.lives(id) || !c.whole(id) })}, true
	}
	return offline(c)
}

// preferred elects the first replica, if it lives and is in sync, or nobody.
func preferred(c *candidates) (choice, bool) {
	head := candidates{replicas: c.replicas[:min(1, len(c.replicas))], isr: c.isr}
	id, found := head.first(c.lives, func(id int32) bool { return c.unasked || c.inSync(id) })
	return choice{leader: id, isr: c.isr}, found
}

// reassigned elects among the replicas that shall be; the in-sync replicas stay.
func reassigned(c *candidates) (choice, bool) {
	id, found := c.first(c.lives, c.inSync)
	return choice{leader: id, isr: c.isr}, found
}

// shutdown elects somebody who is not leaving; those who are leave the in-sync replicas.
func shutdown(c *candidates) (choice, bool) {
	leaves := func(id int32) bool { return c.present(id) && !c.lives(id) }
	id, found := c.first(c.present, c.inSync, func(id int32) bool { return !leaves(id) })
	return choice{leader: id, isr: slices.DeleteFunc(slices.Clone(c.isr), leaves)}, found
}

// strategy is a way to elect, and who has to hear of it.
type strategy struct {
	elect func(*candidates) (choice, bool)
	kind  int // of facts.Elections
	// unclean allows what the topic's configuration forbids.
	unclean bool
}

// electOffline is for partitions without a leader. unclean says that an operator has
// asked for it.
func electOffline(unclean bool) strategy {
	return strategy{elect: offline, kind: facts.ElectedOffline, unclean: unclean}
}

var (
	electRestarted = strategy{elect: restarted, kind: facts.ElectedOffline}
	electPreferred = strategy{elect: preferred, kind: facts.ElectedPreferred}
	electShutdown  = strategy{elect: shutdown, kind: facts.ElectedShutdown}
)

// recipients are the replicas that are told: all that an election looked at and that can
// hear.
func (c *Controller) recipients(p *partition, s strategy) []int32 {
	switch s.kind {
	case facts.ElectedPreferred:
		return p.assignment.Replicas
	case facts.ElectedShutdown:
		return slices.DeleteFunc(slices.Clone(p.assignment.Replicas), func(id int32) bool { return !c.cluster.livesOrLeaves(id, p) })
	}
	return c.cluster.living(p.assignment.Replicas, p)
}

// candidatesOf gathers what an election goes by, given the state as it is now.
func (c *Controller) candidatesOf(p *partition, now *znodes.State, unclean bool) *candidates {
	return &candidates{
		replicas: p.assignment.Replicas, isr: now.Isr, unclean: unclean, unasked: c.cfg.Bugs.Has(bugs.PreferredUnsynced),
		lives:   func(id int32) bool { return c.cluster.lives(id, p) },
		present: func(id int32) bool { return c.cluster.livesOrLeaves(id, p) },
		whole:   func(id int32) bool { return c.cluster.whole(id, p) },
	}
}
