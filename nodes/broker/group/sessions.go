package group

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// expect begins a member's session anew.
func (g *group) expect(m *member) { g.expectWithin(m, m.session) }

// expectWithin takes a member out unless it is heard of in time. One that waits for us
// is not the one that is late.
func (g *group) expectWithin(m *member, d time.Duration) {
	g.c.clock.Stop(&m.expiry)
	m.expiry = g.c.clock.After(d, func() {
		m.expiry = 0
		if !m.fresh && (m.join != nil || m.sync != nil) {
			return
		}
		g.remove(m, wire.UnknownMemberID)
		g.gone(m.id, "expired")
		g.lost("expired")
	})
}

// heard begins the session of a member anew, of which there was a sign.
func (g *group) heard(m *member) {
	g.observe(facts.MemberHeard, m.id, int64(g.generation))
	g.expect(m)
}

// renew begins the session of a member anew that is about to be answered: it has waited
// for us, and not the other way round.
func (g *group) renew(m *member) {
	if m.fresh || m.expiry == 0 || !g.c.bug(bugs.SessionNotRenewed) {
		g.expect(m)
	}
}

// lost follows the loss of a member: the others share what it had.
func (g *group) lost(reason string) {
	switch g.state {
	case stable, completing:
		g.rebalance(reason)
	case preparing:
		g.maybeComplete()
	}
}

// heartbeat keeps a session alive, and tells a member that a rebalance is under way.
func (c *Coordinator) heartbeat(r *kmsg.HeartbeatRequest) *kmsg.HeartbeatResponse {
	answer := kmsg.NewPtrHeartbeatResponse()
	code := c.beat(r)
	if answer.ErrorCode = int16(code); (code == wire.OK || code == wire.RebalanceInProgress) && c.admit(r.Group) == wire.OK {
		c.tell(facts.BeatTold, r.Group, r.MemberID, int64(r.Generation))
	}
	return answer
}

func (c *Coordinator) beat(r *kmsg.HeartbeatRequest) wire.ErrorCode {
	switch code := c.admit(r.Group); code {
	case wire.OK:
	case wire.CoordinatorLoadInProgress:
		return wire.OK // sessions begin when the group is there
	default:
		return code
	}
	g := c.groups[r.Group]
	if g == nil || g.state == empty {
		return wire.UnknownMemberID
	}
	m, code := g.identify(r.MemberID, r.InstanceID)
	if code != wire.OK {
		return code
	}
	if r.Generation != g.generation && !c.bug(bugs.FormerMemberHeard) {
		return wire.IllegalGeneration
	}
	if !c.bug(bugs.HeartbeatsNotCounted) {
		g.heard(m)
	}
	if g.state == preparing {
		return wire.RebalanceInProgress
	}
	return wire.OK
}

// tell states what somebody is told who may be in no group.
func (c *Coordinator) tell(kind *node.EventKind, group, id string, n ...int64) {
	e := node.Event{Kind: kind, Text: group, Body: id}
	copy(e.N[:], n)
	c.env.Observe(e)
}

// leaveGroup takes members out that say farewell, or that an administrator names.
func (c *Coordinator) leaveGroup(r *kmsg.LeaveGroupRequest) *kmsg.LeaveGroupResponse {
	answer := kmsg.NewPtrLeaveGroupResponse()
	if code := c.admit(r.Group); code != wire.OK {
		answer.ErrorCode = int16(code)
		return answer
	}
	if r.Version < 3 {
		answer.ErrorCode = int16(c.left(r.Group, r.MemberID, nil))
		return answer
	}
	for _, m := range r.Members {
		each := kmsg.NewLeaveGroupResponseMember()
		each.MemberID, each.InstanceID = m.MemberID, m.InstanceID
		each.ErrorCode = int16(c.left(r.Group, m.MemberID, m.InstanceID))
		answer.Members = append(answer.Members, each)
	}
	return answer
}

// left states that somebody is told that it is out, if it is.
func (c *Coordinator) left(name, id string, instance *string) wire.ErrorCode {
	code := c.leave(name, id, instance)
	if code == wire.OK {
		c.tell(facts.LeaveTold, name, id)
	}
	return code
}

func (c *Coordinator) leave(name, id string, instance *string) wire.ErrorCode {
	g := c.groups[name]
	if g == nil {
		return wire.UnknownMemberID
	}
	if id == "" && instance != nil && g.instances[*instance] != nil {
		id = g.instances[*instance].id // an administrator knows the name only
	}
	if g.unname(id) {
		g.maybeComplete()
		return wire.OK
	}
	m, code := g.identify(id, instance)
	if code != wire.OK {
		return code
	}
	g.remove(m, wire.UnknownMemberID)
	g.gone(id, "left")
	g.lost("left")
	return wire.OK
}
