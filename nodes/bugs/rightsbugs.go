package bugs

const brokerAccess = "broker/access"

// rightsBugs are about who may do what with brokers.
var rightsBugs = []Bug{
	{
		ID: PrefixedDenyIgnored, Name: "prefixed-deny-ignored",
		Wrong:    "Entries under a prefix are looked through for what they allow, and not for what they deny.",
		Schedule: "Allow somebody a topic by its name, and deny him all that begins so.",
		Breaks:   []string{"acl-decision", "acl-right-needed"},
		Scenario: brokerAccess,
	},
	{
		ID: EntriesOutliveSession, Name: "acl-copy-outlives-session",
		Wrong:    "A broker whose session has ended goes on with the entries that it has, and listens for new changes only.",
		Schedule: "A broker hangs until its session is over; meanwhile a right is revoked.",
		Breaks:   []string{"acl-loaded", "liveness", "acl-copied"},
		Scenario: brokerAccess,
	},
	{
		ID: RefusedAppended, Name: "refused-produce-appended",
		Wrong:    "A produce is answered with a refusal, and its records are appended all the same.",
		Schedule: "Somebody writes who may not.",
		Breaks:   []string{"acl-appended", "aborted-read"},
		Scenario: brokerAccess,
	},
	{
		ID: MetadataShowsAll, Name: "metadata-shows-hidden-topics",
		Wrong:    "Who asks for all topics is shown also those that he may not describe.",
		Schedule: "Ask for all topics without a right to all.",
		Breaks:   []string{"acl-topics-hidden"},
		Scenario: brokerAccess,
	},
	{
		ID: EntriesWithoutVersion, Name: "acl-without-version",
		Wrong:    "Entries are written over whatever the znode holds, not over the version that was read.",
		Schedule: "Two administrators change the entries of a resource at the same time, through two brokers.",
		Breaks:   []string{"acl-copied", "acl-acknowledged", "acl-right-suffices", "acl-right-needed"},
		Scenario: brokerAccess,
	},
	{
		ID: ChangeToldApart, Name: "acl-change-told-apart",
		Wrong:    "The notification of a change is written after the change, and not with it; that is how Kafka does it.",
		Schedule: "A broker dies between the two: nobody else ever hears of the change.",
		Breaks:   []string{"liveness", "acl-loaded"},
		Scenario: brokerAccess,
	},
	{
		ID: UsageOfConnection, Name: "quota-reset-by-reconnect",
		Wrong:    "What a client had is forgotten when a connection of it ends.",
		Schedule: "A client that has had too much hangs up and comes back.",
		Breaks:   []string{"quota-measured"},
		Scenario: brokerAccess,
	},
	{
		ID: ToldButNotMuted, Name: "throttled-but-served",
		Wrong:    "Who has had too much is told to wait, and its next request is taken all the same.",
		Schedule: "A client that does not wait by itself has too much.",
		Breaks:   []string{"quota-waited"},
		Scenario: brokerAccess,
	},
	{
		ID: CommitTopicUnchecked, Name: "commit-topic-unchecked",
		Wrong:    "Who may read a group may commit offsets of any topic in its name.",
		Schedule: "A group is granted, and the topic is not, or not any more.",
		Breaks:   []string{"acl-committed", "acl-right-needed"},
		Scenario: brokerAccess,
	},
	{
		ID: DeleteGroupsUnchecked, Name: "delete-groups-unchecked",
		Wrong:    "Who finds the coordinator of a group may delete it.",
		Schedule: "Somebody who may read a group deletes it when nobody is in it.",
		Breaks:   []string{"acl-right-needed"},
		Scenario: brokerAccess,
	},
	{
		ID: GroupsShown, Name: "list-shows-hidden-groups",
		Wrong:    "Who asks for the groups is shown also those that he may not describe.",
		Schedule: "Ask for all groups without a right to all.",
		Breaks:   []string{"acl-groups-hidden"},
		Scenario: brokerAccess,
	},
	{
		ID: AllRightsTold, Name: "all-rights-told",
		Wrong:    "Who asks what he may do with something is told everything that can be done with it.",
		Schedule: "Ask, without having every right.",
		Breaks:   []string{"acl-rights-told"},
		Scenario: brokerAccess,
	},
	{
		ID: RemovedPasswordKept, Name: "removed-password-kept",
		Wrong:    "What is said of a user now is added to what was said before: a password that was removed still opens.",
		Schedule: "Give a user a password, remove it, and log in with it.",
		Breaks:   []string{"login-credentials-copied", "login-password-needed"},
		Scenario: brokerAccess,
	},
	{
		ID: ScramProofUnchecked, Name: "scram-proof-unchecked",
		Wrong:    "Of a client's last message in SCRAM, the nonce is checked and the proof is not.",
		Schedule: "Log in with a wrong password.",
		Breaks:   []string{"login-password-needed"},
		Scenario: brokerAccess,
	},
	{
		ID: EmptyPasswordTaken, Name: "unknown-user-empty-password",
		Wrong:    "The password of somebody whom nobody knows is taken for an empty one.",
		Schedule: "Log in by PLAIN as nobody, without a password.",
		Breaks:   []string{"login-password-needed"},
		Scenario: brokerAccess,
	},
}
