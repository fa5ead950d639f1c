package broker

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// channel is a connection that was accepted. Its requests are answered in the order
// they came, because a response is recognised by its place in the row; so the next is
// not begun before the one in process is answered, however long that waits.
type channel struct {
	id   node.ConnID
	port node.Port
	peer node.ID
	// principal is who is behind it.
	principal string
	// proof is how it proves that, nil if it has or need not.
	proof *proof
	// waiting are the requests behind the one in process.
	waiting []*wire.Request
	// busy: one is in process. ready: none is, and the next is about to be. dropped: the
	// connection is over.
	busy, ready, dropped bool
	// muted: its client has had too much, and has to wait. charged: it has had something under
	// a quota at some time.
	muted, charged bool
	// account is the one that its client was charged to last.
	account account
}

// exchange is one request in process. Exactly one of its endings is called, once:
// reply, finish or hangup.
type exchange struct {
	s       *Server
	channel *channel
	*wire.Request
	// began is when the request was taken up.
	began time.Duration
	ended bool
	// amend, if it is set, adds to the answer what the sender has no right to.
	amend func(kmsg.Response)
	// throttle is how long the connection is muted when the request is answered; handled,
	// that the time it took has been charged.
	throttle time.Duration
	handled  bool
	// overdrawn is until when its sender may change no more topics.
	overdrawn time.Duration
	// response is what travels back, written when the request is answered and never after.
	response wire.Response
}

// Accept takes a connection to one of the two listeners.
func (s *Server) Accept(c node.ConnID, peer node.ID, port node.Port) {
	if !s.up || port != wire.ClientPort && port != wire.ReplicaPort {
		s.env.Close(c)
		return
	}
	ch := &channel{id: c, port: port, peer: peer, principal: s.principalOf(peer, port)}
	if s.cfg.SASL != nil && port == wire.ClientPort {
		ch.principal, ch.proof = Anonymous, &proof{}
	}
	s.channels[c] = ch
}

// receiveRequest queues a request, and begins it if none is in process.
func (s *Server) receiveRequest(ch *channel, r *wire.Request) {
	ch.waiting = append(ch.waiting, r)
	s.ready(ch)
}

// ready has a channel's next request taken up, if there is one and nothing is in process.
func (s *Server) ready(ch *channel) {
	if !ch.busy && !ch.ready && !ch.muted && len(ch.waiting) > 0 {
		ch.ready = true
		s.readyChannels = append(s.readyChannels, ch)
		s.settleSoon()
	}
}

// serveReady takes up a request of the channel that became ready first.
func (s *Server) serveReady() {
	ch := s.readyChannels[0]
	s.readyChannels = slices.Delete(s.readyChannels, 0, 1)
	ch.ready = false
	if ch.dropped {
		return
	}
	r := ch.waiting[0]
	ch.waiting = slices.Delete(ch.waiting, 0, 1)
	ch.busy = true
	s.stateTakenUp(ch)
	x := s.newExchange()
	x.s, x.channel, x.Request, x.began = s, ch, r, s.env.Now()
	s.dispatch(x)
}

// newExchange makes one. They are allocated some at a time, and none is used twice: who
// has hold of one that has ended never sees another request in it.
func (s *Server) newExchange() *exchange {
	const atOnce = 16
	if len(s.exchanges) == 0 {
		s.exchanges = make([]exchange, atOnce)
	}
	x := &s.exchanges[0]
	s.exchanges = s.exchanges[1:]
	return x
}

// alive reports whether there is still somebody to answer.
func (x *exchange) alive() bool { return !x.channel.dropped }

// reply answers the request. A client that has gone hears nothing.
func (x *exchange) reply(body kmsg.Response) {
	if x.alive() {
		if x.amend != nil {
			x.amend(body)
		}
		x.s.chargeHandling(x, 0)
		x.s.tellThrottle(body, x.throttled())
		x.s.stateTold(x.channel, body)
		body.SetVersion(x.Version)
		x.response = wire.Response{Correlation: x.Correlation, Body: body}
		x.s.env.Send(x.channel.id, &x.response)
	}
	x.finish()
}

// finish ends the request without an answer: a produce that wants none.
func (x *exchange) finish() {
	if x.ended {
		panic("broker: a request was answered twice: " + x.Request.String())
	}
	x.ended, x.channel.busy = true, false
	if !x.s.cfg.Bugs.Has(bugs.ThrottleForgotten) || x.began == x.s.env.Now() {
		x.s.mute(x.channel, x.throttled())
	}
	x.s.ready(x.channel)
}

// hangup ends the request and the connection: the client may not believe in anything
// that it sent and has no answer to.
func (x *exchange) hangup() {
	if x.alive() {
		x.s.drop(x.channel)
		x.s.env.Close(x.channel.id)
	}
	x.ended = true
}

// drop forgets a connection. What is in process goes on without anybody to hear of it.
func (s *Server) drop(ch *channel) {
	delete(s.channels, ch.id)
	ch.dropped = true
	if s.cfg.Bugs.Has(bugs.UsageOfConnection) {
		delete(s.usage, ch.account)
	}
	ch.waiting = nil
}

// sortedChannels lists the connections that were accepted.
func (s *Server) sortedChannels() []node.ConnID { return slices.Sorted(maps.Keys(s.channels)) }
