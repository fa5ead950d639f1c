package group

import (
	"bytes"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// state is where a group is in its life.
type state uint8

const (
	empty state = iota
	preparing
	completing
	stable
	dead
)

// String is the name of the state in the protocol.
func (s state) String() string {
	return [...]string{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"}[s]
}

// group is one group.
type group struct {
	c     *Coordinator
	name  string
	shard *shard

	state      state
	generation int32
	// protocolType is what all members speak ("consumer"), "" before the first; protocol
	// is the assignor of this generation.
	protocolType, protocol string
	// leader assigns for all; "" if there are no members.
	leader string
	// since is when the state was last changed, in milliseconds of the wall clock.
	since int64

	// members are in the order in which they came. byID finds them, instances the
	// static ones.
	members   []*member
	byID      map[string]*member
	instances map[string]*member
	// named are the IDs that were given out and that nobody has joined by yet.
	named map[string]*alarm.Alarm
	// unsynced are the members of the present generation that have not synced.
	unsynced map[string]bool

	// assigning is the generation whose assignment is on its way to the log, or there. A
	// leader that lost its answer and asks again may bring another, if it knows more
	// partitions by now: behind the first in the log, the next coordinator would go by it.
	// Kafka takes it.
	assigning int32

	// joining is the end of the wait for members to join, while preparing; syncing that
	// for them to sync, in a generation.
	joining, syncing alarm.Alarm
	// initial: the wait is that of an empty group for its first members, of which left
	// is what may be added to it, if newcomers came.
	initial   bool
	left      time.Duration
	newcomers bool

	offsets map[partition]*offset
	// committing counts the appends of offsets that are not done: what waits for them
	// must neither expire nor be deleted.
	committing map[partition]int
}

// protocol is an assignor that a member offers, with what it has to say for it.
type protocol struct {
	name     string
	metadata []byte
}

// member is one member of a group.
type member struct {
	id string
	// instance is the name that a static member keeps over restarts, "" for others.
	instance           string
	clientID, host     string
	session, rebalance time.Duration
	protocols          []protocol
	assignment         []byte

	// fresh: the member waits in its first join, and has no session yet.
	fresh bool
	// join and sync answer the request that the member waits in, nil if it does not.
	// Invariant: at most one is set.
	join func(*kmsg.JoinGroupResponse)
	sync func(*kmsg.SyncGroupResponse)
	// asked is the generation that it named when it asked for its share.
	asked  int32
	expiry alarm.Alarm // of the session
}

func newGroup(c *Coordinator, name string) *group {
	return &group{
		c: c, name: name, shard: c.shardOf(name), since: c.env.WallMillis(),
		byID: map[string]*member{}, instances: map[string]*member{}, named: map[string]*alarm.Alarm{}, unsynced: map[string]bool{},
		offsets: map[partition]*offset{}, committing: map[partition]int{},
	}
}

// become changes the state.
func (g *group) become(s state) {
	g.state = s
	g.since = g.c.env.WallMillis()
}

// add takes a member in. The first is the leader.
func (g *group) add(m *member) {
	if len(g.members) == 0 {
		g.leader = m.id
	}
	g.members = append(g.members, m)
	g.byID[m.id] = m
	if m.instance != "" {
		g.instances[m.instance] = m
	}
}

// remove takes a member out, and answers what it waits in. The leader is succeeded by
// the oldest of the others.
func (g *group) remove(m *member, code wire.ErrorCode) {
	g.c.clock.Stop(&m.expiry)
	delete(g.byID, m.id)
	delete(g.unsynced, m.id)
	if g.instances[m.instance] == m {
		delete(g.instances, m.instance)
	}
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
	if g.leader == m.id {
		g.leader = ""
		if len(g.members) > 0 {
			g.leader = g.members[0].id
		}
	}
	m.answer(code)
}

// answer ends what a member waits in by an error.
func (m *member) answer(code wire.ErrorCode) {
	if done := m.join; done != nil {
		m.join = nil
		done(joinError(m.id, code))
	}
	if done := m.sync; done != nil {
		m.sync = nil
		done(syncError(code))
	}
}

// offers reports whether a member would be content with an assignor.
func (m *member) offers(name string) bool {
	return slices.ContainsFunc(m.protocols, func(p protocol) bool { return p.name == name })
}

// metadata is what a member says for an assignor.
func (m *member) metadata(name string) []byte {
	for _, p := range m.protocols {
		if p.name == name {
			return p.metadata
		}
	}
	return []byte{}
}

// sameProtocols reports whether a member offers what it did before.
func (m *member) sameProtocols(other []protocol) bool {
	return slices.EqualFunc(m.protocols, other, func(a, b protocol) bool { return a.name == b.name && bytes.Equal(a.metadata, b.metadata) })
}

// compatible reports whether a member that offers these could be in the group: all have
// to have an assignor in common.
func (g *group) compatible(kind string, offers []protocol) bool {
	if kind == "" || len(offers) == 0 {
		return false
	}
	if len(g.members) == 0 {
		return true
	}
	return kind == g.protocolType && slices.ContainsFunc(offers, func(p protocol) bool { return g.common(p.name) })
}

// common reports whether all members offer an assignor.
func (g *group) common(name string) bool {
	return !slices.ContainsFunc(g.members, func(m *member) bool { return !m.offers(name) })
}

// elected is the assignor for the next generation: every member votes for the first of
// its own that all have in common. Of those with most votes it is the one that the
// oldest member likes best.
func (g *group) elected() string {
	votes := map[string]int{}
	for _, m := range g.members {
		for _, p := range m.protocols {
			if g.common(p.name) {
				votes[p.name]++
				break
			}
		}
	}
	best := ""
	for _, m := range g.members {
		for _, p := range m.protocols {
			if votes[p.name] > votes[best] {
				best = p.name
			}
		}
	}
	return best
}

// patience is how long the members may take to join: as long as the most patient says.
func (g *group) patience() time.Duration {
	var longest time.Duration
	for _, m := range g.members {
		longest = max(longest, m.rebalance)
	}
	return longest
}

// identify finds the member that a request is of. A static member is fenced by another
// of its name that came later.
func (g *group) identify(id string, instance *string) (*member, wire.ErrorCode) {
	if instance != nil {
		static := g.instances[*instance]
		switch {
		case static == nil:
			return nil, wire.UnknownMemberID
		case static.id != id:
			return nil, wire.FencedInstanceID
		}
	}
	m := g.byID[id]
	if m == nil {
		return nil, wire.UnknownMemberID
	}
	return m, wire.OK
}
