// Package facts is the vocabulary in which a coordinator server says what it
// did: the event kinds it passes to node.Env.Observe. Live checkers hold the
// protocol's invariants against these facts, faults can strike at them, and
// their counts are the coverage marks of a run.
//
// A fact is stated at the moment it becomes true for the server that states it,
// before the message that tells others leaves.
package facts

import "github.com/stampede-sim/stampede/nodes/node"

func kind(code uint64, path bool, name, doc string, fields ...string) *node.EventKind {
	k := &node.EventKind{System: "zk", Name: name, Code: 0x200 + code, Doc: doc, Path: path}
	copy(k.Fields[:], fields)
	All = append(All, k)
	return k
}

// All lists every kind of this package, in declaration order.
var All []*node.EventKind

// Life of a server and its database.
var (
	Recovered     = kind(1, true, "recovered", "boot: the database was rebuilt from snapshot and log; digest of the tree", "zxid", "snapshotZxid", "digest", "logged")
	FastForwarded = kind(2, true, "fast-forwarded", "before an election: logged transactions were applied to the memory tree", "zxid", "count")
	SnapshotTaken = kind(3, true, "snapshot-taken", "a fuzzy snapshot became durable under this name", "zxid")
	TornTail      = kind(4, true, "torn-tail", "boot: an incomplete record at the end of the log was dropped; offset kept", "offset", "dropped")
	Drained       = kind(5, true, "drained", "step-down waited for the log's outstanding sync before electing")
)

// Election. Text of ElectionDecided is the role that follows.
var (
	ElectionStarted   = kind(10, true, "election-started", "Fast Leader Election began a round with this own vote", "round", "zxid", "peerEpoch")
	ElectionDecided   = kind(11, true, "election-decided", "a quorum backs this vote", "round", "leader", "voteZxid", "peerEpoch")
	ElectionJoined    = kind(12, true, "election-joined", "joined a leader established in an election this server did not take part in", "round", "leader")
	RoundAdopted      = kind(13, true, "election-round-adopted", "a higher round was seen and adopted", "round")
	BetterVote        = kind(14, true, "election-better-vote", "a better vote was adopted", "round", "leader")
	FinalizeExtended  = kind(15, true, "election-finalize-extended", "a better vote arrived in the finalize window", "round")
	NotificationRetry = kind(16, true, "election-notification-retry", "nobody answered in time; the vote is sent again", "round", "timeoutMs")
)

// Discovery and synchronisation.
var (
	EpochProposed         = kind(20, true, "epoch-proposed", "leader: chose this epoch from a quorum of FOLLOWERINFO and made its acceptedEpoch durable", "epoch")
	AckEpochSent          = kind(21, true, "ackepoch-sent", "learner: accepted the epoch, durably", "epoch", "currentEpoch", "zxid")
	Synchronizing         = kind(22, true, "synchronizing", "leader: a quorum acknowledged the epoch; its initial history ends at zxid; acks is a bit set of sids", "epoch", "zxid", "acks")
	SyncEmptyDiff         = kind(23, true, "sync-empty-diff", "leader: the learner has exactly our history", "learner", "peerZxid", "targetZxid")
	SyncDiff              = kind(24, true, "sync-diff", "leader: the learner lacks a suffix that is in memory", "learner", "peerZxid", "targetZxid")
	SyncDiffFromDisk      = kind(25, true, "sync-diff-from-disk", "leader: the learner lacks a suffix that only the log files still hold", "learner", "peerZxid", "targetZxid")
	SyncTrunc             = kind(26, true, "sync-trunc", "leader: the learner has a tail we do not have, and nothing follows it", "learner", "peerZxid", "targetZxid")
	SyncTruncDiff         = kind(27, false, "sync-trunc-diff", "leader: the learner has a tail we do not have and lacks one of ours, in one epoch; counters of an epoch being consecutive, no correct history leads here", "learner", "peerZxid", "targetZxid")
	SyncSnap              = kind(28, true, "sync-snap", "leader: the learner gets the whole database", "learner", "peerZxid", "targetZxid")
	SyncOutstanding       = kind(29, true, "sync-outstanding", "leader: this many proposals still in flight were added to a synchronisation", "learner", "count")
	SyncWaited            = kind(44, true, "sync-waited", "leader: a learner that came back with proposals still in flight was synchronised after their commit", "learner", "zxid")
	ObserverSynced        = kind(47, true, "observer-synced", "leader: an observer holds our history and counts for nothing", "learner")
	Truncated             = kind(30, true, "truncated", "learner: its log was cut after zxid, having ended at fromZxid", "zxid", "fromZxid")
	TruncImpossible       = kind(45, false, "trunc-impossible", "learner: told to cut after zxid what it holds in a snapshot only, having lastZxid; asks for the leader's snapshot instead", "zxid", "lastZxid")
	SnapshotLoaded        = kind(31, true, "snapshot-loaded", "learner: its database was replaced by the leader's snapshot; digest of the tree", "zxid", "", "digest")
	NewLeaderAcked        = kind(32, true, "newleader-acked", "learner: history and currentEpoch are durable, ACK of NEWLEADER sent; its log ends at zxid", "epoch", "zxid")
	Established           = kind(33, true, "established", "leader: a quorum (bit set of sids) acknowledged NEWLEADER; everything up to zxid is committed", "epoch", "zxid", "acks")
	UpToDate              = kind(34, true, "uptodate", "learner: synchronised with an established leader, starts serving", "epoch", "zxid")
	CommitDuringSync      = kind(35, true, "commit-during-sync", "learner: a COMMIT arrived between NEWLEADER and UPTODATE", "zxid")
	ProposalDuringSync    = kind(36, true, "proposal-during-sync", "learner: a PROPOSAL arrived between NEWLEADER and UPTODATE", "zxid")
	LearnerRejoined       = kind(37, true, "learner-rejoined", "leader: a learner joined after establishment", "learner")
	StepDown              = kind(38, true, "step-down", "leader or learner gave up its role; the text says why", "epoch")
	LeaderLostQuorum      = kind(39, true, "leader-lost-quorum", "leader: no quorum of learners heard from in time", "epoch")
	DiscoveryTimeout      = kind(40, true, "discovery-timeout", "leader or learner: discovery or synchronisation took longer than initLimit", "epoch")
	EpochExhausted        = kind(41, true, "epoch-exhausted", "leader: the zxid counter is used up, a new epoch is needed", "epoch")
	LeaderRefusedEpoch    = kind(42, false, "leader-refused-epoch", "learner: the leader's epoch is below the accepted one", "epoch", "accepted")
	LeaderSawNewerHistory = kind(43, false, "leader-saw-newer-history", "leader: a learner has a newer history, gives up", "learner", "peerZxid", "peerEpoch")
)

// Broadcast. Body is the *wire.Txn where the doc says transaction.
var (
	Proposed        = kind(50, false, "proposed", "leader: issued a proposal (transaction)", "zxid", "session", "cxid")
	Logged          = kind(51, false, "logged", "appended a transaction to the log file in the text; end is the file's size after it; not yet durable", "zxid", "end")
	Acked           = kind(52, false, "acked", "everything up to zxid is durable here and the leader is told (its own log counts)", "zxid")
	Committed       = kind(53, false, "committed", "leader: an ack quorum (bit set of sids) holds the transaction", "zxid", "acks")
	Applied         = kind(54, false, "applied", "applied a transaction to the tree; digest of the tree after it", "zxid", "", "digest")
	Informed        = kind(56, true, "informed", "observer: was told of a committed transaction", "zxid")
	PipelineDrained = kind(55, false, "pipeline-drained", "leader: nothing outstanding any more", "zxid")
)

// Sessions.
var (
	SessionOpened      = kind(60, true, "session-opened", "serving server: the client has its ConnectResponse", "session", "timeoutMs")
	SessionExpiring    = kind(61, true, "session-expiring", "the session was not heard of for its timeout and is being closed; idle is how long, in ms of this server's clock; sinceActive how long this server leads", "session", "timeoutMs", "idleMs", "sinceActiveMs")
	SessionRevalidated = kind(62, true, "session-revalidated", "leader: the session lives and now belongs to that server", "session", "server")
	SessionUnknown     = kind(167, true, "session-unknown", "leader: does not know, or is closing, the session that a server asks for", "session", "server")
	SessionMoved       = kind(63, true, "session-moved", "leader: a request came from a server that no longer owns the session", "session", "server")
	SessionRejected    = kind(64, true, "session-rejected", "serving server: the session is unknown or closing, the client is told so", "session")
	SessionTouched     = kind(65, false, "session-touched", "leader: heard of the session, directly or from a learner; any server: of a local session of its own", "session")
	ConnectRefused     = kind(66, true, "connect-refused", "serving server: the client has seen a later zxid than we have", "session", "zxid", "clientZxid")
)

// Local sessions, known to one server only.
var (
	LocalOpened      = kind(150, true, "local-opened", "serving server: a client has a session that nobody else knows; upgradable is 1 if it becomes known to all when it must", "session", "timeoutMs", "upgradable")
	LocalReturned    = kind(151, false, "local-returned", "serving server: a client came back to its local session", "session")
	LocalExpired     = kind(152, true, "local-expired", "serving server: a local session was not heard of for its timeout and is forgotten", "session", "timeoutMs", "idleMs")
	LocalClosed      = kind(153, true, "local-closed", "serving server: a client closed its local session", "session")
	SessionUpgraded  = kind(154, true, "session-upgraded", "serving server: a local session wants to own an ephemeral and is made known to all", "session")
	EphemeralRefused = kind(155, true, "ephemeral-refused", "serving server: a local session wants to own an ephemeral, and sessions are not upgraded here", "session")
	LocalVouched     = kind(156, true, "local-vouched", "leader: takes a request of a session that it does not know, on the word of its server", "session")
)

// Roles besides those of an ensemble, and who is let in.
var (
	StandsAlone    = kind(157, true, "stands-alone", "serves without an ensemble, from the end of its log on; digest of the tree", "zxid", "", "digest")
	LeaderShunned  = kind(158, true, "leader-shunned", "leader: refuses a client's connection, being kept for leading", "node")
	ClientAdmitted = kind(169, false, "client-admitted", "takes a client's connection, where these are limited; so many are open besides, from that address and in all", "node", "same", "all")
	ClientsTooMany = kind(159, true, "clients-too-many", "refuses a client's connection: there are enough from that address, or at all", "node", "same", "all")
)

// Read-only mode.
var (
	ReadOnlyBegan    = kind(160, true, "read-only-began", "found no leader for a while and serves its state read-only; digest of the tree", "zxid", "", "digest")
	ReadOnlyEnded    = kind(161, true, "read-only-ended", "the election came to an end, and so does read-only mode", "zxid")
	ReadOnlyOpened   = kind(162, true, "read-only-opened", "read-only server: a client has its ConnectResponse", "session", "timeoutMs", "zxid")
	ReadOnlyUnwanted = kind(163, true, "read-only-unwanted", "read-only server: a client did not ask for one and is turned away", "session")
	ReadOnlyGlobal   = kind(164, true, "read-only-global", "read-only server: a client has a session that all servers know and is turned away", "session")
	NotReadOnly      = kind(165, true, "not-read-only", "read-only server: refuses a write or a sync", "session", "xid", "zxid")
)

// Access control.
var (
	Authenticated      = kind(135, true, "authenticated", "serving server: a connection proved an identity; how many it has", "session", "identities")
	AuthRefused        = kind(136, true, "auth-refused", "serving server: a client proved nothing and was shut out", "session")
	SuperAuthenticated = kind(137, true, "super-authenticated", "serving server: a connection is the super user's", "session")
	WriteDenied        = kind(138, true, "write-denied", "leader: a write was rejected because the sender lacks a permission", "zxid")
	ReadDenied         = kind(139, true, "read-denied", "serving server: a read was refused because the client lacks a permission; op is its code", "session", "op")
	ACLRefused         = kind(140, true, "acl-refused", "leader: a list that makes no sense was refused", "zxid")
	ACLMasked          = kind(141, true, "acl-masked", "serving server: a list was shown without hashes of passwords")
)

// Requests.
var (
	WriteRejected   = kind(70, true, "write-rejected", "leader: a request failed validation and became an error transaction", "zxid", "error")
	MultiRejected   = kind(71, true, "multi-rejected", "leader: a multi failed validation as a whole", "zxid", "error")
	SyncAnswered    = kind(72, true, "sync-answered", "leader: answers a client's sync after everything up to zxid", "session", "cxid", "zxid")
	ReadWaited      = kind(73, true, "read-waited", "a read waited behind its session's own write", "session", "cxid")
	ContainerReaped = kind(75, true, "container-reaped", "leader: proposes to delete a container that had children and has none", "zxid")
	ReapRejected    = kind(76, true, "reap-rejected", "leader: a container that its tree showed unused got a child, or is gone", "zxid", "error")
	WordAsked       = kind(77, true, "word-asked", "an operator asked a four-letter word, by its place in the list of them", "word")
	MultiReadHalf   = kind(74, true, "multi-read-half", "some reads of a multiRead failed and the others were answered", "session", "xid", "failed", "reads")
)

// Disks and epoch files. The text of the facts about epochs is the file's name.
var (
	EpochWritten      = kind(191, false, "epoch-written", "the epoch stands in a temporary file", "epoch")
	EpochSynced       = kind(192, false, "epoch-synced", "the temporary file is durable", "epoch")
	EpochRenamed      = kind(193, false, "epoch-renamed", "the file has its name, which a crash may take back", "epoch")
	EpochSaved        = kind(194, false, "epoch-saved", "the epoch is durable", "epoch")
	EpochChosen       = kind(195, false, "epoch-chosen", "leader: a quorum's FOLLOWERINFO gives this epoch; nothing is durable yet", "epoch")
	SyncBegun         = kind(196, false, "sync-begun", "learner: was told DIFF, TRUNC or SNAP, the text says which; what follows is on its way", "zxid")
	Truncating        = kind(197, false, "truncating", "learner: begins to cut after zxid what ends at fromZxid", "zxid", "fromZxid")
	HistoryLogged     = kind(198, false, "history-logged", "learner: what came with the synchronisation is in the log, not yet durable", "epoch")
	HistoryDurable    = kind(199, false, "history-durable", "learner: what came with the synchronisation is durable, currentEpoch is not", "epoch")
	SnapshotBegun     = kind(200, false, "snapshot-begun", "a fuzzy snapshot is being written; the text says leading for the one on entering leadership", "zxid")
	SnapshotWritten   = kind(201, false, "snapshot-written", "a snapshot is durable in a temporary file, with the log that it needs", "zxid")
	SnapshotNamed     = kind(202, false, "snapshot-named", "a snapshot has its name, which a crash may take back", "zxid")
	LogRolled         = kind(203, false, "log-rolled", "the first record of the log file in the text is written, not yet durable", "zxid")
	RevalidationAsked = kind(204, false, "revalidation-asked", "learner: asked the leader whether a session lives", "session")
	Purged            = kind(205, true, "purged", "deleted the snapshots older than the one of zxid, and the log files that only they needed; that many were to be kept", "zxid", "keep")
	SyncThrottled     = kind(206, true, "sync-throttled", "leader: sent an observer away, because it is synchronising as many others as it may", "learner")
	DiskSyncTooLong   = kind(207, true, "disk-sync-too-long", "leader: the log that a learner lacks is long against a snapshot, which it gets instead")
	ElectedByWeight   = kind(208, true, "established-by-weight", "leader: established by a quorum of no more than half of the voting servers", "epoch", "acks")

	StartRefused = kind(190, true, "start-refused", "boot: the disk holds damage that no crash can have done; the text says what")
)

// Nodes with a TTL.
var (
	NodeExpired    = kind(220, true, "node-expired", "leader: proposes to delete a node that had no change and no children for its TTL", "zxid", "ttlMs")
	ExpiryRejected = kind(221, true, "expiry-rejected", "leader: a node with a TTL that its tree showed expired was changed, got a child, or is gone", "zxid", "error", "ttlMs")
)

// Quotas.
var (
	QuotaExceeded     = kind(222, true, "quota-exceeded", "leader: a write would have taken a subtree beyond its hard quota", "zxid")
	SoftQuotaExceeded = kind(223, true, "soft-quota-exceeded", "leader: writes took a subtree beyond its soft quota, where there is no hard one", "zxid", "writes")
)

// Dynamic reconfiguration. The text is that of the configuration, versions are zxids.
var (
	ConfigSeen            = kind(170, true, "config-seen", "a configuration that is not active became durable here", "version")
	ConfigActivated       = kind(171, true, "config-activated", "goes by this configuration from here on, durably", "version")
	VotesCounted          = kind(172, true, "votes-counted", "an election in a changing ensemble was decided on the word of these voters (bit set of sids) by the rules of these versions", "round", "voters", "committed", "lastSeen")
	ConfigAdopted         = kind(173, true, "config-adopted", "looking: another server's vote brought a newer configuration, the election starts anew", "version")
	JointProposal         = kind(174, true, "joint-proposal", "leader: a proposal needs quorums of the active configuration and of the one proposed", "zxid")
	ReconfigCommitted     = kind(175, true, "reconfig-committed", "leader: a configuration is committed and names who leads from here on", "zxid", "designated")
	ReconfigFinished      = kind(176, true, "reconfig-finished", "leader: by being established it activated a configuration that an earlier leader had left proposed", "version")
	ReconfigRejected      = kind(177, true, "reconfig-rejected", "leader: refuses to change the configuration", "zxid", "error")
	LeaderHandedOver      = kind(178, true, "leader-handed-over", "goes to the designated leader, or leads as such, without an election", "leader")
	LearnerConfigAhead    = kind(179, false, "learner-config-ahead", "leader: sends away a learner that goes by a later configuration", "learner", "version")
	LearnerConfigOutdated = kind(226, false, "learner-config-outdated", "leader, about to finish a reconfiguration: sends away a learner that goes by an earlier configuration than it does itself", "learner", "version")
	NonVoterSynced        = kind(180, true, "non-voter-synced", "leader: a follower without a vote holds our history", "learner")
)

// Limits.
var (
	ConnectionHeld = kind(224, true, "connection-held", "serving server: too many requests wait for their answers, so this session's connection is not read for now", "session", "inProcess")
	RequestTooLong = kind(225, true, "request-too-long", "serving server: a request was longer than any may be, the connection closes", "session", "xid", "bytes")
)
