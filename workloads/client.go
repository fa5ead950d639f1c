package workloads

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// ClientConfig is what a client node has to be told. StartAt, StopAt and FinalAt
// are in the world's virtual time.
type ClientConfig struct {
	// Index is the client's index among the clients of the workload, from 0.
	Index   int
	Servers []node.ID
	// SessionTimeout, ConnectTimeout and OpTimeout are those of [client.Config].
	// OpTimeout must be positive, or one lost reply would end the list.
	SessionTimeout, ConnectTimeout, OpTimeout time.Duration
	// CanBeReadOnly lets read-only servers serve the client.
	CanBeReadOnly bool
	// WatchBatch is that of [client.Config].
	WatchBatch int
	// Setup is performed at once, in order, each until it succeeds; give it to
	// client 0 only.
	Setup []Op
	// Ops is the client's part of the plan, Final its final reads.
	Ops, Final []Op
	// StartAt is the time that Op.At counts from. From StopAt on no operation of
	// Ops starts, and from FinalAt on the final reads are made.
	StartAt, StopAt, FinalAt time.Duration
	Record                   *Recorder
	// Vouched are the identities that servers take from the client's transport.
	Vouched []wire.Identity
	// Bugs are those planted in the recipes and in the session.
	Bugs bugs.Set
}

// retryPause separates attempts at setup operations and final reads.
const retryPause = 100 * time.Millisecond

// minSleep keeps a client whose clock runs fast from waking up again and again
// just short of the time it waits for.
const minSleep = time.Millisecond

// Validate reports what is missing or nonsense.
func (c ClientConfig) Validate() error {
	switch {
	case c.Record == nil:
		return errors.New("workloads: a client without a recorder")
	case c.Index < 0 || c.Index >= len(c.Record.clients):
		return fmt.Errorf("workloads: client %d, but the recorder has %d clients", c.Index, len(c.Record.clients))
	case c.OpTimeout <= 0:
		return errors.New("workloads: OpTimeout must be positive")
	case c.StopAt < c.StartAt || c.FinalAt < c.StopAt:
		return fmt.Errorf("workloads: start %v, stop %v, final reads %v; they must come in this order",
			c.StartAt, c.StopAt, c.FinalAt)
	}
	for _, list := range [...][]Op{c.Setup, c.Ops, c.Final} {
		for i := range list {
			if list[i].Client != c.Index {
				return fmt.Errorf("workloads: client %d was given `%v`", c.Index, list[i])
			}
		}
	}
	return nil
}

// Client is the node that runs one client's list of operations on one session at
// a time. When its session expires it opens another and goes on, and so it does
// for the next operation after it closed one.
type Client struct {
	node.Base
	cfg ClientConfig
	env node.Env
	zk  *client.Client
	pace

	question *question // the four-letter word under way, nil if none

	connected *node.Signal // set at the next connection; nil if nobody waits

	sessions int   // how many sessions were given up so far
	stumbles bool  // it moves once more when watches of its are taken over
	step     *step // the recipe step that runs, nil if none

	credentials []client.Credential // of the present session
	config      int64               // the version of the configuration seen last
	versions    map[string]int32    // the version last seen of each path
	created     map[string][]string // per directory: own sequential children, oldest first
}

// NewClient makes a client node. A config that [ClientConfig.Validate] rejects is
// a bug and panics.
func NewClient(cfg ClientConfig) *Client {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	return &Client{cfg: cfg, pace: pace{rec: cfg.Record}, versions: map[string]int32{}, created: map[string][]string{}}
}

// Boot starts the session and the list. After a crash, the list goes on after the
// operation in which the client died, as another process.
func (c *Client) Boot(env node.Env) {
	c.env = env
	c.zk = client.New(env, client.Config{
		Servers:        c.cfg.Servers,
		SessionTimeout: c.cfg.SessionTimeout,
		ConnectTimeout: c.cfg.ConnectTimeout,
		OpTimeout:      c.cfg.OpTimeout,
		CanBeReadOnly:  c.cfg.CanBeReadOnly,
		WatchBatch:     c.cfg.WatchBatch,
		Bugs:           c.cfg.Bugs,
	}, c)
	c.rec.boot(c.cfg.Index)
	c.zk.Start()
	env.Go("workload", c.run)
}

// State says in a few words what the client is doing, for people.
func (c *Client) State() string {
	if c.zk == nil {
		return "not booted"
	}
	return fmt.Sprintf("%s, %d in flight", c.zk.State(), c.inFlight)
}

// run is the client's life, straight down.
func (c *Client) run(t *node.Task) {
	c.setup(t)
	c.sleepUntil(t, c.cfg.StartAt)
	for i := c.rec.begin(c.cfg.Index, len(c.cfg.Ops)); i >= 0; i = c.rec.begin(c.cfg.Index, len(c.cfg.Ops)) {
		op := &c.cfg.Ops[i]
		if !op.Pipelined {
			c.drain(t)
		}
		c.sleepUntil(t, c.cfg.StartAt+op.At)
		switch {
		case op.Patient:
			c.revive()
			c.awaitConnection(t)
		case c.rec.Now() >= c.cfg.StopAt:
			continue
		}
		c.perform(t, op)
	}
	c.drain(t)
	c.sleepUntil(t, c.cfg.FinalAt)
	c.final(t)
}

// setup performs the setup, each operation until it is done.
func (c *Client) setup(t *node.Task) {
	if c.rec.Ready() {
		return
	}
	for _, op := range c.cfg.Setup {
		for !c.tryCreate(t, op) {
			t.Sleep(retryPause)
		}
	}
	c.rec.clients[c.cfg.Index].setup = true
}

// awaitConnection waits until the session has a server.
func (c *Client) awaitConnection(t *node.Task) {
	if !c.zk.Connected() || c.zk.ReadOnly() {
		c.connected = new(node.Signal)
		t.Await(c.connected)
	}
}

func (c *Client) tryCreate(t *node.Task, op Op) bool {
	c.awaitConnection(t)
	op.ID = c.rec.freshID(op.ID)
	c.submit(&op, false)
	c.drain(t)
	got := c.rec.op(op.ID)
	return got.Outcome == history.OK || got.Err == wire.ErrNodeExists
}

// final makes the final reads, each until a server answers.
func (c *Client) final(t *node.Task) {
	for _, op := range c.cfg.Final[c.rec.clients[c.cfg.Index].final:] {
		for !c.tryFinal(t, op) {
			t.Sleep(retryPause)
		}
		c.rec.clients[c.cfg.Index].final++
	}
}

// tryFinal makes one attempt. That there is no such node is an answer, too, and so is
// that nobody but its owner may see it.
func (c *Client) tryFinal(t *node.Task, op Op) bool {
	c.revive()
	c.submit(&op, true)
	c.drain(t)
	got := c.rec.op(op.ID)
	return got.Outcome == history.OK || got.Err == wire.ErrNoNode || got.Err == wire.ErrNoAuth
}

// perform does one operation of the plan.
func (c *Client) perform(t *node.Task, op *Op) {
	if isRecipe(op.F) {
		c.follow(t, *op)
		return
	}
	switch op.F {
	case Hang:
		c.zk.Hang()
		t.Sleep(op.For)
		c.zk.Wake()
	case Move:
		c.zk.Move()
	case Stumble:
		c.stumble(t)
	case Open:
		c.credentials = nil
		c.reopen()
	case history.Ask:
		c.ask(t, *op)
	case Auth:
		c.authenticate(*op)
	default:
		if !op.Pipelined {
			c.revive()
		}
		c.submit(op, false)
	}
}

// stumble moves, and waits a little for the watches that make it move again: what it
// asked for before would be lost. A client without watches comes to stay.
func (c *Client) stumble(t *node.Task) {
	c.stumbles = true
	c.zk.Move()
	for wait := 10; c.stumbles && wait > 0; wait-- {
		t.Sleep(retryPause / 2)
	}
	c.stumbles = false
}

// revive opens a new session if the present one is over.
func (c *Client) revive() {
	if c.zk.Over() {
		c.reopen()
	}
}

// reopen opens a new session. Whoever runs in it is another process: what the
// old session left behind, its ephemerals and its place in the order, is not its own.
func (c *Client) reopen() {
	c.rec.NewProcess(c.cfg.Index)
	c.sessions++
	c.zk.Restart()
	for _, known := range c.credentials {
		c.zk.Authenticate(known)
	}
	c.step.stir()
}

// authenticate shows a credential, on this and all later connections.
func (c *Client) authenticate(op Op) {
	if !op.Pipelined {
		c.revive()
	}
	if c.zk.Over() {
		return
	}
	scheme, secret, _ := strings.Cut(op.Value, ":")
	cred := client.Credential{Scheme: scheme, Secret: secret}
	c.credentials = append(c.credentials, cred)
	c.zk.Authenticate(cred)
}

// SessionEvent records what happens to the session.
func (c *Client) SessionEvent(e client.Event) {
	var vouched []wire.Identity
	if e.Kind == client.Connected || e.Kind == client.ConnectedReadOnly {
		vouched = c.cfg.Vouched
	}
	c.rec.Session(history.SessionEvent{
		Client: c.cfg.Index, Kind: history.SessionEventKind(e.Kind.String()), Session: e.Session,
		Conn: e.Conn, Server: int(e.Server), Zxid: e.Zxid, Timeout: e.Timeout,
		Before: e.Before, Asked: c.cfg.CanBeReadOnly, Vouched: vouched,
	})
	switch e.Kind {
	case client.ConnectedReadOnly: // who waits, waits for a server that takes writes
	case client.Connected:
		if s := c.connected; s != nil {
			c.connected = nil
			s.Set(nil)
		}
	case client.Expired:
		c.reopen()
	case client.AuthFailed:
		c.credentials = nil
		c.reopen()
	}
}

// WatchEvent records a notification.
func (c *Client) WatchEvent(e client.WatchEvent) {
	c.rec.Event(history.WatchEvent{
		Client: c.cfg.Index, Session: e.Session, Conn: e.Conn, Server: int(e.Server),
		Order: e.Order, Type: e.Type, Path: e.Path, Zxid: e.Zxid,
	})
	c.step.notified(e)
}

// WatchesRearmed records a setWatches, after which the client may have to go on.
func (c *Client) WatchesRearmed(r client.Rearmed) {
	q := r.Request
	c.rec.Rearm(history.Rearm{
		Client: c.cfg.Index, Session: r.Session, Conn: r.Conn, Server: int(r.Server), Order: r.Order, Zxid: r.Zxid,
		Seen: q.Seen, Data: q.Data, Exist: q.Exist, Child: q.Child, Persistent: q.Persistent, Recursive: q.Recursive,
	})
	if c.stumbles {
		c.stumbles = false
		c.zk.Move()
	}
}

// Authenticating records a credential that was shown, and its answer.
func (c *Client) Authenticating(a client.Authentication) {
	c.rec.Auth(history.Auth{
		Client: c.cfg.Index, Session: a.Session, Conn: a.Conn, Server: int(a.Server), After: a.After,
		Scheme: a.Scheme, Secret: a.Secret, Super: a.Credential == Superuser,
		Answered: a.Answered, Err: a.Err, Order: a.Order,
	})
}

// Opened forwards to the session.
func (c *Client) Opened(conn node.ConnID) {
	if !c.asking(conn) {
		c.zk.Opened(conn)
	}
}

// Receive forwards to the session what is no answer to a question.
func (c *Client) Receive(conn node.ConnID, m node.Message) {
	if answer, ok := m.(*wire.WordReply); ok && c.asking(conn) {
		c.question.answer, c.question.heard = answer.Text, true
		return
	}
	c.zk.Receive(conn, m)
}

// Closed forwards to the session.
func (c *Client) Closed(conn node.ConnID, why node.CloseReason) {
	if c.asking(conn) {
		c.answered(why == node.ClosedByPeer && c.question.heard)
		return
	}
	c.zk.Closed(conn, why)
}

// Timer forwards to the session, which has all timers but those of questions
// and recipe steps.
func (c *Client) Timer(tag node.Tag) {
	if tag.Kind == tagQuestion {
		c.questionTimeout(tag.Arg)
		return
	}
	if !c.zk.Timer(tag) {
		c.step.stir()
	}
}

// Decode forwards to the session.
func (c *Client) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	if c.asking(conn) {
		return wire.DecodeWordReply(frame), nil
	}
	return c.zk.Decode(conn, frame)
}
