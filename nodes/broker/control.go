package broker

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// heed says whether an order of a controller is to be followed: not if a later
// controller has been heard, and not if it was meant for an earlier life of this
// broker, whose replicas may have been others (KIP-380).
func (s *Server) heed(controllerEpoch int32, brokerEpoch int64) wire.ErrorCode {
	if s.stale(brokerEpoch) {
		return wire.StaleBrokerEpoch
	}
	if controllerEpoch < s.controllerEpoch {
		s.observe(facts.ControllerStale, int64(s.controllerEpoch), int64(controllerEpoch))
		return wire.StaleControllerEpoch
	}
	s.controllerEpoch = controllerEpoch
	return wire.OK
}
