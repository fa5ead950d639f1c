package replica

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// model is a cluster of three replicas of one partition around a register, which stands
// for the state znode and its controller. Messages take as long as they like, may be lost,
// and orders of the controller come in any order; replicas stop and go on with the log
// they had. What must hold all the time is what the specification of KIP-320 proves.
type model struct {
	t        *rapid.T
	brokers  [3]*member
	register State
	// orders are all that the register has ever held: any of them may arrive, at any time.
	orders []State
	// committed are the records below any high watermark of a leader, as first seen there.
	committed []plainRecord
	now       time.Duration
	values    int
	minInsync int
	refused   int
}

// member is one broker.
type member struct {
	*Partition
	log *plainLog
	id  int32
	// asked is a question under way, answered what came back for it.
	asked    *Fetch
	answered *reply
	// proposal is a change on its way to the register; written says how it went, and
	// unsure, that the answer was lost.
	proposal        *Proposal
	written, unsure bool
	version         int32
	// since is the first order of this life.
	since int
}

type reply struct {
	Answer
	records []plainRecord
	start   int64
}

func (m *model) boot(b *member) {
	b.Partition = New(Config{
		Self: b.id, Name: "t-0", Lag: lag, MinInsync: m.minInsync, Alive: func(int32) bool { return true },
	}, b.log, &notes{})
	b.asked, b.answered, b.proposal = nil, nil, nil
}

func newModel(t *rapid.T) *model {
	m := &model{t: t, register: State{Leader: 1, LeaderEpoch: 0, Isr: SetOf(1, 2, 3), Replicas: []int32{1, 2, 3}}}
	m.minInsync = rapid.IntRange(1, 2).Draw(t, "min.insync.replicas")
	for i := range m.brokers {
		m.brokers[i] = &member{id: int32(i + 1), log: &plainLog{}}
		m.boot(m.brokers[i])
	}
	m.order()
	return m
}

func (m *model) order()              { m.orders = append(m.orders, m.register) }
func (m *model) any() *member        { return m.brokers[rapid.IntRange(0, 2).Draw(m.t, "broker")] }
func (m *model) of(id int32) *member { return m.brokers[id-1] }

// elect has the controller choose a leader out of the in-sync replicas, and perhaps go on
// without the former one.
func (m *model) elect(t *rapid.T) {
	isr := m.register.Isr.Members()
	next := rapid.SampledFrom(isr).Draw(t, "leader")
	if out := m.register.Leader; out != next && rapid.Bool().Draw(t, "without the former") {
		m.register.Isr = m.register.Isr.Without(out)
	}
	m.register.Leader = next
	m.register.LeaderEpoch++
	m.register.Version++
	m.order()
}

// remove has the controller take a dead follower out.
func (m *model) remove(t *rapid.T) {
	out := rapid.SampledFrom(m.register.Isr.Members()).Draw(t, "out")
	if out == m.register.Leader {
		return // it leads
	}
	m.register.Isr = m.register.Isr.Without(out)
	m.register.LeaderEpoch++
	m.register.Version++
	m.order()
}

// tell has an order arrive, the latest most of the time.
func (m *model) tell(t *rapid.T) {
	b, s := m.any(), m.orders[len(m.orders)-1]
	if rapid.IntRange(0, 3).Draw(t, "how old") == 0 {
		s = rapid.SampledFrom(m.orders[b.since:]).Draw(t, "order")
	}
	if s.Leader == b.id {
		b.Lead(s, m.now)
	} else {
		b.Follow(s)
	}
}

// produce appends at whoever takes itself for the leader.
func (m *model) produce(t *rapid.T) {
	b := m.any()
	if !b.Leads() {
		return // it does not lead
	}
	m.values++
	b.log.append(plainRecord{b.LeaderEpoch(), m.values})
	b.Appended(m.now)
}

func (m *model) ask(t *rapid.T) {
	b := m.any()
	if b.Role() != Following || b.asked != nil {
		return // it has nothing to ask
	}
	q := b.Question()
	b.asked, b.answered = &q, nil
}

// answer has a question arrive at the broker that the follower took for its leader.
func (m *model) answer(t *rapid.T) {
	b := m.any()
	if b.asked == nil || b.answered != nil || b.Leader() < 1 {
		return // nothing was asked
	}
	leader := m.of(b.Leader())
	if leader == b {
		return // it leads by now
	}
	a := &reply{Answer: leader.Fetched(*b.asked, m.now), start: leader.log.Start()}
	if a.Code == wire.OK && !a.Diverges {
		count := rapid.IntRange(0, 3).Draw(t, "records")
		rest := leader.log.records[b.asked.Offset-leader.log.start:]
		a.records = slices.Clone(rest[:min(count, len(rest))])
		if leader.Expandable(b.id) {
			leader.proposal, leader.written, leader.unsure = leader.Expand(b.id), false, false
		}
	}
	b.answered = a
}

// take has an answer come back, or get lost.
func (m *model) take(t *rapid.T) {
	b := m.any()
	q, a := b.asked, b.answered
	if a == nil {
		return // nothing was answered
	}
	b.asked, b.answered = nil, nil
	if !b.Applies(*q) || a.Code != wire.OK || rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
		return
	}
	if a.Diverges {
		b.Truncate(a.DivergingEpoch, a.DivergingEnd, a.start)
		return
	}
	b.log.append(a.records...)
	b.Copied(a.HighWatermark, a.start)
}

// shrink has a leader find somebody lagging.
func (m *model) shrink(t *rapid.T) {
	b := m.any()
	if out := b.Lagging(m.now); out != 0 && b.proposal == nil {
		b.proposal, b.written, b.unsure = b.Shrink(out), false, false
	}
}

// write has a proposal arrive at the register.
func (m *model) write(t *rapid.T) {
	b := m.any()
	if b.proposal == nil || b.written {
		return // nothing was proposed
	}
	b.written = true
	b.version = m.cas(b.proposal)
	b.unsure = rapid.IntRange(0, 3).Draw(t, "unsure") == 0
}

// cas replaces the in-sync replicas, if nobody has before, and returns the new version, or
// -1.
func (m *model) cas(p *Proposal) int32 {
	if m.register.Version != p.Version {
		return -1
	}
	m.register.Isr = p.Isr
	m.register.Version++
	m.order()
	return m.register.Version
}

// learn has a leader hear how its write went, or look.
func (m *model) learn(t *rapid.T) {
	b := m.any()
	if b.proposal == nil || !b.written {
		return // nothing was written
	}
	p := b.proposal
	b.proposal = nil
	if b.version < 0 || b.unsure {
		b.Found(p, m.register, m.now)
		if b.Refused() {
			m.refused++
		}
		return
	}
	b.Committed(p, b.version, m.now)
}

// restart has a broker forget everything but its log, and how far that was committed. A
// write of its last life happens before its session is over, or never, and it comes back
// after that; the controller has found it dead, and its orders are for the new life.
func (m *model) restart(t *rapid.T) {
	b := m.any()
	b.log.SetHighWatermark(int64(rapid.IntRange(0, int(b.log.mark)).Draw(t, "checkpoint")))
	if b.proposal != nil && !b.written && rapid.Bool().Draw(t, "written") {
		m.cas(b.proposal)
	}
	if others := m.register.Isr.Without(b.id); others != 0 {
		m.register.Isr = others
	}
	if m.register.Leader == b.id {
		m.register.Leader = rapid.SampledFrom(m.register.Isr.Members()).Draw(t, "leader")
	}
	m.register.LeaderEpoch++
	m.register.Version++
	m.order()
	m.boot(b)
	b.since = len(m.orders) - 1
}

func (m *model) wait(t *rapid.T) {
	m.now += time.Duration(rapid.IntRange(1, 20).Draw(t, "seconds")) * time.Second
}

// check holds the cluster to what must be so.
func (m *model) check(t *rapid.T) {
	for _, b := range m.brokers {
		if b.Leads() {
			m.checkLeader(b)
		}
		for _, c := range m.brokers {
			for i := range min(b.log.mark, c.log.mark) {
				if b.log.records[i] != c.log.records[i] {
					t.Fatalf("log matching: %d and %d differ at %d below both high watermarks: %v, %v", b.id, c.id, i, b.log, c.log)
				}
			}
		}
	}
	if !m.register.Isr.Has(m.register.Leader) {
		t.Fatalf("the leader %d is not in sync", m.register.Leader)
	}
}

// checkLeader holds who takes itself for the leader to what it promises.
func (m *model) checkLeader(b *member) {
	if b.LeaderEpoch() == m.register.LeaderEpoch {
		if lost := m.register.Isr &^ b.MaximalIsr(); lost != 0 {
			m.t.Fatalf("the leader %d counts %v, and in sync are %v", b.id, b.MaximalIsr().Members(), m.register.Isr.Members())
		}
	}
	for i := range b.log.mark {
		if int(i) == len(m.committed) {
			m.committed = append(m.committed, b.log.records[i])
		}
		if m.committed[i] != b.log.records[i] {
			m.t.Fatalf("leader completeness: %d has %v at %d, and %v was committed", b.id, b.log.records[i], i, m.committed[i])
		}
		for _, id := range m.register.Isr.Members() {
			log := m.of(id).log
			if i >= log.End() || log.records[i] != b.log.records[i] {
				m.t.Fatalf("strong ISR: the leader %d has %v at %d below its high watermark, and %d in sync has %v", b.id, b.log.records[i], i, id, log)
			}
		}
	}
}

// TestNothingCommittedIsLost plays random interleavings, with orders, answers and writes as
// late as they like.
func TestNothingCommittedIsLost(t *testing.T) {
	longest, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		mishaps := []func(*rapid.T){m.elect, m.remove, m.restart, m.shrink, m.wait, m.write, m.learn, m.tell}
		usual := []func(*rapid.T){m.tell, m.produce, m.ask, m.answer, m.take, m.ask, m.answer, m.take, m.write, m.learn}
		for range 800 {
			actions := usual
			if rapid.IntRange(0, 11).Draw(t, "mishap") == 0 {
				actions = mishaps
			}
			rapid.SampledFrom(actions).Draw(t, "action")(t)
			m.check(t)
		}
		longest, refused = max(longest, len(m.committed)), refused+m.refused
	})
	if longest == 0 || refused == 0 {
		t.Errorf("%d committed in the longest run, %d refused in the end: nothing was tested", longest, refused)
	}
}
