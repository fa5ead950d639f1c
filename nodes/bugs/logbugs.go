package bugs

const brokerCompaction = "broker/compaction"

// logBugs are those of a broker's logs: of what makes them smaller, and of what brings
// them back.
var logBugs = []Bug{
	{
		ID: RetainsBeyondMark, Name: "retains-beyond-mark", Upstream: "KAFKA-5634",
		Wrong:    "Retention takes segments that are not committed.",
		Schedule: "A follower that is still in sync hears nothing, so that the high watermark stands; what follows it gets too old.",
		Breaks:   []string{"k18-log-start"},
		Scenario: brokerCompaction,
	},
	{
		ID: CompactsBeyondMark, Name: "compacts-beyond-mark", Upstream: "KAFKA-13194",
		Wrong:    "Compaction goes up to the active segment, committed or not.",
		Schedule: "A follower compacts before it hears that its records are committed.",
		Breaks:   []string{"k18-compacted-below-high-watermark", "compaction-keeps-last", "lost-write"},
		Scenario: brokerCompaction,
	},
	{
		ID: StaleEpochKept, Name: "stale-epoch-kept", Upstream: "KAFKA-10706",
		Wrong:    "A log that is cut at or behind its end keeps the leader epochs that begin there.",
		Schedule: "A leader notes its epoch, appends nothing, and follows another who never heard of it.",
		Breaks:   []string{"liveness", "k17-epoch-noted"},
		Scenario: brokerLog,
	},
	{
		ID: TombstoneTimedBySender, Name: "tombstone-timed-by-sender", Upstream: "KAFKA-8522",
		Wrong:    "The time for which a tombstone is shown counts from when it was sent, not from the compaction that first kept it.",
		Schedule: "A tombstone waits for its compaction, and goes with it, or soon after.",
		Breaks:   []string{"k18-tombstone-stays", "tombstone-shown"},
		Scenario: brokerCompaction,
	},
	{
		ID: CleanedUnsynced, Name: "cleaned-unsynced",
		Wrong:    "A segment that compaction wrote takes the place of others before it is durable.",
		Schedule: "Power fails soon after a compaction.",
		Breaks:   []string{"k18-compaction-leaves-last", "liveness", "k13-leader-completeness", "compaction-keeps-last"},
		Scenario: brokerCompaction,
	},
	{
		ID: CleaningOutlivesCut, Name: "cleaning-outlives-cut",
		Wrong:    "A compaction puts its result into the log although the log lost segments meanwhile.",
		Schedule: "Retention, or a leader that deleted records, takes the beginning of a log while it is compacted.",
		Breaks:   []string{"no-panic", "liveness", "k18-compaction-leaves-last", "compaction-keeps-last", "lost-write"},
		Scenario: brokerCompaction,
	},
	{
		ID: TombstonesOverlooked, Name: "tombstones-overlooked",
		Wrong:    "Compaction does not count a tombstone as a later record of its key.",
		Schedule: "A key is written and deleted; the tombstone's time is over.",
		Breaks:   []string{"k18-compaction-leaves-last", "compaction-keeps-last"},
		Scenario: brokerCompaction,
	},
	{
		ID: RetentionByFirstRecord, Name: "retention-by-first-record",
		Wrong:    "A segment is as old as its first record.",
		Schedule: "Few records come, so that a segment has old ones and young ones.",
		Breaks:   []string{"retention-by-age", "k18-compaction-waits"},
		Scenario: brokerCompaction,
	},
	{
		ID: RetentionOneTooMany, Name: "retention-one-too-many",
		Wrong:    "Of a log that is too long segments go until it is shorter than it may be.",
		Schedule: "Any log that is bounded by retention.bytes.",
		Breaks:   []string{"k18-retention-leaves-enough"},
		Scenario: brokerCompaction,
	},
	{
		ID: GapSkipsBatch, Name: "gap-skips-batch",
		Wrong:    "Who reads from an offset that compaction has emptied gets what follows the next batch, not the batch.",
		Schedule: "A follower comes to the end of a segment that was compacted while it was away, and goes on behind the gap.",
		Breaks:   []string{"k18-compacted-alike", "k16-log-matching", "compaction-keeps-last", "k9-in-sync-replicas-hold-committed", "k13-leader-completeness", "lost-write", "liveness"},
		Scenario: brokerCompaction,
	},
	{
		ID: TimeIndexOneTooFar, Name: "time-index-one-too-far",
		Wrong:    "A search by time begins where the next entry of the time index points to.",
		Schedule: "Any question for an offset by time, where the index has entries on both sides of the answer.",
		Breaks:   []string{"k8-offset-by-time", "offset-by-time"},
		Scenario: brokerCompaction,
	},
	{
		ID: CutProducersKept, Name: "cut-producers-kept",
		Wrong:    "A log that is cut goes on with what it knew of idempotent producers, of batches that it lost, too.",
		Schedule: "A leader appends a batch alone, is deposed and cuts it. If it leads again before the producer has come to another, it takes the repetition for a duplicate.",
		Breaks:   []string{"k19-producers-known", "k1-acknowledged-is-committed", "lost-write"},
		Scenario: brokerIdempotent,
	},
	{
		ID: EarlySnapshotBelieved, Name: "early-snapshot-believed",
		Wrong:    "A broker that starts goes by the latest snapshot of producers that is there, be it of an offset that its log does not reach.",
		Schedule: "Power fails when a segment has begun: its snapshot is on the disk, and the end of the segment before it is not.",
		Breaks:   []string{"k19-producers-known", "k19-producer-sequence"},
		Scenario: brokerCompaction,
	},
	{
		ID: EqualTimePassedOver, Name: "equal-time-passed-over",
		Wrong:    "A search by time passes over a segment whose latest record is of that very time.",
		Schedule: "A client asks for the time of a record that is the latest of its segment.",
		Breaks:   []string{"k8-offset-by-time", "offset-by-time"},
		Scenario: brokerCompaction,
	},
	{
		ID: CleanMarkerKept, Name: "clean-marker-kept", Upstream: "KAFKA-10471",
		Wrong:    "A broker that starts leaves the marker of a clean stop where it is.",
		Schedule: "Stop a broker cleanly, start it, crash it, and start it again.",
		Breaks:   []string{"k6-clean-stop-believed"},
		Scenario: brokerLog,
	},
}
