package groups

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

const million = 1_000_000

// heard: a member gave a sign, and was answered.
func (c *Checker) heard(r *reign, g *group, id string) {
	if m := g.members[id]; m != nil {
		m.heard = c.now.at
	}
	c.served(r, g, id)
}

// asked: who is answered as a member is one, of the generation that it has named.
func (c *Checker) asked(r *reign, g *group, id string, generation int64) {
	if g.members[id] == nil || generation != g.generation {
		c.fail(r.broker.Name, MemberFenced, fmt.Sprintf("%s is answered as a member of generation %d of group %s, which is in generation %d, of %s", id, generation, g.name, g.generation, g.who()))
	}
}

// leaveTold: who is told that it has left has.
func (c *Checker) leaveTold(r *reign, g *group, id string) {
	if g.members[id] != nil {
		c.fail(r.broker.Name, MemberFenced, fmt.Sprintf("%s is told that it has left group %s, which is in generation %d, of %s", id, g.name, g.generation, g.who()))
	}
}

// beats: a member's heartbeat was answered, which was sent some time ago and cannot have been
// heard of before. So a coordinator does not judge alone whom it has heard of.
func (c *Checker) beats(group, id string, by int32, after time.Duration) {
	partition, ok := c.partitionOf(group)
	at := slices.IndexFunc(c.brokers, func(b *broker) bool { return b.ID == by })
	if !ok || at < 0 {
		return
	}
	r := c.brokers[at].reigns[partition]
	if r == nil || !r.served || r.unknown || r.groups[group] == nil {
		return
	}
	if m := r.groups[group].members[id]; m != nil {
		after += after/million*time.Duration(2*c.cfg.DriftPPM) + time.Millisecond
		m.heard = max(m.heard, c.now.at-after)
	}
}

// served: nobody is served under an ID that was taken from it.
func (c *Checker) served(r *reign, g *group, id string) {
	n := c.fate(g.name).renamed[id]
	if n != nil && n.known && r.epoch >= n.epoch && c.stands(r, n.logged) {
		c.fail(r.broker.Name, InstanceFenced, fmt.Sprintf("%s is served in group %s, and %s has had its place since epoch %d", id, g.name, n.name, n.epoch))
	}
}

// replaced: a static member has another ID. If it goes by the old one again, its new self
// was refused.
func (c *Checker) replaced(r *reign, g *group, how facts.Replacement) {
	f := c.fate(g.name)
	if m := g.members[how.Old]; m != nil {
		delete(g.members, how.Old)
		g.members[how.New] = &member{session: m.session, heard: c.now.at, waits: f.renamed[how.New] == nil}
	}
	if share, ok := g.shares[how.Old]; ok {
		delete(g.shares, how.Old)
		g.shares[how.New] = share
	}
	delete(f.renamed, how.New)
	f.renamed[how.Old] = &renaming{name: how.New}
}

// memberGone: a member is out. If it is for its silence, it was silent.
func (c *Checker) memberGone(r *reign, g *group, id, how string) {
	m, joins := g.members[id], g.said[id] != nil
	delete(g.members, id)
	delete(g.shares, id)
	if how == "not-rejoined" {
		c.notAwaited(r, g, id)
	}
	delete(g.said, id)
	if m == nil || m.session == 0 || how != "expired" {
		return
	}
	if joins {
		c.fail(r.broker.Name, MemberKept, fmt.Sprintf("%s is taken out of group %s while it waits to be told of the next generation", id, g.name))
		return
	}
	silent := c.now.at - m.heard
	if most := silent / million * time.Duration(million+c.cfg.DriftPPM); most+time.Millisecond < m.session {
		c.fail(r.broker.Name, MemberKept, fmt.Sprintf("%s is taken out of group %s after %v, its session being %v", id, g.name, silent, m.session))
	}
}

// notAwaited: who does not join again is waited for as long as it asked to be, when it joined
// the last time.
func (c *Checker) notAwaited(r *reign, g *group, id string) {
	if g.called == 0 || len(g.rosters) == 0 {
		return
	}
	last := g.rosters[len(g.rosters)-1].members
	i := slices.IndexFunc(last, func(m enrolled) bool { return m.id == id })
	if i < 0 {
		return
	}
	waited := c.now.at - g.called
	if most := waited / million * time.Duration(million+c.cfg.DriftPPM); most+time.Millisecond < last[i].rebalance {
		c.fail(r.broker.Name, MemberAwaited, fmt.Sprintf("%s is taken out of group %s %v after members were asked to join, its rebalance timeout being %v", id, g.name, waited, last[i].rebalance))
	}
}

// nap is the longest silence of a broker that does not count as a pause, and by how much
// it may be late, then, to take out who has said nothing for a session.
const nap = time.Second

// wakes notes that a broker is awake.
func (b *broker) wakes(now time.Duration) {
	if now-b.stated > nap {
		b.awake = now
	}
	b.stated = now
}

// outstayed: while a group is stable nobody waits for its coordinator but static members
// that have come back, whose new IDs are being written, so that the session of every other
// member is running out, or has been since it became stable: what they wait for before is
// the log, and their shares, which they are told one after another. A coordinator that has
// stated something every now and then since it was over has not hung, and cannot have
// missed it by more than its naps.
func (c *Checker) outstayed(r *reign, g *group) {
	if g.state != stable {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(g.members)) {
		m := g.members[id]
		if m.session == 0 || m.waits {
			continue
		}
		over := m.heard + m.session + m.session/million*time.Duration(2*c.cfg.DriftPPM)
		if late := c.now.at - max(over, r.broker.awake, g.stable); late > 2*nap {
			c.fail(r.broker.Name, MemberLost, fmt.Sprintf("%s was heard of last %v ago, its session being %v, and is a member of group %s still", id, c.now.at-m.heard, m.session, g.name))
			return
		}
	}
}

// commitTaken: offsets are taken from a member of the generation that it names, or from
// who is in no group, where nobody is.
func (c *Checker) commitTaken(r *reign, g *group, generation int64, o *facts.GroupCommit) {
	r.broker.taken = o
	why := ""
	switch {
	case generation < 0:
		if g.state != empty {
			why = fmt.Sprintf("which is %v and has members", g.state)
		}
	case generation != g.generation:
		why = fmt.Sprintf("which is in generation %d", g.generation)
	case g.members[o.Member] == nil:
		why = "of which it is no member, but " + g.who()
	case g.state != stable && g.state != preparing:
		why = fmt.Sprintf("which is %v", g.state)
	}
	if why != "" {
		c.fail(r.broker.Name, CommitFenced, fmt.Sprintf("%s commits %v in generation %d of group %s, %s", orNobody(o.Member), o.Offsets, generation, g.name, why))
		return
	}
	c.served(r, g, o.Member)
}

func orNobody(id string) string {
	if id == "" {
		return "somebody without a name"
	}
	return id
}

// commitTold: success means that the record is committed, also where a coordinator does
// not know that it is deposed.
func (c *Checker) commitTold(r *reign, g *group, o *facts.GroupCommit) {
	at, ok := r.commits[o]
	delete(r.commits, o)
	committed, judged := true, ok
	if ok {
		committed, judged = c.cfg.Logs.HasCommitted(name(r.partition), at)
	}
	if !ok || judged && !committed {
		c.fail(r.broker.Name, CommitLogged, fmt.Sprintf("%s is told that %v of group %s is committed, and no record of it is", orNobody(o.Member), o.Offsets, g.name))
		return
	}
	w := c.written[place{r.partition, at}]
	for _, one := range w.records {
		if grave := r.graves[key{g.name, one.partition}]; grave != nil && grave.buried.First > at.First {
			c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("%s is told that %d of %s in group %s is committed, and the log says behind that that it is gone, of itself", orNobody(o.Member), one.offset.offset, one.partition, g.name))
			return
		}
		if one.partition != "" && !one.gone {
			g.offsets[one.partition] = one.offset
		}
	}
}

// offsetsTold: what is told is what was acknowledged last, or what is committed since. What is
// only on its way, nobody is told: a record that cannot be written would take it back.
func (c *Checker) offsetsTold(r *reign, g *group, told []facts.GroupOffset) {
	for _, o := range told {
		want, ok := g.offsets[o.Partition]
		if ok && o.Offset == want.offset || !ok && o.Offset < 0 {
			continue
		}
		later := slices.ContainsFunc(g.written[o.Partition], func(e entry) bool {
			return e.offset == o.Offset && (!ok || e.at.First > want.at.First) && c.stands(r, e.at)
		})
		if !later {
			c.fail(r.broker.Name, OffsetTold, fmt.Sprintf("%s tells that group %s is at %d of %s, where it is at %s", r.broker.Name, g.name, o.Offset, o.Partition, orNone(want.offset, ok)))
			return
		}
	}
}

// offsetGone: an offset is forgotten, for a reason that there is.
func (c *Checker) offsetGone(r *reign, g *group, partition, how string) {
	e, ok := g.offsets[partition]
	delete(g.offsets, partition)
	grave := r.grave(g.name, partition)
	grave.stated, grave.held = how != "deleted", e.at
	if how == "group-deleted" {
		g.going = append(g.going, partition)
	}
	if !ok {
		return
	}
	topic := topicOf(partition)
	switch how {
	case "topic-deleted":
		if !c.cfg.Logs.TopicEnded(topic) {
			c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("%s forgets %d of %s in group %s, as of a topic that is deleted, and it is not", r.broker.Name, e.offset, partition, g.name))
		}
	case "expired":
		c.expired(r, g, topic, e)
	}
}

// expired: by the clock of its broker an offset was kept as long as it has to be.
func (c *Checker) expired(r *reign, g *group, topic string, e entry) {
	now := c.cfg.Wall(r.broker.Node)
	until := e.expires
	if until < 0 {
		until = e.committed + int64(c.cfg.Retention/time.Millisecond)
	}
	if now < until {
		c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("%s forgets %d of %s in group %s at %d ms of its clock, which is to be kept until %d", r.broker.Name, e.offset, topic, g.name, now, until))
		return
	}
	if until = g.emptied + int64(c.cfg.Retention/time.Millisecond); e.expires < 0 && g.emptied > 0 && g.state == empty && now < until {
		c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("%s forgets %d of %s in group %s at %d ms of its clock, the last member of which was there at %d, so that it is to be kept until %d", r.broker.Name, e.offset, topic, g.name, now, g.emptied, until))
		return
	}
	if e.expires < 0 && g.state != empty && (g.state != stable || g.subscribed(topic)) {
		c.fail(r.broker.Name, OffsetKept, fmt.Sprintf("%s forgets %d of %s in group %s, which is %v, the members of which read it", r.broker.Name, e.offset, topic, g.name, g.state))
	}
}
