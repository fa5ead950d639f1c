package rights

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// IDs of the guarantees about quotas.
const (
	Measured = "quota-measured"
	Waited   = "quota-waited"
)

// usage is what a broker gave to one account, in order, by the broker's own clock.
type usage struct {
	at    time.Duration
	bytes int64
}

// charged holds how long a client is told to wait against everything that its account had,
// and that it came no earlier than it was told the last time on its connection.
func (c *Checker) charged(m *member, e node.Event) {
	body := e.Body.(*facts.Usage)
	bytes, perSecond, conn, wait := e.N[0], e.N[1], e.N[2], time.Duration(e.N[3])*time.Millisecond
	if until := m.muted[conn]; body.At < until {
		c.fail(m.Name, Waited, fmt.Sprintf("%s serves connection %d, of %s, at %v of its clock, and told it to wait until %v", m.Name, conn, e.Text, body.At, until))
		return
	}
	uses := append(m.uses[e.Text], usage{body.At, bytes})
	if want := c.waitFor(uses, perSecond); want != wait {
		c.fail(m.Name, Measured, fmt.Sprintf("%s has %s wait %v after %d bytes, and what it had of %d a second calls for %v", m.Name, e.Text, wait, bytes, perSecond, want))
		return
	}
	if body.Withheld {
		uses[len(uses)-1].bytes = 0
	}
	m.uses[e.Text] = uses
	m.muted[conn] = body.At + wait
}

// waitFor puts all uses into samples, each of which begins with the first use a window
// after the beginning of the last, and leaves out those that are too old.
func (c *Checker) waitFor(uses []usage, perSecond int64) time.Duration {
	size, number := c.cfg.Window, time.Duration(c.cfg.Windows)
	now := uses[len(uses)-1].at
	start, oldest, total, sum := time.Duration(-1), time.Duration(-1), int64(0), int64(0)
	flush := func() {
		if start >= 0 && now-start < number*size {
			if total += sum; oldest < 0 {
				oldest = start
			}
		}
	}
	for _, u := range uses {
		if start < 0 || u.at-start >= size {
			flush()
			start, sum = u.at, 0
		}
		sum += u.bytes
	}
	flush()
	window := now - oldest
	for window/size < number-1 {
		window += size
	}
	return time.Duration(max(0, total*1000/perSecond-max(window, size).Milliseconds())) * time.Millisecond
}
