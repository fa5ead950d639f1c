package workloads

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// tools is about operators who go past the brokers, as they did before KIP-455 and
// KIP-460: they leave what they want in znodes of the controller, and depose it by
// deleting its znode. That is the one way in which a controller is replaced whose session
// goes on, so that what it has under way is refused for its epoch alone (KAFKA-6082).
func tools() Workload {
	topicShape := brokerTopics()
	return Workload{
		Name:      "platform/tools",
		Doc:       "the controller deposed, replicas moved and leaders elected by way of znodes, while topics change under load",
		OnBrokers: odd,
		Knobs:     func(*rand.Rand) []string { return []string{"brokers=" + strconv.Itoa(maxReplicas)} },
		Draw: func(r *rand.Rand) Shape {
			s := topicShape.Draw(r)
			s.Clients = 2 * max(1, s.Clients/2)
			s.Mix = append(s.Mix, swarm(r, []Weight{{"depose", 2}, {"prefer", 1}, {"move", 1}, {"look", 1}}, "depose", "prefer", "move")...)
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			half := s
			half.Clients = s.Clients / 2
			operators, others := partMix(s.Mix, "depose", "prefer", "move", "look")
			half.Mix = operators
			half.Think, half.Burst = 4*s.Think, 0
			turns := outline(r, half, func(kind string) []Op { return toolsOps(r, s, kind) }, func(int) []Op { return []Op{{F: history.SyncGet, Path: znodes.ControllerEpoch}} })
			dealTurns(turns, 0)
			half.Mix, half.Think, half.Burst = others, s.Think, s.Burst
			logs := outline(r, half, func(kind string) []Op { return topicsOps(r, s, kind) }, topicsFarewell(s))
			dealTurns(logs, 1)
			plan := inOrder(append(turns, logs...))
			number(plan, FirstID)
			return plan
		},
		Setup: func(s Shape) []Op {
			topic := createsTopic(logTopic, s.Keys)
			deal(topic, 1)
			all := append(creates(registers, 1), topic...)
			number(all, setupID)
			return all
		},
		FinalReads: func(s Shape) []Op {
			all := append(finals(history.SyncGet, s, child(registers, 0)), finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...)...)
			for i := range all {
				all[i].Client = min(i, 1)
			}
			number(all, finalID)
			return all
		},
		Judges:     []string{"witness", "log"},
		NeedsKinds: []history.F{history.SyncGet, history.Send, history.Poll},
	}
}

// partMix parts a mix into some kinds and the rest. Where nothing is left of a side, it
// does the plainest thing.
func partMix(mix []Weight, kinds ...string) (some, rest []Weight) {
	for _, w := range mix {
		if slices.Contains(kinds, w.Name) {
			some = append(some, w)
		} else {
			rest = append(rest, w)
		}
	}
	return orElse(some, "look"), orElse(rest, "send")
}

// toolsOps is what an operator does with a tool of ZooKeeper.
func toolsOps(r *rand.Rand, s Shape, kind string) []Op {
	p := znodes.TopicPartition{Topic: logTopic, Partition: int32(s.key(r))}
	switch kind {
	case "depose":
		return []Op{{F: history.Delete, Path: znodes.Controller, Version: Any}}
	case "prefer":
		return []Op{{F: history.Create, Path: znodes.PreferredElection, Value: string(znodes.EncodePartitions([]znodes.TopicPartition{p}))}}
	case "move":
		var to []int32
		for _, word := range strings.Split(someBrokers(r), ",") {
			id, _ := strconv.ParseInt(word, 10, 32) // of someBrokers' own making
			to = append(to, int32(id))
		}
		asked := znodes.EncodeReassignments([]znodes.Reassignment{{TopicPartition: p, Replicas: to}})
		return []Op{{F: history.Create, Path: znodes.ReassignPartitions, Value: string(asked)}}
	case "look":
		return []Op{{F: history.SyncGet, Path: znodes.ControllerEpoch}}
	}
	panic("workloads: platform/tools knows no kind " + kind)
}
