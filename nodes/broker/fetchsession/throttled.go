package fetchsession

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Throttled answers a fetch whose sender has had too much already: with nothing. A session
// stays as it is, since nothing of it was told, and none is begun.
func (x *Context) Throttled() *kmsg.FetchResponse {
	answer := kmsg.NewPtrFetchResponse()
	if s := x.session; s != nil {
		answer.SessionID = s.id
		if s.epoch != x.epoch {
			answer.ErrorCode = int16(wire.InvalidFetchSessionEpoch)
		}
	}
	return answer
}
