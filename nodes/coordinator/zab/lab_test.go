package zab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// lab is an ensemble whose messages, disks and clocks are moved by hand. Nothing
// in it happens by itself: a packet arrives when it is delivered, a write becomes
// durable when its disk operation is completed, time passes when it is advanced.
type lab struct {
	voters    quorum.Verifier
	observers []int64
	bugs      bugs.Set
	servers   []*server // by sid; 0 is nobody
	now       time.Duration
	// mail holds what is under way, in the order sent. The letters of one link in
	// one direction are delivered in that order.
	mail []letter
	// cache is how many transactions a leader has in memory for learners, diskSync
	// whether it may read older ones from its log.
	cache    int
	diskSync bool
	judge    judge

	trace strings.Builder
	mute  bool
	// sends are the recipients of the packet sent last, not yet traced.
	sends  []string
	sender int64
	sent   *wire.Packet
}

// link is one connection from a learner to its leader. Each end knows it until it
// closed it or learnt that the other did.
type link struct{ learner, leader int64 }

// letter is a packet under way on a link; nil is the end of the connection.
type letter struct {
	link   *link
	toward int64
	p      *wire.Packet
}

func (m letter) from() int64 { return m.link.learner + m.link.leader - m.toward }

const (
	labTick      = time.Second
	labInitLimit = 10
	labSyncLimit = 4
)

func newLab(voters, others []int64, b bugs.Set) *lab {
	l := &lab{voters: quorum.Majority(voters...), bugs: b, cache: 500}
	l.judge.init(l)
	for range len(voters) + len(others) + 1 {
		l.servers = append(l.servers, nil)
	}
	for sid := range l.servers[1:] {
		l.servers[sid+1] = &server{lab: l, sid: int64(sid + 1), up: true, links: map[int64]*link{}}
	}
	return l
}

// config is the configuration of one server's roles.
func (l *lab) config(sid int64) Config {
	d := l.servers[sid].disk
	return Config{
		Sid: sid, Voters: l.voters, Committed: d.active, LastSeen: d.next, Bugs: l.bugs, Observer: slices.Contains(l.observers, sid),
		Tick: labTick, InitLimit: labInitLimit, SyncLimit: labSyncLimit,
	}
}

// everybody returns the servers in order of sid.
func (l *lab) everybody() []*server { return l.servers[1:] }

// lead lets a server lead, as if an election had named it.
func (l *lab) lead(s *server) {
	s.rest()
	l.tracef("%d -- leads", s.sid)
	s.newTerm()
	s.guard(func() {
		s.leader = NewLeader(l.config(s.sid), s, s.disk.accepted, s.disk.current, lastOf(s.disk.log))
	})
}

// join lets a server follow a leader: its connection is open.
func (l *lab) join(s, leader *server) {
	s.rest()
	if old := leader.links[s.sid]; old != nil { // its owner has given it up
		l.unlink(old)
		leader.closed(old)
	}
	if leader.leader == nil {
		return // the old connection was that of a learner ahead of it
	}
	l.tracef("%d -- follows %d", s.sid, leader.sid)
	s.newTerm()
	s.link = &link{learner: s.sid, leader: leader.sid}
	leader.links[s.sid] = s.link
	s.guard(func() {
		s.learner = NewLearner(l.config(s.sid), s, leader.sid, s.disk.accepted, s.disk.current)
	})
}

// best is whom an election among servers would name: the highest currentEpoch,
// then the longest history, then the highest sid.
func best(among []*server) *server {
	top := among[0]
	for _, s := range among[1:] {
		s.rest()
		top.rest()
		d, t := &s.disk, &top.disk
		if d.current > t.current || d.current == t.current && lastOf(d.log) >= lastOf(t.log) {
			top = s
		}
	}
	return top
}

// post sends a packet, or the end of the connection.
func (l *lab) post(k *link, toward int64, p *wire.Packet) {
	l.mail = append(l.mail, letter{k, toward, p})
}

// unlink loses everything under way on a link.
func (l *lab) unlink(k *link) { l.lose(func(m letter) bool { return m.link == k }) }

// lose loses what matches.
func (l *lab) lose(match func(letter) bool) { l.mail = slices.DeleteFunc(l.mail, match) }

// cut breaks a connection: what is under way is lost, and both ends notice.
func (l *lab) cut(k *link) {
	l.unlink(k)
	l.tracef("-- the connection of %d to %d breaks", k.learner, k.leader)
	l.servers[k.leader].closed(k)
	l.servers[k.learner].closed(k)
}

// deliver takes the i-th letter and hands it over.
func (l *lab) deliver(i int) {
	m := l.mail[i]
	l.mail = append(l.mail[:i], l.mail[i+1:]...)
	to := l.servers[m.toward]
	switch {
	case !to.up || !to.holds(m.link):
	case m.p == nil:
		l.tracef("%d <- %d closed", m.toward, m.from())
		to.closed(m.link)
	default:
		l.tracef("%d <- %d %s", m.toward, m.from(), describe(m.p))
		l.judge.heard(m)
		to.receive(m)
	}
}

// advance lets time pass; between two timers, idle does what time is spent with.
func (l *lab) advance(d time.Duration, idle func()) {
	for end := l.now + d; ; {
		idle()
		s, k := l.nextTimer(end)
		if s == nil {
			l.now = end
			return
		}
		l.now = max(l.now, s.timers[k])
		s.fire(k)
	}
}

// nextTimer returns the timer due first until end, nil if there is none.
func (l *lab) nextTimer(end time.Duration) (first *server, kind TimerKind) {
	for _, s := range l.everybody() {
		for k, due := range s.timers {
			if due != 0 && due <= end && (first == nil || due < first.timers[kind]) {
				first, kind = s, TimerKind(k)
			}
		}
	}
	return first, kind
}

func (l *lab) tracef(format string, args ...any) {
	if l.mute {
		return
	}
	l.flushSends()
	fmt.Fprintf(&l.trace, format+"\n", args...)
}

// traceSend collects equal packets into one line.
func (l *lab) traceSend(from, to int64, p *wire.Packet) {
	if l.mute {
		return
	}
	if l.sent == nil || l.sender != from || describe(p) != describe(l.sent) {
		l.flushSends()
	}
	l.sender, l.sent = from, p
	l.sends = append(l.sends, fmt.Sprint(to))
}

func (l *lab) flushSends() {
	if len(l.sends) > 0 {
		fmt.Fprintf(&l.trace, "%d -> %s %s\n", l.sender, strings.Join(l.sends, ","), describe(l.sent))
		l.sends = nil
	}
}

// takeTrace returns what happened since the last call.
func (l *lab) takeTrace() string {
	l.flushSends()
	defer l.trace.Reset()
	return l.trace.String()
}

// describe renders a packet: "PROPOSAL 1:7 paint".
func describe(p *wire.Packet) string {
	switch p.Type {
	case wire.PacketProposal, wire.PacketInform:
		return p.Type.String() + " " + describeTxn(p.Txn)
	case wire.PacketFollowerInfo, wire.PacketObserverInfo, wire.PacketAckEpoch:
		return strings.Replace(p.String(), fmt.Sprintf(" sid=%d", p.Sid), "", 1)
	case wire.PacketPing, wire.PacketUpToDate:
		return p.Type.String()
	}
	return p.String()
}

// describeFact renders a fact without the protocol's name and the transaction, and
// a bit set as a set.
func describeFact(e node.Event) string {
	e.Body = nil
	text := strings.TrimPrefix(e.String(), "zk.")
	if i := slices.Index(e.Kind.Fields[:], "acks"); i >= 0 {
		bits := quorum.Bits(e.N[i])
		text = strings.Replace(text, fmt.Sprintf("acks=%d", e.N[i]), "acks="+bits.String(), 1)
	}
	return text
}
