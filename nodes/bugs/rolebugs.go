package bugs

const (
	localSessions = "coordinator/local-session"
	readOnly      = "coordinator/read-only"
)

// roleBugs are those of servers besides leader, follower and observer, and of sessions
// that one server knows.
var roleBugs = []Bug{
	{
		ID: UpgradedSessionKept, Name: "upgraded-session-kept", Upstream: "ZOOKEEPER-2926",
		Wrong:    "A server keeps a local session in its own table when it is made known to all.",
		Schedule: "A local session creates an ephemeral and lives on: its pings are taken for those of a local session, the leader never hears of them and expires it; or it is closed, by the server alone.",
		Breaks:   []string{"local-session-upgrade", "session-kept", "durability", "session-once", "expiry-not-late"},
		Scenario: localSessions,
	},
	{
		ID: UpgradeForgetsMulti, Name: "upgrade-forgets-multi", Upstream: "ZOOKEEPER-2725",
		Wrong:    "A local session is not made known to all for an ephemeral that a multi creates.",
		Schedule: "The first ephemeral of a local session is part of a multi.",
		Breaks:   []string{"local-session-upgrade"},
		Scenario: localSessions,
	},
	{
		ID: EphemeralOfLocalSession, Name: "ephemeral-of-local-session",
		Wrong:    "The leader lets a session own an ephemeral that it does not know.",
		Schedule: "A local session creates an ephemeral where sessions are not upgraded: nobody will ever delete it.",
		Breaks:   []string{"ephemeral-owner", "definite-failure"},
		Scenario: localSessions,
	},
	{
		ID: LocalRevalidated, Name: "local-session-revalidated",
		Wrong:    "The leader confirms to a server a session that it does not know, because it could be local to another.",
		Schedule: "A client with a local session moves to another server, which lets it in.",
		Breaks:   []string{"local-session-home"},
		Scenario: localSessions,
	},
	{
		ID: ClosedTakenForLocal, Name: "closed-taken-for-local",
		Wrong:    "The leader takes a session that it has closed for one that is local to another server, as it does not know it any more. Apache ZooKeeper's does.",
		Schedule: "A session is expired while a write of it is on its way from its server to the leader.",
		Breaks:   []string{"closed-session"},
		Scenario: localSessions,
	},
	{
		ID: ReadOnlyServesOn, Name: "read-only-serves-on",
		Wrong:    "A read-only server keeps its clients when it has found a leader.",
		Schedule: "A server alone becomes read-only and serves a client; the partition heals, and the client sees state after state on a connection that was to show one.",
		Breaks:   []string{"read-only-alone", "read-only-frozen", "liveness"},
		Scenario: readOnly,
	},
	{
		ID: ReadOnlyIgnoresSeen, Name: "read-only-ignores-seen",
		Wrong:    "A read-only server lets a client in that has seen a later state than its own.",
		Schedule: "A client of one read-only server moves to another, which was cut off before.",
		Breaks:   []string{"single-system-image"},
		Scenario: readOnly,
	},
	{
		ID: ReadOnlyTakesAll, Name: "read-only-takes-all",
		Wrong:    "A read-only server serves clients that did not ask for one.",
		Schedule: "Any client that comes to a read-only server.",
		Breaks:   []string{"read-only-asked"},
		Scenario: readOnly,
	},
	{
		ID: ReadOnlyTakesGlobal, Name: "read-only-takes-global", Upstream: "ZOOKEEPER-3863",
		Wrong:    "A read-only server lets sessions in that all servers know, though it cannot keep them alive.",
		Schedule: "A client that has created an ephemeral comes to a read-only server.",
		Breaks:   []string{"read-only-sessions"},
		Scenario: readOnly,
	},
	{
		ID: ReadOnlyTakesClosed, Name: "read-only-takes-closed",
		Wrong:    "A read-only server lets sessions in that it does not know, though it may know them to be over. Apache ZooKeeper's does, where sessions are not local.",
		Schedule: "A client hangs until its session is closed, and wakes to find a read-only server that has applied the close. Found by a hunt of this project in its own server, which had followed upstream's.",
		Breaks:   []string{"closed-session"},
		Scenario: readOnly,
	},
	{
		ID: ReadOnlyShortensCache, Name: "read-only-shortens-cache", Upstream: "ZOOKEEPER-3526",
		Wrong:    "Becoming read-only disturbs the range of the transactions that a server keeps for learners.",
		Schedule: "A server is read-only for a while and then leads: it takes what learners have beyond that range for a foreign tail, and has them cut it.",
		Breaks:   []string{"d12-committed-durable", "d13-process-consistency", "d16-possible-messages"},
		Scenario: readOnly,
	},
	{
		ID: StandaloneAckBeforeSync, Name: "standalone-ack-before-sync",
		Wrong:    "A server without an ensemble answers a write when it has written it, not when the write is durable.",
		Schedule: "Any write to a server that stands alone; a crash before the fsync loses it.",
		Breaks:   []string{"d17-ack-durability", "d12-committed-durable", "durability"},
		Scenario: register,
	},
	{
		ID: LeaderServesNevertheless, Name: "leader-serves-nevertheless",
		Wrong:    "A leader that is to be kept for leading serves clients.",
		Schedule: "Any client that comes to the leader.",
		Breaks:   []string{"leader-serves-none"},
		Scenario: register,
	},
	{
		ID: ReadOnlyMultiPasses, Name: "read-only-multi-passes", Upstream: "ZOOKEEPER-1754",
		Wrong:    "A read-only server refuses the writes that it knows and lets a multi pass, which changes its tree and is logged nowhere.",
		Schedule: "A client sends a multi to a read-only server.",
		Breaks:   []string{"read-only-writes", "d3-prefix-consistency", "no-panic", "d19-replay-determinism"},
		Scenario: readOnly,
	},
}
