package client

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// phase is where the client stands with its session.
type phase uint8

const (
	idle       phase = iota // before Start
	waiting                 // between two rounds of attempts, or mute without a connection
	connecting              // dialled, no ConnectResponse yet
	connected
	expired // a server said so
	ended   // closeSession was confirmed, or sent and never answered
	refused // a server did not believe a credential
)

var phaseNames = [...]string{"idle", "waiting", "connecting", "connected", "expired", "closed", "refused"}

// Client is one session and the requests on it. Make it with [New].
type Client struct {
	env      node.Env
	cfg      Config
	listener Listener

	phase phase
	order []node.ID // the servers, shuffled once
	next  int       // index of the server to try next
	tried int       // failures since the last success or pause

	conn    node.ConnID // zero unless connecting or connected
	server  node.ID     // of conn
	session int64       // 0 until a server gave us one
	passwd  [16]byte
	timeout time.Duration // negotiated
	seen    wire.Zxid     // lastZxidSeen: the highest zxid of a reply in this session
	connNo  int           // connections of this session so far
	// readOnly: conn's server takes no writes. seenFull: some server of this handle did,
	// and the session is worth being asked for again.
	readOnly, seenFull bool
	seeking            seeking
	xid                int32 // last one used; never used twice in a session

	// pending holds what was sent on conn and is not answered, in order; queue
	// what waits to be sent, in order. Everything pending is older than
	// everything queued.
	pending, queue []*request
	closing        bool // a closeSession is pending or queued: nothing may follow it
	mute           bool // between Hang and Wake

	credentials []Credential     // shown on every connection
	shown       []Authentication // on conn, not answered

	watches  watches
	rearming []*wire.SetWatches2Request // sent on conn, not answered, in order
	rearmed  wire.Zxid                  // of the answers to those before them
	received int                        // replies and events on conn

	heard, spoke time.Duration // when conn last brought, last took a message
	timers       [TimerKinds]timer
}

// New makes a client that does nothing until [Client.Start]. A config that
// [Config.Validate] rejects is a bug and panics.
func New(env node.Env, cfg Config, l Listener) *Client {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	return &Client{env: env, cfg: cfg, listener: l, server: node.Nobody, watches: newWatches()}
}

// Start opens a session.
func (c *Client) Start() {
	if c.phase != idle {
		panic("client: started twice")
	}
	for _, i := range c.env.Rand().Perm(len(c.cfg.Servers)) {
		c.order = append(c.order, c.cfg.Servers[i])
	}
	c.dial()
}

// Restart gives up the present session, whatever its state, without closing it,
// and opens a new one, as nobody in particular. What was submitted and not sent fails for sure.
func (c *Client) Restart() {
	if c.phase == idle {
		panic("client: restarted before it was started")
	}
	was := c.phase
	endings := append(c.hangUp(wire.ErrConnectionLoss), c.failQueue(wire.ErrSessionExpired)...)
	left := c.event(Disconnected)
	c.session, c.passwd, c.seen, c.connNo, c.xid = 0, [16]byte{}, 0, 0, 0
	c.closing, c.tried, c.watches, c.credentials = false, 0, newWatches(), nil
	c.seenFull, c.seeking = false, seeking{}
	c.dial()
	if was == connected {
		c.listener.SessionEvent(left)
	}
	deliver(endings)
}

// Move drops the connection, if there is one, and goes to the next server.
func (c *Client) Move() {
	if c.phase != connected && c.phase != connecting {
		return
	}
	c.tried = 0
	c.lose(wire.ErrConnectionLoss)
}

// Hang makes the client mute: it sends nothing, not even pings, until
// [Client.Wake], so that its session may expire. It still takes in replies.
func (c *Client) Hang() { c.mute = true }

// Wake ends a [Client.Hang]: the client starts over on a fresh connection.
func (c *Client) Wake() {
	if !c.mute {
		return
	}
	c.mute = false
	switch c.phase {
	case connected, connecting:
		c.Move()
	case waiting:
		c.dial()
	}
}

// Session returns the ID of the session, 0 before the first connection.
func (c *Client) Session() int64 { return c.session }

// Connected reports whether requests would be sent at once.
func (c *Client) Connected() bool { return c.phase == connected && !c.mute }

// Over reports whether the session has expired, was closed or refused, so that only
// [Client.Restart] helps.
func (c *Client) Over() bool { return c.phase == expired || c.phase == ended || c.phase == refused }

// State says in a word where the client stands, for people.
func (c *Client) State() string {
	if c.mute {
		return phaseNames[c.phase] + ", mute"
	}
	return phaseNames[c.phase]
}

// event describes the session as it is now.
func (c *Client) event(k EventKind) Event {
	return Event{Kind: k, Session: c.session, Conn: c.connNo, Server: c.server, Zxid: c.seen}
}
