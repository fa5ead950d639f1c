package replication

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// What is deleted from the front of a log is only hidden, until whole segments of it go. A
// broker notes where its logs begin now and then, and when it stops in order; a crash takes
// back what it has not noted:
//
//	b2 hides what is below 4, and notes that
//	b2 hides what is below 6, and crashes
//	b2 begins at 4, or later if what is below is gone; not at 0
//
// What is noted holds for the log that the broker had then. If its disk is lost, there is no
// log, and a new one begins empty.

// slowest is how long the disk and the clock of a broker may hold it up.
const slowest = 10 * time.Second

// startsNoted: it is on the disk where logs begin. One that was cut meanwhile begins earlier.
func (c *Checker) startsNoted(m *member, starts facts.Starts) {
	for _, s := range starts {
		if r := m.open[s.Partition]; r != nil {
			r.notes(min(s.Offset, r.log.start), c.now.at)
		}
	}
}

// stoppedInOrder: all is on the disk, and so where each log begins.
func (c *Checker) stoppedInOrder(m *member) {
	for _, r := range m.open { //sim:unordered each for itself
		r.notes(r.log.start, c.now.at)
	}
}

// notes takes down from where on a log will be found.
func (r *replica) notes(start int64, now time.Duration) {
	r.noted = start
	if r.log.start > start && start >= r.owed {
		r.owed, r.owedSince = r.log.start, now
	}
}

// hides: the log begins later. What it hid long ago must have been noted since, by a broker
// that was awake.
func (c *Checker) hides(p *partition, r *replica, start int64) {
	if r.owed <= r.noted {
		r.owed, r.owedSince = start, c.now.at
	}
	since := c.now.at - max(r.owedSince, r.awake)
	if bound := 3*c.cfg.Points + slowest; c.cfg.Points > 0 && r.owed > r.noted && since > bound && !p.topic.gone {
		c.fail(r.Name, StartKept, fmt.Sprintf("%s has deleted %s below %d, and has not noted that for %v", r.Name, p.name, r.owed, since))
	}
}

// comesBack: a log that has records does not begin before where it was noted to begin.
func (c *Checker) comesBack(p *partition, r *replica, start, end int64) {
	if end > start && start < r.noted && !p.topic.gone {
		c.fail(r.Name, StartKept, fmt.Sprintf("%s finds that its log of %s begins at %d, and had noted that it begins at %d", r.Name, p.name, start, r.noted))
	}
	r.noted = min(r.noted, start)
	r.owed = r.noted
}
