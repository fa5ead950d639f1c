package zab

import (
	"math"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// Config is what a role needs to know of its ensemble.
type Config struct {
	Sid    int64
	Voters quorum.Verifier
	// Committed and LastSeen are the active configuration of a dynamic ensemble and
	// the newest in this server's history; nil where Voters never change.
	Committed, LastSeen *membership.Config
	// Observer says that this server is told what is committed, and is never asked.
	Observer bool
	// Tick, InitLimit and SyncLimit are those of the server's configuration.
	Tick                 time.Duration
	InitLimit, SyncLimit int
	// CounterLimit is the counter that ends an epoch and is never proposed, 0 for
	// the greatest there is. Epochs that end early let a short run see several.
	CounterLimit uint32
	// MaxSnapSyncs and MaxDiffSyncs bound how many learners are synchronised at a time
	// in either way, 0 for no bound.
	MaxSnapSyncs, MaxDiffSyncs int
	Bugs                       bugs.Set
}

// spent reports whether an epoch must end before it proposes z.
func (c Config) spent(z wire.Zxid) bool {
	if c.CounterLimit == 0 {
		return z.Counter() == math.MaxUint32
	}
	return z.Counter() >= c.CounterLimit
}

// version is that of the active configuration, 0 in a static ensemble.
func (c Config) version() wire.Zxid {
	if c.Committed == nil {
		return 0
	}
	return c.Committed.Version
}

func (c Config) initTimeout() time.Duration { return time.Duration(c.InitLimit) * c.Tick }
func (c Config) syncTimeout() time.Duration { return time.Duration(c.SyncLimit) * c.Tick }

// TimerKind names the timers of a role. A host keeps at most one of each.
type TimerKind uint8

// The timers.
const (
	// PhaseTimer bounds discovery and synchronisation.
	PhaseTimer TimerKind = iota
	// PingTimer drives the leader's half ticks.
	PingTimer
	// SilenceTimer is a learner's read timeout on its leader.
	SilenceTimer
)

// Host is what both roles ask of the server they run in. Calls marked "then"
// return at once; the host calls then later, unless the role is over by then.
type Host interface {
	// Now is the server's monotonic clock.
	Now() time.Duration
	// SetTimer (re)arms a timer of the role.
	SetTimer(k TimerKind, d time.Duration)
	// Observe states a fact.
	Observe(e node.Event)
	// Send sends a packet to a server: any learner for a leader, the leader for a
	// learner. Per destination the order is kept.
	Send(to int64, p *wire.Packet)

	// SaveAcceptedEpoch and SaveCurrentEpoch make an epoch durable.
	SaveAcceptedEpoch(epoch int64, then func())
	SaveCurrentEpoch(epoch int64, then func())
	// SaveNext makes a configuration that may come to be active durable. Activate
	// makes it the one that this server goes by, durably, unless it goes by that or a
	// later one already.
	SaveNext(c *membership.Config, then func())
	Activate(c *membership.Config, then func())
	// Append writes a transaction to the log. When it and all before it are
	// durable the host calls LogDurable.
	Append(txn *wire.Txn)
	// Deliver hands over a committed transaction, in zxid order without gaps.
	Deliver(txn *wire.Txn)
	// StepDown ends the role. The host must not call it again.
	StepDown(why string)
	// HandOver is StepDown for a role in the term of the server that a committed
	// configuration designates, without an election.
	HandOver(to int64, why string)
}

// LeaderHost is what a leader asks besides.
type LeaderHost interface {
	Host
	// Disconnect drops the connection of a learner.
	Disconnect(sid int64)
	// History returns what a learner may be synchronised from: see [History].
	History() History
	// PrepareToLead is called when the leader's initial history is fixed and
	// before it is offered to anyone (ZooKeeper snapshots its database here).
	PrepareToLead(epoch int64)
	// Serve is called once, when the leader is established.
	Serve(epoch int64)
	// FromLearner hands over a packet that is not the protocol's own business:
	// REQUEST, REVALIDATE, and the touches of a PING.
	FromLearner(sid int64, p *wire.Packet)
	// AnswerSync is called when everything proposed before the sync is committed.
	// sid names the server it came from.
	AnswerSync(sid int64, session int64, cxid int32)
}

// LearnerHost is what a learner asks besides.
type LearnerHost interface {
	Host
	// LastLogged is the last zxid of the server's history, in the log or in the
	// snapshot it continues.
	LastLogged() wire.Zxid
	// CanTruncate reports whether Truncate can: what a snapshot holds, and no log
	// before it, cannot be taken out again.
	CanTruncate(z wire.Zxid) bool
	// Truncate durably cuts the history after zxid and rebuilds the database.
	Truncate(z wire.Zxid, then func())
	// Install durably replaces the whole history by a snapshot of zxid.
	Install(z wire.Zxid, snapshot []byte, then func())
	// WhenDurable calls then when everything appended so far is durable.
	WhenDurable(then func())
	// Serve is called once, at UPTODATE, after the synchronised history has been
	// delivered.
	Serve(epoch int64)
	// FromLeader hands over a packet that is not the protocol's own business:
	// SYNC and REVALIDATE.
	FromLeader(p *wire.Packet)
	// Touches returns the sessions heard from since the last call.
	Touches() []wire.SessionTouch
}

// History is a leader's view of its own history for synchronising learners.
type History struct {
	// Last is the last committed zxid, which the memory tree is at.
	Last wire.Zxid
	// Recent holds the transactions up to Last that are in memory, consecutive and
	// in order; possibly empty.
	Recent []*wire.Txn
	// FromDisk reads the log files for transactions after a zxid up to Last,
	// including the one at zxid itself if the files have it. Nil if not allowed.
	FromDisk func(from wire.Zxid) []*wire.Txn
	// Snapshot serialises the tree at Last.
	Snapshot func() []byte
}
