package client

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// link is the connection of one user to one broker. It opens with the first call, asks
// what the broker understands, and only then sends what it was given. So a request that
// was sent went to a broker that had answered, and one that waits has not left.
type link struct {
	c      *Cluster
	caller *wire.Caller
	// login is how it proves who the client is. tried is told what came of that, if the
	// link is there for nothing else; then it is over once that has ended.
	login sasl.Login
	tried func(Done)
	ended bool
	// unproved is what an attempt asks for instead of saying who it is.
	unproved kmsg.Request

	// versions are the newest versions of requests that the broker understands. Nil
	// until it has said so, on every connection anew: it may be another build by now.
	versions map[int16]versionRange
	opening  bool
	failures int         // to open, in a row
	pause    alarm.Alarm // before the next attempt to open
	rest     alarm.Alarm // that the broker has told the client to take

	waiting []*call // not sent, in order
	sent    []*call // not answered, in order
}

// versionRange is what a broker said of one request.
type versionRange struct{ min, max int16 }

// call is one request on a link.
type call struct {
	body  kmsg.Request
	done  func(kmsg.Response, error)
	limit alarm.Alarm
}

func newLink(c *Cluster, host string) *link {
	return &link{c: c, login: c.cfg.Login, caller: wire.NewCaller(c.env, c.cfg.Hosts[host], c.cfg.Port, c.cfg.ClientID)}
}

// call asks for a request to be sent, and for done to be called once, later.
func (l *link) call(body kmsg.Request, limit time.Duration, done func(kmsg.Response, error)) {
	a := &call{body: body, done: done}
	a.limit = l.c.clock.After(limit, func() { l.overdue(a) })
	l.waiting = append(l.waiting, a)
	l.pump()
}

// pump sends what waits, or opens the connection that it waits for.
func (l *link) pump() {
	switch {
	case len(l.waiting) == 0 || l.opening || l.pause != 0 || l.rest != 0 || l.c.closed:
	case l.versions == nil:
		l.open(apiVersionsMax)
	default:
		// Sending calls nobody back, so nothing is added meanwhile, and the room stays.
		for i, a := range l.waiting {
			l.waiting[i] = nil
			l.send(a)
		}
		l.waiting = l.waiting[:0]
	}
}

// apiVersionsMax is the newest ApiVersions that the client speaks.
const apiVersionsMax = 3

// open dials and asks what the broker understands. A broker that does not know the
// version of the question answers in the oldest one, and is asked again (KIP-511).
func (l *link) open(version int16) {
	l.opening = true
	ask := kmsg.NewPtrApiVersionsRequest()
	ask.SetVersion(version)
	ask.ClientSoftwareName, ask.ClientSoftwareVersion = "stampede", "1"
	limit := l.c.clock.After(l.c.cfg.RequestTimeout, l.hangUp)
	l.caller.Call(ask, func(r kmsg.Response, err error) {
		l.c.clock.Stop(&limit)
		l.opening = false
		if err != nil {
			l.unreachable()
			return
		}
		answer := r.(*kmsg.ApiVersionsResponse)
		if wire.ErrorCode(answer.ErrorCode) == wire.UnsupportedVersion && version > 0 {
			l.open(0)
			return
		}
		theirs := map[int16]versionRange{}
		for _, k := range answer.ApiKeys {
			theirs[k.ApiKey] = versionRange{k.MinVersion, k.MaxVersion}
		}
		l.prove(func() {
			if l.try(Done{Outcome: Succeeded}) {
				return
			}
			l.failures = 0
			l.versions = theirs
			l.pump()
		})
	})
}

// unreachable ends what waits: its owners know best whether to try another broker. The
// next attempt on this link has to wait.
func (l *link) unreachable() {
	if l.try(notBelieved(wire.OK, ErrNotSent)) {
		return
	}
	l.failures++
	l.pause = l.c.clock.After(l.c.backoff(l.failures), func() {
		l.pause = 0
		l.pump()
	})
	l.failWaiting()
}

func (l *link) failWaiting() {
	lost := l.waiting
	l.waiting = nil
	for _, a := range lost {
		l.c.clock.Stop(&a.limit)
		a.done(nil, ErrNotSent)
	}
}

// send puts a request on the connection, in the newest version that both ends know.
func (l *link) send(a *call) {
	key := a.body.Key()
	theirs, ok := l.versions[key]
	ours := spoken(key)
	if old, pinned := a.body.(oldest); pinned {
		a.body, ours = old.Request, versionRange{}
	}
	version := min(ours.max, theirs.max)
	if !ok || version < ours.min || version < theirs.min {
		// Not at once: its owner may be about to note that it has called.
		l.c.clock.Stop(&a.limit)
		l.c.clock.After(0, func() { a.done(nil, ErrUnsupported) })
		return
	}
	a.body.SetVersion(version)
	if p, ok := a.body.(*kmsg.ProduceRequest); ok && p.Acks == 0 {
		l.caller.Call(a.body, nil)
		l.c.clock.Stop(&a.limit)
		l.c.clock.After(0, func() { a.done(nil, nil) })
		return
	}
	l.sent = append(l.sent, a)
	l.caller.Call(a.body, func(r kmsg.Response, err error) {
		l.sent = slices.DeleteFunc(l.sent, func(other *call) bool { return other == a })
		l.c.clock.Stop(&a.limit)
		l.heed(r)
		a.done(r, err)
	})
}

// heed has the link rest for as long as an answer says. One that had that wait behind it
// already, as before KIP-219, is nothing to heed.
func (l *link) heed(r kmsg.Response) {
	throttled, ok := r.(kmsg.ThrottleResponse)
	if !ok || !l.c.cfg.HeedsThrottle {
		return
	}
	if millis, ahead := throttled.Throttle(); ahead && millis > 0 {
		l.c.clock.Stop(&l.rest)
		l.rest = l.c.clock.After(time.Duration(millis)*time.Millisecond, func() {
			l.rest = 0
			l.pump()
		})
	}
}

// overdue ends a request whose time is over: with the connection, if it was sent.
func (l *link) overdue(a *call) {
	a.limit = 0
	if i := slices.Index(l.waiting, a); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		a.done(nil, ErrNotSent)
		return
	}
	l.hangUp()
	l.pump()
}

// broken notes that the connection is gone. What was sent is told by its caller.
// Another connection has no rest to take.
func (l *link) broken() {
	l.versions = nil
	l.c.clock.Stop(&l.rest)
}

// hangUp ends the connection and everything that is pending on it.
func (l *link) hangUp() {
	l.broken()
	l.caller.Hangup()
	if l.c.closed {
		l.failWaiting()
	}
}
