package bugs

const reconfigs = "coordinator/reconfig"

// reconfigBugs are about an ensemble that changes.
var reconfigBugs = []Bug{
	{
		ID: ReconfigByNewQuorum, Name: "reconfig-by-new-quorum",
		Wrong:    "A leader commits a reconfiguration when a quorum of the new configuration has acknowledged it, without one of the old.",
		Schedule: "The new configuration is a small one, whose members are faster than the rest of the old.",
		Breaks:   []string{"d18-quorum-evidence", "durability"},
		Scenario: reconfigs,
	},
	{
		ID: ReconfigByOldQuorum, Name: "reconfig-by-old-quorum",
		Wrong:    "A leader commits a reconfiguration when a quorum of the old configuration has acknowledged it, without one of the new.",
		Schedule: "A server joins that is slower to acknowledge than the others.",
		Breaks:   []string{"d18-quorum-evidence", "durability", "liveness"},
		Scenario: reconfigs,
	},
	{
		ID: JointQuorumDropped, Name: "joint-quorum-dropped",
		Wrong:    "What a leader proposes behind a reconfiguration that is under way waits for a quorum of the old configuration only.",
		Schedule: "A write is pipelined behind a reconfiguration, and the old members acknowledge it before the new ones do.",
		Breaks:   []string{"d18-quorum-evidence", "no-panic", "durability"},
		Scenario: reconfigs,
	},
	{
		ID: RemovedLeaderCommits, Name: "removed-leader-commits",
		Wrong:    "A leader that a committed reconfiguration has removed goes on to commit what it proposed behind it.",
		Schedule: "Remove the leader with writes in its pipeline: their acknowledgements come before the followers have left.",
		Breaks:   []string{"config-leader", "d18-quorum-evidence", "liveness"},
		Scenario: reconfigs,
	},
	{
		ID: RemovedMemberVotes, Name: "removed-member-votes",
		Wrong:    "In an election servers are counted that are no members: more than half as many votes as there are voters decide, whoever cast them.",
		Schedule: "A server that was removed, or is yet to join, takes part in the election after a crash of the leader.",
		Breaks:   []string{"config-election", "d18-quorum-evidence", "liveness"},
		Scenario: reconfigs,
	},
	{
		ID: NextConfigNotCarried, Name: "next-config-not-carried", Upstream: "ZOOKEEPER-1324",
		Wrong:    "NEWLEADER carries the active configuration, and not the one that an earlier leader left proposed and this one finishes.",
		Schedule: "Any first election: the version of the first configuration travels that way, too.",
		Breaks:   []string{"config-durable", "config-shown", "liveness"},
		Scenario: reconfigs,
	},
	{
		ID: ConfigAckBeforeDurable, Name: "config-ack-before-durable",
		Wrong:    "A learner acknowledges a reconfiguration, and NEWLEADER, without waiting until the configuration file is durable.",
		Schedule: "Crash it between the acknowledgement and the rename of the file.",
		Breaks:   []string{"config-durable"},
		Scenario: reconfigs,
	},
	{
		ID: ActivatedAtProposal, Name: "activated-at-proposal",
		Wrong:    "A follower goes by a configuration from the moment it is proposed.",
		Schedule: "Any reconfiguration; with the leader's crash the follower goes by one that never comes to be.",
		Breaks:   []string{"config-active"},
		Scenario: reconfigs,
	},
}
