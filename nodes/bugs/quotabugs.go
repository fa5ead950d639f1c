package bugs

const brokerQuotas = "broker/quotas"

// quotaBugs are about how much clients may have of brokers.
var quotaBugs = []Bug{
	{
		ID: DefaultQuotaFirst, Name: "default-quota-first",
		Wrong:    "The quota of all users is looked up before that of the user itself.",
		Schedule: "Say something of all users, and something else of one.",
		Breaks:   []string{"quota-applied", "quota-not-exceeded"},
		Scenario: brokerQuotas,
	},
	{
		ID: SamplesNeverExpire, Name: "quota-samples-kept",
		Wrong:    "Samples of what a client had are never forgotten.",
		Schedule: "A client under a quota pauses for longer than all windows, and goes on.",
		Breaks:   []string{"quota-measured"},
		Scenario: brokerQuotas,
	},
	{
		ID: OverdrawnAdmitted, Name: "overdrawn-change-made",
		Wrong:    "A change of topics is made although the quota of changes is used up; the client is told to wait all the same.",
		Schedule: "Create topics faster than the quota of changes allows.",
		Breaks:   []string{"quota-changes"},
		Scenario: brokerQuotas,
	},
	{
		ID: WithheldCounted, Name: "withheld-fetch-counted",
		Wrong:    "What a throttled fetch would have brought counts as if it had been given, so that who asks again waits for ever longer.",
		Schedule: "A consumer under a small quota reads what is more than its share.",
		Breaks:   []string{"quota-measured", "liveness"},
		Scenario: brokerQuotas,
	},
	{
		ID: ThrottleForgotten, Name: "throttle-of-delayed-forgotten",
		Wrong:    "A request that could not be answered at once is told how long to wait when it is, and its connection is not noted as one that waits.",
		Schedule: "A producer that wants all acknowledgements writes far more than its quota.",
		Breaks:   []string{"quota-waited", "quota-not-exceeded"},
		Scenario: brokerQuotas,
	},
	{
		ID: MutedUntold, Name: "muted-untold",
		Wrong:    "Nothing is read for a time from a client that has had too much, and no answer says so.",
		Schedule: "A client asks for more than its quota brings.",
		Breaks:   []string{"quota-told"},
		Scenario: brokerQuotas,
	},
	{
		ID: QuotasWithoutVersion, Name: "quotas-without-version",
		Wrong:    "Quotas are written over whatever the znode holds, not over the version that was read.",
		Schedule: "Two administrators change two quotas of a client at the same time, through two brokers.",
		Breaks:   []string{"quota-acknowledged"},
		Scenario: brokerQuotas,
	},
}
