package workloads

import (
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// question is a four-letter word under way, on a connection of its own.
type question struct {
	conn   node.ConnID
	op     int
	answer string
	heard  bool
	done   *node.Signal // set when the server has answered or is given up
}

// ask puts a four-letter word to a server and waits for the end of the answer. Words
// are no part of the session: whatever becomes of one, the session goes on.
func (c *Client) ask(t *node.Task, op Op) {
	server := c.cfg.Servers[op.Server%len(c.cfg.Servers)]
	q := &question{op: op.ID, done: new(node.Signal)}
	c.rec.Invoke(history.Op{ID: op.ID, Client: c.cfg.Index, F: history.Ask, Value: op.Value, Server: int(server)})
	q.conn = c.env.Dial(server, wire.ClientPort)
	c.question = q
	c.env.Send(q.conn, &wire.Word{Text: op.Value})
	deadline := c.env.SetTimer(c.cfg.OpTimeout, node.Tag{Kind: tagQuestion, Arg: uint64(op.ID)})
	t.Await(q.done)
	c.env.StopTimer(deadline)
}

// tagQuestion is the timer that gives a question up, far from the session's own.
const tagQuestion uint32 = 1000

// answered ends the question under way. Without an answer nothing happened.
func (c *Client) answered(ok bool) {
	q := c.question
	c.question = nil
	c.rec.Return(q.op, func(h *history.Op) {
		if h.Outcome = history.Fail; ok {
			h.Outcome, h.OutValue = history.OK, q.answer
		}
	})
	q.done.Set(nil)
}

// questionTimeout gives up a server that does not answer.
func (c *Client) questionTimeout(op uint64) {
	if c.question != nil && c.question.op == int(op) {
		c.env.Close(c.question.conn)
		c.answered(false)
	}
}

// asking reports whether a connection is that of the question under way.
func (c *Client) asking(conn node.ConnID) bool { return c.question != nil && c.question.conn == conn }
