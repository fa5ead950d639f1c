package wire

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/node"
)

// ErrDisconnected is why a call ended whose connection broke: the request may have
// been performed, or may yet be.
var ErrDisconnected = errors.New("the connection ended before the answer came")

// Caller is the calling end of one connection to a broker: it numbers requests and
// matches the responses, which come in order. It dials at the first call and again at
// the first call after a break. Time limits are its owner's: [Caller.Hangup] ends what
// takes too long, since a later response could not be told from an earlier one's.
type Caller struct {
	env      node.Env
	to       node.ID
	port     node.Port
	clientID string

	conn        node.ConnID // 0 if there is none
	correlation int32
	// pending are the calls on conn that expect an answer, in order.
	pending []call
	// fresh are requests that have not been used; each is used once, as it travels.
	fresh []Request
}

// call is one request that is not answered yet.
type call struct {
	key, version int16
	correlation  int32
	done         func(kmsg.Response, error)
	// token is told what answers a token; nil where a request is to be answered.
	token func([]byte, error)
}

// lost tells a call that its connection ended.
func (c call) lost() {
	if c.token != nil {
		c.token(nil, ErrDisconnected)
		return
	}
	c.done(nil, ErrDisconnected)
}

// NewCaller makes a caller without a connection. clientID is the one in its requests.
func NewCaller(env node.Env, to node.ID, port node.Port, clientID string) *Caller {
	return &Caller{env: env, to: to, port: port, clientID: clientID}
}

// Call sends a request, whose version its owner has set, and calls done once, with a
// response or with [ErrDisconnected]; never before Call returns. A nil done is for the
// one request that is not answered, a produce without acknowledgement.
func (c *Caller) Call(body kmsg.Request, done func(kmsg.Response, error)) {
	if c.conn == 0 {
		c.conn = c.env.Dial(c.to, c.port)
	}
	c.correlation++
	if done != nil {
		c.pending = append(c.pending, call{key: body.Key(), version: body.GetVersion(), correlation: c.correlation, done: done})
	}
	r := c.newRequest()
	*r = Request{Key: body.Key(), Version: body.GetVersion(), Correlation: c.correlation, ClientID: c.clientID, Body: body}
	c.env.Send(c.conn, r)
}

// newRequest makes one, of which some are allocated at a time.
func (c *Caller) newRequest() *Request {
	const atOnce = 8
	if len(c.fresh) == 0 {
		c.fresh = make([]Request, atOnce)
	}
	r := &c.fresh[0]
	c.fresh = c.fresh[1:]
	return r
}

// Connected reports whether there is a connection, be it still being opened.
func (c *Caller) Connected() bool { return c.conn != 0 }

// Pending is the number of calls that are not answered.
func (c *Caller) Pending() int { return len(c.pending) }

// Hangup ends the connection, and with it all pending calls.
func (c *Caller) Hangup() {
	if c.conn != 0 {
		c.env.Close(c.conn)
		c.broken()
	}
}

// Owns reports whether a connection is the caller's.
func (c *Caller) Owns(conn node.ConnID) bool { return conn != 0 && conn == c.conn }

// Closed forwards [node.Node.Closed]. Like the others it reports whether the
// connection is the caller's.
func (c *Caller) Closed(conn node.ConnID) bool {
	if !c.Owns(conn) {
		return false
	}
	c.broken()
	return true
}

// broken tells everybody that waits. They may call again at once, over a new
// connection.
func (c *Caller) broken() {
	lost := c.pending
	c.conn, c.pending = 0, nil
	for _, l := range lost {
		l.lost()
	}
}

// Receive forwards [node.Node.Receive].
func (c *Caller) Receive(conn node.ConnID, m node.Message) bool {
	if !c.Owns(conn) {
		return false
	}
	if t, ok := m.(*Token); ok && len(c.pending) > 0 && c.pending[0].token != nil {
		first := c.pending[0]
		c.pending = slices.Delete(c.pending, 0, 1)
		first.token(t.Bytes, nil)
		return true
	}
	r, ok := m.(*Response)
	if !ok || len(c.pending) == 0 || r.Correlation != c.pending[0].correlation {
		panic(fmt.Sprintf("wire: %v came, but %d calls are pending and another is the first", m, len(c.pending)))
	}
	first := c.pending[0]
	c.pending = slices.Delete(c.pending, 0, 1)
	first.done(r.Body, nil)
	return true
}

// Decode forwards [node.Node.Decode]: only the caller knows what is answered.
func (c *Caller) Decode(frame []byte) (node.Message, error) {
	if len(c.pending) == 0 {
		return nil, errors.New("wire: an answer to nothing")
	}
	if c.pending[0].token != nil {
		return &Token{slices.Clone(frame)}, nil
	}
	return DecodeResponse(frame, c.pending[0].key, c.pending[0].version)
}
