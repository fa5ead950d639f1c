package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// asking is the broker's conversation with the controller, if that is in another.
type asking struct {
	caller *wire.Caller
	to     node.ID
}

// askController asks the controller for something on the broker's own behalf, and calls
// done once: with nil if nobody knows where it is, or if it does not answer.
func (s *Server) askController(r kmsg.Request, done func(kmsg.Response)) {
	if _, active := s.controller.Active(); active {
		s.askOwnController(r, done)
		return
	}
	to, known := s.nodeOf(s.metadata.controller, replicaListener)
	if !known {
		done(nil)
		return
	}
	if a := &s.asking; a.caller == nil || a.to != to {
		if a.caller != nil {
			a.caller.Hangup()
		}
		*a = asking{wire.NewCaller(s.env, to, wire.ReplicaPort, HostOf(s.cfg.ID)), to}
	}
	late := s.env.SetTimer(s.cfg.RequestTimeout, node.Tag{Kind: tagUnheard})
	s.asking.caller.Call(r, func(answer kmsg.Response, _ error) {
		s.env.StopTimer(late)
		done(answer)
	})
}

// askOwnController asks the controller that is in this very broker.
func (s *Server) askOwnController(r kmsg.Request, done func(kmsg.Response)) {
	switch r := r.(type) {
	case *kmsg.CreateTopicsRequest:
		s.controller.CreateTopics(r, nil, func(a *kmsg.CreateTopicsResponse) { done(a) })
	case *kmsg.ControlledShutdownRequest:
		s.controller.ControlledShutdown(r, func(a *kmsg.ControlledShutdownResponse) { done(a) })
	default:
		panic("broker: nothing that a broker asks its controller for: " + kmsg.NameForKey(r.Key()))
	}
}
