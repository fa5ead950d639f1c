package replication

import (
	"fmt"
	"math"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// pace is how a follower keeps up with its leader, as the leader sees it.
type pace struct {
	// caught is when it had all that the leader had, asked when it fetched last, and end
	// where the leader's log ended then.
	caught, asked time.Duration
	end           int64
	// ahead is when the log last went beyond what it had fetched all of, or it came back
	// with less.
	ahead time.Duration
}

// never is before all time.
const never = time.Duration(math.MinInt64 / 2)

// crown begins a reign: who is in sync counts as with its leader, and nobody else, be it that
// he comes into sync behind the end of the log, where what is committed ends.
func (r *replica) crown(now time.Duration) {
	r.paces, r.quiet = map[int32]*pace{}, now
	for _, id := range facts.Members(r.isr) {
		r.paces[id] = &pace{caught: now, asked: never}
	}
}

// paceOf is that of a follower.
func (r *replica) paceOf(id int32) *pace {
	if r.paces[id] == nil {
		r.paces[id] = &pace{caught: never, asked: never}
	}
	return r.paces[id]
}

// keepsUp: a follower fetched. It had caught up now if it asks for the end, and when it
// asked last if it asks for what the end was then.
func (r *replica) keepsUp(id int32, at int64, now time.Duration) {
	k := r.paceOf(id)
	switch was, fetched := r.fetched[id]; {
	case at >= r.log.end:
		k.caught = now
	case fetched && was == r.log.end:
		k.ahead = now
	case at >= k.end:
		k.caught = max(k.caught, k.asked)
	}
	k.asked, k.end = now, r.log.end
}

// grows: the log goes beyond what followers have.
func (r *replica) grows(now time.Duration) {
	for id, at := range r.fetched { //sim:unordered each for itself
		if at == r.log.end {
			r.paceOf(id).ahead = now
		}
	}
}

// patience is how long a leader may wait for a follower: it looks twice in
// replica.lag.time.max.ms, by a clock that may be slow.
func (c *Checker) patience() time.Duration { return 3 * c.cfg.Lag }

// waits: a leader that is awake, and is not about to write who is in sync, does not wait
// for a follower that has been behind for too long. Who leads no more, or is cut off
// the coordinators, may.
func (c *Checker) waits(p *partition, r *replica) {
	if c.cfg.Lag <= 0 || !r.leads || r.proposed != 0 || p.truth.leader != r.ID || p.truth.epoch != r.epoch || p.topic.doomed {
		return
	}
	for _, id := range facts.Members(r.isr & p.truth.isr &^ (1 << r.ID)) {
		k := r.paceOf(id)
		since := max(k.caught, k.ahead, r.quiet, r.awake)
		if at, ok := r.fetched[id]; (!ok || at < r.log.end) && c.now.at-since > c.patience() {
			c.fail(r.Name, LaggardsLeave, fmt.Sprintf("%s still counts %s, which has been behind on %s for %v, with replica.lag.time.max.ms=%d", r.Name, c.names(1<<id), p.name, c.now.at-since, c.cfg.Lag.Milliseconds()))
			return
		}
	}
}

// putsOut: a leader gives up who is assigned only if it has been behind for about as long
// as its own clock must say. Who comes or goes in a reassignment may be assigned no more for
// the leader, which is told before that is written; and for a leader that is deposed those
// may be assigned no more that are again:
//
//	b2 is to lead epoch 4, with b1 in sync and not assigned any more; it hears that late
//	epochs 5 to 8: the partition moves back to b1, and away from b2
func (c *Checker) putsOut(p *partition, r *replica, out int64) {
	if p.truth.epoch != r.epoch {
		return
	}
	a := p.topic.assigned[p.index]
	for _, id := range facts.Members(out & a.replicas &^ a.adding &^ a.removing) {
		k := r.paceOf(id)
		if c.now.at-k.caught < c.cfg.Lag/2 {
			c.fail(r.Name, LaggardsLeave, fmt.Sprintf("%s puts %s out of sync on %s, which had caught up %v ago, with replica.lag.time.max.ms=%d", r.Name, c.names(1<<id), p.name, c.now.at-k.caught, c.cfg.Lag.Milliseconds()))
			return
		}
	}
}

// stirs notes that a broker does something. One that did not for a while stood still,
// maybe, and has not come to all that it should have done meanwhile.
func (m *member) stirs(now, lag time.Duration) {
	if now-m.stirred > lag {
		m.awake = now
	}
	m.stirred = now
}
