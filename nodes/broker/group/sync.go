package group

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

func syncError(code wire.ErrorCode) *kmsg.SyncGroupResponse {
	r := kmsg.NewPtrSyncGroupResponse()
	r.ErrorCode, r.MemberAssignment = int16(code), []byte{}
	return r
}

// syncGroup gives a member its assignment, as soon as the leader has made it and it is
// in the log.
func (c *Coordinator) syncGroup(r *kmsg.SyncGroupRequest, done func(*kmsg.SyncGroupResponse)) {
	if code := c.admit(r.Group); code != wire.OK {
		if code == wire.CoordinatorLoadInProgress {
			// The join that it followed is lost with its coordinator: it has to join anew.
			code = wire.RebalanceInProgress
		}
		done(syncError(code))
		return
	}
	g := c.groups[r.Group]
	if g == nil {
		done(syncError(wire.UnknownMemberID))
		return
	}
	m, code := g.maySync(r)
	if code != wire.OK {
		done(syncError(code))
		return
	}
	g.sync(m, r, done)
}

// maySync reports whose request it is, and what is wrong with it.
func (g *group) maySync(r *kmsg.SyncGroupRequest) (*member, wire.ErrorCode) {
	m, code := g.identify(r.MemberID, r.InstanceID)
	switch {
	case code != wire.OK:
		return nil, code
	case r.Generation != g.generation:
		return nil, wire.IllegalGeneration
	case r.ProtocolType != nil && *r.ProtocolType != g.protocolType, r.Protocol != nil && *r.Protocol != g.protocol:
		return nil, wire.InconsistentGroupProtocol
	case g.state == preparing:
		return nil, wire.RebalanceInProgress
	case g.state == empty:
		return nil, wire.UnknownMemberID
	}
	return m, wire.OK
}

// sync takes what the leader assigns, or tells a member what it was.
func (g *group) sync(m *member, r *kmsg.SyncGroupRequest, done func(*kmsg.SyncGroupResponse)) {
	m.answer(wire.RebalanceInProgress) // what it asked before, over another connection
	m.sync, m.asked = done, r.Generation
	delete(g.unsynced, m.id)
	if g.state == stable {
		g.tellAssignment(m)
		g.allSynced()
		return
	}
	if m.id != g.leader || g.assigning == g.generation {
		return
	}
	assigned := map[string][]byte{}
	for _, a := range r.GroupAssignment {
		assigned[a.MemberID] = a.MemberAssignment
	}
	for _, other := range g.members {
		other.assignment = assigned[other.id]
	}
	generation := g.generation
	g.assigning = generation
	g.store(func(code wire.ErrorCode) {
		if g.state != completing || g.generation != generation {
			return // another generation is on its way
		}
		if code != wire.OK {
			g.assignmentLost(code)
			return
		}
		g.becomeStable()
	})
}

// becomeStable gives everybody who asked the assignment that is in the log now.
func (g *group) becomeStable() {
	g.become(stable)
	var shares []facts.GroupShare
	for _, m := range g.members {
		shares = append(shares, facts.GroupShare{Member: m.id, Instance: m.instance, Assignment: m.assignment})
	}
	g.observe(facts.GroupAssigned, shares, int64(g.generation), int64(len(g.members)))
	for _, m := range slices.Clone(g.members) {
		if m.sync != nil {
			g.tellAssignment(m)
		}
	}
	g.allSynced()
}

// assignmentLost begins over, since nobody knows whether the assignment is in the log.
func (g *group) assignmentLost(code wire.ErrorCode) {
	for _, m := range slices.Clone(g.members) {
		m.assignment = nil
		if m.sync != nil {
			m.answer(code)
			g.expect(m)
		}
	}
	g.rebalance("sync-failed")
}

// allSynced ends the wait if nobody is missing.
func (g *group) allSynced() {
	if len(g.unsynced) == 0 {
		g.c.clock.Stop(&g.syncing)
	}
}

// tellAssignment answers a member's sync, by which its session begins anew.
func (g *group) tellAssignment(m *member) {
	r := kmsg.NewPtrSyncGroupResponse()
	r.ProtocolType, r.Protocol, r.MemberAssignment = kmsg.StringPtr(g.protocolType), kmsg.StringPtr(g.protocol), m.assignment
	if r.MemberAssignment == nil {
		r.MemberAssignment = []byte{}
	}
	done := m.sync
	m.sync = nil
	g.renew(m)
	g.observe(facts.ShareTold, facts.GroupShare{Member: m.id, Instance: m.instance, Assignment: m.assignment}, int64(g.generation), int64(m.asked))
	done(r)
}
