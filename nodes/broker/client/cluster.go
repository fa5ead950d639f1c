package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/internal/alarm"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Cluster is what a client knows of a cluster, and its connections. Make it with [New].
type Cluster struct {
	env node.Env
	cfg Config
	// clock is what everything here is timed by.
	clock alarm.Clock

	// links are the connections in the order in which they were first wanted; byName
	// finds them.
	links  []*link
	byName map[linkName]*link
	// lanes is how many users have a connection of their own to every broker. Lane 0 is
	// the cluster's.
	lanes int

	metadata metadata
	closed   bool
	// salted is what of the password is slow to find out.
	salted map[string][]byte

	// inside is how many forwarded callbacks are on the stack; what is to be told is
	// told when the outermost returns, and who asked for it is woken.
	inside int
	untold []func()
	wakers []*waker
}

// linkName says what a link is for: the users of one host take different lanes.
type linkName struct {
	host string
	lane int
}

// New makes a client that does nothing until it is asked for something. A config that
// [Config.Validate] rejects is a bug and panics.
func New(env node.Env, cfg Config) *Cluster {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	c := &Cluster{env: env, cfg: cfg, clock: alarm.New(env, cfg.TimerKind), byName: map[linkName]*link{}, lanes: 1, salted: cfg.Salted}
	if c.salted == nil {
		c.salted = map[string][]byte{}
	}
	c.metadata = newMetadata(c)
	return c
}

// Close ends all connections. What is pending ends, failed or unknown; the Cluster and
// its users take nothing more.
func (c *Cluster) Close() {
	if c.closed {
		return
	}
	c.closed = true
	c.enter()
	for _, l := range c.links {
		l.hangUp()
	}
	for _, u := range c.metadata.users {
		u.shutDown()
	}
	c.leave()
}

// user is one of those that share the view of the cluster.
type user interface {
	// metadataChanged tells that an answer to a metadata request has been taken in.
	metadataChanged()
	// shutDown ends everything that is pending.
	shutDown()
}

// join adds a user, and gives it a lane.
func (c *Cluster) join(u user) (lane int) {
	c.metadata.users = append(c.metadata.users, u)
	return c.newLane()
}

// newLane is another connection to every broker that it is used for.
func (c *Cluster) newLane() int {
	c.lanes++
	return c.lanes - 1
}

// tell arranges that an owner is told something once all is settled. Outside of
// callbacks that is when the present one of the node has returned.
func (c *Cluster) tell(f func()) {
	if c.inside == 0 && len(c.untold) == 0 {
		c.clock.After(0, func() {})
	}
	c.untold = append(c.untold, f)
}

// Do calls f as if it were a forwarded callback: what f asks for leaves when it returns,
// together. Without, it would leave in a callback of its own, for which a timer is set.
func (c *Cluster) Do(f func()) {
	c.enter()
	f()
	c.leave()
}

func (c *Cluster) enter() { c.inside++ }

// leave tells what there is to tell, in order, and wakes users. Both may add to it. Owners
// hear first, so that what they ask for then leaves together with what is ready anyway.
func (c *Cluster) leave() {
	if c.inside > 1 {
		c.inside--
		return
	}
	for len(c.untold)+len(c.wakers) > 0 {
		if len(c.untold) > 0 {
			first(&c.untold)()
			continue
		}
		w := first(&c.wakers)
		w.queued = false
		w.call()
	}
	c.inside--
}

// first takes the first of a list, which keeps its room.
func first[T any](list *[]T) T {
	f := (*list)[0]
	*list = slices.Delete(*list, 0, 1)
	return f
}

// owner finds the link that a connection belongs to, nil if it is none of ours.
func (c *Cluster) owner(conn node.ConnID) *link {
	for _, l := range c.links {
		if l.caller.Owns(conn) {
			return l
		}
	}
	return nil
}

// Owns reports whether a connection is the client's.
func (c *Cluster) Owns(conn node.ConnID) bool { return c.owner(conn) != nil }

// Receive forwards [node.Node.Receive]. Like the others it reports whether the
// connection or timer is the client's.
func (c *Cluster) Receive(conn node.ConnID, m node.Message) bool {
	l := c.owner(conn)
	if l == nil {
		return false
	}
	c.enter()
	l.caller.Receive(conn, m)
	c.leave()
	return true
}

// Closed forwards [node.Node.Closed].
func (c *Cluster) Closed(conn node.ConnID, _ node.CloseReason) bool {
	l := c.owner(conn)
	if l == nil {
		return false
	}
	c.enter()
	l.broken()
	l.caller.Closed(conn)
	l.pump()
	c.leave()
	return true
}

// Timer forwards [node.Node.Timer].
func (c *Cluster) Timer(tag node.Tag) bool {
	if !c.clock.Owns(tag) {
		return false
	}
	c.enter()
	c.clock.Ring(tag)
	c.leave()
	return true
}

// Decode forwards [node.Node.Decode].
func (c *Cluster) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	l := c.owner(conn)
	if l == nil {
		return nil, fmt.Errorf("client: connection %d is none of its own", conn)
	}
	return l.caller.Decode(frame)
}

// call sends a request to a broker by its ID and calls done once: with an answer, or
// with why there is none. Never before call returns.
func (c *Cluster) call(lane int, broker int32, body kmsg.Request, done func(kmsg.Response, error)) {
	c.callWithin(c.cfg.RequestTimeout, lane, broker, body, done)
}

// callWithin is call with another time limit.
func (c *Cluster) callWithin(limit time.Duration, lane int, broker int32, body kmsg.Request, done func(kmsg.Response, error)) {
	host, ok := c.metadata.hosts[broker]
	if !ok || c.closed {
		c.clock.After(0, func() { done(nil, ErrNotSent) })
		return
	}
	c.link(host, lane).call(body, limit, done)
}

// link returns the connection to a host, making it if it is the first use.
func (c *Cluster) link(host string, lane int) *link {
	name := linkName{host, lane}
	l := c.byName[name]
	if l == nil {
		l = newLink(c, host)
		c.byName[name] = l
		c.links = append(c.links, l)
	}
	return l
}

// backoff is the pause after some failures in a row, of which there is at least one.
func (c *Cluster) backoff(failures int) time.Duration {
	d := c.cfg.RetryBackoff << min(max(failures-1, 0), 20)
	if d <= 0 || d > c.cfg.RetryBackoffMax {
		d = c.cfg.RetryBackoffMax
	}
	return d*4/5 + time.Duration(c.env.Rand().Int64N(int64(d*2/5)+1))
}
