package story

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// names renders brokers as "1,2,3", nobody as "nobody".
func names(ids []int32) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprint(id)
	}
	if len(words) == 0 {
		return "nobody"
	}
	return strings.Join(words, ",")
}

func members(set int64) string { return names(facts.Members(set)) }

// follow keeps what the living replicas think of themselves.
func (k *cluster) follow(s sim.Seen) {
	e, at := s.Event, seat{s.Node, s.Event.Text}
	switch e.Kind {
	case facts.BecameLeader:
		k.seats[at] = &standing{leads: true, epoch: e.N[0], mark: e.N[3]}
	case facts.BecameFollower:
		k.seats[at] = &standing{epoch: e.N[0], mark: e.N[3]}
	case facts.ReplicaDeleted:
		delete(k.seats, at)
	case facts.HighWatermark, facts.FollowedMark:
		if r := k.seats[at]; r != nil {
			r.mark = e.N[0]
		}
	case facts.Truncated:
		if r := k.seats[at]; r != nil {
			r.mark = e.N[2]
		}
	}
}

// internal reports whether a fact is about a topic of the brokers' own, which no story
// is about.
func internal(e node.Event) bool { return strings.HasPrefix(e.Text, "__") }

// line says what happened, "" for what nobody asks about.
func (k *cluster) line(s sim.Seen) string {
	if internal(s.Event) {
		return ""
	}
	who := k.name(s.Node)
	for _, say := range []func(string, node.Event) string{sayBroker, sayReplica, sayIsr, sayRefusal, sayController, sayGroup} {
		if line := say(who, s.Event); line != "" {
			return line
		}
	}
	return ""
}

// sayBroker tells of lives.
func sayBroker(who string, e node.Event) string {
	switch e.Kind {
	case facts.Registered:
		return who + " is registered"
	case facts.SessionLost:
		return who + " hears that its session is over"
	case facts.ShutdownComplete:
		return who + " has given its leaderships away"
	case facts.LogOffline:
		return fmt.Sprintf("%s: the disk of %s fails", who, e.Text)
	}
	return ""
}

// sayReplica tells of leaders, followers and their logs.
func sayReplica(who string, e node.Event) string {
	switch e.Kind {
	case facts.BecameLeader:
		return fmt.Sprintf("%s leads %s in epoch %d from offset %d on", who, e.Text, e.N[0], e.N[2])
	case facts.BecameFollower:
		return fmt.Sprintf("%s follows %s in %s, epoch %d", who, leaderName(e.N[1]), e.Text, e.N[0])
	case facts.Truncated:
		return fmt.Sprintf("%s cuts %s from %d to %d", who, e.Text, e.N[1], e.N[0])
	case facts.StartedOver:
		return fmt.Sprintf("%s throws its log of %s away and begins at %d", who, e.Text, e.N[0])
	case facts.StartAdvanced:
		return fmt.Sprintf("%s: %s begins at %d now (%s)", who, e.Text, e.N[0], facts.StartReasons[e.CaseOf()])
	case facts.TailTorn:
		return fmt.Sprintf("%s finds the end of %s torn and cuts it to %d", who, e.Text, e.N[0])
	case facts.ReplicaDeleted:
		return fmt.Sprintf("%s deletes its replica of %s", who, e.Text)
	case facts.Diverged:
		return fmt.Sprintf("%s tells b%d that epoch %d of %s ended at %d", who, e.N[0], e.N[1], e.Text, e.N[2])
	}
	return ""
}

// leaderName is a broker as facts number it.
func leaderName(id int64) string {
	if id < 0 {
		return "nobody"
	}
	return broker.HostOf(int32(id))
}

// sayIsr tells of changes of who is in sync.
func sayIsr(who string, e node.Event) string {
	switch e.Kind {
	case facts.IsrCommitted:
		return fmt.Sprintf("%s %ss the isr of %s to %s, version %d", who, facts.IsrChanges[e.CaseOf()], e.Text, members(e.N[0]), e.N[1])
	case facts.IsrRefused:
		return fmt.Sprintf("%s may not write the isr of %s: the state is %s in version %d", who, e.Text, members(e.N[0]), e.N[1])
	case facts.IsrAdopted:
		return fmt.Sprintf("%s finds that its isr %s of %s is written", who, members(e.N[0]), e.Text)
	}
	return ""
}

// sayRefusal tells who was refused what.
func sayRefusal(who string, e node.Event) string {
	switch e.Kind {
	case facts.EpochFenced:
		return fmt.Sprintf("%s refuses epoch %d of %s: it is %d", who, e.N[1], e.Text, e.N[0])
	case facts.ControllerStale:
		return fmt.Sprintf("%s refuses a controller of epoch %d: it is %d", who, e.N[1], e.N[0])
	case facts.BrokerEpochStale:
		return who + " refuses what was meant for an earlier life of it"
	case facts.MinIsrRefused:
		return fmt.Sprintf("%s refuses records of %s: in sync are %s, needed are %d", who, e.Text, members(e.N[0]), e.N[1])
	case facts.MinIsrAfter:
		return fmt.Sprintf("%s has appended to %s and cannot promise it: in sync are %s", who, e.Text, members(e.N[1]))
	case facts.ProduceTimedOut:
		return fmt.Sprintf("%s gives up on %d of %s: committed is %d", who, e.N[0], e.Text, e.N[1])
	}
	return ""
}

// sayController tells of the controller.
func sayController(who string, e node.Event) string {
	switch e.Kind {
	case facts.ControllerElected:
		return fmt.Sprintf("%s is the controller of epoch %d", who, e.N[1])
	case facts.ControllerResigned:
		return fmt.Sprintf("%s is the controller of epoch %d no more", who, e.N[1])
	case facts.ControllerOutdated:
		return fmt.Sprintf("%s may not write as the controller of epoch %d: there is another", who, e.N[1])
	case facts.LeaderElected:
		return fmt.Sprintf("%s elects %s in %s: epoch %d, isr %s (%s)", who, leaderName(e.N[0]), e.Text, e.N[1], members(e.N[2]), facts.Elections[e.CaseOf()])
	case facts.NoLeaderFound:
		return fmt.Sprintf("%s finds nobody who may lead %s: in sync are %s", who, e.Text, members(e.N[0]))
	case facts.Reassignment:
		return fmt.Sprintf("%s: reassignment of %s %s: %s, adding %s, removing %s", who, e.Text, facts.ReassignmentSteps[e.CaseOf()], members(e.N[0]), members(e.N[1]), members(e.N[2]))
	case facts.TopicDeletion:
		return fmt.Sprintf("%s: deletion of %s %s", who, e.Text, facts.DeletionSteps[e.CaseOf()])
	}
	return ""
}

// sayGroup tells of groups. Members have IDs that mean nothing, so a story counts them.
func sayGroup(who string, e node.Event) string {
	switch e.Kind {
	case facts.Rebalancing:
		return fmt.Sprintf("%s has group %s join anew: generation %d ends, a member %s", who, e.Text, e.N[0], facts.RebalanceReasons[e.CaseOf()])
	case facts.Generation:
		return fmt.Sprintf("%s begins generation %d of group %s, of %s", who, e.N[0], e.Text, count(e.N[1], "member"))
	case facts.MemberGone:
		return fmt.Sprintf("%s takes a member out of group %s: %s", who, e.Text, facts.GoneHow[e.CaseOf()])
	case facts.MemberReplaced:
		return fmt.Sprintf("%s gives the place of a static member of group %s to its next life", who, e.Text)
	case facts.CommitFenced:
		return fmt.Sprintf("%s refuses a commit in group %s: generation %d, it is %d (%s)", who, e.Text, e.N[1], e.N[0], facts.FencedWhy[e.CaseOf()])
	}
	return ""
}

// count is a number of things.
func count(n int64, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
