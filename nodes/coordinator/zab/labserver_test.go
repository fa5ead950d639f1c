package zab

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// server is one member of a lab: a disk and at most one role. It is the host of
// that role.
type server struct {
	lab *lab
	sid int64
	up  bool
	// term numbers the roles; what was begun in an older one is not continued.
	term    int
	leader  *Leader
	learner *Learner
	link    *link           // a learner's to its leader
	links   map[int64]*link // a leader's, by learner
	timers  [3]time.Duration
	disk    disk
	waiting []wait
	// tree is the database in memory, as the sequence of what was delivered.
	tree []*wire.Txn
}

var (
	_ LeaderHost  = (*server)(nil)
	_ LearnerHost = (*server)(nil)
)

// state is "down", "looking", "leading" or "following".
func (s *server) state() string {
	switch {
	case !s.up:
		return "down"
	case s.leader != nil:
		return "leading"
	case s.learner != nil:
		return "following"
	}
	return "looking"
}

// guard runs code of a role. Its assertions end the process, as in the world.
func (s *server) guard(f func()) {
	defer func() {
		failed := recover()
		if failed == nil {
			return
		}
		if text, ok := failed.(string); !ok || !strings.HasPrefix(text, "zab: ") {
			panic(failed)
		}
		s.lab.tracef("%d panics: %v", s.sid, failed)
		s.lab.judge.convict("no panic", "%d: %v", s.sid, failed)
		s.crash(0)
	}()
	f()
}

func (s *server) newTerm() {
	s.term++
	s.timers = [3]time.Duration{}
	s.waiting = nil
}

// endRole makes the server look for a leader again: every connection closes.
func (s *server) endRole() {
	if s.leader != nil {
		s.leader.End()
	}
	if s.learner != nil {
		s.learner.End()
	}
	if s.link != nil {
		s.lab.post(s.link, s.link.leader, nil)
	}
	for _, other := range s.lab.everybody() {
		if k := s.links[other.sid]; k != nil {
			s.lab.post(k, k.learner, nil)
		}
	}
	s.leader, s.learner, s.link = nil, nil, nil
	clear(s.links)
	s.newTerm()
}

// holds reports whether the server knows the connection as open.
func (s *server) holds(k *link) bool { return s.link == k || s.links[k.learner] == k }

// closed tells that the other end of a connection is gone.
func (s *server) closed(k *link) {
	switch {
	case !s.holds(k):
	case s.link == k:
		s.link = nil
		s.endRole()
	default:
		delete(s.links, k.learner)
		s.guard(func() { s.leader.Disconnected(k.learner) })
	}
}

func (s *server) receive(m letter) {
	s.guard(func() {
		if s.leader != nil {
			s.leader.Receive(m.from(), m.p)
			return
		}
		s.learner.Receive(m.p)
	})
}

func (s *server) fire(k TimerKind) {
	s.timers[k] = 0
	s.guard(func() {
		switch {
		case s.leader != nil:
			s.leader.Timeout(k)
		case s.learner != nil:
			s.learner.Timeout(k)
		}
	})
}

// propose broadcasts a transaction with a name.
func (s *server) propose(name string) {
	s.guard(func() {
		if s.leader.MustEnd() {
			s.leader.EndEpoch()
			return
		}
		s.leader.Propose(newTxn(s.leader.NextZxid(), name))
	})
}

// Now is the lab's clock: servers of a lab have no drift.
func (s *server) Now() time.Duration { return s.lab.now }

// SetTimer arms a timer.
func (s *server) SetTimer(k TimerKind, d time.Duration) { s.timers[k] = s.lab.now + d }

// Observe shows the fact to the judge.
func (s *server) Observe(e node.Event) {
	s.lab.tracef("%d ** %s", s.sid, describeFact(e))
	s.lab.judge.fact(s, e)
}

// Send posts a packet on the connection, if there is one.
func (s *server) Send(to int64, p *wire.Packet) {
	k := s.links[to]
	if s.link != nil {
		k = s.link
	}
	if k == nil {
		return
	}
	s.lab.traceSend(s.sid, to, p)
	s.lab.judge.said(s, p)
	s.lab.post(k, to, p)
}

// SaveAcceptedEpoch begins to write the file.
func (s *server) SaveAcceptedEpoch(epoch int64, then func()) {
	then = s.inTerm(then)
	s.start("acceptedEpoch", fmt.Sprintf("acceptedEpoch %d", epoch), func() {
		s.disk.accepted = epoch
		then()
	})
}

// SaveCurrentEpoch begins to write the file.
func (s *server) SaveCurrentEpoch(epoch int64, then func()) {
	then = s.inTerm(then)
	s.start("currentEpoch", fmt.Sprintf("currentEpoch %d", epoch), func() {
		s.disk.current = epoch
		s.lab.judge.currentSaved(s)
		then()
	})
}

// Append writes to the log and sees that an fsync is under way.
func (s *server) Append(txn *wire.Txn) {
	s.disk.log = append(s.disk.log, txn)
	s.lab.tracef("%d .. logs %s", s.sid, describeTxn(txn))
	s.syncLog()
}

// Deliver applies a transaction.
func (s *server) Deliver(txn *wire.Txn) {
	s.lab.tracef("%d ++ delivers %s", s.sid, describeTxn(txn))
	s.lab.judge.delivered(s, txn)
	s.tree = append(s.tree, txn)
}

// SaveNext begins to write the file.
func (s *server) SaveNext(c *membership.Config, then func()) {
	then = s.inTerm(then)
	s.start("next", fmt.Sprintf("next configuration %v", c.Version), func() {
		s.disk.next = c
		then()
	})
}

// Activate begins to write the file.
func (s *server) Activate(c *membership.Config, then func()) {
	if s.disk.active != nil && !c.Newer(s.disk.active) {
		then()
		return
	}
	then = s.inTerm(then)
	s.start("active", fmt.Sprintf("active configuration %v", c.Version), func() {
		s.disk.active = c
		then()
	})
}

// StepDown ends the role.
func (s *server) StepDown(string) { s.endRole() }

// HandOver ends the role: the lab elects by hand.
func (s *server) HandOver(to int64, _ string) {
	s.lab.tracef("%d -> %d is to lead", s.sid, to)
	s.endRole()
}

// Serve opens the client port.
func (s *server) Serve(epoch int64) {
	s.lab.tracef("%d ++ serves in epoch %d", s.sid, epoch)
	s.lab.judge.serves(s)
}

// Disconnect closes a learner's connection.
func (s *server) Disconnect(sid int64) {
	if k := s.links[sid]; k != nil {
		s.lab.tracef("%d -- drops %d", s.sid, sid)
		delete(s.links, sid)
		s.lab.post(k, sid, nil)
	}
}

// History offers the tree, a cache of its end, and perhaps the log files.
func (s *server) History() History {
	h := History{
		Last:     lastOf(s.tree),
		Recent:   s.tree[max(0, len(s.tree)-s.lab.cache):],
		Snapshot: func() []byte { return encode(s.tree) },
	}
	if s.lab.diskSync {
		h.FromDisk = func(wire.Zxid) []*wire.Txn { return s.disk.log[s.disk.inSnapshot:len(s.tree)] }
	}
	return h
}

// PrepareToLead does nothing: a lab has no snapshots of its own.
func (s *server) PrepareToLead(int64) {}

// FromLearner shows what the protocol does not handle itself.
func (s *server) FromLearner(sid int64, p *wire.Packet) {
	if p.Type != wire.PacketPing || len(p.Touches) > 0 {
		s.lab.tracef("%d ++ from %d: %v", s.sid, sid, p)
	}
}

// AnswerSync tells the server a sync came from.
func (s *server) AnswerSync(sid int64, session int64, cxid int32) {
	if sid == s.sid {
		s.lab.tracef("%d ++ sync s=%#x cxid=%d answered", s.sid, session, cxid)
		return
	}
	s.Send(sid, &wire.Packet{Type: wire.PacketSync, Session: session, Cxid: cxid})
}

// LastLogged is the end of the history.
func (s *server) LastLogged() wire.Zxid { return lastOf(s.disk.log) }

// upTo is how many entries of the history a cut after z leaves.
func (s *server) upTo(z wire.Zxid) int {
	kept := 0
	for kept < len(s.disk.log) && s.disk.log[kept].Zxid <= z {
		kept++
	}
	return kept
}

// CanTruncate: what only a snapshot holds cannot be cut (see store.CanTruncate).
func (s *server) CanTruncate(z wire.Zxid) bool { return s.upTo(z) >= s.disk.inSnapshot }

// Truncate begins to cut the history.
func (s *server) Truncate(z wire.Zxid, then func()) {
	then = s.inTerm(then)
	kept := s.upTo(z)
	s.start("truncate", fmt.Sprintf("cut after %v", z), func() {
		s.replace(s.disk.log[:kept:kept], s.disk.inSnapshot)
		then()
	})
}

// Install begins to replace the history.
func (s *server) Install(z wire.Zxid, snapshot []byte, then func()) {
	then = s.inTerm(then)
	s.start("snapshot", fmt.Sprintf("snapshot %v", z), func() {
		history := decode(snapshot)
		s.replace(history, len(history))
		then()
	})
}

// WhenDurable waits for the log.
func (s *server) WhenDurable(then func()) {
	if s.disk.durable == len(s.disk.log) {
		then()
		return
	}
	s.waiting = append(s.waiting, wait{len(s.disk.log), then})
	s.syncLog()
}

// FromLeader shows what the protocol does not handle itself.
func (s *server) FromLeader(p *wire.Packet) { s.lab.tracef("%d ++ %v", s.sid, p) }

// Touches names no session.
func (s *server) Touches() []wire.SessionTouch { return nil }
