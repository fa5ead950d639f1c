package client

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/group/assign"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// joinMargin is how much longer than the rebalance timeout a join may take.
const joinMargin = 5 * time.Second

// consumers is the protocol type of consumers.
const consumers = "consumer"

func (m *Member) cooperative() bool { return assign.Cooperative(m.cfg.Assignors[0]) }

func (m *Member) membership() membership {
	who := membership{generation: -1, member: m.id}
	if m.state == settled || m.state == revoking || m.state == syncing {
		who.generation = m.generation
	}
	if m.cfg.Instance != "" {
		who.instance = kmsg.StringPtr(m.cfg.Instance)
	}
	return who
}

// rejoin joins the next generation. Who does not share cooperatively gives everything up
// before: in the next generation somebody else may begin with it.
func (m *Member) rejoin() {
	if len(m.owned) == 0 || m.cooperative() {
		m.join()
		return
	}
	m.revoke(m.owned, func() {
		m.owned = nil
		m.join()
	})
}

// revoke asks the owner to give partitions up, and goes on when it has, unless the
// standing changes before. Heartbeats go on meanwhile.
func (m *Member) revoke(parts []TopicPartition, then func()) {
	m.become(revoking)
	round := m.round
	m.c.tell(func() {
		m.listener.Revoked(slices.Clone(parts), func() {
			if m.current(round) {
				then()
			}
		})
	})
}

// join asks to be in the next generation. The answer comes when it begins.
func (m *Member) join() {
	m.become(joining)
	m.withCoordinator(func() {
		round := m.round
		m.c.callWithin(m.cfg.RebalanceTimeout+joinMargin, m.lane, m.coordinator, m.joinRequest(), func(r kmsg.Response, err error) {
			switch {
			case !m.current(round):
			case err != nil:
				m.coordinator = -1
				m.later(m.join)
			default:
				m.joined(r.(*kmsg.JoinGroupResponse))
			}
		})
	})
}

func (m *Member) joinRequest() kmsg.Request {
	ask := kmsg.NewPtrJoinGroupRequest()
	ask.Group, ask.MemberID, ask.ProtocolType = m.cfg.Group, m.id, consumers
	ask.SessionTimeoutMillis = int32(m.cfg.SessionTimeout / time.Millisecond)
	ask.RebalanceTimeoutMillis = int32(m.cfg.RebalanceTimeout / time.Millisecond)
	if m.cfg.Instance != "" {
		ask.InstanceID = kmsg.StringPtr(m.cfg.Instance)
	}
	me := assign.Member{Topics: m.cfg.Topics, Generation: m.generation}
	for _, tp := range m.owned {
		me.Owned = append(me.Owned, assign.Partition{Topic: tp.Topic, Number: tp.Partition})
	}
	for _, name := range m.cfg.Assignors {
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name, p.Metadata = name, assign.Describe(me)
		ask.Protocols = append(ask.Protocols, p)
	}
	return ask
}

func (m *Member) joined(r *kmsg.JoinGroupResponse) {
	code := wire.ErrorCode(r.ErrorCode)
	switch code {
	case wire.OK:
		m.id, m.generation, m.protocol = r.MemberID, r.Generation, *r.Protocol
		m.become(syncing)
		m.counts = nil
		if r.LeaderID == r.MemberID && !r.SkipAssignment {
			m.lead(r.Members)
		} else {
			m.sync(nil)
		}
	case wire.MemberIDRequired:
		m.id = r.MemberID
		m.join()
	default:
		m.refused(code)
	}
}

// refused takes an error that the coordinator answered.
func (m *Member) refused(code wire.ErrorCode) {
	switch code {
	case wire.UnknownMemberID, wire.IllegalGeneration:
		m.forget()
	case wire.NotCoordinator, wire.CoordinatorNotAvailable, wire.Unknown, wire.RequestTimedOut:
		m.coordinator = -1
		m.joinLater()
	case wire.CoordinatorLoadInProgress, wire.RebalanceInProgress:
		m.joinLater()
	default:
		m.end(code, nil)
	}
}

// lead shares the partitions out, as soon as it is known how many there are.
func (m *Member) lead(said []kmsg.JoinGroupResponseMember) {
	m.c.env.Observe(node.Event{Kind: facts.MemberLeads, Text: m.cfg.Group, N: [4]int64{int64(m.generation), int64(len(said))}, Body: m.id})
	var members []assign.Member
	var topics []string
	for _, s := range said {
		each, err := assign.Read(s.ProtocolMetadata)
		if err != nil {
			continue // it cannot say what it wants, and gets nothing
		}
		each.ID = s.MemberID
		if s.InstanceID != nil {
			each.Instance = *s.InstanceID
		}
		members = append(members, each)
		topics = append(topics, each.Topics...)
	}
	m.sharing = func() {
		m.sharing = nil
		m.counts = m.count(topics)
		shares, ok := assign.ByName(m.protocol, members, m.counts, m.c.cfg.Bugs)
		if !ok {
			m.end(wire.InconsistentGroupProtocol, nil)
			return
		}
		m.sync(shares)
	}
	if missing := slices.ContainsFunc(topics, func(t string) bool { return m.c.metadata.topics[t] == nil }); !missing {
		m.sharing()
		return
	}
	for _, t := range topics {
		m.c.Want(t)
	}
	m.c.refresh()
}

// count is how many partitions each of some topics has, of those that exist.
func (m *Member) count(topics []string) assign.Topics {
	counts := assign.Topics{}
	for _, name := range topics {
		if t, ok := m.c.Topic(name); ok {
			counts[name] = int32(len(t.Partitions))
		}
	}
	return counts
}

// metadataChanged lets a leader share out what it waited for, or what has become more.
func (m *Member) metadataChanged() {
	switch {
	case m.over:
	case m.sharing != nil:
		m.sharing()
	case m.state == settled && m.counts != nil:
		var names []string
		for name := range m.counts { //sim:unordered the order of a count does not matter
			names = append(names, name)
		}
		if now := m.count(append(names, m.cfg.Topics...)); !maps.Equal(now, m.counts) {
			m.rejoin()
		}
	}
}

// sync asks for the member's share, and brings everybody's if it leads.
func (m *Member) sync(shares assign.Shares) {
	ask := kmsg.NewPtrSyncGroupRequest()
	who := m.membership()
	ask.Group, ask.Generation, ask.MemberID, ask.InstanceID = m.cfg.Group, m.generation, m.id, who.instance
	ask.ProtocolType, ask.Protocol = kmsg.StringPtr(consumers), kmsg.StringPtr(m.protocol)
	var ids []string
	for id := range shares { //sim:unordered sorted below
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = id, assign.Encode(shares[id])
		ask.GroupAssignment = append(ask.GroupAssignment, a)
	}
	round := m.round
	m.c.callWithin(m.cfg.RebalanceTimeout+joinMargin, m.lane, m.coordinator, ask, func(r kmsg.Response, err error) {
		if !m.current(round) {
			return
		}
		if err != nil {
			m.coordinator = -1
			m.joinLater()
			return
		}
		answer := r.(*kmsg.SyncGroupResponse)
		if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK {
			m.refused(code)
			return
		}
		share, err := assign.Decode(answer.MemberAssignment)
		if err != nil {
			m.end(wire.OK, err)
			return
		}
		m.settle(share)
	})
}

// settle takes a share. What is not in it any more has to be given up first, and then
// those who are to get it have to be told, by another generation.
func (m *Member) settle(share []assign.Partition) {
	var now []TopicPartition
	for _, p := range share {
		now = append(now, TopicPartition{p.Topic, p.Number})
	}
	slices.SortFunc(now, TopicPartition.Compare)
	added, removed := without(now, m.owned), without(m.owned, now)
	m.failures, m.told = 0, m.generation
	m.become(settled)
	m.beating = m.c.clock.After(m.cfg.Heartbeat, m.beat)
	if len(removed) == 0 {
		m.grant(now, added)
		return
	}
	m.revoke(removed, func() {
		m.grant(now, added)
		m.join()
	})
}

// grant tells the owner what it may read in addition.
func (m *Member) grant(now, added []TopicPartition) {
	m.owned = now
	generation := m.generation
	m.observe(facts.MemberOwns, now)
	m.c.tell(func() { m.listener.Assigned(added, generation) })
}

// observe states what the member owns, or reads.
func (m *Member) observe(kind *node.EventKind, parts []TopicPartition) {
	all := &facts.Ownership{Member: m.id}
	for _, tp := range parts {
		all.Partitions = append(all.Partitions, fmt.Sprintf("%s-%d", tp.Topic, tp.Partition))
	}
	m.c.env.Observe(node.Event{Kind: kind, Text: m.cfg.Group, Body: all, N: [4]int64{int64(m.told)}})
}

// without lists those of a that are not in b.
func without(a, b []TopicPartition) []TopicPartition {
	var rest []TopicPartition
	for _, tp := range a {
		if !slices.Contains(b, tp) {
			rest = append(rest, tp)
		}
	}
	return rest
}

// beat keeps the session alive, as long as the member has a share. It knows that it has
// lost it only when a coordinator says so: until then, what it commits is what fences it.
func (m *Member) beat() {
	m.beating = m.c.clock.After(m.cfg.Heartbeat, m.beat)
	if m.unheard {
		return
	}
	m.unheard = true
	m.withCoordinator(func() {
		who, round := m.membership(), m.round
		ask := kmsg.NewPtrHeartbeatRequest()
		ask.Group, ask.Generation, ask.MemberID, ask.InstanceID = m.cfg.Group, who.generation, who.member, who.instance
		m.c.callWithin(min(m.cfg.SessionTimeout, m.c.cfg.RequestTimeout), m.lane, m.coordinator, ask, func(r kmsg.Response, err error) {
			if !m.current(round) {
				return
			}
			m.unheard = false
			if err != nil {
				m.coordinator = -1
				return
			}
			m.heard(wire.ErrorCode(r.(*kmsg.HeartbeatResponse).ErrorCode))
		})
	})
}

// heard takes the answer to a heartbeat.
func (m *Member) heard(code wire.ErrorCode) {
	switch code {
	case wire.OK, wire.CoordinatorLoadInProgress:
	case wire.RebalanceInProgress:
		if m.state == settled {
			m.rejoin()
		}
	case wire.UnknownMemberID, wire.IllegalGeneration:
		m.forget()
	case wire.FencedInstanceID, wire.GroupAuthorizationFailed:
		m.end(code, nil)
	default:
		m.coordinator = -1
	}
}

func (m *Member) leaveRequest() kmsg.Request {
	ask := kmsg.NewPtrLeaveGroupRequest()
	ask.Group, ask.MemberID = m.cfg.Group, m.id
	each := kmsg.NewLeaveGroupRequestMember()
	each.MemberID = m.id
	ask.Members = append(ask.Members, each)
	return ask
}

// nobodyCares takes the answer to a farewell.
func nobodyCares(kmsg.Response, error) {}
