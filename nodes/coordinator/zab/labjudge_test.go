package zab

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// judge is the ghost of a lab. It sees every disk and every packet, keeps the one
// history that counts, and convicts at the first step that breaks a property of
// the protocol.
type judge struct {
	lab *lab
	// committed is the history that counts: what any leader has committed, and under
	// which epoch first.
	committed   []*wire.Txn
	committedIn []int64
	// reigns holds, by epoch, who reached synchronisation with which history.
	reigns map[int64]reign
	// word is when a leader last heard of a server, by leader and server.
	word map[[2]int64]time.Duration
	// seen counts the facts stated.
	seen    map[*node.EventKind]int
	verdict string // the first, "" if none
}

type reign struct {
	sid         int64
	term        int
	initial     []*wire.Txn
	established bool
	since       time.Duration // when it was established
}

func (j *judge) init(l *lab) {
	*j = judge{lab: l, reigns: map[int64]reign{}, word: map[[2]int64]time.Duration{}, seen: map[*node.EventKind]int{}}
}

// convict notes a violation of a property.
func (j *judge) convict(property, format string, args ...any) {
	text := property + " violated: " + fmt.Sprintf(format, args...)
	j.lab.tracef("!! %s", text)
	if j.verdict == "" {
		j.verdict = text
	}
}

func (j *judge) heard(m letter) {
	j.word[[2]int64{m.toward, m.from()}] = j.lab.now
}

// fact holds what a server states against what it has.
func (j *judge) fact(s *server, e node.Event) {
	j.seen[e.Kind]++
	d := &s.disk
	switch e.Kind {
	case facts.Synchronizing:
		j.synchronizing(s, e.N[0])
	case facts.Established:
		j.establishes(s, e.N[0])
	case facts.Acked:
		if z := wire.Zxid(e.N[0]); !contains(d.log[:d.durable], z) {
			j.convict("ack implies durable", "%d acknowledges %v, durable is %v", s.sid, z, lastOf(d.log[:d.durable]))
		}
	case facts.NewLeaderAcked:
		if d.current != e.N[0] {
			j.convict("ack implies durable", "%d acknowledges epoch %d, its currentEpoch is %d", s.sid, e.N[0], d.current)
		}
		j.holdsInitialHistory(s, e.N[0], "acknowledges")
		j.holdsNothingElse(s, e.N[0])
	case facts.Committed:
		j.commits(s, wire.Zxid(e.N[0]))
	}
}

// synchronizing: one leader an epoch, and it holds whatever was committed.
func (j *judge) synchronizing(s *server, epoch int64) {
	if r, ok := j.reigns[epoch]; ok {
		j.convict("one leader an epoch", "%d and %d both lead epoch %d", r.sid, s.sid, epoch)
	}
	initial := append([]*wire.Txn(nil), s.disk.log...)
	j.reigns[epoch] = reign{sid: s.sid, term: s.term, initial: initial}
	// A leader that is already superseded, and does not know, may lack what its
	// successors committed: nobody will acknowledge it.
	if n := common(initial, j.committed); n < len(j.committed) && j.committedIn[n] < epoch {
		j.convict("leader completeness", "%d leads epoch %d without committed %s", s.sid, epoch, describeTxn(j.committed[n]))
	}
}

// establishes: the initial history is committed as a whole.
func (j *judge) establishes(s *server, epoch int64) {
	r := j.reigns[epoch]
	if r.established || r.sid != s.sid || r.term != s.term {
		j.convict("one established leader an epoch", "%d, but %d had epoch %d", s.sid, r.sid, epoch)
	}
	r.established, r.since = true, j.lab.now
	j.reigns[epoch] = r
	if with := j.with(r.initial); !j.lab.voters.HasQuorum(with) {
		j.convict("quorum evidence", "%d is established in epoch %d, its history is durable with %v only", s.sid, epoch, with)
	}
	for i, t := range r.initial {
		j.commit(s, i, t)
	}
}

// with returns who holds a history durably.
func (j *judge) with(history []*wire.Txn) (with quorum.Bits) {
	for _, s := range j.lab.everybody() {
		if common(s.disk.log[:s.disk.durable], history) == len(history) {
			with = with.Add(s.sid)
		}
	}
	return with
}

// commits: a quorum holds the transaction and all before it.
func (j *judge) commits(s *server, z wire.Zxid) {
	at := len(s.tree)
	if at >= len(s.disk.log) || s.disk.log[at].Zxid != z {
		j.convict("local primary order", "%d commits %v after %v", s.sid, z, lastOf(s.tree))
		return
	}
	if with := j.with(s.disk.log[:at+1]); !j.lab.voters.HasQuorum(with) {
		j.convict("quorum evidence", "%d commits %v, durable with %v only", s.sid, z, with)
	}
	j.commit(s, at, s.disk.log[at])
}

// commit extends the history that counts, or agrees with it.
func (j *judge) commit(s *server, at int, t *wire.Txn) {
	if at == len(j.committed) {
		j.committed = append(j.committed, t)
		j.committedIn = append(j.committedIn, s.leader.Epoch())
	} else if !sameTxn(j.committed[at], t) {
		j.convict("committed prefix", "%d commits %s where %s was committed", s.sid, describeTxn(t), describeTxn(j.committed[at]))
	}
}

// delivered: what a server delivers is the next transaction of the history.
func (j *judge) delivered(s *server, t *wire.Txn) {
	at := len(s.tree)
	if at >= len(j.committed) || !sameTxn(j.committed[at], t) {
		j.convict("prefix consistency", "%d delivers %s after %v, which is not what was committed", s.sid, describeTxn(t), lastOf(s.tree))
	}
}

// serves: who serves clients shows them nothing but committed transactions.
func (j *judge) serves(s *server) {
	if n := common(s.tree, j.committed); n < len(s.tree) {
		j.convict("prefix consistency", "%d serves with %s, which is not committed", s.sid, describeTxn(s.tree[n]))
	}
}

// said holds a packet about an epoch against the acceptedEpoch file, and the
// history reported in ACKEPOCH against the log.
func (j *judge) said(s *server, p *wire.Packet) {
	epoch := p.Zxid.Epoch()
	switch p.Type {
	case wire.PacketLeaderInfo:
	case wire.PacketAckEpoch:
		epoch = s.learner.Epoch()
		if s.disk.durable < len(s.disk.log) {
			j.convict("ack implies durable", "%d reports %v, durable is less", s.sid, p.Zxid)
		}
	default:
		return
	}
	if s.disk.accepted < epoch {
		j.convict("epoch is durable first", "%d announces epoch %d, its acceptedEpoch is %d", s.sid, epoch, s.disk.accepted)
	}
}

// currentSaved: currentEpoch stands for the history of that epoch's leader.
func (j *judge) currentSaved(s *server) {
	if s.disk.current > s.disk.accepted {
		j.convict("epoch sanity", "%d has currentEpoch %d above acceptedEpoch %d", s.sid, s.disk.current, s.disk.accepted)
	}
	j.holdsInitialHistory(s, s.disk.current, "belongs to")
}

func (j *judge) holdsInitialHistory(s *server, epoch int64, verb string) {
	initial := j.reigns[epoch].initial
	if n := common(s.disk.log[:s.disk.durable], initial); n < len(initial) {
		j.convict("process consistency", "%d %s epoch %d without %s of its leader durable", s.sid, verb, epoch, describeTxn(initial[n]))
	}
}

// holdsNothingElse: a synchronised learner's log is the beginning of its leader's.
func (j *judge) holdsNothingElse(s *server, epoch int64) {
	r := j.reigns[epoch]
	leader := j.lab.servers[r.sid]
	if leader.term != r.term {
		return // nobody knows any more what it proposed
	}
	if n := common(s.disk.log, leader.disk.log); n < len(s.disk.log) {
		j.convict("process consistency", "%d acknowledges epoch %d and has %s, which its leader has not", s.sid, epoch, describeTxn(s.disk.log[n]))
	}
}

// replaced: no synchronisation takes committed transactions from a disk.
func (j *judge) replaced(s *server, before []*wire.Txn) {
	was, is := common(before, j.committed), common(s.disk.log, j.committed)
	if is < was {
		j.convict("committed durability", "%d loses committed %s", s.sid, describeTxn(j.committed[is]))
	}
}

// booted: what a crash left is a history.
func (j *judge) booted(s *server) {
	for i := 1; i < len(s.disk.log); i++ {
		if s.disk.log[i].Zxid <= s.disk.log[i-1].Zxid {
			j.convict("total order", "the log of %d has %v after %v", s.sid, s.disk.log[i].Zxid, s.disk.log[i-1].Zxid)
		}
	}
}

// quorumLost: nobody leads for longer than syncLimit and one tick without a word
// of a quorum. A leader first looks one tick after it was established.
func (j *judge) quorumLost() {
	limit := time.Duration((labSyncLimit + 1) * labTick)
	for _, s := range j.lab.everybody() {
		if s.leader == nil || !s.leader.Established() || j.lab.now-j.reigns[s.leader.Epoch()].since < labTick {
			continue
		}
		with := quorum.Of(s.sid)
		for _, o := range j.lab.everybody() {
			if at, ok := j.word[[2]int64{s.sid, o.sid}]; ok && j.lab.now-at <= limit {
				with = with.Add(o.sid)
			}
		}
		if !j.lab.voters.HasQuorum(with) {
			j.convict("a leader has its quorum", "%d leads epoch %d and has heard of nobody but %v in time", s.sid, s.leader.Epoch(), with)
		}
	}
}

// common is the length of the common prefix of two histories.
func common(a, b []*wire.Txn) int {
	n := 0
	for n < len(a) && n < len(b) && (a[n] == b[n] || sameTxn(a[n], b[n])) {
		n++
	}
	return n
}

func contains(history []*wire.Txn, z wire.Zxid) bool {
	for i := len(history) - 1; i >= 0 && history[i].Zxid >= z; i-- {
		if history[i].Zxid == z {
			return true
		}
	}
	return false
}
