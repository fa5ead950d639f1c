package replication

import (
	"fmt"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// told is what a broker tells clients of a partition.
type told struct {
	leader, epoch, isr, version int64
	*facts.Told
}

func (t told) says(leader, epoch, isr int64) bool {
	return t.leader == leader && t.epoch == epoch && t.isr == isr
}

// metadataTaken: what a broker is told of a partition may be old, and is something that its
// state znode has said: all of one version. Of a topic that is going there is nothing to say.
func (c *Checker) metadataTaken(m *member, e node.Event) {
	t := told{e.N[0], e.N[1], e.N[2], e.N[3], e.Body.(*facts.Told)}
	if m.told[e.Text] = t; t.leader < -1 {
		delete(m.told, e.Text)
		return
	}
	p := c.partition(e.Text)
	if p == nil || p.topic.id != t.Topic {
		return
	}
	if was, ok := p.past[t.version]; !ok || !t.says(int64(was.leader), was.epoch, was.isr) {
		c.fail(m.Name, MetadataTold, fmt.Sprintf("%s tells that %d leads %s in epoch %d with %s in sync, by version %d; that version has %d, epoch %d and %s",
			m.Name, t.leader, p.name, t.epoch, c.names(t.isr), t.version, was.leader, was.epoch, c.names(was.isr)))
	}
}

// uninformed is the first broker that tells clients something else than the znodes say, ""
// if none does. When a cluster heals it takes some messages until all have heard.
func (c *Checker) uninformed() string {
	alive := facts.Set(slices.Sorted(maps.Keys(c.registered)))
	for _, m := range c.brokers {
		if m.peers != alive {
			return c.lags(m, MetadataTold, fmt.Sprintf("%s tells that %s are alive, and registered are %s", m.Name, c.names(m.peers), c.names(alive)))
		}
		for _, name := range slices.Sorted(maps.Keys(c.topics)) {
			if t := c.topics[name]; !t.doomed {
				if how := c.uninformedOf(m, t); how != "" {
					return c.lags(m, MetadataTold, how)
				}
			}
		}
	}
	c.configs.behind = ""
	return ""
}

// uninformedOf is what a broker has not heard of a topic, "" if it has heard everything.
func (c *Checker) uninformedOf(m *member, t *topic) string {
	for _, p := range t.sorted() {
		got, heard := m.told[p.name]
		switch assigned := t.assigned[p.index].replicas; {
		case !heard || got.Topic != t.id:
			return fmt.Sprintf("%s can tell nobody of %s", m.Name, p.name)
		case !got.says(int64(p.truth.leader), p.truth.epoch, p.truth.isr):
			return fmt.Sprintf("%s tells that %d leads %s in epoch %d with %s in sync; %s", m.Name, got.leader, p.name, got.epoch, c.names(got.isr), c.describe(p, p.truth))
		case got.Replicas != assigned:
			return fmt.Sprintf("%s tells that %s have %s, which is assigned to %s", m.Name, c.names(got.Replicas), p.name, c.names(assigned))
		}
	}
	return ""
}
