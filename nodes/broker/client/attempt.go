package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// TryLogin finds out whether a broker believes a login, on a connection of its own that is
// closed at once. It ends with the broker's number, -1 if none is known; it failed without a
// code if nobody said anything.
func (c *Cluster) TryLogin(login sasl.Login, done func(broker int32, d Done)) {
	c.attempt(login, nil, done)
}

// TryUnproved finds out whether a broker answers somebody who has not said who it is, in the
// same way.
func (c *Cluster) TryUnproved(r kmsg.Request, done func(broker int32, d Done)) {
	r.SetVersion(spoken(r.Key()).min)
	c.attempt(sasl.Login{}, r, done)
}

func (c *Cluster) attempt(login sasl.Login, unproved kmsg.Request, done func(broker int32, d Done)) {
	ids := c.metadata.ids
	if c.closed || len(ids) == 0 {
		c.refresh()
		c.tell(func() { done(-1, Done{Outcome: Failed, Err: ErrNotSent}) })
		return
	}
	broker := ids[c.env.Rand().IntN(len(ids))]
	l := newLink(c, c.metadata.hosts[broker])
	l.login, l.unproved = login, unproved
	l.tried = func(d Done) { c.tell(func() { done(broker, d) }) }
	c.links = append(c.links, l)
	l.open(apiVersionsMax)
}

// try ends an attempt to log in, if this is the link of one, and reports that.
func (l *link) try(d Done) bool {
	if l.tried == nil {
		return false
	}
	told := l.tried
	if l.ended {
		return true
	}
	l.ended = true
	l.hangUp()
	l.c.forget(l)
	told(d)
	return true
}

// notBelieved is what an attempt comes to that was refused, or that nobody has answered. A
// broker that believes us without proof that it should is one that can be broken into.
func notBelieved(code wire.ErrorCode, err error) Done {
	if err == sasl.ErrUnproved {
		return Done{Outcome: Succeeded, Err: err}
	}
	return Done{Outcome: Failed, Code: code, Err: err}
}

// forget drops a link that nothing will be called on.
func (c *Cluster) forget(l *link) {
	for i, other := range c.links {
		if other == l {
			c.links = append(c.links[:i:i], c.links[i+1:]...)
			return
		}
	}
}
