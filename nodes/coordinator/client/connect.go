package client

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// dial tries the next server. A mute client waits for [Client.Wake] instead.
func (c *Client) dial() {
	if c.mute {
		c.phase = waiting
		return
	}
	c.disarm(retryTimer)
	c.phase = connecting
	c.server = c.nextServer()
	c.received, c.rearming, c.rearmed, c.shown = 0, nil, 0, nil
	c.conn = c.env.Dial(c.server, c.cfg.Port)
	c.readOnly = false
	r := &wire.ConnectRequest{
		LastZxidSeen: c.seen, TimeoutMs: int32(c.cfg.SessionTimeout / time.Millisecond), ReadOnly: c.cfg.CanBeReadOnly,
	}
	if c.seenFull {
		r.Session, r.Password = c.session, c.passwd
	}
	c.env.Send(c.conn, r)
	c.arm(connectTimer, c.cfg.ConnectTimeout)
}

// again goes to the next server, after a pause if all were tried in vain: a
// cluster that refuses everybody must not be dialled in a tight loop.
func (c *Client) again() {
	if c.tried++; c.tried <= len(c.order) {
		c.dial()
		return
	}
	c.phase, c.tried = waiting, 0
	c.arm(retryTimer, 1+time.Duration(c.env.Rand().Int64N(int64(c.cfg.RetryDelay))))
}

// accepted takes a server's answer to the ConnectRequest.
func (c *Client) accepted(r *wire.ConnectResponse) {
	if c.phase != connecting {
		panic(fmt.Sprintf("client: server %d sent a second ConnectResponse on one connection", c.server))
	}
	if r.TimeoutMs <= 0 {
		c.expire()
		return
	}
	if c.seenFull && c.session != r.Session {
		panic(fmt.Sprintf("client: server %d answered session %#x with session %#x", c.server, c.session, r.Session))
	}
	before := c.session
	if before != r.Session {
		c.connNo = 0
	} else {
		before = 0
	}
	c.session, c.passwd = r.Session, r.Password
	c.readOnly, c.seenFull = r.ReadOnly, c.seenFull || !r.ReadOnly
	c.timeout = time.Duration(r.TimeoutMs) * time.Millisecond
	c.phase, c.tried = connected, 0
	c.connNo++
	c.spoke = c.env.Now()
	c.disarm(connectTimer)
	c.arm(readTimer, c.readTimeout())
	c.arm(pingTimer, c.pingInterval())
	c.seek()
	e := c.event(Connected)
	if c.readOnly {
		e.Kind = ConnectedReadOnly
	}
	e.Timeout, e.Before = c.timeout, before
	c.introduce()
	c.rearm()
	c.listener.SessionEvent(e)
	c.flush()
}

// hangUp ends the connection, if there is one, and returns the endings of what
// was pending on it. The caller decides what comes next, before telling anyone.
func (c *Client) hangUp(err wire.ErrorCode) []ending {
	if c.conn != 0 {
		c.env.Close(c.conn)
		c.conn = 0
	}
	c.stopAsking()
	for _, t := range [...]timerKind{connectTimer, readTimer, pingTimer, retryTimer, seekTimer} {
		c.disarm(t)
	}
	return c.losePending(err)
}

// lose ends the connection and goes to the next server; the endings in before
// are told before those it causes. If a closeSession was
// on its way, the session ends here: reviving it could only contradict its
// owner, and the ensemble expires it if the request was lost.
func (c *Client) lose(err wire.ErrorCode, before ...ending) {
	was, left := c.phase, c.event(Disconnected)
	closeSent := c.closing && len(c.queue) == 0
	endings := append(before, c.hangUp(err)...)
	if closeSent {
		c.phase = ended
	} else {
		c.again()
	}
	if was == connected {
		c.listener.SessionEvent(left)
	}
	deliver(endings)
}

// expire ends the session because a server said so; before holds the ending of
// the request that was answered so, if it was one.
func (c *Client) expire(before ...ending) {
	e := c.event(Expired)
	endings := append(before, c.hangUp(wire.ErrConnectionLoss)...)
	endings = append(endings, c.failQueue(wire.ErrSessionExpired)...)
	c.phase = expired
	c.listener.SessionEvent(e)
	deliver(endings)
}

// finish ends the session because a server confirmed our closeSession. Nothing
// can be pending behind it.
func (c *Client) finish(last ending) {
	e := c.event(Closed)
	endings := append([]ending{last}, c.hangUp(wire.ErrConnectionLoss)...)
	c.phase = ended
	c.listener.SessionEvent(e)
	deliver(endings)
}

// Opened forwards [node.Node.Opened]. Like all forwarded callbacks it reports
// whether the connection or timer is the client's.
func (c *Client) Opened(conn node.ConnID) bool { return conn == c.conn || conn == c.seeking.conn }

// Closed forwards [node.Node.Closed].
func (c *Client) Closed(conn node.ConnID, _ node.CloseReason) bool {
	if conn != 0 && conn == c.seeking.conn {
		c.seeking.conn = 0
		return true
	}
	if conn == 0 || conn != c.conn {
		return false
	}
	c.conn = 0
	c.lose(wire.ErrConnectionLoss)
	return true
}

// Receive forwards [node.Node.Receive].
func (c *Client) Receive(conn node.ConnID, m node.Message) bool {
	if answer, ok := m.(*wire.WordReply); ok && conn == c.seeking.conn {
		c.told(answer)
		return true
	}
	if conn == 0 || conn != c.conn {
		return false
	}
	c.heard = c.env.Now()
	switch m := m.(type) {
	case *wire.ConnectResponse:
		c.accepted(m)
	case *wire.Reply:
		c.received++
		c.answered(m)
	default:
		panic(fmt.Sprintf("client: server %d sent a %s", c.server, m.Kind()))
	}
	return true
}

// Decode forwards [node.Node.Decode]: only the client remembers which request a
// reply answers.
func (c *Client) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	if conn != 0 && conn == c.seeking.conn {
		return wire.DecodeWordReply(frame), nil
	}
	if conn == c.conn && c.phase == connecting {
		return wire.DecodeConnectResponse(frame)
	}
	return wire.DecodeReply(frame, c.typeOf)
}
