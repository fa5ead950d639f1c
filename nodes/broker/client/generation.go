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
	m.returned = m.id == "" && m.cfg.Instance != ""
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
	for _, name := range m.cfg.Assignors {
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name, p.Metadata = name, assign.Describe(name, m.self(name))
		ask.Protocols = append(ask.Protocols, p)
	}
	return ask
}

// self is the member as it presents itself to an assignor.
func (m *Member) self(assignor string) assign.Member {
	if assignor == assign.StickyName {
		return assign.Member{Topics: m.cfg.Topics, Owned: m.had, Generation: m.hadIn}
	}
	me := assign.Member{Topics: m.cfg.Topics, Generation: m.generation}
	for _, tp := range m.owned {
		me.Owned = append(me.Owned, assign.Partition{Topic: tp.Topic, Number: tp.Partition})
	}
	return me
}

func (m *Member) joined(r *kmsg.JoinGroupResponse) {
	code := wire.ErrorCode(r.ErrorCode)
	switch code {
	case wire.OK:
		m.id, m.generation, m.protocol = r.MemberID, r.Generation, *r.Protocol
		m.become(syncing)
		m.watched, m.counts = nil, nil
		if r.LeaderID != r.MemberID {
			m.sync(nil, assign.Note{})
			return
		}
		members := m.read(r.Members)
		if r.SkipAssignment {
			m.sync(nil, assign.Note{})
			return
		}
		m.lead(members)
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

// read takes what the members of a generation say, and watches the topics that they read.
// A leader that returned does so, too: nobody else would see that there are more
// partitions (KAFKA-13435).
func (m *Member) read(said []kmsg.JoinGroupResponseMember) []assign.Member {
	var members []assign.Member
	topics := []string{}
	for _, s := range said {
		each, err := assign.Read(m.protocol, s.ProtocolMetadata)
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
	slices.Sort(topics)
	m.watched = slices.Compact(topics)
	return members
}

// lead shares the partitions out, as soon as it is known how many there are.
func (m *Member) lead(members []assign.Member) {
	m.c.env.Observe(node.Event{Kind: facts.MemberLeads, Text: m.cfg.Group, N: [4]int64{int64(m.generation), int64(len(members))}, Body: m.id})
	m.sharing = func() {
		m.sharing = nil
		m.counts = m.count()
		shares, ok := assign.ByName(m.protocol, members, m.counts, m.c.cfg.Bugs)
		if !ok {
			m.end(wire.InconsistentGroupProtocol, nil)
			return
		}
		note := assign.NoteOn(shares, members, m.counts)
		m.sync(shares, note)
	}
	if missing := slices.ContainsFunc(m.watched, func(t string) bool { return m.c.metadata.topics[t] == nil }); !missing {
		m.sharing()
		return
	}
	m.watch()
	m.c.refresh()
}

// watch asks for the metadata of what the members read, now and whenever it asks.
func (m *Member) watch() {
	for _, t := range m.watched {
		m.c.Want(t)
	}
}

// count is how many partitions each of the topics has that are watched.
func (m *Member) count() assign.Topics {
	counts := assign.Topics{}
	for _, name := range m.watched {
		t, _ := m.c.Topic(name)
		counts[name] = int32(len(t.Partitions))
	}
	return counts
}

// metadataChanged lets a leader share out what it waited for, or what has become more.
func (m *Member) metadataChanged() {
	switch {
	case m.over:
	case m.sharing != nil:
		m.sharing()
	case m.state == settled:
		m.compare()
	}
}

// compare joins again, as a leader, if there are other partitions than were shared out.
// An answer that was asked for before all topics were wanted says nothing of that.
func (m *Member) compare() {
	if m.counts != nil && !m.c.metadata.stale && !maps.Equal(m.count(), m.counts) {
		m.rejoin()
	}
}

// sync asks for the member's share, and brings everybody's if it leads.
func (m *Member) sync(shares assign.Shares, note assign.Note) {
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
		a.MemberID, a.MemberAssignment = id, assign.Encode(shares[id], note)
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
		share, note, err := assign.Decode(answer.MemberAssignment)
		if err != nil {
			m.end(wire.OK, err)
			return
		}
		m.settle(share, note)
	})
}

// settle takes a share. What is not in it any more has to be given up first, and then
// those who are to get it have to be told, by another generation.
func (m *Member) settle(share []assign.Partition, note assign.Note) {
	var now []TopicPartition
	for _, p := range share {
		now = append(now, TopicPartition{p.Topic, p.Number})
	}
	slices.SortFunc(now, TopicPartition.Compare)
	added, removed := without(now, m.owned), without(m.owned, now)
	m.failures, m.told = 0, m.generation
	m.had, m.hadIn = share, m.generation
	m.become(settled)
	m.beating = m.c.clock.After(m.cfg.Heartbeat, m.beat)
	if len(removed) == 0 {
		m.grant(now, added)
		m.resume(note)
		return
	}
	m.revoke(removed, func() {
		m.grant(now, added)
		m.join()
	})
}

// resume joins again if what was shared out while the member was away is not what it
// should be by now, and nobody else would see that.
func (m *Member) resume(note assign.Note) {
	if m.watched != nil && m.counts == nil { // it leads, and did not share out itself
		if m.counts = note.Counts; m.counts == nil {
			m.counts = m.count()
		}
		m.watch()
	}
	unread := func(topic string) bool { _, ok := note.Counts[topic]; return !ok }
	if m.returned && note.Counts != nil && (note.Unfinished || slices.ContainsFunc(m.cfg.Topics, unread)) {
		m.rejoin()
		return
	}
	m.compare()
}

// grant tells the owner what it may read in addition.
func (m *Member) grant(now, added []TopicPartition) {
	m.owned = now
	generation := m.generation
	m.observe(facts.MemberOwns, now)
	m.c.tell(func() { m.listener.Assigned(added, generation) })
}

// observe states what the member owns, or reads.
func (m *Member) observe(kind *node.EventKind, parts []TopicPartition, begins ...facts.Beginning) {
	all := &facts.Ownership{Member: m.id, Begins: begins}
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
		who, round, sent, to := m.membership(), m.round, m.c.env.Now(), m.coordinator
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
			code := wire.ErrorCode(r.(*kmsg.HeartbeatResponse).ErrorCode)
			if code == wire.OK || code == wire.RebalanceInProgress {
				after := m.c.env.Now() - sent
				m.c.env.Observe(node.Event{Kind: facts.MemberBeats, Text: m.cfg.Group, N: [4]int64{int64(who.generation), int64(to), int64(after)}, Body: m.id})
			}
			m.heard(code)
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

// AskLate sends a heartbeat of the generation before, and asks for its share, as requests do
// that were long on their way. Nothing comes of the answers.
func (m *Member) AskLate(done func(Done)) {
	who := m.membership()
	if m.over || who.generation < 2 || m.coordinator < 0 {
		m.c.tell(func() { done(Done{Outcome: Failed, Err: ErrNotSent}) })
		return
	}
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.Generation, beat.MemberID, beat.InstanceID = m.cfg.Group, who.generation-1, who.member, who.instance
	m.c.call(m.Offsets.lane, m.coordinator, beat, nobodyCares)
	ask := kmsg.NewPtrSyncGroupRequest()
	ask.Group, ask.Generation, ask.MemberID, ask.InstanceID = m.cfg.Group, who.generation-1, who.member, who.instance
	m.c.call(m.Offsets.lane, m.coordinator, ask, func(r kmsg.Response, err error) {
		d := Done{Outcome: Failed, Err: err}
		if err == nil {
			if d.Code = wire.ErrorCode(r.(*kmsg.SyncGroupResponse).ErrorCode); d.Code == wire.OK {
				d.Outcome = Succeeded
			}
		}
		m.c.tell(func() { done(d) })
	})
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
