package zab

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// monkey does to a lab whatever a network, disks, crashes and impatient servers
// can do, one step at a time, as choose says.
type monkey struct {
	*lab
	// choose draws from [0, n).
	choose func(n int) int
	habits []habit
	named  int
}

// habit is something a monkey does, and how often compared to others.
type habit struct {
	weight int
	do     func(m *monkey)
}

// newMonkey draws an ensemble of three or five and the habits of one run: which
// faults occur at all, and whose disk is slow, decides how deep a run can get.
func newMonkey(b bugs.Set, choose func(n int) int) *monkey {
	voters := []int64{1, 2, 3, 4, 5}[:3+2*choose(2)]
	l := newLab(voters, nil, b)
	l.cache, l.diskSync = []int{0, 1, 3, 500}[choose(4)], choose(2) == 0
	m := &monkey{lab: l, choose: choose}
	m.habits = []habit{
		{30, (*monkey).deliverSome},
		{[]int{10, 30}[choose(2)], (*monkey).completeSome},
		{[]int{3, 12}[choose(2)], (*monkey).proposeSome},
		{6, (*monkey).elect},
		{[]int{0, 1, 3}[choose(3)], (*monkey).cutSome},
		{[]int{0, 1, 3}[choose(3)], (*monkey).crashSome},
		{4, (*monkey).bootSome},
		{[]int{0, 1}[choose(2)], (*monkey).usurp},
		{[]int{0, 0, 2}[choose(3)], (*monkey).tick},
	}
	return m
}

// run does so many steps, or fewer if the judge convicts.
func (m *monkey) run(steps int) {
	total := 0
	for _, h := range m.habits {
		total += h.weight
	}
	for range steps {
		pick := m.choose(total)
		for _, h := range m.habits {
			if pick -= h.weight; pick < 0 {
				h.do(m)
				break
			}
		}
		if m.judge.verdict != "" {
			return
		}
	}
}

// pick draws a server of which want is true, nil if there is none.
func (m *monkey) pick(want func(*server) bool) *server {
	var able []*server
	for _, s := range m.everybody() {
		if want(s) {
			able = append(able, s)
		}
	}
	if len(able) == 0 {
		return nil
	}
	return able[m.choose(len(able))]
}

func isLooking(s *server) bool { return s.state() == "looking" }

// deliverSome delivers the first packet of a stream.
func (m *monkey) deliverSome() {
	if len(m.mail) == 0 {
		return
	}
	at := m.choose(len(m.mail))
	for i, other := range m.mail {
		if other.link == m.mail[at].link && other.toward == m.mail[at].toward {
			m.deliver(i)
			return
		}
	}
}

func (m *monkey) completeSome() {
	if s := m.pick(func(s *server) bool { return len(s.disk.ops) > 0 }); s != nil {
		s.complete(m.choose(len(s.disk.ops)))
	}
}

func (m *monkey) proposeSome() {
	if s := m.pick(func(s *server) bool { return s.leader != nil && s.leader.Established() }); s != nil {
		m.named++
		s.propose(fmt.Sprint("t", m.named))
	}
}

// elect brings servers that look for a leader under one: mostly under one that
// leads already, else under the best of them, if they are a quorum.
func (m *monkey) elect() {
	s := m.pick(isLooking)
	if s == nil {
		return
	}
	if leader := m.pick(func(s *server) bool { return s.leader != nil }); leader != nil && m.choose(8) > 0 {
		m.join(s, leader)
		return
	}
	var among []*server
	for _, o := range m.everybody() {
		if isLooking(o) {
			among = append(among, o)
		}
	}
	if len(among) <= len(m.everybody())/2 {
		return
	}
	leader := best(among)
	m.lead(leader)
	for _, o := range among {
		if o != leader && m.choose(4) > 0 {
			m.join(o, leader)
		}
	}
}

// usurp lets anybody lead. Discovery must cope with elections gone wrong.
func (m *monkey) usurp() {
	if s := m.pick(isLooking); s != nil {
		m.lead(s)
	}
}

func (m *monkey) cutSome() {
	if s := m.pick(func(s *server) bool { return s.link != nil }); s != nil {
		m.cut(s.link)
	}
}

// crashSome ends a process; some of what it last sent and wrote may survive.
func (m *monkey) crashSome() {
	s := m.pick(func(s *server) bool { return s.up })
	if s == nil {
		return
	}
	if m.choose(2) == 0 {
		m.lose(func(o letter) bool { return o.from() == s.sid })
	}
	keep := m.choose(len(s.disk.log) - s.disk.durable + 1)
	m.tracef("%d -- crashes, %d unsynced writes survive", s.sid, keep)
	s.crash(keep)
}

func (m *monkey) bootSome() {
	if s := m.pick(func(s *server) bool { return !s.up }); s != nil {
		m.tracef("%d -- boots", s.sid)
		s.boot()
	}
}

func (m *monkey) tick() {
	m.tracef("-- half a tick")
	m.advance(labTick/2, func() {})
	m.judge.quorumLost()
}

const monkeySteps = 400

// TestSafeUnderAnySchedule: no order of packets, disk completions, crashes, broken
// connections, timeouts and elections makes the judge convict.
func TestSafeUnderAnySchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choice := map[int]*rapid.Generator[int]{}
		m := newMonkey(bugs.Set{}, func(n int) int {
			if choice[n] == nil {
				choice[n] = rapid.IntRange(0, n-1)
			}
			return choice[n].Draw(t, "choice")
		})
		if m.run(monkeySteps); m.judge.verdict != "" {
			t.Fatalf("%s\n%s", m.judge.verdict, m.takeTrace())
		}
	})
}

// walked are the facts without which the schedules have not been where it matters.
var walked = []*node.EventKind{
	facts.SyncEmptyDiff, facts.SyncDiff, facts.SyncDiffFromDisk, facts.SyncTrunc, facts.SyncSnap,
	facts.SyncOutstanding, facts.SyncWaited, facts.CommitDuringSync, facts.ProposalDuringSync,
	facts.TruncImpossible, facts.LearnerRejoined, facts.StepDown, facts.LeaderLostQuorum, facts.LeaderRefusedEpoch,
	facts.LeaderSawNewerHistory, facts.Established, facts.Committed, facts.UpToDate,
}

// TestSafeOnSeeds is the same with even odds instead of rapid's love of small
// numbers, which get deeper; the two find different things.
func TestSafeOnSeeds(t *testing.T) {
	seen := map[*node.EventKind]int{}
	for seed := range uint64(2000) {
		m := seeded(bugs.Set{}, seed)
		m.mute = true
		m.run(monkeySteps)
		for _, k := range walked {
			seen[k] += m.judge.seen[k]
		}
		if m.judge.verdict != "" {
			m = seeded(bugs.Set{}, seed)
			m.run(monkeySteps)
			t.Fatalf("seed %d: %s\n%s", seed, m.judge.verdict, m.takeTrace())
		}
	}
	for _, k := range walked {
		if seen[k] == 0 {
			t.Errorf("no schedule came to %s", k.Name)
		}
	}
}

// heal lets everybody come up and follow the best of all, and returns it.
func (m *monkey) heal() *server {
	for _, s := range m.everybody() {
		if s.up {
			s.endRole()
		} else {
			s.boot()
		}
	}
	leader := best(m.everybody())
	m.lead(leader)
	for _, s := range m.everybody() {
		if s != leader {
			m.join(s, leader)
		}
	}
	m.settle()
	return leader
}

// TestRecoversFromAnySchedule: whatever happened, once everybody is up and packets
// flow, the best of all is established, everybody has its history before it writes
// anything, and then a write.
func TestRecoversFromAnySchedule(t *testing.T) {
	for seed := range uint64(500) {
		m := seeded(bugs.Set{}, seed)
		m.run(monkeySteps)
		m.tracef("-- heals")
		leader := m.heal()
		m.allAgree(t, seed)
		leader.propose("healed")
		m.settle()
		m.allAgree(t, seed)
		if s := m.everybody()[0]; nameOf(s.tree[len(s.tree)-1]) != "healed" {
			t.Fatalf("seed %d: the write did not arrive\n%s", seed, m.takeTrace())
		}
	}
}

// allAgree requires that everybody takes part and has what was committed.
func (m *monkey) allAgree(t *testing.T, seed uint64) {
	t.Helper()
	for _, s := range m.everybody() {
		whole := len(s.tree) == len(m.judge.committed) && common(s.tree, m.judge.committed) == len(s.tree)
		serves := s.leader != nil && s.leader.Established() || s.learner != nil && s.learner.Serving()
		if !whole || !serves || m.judge.verdict != "" {
			t.Fatalf("seed %d: %d %s has %v %s\n%s", seed, s.sid, s.state(), lastOf(s.tree), m.judge.verdict, m.takeTrace())
		}
	}
}

// planted lists the bugs that live in this package.
var planted = []bugs.ID{
	bugs.AckBeforeSync, bugs.QuorumOffByOne, bugs.SkippedTruncation, bugs.NewLeaderAckBeforeLogged,
	bugs.NewLeaderAckBeforeSynced, bugs.EpochBeforeHistory, bugs.DiffWhereTrunc, bugs.EpochAnnouncedBeforeDurable,
	bugs.PendingClearedAtNewLeader, bugs.LeaderKeepsRoleWithoutQuorum, bugs.LateForwarding, bugs.OutstandingTruncated,
}

// seeded is a monkey that chooses by a seed.
func seeded(b bugs.Set, seed uint64) *monkey {
	r := rand.New(rand.NewPCG(seed, 0))
	return newMonkey(b, r.IntN)
}

// TestPlantedBugsAreConvicted: each bug is convicted on one of the first seeds,
// and on that seed the correct build is not. Otherwise the judge proves nothing.
func TestPlantedBugsAreConvicted(t *testing.T) {
	const seeds = 4000
	for _, id := range planted {
		b := bugs.Of(id)
		t.Run(b.String(), func(t *testing.T) {
			for seed := range uint64(seeds) {
				m := seeded(b, seed)
				m.mute = true
				if m.run(monkeySteps); m.judge.verdict == "" {
					continue
				}
				t.Logf("seed %d: %s", seed, m.judge.verdict)
				m = seeded(bugs.Set{}, seed)
				if m.run(monkeySteps); m.judge.verdict != "" {
					t.Errorf("the correct build on seed %d: %s\n%s", seed, m.judge.verdict, m.takeTrace())
				}
				return
			}
			t.Errorf("not convicted on %d seeds", seeds)
		})
	}
}
