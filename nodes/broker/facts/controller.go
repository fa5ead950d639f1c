package facts

import "github.com/stampede-sim/stampede/nodes/node"

// ruling is a kind of the controller's. The Text of one about a partition is its name; the
// system of all is "controller", since what is said of a partition by who rules is not
// said by one who has a replica of it.
func ruling(code uint64, path bool, name, doc string, fields ...string) *node.EventKind {
	k := kind(code, path, name, doc, fields...)
	k.System = "controller"
	return k
}

// The controller of the cluster.
var (
	ControllerElected  = ruling(50, true, "elected", "the broker is the controller of this epoch, the znode of which has that version", "broker", "controllerEpoch", "version")
	ElectionAdopted    = ruling(51, true, "election-adopted", "a broker found that its election whose reply was lost had happened", "controllerEpoch", "version")
	ControllerResigned = ruling(52, true, "resigned", "the broker stopped being the controller, for the reason in the text", "broker", "controllerEpoch")
	ControllerOutdated = ruling(53, true, "outdated", "a write of the controller was refused, there having been another election", "broker", "controllerEpoch")
	FailoverStep       = ruling(54, true, "failover-step", "a new controller has come this far in taking over", "controllerEpoch", "", "", "step")
	BrokerChanged      = ruling(55, true, "broker-changed", "the controller noticed a broker come, go, or go and come; zxid is its broker epoch, the last known if it went", "broker", "zxid", "", "change")
	BrokerModified     = ruling(64, false, "broker-modified", "the controller noticed that a broker is to be reached elsewhere", "broker", "zxid")
	ElectionTried      = ruling(65, true, "election-tried", "a broker found no controller, and is about to make itself that", "broker", "controllerEpoch")
	StateProposed      = ruling(66, true, "state-proposed", "the controller is about to write these in-sync replicas and this leader over that version", "set", "version", "leaderEpoch", "leader")
	StateWritten       = ruling(56, true, "state-written", "the controller knows that the state znode has these in-sync replicas and this leader, -1 for none, in this version; the body is a *Rule", "set", "version", "leaderEpoch", "leader")
	StateAdopted       = ruling(57, true, "state-adopted", "the controller found that its write of a state whose reply was lost had happened", "version", "leaderEpoch")
	LeaderElected      = ruling(58, true, "leader-elected", "the controller elected a leader, and the state znode says so", "leader", "leaderEpoch", "set", "election")
	NoLeaderFound      = ruling(59, true, "no-leader-found", "the controller found nobody that may lead, these replicas being in sync and none of them eligible", "set", "leaderEpoch")
	TopicSeen          = ruling(60, true, "topic-seen", "the controller took note of a new topic, or of new partitions of one; the text is its name, the body its ID", "partitions")
	TopicDeletion      = ruling(61, true, "topic-deletion", "the deletion of the topic in the text has come this far", "", "", "", "step")
	Reassignment       = ruling(62, true, "reassignment", "the reassignment of a partition has come this far; replicas, and those of them being added and removed", "replicas", "adding", "removing", "step")
	ElectionTold       = ruling(67, false, "election-told", "the controller tells how it went with an election that somebody asked for, unclean or of the preferred leader, having taken these replicas for alive", "alive", "unclean", "", "result")
	IsrChangeSeen      = ruling(63, true, "isr-change-seen", "the controller took note of in-sync replicas that a leader has changed", "set", "version", "leaderEpoch", "leader")
)

// Rule is the body of [StateWritten]: under whom it was written.
type Rule struct {
	ControllerEpoch, By int32
}

// The cases of the kinds above.
var (
	// FailoverSteps are those of a new controller, in their order.
	FailoverSteps = []string{
		"watches-set", "notifications-deleted", "context-read", "metadata-sent", "replicas-started", "partitions-started",
		"reassignments-resumed", "deletions-resumed", "elections-resumed",
	}
	BrokerChanges = []string{"new", "dead", "bounced"}
	// Elections are why a leader was elected.
	Elections = []string{"new", "offline", "unclean", "preferred", "reassignment", "shutdown"}
	// ElectionResults: it is done, who leads should, or nobody may.
	ElectionResults = []string{"done", "not-needed", "nobody"}
	DeletionSteps   = []string{"queued", "held-up", "started", "completed"}
	// ReassignmentSteps: it is written, waits for new replicas, is found complete, ended.
	ReassignmentSteps = []string{"written", "begun", "caught-up", "ended", "cancelled"}
)

// The numbers of [FailoverSteps].
const (
	StepWatches = iota
	StepNotifications
	StepContext
	StepMetadata
	StepReplicas
	StepPartitions
	StepReassignments
	StepDeletions
	StepElections
)

// The numbers of [BrokerChanges].
const (
	BrokerNew = iota
	BrokerDead
	BrokerBounced
)

// The numbers of [Elections].
const (
	ElectedNew = iota
	ElectedOffline
	ElectedUnclean
	ElectedPreferred
	ElectedReassigned
	ElectedShutdown
)

// The numbers of [ElectionResults].
const (
	ElectionDone = iota
	ElectionNotNeeded
	ElectionOfNobody
)

// The numbers of [DeletionSteps].
const (
	DeletionQueued = iota
	DeletionHeldUp
	DeletionStarted
	DeletionCompleted
)

// The numbers of [ReassignmentSteps].
const (
	ReassignmentWritten = iota
	ReassignmentBegun
	ReassignmentCaughtUp
	ReassignmentEnded
	ReassignmentCancelled
)

func init() {
	FailoverStep.Cases, BrokerChanged.Cases, LeaderElected.Cases = FailoverSteps, BrokerChanges, Elections
	TopicDeletion.Cases, Reassignment.Cases, ElectionTold.Cases = DeletionSteps, ReassignmentSteps, ElectionResults
}
