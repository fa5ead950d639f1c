package bugs

// Scenarios of recipes.
const (
	locks      = "coordinator/lock"
	election   = "coordinator/election"
	queues     = "coordinator/queue"
	barriers   = "coordinator/barrier"
	configs    = "coordinator/config"
	ledgers    = "coordinator/ledger"
	groups     = "coordinator/group"
	agreements = "coordinator/agreement"
)

// recipeBugs are those of clients that follow recipes: the servers are right, and what
// clients make of it is wrong.
var recipeBugs = []Bug{
	{
		ID: CreateNotLookedUp, Name: "create-not-looked-up",
		Wrong:    "A client that was not told whether it created its znode in the line for a lock creates another instead of looking for it.",
		Schedule: "The connection breaks between the commit of the create and its answer: the first znode blocks the lock until the session ends.",
		Breaks:   []string{"lock-attempt-once"},
		Scenario: locks,
	},
	{
		ID: LockWokenIsHolder, Name: "lock-woken-is-holder",
		Wrong:    "A client takes the lock as soon as the znode before its own is gone, without reading again who else is in line.",
		Schedule: "Of three in line the second gives up, or its session ends, while the first still holds the lock.",
		Breaks:   []string{"lock-exclusive"},
		Scenario: locks,
	},
	{
		ID: StaleTokenAccepted, Name: "stale-token-accepted",
		Wrong:    "A lock is checked when it is acquired and never again: the resource behind it does not compare fencing tokens.",
		Schedule: "A holder hangs until its session is over and another has acquired the lock and written; then it wakes and writes as well.",
		Breaks:   []string{"fencing"},
		Scenario: locks,
	},
	{
		ID: ReaderFollowsReader, Name: "reader-follows-reader",
		Wrong:    "A client that wants a shared lock to read takes it when the znode before its own is a reader's, without asking whether that one waits for a writer.",
		Schedule: "A writer holds the lock, and two readers come.",
		Breaks:   []string{"shared-lock-exclusive"},
		Scenario: locks,
	},
	{
		ID: ElectionByName, Name: "election-by-name",
		Wrong:    "Candidates are ordered by their whole names, which begin with who they are, instead of by the sequence number at the end.",
		Schedule: "A candidate whose name comes first stands for election while another leads.",
		Breaks:   []string{"leader-unique"},
		Scenario: election,
	},
	{
		ID: OfferRetried, Name: "offer-retried",
		Wrong:    "A producer that was not told whether its element was added adds it once more.",
		Schedule: "The connection breaks between the commit of the create and its answer.",
		Breaks:   []string{"queue-offer-once"},
		Scenario: queues,
	},
	{
		ID: GoneIsTaken, Name: "gone-is-taken",
		Wrong:    "A consumer whose delete finds no such znode takes the element for its own.",
		Schedule: "Two consumers list one queue and delete the same element.",
		Breaks:   []string{"queue-once"},
		Scenario: queues,
	},
	{
		ID: QueueDeletesFirst, Name: "queue-deletes-first",
		Wrong:    "A consumer deletes the element first and reads it then.",
		Schedule: "Any take: what was deleted cannot be read, and goes to nobody.",
		Breaks:   []string{"queue-loss"},
		Scenario: queues,
	},
	{
		ID: PriorityFromOldList, Name: "priority-from-old-list",
		Wrong:    "A consumer of a queue with priorities that was beaten to the first element tries the next in the same list.",
		Schedule: "Another consumer takes the first element of the list just before.",
		Breaks:   []string{"priority-order"},
		Scenario: queues,
	},
	{
		ID: QueueByName, Name: "queue-by-name",
		Wrong:    "A consumer takes the elements of a queue in the order of their names, which begin with who offered them, instead of by the sequence number at the end.",
		Schedule: "Two producers offer an element each, and the second has the lesser name.",
		Breaks:   []string{"queue-order"},
		Scenario: queues,
	},
	{
		ID: AnyEventLiftsBarrier, Name: "any-event-lifts-barrier",
		Wrong:    "A client that waits before a barrier passes at the first event, without looking whether the barrier is gone.",
		Schedule: "Somebody sets the data of the barrier's znode.",
		Breaks:   []string{"barrier-holds"},
		Scenario: barriers,
	},
	{
		ID: ComeAndGoneCounted, Name: "come-and-gone-counted",
		Wrong:    "A double barrier counts the changes of its members (cversion) instead of the members who are there.",
		Schedule: "A client comes, gives up and goes, and another comes.",
		Breaks:   []string{"double-barrier-enter"},
		Scenario: barriers,
	},
	{
		ID: DoubleBarrierLeftEarly, Name: "double-barrier-left-early",
		Wrong:    "A client that is done leaves the double barrier without waiting for the others.",
		Schedule: "One client is done before another.",
		Breaks:   []string{"double-barrier-leave"},
		Scenario: barriers,
	},
	{
		ID: ConfigReadAcrossChange, Name: "config-read-across-change",
		Wrong:    "A client that read all parts of a configuration does not look whether an event about the flag came meanwhile.",
		Schedule: "A publisher takes the flag away and changes the first part while a client reads.",
		Breaks:   []string{"config-whole"},
		Scenario: configs,
	},
	{
		ID: PublisherNotChecked, Name: "publisher-not-checked",
		Wrong:    "A publisher changes the parts of a configuration without checking that nobody else has taken over.",
		Schedule: "A publisher pauses, another publishes, and the first goes on under the other's flag.",
		Breaks:   []string{"config-whole"},
		Scenario: configs,
	},
	{
		ID: CounterCountsTwice, Name: "counter-counts-twice",
		Wrong:    "A client that was not told whether its increment was done reads the counter and increments again.",
		Schedule: "The connection breaks between the commit of the setData and its answer.",
		Breaks:   []string{"counter-exact"},
		Scenario: ledgers,
	},
	{
		ID: CounterWithoutVersion, Name: "counter-without-version",
		Wrong:    "A counter is written back without naming the version that was read.",
		Schedule: "Two clients read the same number.",
		Breaks:   []string{"counter-exact"},
		Scenario: ledgers,
	},
	{
		ID: BankWithoutVersions, Name: "bank-without-versions",
		Wrong:    "A transfer writes both accounts in one multi, but without naming the versions that were read.",
		Schedule: "Two transfers read the same account.",
		Breaks:   []string{"bank-total"},
		Scenario: ledgers,
	},
	{
		ID: CacheNotWatchedAgain, Name: "cache-not-watched-again",
		Wrong:    "A cache that was told of a change lists the group again without setting a new watch.",
		Schedule: "A group changes twice while a client watches it.",
		Breaks:   []string{"cache-coherent"},
		Scenario: groups,
	},
	{
		ID: AbortedAlone, Name: "aborted-alone",
		Wrong:    "A site that has waited long enough takes the transaction for aborted without writing the decision.",
		Schedule: "The last vote comes when one site has just given up: the others commit.",
		Breaks:   []string{"agreement"},
		Scenario: agreements,
	},
	{
		ID: MajorityCommits, Name: "majority-commits",
		Wrong:    "A transaction is committed when most sites have voted for it.",
		Schedule: "A site votes late, or against.",
		Breaks:   []string{"agreement"},
		Scenario: agreements,
	},
}
