package stampede

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// stage is how far a failover of the controller has come: between two facts, and whether
// there is something to wait for before the second. Where there is not, only a death can
// come between.
type stage struct {
	name, doc string
	from, to  moment
	waits     bool
}

// outrun is stated for a broker that tries to become the controller when another has.
var outrun = &node.EventKind{System: "controller", Name: "outrun", Code: 0x7ff}

func stepped(step int) moment { return moment{kind: facts.FailoverStep, row: step + 1} }

// stages are those between each two steps of a failover. A controller is elected and its
// epoch raised in one transaction, so there is nothing between these two (KAFKA-6082).
var stages = []stage{
	{"tried", "would be the controller, and does not know whether it is", moment{kind: facts.ElectionTried}, moment{kind: facts.ControllerElected}, true},
	{"elected", "knows that it is the controller, and watches nothing", moment{kind: facts.ControllerElected}, stepped(facts.StepWatches), false},
	{"watches-set", "has its watches registered, and deletes notifications", stepped(facts.StepWatches), stepped(facts.StepNotifications), true},
	{"notifications-deleted", "has deleted notifications, and reads brokers, topics and states", stepped(facts.StepNotifications), stepped(facts.StepContext), true},
	{"context-read", "has read what there is, and told nobody who lives", stepped(facts.StepContext), stepped(facts.StepMetadata), true},
	{"metadata-sent", "has brokers told who lives, and looks who has begun another life", stepped(facts.StepMetadata), stepped(facts.StepReplicas), false},
	{"replicas-started", "has begun with replicas, and elects where nobody leads", stepped(facts.StepReplicas), stepped(facts.StepPartitions), false},
	{"partitions-started", "has begun with partitions, and looks for reassignments", stepped(facts.StepPartitions), stepped(facts.StepReassignments), true},
	{"reassignments-resumed", "has taken up reassignments, and goes on with deletions", stepped(facts.StepReassignments), stepped(facts.StepDeletions), false},
	{"deletions-resumed", "has taken up deletions, and looks for elections that are asked for", stepped(facts.StepDeletions), stepped(facts.StepElections), true},
}

// failoverPoints are the windows of a failover, for each that may happen to who is in it.
func failoverPoints() (all []CrashPoint) {
	blows := []struct {
		by        blow
		name, doc string
	}{
		{byCrash, "crash", "a controller dies that "},
		{byExpiry, "expired", "the session ends of a controller that "},
		{byDeposal, "deposed", "somebody deletes the znode of a controller that "},
		{byCut, "cut", "the connection to the coordinator breaks of a controller that "},
	}
	for _, s := range stages {
		for _, b := range blows {
			if b.by != byCrash && !s.waits {
				continue
			}
			all = append(all, CrashPoint{
				Mark: b.name + ".failover-" + s.name, Doc: b.doc + s.doc, by: b.by,
				opens: []moment{s.from}, closes: []moment{s.to, {kind: facts.ControllerResigned}, {kind: outrun}, {kind: facts.SessionLost}},
			})
		}
	}
	return append(all, CrashPoint{
		Mark: "crash.failover-resigned", Doc: "a controller resigns, and dies before it looks who is the next", at: true,
		opens: of(facts.ControllerResigned),
	})
}

// brokerPoints are the windows of replication and of groups.
var brokerPoints = []CrashPoint{
	{Mark: "crash.isr-shrinking", Doc: "a leader has fewer in sync, and does not know whether the znode says so", about: true,
		opens: []moment{{kind: facts.IsrProposed, row: 1}}, closes: isrSettled},
	{Mark: "crash.isr-expanding", Doc: "a leader has more in sync, and does not know whether the znode says so", about: true,
		opens: []moment{{kind: facts.IsrProposed, row: 2}}, closes: isrSettled},
	{Mark: "crash.isr-written", Doc: "the znode says who is in sync, and the leader has done nothing about it", at: true, opens: of(facts.IsrCommitted)},
	{Mark: "crash.leading", Doc: "a leader begins, and has answered nobody", at: true, opens: of(facts.BecameLeader)},
	{Mark: "crash.log-cut", Doc: "a follower has cut its log, perhaps not durably", at: true, opens: of(facts.Truncated)},
	{Mark: "crash.log-begun-anew", Doc: "a follower has thrown its log away, perhaps not durably", at: true, opens: of(facts.StartedOver)},
	{Mark: "crash.groups-loading", Doc: "who coordinates groups from now on reads them", about: true,
		opens: of(facts.GroupsLoading), closes: of(facts.GroupsLoaded, facts.GroupsUnloaded)},
	{Mark: "crash.rebalance-joining", Doc: "the coordinator of a group dies while its members join", about: true,
		opens: of(facts.Rebalancing), closes: of(facts.Generation, facts.GroupDead)},
	{Mark: "crash.rebalance-syncing", Doc: "the coordinator of a group dies while its leader shares the partitions out", about: true,
		opens: of(facts.Generation), closes: of(facts.GroupAssigned, facts.Rebalancing, facts.GroupDead)},
	{Mark: "crash.rebalance-assigned", Doc: "an assignment is in the log, and not all members were told", at: true, opens: of(facts.GroupAssigned)},
	{Mark: "crash.rebalance-leader", Doc: "the member dies that has to share the partitions out", about: true,
		opens: of(facts.MemberLeads), closes: of(facts.MemberOwns)},
}

var isrSettled = of(facts.IsrCommitted, facts.IsrRefused, facts.IsrAdopted, facts.BecameFollower)
