package bugs

const (
	brokerLog        = "broker/log"
	brokerAcks       = "broker/acks"
	brokerIdempotent = "broker/idempotent"
	brokerTopics     = "broker/topics"
	platformTools    = "platform/tools"
)

// replicationBugs are those of brokers: of logs, of their replication, of the controller.
var replicationBugs = []Bug{
	{
		ID: MarkIgnoresSilent, Name: "mark-ignores-silent",
		Wrong:    "The high watermark does not wait for an in-sync replica that has not fetched in this leader epoch.",
		Schedule: "A new leader takes records before its followers have come over from the old one.",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "lost-write", "k9-high-watermark-fetched"},
		Scenario: brokerLog,
	},
	{
		ID: JoiningNotCounted, Name: "joining-not-counted", Upstream: "KAFKA-9836",
		Wrong:    "The leader does not count a replica for the high watermark while it is being written into the in-sync replicas.",
		Schedule: "Records are committed without the replica while the write is on its way; then it is in sync, and may lead.",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "lost-write", "k9-all-in-sync-counted"},
		Scenario: brokerLog,
	},
	{
		ID: LeavingNotCounted, Name: "leaving-not-counted",
		Wrong:    "The leader does without a replica as soon as it decides to, before the state znode does.",
		Schedule: "A follower lags; records are committed without it while the znode still calls it in sync.",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "k2-acknowledged-by-min-insync", "lost-write", "k9-all-in-sync-counted"},
		Scenario: brokerLog,
	},
	{
		ID: OutsidersNotCounted, Name: "outsiders-not-counted",
		Wrong:    "The high watermark does not wait for in-sync replicas that are not assigned any more. Apache Kafka's does not.",
		Schedule: "At the end of a reassignment the new leader is told of the new replicas only, while the old ones are still in sync; a controller that takes over then reads the old assignment.",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k9-high-watermark-fetched", "k9-all-in-sync-counted"},
		Scenario: brokerTopics,
	},
	{
		ID: MinInsyncIgnored, Name: "min-insync-ignored",
		Wrong:    "Records are taken from a producer who wants all acknowledgements though too few replicas are in sync, and acknowledged.",
		Schedule: "The in-sync replicas shrink below min.insync.replicas.",
		Breaks:   []string{"k2-acknowledged-by-min-insync", "k2-appended-by-min-insync", "k2-committed-by-min-insync", "liveness"},
		Scenario: brokerLog,
	},
	{
		ID: MinInsyncCheckedLate, Name: "min-insync-checked-late",
		Wrong:    "A leader appends what a producer wants on all in-sync replicas, however few they are, and refuses only to acknowledge it.",
		Schedule: "The in-sync replicas shrink below min.insync.replicas; later they are enough, and what was refused is committed.",
		Breaks:   []string{"k2-appended-by-min-insync"},
		Scenario: brokerLog,
	},
	{
		ID: FollowersRemembered, Name: "followers-remembered",
		Wrong:    "A leader that is elected again takes what it knew of its followers for what they have.",
		Schedule: "In between another led, and a follower cut what the first leader had seen it have.",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "lost-write", "k16-log-matching", "k9-high-watermark-fetched"},
		Scenario: brokerLog,
	},
	{
		ID: ExpandTooEarly, Name: "expand-too-early",
		Wrong:    "A follower comes into the in-sync replicas as soon as it fetches, be it behind what is committed, or behind what was there when the leader's epoch began.",
		Schedule: "A follower that is behind is taken in, and elected next.",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "lost-write", "k16-log-matching", "k12-joiner-caught-up"},
		Scenario: brokerLog,
	},
	{
		ID: BadVersionIsSuccess, Name: "bad-version-is-success",
		Wrong:    "A leader whose write of the in-sync replicas failed, as somebody else wrote since, goes on as if it had succeeded.",
		Schedule: "The controller elects another leader while the write is on its way.",
		Breaks:   []string{"k14-partition-state-cas", "k9-in-sync-replicas-hold-committed"},
		Scenario: brokerLog,
	},
	{
		ID: TruncateToMark, Name: "truncate-to-mark", Upstream: "KAFKA-1211",
		Wrong:    "A follower of a new leader cuts its log to its own high watermark, which is behind the leader's by one fetch.",
		Schedule: "A record is committed and the follower does not know it yet; the leader changes (KIP-101).",
		Breaks:   []string{"k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "lost-write"},
		Scenario: brokerLog,
	},
	{
		ID: LateAnswerApplied, Name: "late-answer-applied", Upstream: "KAFKA-7786",
		Wrong:    "A follower applies an answer that its leader gave in an earlier leader epoch.",
		Schedule: "A fetch is answered just before the leader changes, and arrives just after.",
		Breaks:   []string{"k6-contiguous-log", "k16-log-matching", "k9-in-sync-replicas-hold-committed", "k8-high-watermark", "no-panic", "liveness"},
		Scenario: brokerLog,
	},
	{
		ID: AckBeforeCommit, Name: "ack-before-commit",
		Wrong:    "A producer that wants all acknowledgements is told of success when the leader has its records.",
		Schedule: "Any send to a partition with followers.",
		Breaks:   []string{"k1-acknowledged-is-committed", "lost-write"},
		Scenario: brokerLog,
	},
	{
		ID: DeletesBeyondMark, Name: "deletes-beyond-mark",
		Wrong:    "Records are deleted on request that are not committed yet.",
		Schedule: "A request to delete comes while a follower lags.",
		Breaks:   []string{"k18-log-start", "liveness", "k8-high-watermark", "k16-log-matching", "no-panic"},
		Scenario: brokerTopics,
	},
	{
		ID: YoungestBatchFirst, Name: "youngest-batch-first",
		Wrong:    "Of the batches that wait for a partition, a producer sends the one first that was filled last.",
		Schedule: "Send so much at once that it does not fit into one batch, or while as much as may be is in flight.",
		Breaks:   []string{"producer-order"},
		Scenario: "broker/idempotent",
	},
	{
		ID: DeletionToldAlone, Name: "deletion-told-alone",
		Wrong:    "A client is told that records are deleted when the leader hides them, whatever its followers do.",
		Schedule: "A request to delete moves where a log begins that has followers.",
		Breaks:   []string{"k18-deletion-told"},
		Scenario: brokerTopics,
	},
	{
		ID: StartsUnnoted, Name: "starts-unnoted",
		Wrong:    "A broker notes on its disk how far its logs are durable, and not where they begin.",
		Schedule: "Records are deleted, and the broker stops, or deletes more some time later.",
		Breaks:   []string{"k18-log-start-kept"},
		Scenario: brokerCompaction,
	},
	{
		ID: ReadsUncommitted, Name: "reads-uncommitted", Upstream: "KAFKA-9835",
		Wrong:    "A consumer is given records beyond the high watermark.",
		Schedule: "A record is read from a leader that loses it with its leadership.",
		Breaks:   []string{"k8-consumer-reads-committed", "read-stays", "inconsistent-offsets", "aborted-read", "poll-skip"},
		Scenario: brokerAcks,
	},
	{
		ID: UncleanSilently, Name: "unclean-silently",
		Wrong:    "A replica that is not in sync is elected when no other lives, though that is not allowed.",
		Schedule: "A follower falls out of sync, and then the leader dies.",
		Breaks:   []string{"k12-clean-election"},
		Scenario: brokerLog,
	},
	{
		ID: LastReplicaLeaves, Name: "last-replica-leaves",
		Wrong:    "The last in-sync replica is taken out of them when its broker dies.",
		Schedule: "All replicas die, one after the other: nobody knows any more who has everything, and nobody can be elected.",
		Breaks:   []string{"liveness", "k9-in-sync-replicas-hold-committed"},
		Scenario: brokerLog,
	},
	{
		ID: EpochStartedByAppend, Name: "epoch-started-by-append", Upstream: "KAFKA-7415",
		Wrong:    "A leader notes that its epoch began when it appends the first record in it, not when it is elected.",
		Schedule: "Elections follow each other without a record: the leader cannot say where an epoch ended that it lacks.",
		Breaks:   []string{"k16-log-matching", "k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "k6-contiguous-log", "no-panic", "liveness", "k17-epoch-noted"},
		Scenario: brokerLog,
	},
	{
		ID: ProducersNotReplicated, Name: "producers-not-replicated",
		Wrong:    "A follower does not note the sequence numbers of what it copies.",
		Schedule: "A send is not answered, the leader changes, and the producer sends again to one who does not know the records.",
		Breaks:   []string{"k19-producer-sequence", "duplicate", "k19-producers-known"},
		Scenario: brokerIdempotent,
	},
	{
		ID: DuplicateAppended, Name: "duplicate-appended",
		Wrong:    "A batch that is known to be in the log is appended again.",
		Schedule: "A send is not answered in time and is repeated.",
		Breaks:   []string{"k19-producer-sequence", "duplicate"},
		Scenario: brokerIdempotent,
	},
	{
		ID: SequenceGapAccepted, Name: "sequence-gap-accepted",
		Wrong:    "A batch is appended that is not the next of its producer.",
		Schedule: "Several sends are on their way when the leader changes; the first of them is refused and comes again, after the others.",
		Breaks:   []string{"k19-producer-sequence", "nonmonotonic-send", "duplicate"},
		Scenario: brokerIdempotent,
	},
	{
		ID: LeaderEpochKept, Name: "leader-epoch-kept",
		Wrong:    "An election does not raise the leader epoch.",
		Schedule: "Any change of a leader.",
		Breaks:   []string{"k3-leader-epoch"},
		Scenario: brokerLog,
	},
	{
		ID: ReturnedLeaderKept, Name: "returned-leader-kept",
		Wrong:    "A new controller leaves a leader its epoch that registered anew since it was elected. Apache Kafka's does.",
		Schedule: "The controller and the only in-sync replica lose power together, and with it the end of a log; the broker is back before there is another controller, and leads on in its old epoch.",
		Breaks:   []string{"k16-log-matching", "k9-in-sync-replicas-hold-committed", "inconsistent-offsets", "read-stays", "no-panic"},
		Scenario: brokerLog,
	},
	{
		ID: FetchUnfenced, Name: "fetch-unfenced", Upstream: "KAFKA-6880",
		Wrong:    "A leader looks at no epoch of a fetch: neither whether the follower follows in its own, nor whether their logs agree.",
		Schedule: "A follower that has records of a leader who died goes on with those of the next.",
		Breaks:   []string{"k16-log-matching", "k9-in-sync-replicas-hold-committed"},
		Scenario: brokerLog,
	},
	{
		ID: DuplicateAckedEarly, Name: "duplicate-acked-early",
		Wrong:    "A batch that was appended before is acknowledged at once, committed or not.",
		Schedule: "A producer sends a batch again because the answer is late.",
		Breaks:   []string{"k1-acknowledged-is-committed"},
		Scenario: brokerIdempotent,
	},
}
