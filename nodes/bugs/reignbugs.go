package bugs

// reignBugs are those of leaders and controllers that know, tell or count what they should not.
var reignBugs = []Bug{
	{
		ID: LaggardKept, Name: "laggard-kept", Upstream: "KIP-16",
		Wrong:    "A leader never takes a follower out of the in-sync replicas that has fallen behind.",
		Schedule: "A follower cannot reach its leader for longer than replica.lag.time.max.ms, and its session lives: nothing is committed any more.",
		Breaks:   []string{"k12-laggards-leave-isr", "liveness"},
		Scenario: brokerLog,
	},
	{
		ID: MarkNotedAhead, Name: "mark-noted-ahead",
		Wrong:    "Where the checkpoint should have the high watermarks it has the ends of the logs.",
		Schedule: "A broker that has records which are not committed dies, and takes them for committed when it is back.",
		Breaks:   []string{"k8-high-watermark", "k8-consumer-reads-committed"},
		Scenario: brokerLog,
	},
	{
		ID: IsrChangeKept, Name: "isr-change-kept",
		Wrong:    "The controller takes note of in-sync replicas that a leader has changed, and tells no broker.",
		Schedule: "A replica leaves the in-sync replicas of a partition or comes into them, and then nothing else happens.",
		Breaks:   []string{"k32-metadata-told"},
		Scenario: brokerLog,
	},
	{
		ID: FormerControllerBelieved, Name: "former-controller-believed",
		Wrong:    "A broker takes an UpdateMetadata for what it says without looking at the epochs of the controller and of itself in it.",
		Schedule: "A controller that has been replaced and has not heard of it tells who leads; its successor has told it before.",
		Breaks:   []string{"k32-metadata-told", "liveness"},
		Scenario: brokerLog,
	},
	{
		ID: EndToldEarly, Name: "end-told-early", Upstream: "KIP-207",
		Wrong:    "A leader tells consumers that a partition ends where its log does.",
		Schedule: "A consumer asks for the end while the last records are on their way to the followers.",
		Breaks:   []string{"k8-end-offset-of-epoch"},
		Scenario: brokerLog,
	},
	{
		ID: DeposedAcknowledges, Name: "deposed-acknowledges",
		Wrong:    "Who waits for records to be committed is told so when the high watermark has passed their offset, also where that is a follower by then.",
		Schedule: "A leader is deposed with records that nobody has, cuts them off, and copies others that are committed.",
		Breaks:   []string{"k1-acknowledged-is-committed", "lost-write"},
		Scenario: brokerLog,
	},
	{
		ID: WonByAnyZnode, Name: "won-by-any-znode",
		Wrong:    "A broker that fails to make /controller takes itself for elected if the controller epoch is the one that it wanted, whoever made the znode.",
		Schedule: "Two brokers stand for election at once.",
		Breaks:   []string{"k5-one-controller-per-epoch"},
		Scenario: brokerLog,
	},
	{
		ID: VersionToldStale, Name: "version-told-stale",
		Wrong:    "The controller tells brokers the state that it has written with the version of the one before.",
		Schedule: "Any election.",
		Breaks:   []string{"k14-partition-state-cas", "k32-metadata-told"},
		Scenario: brokerLog,
	},
}
