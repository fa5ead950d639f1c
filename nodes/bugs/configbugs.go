package bugs

const brokerConfigs = "broker/configs"

// configBugs are those of the configuration of topics and brokers.
var configBugs = []Bug{
	{
		ID: ConfigMissedAfterSession, Name: "config-missed-after-session",
		Wrong:    "A broker whose session has expired reads on with the notifications of its next one, and not what changed in between.",
		Schedule: "A broker is cut off until its session expires; meanwhile an operator changes a configuration through another.",
		Breaks:   []string{"k33-configuration-followed", "liveness"},
		Scenario: brokerConfigs,
	},
	{
		ID: AppendOverwrites, Name: "append-overwrites",
		Wrong:    "What is appended to a list takes the place of the list.",
		Schedule: "Append to cleanup.policy of a topic.",
		Breaks:   []string{"linearizable"},
		Scenario: brokerConfigs,
	},
	{
		ID: ValidateOnlyApplies, Name: "validate-only-applies",
		Wrong:    "A change that is only to be tried is made.",
		Schedule: "Ask whether a change would be allowed, and read the configuration in the end.",
		Breaks:   []string{"linearizable"},
		Scenario: brokerConfigs,
	},
	{
		ID: LimitsNotEnforced, Name: "limits-not-enforced",
		Wrong:    "A broker takes note of a change of a topic's configuration, and its open logs go by the old one.",
		Schedule: "Lower max.message.bytes of a topic, and send what is longer.",
		Breaks:   []string{"k33-configuration-in-force"},
		Scenario: brokerConfigs,
	},
	{
		ID: LengthUnchecked, Name: "length-unchecked",
		Wrong:    "A leader takes batches of any length.",
		Schedule: "Send what is longer than the topic allows.",
		Breaks:   []string{"message-limit-kept", "k33-configuration-in-force"},
		Scenario: brokerConfigs,
	},
}
