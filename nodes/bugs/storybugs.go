package bugs

// storyBugs are those of brokers, their controller and their clients that take several
// faults in a row, in a certain order: the stories of package faults.
var storyBugs = []Bug{
	{
		ID: ControllerUnfenced, Name: "controller-unfenced", Upstream: "KAFKA-6082",
		Wrong:    "The controller does not demand, when it writes, that there has been no other election.",
		Schedule: "An operator deletes /controller while the controller has writes under way; another is elected, and the writes of the first land after it.",
		Breaks:   []string{"k15-controller-fenced", "k14-partition-state-cas"},
		Scenario: platformTools,
	},
	{
		ID: FormerControllerObeyed, Name: "former-controller-obeyed", Upstream: "KAFKA-1188",
		Wrong:    "A broker that has heard of a controller obeys an earlier one.",
		Schedule: "The controller is cut off the coordinators, and from one broker; when its successor rules, the broker hears it again, and it repeats what was not answered.",
		Breaks:   []string{"k15-controller-obeyed"},
		Scenario: brokerLog,
	},
	{
		ID: FormerLifeObeyed, Name: "former-life-obeyed", Upstream: "KAFKA-7235",
		Wrong:    "A broker obeys orders that were meant for its life before (KIP-380).",
		Schedule: "A broker dies with an order under way and is back before the controller has noticed, which sends the order again.",
		Breaks:   []string{"k15-controller-obeyed"},
		Scenario: brokerLog,
	},
	{
		ID: BounceUnnoticed, Name: "bounce-unnoticed", Upstream: "KAFKA-7235",
		Wrong:    "The controller tells brokers apart by their IDs alone, so that it misses that one went and came.",
		Schedule: "The znode of a broker goes and comes again between two looks of a controller that is slow to look.",
		Breaks:   []string{"liveness", "k16-log-matching", "k9-in-sync-replicas-hold-committed", "no-panic"},
		Scenario: brokerLog,
	},
	{
		ID: UnknownEpochIgnored, Name: "unknown-epoch-ignored", Upstream: "KAFKA-6361",
		Wrong:    "Leader and follower look only at where an epoch ends, not at which epoch it is that the leader knows (before KIP-279).",
		Schedule: "A leader with a tail of its own is deposed, its successor writes a little and dies, and the first leads again without having heard of it; then the successor is back.",
		Breaks:   []string{"k16-log-matching", "k6-contiguous-log", "k9-in-sync-replicas-hold-committed", "no-panic", "liveness"},
		Scenario: brokerAcks,
	},
	{
		ID: PreferredUnsynced, Name: "preferred-unsynced",
		Wrong:    "The preferred replica is elected if it lives, in sync or not.",
		Schedule: "The preferred replica of a partition falls behind, and an administrator asks for it.",
		Breaks:   []string{"k11-leader-in-sync", "k12-clean-election"},
		Scenario: brokerTopics,
	},
	{
		ID: RefusedVersionKept, Name: "refused-version-kept", Upstream: "KAFKA-2729",
		Wrong:    "A leader whose write of the in-sync replicas was refused or not answered takes it for not done, and goes on from the version that it knew.",
		Schedule: "The write happens and its answer is lost: every later one is refused.",
		Breaks:   []string{"k9-all-in-sync-counted", "liveness", "k9-in-sync-replicas-hold-committed"},
		Scenario: brokerIdempotent,
	},
	{
		ID: AmbiguousRenumbered, Name: "ambiguous-renumbered",
		Wrong:    "A producer gives batches that may have been appended new sequence numbers when it begins a new epoch, as Apache Kafka's does (KIP-360).",
		Schedule: "No answer reaches a producer until the first of its batches has expired; those behind it are sent again under other numbers.",
		Breaks:   []string{"duplicate"},
		Scenario: brokerIdempotent,
	},
	{
		ID: LastEventDropped, Name: "last-event-dropped",
		Wrong:    "The controller does not take note of a change that comes while it deals with the one before of the same kind.",
		Schedule: "Two brokers die, or one comes and goes, while the controller elects.",
		Breaks:   []string{"k32-metadata-told", "liveness"},
		Scenario: brokerLog,
	},
	{
		ID: ElectionNotAdopted, Name: "election-not-adopted",
		Wrong:    "A broker whose election was not answered takes it for lost when it finds /controller there.",
		Schedule: "The connection breaks after the election and before its answer: the cluster has a controller that does not know.",
		Breaks:   []string{"liveness"},
		Scenario: brokerLog,
	},
	{
		ID: ZnodeOfLastLife, Name: "znode-of-last-life", Upstream: "KAFKA-1387",
		Wrong:    "A broker that finds its znode there takes itself for registered, though the session that made it is about to end.",
		Schedule: "A broker is started again faster than its session expires.",
		Breaks:   []string{"liveness", "k16-log-matching", "k9-in-sync-replicas-hold-committed", "no-panic"},
		Scenario: brokerLog,
	},
}
