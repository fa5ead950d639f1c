package live

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the live invariants.
const (
	OneLeader          = "d1-one-leader"
	OneEstablishment   = "d2-one-establishment"
	PrefixConsistency  = "d3-prefix-consistency"
	Integrity          = "d4-integrity"
	TotalOrder         = "d6-total-order"
	LocalPrimaryOrder  = "d7-local-primary-order"
	GlobalPrimaryOrder = "d8-global-primary-order"
	PrimaryIntegrity   = "d9-primary-integrity"
	CommittedLog       = "d10-committed-log"
	LeaderCompleteness = "d11-leader-completeness"
	CommittedDurable   = "d12-committed-durable"
	ProcessConsistency = "d13-process-consistency"
	EpochSanity        = "d14-epoch-sanity"
	VoteOrder          = "d15-vote-order"
	AckDurability      = "d17-ack-durability"
	QuorumEvidence     = "d18-quorum-evidence"
	ReplayDeterminism  = "d19-replay-determinism"
	ExpiryByLeader     = "expiry-by-leader"
	ExpiryNotEarly     = "expiry-not-early"
	ExpiryNotLate      = "expiry-not-late"
	SessionsSurvive    = "sessions-survive"
	MovedTruly         = "moved-truly"
	SyncBehindWrites   = "sync-behind-writes"
	ServesCurrent      = "serves-up-to-date"
	SessionOnce        = "session-once"
	TxnTime            = "txn-time"
	LostDiskNoVote     = "lost-disk-no-vote"
	ReapedInTime       = "reaped-in-time"
	EphemeralsDie      = "ephemerals-die-with-session"
	PurgeKeeps         = "purge-keeps-enough"
	LocalHome          = "local-session-home"
	ReadOnlyAlone      = "read-only-alone"
	LeaderServesNone   = "leader-serves-none"
	ConnectionLimits   = "connection-limits"
	ReadOnlySessions   = "read-only-sessions"
	WatchesOfLiving    = "watches-of-the-living"
	ConfigVersion      = "config-version"
	ConfigOneAtATime   = "config-one-at-a-time"
	ConfigActive       = "config-active"
	ConfigDurable      = "config-durable"
	ConfigElection     = "config-election"
	ConfigLeader       = "config-leader"
)

const (
	sourceZab      = "Junqueira, Reed, Serafini: Zab, DSN 2011; "
	sourceReconfig = "Shraer et al.: Dynamic Reconfiguration of Primary/Backup Clusters (USENIX ATC 2012): "
	sourceRemix    = "Ouyang et al.: Multi-Grained Specifications for ZooKeeper (Remix); "
)

// Guarantees lists the invariants this package checks.
var Guarantees = []guarantee.Guarantee{
	{ID: OneLeader, Sentence: "An epoch has at most one leader in synchronisation or broadcast.", Source: sourceZab + "Leadership 1"},
	{ID: OneEstablishment, Sentence: "An epoch has at most one server that establishes itself as its leader.", Source: sourceZab + "Leadership 2"},
	{ID: PrefixConsistency, Sentence: "The sequences of transactions that two servers applied agree up to the shorter one, and so do their trees.", Source: sourceZab + "Prefix consistency"},
	{ID: Integrity, Sentence: "A server logs and applies only transactions that a leader proposed, unchanged.", Source: sourceZab + "Integrity"},
	{ID: TotalOrder, Sentence: "A server logs and applies transactions in strictly increasing zxid order.", Source: sourceZab + "Total order"},
	{ID: LocalPrimaryOrder, Sentence: "A server that logs or applies a transaction has done so with all that its leader proposed before it.", Source: sourceZab + "Local primary order"},
	{ID: GlobalPrimaryOrder, Sentence: "A server never logs or applies a transaction of an earlier epoch after one of a later epoch.", Source: sourceZab + "Global primary order"},
	{ID: PrimaryIntegrity, Sentence: "When a leader is established, its history holds every transaction that was delivered before.", Source: sourceZab + "Primary integrity"},
	{ID: CommittedLog, Sentence: "The committed log only grows, one proposal after the other, and only committed transactions reach a serving server's tree.", Source: sourceRemix + "committed log monotonicity"},
	{ID: LeaderCompleteness, Sentence: "A leader that enters synchronisation has the whole committed log in its initial history.", Source: sourceRemix + "leader log completeness"},
	{ID: CommittedDurable, Sentence: "A truncation or a snapshot never removes a committed transaction from a server.", Source: sourceRemix + "committed log durability"},
	{ID: ProcessConsistency, Sentence: "A learner that acknowledges NEWLEADER has on disk a prefix of the leader's log, with its whole initial history.", Source: sourceRemix + "process consistency; ZOOKEEPER-2845"},
	{ID: EpochSanity, Sentence: "currentEpoch is at most acceptedEpoch, neither falls, both are durable before anybody is told, and currentEpoch stands for a history that is on the disk.", Source: "Zab 1.0, phases 1 and 2; ZOOKEEPER-335, ZOOKEEPER-4643"},
	{ID: VoteOrder, Sentence: "A server changes its vote only for one of a later epoch, else of a longer history, else of a higher id, than its own.", Source: "ZooKeeper internals: Fast Leader Election; ZOOKEEPER-1419"},
	{ID: AckDurability, Sentence: "What a server acknowledges is durable there, with everything before it.", Source: "Zab 1.0, phases 2 and 3; ZOOKEEPER-4646"},
	{ID: QuorumEvidence, Sentence: "A leader enters synchronisation, is established and commits only when a quorum of the voters did acknowledge it.", Source: sourceZab + "quorums of phases 1 to 3"},
	{ID: ReplayDeterminism, Sentence: "A server recovers from its disk exactly the state that its logged history describes.", Source: "ZooKeeper internals: fuzzy snapshots are replayed idempotently; ZOOKEEPER-1653"},
	{ID: ExpiryByLeader, Sentence: "Only an established leader expires sessions.", Source: "ZooKeeper internals, sessions; ZOOKEEPER-1208"},
	{ID: ExpiryNotEarly, Sentence: "A session is expired only after its leader, or the one server that knows it, heard nothing of it for its whole timeout.", Source: "ZooKeeper programmer's guide, sessions"},
	{ID: ExpiryNotLate, Sentence: "An established leader that has not heard of a session for its timeout and two ticks has closed it.", Source: "ZooKeeper programmer's guide, sessions"},
	{ID: SessionsSurvive, Sentence: "A session is refused only after it was closed or a leader decided to expire it; no crash and no change of leader ends it.", Source: "ZooKeeper programmer's guide, sessions; ZOOKEEPER-3144"},
	{ID: MovedTruly, Sentence: "A session is called moved only where it is not: its client came to another server last.", Source: "ZooKeeper programmer's guide, sessions: SESSIONMOVED"},
	{ID: SyncBehindWrites, Sentence: "A sync is answered after every write that its session sent before it is committed.", Source: "Hunt et al., ZooKeeper (USENIX ATC 2010), section 2.3: FIFO client order"},
	{ID: ServesCurrent, Sentence: "A server lets clients in only while it is up to date with an established leader, or is one.", Source: "Zab 1.0, phase 3; ZooKeeper programmer's guide, consistency guarantees"},
	{ID: SessionOnce, Sentence: "A session id is never given out twice.", Source: "ZooKeeper Programmer's Guide, Sessions"},
	{ID: TxnTime, Sentence: "A transaction bears the time that its leader's wall clock showed.", Source: "ZooKeeper Programmer's Guide, ZooKeeper Stat Structure: ctime and mtime"},
	{ID: WatchesOfLiving, Sentence: "A server enters watches only for connections that are open, for no other is ever taken out.", Source: "ZOOKEEPER-1382"},
	{ID: ConfigVersion, Sentence: "The version of a configuration is the zxid of the reconfiguration that proposes it, and somebody in it has a vote.", Source: sourceReconfig + "versions"},
	{ID: ConfigOneAtATime, Sentence: "A configuration is proposed only when the one before it is committed.", Source: sourceReconfig + "one at a time; ZooKeeper dynamic reconfiguration guide: ReconfigInProgress"},
	{ID: ConfigActive, Sentence: "A server goes by a configuration only when it is committed, and never by an earlier one after that.", Source: sourceReconfig + "activation"},
	{ID: ConfigDurable, Sentence: "A server that acknowledges a proposal or NEWLEADER holds the configuration that goes with it durably, and while that is on its way, as the active one what it replaces.", Source: sourceReconfig + "recovery; ZOOKEEPER-1324"},
	{ID: ConfigElection, Sentence: "A server ends an election on the word of a quorum of the voters in its active configuration, and to lead, in the one that its history ends with, too.", Source: sourceReconfig + "recovery; ZooKeeper internals: Fast Leader Election"},
	{ID: ConfigLeader, Sentence: "A leader commits nothing more when a committed configuration has taken its vote.", Source: sourceReconfig + "removal of the leader"},
	{ID: EphemeralsDie, Sentence: "When a session's close is applied, its ephemeral nodes are gone.", Source: "ZooKeeper programmer's guide, ephemeral nodes; ZOOKEEPER-3145"},
	{ID: LostDiskNoVote, Sentence: "A server that has lost its disk, and with it what it promised, neither votes nor acknowledges.", Source: "ZOOKEEPER-261, ZOOKEEPER-2325; Liskov, Cowling: Viewstamped Replication Revisited (2012), section 4.3"},
	{ID: ReapedInTime, Sentence: "As long as there are unused containers or nodes whose TTL is over, an established leader deletes one of them within its interval, the pause of its rate, four ticks and a second.", Source: "ZooKeeper Administrator's Guide, znode.container.checkIntervalMs and znode.container.maxPerMinute; ZOOKEEPER-2163"},
	{ID: PurgeKeeps, Sentence: "A server that purges keeps as many whole snapshots as it should, and every transaction after the oldest of them.", Source: "ZooKeeper Administrator's Guide, autopurge; ZOOKEEPER-3231"},
	{ID: LeaderServesNone, Sentence: "A leader that is kept for leading lets no client in.", Source: "ZooKeeper Administrator's Guide, leaderServes"},
	{ID: ConnectionLimits, Sentence: "A server has no more client connections than its limits allow, from one address and altogether.", Source: "ZooKeeper Administrator's Guide, maxClientCnxns and maxCnxns"},
	{ID: ReadOnlyAlone, Sentence: "A server is read-only only while it looks for a leader.", Source: "ZOOKEEPER-784, read-only mode"},
	{ID: ReadOnlySessions, Sentence: "A read-only server neither lets a session in that is open in its tree, nor declares it over.", Source: "ZOOKEEPER-3863"},
	{ID: LocalHome, Sentence: "A session that nobody proposed lives at the server that opened it, as long as its term lasts, and nowhere else.", Source: "ZOOKEEPER-1147, local sessions"},
}

// sentences finds a guarantee's sentence by its ID.
var sentences = func() map[string]string {
	m := make(map[string]string, len(Guarantees))
	for _, g := range Guarantees {
		m[g.ID] = g.Sentence
	}
	return m
}()
