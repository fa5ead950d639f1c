package client

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// timerKind is what a timer is for; its tag is Config.TimerKind plus this.
type timerKind uint32

const (
	connectTimer timerKind = iota // the server has not answered the ConnectRequest
	readTimer                     // the server may be silent for too long
	pingTimer                     // we may be silent for too long
	retryTimer                    // the pause between rounds of attempts is over
	opTimer                       // the oldest request may be overdue
	seekTimer                     // time to ask the next server whether it takes writes
)

// TimerKinds is how many timer tag kinds a client takes, from Config.TimerKind.
const TimerKinds = 6

// maxPingInterval keeps long sessions from looking dead to middleboxes, as in
// the Java client.
const maxPingInterval = 10 * time.Second

// timer is one timer of a kind. The generation, carried in the tag, tells a
// stale callback from the present one.
type timer struct {
	id         node.TimerID
	generation uint64
	armed      bool
}

// arm sets the timer of a kind, replacing it if it is set.
func (c *Client) arm(k timerKind, d time.Duration) {
	c.disarm(k)
	t := &c.timers[k]
	t.armed = true
	t.id = c.env.SetTimer(d, node.Tag{Kind: c.cfg.TimerKind + uint32(k), Arg: t.generation})
}

func (c *Client) disarm(k timerKind) {
	t := &c.timers[k]
	if t.armed {
		c.env.StopTimer(t.id)
	}
	t.armed = false
	t.generation++
}

// Timer forwards [node.Node.Timer].
func (c *Client) Timer(tag node.Tag) bool {
	k := timerKind(tag.Kind - c.cfg.TimerKind)
	if k >= TimerKinds {
		return false
	}
	t := &c.timers[k]
	if !t.armed || t.generation != tag.Arg {
		return true
	}
	t.armed = false
	switch k {
	case connectTimer:
		c.lose(wire.ErrConnectionLoss)
	case readTimer:
		c.readDue()
	case pingTimer:
		c.pingDue()
	case retryTimer:
		c.dial()
	case opTimer:
		c.overdue()
	case seekTimer:
		c.ask()
	}
	return true
}

func (c *Client) readTimeout() time.Duration { return c.timeout * 2 / 3 }

func (c *Client) pingInterval() time.Duration {
	return min(max(c.readTimeout()/2, 1), maxPingInterval)
}

// readDue drops a connection whose server is silent. Messages only note when
// they came; the timer catches up here, so that traffic costs no timers.
func (c *Client) readDue() {
	rest := c.heard + c.readTimeout() - c.env.Now()
	switch {
	case rest > 0:
		c.arm(readTimer, rest)
	case c.mute: // without our pings the server has nothing to say
		c.arm(readTimer, c.readTimeout())
	default:
		c.lose(wire.ErrConnectionLoss)
	}
}

// pingDue keeps the session alive if nothing else did.
func (c *Client) pingDue() {
	rest := c.spoke + c.pingInterval() - c.env.Now()
	if rest <= 0 && !c.mute {
		c.spoke = c.env.Now()
		c.env.Send(c.conn, &wire.Request{Xid: wire.XidPing, Type: wire.OpPing, Body: &wire.Empty{}})
	}
	if rest <= 0 {
		rest = c.pingInterval()
	}
	c.arm(pingTimer, rest)
}

// armOldest sets the timer for the oldest request, unless it is set. It may come
// early, never late, since later requests have later deadlines.
func (c *Client) armOldest() {
	if c.timers[opTimer].armed || c.cfg.OpTimeout == 0 {
		return
	}
	var oldest *request
	switch {
	case len(c.pending) > 0:
		oldest = c.pending[0]
	case len(c.queue) > 0:
		oldest = c.queue[0]
	default:
		return
	}
	c.arm(opTimer, oldest.deadline-c.env.Now())
}
