package client

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Credential proves an identity in a scheme of authentication: for digest it is
// "user:password".
type Credential struct{ Scheme, Secret string }

// Authentication is a credential that was shown to a server, told when it leaves and
// again when it is answered.
type Authentication struct {
	Session int64
	Conn    int
	Server  node.ID
	// After is the xid of the last request sent before: those with greater xids on this
	// connection are made under the identity too.
	After int32
	Credential
	// Answered, and then Err and Order: the position of the reply among the replies and
	// events of the connection, from 1.
	Answered bool
	Err      wire.ErrorCode
	Order    int
}

// Authenticate makes the client known by one more identity, now if it is connected and
// on every later connection of the session. A server that refuses the credential ends
// the session.
func (c *Client) Authenticate(cred Credential) {
	if !slices.Contains(c.credentials, cred) {
		c.credentials = append(c.credentials, cred)
	}
	if c.Connected() {
		c.show(cred)
	}
}

// introduce shows all credentials to the server that has just accepted the session,
// before anything else goes out: requests behind them are made under them.
func (c *Client) introduce() {
	if c.mute || c.connNo > 1 && c.cfg.Bugs.Has(bugs.AuthNotReplayed) {
		return
	}
	for _, cred := range c.credentials {
		c.show(cred)
	}
}

func (c *Client) show(cred Credential) {
	a := Authentication{Session: c.session, Conn: c.connNo, Server: c.server, After: c.xid, Credential: cred}
	c.shown = append(c.shown, a)
	c.spoke = c.env.Now()
	c.listener.Authenticating(a)
	c.env.Send(c.conn, &wire.Request{
		Xid: wire.XidAuth, Type: wire.OpAuth,
		Body: &wire.AuthRequest{Scheme: cred.Scheme, Credentials: []byte(cred.Secret)},
	})
}

// authenticated takes the answer to the oldest credential shown on the connection. A
// refusal ends the session: whoever wants to be somebody else must begin anew.
func (c *Client) authenticated(m *wire.Reply) {
	a := c.shown[0]
	c.shown = c.shown[1:]
	a.Answered, a.Err, a.Order = true, m.Err, c.received
	c.listener.Authenticating(a)
	if m.Err == wire.OK {
		return
	}
	e := c.event(AuthFailed)
	endings := append(c.hangUp(wire.ErrAuthFailed), c.failQueue(wire.ErrAuthFailed)...)
	c.phase = refused
	c.listener.SessionEvent(e)
	deliver(endings)
}
