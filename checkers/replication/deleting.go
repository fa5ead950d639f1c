package replication

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// deletionTold: who has records deleted is told of that when all replicas have hidden them
// that live, and so that no reader is given them whoever leads next. Who lives is what the
// leader tells clients. Who is assigned it may hear late: those count that were when it was
// elected, and ever since, and neither come nor go. A leader that is deposed may count others.
//
// A leader goes by where a log began when its follower fetched last, which a crash may have
// taken back since:
//
//	b2 begins at 4, and fetches
//	b2 crashes, and begins at 0
//	b1 has not heard of it, and tells that all begin at 4
func (c *Checker) deletionTold(p *partition, r *replica, e node.Event) {
	low, asked, epoch, upTo := e.N[0], e.N[1], e.N[2], e.N[3]
	switch {
	case !r.leads || epoch != r.epoch:
		c.fail(r.Name, DeletionTold, fmt.Sprintf("%s tells where %s begins in epoch %d, %s", r.Name, p.name, epoch, r.role()))
		return
	case low < max(asked, upTo):
		c.fail(r.Name, DeletionTold, fmt.Sprintf("%s tells that what is below %d of %s is deleted, and that a log begins at %d", r.Name, max(asked, upTo), p.name, low))
		return
	case low > min(r.log.start, r.mark):
		c.fail(r.Name, DeletionTold, fmt.Sprintf("%s tells that all logs of %s begin at %d, its own beginning at %d, with the high watermark at %d", r.Name, p.name, low, r.log.start, r.mark))
		return
	case epoch != p.truth.epoch || p.topic.doomed:
		return
	}
	for _, id := range facts.Members(p.steady & r.peers) {
		if hid := p.hid(id); hid < low {
			c.fail(r.Name, DeletionTold, fmt.Sprintf("%s tells that all logs of %s begin at %d, and that of %s, which it takes for alive, never began later than at %d", r.Name, p.name, low, c.names(1<<id), hid))
			return
		}
	}
}

// hid is the furthest that the log of a broker ever began, -1 if it never had one.
func (p *partition) hid(id int32) int64 {
	if r := p.replicas[id]; r != nil {
		return r.hid
	}
	if r := p.buried[id]; r != nil {
		return r.hid
	}
	return -1
}

// leftBehind: when a topic is gone, so are its replicas. Nobody would ever tell a broker that
// was away then to delete its own, which is found when another topic has the name, or never.
// A crash may bring files back that were deleted, and a disk that was lost has none.
func (c *Checker) leftBehind(t *topic) {
	for _, p := range t.sorted() {
		for _, id := range facts.Members(t.assigned[p.index].replicas) {
			if r := p.replicas[id]; r != nil && !r.gave && !r.absent {
				c.fail(r.Name, DeletedEverywhere, fmt.Sprintf("%s still has %s", r.Name, p.name))
				return
			}
		}
	}
}

// returned: a broker has opened all logs that it has before it registers. Others that it had
// it has lost.
func (c *Checker) returned(m *member) {
	for _, t := range c.topics { //sim:unordered each for itself
		for _, p := range t.partitions { //sim:unordered each for itself
			if r := p.replicas[m.ID]; r != nil && m.open[p.name] != r {
				r.absent = true
			}
		}
	}
}
