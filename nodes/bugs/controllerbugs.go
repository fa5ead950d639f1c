package bugs

// controllerBugs are those of the controller of a Kafka cluster.
var controllerBugs = []Bug{
	{
		ID: ReassignedUnsynced, Name: "reassigned-unsynced", Upstream: "KAFKA-15665",
		Wrong:    "A reassignment ends when a new replica lives, and the first of the target leads, in sync or not.",
		Schedule: "Move a partition away from its leader.",
		Breaks:   []string{"k11-leader-in-sync", "k12-clean-election", "k10-isr-of-assigned"},
		Scenario: brokerTopics,
	},
	{
		ID: RefusedStateAdopted, Name: "refused-state-adopted",
		Wrong:    "The controller takes a state for written that was refused for its version, and tells brokers of it.",
		Schedule: "A leader changes who is in sync while the controller elects another.",
		Breaks:   []string{"k14-partition-state-cas", "k7-one-leader-per-epoch"},
		Scenario: brokerTopics,
	},
	{
		ID: ReassignedForEver, Name: "reassigned-for-ever",
		Wrong:    "A reassignment that waits for new replicas is not looked at again when they have come into sync.",
		Schedule: "Move a partition to a broker that has nothing of it.",
		Breaks:   []string{"k30-asked-is-done"},
		Scenario: brokerTopics,
	},
	{
		ID: AbsentWrittenOff, Name: "absent-written-off",
		Wrong:    "The controller takes the replicas of a deleted topic for gone that lie on brokers which do not live.",
		Schedule: "A topic is deleted while one of the brokers is away that have it.",
		Breaks:   []string{"k31-deleted-everywhere"},
		Scenario: brokerTopics,
	},
	{
		ID: ElectionToldDone, Name: "election-told-done",
		Wrong:    "Who asks for the preferred leader is told that it leads, though it could not be elected.",
		Schedule: "Ask for the preferred leader while its broker is dead, or out of sync.",
		Breaks:   []string{"k12-election-as-asked"},
		Scenario: brokerTopics,
	},
}
