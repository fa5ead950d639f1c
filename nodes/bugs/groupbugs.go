package bugs

const (
	brokerGroups  = "broker/groups"
	brokerOffsets = "broker/offsets"
)

// groupBugs are those of groups of consumers: of their coordinator and of their members.
var groupBugs = []Bug{
	{
		ID: OldGenerationCommits, Name: "old-generation-commits",
		Wrong:    "The coordinator takes offsets from a member of the group whatever generation it names.",
		Schedule: "A member that has missed a rebalance commits what is another's by now.",
		Breaks:   []string{"k22-commit-fenced", "generation-fenced"},
		Scenario: brokerGroups,
	},
	{
		ID: CommitAckedEarly, Name: "commit-acked-early",
		Wrong:    "The coordinator takes what it writes for done when it is in its own log (offsets.commit.required.acks=1).",
		Schedule: "A client is told of its commit before any follower has it; the coordinator dies.",
		Breaks:   []string{"k23-commit-logged", "k20-assignment-logged", "k22-instance-fenced", "committed-kept"},
		Scenario: brokerGroups,
	},
	{
		ID: GroupsLoadedToMark, Name: "groups-loaded-to-mark",
		Wrong:    "A new coordinator reads its log up to the high watermark, which it does not know yet, and not to the end.",
		Schedule: "The coordinator moves to a broker that has heard of an older high watermark.",
		Breaks:   []string{"k23-loaded", "committed-kept"},
		Scenario: brokerGroups,
	},
	{
		ID: GroupsKeptWhenDeposed, Name: "groups-kept-when-deposed",
		Wrong:    "A coordinator that is deposed keeps its groups, and finds them there when it is elected again.",
		Schedule: "The coordinator moves and comes back; in between members came and went.",
		Breaks:   []string{"k23-loaded", "k22-one-coordinator", "no-panic"},
		Scenario: brokerGroups,
	},
	{
		ID: OffsetsToldWhileLoading, Name: "offsets-told-while-loading",
		Wrong:    "A coordinator that is still reading its log tells that there are no offsets, and not that it is reading.",
		Schedule: "A member asks for its offsets right after the coordinator has moved, and begins anew.",
		Breaks:   []string{"k22-one-coordinator", "group-start", "committed-kept"},
		Scenario: brokerOffsets,
	},
	{
		ID: ChunkAppliedAlone, Name: "chunk-applied-alone", Upstream: "KAFKA-5600",
		Wrong:    "A new coordinator goes by the last part of its log that it read, and forgets the parts before.",
		Schedule: "The coordinator moves when its log is longer than it reads at once.",
		Breaks:   []string{"k23-loaded", "committed-kept", "group-start"},
		Scenario: brokerGroups,
	},
	{
		ID: ExpiryTakenLiterally, Name: "expiry-taken-literally", Upstream: "KAFKA-8069",
		Wrong:    "A new coordinator takes the mark for offsets without a time of expiry for a time, which is long over.",
		Schedule: "The coordinator moves, and looks which offsets have expired.",
		Breaks:   []string{"k23-offset-kept", "committed-kept", "group-start"},
		Scenario: brokerGroups,
	},
	{
		ID: SessionNotRenewed, Name: "session-not-renewed",
		Wrong:    "The session of a member goes on while it waits in a join, and does not begin anew with the answer.",
		Schedule: "Others take long to join; who has waited for them is taken for dead.",
		Breaks:   []string{"k20-member-kept"},
		Scenario: brokerGroups,
	},
	{
		ID: ReplacementNotLogged, Name: "replacement-not-logged", Upstream: "KAFKA-10284",
		Wrong:    "A static member that returns is told its new ID, and the log is not.",
		Schedule: "The coordinator moves; the next one fences the member, and serves its old self.",
		Breaks:   []string{"k22-instance-fenced"},
		Scenario: brokerGroups,
	},
	{
		ID: AbsentLeader, Name: "absent-leader",
		Wrong:    "The leader of a group stays its leader though it has not joined the generation, and so does not know that it is to assign.",
		Schedule: "A static member that leads is away for less than a session; others rebalance.",
		Breaks:   []string{"k20-leader-present", "liveness"},
		Scenario: brokerGroups,
	},
	{
		ID: RejoinNotHeeded, Name: "rejoin-not-heeded",
		Wrong:    "A member of a stable group that joins again, and has other things to say, is told that all is as before.",
		Schedule: "A cooperative member has given up a partition, and joins for another to get it.",
		Breaks:   []string{"k20-join-heeded", "liveness"},
		Scenario: brokerGroups,
	},
	{
		ID: HandedOverAtOnce, Name: "handed-over-at-once",
		Wrong:    "The cooperative assignor gives a partition away while its owner still has it (before KIP-429).",
		Schedule: "Another member joins.",
		Breaks:   []string{"k20-one-owner", "group-exclusive"},
		Scenario: brokerGroups,
	},
	{
		ID: StaleClaimKept, Name: "stale-claim-kept", Upstream: "KAFKA-7026",
		Wrong:    "The sticky assignor leaves members what they say that they had, in whatever generation.",
		Schedule: "A member that was taken for dead comes back, and claims what another was given since.",
		Breaks:   []string{"k20-one-owner", "group-exclusive"},
		Scenario: brokerGroups,
	},
	{
		ID: LoadedWithoutSessions, Name: "loaded-without-sessions",
		Wrong:    "A new coordinator waits for the members that its log has, and begins no session for them before it hears of them.",
		Schedule: "A member dies with its coordinator.",
		Breaks:   []string{"k20-member-lost", "liveness"},
		Scenario: brokerGroups,
	},
	{
		ID: OffsetsServedEarly, Name: "offsets-served-early",
		Wrong:    "The coordinator tells offsets that it has taken before their records are written.",
		Schedule: "Somebody asks where the group is while a commit is on its way to the followers.",
		Breaks:   []string{"k23-offset-told", "committed-kept"},
		Scenario: brokerGroups,
	},
	{
		ID: ExpirySinceCommit, Name: "expiry-since-commit", Upstream: "KAFKA-4682",
		Wrong:    "The time for which an offset is kept runs from its commit, also while its group has members (before KIP-211).",
		Schedule: "A member reads on and commits nothing new for long, and leaves.",
		Breaks:   []string{"k23-offset-kept", "committed-kept"},
		Scenario: brokerGroups,
	},
	{
		ID: AbsentMemberKept, Name: "absent-member-kept",
		Wrong:    "A member that has not joined in time stays for the next generation, and gets a share of which it knows nothing.",
		Schedule: "A member hangs for longer than the rebalance timeout, and less than its session, while others join.",
		Breaks:   []string{"k21-generation", "liveness"},
		Scenario: brokerGroups,
	},
	{
		ID: ToldPositionIgnored, Name: "told-position-ignored",
		Wrong:    "A member asks where its group is, and begins where it would if the group had been nowhere.",
		Schedule: "A partition changes hands.",
		Breaks:   []string{"k23-begins-where-told", "group-start"},
		Scenario: brokerGroups,
	},
	{
		ID: StaleFetchTaken, Name: "stale-fetch-taken", Upstream: "KAFKA-2342",
		Wrong:    "A consumer takes what a fetch brings that was sent before its position moved.",
		Schedule: "A client goes to the beginning of a partition while a fetch from its end is on its way.",
		Breaks:   []string{"poll-skip", "nonmonotonic-poll"},
		Scenario: brokerLog,
	},
	{
		ID: MembersGroupDeleted, Name: "members-group-deleted",
		Wrong:    "The coordinator deletes a group whatever members it has.",
		Schedule: "A group is deleted while it has members.",
		Breaks:   []string{"k20-group-kept"},
		Scenario: brokerOffsets,
	},
	{
		ID: DeletedOffsetsLogged, Name: "deleted-offsets-logged",
		Wrong:    "The coordinator that deletes a group forgets its offsets, and leaves them in its log.",
		Schedule: "A group with offsets is deleted.",
		Breaks:   []string{"k23-deletion-told"},
		Scenario: brokerOffsets,
	},
	{
		ID: HeartbeatsNotCounted, Name: "heartbeats-not-counted",
		Wrong:    "The coordinator answers heartbeats, and does not begin the sessions anew.",
		Schedule: "A member reads on, and commits nothing, for longer than a session.",
		Breaks:   []string{"k20-member-kept"},
		Scenario: brokerGroups,
	},
}
