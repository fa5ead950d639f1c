package client

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// A client that may be served read-only goes on looking for a server that takes writes
// while it is. It asks one server after the other, on a connection of its own, and
// moves to the first that says it does. What it was given by a read-only server is no
// session there: until a full server has given it one, it asks for a new one each time.

// The pause between two such questions doubles, within these. A question that was not
// answered by the next is given up.
const (
	leastSeekPause = 100 * time.Millisecond
	mostSeekPause  = time.Minute
)

// seeking is the search for a full server.
type seeking struct {
	conn   node.ConnID // that a question is out on, 0 if none is
	server node.ID     // that it went to
	pause  time.Duration
	// found is the server to go to next, if any.
	found bool
}

// ReadOnly reports whether the client is connected to a read-only server.
func (c *Client) ReadOnly() bool { return c.readOnly && c.phase == connected }

// seek arms the next question, if the present server is read-only.
func (c *Client) seek() {
	if c.readOnly {
		c.seeking = seeking{pause: leastSeekPause}
		c.arm(seekTimer, c.seeking.pause)
	}
}

// ask puts the question to the next server. One that did not answer yet is given up.
func (c *Client) ask() {
	c.stopAsking()
	if !c.mute {
		c.seeking.server = c.order[c.next]
		c.next = (c.next + 1) % len(c.order)
		c.seeking.conn = c.env.Dial(c.seeking.server, c.cfg.Port)
		c.env.Send(c.seeking.conn, &wire.Word{Text: wire.IsReadOnly})
	}
	c.seeking.pause = min(2*c.seeking.pause, mostSeekPause)
	c.arm(seekTimer, c.seeking.pause)
}

func (c *Client) stopAsking() {
	if c.seeking.conn != 0 {
		c.env.Close(c.seeking.conn)
		c.seeking.conn = 0
	}
}

// told takes an answer: to a server that takes writes the client moves at once.
func (c *Client) told(answer *wire.WordReply) {
	server := c.seeking.server
	c.stopAsking()
	if answer.Text != wire.ReadWriteServer || c.phase != connected {
		return
	}
	c.seeking = seeking{server: server, found: true}
	c.tried = 0
	c.lose(wire.ErrConnectionLoss)
}

// nextServer is the server to dial: the one that was found, or the next in line.
func (c *Client) nextServer() node.ID {
	if c.seeking.found {
		c.seeking.found = false
		return c.seeking.server
	}
	server := c.order[c.next]
	c.next = (c.next + 1) % len(c.order)
	return server
}
