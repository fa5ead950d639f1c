package client

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/group/assign"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// MemberConfig is what a [Member] has to be told.
type MemberConfig struct {
	Group string
	// Instance makes it a static member by this name (KIP-345), who may be away for
	// SessionTimeout without losing its share. "" for a dynamic one.
	Instance string
	Topics   []string
	// Assignors are those it can use, the one it likes best first, by their names in
	// package assign, [assign.Names]. All must be cooperative, or none. Default range.
	Assignors []string
	// SessionTimeout is how long the coordinator waits for a heartbeat, RebalanceTimeout
	// how long for a member to join. Default 10 s, 60 s.
	SessionTimeout, RebalanceTimeout time.Duration
	// Heartbeat is the time between heartbeats. It must be less than both, since the answer
	// to one is how a member hears that it is to join: who hears too late is out, comes
	// back, and has the others join, who hear too late, for ever. Default a third of the
	// lesser.
	Heartbeat time.Duration
}

// Validate reports what contradicts itself, and fills in defaults.
func (c *MemberConfig) Validate() error {
	if c.Group == "" || len(c.Topics) == 0 {
		return errors.New("client: a member needs a group and topics")
	}
	if len(c.Assignors) == 0 {
		c.Assignors = []string{assign.RangeName}
	}
	for _, name := range c.Assignors {
		if assign.Cooperative(name) != assign.Cooperative(c.Assignors[0]) {
			return errors.New("client: assignors that are cooperative and such that are not cannot be mixed")
		}
		if _, ok := assign.ByName(name, nil, nil, bugs.Set{}); !ok {
			return errors.New("client: there is no assignor " + name)
		}
	}
	defaultTo(&c.SessionTimeout, 10*time.Second)
	defaultTo(&c.RebalanceTimeout, time.Minute)
	least := min(c.SessionTimeout, c.RebalanceTimeout)
	defaultTo(&c.Heartbeat, least/3)
	if c.Heartbeat >= least {
		return fmt.Errorf("client: a heartbeat every %v is too late for a member that has %v to give a sign, and to join", c.Heartbeat, least)
	}
	return nil
}

// Listener hears what a member may read. It is told in order, and nothing else before
// it has proceeded from what asks it to.
type Listener interface {
	// Assigned tells what it may read in addition, and of which generation that is.
	Assigned(added []TopicPartition, generation int32)
	// Revoked tells what it may not read any more once it calls proceed, which it has
	// to: until then it can commit what it has read.
	Revoked(parts []TopicPartition, proceed func())
	// Lost tells what somebody else may be reading by now. It can commit nothing of it.
	Lost(parts []TopicPartition)
	// Ended tells that the member will do nothing any more, and why: it was fenced by
	// another instance of its name, say, or refused.
	Ended(code wire.ErrorCode, err error)
}

// standing is where a member is with its group.
type standing uint8

const (
	outside  standing = iota // before Start, and in the end
	joining                  // in a join, or about to
	syncing                  // in a sync, or about to
	settled                  // has its share
	revoking                 // waits for its owner, to join then
)

var standingNames = [...]string{"outside", "joining", "syncing", "settled", "revoking"}

// Member is a member of a group of consumers. Make it with [Cluster.NewMember]. Its
// Offsets are committed as that of the generation it is in.
type Member struct {
	*Offsets
	c        *Cluster
	cfg      MemberConfig
	lane     int
	listener Listener

	state standing
	over  bool
	// round counts the changes of standing: an answer from before the last is of no use.
	round       uint64
	coordinator int32
	failures    int
	id          string
	generation  int32 // -1 if it is in none
	protocol    string

	// told is the generation in which the member was given its share: one behind, while who
	// shares cooperatively keeps what it has and waits for the next; -1 if it has none.
	told int32
	// owned is what the owner was told that it may read, and has not given up.
	owned []TopicPartition
	// had is what the member was given last, and hadIn in which generation, for an assignor
	// that leaves members what they had. It outlives membership: others may have been given
	// it since, and claim it in a later generation.
	had   []assign.Partition
	hadIn int32
	// watched are, for a leader, the topics that members of its generation read, nil for
	// others; counts are the numbers of their partitions that were shared out, nil before.
	// sharing is what it has to do as soon as it knows them.
	watched []string
	counts  assign.Topics
	sharing func()
	// returned: the member came by its name only, and so may have been given what was
	// shared out before.
	returned bool

	beating alarm.Alarm // the next heartbeat
	unheard bool        // a heartbeat is not answered
	retry   alarm.Alarm
}

// NewMember makes a member that does nothing until [Member.Start]. A config that
// [MemberConfig.Validate] rejects is a bug and panics.
func (c *Cluster) NewMember(cfg MemberConfig, l Listener) *Member {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	m := &Member{c: c, cfg: cfg, listener: l, generation: -1, told: -1, hadIn: -1, coordinator: -1}
	m.Offsets = c.NewOffsets(cfg.Group)
	m.Offsets.as = func() (membership, bool) {
		return m.membership(), m.generation >= 0
	}
	m.lane = c.join(m)
	return m
}

// Start joins the group.
func (m *Member) Start() {
	if m.state != outside || m.over {
		panic("client: a member was started twice")
	}
	for _, t := range m.cfg.Topics {
		m.c.Want(t)
	}
	m.join()
}

// Leave leaves the group: a dynamic member says so, a static one keeps its share for as
// long as its session lasts. What it has is lost to its owner at once; it should have
// committed before.
func (m *Member) Leave() { m.resign(wire.OK) }

// resign leaves the group for a reason.
func (m *Member) resign(why wire.ErrorCode) {
	if m.over {
		return
	}
	if m.id != "" && m.cfg.Instance == "" && m.coordinator >= 0 {
		m.c.call(m.Offsets.lane, m.coordinator, m.leaveRequest(), nobodyCares)
	}
	m.end(why, nil)
}

// ID is that which the coordinator gave the member, "" before.
func (m *Member) ID() string { return m.id }

// Generation is the one the member is in, -1 if it is in none.
func (m *Member) Generation() int32 { return m.generation }

// ShareGeneration is the one in which the member was given what it may read, -1 if it
// has nothing. While it joins the next, and keeps what it has, [Member.Generation] is
// ahead of it: a number that is in no log yet, and that the next coordinator gives again.
func (m *Member) ShareGeneration() int32 { return m.told }

// Owned is what the member may read, sorted.
func (m *Member) Owned() []TopicPartition { return slices.Clone(m.owned) }

// State says in a word where the member stands, for people.
func (m *Member) State() string { return standingNames[m.state] }

func (m *Member) shutDown() { m.end(wire.OK, ErrClosed) }

// become changes the standing. Answers to what was asked before are of no use then.
func (m *Member) become(s standing) {
	m.state = s
	m.round++
	m.sharing, m.unheard = nil, false
	m.c.clock.Stop(&m.retry)
	if s != settled && s != revoking {
		m.c.clock.Stop(&m.beating)
	}
}

// current reports whether nothing has changed since a round.
func (m *Member) current(round uint64) bool { return !m.over && m.round == round }

// end is the end of the member here.
func (m *Member) end(code wire.ErrorCode, err error) {
	if m.over {
		return
	}
	m.lose()
	m.become(outside)
	m.over = true
	m.c.tell(func() { m.listener.Ended(code, err) })
}

// forget begins anew as somebody nobody knows: the coordinator has said that the member
// is in the group no more, and so others may have what it had.
func (m *Member) forget() {
	m.id = ""
	m.lose()
	m.joinLater()
}

// lose tells the owner that it has nothing any more.
func (m *Member) lose() {
	lost := m.owned
	m.owned, m.generation, m.told = nil, -1, -1
	if len(lost) > 0 {
		m.c.tell(func() { m.listener.Lost(lost) })
	}
}

// later does something after a pause, unless the standing changes before.
func (m *Member) later(f func()) {
	m.failures++
	m.c.clock.Stop(&m.retry)
	m.retry = m.c.clock.After(m.c.backoff(m.failures), f)
}

// joinLater joins after a pause, so that nothing goes round in circles.
func (m *Member) joinLater() {
	m.become(joining)
	m.later(m.join)
}

// withCoordinator does something once it is known who coordinates, unless the standing
// changes before.
func (m *Member) withCoordinator(f func()) {
	if m.coordinator >= 0 {
		f()
		return
	}
	round := m.round
	m.c.findCoordinator(m.lane, m.cfg.Group, func(broker int32, code wire.ErrorCode, err error) {
		switch {
		case !m.current(round):
		case err == nil && code == wire.OK:
			m.coordinator = broker
			f()
		case err == nil && !code.Retriable() && code != wire.Unknown:
			m.end(code, nil)
		default:
			m.later(func() { m.withCoordinator(f) })
		}
	})
}
