package workloads

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// brokerTopics is what administrators do to a cluster while it is used: topics come and
// go and come again, replicas move, leaders change on request, records are deleted.
// Records of the topic that stays are held to all that is promised.
func brokerTopics() Workload {
	return Workload{
		Name:      "broker/topics",
		Doc:       "topics created, deleted, made larger, moved and configured under load",
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 3)
			s.Mix = swarm(r, []Weight{
				{"send", 12}, {"poll", 5}, {"assign", 1}, {"create", 2}, {"delete", 1}, {"send-brief", 4}, {"grow", 1}, {"reassign", 3}, {"elect", 2}, {"configure", 1}, {"delete-records", 1}, {"cancel", 1},
			}, "assign", "create", "delete", "send-brief", "grow", "reassign", "cancel", "elect", "configure", "delete-records")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return topicsOps(r, s, kind) }, topicsFarewell(s))
		},
		Setup:      func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...) },
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll},
	}
}

// topicsFarewell ends a workload of topics: one may have come to want more in-sync
// replicas than it has replicas.
func topicsFarewell(s Shape) func(client int) []Op {
	return func(client int) []Op {
		return append([]Op{{F: history.SetConfig, Path: logTopic, Log: LogArgs{Args: "min.insync.replicas=1"}}}, logFarewell(s, client)...)
	}
}

// maxReplicas bounds the brokers that a plan may name; those there are not, the
// controller refuses.
const maxReplicas = 3

func topicsOps(r *rand.Rand, s Shape, kind string) []Op {
	p := partition(logTopic, s.key(r))
	brief := fmt.Sprintf("brief%d", r.IntN(2))
	switch kind {
	case "create":
		return []Op{{F: history.CreateTopic, Path: brief, Log: LogArgs{Args: fmt.Sprintf("partitions=%d", 1+r.IntN(2))}}}
	case "delete":
		return []Op{{F: history.DeleteTopic, Path: brief}}
	case "send-brief":
		return []Op{{F: history.Send, Path: partition(brief, 0), Log: LogArgs{Acks: choose(r, AcksAll, AcksLeader)}}}
	case "grow":
		return []Op{{F: history.AddPartitions, Path: brief, Log: LogArgs{Args: fmt.Sprintf("partitions=%d", 2+r.IntN(3))}}}
	case "reassign":
		return []Op{{F: history.Reassign, Path: p, Log: LogArgs{Args: "replicas=" + someBrokers(r)}}}
	case "cancel":
		// Without a target it gives up the reassignment that has just begun (KIP-455).
		return []Op{
			{F: history.Reassign, Path: p, Log: LogArgs{Args: "replicas=" + someBrokers(r)}},
			{F: history.Reassign, Path: p},
		}
	case "elect":
		return []Op{{F: history.Elect, Path: p}}
	case "configure":
		return []Op{{F: history.SetConfig, Path: logTopic, Log: LogArgs{Args: fmt.Sprintf("min.insync.replicas=%d", 1+r.IntN(2))}}}
	case "delete-records":
		return []Op{{F: history.DeleteRecords, Path: p, Log: LogArgs{Args: fmt.Sprintf("before=%d", r.IntN(12))}}}
	}
	return logOps(r, s, kind)
}

// someBrokers draws the brokers of a partition, the preferred leader first.
func someBrokers(r *rand.Rand) string {
	var ids []string
	for _, i := range r.Perm(maxReplicas)[:1+r.IntN(maxReplicas)] {
		ids = append(ids, fmt.Sprint(i+1))
	}
	return strings.Join(ids, ",")
}
