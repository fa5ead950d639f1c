package bugs

const (
	leases = "coordinator/lease"
	quotas = "coordinator/quota"
)

// limitBugs are those of nodes with a TTL, quotas, versions, and limits on requests.
var limitBugs = []Bug{
	{
		ID: ReaperIgnoresTouch, Name: "reaper-ignores-touch",
		Wrong:    "The leader deletes an expired node with a TTL without asking whether a change of it is on its way. ZooKeeper 3.9 does the same.",
		Schedule: "A client writes a node just when it has expired; the reaper comes by between that write's proposal and its commit.",
		Breaks:   []string{"ttl-removal"},
		Scenario: leases,
	},
	{
		ID: ReaperNotRestarted, Name: "reaper-not-restarted",
		Wrong:    "A server that leads for the second time does not look for what has expired: that it began to is noted when it leads first, and kept when it does no longer.",
		Schedule: "A leader loses its quorum, lives on, and is elected again.",
		Breaks:   []string{"reaped-in-time"},
		Scenario: leases,
	},
	{
		ID: TTLFromCreation, Name: "ttl-from-creation",
		Wrong:    "A node's TTL counts from its creation instead of its last change.",
		Schedule: "A client goes on writing a node with a TTL for longer than that.",
		Breaks:   []string{"ttl-removal"},
		Scenario: leases,
	},
	{
		ID: QuotaIgnoresMulti, Name: "quota-ignores-multi",
		Wrong:    "Hard quotas are not asked for the parts of a multi.",
		Schedule: "A multi creates a znode in a subtree that holds as many as its quota allows.",
		Breaks:   []string{"quota-kept"},
		Scenario: quotas,
	},
	{
		ID: QuotaOfChildren, Name: "quota-of-children",
		Wrong:    "The stats of a quota count the children of its path only, and not what is below them.",
		Schedule: "Under a quota, create a child of a child.",
		Breaks:   []string{"quota-stats", "quota-kept"},
		Scenario: quotas,
	},
	{
		ID: VersionWraps, Name: "version-wraps", Upstream: "ZOOKEEPER-4743",
		Wrong:    "The version of a znode's data counts from -2 to -1, which in a request means any version: nobody can name it.",
		Schedule: "Set a znode's data until its version has passed the greatest number; knob version-start brings that near.",
		Breaks:   []string{"version-growth"},
		Scenario: leases,
	},
	{
		ID: SequenceStuck, Name: "sequence-stuck",
		Wrong:    "The count of the creates below a znode stays at 2^31-1, because the number after it is less: sequential names repeat, and creates are refused. ZooKeeper 3.8 does the same, and only creates in flight get the negative numbers that its guide promises.",
		Schedule: "Create children until their count has passed the greatest number; knob sequence-start brings that near.",
		Breaks:   []string{"d3-prefix-consistency", "sequential-names", "write-result", "read-result"},
		Scenario: sequence,
	},
	{
		ID: Create2InMultiAsCreate, Name: "create2-in-multi-as-create", Upstream: "ZOOKEEPER-4026",
		Wrong:    "A create2 in a multi is answered as if it were a create: without the Stat.",
		Schedule: "Any multi that creates a znode by create2.",
		Breaks:   []string{"write-result"},
		Scenario: quotas,
	},
	{
		ID: CheckAlone, Name: "check-alone", Upstream: "ZOOKEEPER-2623",
		Wrong:    "A version check that stands alone is taken for a write and proposed, although no server can read such a transaction: the followers leave their leader, and leave the next, who has it in his log.",
		Schedule: "One request of operation code 13.",
		Breaks:   []string{"check-in-multi", "liveness"},
		Scenario: leases,
	},
	{
		ID: RecordWithoutMargin, Name: "record-without-margin", Upstream: "ZOOKEEPER-3496",
		Wrong:    "Servers accept no longer records from each other than requests from clients, although they add to these.",
		Schedule: "A client sends a request that is just short enough: no follower can read the transaction, from this leader or the next. Knob max-buffer makes requests of that length cheap.",
		Breaks:   []string{"liveness"},
		Scenario: quotas,
	},
	{
		ID: LimitOffByOne, Name: "limit-off-by-one",
		Wrong:    "A server takes one client connection more than its limits allow, from an address and altogether.",
		Schedule: "A client comes back to a server that has not noticed the end of its earlier connection; knobs max-client-cnxns and max-cnxns bring the limits near.",
		Breaks:   []string{"connection-limits"},
		Scenario: register,
	},
	{
		ID: OutstandingNotReleased, Name: "outstanding-not-released",
		Wrong:    "Requests are counted when they are taken and not when they are answered, so that the limit on outstanding requests is reached for good.",
		Schedule: "More requests than knob outstanding-limit allows at a time; then every connection is read up to its first request and no further.",
		Breaks:   []string{"liveness"},
		Scenario: quotas,
	},
}
