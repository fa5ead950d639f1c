package broker_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// orders are what a controller of an epoch says to a broker of an epoch, about nothing.
var orders = map[string]func(controllerEpoch int32, brokerEpoch int64) kmsg.Request{
	"LeaderAndIsr": func(controllerEpoch int32, brokerEpoch int64) kmsg.Request {
		r := kmsg.NewPtrLeaderAndISRRequest()
		r.Version, r.ControllerID, r.ControllerEpoch, r.BrokerEpoch = 5, 2, controllerEpoch, brokerEpoch
		return r
	},
	"UpdateMetadata": func(controllerEpoch int32, brokerEpoch int64) kmsg.Request {
		r := kmsg.NewPtrUpdateMetadataRequest()
		r.Version, r.ControllerID, r.ControllerEpoch, r.BrokerEpoch = 7, 2, controllerEpoch, brokerEpoch
		return r
	},
	"StopReplica": func(controllerEpoch int32, brokerEpoch int64) kmsg.Request {
		r := kmsg.NewPtrStopReplicaRequest()
		r.Version, r.ControllerID, r.ControllerEpoch, r.BrokerEpoch = 3, 2, controllerEpoch, brokerEpoch
		return r
	},
}

// orderCode is what a broker says to an order.
func orderCode(r kmsg.Response) wire.ErrorCode {
	switch r := r.(type) {
	case *kmsg.LeaderAndISRResponse:
		return wire.ErrorCode(r.ErrorCode)
	case *kmsg.UpdateMetadataResponse:
		return wire.ErrorCode(r.ErrorCode)
	case *kmsg.StopReplicaResponse:
		return wire.ErrorCode(r.ErrorCode)
	}
	return wire.Unknown
}

// A controller numbers what it says to one life of a broker. What comes over a connection that
// it has given up, behind what it said later over another, is refused; not so what the next
// controller says, or what this one says to the next life of the broker, from the first on.
func TestAnOrderThatComesLateIsRefused(t *testing.T) {
	for kind, order := range orders {
		c := newCluster(t, 1)
		c.run(3 * time.Second)
		epoch := c.epochs(1)[0]
		s := c.client(func(s *script, task *node.Task) {
			to := c.brokers[0]
			say := func(controllerEpoch int32, brokerEpoch int64) wire.ErrorCode {
				return orderCode(s.ask(task, to, order(controllerEpoch, brokerEpoch)))
			}
			connect := func() { s.callers[to] = nil } // counts from the beginning
			for range 3 {
				if code := say(7, epoch); code != wire.OK {
					s.t.Errorf("%s: %v", kind, code)
				}
			}
			connect()
			if code := say(7, epoch); code != wire.StaleControllerEpoch {
				s.t.Errorf("%s, number 1 behind number 3: %v", kind, code)
			}
			connect()
			if code := say(8, epoch); code != wire.OK {
				s.t.Errorf("%s, the next controller: %v", kind, code)
			}
			if code := say(8, epoch); code != wire.OK {
				s.t.Errorf("%s, and again: %v", kind, code)
			}
			connect()
			if code := say(8, epoch+1); code != wire.OK {
				s.t.Errorf("%s, to the next life: %v", kind, code)
			}
		})
		c.converge(s, 30*time.Second)
		if c.seen[facts.OrderLate] != 1 {
			t.Errorf("%s: %d orders came late", kind, c.seen[facts.OrderLate])
		}
	}
}
