package replica

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Log is what a partition asks of its log. Errors are those of the disk: after one the
// log takes nothing more.
type Log interface {
	// Start is the first offset that is kept, End one beyond the last.
	Start() int64
	End() int64
	// HighWatermark is the offset below which all is committed, as far as known. Setting
	// it never goes beyond End.
	HighWatermark() int64
	SetHighWatermark(int64) int64
	// LatestEpoch is the last leader epoch in the log, -1 if there is none. EndOffsetFor
	// finds the largest epoch that is not greater, and where it ends; -1, -1 if nothing
	// is known of it (KIP-101, KIP-279).
	LatestEpoch() int32
	EndOffsetFor(epoch int32) (found int32, end int64)
	// AssignEpoch notes that an epoch begins at End, also if nothing is ever appended in
	// it (KAFKA-7415).
	AssignEpoch(epoch int32)
	// Truncate cuts the log so that it ends at an offset, StartOver throws it away whole
	// and has it begin at one. The paths by which it came to that are those of the facts.
	Truncate(end, path int64) error
	StartOver(start, path int64) error
	// AdvanceStart drops what is below an offset because the leader did.
	AdvanceStart(start int64) error
	// KnownProducers are the idempotent producers that the log knows, for facts.
	KnownProducers() facts.ProducersKnown
}

// Observer takes the facts that a partition states; every [node.Env] is one.
type Observer interface{ Observe(node.Event) }

// Config is what a partition has to be told once.
type Config struct {
	// Self is this broker.
	Self int32
	// Name is that of the partition in facts, "orders-0"; Topic is the ID of its topic.
	Name  string
	Topic facts.TopicID
	// Lag is replica.lag.time.max.ms, MinInsync is min.insync.replicas of the topic.
	Lag       time.Duration
	MinInsync int
	// Alive says whether a broker is registered and not about to leave, as far as known.
	Alive func(broker int32) bool
	Bugs  bugs.Set
}

// State is what a controller says of a partition, and what its state znode holds.
type State struct {
	Leader          int32
	LeaderEpoch     int32
	ControllerEpoch int32
	// Version is that of the znode: the epoch of the partition.
	Version int32
	Isr     Set
	// Replicas are all that are assigned, those on their way in or out included.
	Replicas []int32
}

// Role is what a replica is at present.
type Role uint8

// The roles. A replica is Idle until a controller says what it is.
const (
	Idle Role = iota
	Leading
	Following
)

// never is the time of what has not happened.
const never = time.Duration(-1) << 62

// unknown is the log end of a follower that has not fetched in this epoch.
const unknown int64 = -1

// follower is what a leader knows of another replica.
type follower struct {
	id int32
	// end is where it fetched last, in this leader epoch: it has all before. start is
	// where its log begins.
	end, start int64
	// fetched is when it last did, and leaderEnd where our log ended then: who asks for
	// that the next time had caught up by the first.
	fetched   time.Duration
	leaderEnd int64
	// caughtUp is the last time at which it is known to have had all there was.
	caughtUp time.Duration
}

// Partition is a replica of a partition.
type Partition struct {
	cfg Config
	log Log
	out Observer

	role  Role
	state State // as last said, with the in-sync replicas as last known
	// epochStart is where our log ended when we became leader: below it are records of
	// other epochs, which only who has them all may be in sync (KAFKA-7128).
	epochStart int64
	// followers are the other assigned replicas, while leading, in the controller's order.
	followers []follower
	// proposal is the change of the in-sync replicas under way.
	proposal *Proposal
}

// New makes an idle replica on its log.
func New(cfg Config, log Log, out Observer) *Partition {
	p := &Partition{cfg: cfg, log: log, out: out}
	p.state.Leader, p.state.LeaderEpoch, p.state.Version = -1, -1, -1
	return p
}

// Name is that of the partition in facts.
func (p *Partition) Name() string { return p.cfg.Name }

// Topic is the ID of the topic that the replica belongs to.
func (p *Partition) Topic() facts.TopicID { return p.cfg.Topic }

// SetTopic tells which topic a replica belongs to of which that was not known.
func (p *Partition) SetTopic(id facts.TopicID) { p.cfg.Topic = id }

// Role is what the replica is at present.
func (p *Partition) Role() Role { return p.role }

// Leads reports whether the replica believes to lead.
func (p *Partition) Leads() bool { return p.role == Leading }

// Leader is the broker that leads as far as known, -1 for none.
func (p *Partition) Leader() int32 { return p.state.Leader }

// LeaderEpoch is the epoch of that leader, -1 before the first.
func (p *Partition) LeaderEpoch() int32 { return p.state.LeaderEpoch }

// Version is that of the state znode as last known, with the in-sync replicas in it.
func (p *Partition) Version() int32 { return p.state.Version }

// State is the whole of what was last said, with the in-sync replicas as last known.
func (p *Partition) State() State { return p.state }

// Isr are the in-sync replicas as last known.
func (p *Partition) Isr() Set { return p.state.Isr }

// SetMinInsync tells that the configuration of the topic has changed.
func (p *Partition) SetMinInsync(n int) { p.cfg.MinInsync = n }

// Check says whether a request that names a leader epoch (-1 for none) may be answered
// here: by whoever leads in just that epoch. A request of an older epoch comes from
// somebody who missed an election, one of a newer from somebody who knows of an
// election that we have yet to hear of (KIP-320). Consumers may also read from
// followers, then leaderOnly is false.
func (p *Partition) Check(epoch int32, leaderOnly bool) wire.ErrorCode {
	switch {
	case epoch >= 0 && epoch < p.state.LeaderEpoch:
		p.observe(facts.EpochFenced, int64(p.state.LeaderEpoch), int64(epoch))
		return wire.FencedLeaderEpoch
	case epoch > p.state.LeaderEpoch:
		p.observe(facts.EpochUnknown, int64(p.state.LeaderEpoch), int64(epoch))
		return wire.UnknownLeaderEpoch
	case leaderOnly && p.role != Leading:
		return wire.NotLeaderOrFollower
	}
	return wire.OK
}

// EndOfEpoch answers OffsetForLeaderEpoch: the largest epoch not greater than the one
// asked for, and where it ends.
func (p *Partition) EndOfEpoch(current, asked int32) (code wire.ErrorCode, epoch int32, end int64) {
	if code = p.Check(current, true); code != wire.OK {
		return code, -1, -1
	}
	epoch, end = p.log.EndOffsetFor(asked)
	return wire.OK, epoch, end
}

func (p *Partition) bug(id bugs.ID) bool { return p.cfg.Bugs.Has(id) }

func (p *Partition) observe(k *node.EventKind, n ...int64) { p.observeBody(k, nil, n...) }

func (p *Partition) observeBody(k *node.EventKind, body any, n ...int64) {
	e := node.Event{Kind: k, Text: p.cfg.Name, Body: body}
	copy(e.N[:], n)
	p.out.Observe(e)
}
