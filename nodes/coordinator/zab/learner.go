package zab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Learner is one term of following a leader.
type Learner struct {
	cfg    Config
	host   LearnerHost
	leader int64
	over   bool

	phase    phase
	heard    time.Duration // when the leader last said anything
	epoch    int64         // the leader's epoch, once accepted
	accepted int64
	current  int64

	// busy: a durable step is under way; packets wait in inbox, in order.
	busy  bool
	inbox []*wire.Packet

	// pending holds transactions proposed and not committed, in zxid order;
	// committed those committed and not delivered, because we do not serve yet.
	// Invariant: committed ++ pending is consecutive, and follows the database.
	pending, committed []*wire.Txn
	// lastSeen is the zxid of the newest transaction received or held.
	lastSeen wire.Zxid

	// snapshot collects the bytes of a SNAP of snapshotZxid.
	snapshot     []byte
	snapshotZxid wire.Zxid
	// awaitsSnapshot: a TRUNC was impossible and a SNAP was asked for. What the
	// leader sent before it knew is skipped: the SNAP begins all of it again.
	awaitsSnapshot bool

	// config is the configuration that UPTODATE makes the active one, nil in a static
	// ensemble; designated names who leads under it, 0 if nobody said.
	config     *membership.Config
	designated int64

	// newLeaderAcked: our history is acknowledged; proposals may be, too.
	newLeaderAcked bool
	// unlogged counts the tail of committed ++ pending that is not in the log.
	unlogged int
	// owed lists the proposals in the log whose ACK is due once they are durable.
	owed []wire.Zxid
	// durable is how far the log is durable, as far as this term was told.
	durable wire.Zxid
}

// NewLearner starts following: the connection to the leader is open.
func NewLearner(cfg Config, host LearnerHost, leader, accepted, current int64) *Learner {
	f := &Learner{cfg: cfg, host: host, leader: leader, accepted: accepted, current: current}
	host.SetTimer(PhaseTimer, cfg.initTimeout())
	info := wire.PacketFollowerInfo
	if cfg.Observer {
		info = wire.PacketObserverInfo
	}
	host.Send(leader, &wire.Packet{Type: info, Zxid: wire.MakeZxid(accepted, 0), Sid: cfg.Sid, ConfigVersion: cfg.version()})
	return f
}

// Epoch returns the term's epoch, 0 until accepted.
func (f *Learner) Epoch() int64 { return f.epoch }

// Leader returns the sid of the leader followed.
func (f *Learner) Leader() int64 { return f.leader }

// Phase names where the term stands, as ZooKeeper's monitors do.
func (f *Learner) Phase() string { return strings.ToUpper(f.phase.String()) }

// Serving reports whether UPTODATE has been reached.
func (f *Learner) Serving() bool { return f.phase == broadcast }

// End makes the learner ignore whatever still reaches it.
func (f *Learner) End() { f.over = true }

func (f *Learner) stepDown(why string) {
	if f.over {
		return
	}
	f.over = true
	f.host.Observe(node.Event{Kind: facts.StepDown, N: [4]int64{f.epoch}, Text: why})
	f.host.StepDown(why)
}

// begin marks a durable step; the returned continuation ends it, does next, and
// goes on with the packets that waited.
func (f *Learner) begin(next func()) func() {
	f.busy = true
	return func() {
		if f.over {
			return
		}
		f.busy = false
		next()
		f.drainInbox()
	}
}

func (f *Learner) drainInbox() {
	for len(f.inbox) > 0 && !f.busy && !f.over {
		p := f.inbox[0]
		f.inbox = f.inbox[1:]
		f.handle(p)
	}
}

// Receive handles a packet from the leader.
func (f *Learner) Receive(p *wire.Packet) {
	if f.over {
		return
	}
	f.heard = f.host.Now()
	if f.busy || len(f.inbox) > 0 {
		f.inbox = append(f.inbox, p)
		return
	}
	f.handle(p)
}

// Timeout handles a timer of the role.
func (f *Learner) Timeout(k TimerKind) {
	if f.over {
		return
	}
	switch {
	case k == PhaseTimer && f.phase != broadcast:
		f.host.Observe(node.Event{Kind: facts.DiscoveryTimeout, N: [4]int64{f.epoch}})
		f.stepDown("not synchronised within initLimit")
	case k == SilenceTimer:
		f.checkSilence()
	}
}

// checkSilence gives up a silent leader. The timer is not rearmed at every packet;
// it looks, when it fires, how long ago the last one came.
func (f *Learner) checkSilence() {
	silent := f.host.Now() - f.heard
	if silent >= f.cfg.syncTimeout() {
		f.stepDown("nothing heard from the leader for syncLimit")
		return
	}
	f.host.SetTimer(SilenceTimer, f.cfg.syncTimeout()-silent)
}

func (f *Learner) handle(p *wire.Packet) {
	if f.awaitsSnapshot && p.Type != wire.PacketSnap {
		return
	}
	switch p.Type {
	case wire.PacketLeaderInfo:
		f.leaderInfo(p.Zxid.Epoch())
	case wire.PacketDiff, wire.PacketTrunc, wire.PacketSnap, wire.PacketSnapshotChunk:
		f.syncHeader(p)
	case wire.PacketProposal:
		f.proposal(p.Txn)
	case wire.PacketCommit:
		f.commit(p.Zxid)
	case wire.PacketInform:
		f.inform(p.Txn)
	case wire.PacketActivate:
		f.activate(p)
	case wire.PacketInformActivate:
		f.informActivate(p)
	case wire.PacketNewLeader:
		f.newLeader(p.Config)
	case wire.PacketUpToDate:
		f.upToDate()
	case wire.PacketPing:
		f.host.Send(f.leader, &wire.Packet{Type: wire.PacketPing, Zxid: f.lastSeen, Touches: f.host.Touches()})
	case wire.PacketSync, wire.PacketRevalidate:
		f.host.FromLeader(p)
	default:
		panic(fmt.Sprintf("zab: learner got %v", p))
	}
}

// proposal takes a transaction. Before NEWLEADER it only waits; after it, it is
// logged at once, and acknowledged when durable.
func (f *Learner) proposal(txn *wire.Txn) {
	f.checkSuccessor(txn.Zxid)
	f.lastSeen = txn.Zxid
	f.pending = append(f.pending, txn)
	f.unlogged++
	if !f.newLeaderAcked {
		return
	}
	if f.phase != broadcast {
		f.host.Observe(node.Event{Kind: facts.ProposalDuringSync, N: [4]int64{int64(txn.Zxid)}})
	}
	if c := configOf(txn); c != nil && f.cfg.Committed != nil {
		f.seeConfig(c, f.logProposal)
		return
	}
	f.logProposal()
}

// logProposal logs what was proposed, unless a planted bug leaves it to UPTODATE.
func (f *Learner) logProposal() {
	if f.phase == broadcast || !f.cfg.Bugs.Has(bugs.NewLeaderAckBeforeLogged) {
		f.logTail(true /* acknowledge */)
	}
}

// checkSuccessor refuses a hole: within an epoch zxids are consecutive, and a new
// epoch begins at counter 1.
func (f *Learner) checkSuccessor(z wire.Zxid) {
	if z == f.lastSeen+1 || z.Epoch() > f.lastSeen.Epoch() && z.Counter() == 1 {
		return
	}
	panic(fmt.Sprintf("zab: proposal %v does not follow %v", z, f.lastSeen))
}

// logTail appends what is not in the log yet.
func (f *Learner) logTail(acknowledge bool) {
	all := len(f.committed) + len(f.pending)
	for i := all - f.unlogged; i < all; i++ {
		txn := f.held(i)
		f.host.Append(txn)
		if acknowledge && !f.cfg.Observer {
			f.owed = append(f.owed, txn.Zxid)
		}
	}
	f.unlogged = 0
	if f.cfg.Bugs.Has(bugs.AckBeforeSync) {
		f.durable = f.lastSeen
	}
	f.payOwed()
}

// held returns the i-th transaction of committed ++ pending.
func (f *Learner) held(i int) *wire.Txn {
	if i < len(f.committed) {
		return f.committed[i]
	}
	return f.pending[i-len(f.committed)]
}

// LogDurable tells that everything up to z is durable here.
func (f *Learner) LogDurable(z wire.Zxid) {
	f.durable = max(f.durable, z)
	if !f.over {
		f.payOwed()
	}
}

// payOwed sends the acknowledgements that are covered by durable bytes, and none
// before the one for NEWLEADER (ZOOKEEPER-4685).
func (f *Learner) payOwed() {
	if !f.newLeaderAcked {
		return
	}
	for len(f.owed) > 0 && f.owed[0] <= f.durable {
		z := f.owed[0]
		f.owed = slices.Delete(f.owed, 0, 1)
		f.host.Observe(node.Event{Kind: facts.Acked, N: [4]int64{int64(z)}})
		f.host.Send(f.leader, &wire.Packet{Type: wire.PacketAck, Zxid: z})
	}
}

// commit moves the oldest pending transaction on. A COMMIT for anything else
// means that leader and learner disagree about history: the process must die.
func (f *Learner) commit(z wire.Zxid) {
	if len(f.pending) == 0 || f.pending[0].Zxid != z {
		panic(fmt.Sprintf("zab: COMMIT %v, but the oldest pending proposal is %s", z, f.oldestPending()))
	}
	txn := f.pending[0]
	f.pending = slices.Delete(f.pending, 0, 1)
	if f.phase == broadcast {
		f.host.Deliver(txn)
		return
	}
	if f.newLeaderAcked {
		f.host.Observe(node.Event{Kind: facts.CommitDuringSync, N: [4]int64{int64(z)}})
	}
	f.committed = append(f.committed, txn)
}

// inform takes a committed transaction, as an observer. Its log is its own affair:
// nobody waits for it, so it owes no acknowledgement.
func (f *Learner) inform(txn *wire.Txn) {
	f.host.Observe(node.Event{Kind: facts.Informed, N: [4]int64{int64(txn.Zxid)}})
	f.proposal(txn)
	f.commit(txn.Zxid)
}

func (f *Learner) oldestPending() string {
	if len(f.pending) == 0 {
		return "none"
	}
	return f.pending[0].Zxid.String()
}
