package checkers

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the guarantees that histories are judged by.
const (
	LogOrder         = "log-order"
	AtMostOnce       = "at-most-once"
	Durability       = "durability"
	DefiniteFailure  = "definite-failure"
	NothingUnasked   = "nothing-unasked"
	WriteZxid        = "write-zxid"
	RealTimeOrder    = "real-time-order"
	WriteResult      = "write-result"
	VersionCAS       = "version-cas"
	VersionGrowth    = "version-growth"
	ContainerRemoval = "container-removal"
	TTLRemoval       = "ttl-removal"
	CheckInMulti     = "check-in-multi"
	QuotaKept        = "quota-kept"
	QuotaStats       = "quota-stats"
	SequentialNames  = "sequential-names"
	MultiAtomic      = "multi-atomic"
	EphemeralOwner   = "ephemeral-owner"
	EphemeralCleanup = "ephemeral-cleanup"
	ClosedSession    = "closed-session"
	SessionOnce      = "session-once"
	SessionKept      = "session-kept"
	LocalUpgrade     = "local-session-upgrade"
	ReadOnlyWrites   = "read-only-writes"
	ReadOnlyFrozen   = "read-only-frozen"
	ReadOnlyAsked    = "read-only-asked"
	ReadResult       = "read-result"
	ConfigChange     = "config-change"
	ConfigShown      = "config-shown"
	ReadYourWrites   = "read-your-writes"
	MonotonicReads   = "monotonic-reads"
	SingleImage      = "single-system-image"
	FIFOReplies      = "fifo-replies"
	FIFOWrites       = "fifo-writes"
	SyncOrder        = "sync-order"
	FinalReads       = "final-reads"
	OperatorTruth    = "operator-truth"
	WatchOrder       = "watch-order"
	WatchOnce        = "watch-once"
	WatchKept        = "watch-kept"
	WatchSurvives    = "watch-survives-move"
	WatchPersistent  = "watch-persistent"
	WatchRemoved     = "watch-removed"
	WatchReadable    = "watch-readable"
	WatchCache       = "watch-cache"
	Linearizable     = "linearizable"
	AccessControl    = "acl"
	NoAuth           = "no-auth"
	ACLMasked        = "acl-masked"
	Identities       = "identities"
	AuthKept         = "auth-kept"

	LockExclusive       = "lock-exclusive"
	SharedLockExclusive = "shared-lock-exclusive"
	LeaderUnique        = "leader-unique"
	LockAttemptOnce     = "lock-attempt-once"
	Fencing             = "fencing"
	QueueOfferOnce      = "queue-offer-once"
	QueueOnce           = "queue-once"
	QueueLoss           = "queue-loss"
	QueueOrder          = "queue-order"
	PriorityOrder       = "priority-order"
	BarrierHolds        = "barrier-holds"
	DoubleBarrierEnter  = "double-barrier-enter"
	DoubleBarrierLeave  = "double-barrier-leave"
	ConfigWhole         = "config-whole"
	CounterExact        = "counter-exact"
	BankTotal           = "bank-total"
	CacheCoherent       = "cache-coherent"
	Agreement           = "agreement"
)

const (
	paper = "Hunt et al., ZooKeeper (USENIX ATC 2010), section 2.3"
	guide = "ZooKeeper Programmer's Guide"
	book  = "ZooKeeper Recipes and Solutions"
)

// Guarantees lists what histories are judged by, in the order the judges look: the
// narrower comes first, and what it explains is not reported again by a wider one.
var Guarantees = []guarantee.Guarantee{
	{ID: LogOrder, Sentence: "The committed log bears strictly increasing zxids.", Source: "Junqueira et al., Zab (DSN 2011), section 3"},
	{ID: SessionOnce, Sentence: "A session id is never given out twice.", Source: guide + ", Sessions"},
	{ID: AtMostOnce, Sentence: "A request becomes at most one transaction.", Source: paper},
	{ID: CheckInMulti, Sentence: "A version check is part of a multi, and alone is refused without a trace.", Source: "ZooKeeper client protocol, opcode 13; ZOOKEEPER-2623"},
	{ID: NothingUnasked, Sentence: "A transaction in a session's name is a request that its client sent.", Source: paper},
	{ID: DefiniteFailure, Sentence: "A write that was answered with an error, or never sent, takes no effect.", Source: guide + ", Consistency Guarantees: Atomicity"},
	{ID: Durability, Sentence: "An acknowledged write is in the committed log.", Source: guide + ", Consistency Guarantees: Reliability"},
	{ID: WriteZxid, Sentence: "The reply to a write bears the zxid of its own transaction.", Source: "ZOOKEEPER client protocol, ReplyHeader"},
	{ID: RealTimeOrder, Sentence: "A write that returned before another was invoked has the lower zxid.", Source: paper + ", Linearizable writes"},
	{ID: ClosedSession, Sentence: "After its end a session does nothing more, and gets no successful reply from a server that has applied it.", Source: guide + ", Sessions"},
	{ID: SessionKept, Sentence: "A session is not expired within its timeout of a request that its leader must have heard of.", Source: guide + ", Sessions"},
	{ID: ReadOnlyAsked, Sentence: "A read-only server serves only clients that asked for one.", Source: "ZOOKEEPER-784, read-only mode"},
	{ID: ReadOnlyWrites, Sentence: "A read-only server lets no write succeed, and no sync.", Source: "ZOOKEEPER-784, read-only mode"},
	{ID: ReadOnlyFrozen, Sentence: "What a connection to a read-only server shows is one state, the end of that server's history.", Source: "ZOOKEEPER-784, read-only mode"},
	{ID: LocalUpgrade, Sentence: "A session that only its server knows is made known to all before it owns an ephemeral; where that is not done it is refused, and it alone.", Source: "ZOOKEEPER-1147, local sessions; ZOOKEEPER-2926"},
	{ID: Identities, Sentence: "A connection has the identities that its transport vouches for and that it has proved, and no others.", Source: guide + ", ZooKeeper access control using ACLs"},
	{ID: AuthKept, Sentence: "A client that reconnects authenticates again before it asks for anything.", Source: "ZooKeeper client protocol, AuthPacket"},
	{ID: AccessControl, Sentence: "No operation succeeds without the permission that the tree before it grants.", Source: guide + ", ZooKeeper access control using ACLs"},
	{ID: NoAuth, Sentence: "An operation is refused for want of a permission only if the tree before it withholds it.", Source: guide + ", ZooKeeper access control using ACLs"},
	{ID: ACLMasked, Sentence: "Hashes of passwords are shown only to those who may set the list they are in.", Source: guide + ", ZooKeeper access control using ACLs; CVE-2019-0201"},
	{ID: EphemeralOwner, Sentence: "An ephemeral is created only while its session is open.", Source: guide + ", Ephemeral Nodes"},
	{ID: EphemeralCleanup, Sentence: "The end of a session deletes all its ephemerals and nothing else.", Source: guide + ", Ephemeral Nodes; ZOOKEEPER-3145"},
	{ID: ContainerRemoval, Sentence: "The ensemble deletes a container by itself only when its last child is gone, or when it never had one for as long as was configured.", Source: guide + ", Container Nodes; ZOOKEEPER-2163"},
	{ID: TTLRemoval, Sentence: "The ensemble deletes a znode with a TTL only when it has no children and was not changed for its TTL.", Source: guide + ", TTL Nodes; ZOOKEEPER-2608"},
	{ID: QuotaKept, Sentence: "A create or setData that would take a subtree beyond its hard quota is refused, and no other; what was in flight when it was judged does not count.", Source: "ZooKeeper Administrator's Guide, enforceQuota; ZOOKEEPER-3301"},
	{ID: QuotaStats, Sentence: "The stats of a quota count the znodes at its path and below, and the bytes in them.", Source: "ZooKeeper Quota's Guide"},
	{ID: SequentialNames, Sentence: "A sequential name ends in the number of children its parent ever had.", Source: guide + ", Sequence Nodes"},
	{ID: VersionCAS, Sentence: "A write that names a version succeeds only on that version.", Source: guide + ", Data Access"},
	{ID: VersionGrowth, Sentence: "Each setData raises the version by one.", Source: guide + ", ZooKeeper Stat Structure; ZOOKEEPER-4743"},
	{ID: MultiAtomic, Sentence: "A multi takes effect as a whole under one zxid, or not at all.", Source: "ZOOKEEPER-965"},
	{ID: WriteResult, Sentence: "The result of a write is what the tree before it calls for.", Source: paper + ", Linearizable writes"},
	{ID: FIFOReplies, Sentence: "Replies on a connection arrive in the order of the requests, without gaps.", Source: paper + ", FIFO client order"},
	{ID: FIFOWrites, Sentence: "The writes of a session take effect in the order it sent them, without gaps in a connection.", Source: paper + ", FIFO client order"},
	{ID: ReadYourWrites, Sentence: "A read sees the earlier writes of its connection.", Source: paper + ", FIFO client order"},
	{ID: MonotonicReads, Sentence: "What a connection sees never goes back in time.", Source: guide + ", Consistency Guarantees: Single System Image"},
	{ID: SingleImage, Sentence: "A session never sees an older state after it moved to another server.", Source: guide + ", Consistency Guarantees: Single System Image"},
	{ID: SyncOrder, Sentence: "A read after a sync sees every write its leader had acknowledged before.", Source: guide + ", Consistency Guarantees; ZOOKEEPER-1675 for the limits"},
	{ID: FinalReads, Sentence: "A synced read after healing sees every write acknowledged before it.", Source: guide + ", Consistency Guarantees: Timeliness"},
	{ID: ConfigChange, Sentence: "A reconfiguration makes of the active configuration what was asked for, and is refused only for a reason.", Source: "ZooKeeper dynamic reconfiguration guide, reconfig"},
	{ID: ConfigShown, Sentence: "What /zookeeper/config shows at a zxid is the configuration that was active there.", Source: "ZooKeeper dynamic reconfiguration guide, /zookeeper/config"},
	{ID: ReadResult, Sentence: "A read returns what the tree at its zxid holds.", Source: paper},
	{ID: OperatorTruth, Sentence: "What a server tells an operator of its tree is so at the zxid it names.", Source: "ZooKeeper Administrator's Guide, The Four Letter Words; ZOOKEEPER-3114 for digests"},
	{ID: WatchOrder, Sentence: "A client learns of a change it watches before a reply shows it, and of changes in their order.", Source: guide + ", ZooKeeper Watches"},
	{ID: WatchOnce, Sentence: "A watch fires once, for the first change after it was set, and for nothing else.", Source: guide + ", ZooKeeper Watches"},
	{ID: WatchKept, Sentence: "A client that stays connected hears of every change that it watches.", Source: guide + ", ZooKeeper Watches"},
	{ID: WatchSurvives, Sentence: "A client that reconnects is told what its watches missed, and the others stay set.", Source: guide + ", ZooKeeper Watches; ZooKeeper client protocol, setWatches"},
	{ID: LockAttemptOnce, Sentence: "An attempt to take a lock, or the lead, never has two znodes in line at once.", Source: book + ", Recoverable Errors and the GUID"},
	{ID: LockExclusive, Sentence: "Who acquires a lock has the lowest znode in line at the zxid it read, so that in the order of zxids holders exclude one another; by the clock they do not.", Source: book + ", Locks"},
	{ID: SharedLockExclusive, Sentence: "Who acquires a shared lock has no writer before it in line, and a writer has nobody.", Source: book + ", Shared Locks"},
	{ID: LeaderUnique, Sentence: "At every zxid the leader is the one candidate with the lowest sequence number, and later leaders have higher epochs.", Source: book + ", Leader Election"},
	{ID: Fencing, Sentence: "The resource behind a lock never accepts a token after a higher one; without that a lock is unsafe, since a holder that hangs does not know that it has lost it.", Source: "Kleppmann, How to do distributed locking (2016); Burrows, Chubby (OSDI 2006), section 2.4, Sequencers"},
	{ID: QueueOfferOnce, Sentence: "An offer adds one element to a queue at most.", Source: book + ", Queues; Recoverable Errors and the GUID"},
	{ID: QueueOnce, Sentence: "An element of a queue goes to the one consumer who deleted it, as it was offered.", Source: book + ", Queues"},
	{ID: QueueLoss, Sentence: "An element that is taken out of a queue goes to somebody, or to one who cannot know.", Source: book + ", Queues"},
	{ID: QueueOrder, Sentence: "What is taken out of a queue was the first in it.", Source: book + ", Queues"},
	{ID: PriorityOrder, Sentence: "What is taken out of a queue with priorities was the first in the list that its consumer read last.", Source: book + ", Priority Queues"},
	{ID: BarrierHolds, Sentence: "Nobody passes a barrier at a zxid at which its znode is there.", Source: book + ", Barriers"},
	{ID: DoubleBarrierEnter, Sentence: "Nobody enters a double barrier before as many as it waits for have been there at one zxid.", Source: book + ", Double Barriers"},
	{ID: DoubleBarrierLeave, Sentence: "Nobody leaves a double barrier while others are inside.", Source: book + ", Double Barriers"},
	{ID: ConfigWhole, Sentence: "A configuration that was read under its flag, without an event about the flag, is whole: of one version, and the one that was there.", Source: "Hunt et al., ZooKeeper (USENIX ATC 2010), sections 2.3 and 2.4, Configuration Management"},
	{ID: CounterExact, Sentence: "Every increment raises the counter by one, once.", Source: "Apache Curator, Shared Counter; " + guide + ", Data Access"},
	{ID: BankTotal, Sentence: "The accounts of a bank hold the same sum at every zxid.", Source: "Jepsen, bank test; ZOOKEEPER-965"},
	{ID: CacheCoherent, Sentence: "A cache that watches all it holds, and has had no event about it, is what the tree holds.", Source: guide + ", ZooKeeper Watches; Apache Curator, Curator Cache and Service Discovery"},
	{ID: WatchPersistent, Sentence: "A persistent watch tells everything that it covers, once and in order, and nothing else, until it is removed.", Source: guide + ", Persistent, Recursive Watches; ZOOKEEPER-1416, ZOOKEEPER-4466, ZOOKEEPER-4475"},
	{ID: WatchReadable, Sentence: "No watch tells a client of what it may not read just then.", Source: "CVE-2024-23944"},
	{ID: WatchCache, Sentence: "A copy of a tree that was read under a recursive watch, and follows its events as long as the connection lasts, is what the tree holds.", Source: guide + ", Persistent, Recursive Watches; ZOOKEEPER-1416; Apache Curator, Curator Cache"},
	{ID: WatchRemoved, Sentence: "A connection is told truly which watches it has, and one that was removed fires no more.", Source: guide + ", Remove Watches; ZOOKEEPER-442"},
	{ID: Agreement, Sentence: "The sites of a two-phase commit all take the same for decided, for good, and that it commits only if every one of them has voted so.", Source: book + ", Two-phased Commit"},
	{ID: Linearizable, Sentence: "Some order of the operations explains every result and respects real time.", Source: "Herlihy and Wing, Linearizability (TOPLAS 1990)"},
}

// Lookup finds one of Guarantees by ID.
func Lookup(id string) (guarantee.Guarantee, bool) {
	for _, g := range Guarantees {
		if g.ID == id {
			return g, true
		}
	}
	return guarantee.Guarantee{}, false
}
