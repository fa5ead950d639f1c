package replication

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// isErrand reports whether a znode tells controllers what to do.
func isErrand(path string) bool {
	rest, ok := strings.CutPrefix(path, "/admin/")
	_, topic := below(path, "/admin/delete_topics/")
	return ok && (topic || rest == "reassign_partitions" || rest == "preferred_replica_election")
}

// undone is the first thing that somebody asked controllers for and that is still to be
// done, "" if there is none. When all replicas are alive and in sync, nothing is in its way.
func (c *Checker) undone() string {
	for _, path := range slices.Sorted(maps.Keys(c.errands)) {
		return "what " + path + " says"
	}
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		t := c.topics[name]
		for _, index := range slices.Sorted(maps.Keys(t.assigned)) {
			if a := t.assigned[index]; a.adding|a.removing != 0 {
				return fmt.Sprintf("the reassignment of %s-%s to %s", name, index, c.names(a.replicas&^a.removing))
			}
		}
	}
	return ""
}

// electionTold: what is told of an election that was asked for is so. It is told by who
// elected, after that; unless there is another controller by now, nobody has elected since.
// What it takes for alive it knows best: a broker that is about to stop should not lead. And
// who was in sync when it elected in vain may have come into sync only since.
func (c *Checker) electionTold(m *member, e node.Event) {
	p := c.partition(e.Text)
	if p == nil || !p.truth.exists || p.topic.doomed || c.controller.broker != m.ID {
		return
	}
	alive, unclean, leader := e.N[0], e.N[1] == 1, p.truth.leader
	first := p.topic.assigned[p.index].first
	switch nobody := e.CaseOf() == facts.ElectionOfNobody; {
	case nobody && !unclean && first >= 0 && alive&m.unled[e.Text]&(1<<first) != 0:
		c.wrongly(m, e, fmt.Sprintf("%s is alive and in sync", c.names(1<<first)))
	case nobody && unclean && alive != 0:
		c.wrongly(m, e, c.names(alive)+" could lead")
	case !nobody && !unclean && leader != first:
		c.wrongly(m, e, fmt.Sprintf("%d leads, and should %s", leader, c.names(1<<first)))
	case !nobody && unclean && leader < 0:
		c.wrongly(m, e, "nobody leads")
	}
}

// wrongly reports what is told of an election.
func (c *Checker) wrongly(m *member, e node.Event, how string) {
	c.fail(m.Name, ElectionAsked, fmt.Sprintf("%s tells of an election for %s that it is %s, and %s", m.Name, e.Text, facts.ElectionResults[e.CaseOf()], how))
}
