package bugs

// Scenario names used below.
const (
	register = "coordinator/register"
	sequence = "coordinator/sequence"
	sessions = "coordinator/session"
)

// Catalogue lists every bug in order of ID. Breaks names guarantees by ID, most
// telling first; "no-panic" stands for an assertion inside a node, "liveness" for
// an ensemble that does not recover after its faults have healed.
var Catalogue = []Bug{
	{
		ID: AckBeforeSync, Name: "ack-before-sync",
		Wrong:    "A server acknowledges a proposal when it has written it, not when the write is durable.",
		Schedule: "Crash a quorum between the acknowledgement and the end of the fsync; the acknowledged write is gone.",
		Breaks:   []string{"d17-ack-durability", "durability"},
		Scenario: register,
	},
	{
		ID: QuorumOffByOne, Name: "quorum-off-by-one",
		Wrong:    "The leader commits with n/2 acknowledgements instead of more than n/2.",
		Schedule: "Any write: the leader's own acknowledgement commits it in an ensemble of three.",
		Breaks:   []string{"d18-quorum-evidence", "durability"},
		Scenario: register,
	},
	{
		ID: SkippedTruncation, Name: "skipped-truncation",
		Wrong:    "A learner takes note of TRUNC and leaves its log as it is.",
		Schedule: "A leader logs a write alone and is deposed; it rejoins, is told to truncate, and keeps the write.",
		Breaks:   []string{"d13-process-consistency", "d12-committed-durable", "d3-prefix-consistency"},
		Scenario: register,
	},
	{
		ID: NewLeaderAckBeforeLogged, Name: "newleader-ack-before-logged", Upstream: "ZOOKEEPER-3911",
		Wrong:    "A learner synchronised by DIFF acknowledges NEWLEADER with the received transactions in memory only, and logs them after UPTODATE.",
		Schedule: "A leader logs a write alone, is elected again, ships it by DIFF and is established by acknowledgements that rest on nothing; the followers crash before they log it.",
		Breaks:   []string{"d17-ack-durability", "d13-process-consistency", "d11-leader-completeness", "durability"},
		Scenario: register,
	},
	{
		ID: NewLeaderAckBeforeSynced, Name: "newleader-ack-before-synced", Upstream: "ZOOKEEPER-4646",
		Wrong:    "A learner writes the transactions of a DIFF to its log and acknowledges NEWLEADER without waiting for the fsync.",
		Schedule: "As ZOOKEEPER-3911, with the crash between the acknowledgement and the fsync.",
		Breaks:   []string{"d17-ack-durability", "durability"},
		Scenario: register,
	},
	{
		ID: ElectionIgnoresZxid, Name: "election-ignores-zxid",
		Wrong:    "Votes are compared by epoch and server id only, so that a server with a shorter history can win.",
		Schedule: "Let the server with the highest id fall behind, then crash the leader.",
		Breaks:   []string{"d15-vote-order", "d11-leader-completeness", "d12-committed-durable", "durability", "liveness"},
		Scenario: register,
	},
	{
		ID: EpochBeforeHistory, Name: "epoch-before-history", Upstream: "ZOOKEEPER-4643",
		Wrong:    "A learner makes currentEpoch durable before the history that it stands for.",
		Schedule: "Crash a learner between the two; with its new epoch it wins the next election although it lacks committed writes.",
		Breaks:   []string{"d14-epoch-sanity", "d11-leader-completeness", "d12-committed-durable", "durability"},
		Scenario: register,
	},
	{
		ID: StaleMemoryTree, Name: "stale-memory-tree", Upstream: "ZOOKEEPER-2845",
		Wrong:    "A server that falls back to LOOKING votes with its tree's zxid although its log already holds later transactions.",
		Schedule: "A follower logs a proposal, loses its leader before the commit, and joins the next leader as if it had never seen it; on its disk it is still there.",
		Breaks:   []string{"d13-process-consistency", "d3-prefix-consistency", "d11-leader-completeness"},
		Scenario: register,
	},
	{
		ID: DiffWhereTrunc, Name: "diff-where-trunc", Upstream: "ZOOKEEPER-1154",
		Wrong:    "A leader sends DIFF to a learner whose last transaction is within the range of its committed log, without asking whether it knows that transaction.",
		Schedule: "A leader logs a write alone and is deposed; others commit more; it rejoins, and gets what follows its own write instead of a TRUNC.",
		Breaks:   []string{"d13-process-consistency", "d3-prefix-consistency"},
		Scenario: register,
	},
	{
		ID: FollowerExpiresSession, Name: "follower-expires-session",
		Wrong:    "A follower expires sessions by its own clock, though it does not see the client on other servers.",
		Schedule: "A client moves to another server and lives there; the first server ends its session after one timeout.",
		Breaks:   []string{"expiry-by-leader", "expiry-not-early"},
		Scenario: sessions,
	},
	{
		ID: EphemeralsSurviveExpiry, Name: "ephemerals-survive-expiry",
		Wrong:    "Closing a session leaves its ephemeral nodes in the tree.",
		Schedule: "A session with an ephemeral node expires or is closed.",
		Breaks:   []string{"ephemerals-die-with-session", "d3-prefix-consistency", "ephemeral-cleanup", "read-result"},
		Scenario: sessions,
	},
	{
		ID: SequenceFromChildCount, Name: "sequence-from-child-count",
		Wrong:    "The suffix of a sequential node is the number of children instead of the number of creates.",
		Schedule: "Create a sequential node, delete it, create another: the name is used twice.",
		Breaks:   []string{"sequential-names", "write-result"},
		Scenario: sequence,
	},
	{
		ID: EpochAnnouncedBeforeDurable, Name: "epoch-announced-before-durable", Upstream: "ZOOKEEPER-1291",
		Wrong:    "A leader announces the new epoch before its own acceptedEpoch is durable.",
		Schedule: "Crash the leader after LEADERINFO; restarted, it may take part in the same epoch as if it were new.",
		Breaks:   []string{"d14-epoch-sanity", "d1-one-leader", "d2-one-establishment"},
		Scenario: register,
	},
	{
		ID: FailedMultiLeaksParent, Name: "failed-multi-leaks-parent", Upstream: "ZOOKEEPER-1624",
		Wrong:    "A multi that fails does not restore the outstanding record of the parents it touched.",
		Schedule: "Pipeline a multi that creates a sequential node and then fails with another sequential create: a suffix is skipped.",
		Breaks:   []string{"sequential-names", "write-result"},
		Scenario: sequence,
	},
	{
		ID: ReadOvertakesWrite, Name: "read-overtakes-write",
		Wrong:    "A read is answered from the tree before an earlier write of the same session has been applied.",
		Schedule: "Pipeline a write and a read of one path.",
		Breaks:   []string{"read-your-writes", "sync-order", "monotonic-reads"},
		Scenario: register,
	},
	{
		ID: PendingClearedAtNewLeader, Name: "pending-cleared-at-newleader", Upstream: "ZOOKEEPER-4394",
		Wrong:    "A learner forgets at NEWLEADER the proposals that are not committed yet; their COMMIT then finds nothing.",
		Schedule: "A learner joins an established leader under write load.",
		Breaks:   []string{"d16-possible-messages"},
		Scenario: register,
	},
	{
		ID: TruncKeepsNewerSnapshot, Name: "trunc-keeps-newer-snapshot", Upstream: "ZOOKEEPER-4837",
		Wrong:    "TRUNC cuts the log and leaves snapshots in place that contain what was cut.",
		Schedule: "A server logs a write alone, is elected, snapshots its tree on entering leadership, fails to get a quorum, and rejoins another leader.",
		Breaks:   []string{"d13-process-consistency", "d19-replay-determinism", "d16-possible-messages", "no-panic", "d3-prefix-consistency"},
		Scenario: register,
	},
	{
		ID: TornTailRefusesStart, Name: "torn-tail-refuses-start",
		Wrong:    "An incomplete record at the end of the log is taken for corruption, and the server refuses to start.",
		Schedule: "Power loss in the middle of a log write.",
		Breaks:   []string{"liveness"},
		Scenario: register,
	},
	{
		ID: SyncAnsweredLocally, Name: "sync-answered-locally",
		Wrong:    "A server answers sync by itself instead of asking the leader.",
		Schedule: "A follower lags; a client syncs there and does not see what another client was told before.",
		Breaks:   []string{"sync-order", "final-reads"},
		Scenario: register,
	},
	{
		ID: SessionTableForgotten, Name: "session-table-forgotten", Upstream: "ZOOKEEPER-3144",
		Wrong:    "The session table is lost when a database is restored from a snapshot.",
		Schedule: "A server restarts from a snapshot and becomes leader: it does not know the sessions it should expire.",
		Breaks:   []string{"sessions-survive", "expiry-not-late"},
		Scenario: sessions,
	},
	{
		ID: LeaderKeepsRoleWithoutQuorum, Name: "leader-keeps-role", Upstream: "",
		Wrong:    "A leader that has lost its quorum goes on leading.",
		Schedule: "Isolate the leader; the others elect a new one; the old one never comes back.",
		Breaks:   []string{"liveness", "final-reads"},
		Scenario: register,
	},
	{
		ID: LateForwarding, Name: "late-forwarding",
		Wrong:    "A learner gets proposals only after its NEWLEADER acknowledgement: what is proposed during its synchronisation is lost to it.",
		Schedule: "A learner joins an established leader under write load.",
		Breaks:   []string{"d16-possible-messages", "d7-local-primary-order"},
		Scenario: register,
	},
	{
		ID: OutstandingTruncated, Name: "outstanding-truncated",
		Wrong:    "A leader truncates from a returning learner what is still being proposed, and goes on counting the learner's earlier acknowledgement of it.",
		Schedule: "A follower acknowledges a proposal and loses its connection while the leader's own fsync is slow; it rejoins, is told TRUNC, and the proposal is committed with its acknowledgement. Found by a hunt of this project in its own server, which had followed upstream's decision table.",
		Breaks:   []string{"d12-committed-durable", "d18-quorum-evidence", "durability"},
		Scenario: register,
	},
	{
		ID: OldConnectionKept, Name: "old-connection-kept",
		Wrong:    "A server that a session comes back to asks the leader for it while it still reads the session's earlier connection.",
		Schedule: "A server is paused with a write in its socket; the client moves away, writes elsewhere, and returns; the server wakes, makes itself the owner, and then forwards the old write. Found by a hunt of this project.",
		Breaks:   []string{"fifo-writes"},
		Scenario: register,
	},
	{
		ID: RevalidationBySession, Name: "revalidation-by-session",
		Wrong:    "The leader's answer to a REVALIDATE is taken for whichever connection of that session is waiting, not for the one that asked.",
		Schedule: "The way to the leader is slow; a client comes to a server twice, is let in by the answer to its first question, writes, and moves on; the second question then makes that server the owner again, and the old write follows it. Found by a hunt of this project; ZooKeeper keeps the connections that wait for an answer by session id, too.",
		Breaks:   []string{"fifo-writes"},
		Scenario: register,
	},
	{
		ID: CounterCarries, Name: "counter-carries", Upstream: "ZOOKEEPER-1277",
		Wrong:    "A leader counts on when the zxid counter of its epoch is used up, so that the carry names an epoch that nobody was elected for.",
		Schedule: "A leader proposes until the counter reaches its limit; knob counter-limit brings that near.",
		Breaks:   []string{"d9-primary-integrity"},
		Scenario: register,
	},
	{
		ID: WeightsIgnored, Name: "weights-ignored",
		Wrong:    "In an ensemble with groups and weights a plain majority of the servers decides.",
		Schedule: "Any write, when the servers that acknowledge it first are most of the servers and not most of the groups.",
		Breaks:   []string{"d18-quorum-evidence", "durability"},
		Scenario: register,
	},
	{
		ID: ACLByDataVersion, Name: "acl-by-data-version",
		Wrong:    "setACL compares the version it is given with that of the data instead of that of the list.",
		Schedule: "Set the list of a znode twice, naming version 0 both times, or once after its data was written.",
		Breaks:   []string{"version-cas", "write-result"},
		Scenario: sequence,
	},
	{
		ID: EphemeralsWithoutPrefix, Name: "ephemerals-without-prefix",
		Wrong:    "getEphemerals answers with all ephemerals of the session, whatever prefix was asked for.",
		Schedule: "A session owns two ephemerals and asks for those that begin like one of them.",
		Breaks:   []string{"read-result"},
		Scenario: sessions,
	},
	{
		ID: ReaperTrustsItsList, Name: "reaper-trusts-its-list",
		Wrong:    "The leader deletes the containers that its tree shows unused without asking whether a child is on its way in.",
		Schedule: "A client deletes the last child of a container and creates another; the reaper comes by between that create's proposal and its commit.",
		Breaks:   []string{"container-removal"},
		Scenario: sessions,
	},
}
