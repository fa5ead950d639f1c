package controller

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// channel is the queue of control requests to one life of a broker. They leave in the
// order in which they were decided, one at a time, and each is repeated until it is
// answered, because a broker that has missed one would go by what was before. Requests
// must therefore bear being repeated.
type channel struct {
	c      *Controller
	broker int32
	caller *wire.Caller
	queue  []order
	busy   bool
	// stop cancels the timer that is running, for a response or for the next try.
	stop   func()
	closed bool
}

// order is one control request. It stays as it is; what leaves is a copy, since whoever
// receives a request owns it, and this one may have to leave again. answered is told the response, in the callback that
// brings it.
type order struct {
	request  kmsg.Request
	answered func(kmsg.Response)
}

// newChannel opens a channel to a broker.
func (c *Controller) newChannel(id int32, b *znodes.Broker) *channel {
	ch := &channel{c: c, broker: id, stop: func() {}}
	e, found := b.Endpoint(c.cfg.Listener)
	if !found {
		return ch // such a broker can be told nothing
	}
	to, known := c.cfg.Hosts[e.Host]
	if !known {
		panic("controller: no process is known for host " + e.Host + "; Config.Hosts must name all brokers")
	}
	ch.caller = wire.NewCaller(c.env, to, wire.ReplicaPort, "controller")
	return ch
}

// send queues a request.
func (ch *channel) send(o order) {
	if ch.caller == nil || ch.closed {
		return
	}
	ch.queue = append(ch.queue, o)
	ch.next()
}

// next sends the first of the queue, if nothing is under way.
func (ch *channel) next() {
	if ch.busy || ch.closed || len(ch.queue) == 0 {
		return
	}
	ch.busy = true
	ch.stop = ch.c.after(ch.c.cfg.SocketTimeout, ch.caller.Hangup)
	ch.caller.Call(copyOf(ch.queue[0].request), func(r kmsg.Response, err error) {
		ch.stop()
		if ch.closed {
			return
		}
		if err != nil {
			ch.stop = ch.c.after(retryBackoff, ch.again)
			return
		}
		done := ch.queue[0]
		ch.queue, ch.busy = ch.queue[1:], false
		done.answered(r)
		ch.next()
	})
}

// copyOf is a copy that shares nothing.
func copyOf(r kmsg.Request) kmsg.Request {
	c := kmsg.RequestForKey(r.Key())
	c.SetVersion(r.GetVersion())
	if err := c.ReadFrom(r.AppendTo(nil)); err != nil {
		panic("controller: a request cannot be read back: " + err.Error())
	}
	return c
}

// again repeats what was not answered.
func (ch *channel) again() {
	ch.busy = false
	ch.next()
}

// close ends the channel: the broker has gone, or the controller has resigned.
func (ch *channel) close() {
	ch.closed, ch.queue = true, nil
	ch.stop()
	if ch.caller != nil {
		ch.caller.Hangup()
	}
}
