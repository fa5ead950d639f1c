package group

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// namedFirst is the version from which on a newcomer is only given an ID, and has to
// join again by it, so that nobody is a member who did not hear that he is (KIP-394).
const namedFirst = 4

// joining is a request to join.
type joining struct {
	id                 string
	instance           *string
	client             Client
	session, rebalance time.Duration
	kind               string
	protocols          []protocol
	version            int16
	done               func(*kmsg.JoinGroupResponse)
}

func joinError(id string, code wire.ErrorCode) *kmsg.JoinGroupResponse {
	r := kmsg.NewPtrJoinGroupResponse()
	r.ErrorCode, r.MemberID, r.Generation, r.Protocol = int16(code), id, -1, kmsg.StringPtr("")
	return r
}

// joinGroup takes a member into the next generation. The answer comes when it begins.
func (c *Coordinator) joinGroup(from Client, r *kmsg.JoinGroupRequest, done func(*kmsg.JoinGroupResponse)) {
	if code := c.mayJoin(r); code != wire.OK {
		done(joinError(r.MemberID, code))
		return
	}
	j := &joining{
		id: r.MemberID, instance: r.InstanceID, client: from, kind: r.ProtocolType, version: r.Version, done: done,
		session:   time.Duration(r.SessionTimeoutMillis) * time.Millisecond,
		rebalance: time.Duration(r.RebalanceTimeoutMillis) * time.Millisecond,
	}
	if r.Version == 0 {
		j.rebalance = j.session
	}
	for _, p := range r.Protocols {
		j.protocols = append(j.protocols, protocol{p.Name, p.Metadata})
	}
	g := c.group(r.Group)
	g.join(j)
	g.maybeComplete()
}

// mayJoin reports what is wrong with a request to join, whoever it is from.
func (c *Coordinator) mayJoin(r *kmsg.JoinGroupRequest) wire.ErrorCode {
	if r.Group == "" {
		return wire.InvalidGroupID
	}
	if code := c.admit(r.Group); code != wire.OK {
		return code
	}
	session := time.Duration(r.SessionTimeoutMillis) * time.Millisecond
	if session < c.cfg.MinSessionTimeout || session > c.cfg.MaxSessionTimeout {
		return wire.InvalidSessionTimeout
	}
	if c.groups[r.Group] == nil && r.MemberID != "" {
		return wire.UnknownMemberID
	}
	return wire.OK
}

func (g *group) join(j *joining) {
	switch {
	case g.crowded(j):
		if m := g.byID[j.id]; m != nil {
			g.remove(m, wire.GroupMaxSizeReached)
			g.gone(j.id, "crowded-out")
		}
		j.done(joinError("", wire.GroupMaxSizeReached))
	case !g.compatible(j.kind, j.protocols):
		j.done(joinError(j.id, wire.InconsistentGroupProtocol))
	case j.id == "":
		g.joinNew(j)
	default:
		g.joinKnown(j)
	}
}

// crowded reports whether there is no room for a member that joins. While members are
// asked to join, those that already wait have a place before those that do not.
func (g *group) crowded(j *joining) bool {
	limit := g.c.cfg.MaxSize
	m := g.byID[j.id]
	if limit <= 0 || j.instance != nil && g.instances[*j.instance] != nil || m != nil && m.join != nil {
		return false
	}
	if g.state == preparing {
		waiting := 0
		for _, other := range g.members {
			if other.join != nil {
				waiting++
			}
		}
		return waiting >= limit
	}
	return m == nil && len(g.members) >= limit
}

// joinNew is for who does not know an ID of its own.
func (g *group) joinNew(j *joining) {
	id := g.newID(j)
	switch {
	case j.instance != nil && g.instances[*j.instance] != nil:
		g.replaceStatic(j, id)
	case j.instance == nil && j.version >= namedFirst:
		g.nameFirst(j, id)
	default:
		j.id = id
		g.welcome(j)
	}
}

// newID makes up an ID that nobody has had.
func (g *group) newID(j *joining) string {
	prefix := j.client.ID
	if j.instance != nil {
		prefix = *j.instance
	}
	r := g.c.env.Rand()
	return fmt.Sprintf("%s-%016x%016x", prefix, r.Uint64(), r.Uint64())
}

// nameFirst gives an ID out. Who does not join by it within a session timeout has not heard.
func (g *group) nameFirst(j *joining, id string) {
	a := new(alarm.Alarm)
	g.named[id] = a
	*a = g.c.clock.After(j.session, func() {
		delete(g.named, id)
		g.maybeComplete()
	})
	g.observe(facts.MemberNamed, id, int64(g.generation))
	j.done(joinError(id, wire.MemberIDRequired))
}

// unname forgets an ID that was given out, and reports whether it was.
func (g *group) unname(id string) bool {
	a, ok := g.named[id]
	if ok {
		g.c.clock.Stop(a)
		delete(g.named, id)
	}
	return ok
}

// joinKnown is for who has an ID.
func (g *group) joinKnown(j *joining) {
	if g.unname(j.id) {
		g.welcome(j)
		return
	}
	m, code := g.identify(j.id, j.instance)
	if code != wire.OK {
		j.done(joinError(j.id, code))
		return
	}
	g.says(j)
	same := m.sameProtocols(j.protocols)
	switch {
	case g.state == preparing:
		g.update(m, j)
	case g.state == completing && same, g.state == stable && (same || g.c.bug(bugs.RejoinNotHeeded)) && g.leader != m.id:
		// Its answer was lost. It can have it again, without disturbing the others.
		m.answer(wire.RebalanceInProgress)
		m.join = j.done
		g.tellGeneration(m, true)
	default:
		g.update(m, j)
		g.rebalance("rejoined")
	}
}

// says states what a member says that joins again.
func (g *group) says(j *joining) {
	said := member{protocols: j.protocols}
	g.observe(facts.MemberSays, &facts.Saying{Member: j.id, Metadata: said.metadata(g.protocol)})
}

// welcome adds a member.
func (g *group) welcome(j *joining) {
	m := &member{id: j.id, fresh: true, clientID: j.client.ID, host: j.client.Host}
	if j.instance != nil {
		m.instance = *j.instance
	}
	g.protocolType = j.kind
	if g.state == preparing && g.initial {
		g.newcomers = true
	}
	g.add(m)
	g.update(m, j)
	g.expectWithin(m, newMemberTimeout)
	if g.state != preparing {
		g.rebalance("joined")
	}
}

// update takes what a member offers, and has it wait for the generation to come.
func (g *group) update(m *member, j *joining) {
	m.protocols, m.session, m.rebalance = j.protocols, j.session, j.rebalance
	m.answer(wire.RebalanceInProgress) // what it asked before, over another connection
	m.join = j.done
}

// replaceStatic gives a static member that returns without its ID another one. Whoever
// uses the old one is fenced. If the group is stable and what it offers would not change
// the assignor, nobody else need know; but the log must, or the next coordinator would
// fence the new one (KAFKA-10284).
func (g *group) replaceStatic(j *joining, id string) {
	m := g.instances[*j.instance]
	old, wasLeader := m.id, g.leader == m.id
	m.answer(wire.FencedInstanceID)
	before := m.protocols
	g.rename(m, id)
	j.id = id
	m.clientID, m.host = j.client.ID, j.client.Host
	g.update(m, j)
	g.expect(m)
	g.observe(facts.MemberReplaced, facts.Replacement{Instance: m.instance, Old: old, New: id}, int64(g.generation))
	switch {
	case g.state == preparing:
	case g.state == stable && g.c.bug(bugs.ReplacementNotLogged):
		g.tellGeneration(m, false)
	case g.state == stable && g.elected() == g.protocol:
		generation := g.generation
		g.store(func(code wire.ErrorCode) {
			if g.state == dead || g.generation != generation || g.byID[id] != m || m.join == nil {
				return // it was answered otherwise
			}
			if code != wire.OK {
				m.protocols = before
				m.answer(wire.UnknownMemberID)
				g.rename(m, old)
				g.expect(m) // its session may have ended while it waited, which counts for nothing
				g.observe(facts.MemberReplaced, facts.Replacement{Instance: m.instance, Old: id, New: old}, int64(generation))
				return
			}
			if wasLeader && j.version < skipsAssignment {
				g.leaderWas(m, old)
				return
			}
			g.tellGeneration(m, false)
		})
	default:
		g.rebalance("static")
	}
}

// skipsAssignment is the version from which on a leader can be told that the assignment
// stands (KIP-814).
const skipsAssignment = 9

// leaderWas tells a leader that returned, and that would otherwise assign anew, that
// its old self leads.
func (g *group) leaderWas(m *member, old string) {
	r := g.generationFor(m)
	r.LeaderID, r.Members = old, nil
	done := m.join
	m.join = nil
	g.renew(m)
	g.joinTold(m)
	done(r)
}

// rename gives a member another ID.
func (g *group) rename(m *member, id string) {
	delete(g.byID, m.id)
	if g.unsynced[m.id] {
		delete(g.unsynced, m.id)
		g.unsynced[id] = true
	}
	if g.leader == m.id {
		g.leader = id
	}
	m.id = id
	g.byID[id] = m
}
