package group

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// rebalance asks the members to join the next generation, unless they are being asked.
func (g *group) rebalance(reason string) {
	if g.state == preparing || g.state == dead {
		return
	}
	g.c.clock.Stop(&g.syncing)
	g.unsynced = map[string]bool{}
	for _, m := range g.members {
		if m.sync != nil {
			m.answer(wire.RebalanceInProgress)
			g.expect(m)
		}
	}
	wait := g.patience()
	g.initial = g.state == empty && g.c.cfg.InitialRebalanceDelay > 0
	if g.initial {
		g.left = max(wait-g.c.cfg.InitialRebalanceDelay, 0)
		wait = g.c.cfg.InitialRebalanceDelay
		g.newcomers = false
	}
	g.become(preparing)
	g.observe(facts.Rebalancing, nil, int64(g.generation), int64(len(g.members)), 0, caseOf(facts.RebalanceReasons, reason))
	g.waitForJoins(wait)
	g.maybeComplete()
}

// waitForJoins bounds the wait.
func (g *group) waitForJoins(d time.Duration) {
	g.c.clock.Stop(&g.joining)
	g.joining = g.c.clock.After(d, g.joinsOver)
}

// joinsOver ends the wait, or, for the first members of a group, extends it as long as
// more keep coming.
func (g *group) joinsOver() {
	if g.initial && g.newcomers && g.left > 0 {
		more := min(g.c.cfg.InitialRebalanceDelay, g.left)
		g.left -= more
		g.newcomers = false
		g.waitForJoins(more)
		return
	}
	g.initial = false
	g.complete()
}

// maybeComplete ends the wait early if everybody is there: all members, and all who
// were given an ID to join by. The first members of a group wait for others anyway.
func (g *group) maybeComplete() {
	if g.state != preparing || g.initial || len(g.named) > 0 ||
		slices.ContainsFunc(g.members, func(m *member) bool { return m.join == nil }) {
		return
	}
	g.complete()
}

// complete begins the next generation, of those who have joined. Static members that
// have not are still members: they keep what they have until their sessions expire.
func (g *group) complete() {
	g.c.clock.Stop(&g.joining)
	for _, m := range slices.Clone(g.members) {
		if m.join == nil && m.instance == "" && !g.c.bug(bugs.AbsentMemberKept) {
			g.remove(m, wire.UnknownMemberID)
			g.gone(m.id, "not-rejoined")
		}
	}
	if len(g.members) > 0 && !g.electLeader() {
		g.waitForJoins(g.patience()) // nobody is there to assign
		return
	}
	g.generation++
	if len(g.members) == 0 {
		g.becomeEmpty()
		return
	}
	g.protocol = g.elected()
	g.become(completing)
	g.observe(facts.Generation, g.memberIDs(), int64(g.generation), int64(len(g.members)))
	g.unsynced = map[string]bool{}
	for _, m := range g.members {
		g.unsynced[m.id] = true
	}
	g.waitForSyncs()
	for _, m := range slices.Clone(g.members) {
		m.fresh = false
		if m.join != nil {
			g.tellGeneration(m, true)
		}
	}
}

// electLeader sees to it that the leader is a member that has joined, and so can
// assign, and reports whether there is one.
func (g *group) electLeader() bool {
	if m := g.byID[g.leader]; m != nil && (m.join != nil || g.c.bug(bugs.AbsentLeader)) {
		return true
	}
	i := slices.IndexFunc(g.members, func(m *member) bool { return m.join != nil })
	if i < 0 {
		return false
	}
	g.leader = g.members[i].id
	return true
}

// becomeEmpty is a generation without members. The log is told, so that the next
// coordinator does not wait for those who left.
func (g *group) becomeEmpty() {
	g.protocol, g.leader = "", ""
	g.become(empty)
	g.observe(facts.Generation, []string(nil), int64(g.generation), 0)
	g.store(func(wire.ErrorCode) {}) // if it failed, the next one will find out by itself
}

func (g *group) memberIDs() []string {
	var ids []string
	for _, m := range g.members {
		ids = append(ids, m.id)
	}
	return ids
}

// tellGeneration answers a member's join, by which its session begins anew.
func (g *group) tellGeneration(m *member, members bool) {
	r := g.generationFor(m)
	if !members && len(r.Members) > 0 {
		r.SkipAssignment = true
	}
	done := m.join
	m.join = nil
	g.renew(m)
	g.joinTold(m)
	done(r)
}

// joinTold states what a member is told.
func (g *group) joinTold(m *member) {
	leads := int64(0)
	if g.leader == m.id {
		leads = 1
	}
	g.observe(facts.JoinTold, m.id, int64(g.generation), millis(m.session), leads)
}

func millis(d time.Duration) int64 { return int64(d / time.Millisecond) }

// generationFor describes the generation: to the leader with what all members say.
func (g *group) generationFor(m *member) *kmsg.JoinGroupResponse {
	r := kmsg.NewPtrJoinGroupResponse()
	r.Generation, r.ProtocolType, r.Protocol = g.generation, kmsg.StringPtr(g.protocolType), kmsg.StringPtr(g.protocol)
	r.LeaderID, r.MemberID = g.leader, m.id
	if g.leader != m.id {
		return r
	}
	for _, other := range g.members {
		each := kmsg.NewJoinGroupResponseMember()
		each.MemberID, each.ProtocolMetadata = other.id, other.metadata(g.protocol)
		if other.instance != "" {
			each.InstanceID = kmsg.StringPtr(other.instance)
		}
		r.Members = append(r.Members, each)
	}
	return r
}

// waitForSyncs bounds the time in which the members of a generation have to ask for
// their assignment. Who lost the answer to its join, or its assignment, would otherwise
// hold the group up for ever (KAFKA-12890).
func (g *group) waitForSyncs() {
	g.c.clock.Stop(&g.syncing)
	g.syncing = g.c.clock.After(g.patience(), func() {
		if g.state != completing && g.state != stable || len(g.unsynced) == 0 {
			return
		}
		for _, m := range slices.Clone(g.members) {
			if g.unsynced[m.id] {
				g.remove(m, wire.UnknownMemberID)
				g.gone(m.id, "sync-expired")
			}
		}
		g.rebalance("sync-expired")
	})
}
