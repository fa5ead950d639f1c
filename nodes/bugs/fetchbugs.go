package bugs

// fetchBugs are those of sessions of fetches, and of consumers that read from followers.
var fetchBugs = []Bug{
	{
		ID: SessionMissesRecords, Name: "session-misses-records",
		Wrong:    "In a fetch session a partition counts as changed when its high watermark moves or its log begins elsewhere, and not when there are records.",
		Schedule: "Records come that are not committed before a follower has them: it is never told of them.",
		Breaks:   []string{"liveness"},
		Scenario: brokerLog,
	},
	{
		ID: SessionForgetsNothing, Name: "session-forgets-nothing",
		Wrong:    "A fetch session goes on with partitions that are not wanted any more.",
		Schedule: "A follower leaves a partition alone for a while, or gets another leader, and is answered about it.",
		Breaks:   []string{"no-panic"},
		Scenario: brokerLog,
	},
	{
		ID: FollowerServesAll, Name: "follower-serves-all",
		Wrong:    "A follower gives consumers all that it has, and not what it knows to be committed.",
		Schedule: "A consumer reads from the follower in its rack a record that is not on all in-sync replicas yet.",
		Breaks:   []string{"k8-consumer-reads-committed", "read-stays", "inconsistent-offsets"},
		Scenario: brokerLog,
	},
	{
		ID: PreferredOutOfSync, Name: "preferred-out-of-sync", Upstream: "KAFKA-14372",
		Wrong:    "A leader sends consumers to a replica in their rack that is not in sync.",
		Schedule: "A follower falls behind and out of sync, and consumers in its rack read on from it.",
		Breaks:   []string{"k9-preferred-replica-in-sync"},
		Scenario: brokerLog,
	},
}
