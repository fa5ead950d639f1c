package live

import (
	"fmt"
	"time"
)

// Reaping is how the ensemble deletes the znodes that it deletes by itself.
type Reaping struct {
	// Interval is the time between two looks for them, PerMinute how many are deleted
	// at most. 0 means that nobody deletes any.
	Interval  time.Duration
	PerMinute int
	// NeverUsed is after how long unchanged a container goes that never had a child, 0
	// for never.
	NeverUsed time.Duration
}

// turn is the longest that a leader with something to delete may take until it proposes
// the next deletion and that is committed: a look, the pause that the rate asks for, and
// the slowest messages and syncs there are, each of which takes a tick at most.
func (c *Checker) turn() time.Duration {
	r := c.cfg.Reaping
	return r.Interval + time.Minute/time.Duration(r.PerMinute) + 4*c.cfg.Tick + patience
}

// Expired names a znode that the ensemble may delete at a time and has not deleted, ""
// if there is none. healed is since when neither faults nor clocks that jump are in the
// way: who leads since then must not have been idle for a turn.
//
// The judge asks for one deletion a turn and not for that of each znode in time: how long
// the last of many takes is up to how many were found before it.
func (c *Checker) Expired(at, healed time.Duration) string {
	s := c.reigning()
	if c.finding != nil || s == nil || c.cfg.Reaping.PerMinute == 0 {
		return ""
	}
	c.now.at = at
	tree, clock := c.folds.tree(c.frontier), c.cfg.Wall(s.ID)
	first := ""
	for _, path := range tree.Mortal() {
		l, _ := tree.Lifespan(path)
		if !l.Over(clock, c.cfg.Reaping.NeverUsed) {
			continue
		}
		if first == "" {
			first = path
		}
		idle := at - max(healed, s.since, s.reaped, c.committedAt(l.Pzxid))
		turn := c.turn()
		if idle > turn && l.Over(clock-turn.Milliseconds(), c.cfg.Reaping.NeverUsed) {
			c.fail(s, ReapedInTime, fmt.Sprintf("%s leads and has deleted nothing for %v, while %s waits for it", s.Name, idle, path), c.proposal(l.Pzxid))
			return ""
		}
	}
	return first
}

// reigning is the server that leads in the latest epoch, nil if nobody does.
func (c *Checker) reigning() (leader *server) {
	for _, s := range c.servers {
		if s.reigns() && (leader == nil || s.serves > leader.serves) {
			leader = s
		}
	}
	return leader
}
