package groups

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// key names a record of the topic of offsets: of an offset of a group, or, without a
// partition, of the group itself.
type key struct{ group, partition string }

// grave is what a reign knows of the end of what a key stands for.
type grave struct {
	// stated: the coordinator has said why an offset is forgotten, and has not yet written
	// that there is none. Offsets that clients delete are forgotten behind the log only.
	stated bool
	// stones are the batches that say that there is none. buried is the last of those that no
	// client has asked for, or before all.
	stones []replication.Held
	buried replication.Held
	// held is the record of what is gone.
	held replication.Held
}

func (r *reign) grave(group, partition string) *grave {
	k := key{group, partition}
	if r.graves[k] == nil {
		r.graves[k] = &grave{buried: replication.Held{First: -1}}
	}
	return r.graves[k]
}

// erases notes a record that says that there is nothing of a key any more. Where no reason
// was stated before, a client has asked for it, which may not be while members read the topic.
func (c *Checker) erases(r *reign, one record, at replication.Held) {
	grave := r.grave(one.group, one.partition)
	grave.stones = append(grave.stones, at)
	if grave.stated {
		grave.stated, grave.buried = false, at
		return
	}
	g := r.group(one.group)
	if topic := topicOf(one.partition); one.partition != "" && !r.unknown && g.state == stable && g.reads(topic) {
		c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("%s deletes the offset of %s in group %s, the members of which, %s, read that topic", r.broker.Name, one.partition, g.name, g.who()))
	}
}

// reads reports whether a member of the generation reads a topic, by whatever was written of it.
func (g *group) reads(topic string) bool {
	found := false
	for _, v := range g.rosters {
		if v.generation != g.generation {
			continue
		}
		if !slices.ContainsFunc(v.members, func(m enrolled) bool { return slices.Contains(m.subscribed, topic) }) {
			return false
		}
		found = true
	}
	return found
}

// dead: a group is gone, and one of its name begins anew.
func (c *Checker) dead(r *reign, g *group) {
	if g.state != empty {
		c.fail(r.broker.Name, GroupKept, fmt.Sprintf("group %s ends, which is %v, with %s", g.name, g.state, g.who()))
		return
	}
	if len(g.offsets) > 0 {
		p := slices.Sorted(maps.Keys(g.offsets))[0]
		c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("group %s ends, which is at %d of %s", g.name, g.offsets[p].offset, p))
		return
	}
	if n := len(g.rosters); n > 0 {
		r.grave(g.name, "").held = g.rosters[n-1].at
		g.going = append(g.going, "")
	}
	var gone []key
	for _, p := range g.going {
		gone = append(gone, key{g.name, p})
	}
	r.ended[g.name] = append(r.ended[g.name], gone)
	delete(r.groups, g.name)
	if f := c.fates[g.name]; f != nil && r.epoch >= f.epoch {
		shares := f.shares
		c.fates[g.name] = newFate()
		c.fates[g.name].shares = shares
	}
}

// deletionTold: what a client is told is deleted is served no longer, and the log says so.
func (c *Checker) deletionTold(r *reign, g *group, parts []string) {
	if parts == nil {
		c.groupDeleted(r, g)
		return
	}
	for _, p := range parts {
		if e, ok := g.offsets[p]; ok {
			c.fail(r.broker.Name, DeletionTold, fmt.Sprintf("group %s is at %d of %s", g.name, e.offset, p))
			return
		}
		if !c.erased(r, key{g.name, p}) {
			c.fail(r.broker.Name, DeletionTold, fmt.Sprintf("no record that is committed says so of %s in group %s", p, g.name))
			return
		}
	}
}

// groupDeleted: a group was deleted, of which a client is told so now. If another of its
// name was since, it is enough that the log knows of one.
func (c *Checker) groupDeleted(r *reign, g *group) {
	for _, p := range slices.Sorted(maps.Keys(g.offsets)) {
		c.fail(r.broker.Name, DeletionTold, fmt.Sprintf("group %s is at %d of %s", g.name, g.offsets[p].offset, p))
		return
	}
	logged := slices.ContainsFunc(r.ended[g.name], func(gone []key) bool {
		return !slices.ContainsFunc(gone, func(k key) bool { return !c.erased(r, k) })
	})
	if !logged {
		c.fail(r.broker.Name, DeletionTold, fmt.Sprintf("no records that are committed say that group %s has ended, and each of its offsets", g.name))
	}
}

// erased reports whether the log says of something that is gone that it is.
func (c *Checker) erased(r *reign, k key) bool {
	grave := r.graves[k]
	if grave == nil {
		return true // there was nothing
	}
	return slices.ContainsFunc(grave.stones, func(at replication.Held) bool {
		committed, judged := c.cfg.Logs.HasCommitted(name(r.partition), at)
		return at.First >= grave.held.First && (committed || !judged)
	})
}

// inProtocol is what the states are called in answers.
var inProtocol = map[state]string{empty: "Empty", preparing: "PreparingRebalance", completing: "CompletingRebalance", stable: "Stable"}

// is reports whether a group may be said to be in a state. One of which there is neither a
// generation nor an offset may not be there at all.
func (g *group) is(said string) bool {
	return said == inProtocol[g.state] || said == "Dead" && g.state == empty && g.generation == 0 && len(g.offsets) == 0
}

// groupTold: a group is described as it is. Who has joined since a rebalance began nobody is
// told but by this.
func (c *Checker) groupTold(r *reign, g *group, told *facts.GroupDescription) {
	if !g.is(told.State) {
		c.fail(r.broker.Name, GroupTold, fmt.Sprintf("group %s is said to be %s, which is %v, in generation %d of %s", g.name, told.State, g.state, g.generation, g.who()))
		return
	}
	if g.state == preparing {
		return
	}
	for _, m := range told.Members {
		share, known := g.shares[m.Member]
		switch {
		case g.members[m.Member] == nil:
			c.fail(r.broker.Name, GroupTold, fmt.Sprintf("group %s is said to have %s as a member, and has %s", g.name, m.Member, g.who()))
			return
		case g.state == stable && known && !bytes.Equal(share, m.Assignment):
			c.fail(r.broker.Name, GroupTold, fmt.Sprintf("%s of group %s is said to have a share that is another in the log", m.Member, g.name))
			return
		}
	}
	if len(told.Members) != len(g.members) {
		c.fail(r.broker.Name, GroupTold, fmt.Sprintf("group %s is said to have %d members, and has %s", g.name, len(told.Members), g.who()))
	}
}

// groupsTold: those that a broker coordinates are listed, all of them unless some states were
// asked for only, each as it is.
func (c *Checker) groupsTold(b *broker, listed []facts.GroupListed, all bool) {
	states := map[string]string{}
	for _, l := range listed {
		states[l.Name] = l.State
		partition, _ := c.partitionOf(l.Name)
		r := b.reigns[partition]
		switch {
		case r == nil || !r.served:
			c.fail(b.Name, OneCoordinator, fmt.Sprintf("%s lists group %s of %s, %s", b.Name, l.Name, name(partition), r))
			return
		case !r.unknown && !r.group(l.Name).is(l.State):
			c.fail(b.Name, GroupTold, fmt.Sprintf("group %s is listed as %s, which is %v", l.Name, l.State, r.group(l.Name).state))
			return
		}
	}
	for _, partition := range slices.Sorted(maps.Keys(b.reigns)) {
		r := b.reigns[partition]
		if !all || !r.served || r.unknown {
			continue
		}
		for _, of := range slices.Sorted(maps.Keys(r.groups)) {
			if g := r.groups[of]; states[of] == "" && !g.is("Dead") {
				c.fail(b.Name, GroupTold, fmt.Sprintf("group %s is not listed, which is %v, in generation %d", of, g.state, g.generation))
				return
			}
		}
	}
}
