package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// findCoordinator asks any broker which one coordinates a group, and calls done once.
// A group's coordinator exists as soon as the topic of offsets does, which the question
// may bring about.
func (c *Cluster) findCoordinator(lane int, group string, done func(broker int32, code wire.ErrorCode, err error)) {
	if len(c.metadata.ids) == 0 {
		c.refresh()
		c.clock.After(0, func() { done(-1, wire.OK, ErrNotSent) })
		return
	}
	ask := kmsg.NewPtrFindCoordinatorRequest()
	ask.CoordinatorKey = group
	to := c.metadata.ids[c.env.Rand().IntN(len(c.metadata.ids))]
	c.call(lane, to, ask, func(r kmsg.Response, err error) {
		if err != nil {
			c.refresh()
			done(-1, wire.OK, err)
			return
		}
		answer := r.(*kmsg.FindCoordinatorResponse)
		if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK {
			done(-1, code, nil)
			return
		}
		if _, ok := c.cfg.Hosts[answer.Host]; !ok {
			c.refresh()
			done(-1, wire.CoordinatorNotAvailable, nil)
			return
		}
		c.metadata.learn(answer.NodeID, answer.Host)
		done(answer.NodeID, wire.OK, nil)
	})
}
