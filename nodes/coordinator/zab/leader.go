package zab

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// phase is where a role stands in the protocol.
type phase uint8

const (
	discovery phase = iota
	synchronization
	broadcast
)

func (p phase) String() string {
	return [...]string{"discovery", "synchronization", "broadcast"}[p]
}

// Leader is one term of leadership.
type Leader struct {
	cfg  Config
	host LeaderHost
	over bool

	phase phase
	// epoch is the new epoch, 0 until a quorum's FOLLOWERINFO determined it.
	epoch int64
	// announced says that our acceptedEpoch is durable and LEADERINFO may go out.
	announced bool
	// ownCurrent and ownLast are our credentials at the election: no learner that
	// we count may have better ones.
	ownCurrent int64
	ownLast    wire.Zxid

	maxAccepted   int64
	infos         quorum.Bits // voters whose acceptedEpoch we know
	epochAcks     quorum.Bits // voters that accepted our epoch
	newLeaderAcks quorum.Bits // voters that hold our history

	// learners in order of connection, at most one a sid.
	learners []*learner

	// outstanding holds the proposals without a commit, in zxid order.
	// Invariant: outstanding[0].zxid == lastCommitted+1, or the epoch's first.
	outstanding   []*proposal
	lastProposed  wire.Zxid
	lastCommitted wire.Zxid

	electorate

	halfTicks int
}

// learner is the leader's side of one connection.
type learner struct {
	sid      int64
	observer bool // gets INFORM for PROPOSAL and COMMIT
	accepted int64
	// acked: sent ACKEPOCH. Its history ended at last.
	acked bool
	last  wire.Zxid
	// waiting: its synchronisation waits until last is committed.
	waiting bool
	// forwarding: gets proposals and commits. Set in the same step in which its
	// synchronisation was cut, so that nothing falls in between.
	forwarding bool
	synced     bool // acknowledged NEWLEADER
	// syncing is how it is being synchronised, 0 if it is not.
	syncing  wire.PacketType
	upToDate bool // was sent UPTODATE
	heard    time.Duration
	// awaiting is the zxid of a proposal not acknowledged yet, 0 if none, sent at since.
	awaiting wire.Zxid
	since    time.Duration
}

// proposal is one transaction on its way to a quorum.
type proposal struct {
	txn  *wire.Txn
	acks quorum.Bits
	// needs are the rules that each have to find a quorum. config is what a
	// reconfiguration proposes, else nil.
	needs  []quorum.Verifier
	config *membership.Config
	// syncs wait for this proposal's commit.
	syncs []syncRequest
}

type syncRequest struct {
	sid     int64
	session int64
	cxid    int32
}

// NewLeader starts a term. accepted and current are this server's epochs, last
// the end of its history, which must be durable.
func NewLeader(cfg Config, host LeaderHost, accepted, current int64, last wire.Zxid) *Leader {
	l := &Leader{cfg: cfg, host: host, ownCurrent: current, ownLast: last, lastCommitted: last, electorate: electorateOf(cfg)}
	host.SetTimer(PhaseTimer, cfg.initTimeout())
	l.learnEpoch(cfg.Sid, accepted)
	return l
}

// Epoch returns the term's epoch, 0 during discovery.
func (l *Leader) Epoch() int64 { return l.epoch }

// Established reports whether the term has reached broadcast.
func (l *Leader) Established() bool { return l.phase == broadcast }

// Phase names where the term stands, as ZooKeeper's monitors do.
func (l *Leader) Phase() string { return strings.ToUpper(l.phase.String()) }

// Synced lists the learners that were told UPTODATE: those that vote, and those
// that observe.
func (l *Leader) Synced() (followers, observers []int64) {
	for _, f := range l.learners {
		switch {
		case !f.upToDate:
		case f.observer:
			observers = append(observers, f.sid)
		default:
			followers = append(followers, f.sid)
		}
	}
	return followers, observers
}

// NextZxid returns the zxid of the next proposal, or the one that nobody may
// propose if the leader [Leader.MustEnd].
func (l *Leader) NextZxid() wire.Zxid {
	next := l.lastProposed + 1
	if l.cfg.Bugs.Has(bugs.CounterCarries) && l.cfg.spent(next) {
		next = wire.MakeZxid(next.Epoch()+1, 0)
	}
	return next
}

// End makes the leader ignore whatever still reaches it.
func (l *Leader) End() { l.over = true }

// stepDown ends the term for a reason.
func (l *Leader) stepDown(why string) {
	if l.over {
		return
	}
	l.over = true
	l.host.Observe(node.Event{Kind: facts.StepDown, N: [4]int64{l.epoch}, Text: why})
	if l.retired {
		l.host.HandOver(l.designated, why)
		return
	}
	l.host.StepDown(why)
}

// alive wraps a continuation so that it is skipped once the term is over.
func (l *Leader) alive(f func()) func() {
	return func() {
		if !l.over {
			f()
		}
	}
}

// isVoter reports whether a server's word counts: never an observer's, nor that of
// a follower without weight.
func (l *Leader) isVoter(sid int64) bool {
	return counted(sid, l.needs) || l.cfg.Bugs.Has(bugs.ObserverCounted)
}

// heeds reports whether the word of a learner counts. A server that lost its disk comes
// as an observer, whatever the configuration says of it.
func (l *Leader) heeds(f *learner) bool {
	return l.isVoter(f.sid) && (!f.observer || l.cfg.Bugs.Has(bugs.ObserverCounted))
}

// hasQuorum reports whether servers whose words count decide together.
func (l *Leader) hasQuorum(in quorum.Bits) bool {
	if l.cfg.Bugs.Has(bugs.ObserverCounted) {
		return 2*in.Count() > l.cfg.Voters.Members().Count()
	}
	return decided(in, l.needs)
}

func (l *Leader) learner(sid int64) *learner {
	for _, f := range l.learners {
		if f.sid == sid {
			return f
		}
	}
	return nil
}

// Disconnected forgets a learner whose connection ended. A voter that had accepted a
// later epoch than ours leaves because it may not follow us: it led, or followed, who
// died before others heard of the epoch. It stays out for as long as we lead, so we let
// the next election choose a later one; each comes closer. What an outsider has accepted
// may be of another ensemble, and ends no term.
func (l *Leader) Disconnected(sid int64) {
	f := l.learner(sid)
	l.forget(sid)
	if f != nil && l.announced && f.accepted > l.epoch && l.heeds(f) {
		l.stepDown("a learner has accepted a later epoch")
	}
}

func (l *Leader) forget(sid int64) {
	for i, f := range l.learners {
		if f.sid == sid {
			l.learners = append(l.learners[:i:i], l.learners[i+1:]...)
			return
		}
	}
}

// Receive handles a packet from a learner.
func (l *Leader) Receive(from int64, p *wire.Packet) {
	if l.over {
		return
	}
	f := l.learner(from)
	if f == nil {
		if p.Type == wire.PacketFollowerInfo || p.Type == wire.PacketObserverInfo {
			l.welcome(from, p)
		}
		return
	}
	f.heard = l.host.Now()
	switch p.Type {
	case wire.PacketAckEpoch:
		l.ackEpoch(f, p)
	case wire.PacketAck:
		l.ack(f, p.Zxid)
	case wire.PacketPing, wire.PacketRequest, wire.PacketRevalidate:
		l.host.FromLearner(from, p)
	default:
		panic(fmt.Sprintf("zab: leader got %v from %d", p, from))
	}
}

// Timeout handles a timer of the role.
func (l *Leader) Timeout(k TimerKind) {
	if l.over {
		return
	}
	switch k {
	case PhaseTimer:
		if l.phase != broadcast {
			l.host.Observe(node.Event{Kind: facts.DiscoveryTimeout, N: [4]int64{l.epoch}})
			l.stepDown("no quorum within initLimit in " + l.phase.String())
		}
	case PingTimer:
		l.halfTick()
	}
}

// halfTick pings, and every full tick checks that a quorum is still with us.
func (l *Leader) halfTick() {
	l.halfTicks++
	if l.halfTicks%2 == 0 && !l.keepsQuorum() && !l.cfg.Bugs.Has(bugs.LeaderKeepsRoleWithoutQuorum) {
		l.host.Observe(node.Event{Kind: facts.LeaderLostQuorum, N: [4]int64{l.epoch}})
		l.stepDown("lost its quorum of synchronised learners")
		return
	}
	l.dropSlowLearners()
	for _, f := range l.learners {
		if f.forwarding {
			l.host.Send(f.sid, &wire.Packet{Type: wire.PacketPing, Zxid: l.lastProposed})
		}
	}
	l.host.SetTimer(PingTimer, l.cfg.Tick/2)
}

// keepsQuorum reports whether the voters heard from within syncLimit, with us,
// are a quorum.
func (l *Leader) keepsQuorum() bool {
	in := quorum.Bits(0).Add(l.cfg.Sid)
	for _, f := range l.learners {
		if f.synced && !f.observer && l.isVoter(f.sid) && l.host.Now()-f.heard <= l.cfg.syncTimeout() {
			in = in.Add(f.sid)
		}
	}
	return l.hasQuorum(in)
}

// dropSlowLearners disconnects who owes an acknowledgement, or any word at all,
// for longer than syncLimit (initLimit while synchronising).
func (l *Leader) dropSlowLearners() {
	now := l.host.Now()
	for i := 0; i < len(l.learners); {
		f := l.learners[i]
		limit := l.cfg.syncTimeout()
		if !f.synced {
			limit = l.cfg.initTimeout()
		}
		late := f.synced && f.awaiting != 0 && now-f.since > limit
		if late || now-f.heard > limit {
			l.host.Disconnect(f.sid)
			l.forget(f.sid)
			continue
		}
		i++
	}
}
