package coordinator

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// Member is one server of the ensemble.
type Member struct {
	// Sid is the server id, 1..63, as in myid.
	Sid int64
	// Node is the process that runs it.
	Node node.ID
	// Observer: it is told what is committed and serves clients, and is counted
	// nowhere.
	Observer bool
	// Spare: it runs and is no member of the initial configuration. It follows without
	// a vote, like a server whose operator wants it to join.
	Spare bool
}

// Config is the configuration of one server (zoo.cfg). Zero durations and limits
// take the defaults stated here.
type Config struct {
	// Sid is this server's id; it must be one of the Members.
	Sid     int64
	Members []Member
	// Groups are the hierarchical quorum: who votes together, and with how much
	// weight (group.x, weight.x). Empty, the majority of the voting Members decides. Else
	// every Member that is no observer is in one group; one of weight 0 follows and is never counted.
	Groups []quorum.Group
	// ReconfigEnabled lets clients change the configuration (reconfigEnabled). Members
	// that are no spares are the one to begin with, and Groups belong to it.
	ReconfigEnabled bool
	// Tick is the unit of all limits (tickTime), default 2 s. The leader pings
	// every half tick and expires sessions on tick boundaries.
	Tick time.Duration
	// InitLimit is how many ticks discovery and synchronisation may take, default
	// 10. Too small, and a large snapshot never gets through.
	InitLimit int
	// SyncLimit is how many ticks leader and learner may be out of touch, default
	// 5. It also bounds how long a deposed leader may serve stale reads.
	SyncLimit int
	// SnapCount is the number of logged transactions between snapshots, default
	// 100 000; the actual point is random in its upper half.
	SnapCount int
	// SnapshotNodes is how many znodes are serialized at a stretch, between
	// transactions, default 16. Small, and snapshots are fuzzier.
	SnapshotNodes int
	// SnapRetain is how many whole snapshots a purge keeps (autopurge.snapRetainCount),
	// default and at least 3. PurgeInterval is how often a serving server purges
	// (autopurge.purgeInterval); 0 is after every snapshot.
	SnapRetain    int
	PurgeInterval time.Duration
	// MaxSnapSyncs and MaxDiffSyncs are how many learners a leader synchronises at a
	// time by SNAP and by DIFF or TRUNC (leader.maxConcurrentSnapSyncs and
	// leader.maxConcurrentDiffSyncs), default 10 and 100. Voters are never sent away.
	MaxSnapSyncs, MaxDiffSyncs int
	// SnapshotSizePercent is how long the log files may be that DiskSync reads for a
	// learner, in percent of the newest snapshot (snapshotSizeFactor; 33 there); 0 is
	// any length.
	SnapshotSizePercent int
	// CommitLogCount is the number of recent transactions kept in memory for
	// DIFF, default 500. Learners further behind need the log files or a SNAP.
	CommitLogCount int
	// DiskSync lets the leader read its log files for learners that lag behind
	// the memory cache; otherwise they get a SNAP (snapshotSizeFactor < 0).
	DiskSync bool
	// MinSessionTimeout and MaxSessionTimeout clamp what clients ask for; default
	// 2 and 20 ticks.
	MinSessionTimeout, MaxSessionTimeout time.Duration
	// ElectionTimeoutMax caps the doubling resend interval of the election,
	// default 60 s.
	ElectionTimeoutMax time.Duration
	// ReapInterval is how often a leader looks for containers and expired nodes to delete
	// (znode.container.checkIntervalMs), default 60 s.
	ReapInterval time.Duration
	// LocalSessions: new sessions are known to the server that opened them and to
	// nobody else, until they need to be (localSessionsEnabled). UpgradeSessions: one
	// that wants to own an ephemeral is made known to all first; else it is refused
	// (localSessionsUpgradingEnabled).
	LocalSessions, UpgradeSessions bool
	// Standalone makes the only member a server of its own, without elections, epochs
	// and votes (standaloneEnabled with one server), instead of an ensemble of one.
	Standalone bool
	// LeaderRefuses has a leader serve no clients (leaderServes=no).
	LeaderRefuses bool
	// MaxClientCnxns bounds the client connections from one address, MaxCnxns all of
	// them; 0 for no bound, which unlike in ZooKeeper is the default of both.
	MaxClientCnxns, MaxCnxns int
	// ReadOnlyMode lets a server that finds no leader serve clients that asked for a
	// read-only one (readonlymode.enabled), ReadOnlyAfter is how long it looks before
	// it does; default 2 s or a tick, whichever is longer.
	ReadOnlyMode  bool
	ReadOnlyAfter time.Duration
	// ReapsPerMinute bounds how many of them it deletes (znode.container.maxPerMinute),
	// default 10 000.
	ReapsPerMinute int
	// NeverUsed is after how long without change a container may be deleted that
	// never had a child (znode.container.maxNeverUsedIntervalMs); 0, never.
	NeverUsed time.Duration
	// ExtendedTypes allows nodes with a TTL (extendedTypesEnabled). All servers must
	// agree. It reserves the session ids of server 255, which none can be.
	ExtendedTypes bool
	// EnforceQuota refuses what goes beyond a hard quota (enforceQuota). Quotas are
	// counted in any case.
	EnforceQuota bool
	// MaxBuffer is how long a request may be (jute.maxbuffer), default 0xfffff bytes.
	// OutstandingLimit is how many requests may wait for their answers before clients
	// are read no further (globalOutstandingLimit), default 1000; the servers share it.
	MaxBuffer, OutstandingLimit int
	// VersionStart is the version that a node's first setData gives it, for tests of
	// what happens when the counter wraps; 0 for 1.
	VersionStart int32
	// PreparedDisks says that an operator has put the file [store.Prepared] on the disk
	// of every new server. One without it has lost its disk, and with it what it promised:
	// it follows, and has no vote (db.autocreate=false).
	PreparedDisks bool
	// SequenceStart is the count of creates that a node's first child gives it, for tests
	// of what follows on 2^31-1; 0 for 1.
	SequenceStart int32
	// CounterLimit is the zxid counter at which a leader gives up its epoch, before
	// proposing it; default 0xffffffff, the greatest there is. Small, and every few
	// transactions cost an election (ZOOKEEPER-1277).
	CounterLimit uint32
	// FourLetterWords are those that the server answers on its client port
	// (4lw.commands.whitelist); nil stands for srvr alone.
	FourLetterWords admin.Whitelist
	// DigestInterval: of every so-manieth transaction of an epoch the digest of the tree
	// is remembered for operators, default 128.
	DigestInterval uint32
	// SuperDigest is the digest identity of the super user, "user:hash" as
	// [acl.Digest] makes it; empty, there is none.
	SuperDigest string
	// SkipACL permits everything to everybody.
	SkipACL bool
	// EnforceAuth are the schemes of which every client must have an identity
	// (enforce.auth.schemes); "sasl" is sessionRequireClientSASLAuth. Empty, none
	// is asked for.
	EnforceAuth []string
	// Vouched are the identities that clients have from their transport.
	Vouched []Vouched
	// Bugs are the switched-on bugs; zero for the correct build.
	Bugs bugs.Set
}

// withDefaults returns the configuration with zero values filled in.
func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	count := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	def(&c.Tick, 2*time.Second)
	count(&c.InitLimit, 10)
	count(&c.SyncLimit, 5)
	count(&c.SnapCount, 100_000)
	count(&c.CommitLogCount, 500)
	count(&c.SnapshotNodes, 16)
	count(&c.SnapRetain, 3)
	count(&c.MaxSnapSyncs, 10)
	count(&c.MaxDiffSyncs, 100)
	count(&c.ReapsPerMinute, 10_000)
	count(&c.MaxBuffer, defaultMaxBuffer)
	count(&c.OutstandingLimit, 1000)
	def(&c.MinSessionTimeout, 2*c.Tick)
	def(&c.MaxSessionTimeout, 20*c.Tick)
	if c.DigestInterval == 0 {
		c.DigestInterval = 128
	}
	if c.FourLetterWords == nil {
		c.FourLetterWords = admin.DefaultWhitelist
	}
	def(&c.ReapInterval, time.Minute)
	def(&c.ElectionTimeoutMax, 60*time.Second)
	if c.CounterLimit == 0 {
		c.CounterLimit = math.MaxUint32
	}
	if c.Standalone { // as in ZooKeeper, whose standalone server knows neither
		c.LocalSessions, c.ReadOnlyMode, c.ReadOnlyAfter = false, false, 0
	}
	if c.ReadOnlyMode {
		def(&c.ReadOnlyAfter, max(readOnlyGrace, c.Tick))
	}
	return c
}

// Validate reports the first nonsensical setting.
func (c Config) Validate() error {
	c = c.withDefaults()
	if c.Tick < 2*time.Millisecond {
		return fmt.Errorf("coordinator: tick %v is below 2ms", c.Tick)
	}
	if c.InitLimit < 1 || c.SyncLimit < 1 || c.SnapCount < 2 || c.CommitLogCount < 1 {
		return errors.New("coordinator: initLimit, syncLimit and commitLogCount must be at least 1, snapCount at least 2")
	}
	if c.SnapRetain < 3 || c.SnapshotNodes < 1 || c.MaxSnapSyncs < 1 || c.MaxDiffSyncs < 1 || c.SnapshotSizePercent < 0 || c.PurgeInterval < 0 {
		return errors.New("coordinator: three snapshots must be kept, and chunks, concurrent syncs, sizes and intervals are positive")
	}
	if c.ReapInterval < time.Millisecond || c.ReapsPerMinute < 1 || c.NeverUsed < 0 {
		return fmt.Errorf("coordinator: reaping every %v, %d a minute, unused containers after %v: intervals must be positive",
			c.ReapInterval, c.ReapsPerMinute, c.NeverUsed)
	}
	if c.MaxBuffer < 100 || c.OutstandingLimit < 1 {
		return fmt.Errorf("coordinator: requests of %d bytes, %d at a time: nobody could even connect", c.MaxBuffer, c.OutstandingLimit)
	}
	if c.CounterLimit < 2 {
		return fmt.Errorf("coordinator: counterLimit %d leaves an epoch no transaction", c.CounterLimit)
	}
	if c.MinSessionTimeout > c.MaxSessionTimeout {
		return fmt.Errorf("coordinator: session timeouts %v..%v are upside down", c.MinSessionTimeout, c.MaxSessionTimeout)
	}
	if c.Standalone && len(c.Members) != 1 {
		return fmt.Errorf("coordinator: %d members are no standalone server", len(c.Members))
	}
	return c.validateMembers()
}

func (c Config) validateMembers() error {
	seen := map[int64]bool{}
	for _, m := range c.Members {
		if m.Sid < 1 || m.Sid > 63 {
			return fmt.Errorf("coordinator: sid %d is outside 1..63", m.Sid)
		}
		if seen[m.Sid] {
			return fmt.Errorf("coordinator: sid %d appears twice", m.Sid)
		}
		seen[m.Sid] = true
	}
	if !seen[c.Sid] {
		return fmt.Errorf("coordinator: own sid %d is not a member", c.Sid)
	}
	if len(c.votingSids()) == 0 {
		return errors.New("coordinator: every member is an observer, so nothing could ever be decided")
	}
	return c.validateGroups()
}

// validateGroups wants every voting member in one group: a server that was forgotten
// there would quietly have no vote.
func (c Config) validateGroups() error {
	if len(c.Groups) == 0 {
		return nil
	}
	if _, err := quorum.Hierarchical(c.Groups...); err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	members, grouped := c.votingSids(), 0
	for _, g := range c.Groups {
		for _, s := range g {
			if !slices.Contains(members, s.Sid) {
				return fmt.Errorf("coordinator: server %d of a group is not a voting member", s.Sid)
			}
			grouped++
		}
	}
	if grouped != len(members) {
		return fmt.Errorf("coordinator: groups hold %d of %d voting members", grouped, len(members))
	}
	return nil
}

// votingSids are those of the members that vote at first.
func (c Config) votingSids() []int64 {
	var out []int64
	for _, m := range c.Members {
		if !m.Observer && !m.Spare {
			out = append(out, m.Sid)
		}
	}
	return out
}

// limits are what requests are judged by.
func (c Config) limits() prep.Limits {
	return prep.Limits{ExtendedTypes: c.ExtendedTypes, EnforceQuota: c.EnforceQuota, VersionStart: c.VersionStart, SequenceStart: c.SequenceStart, NeverUsed: c.NeverUsed.Milliseconds()}
}
