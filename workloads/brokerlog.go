package workloads

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// logTopic is the topic of workloads that need one.
const logTopic = "orders"

// Topic is a topic that a plan creates.
type Topic struct {
	Name       string
	Partitions int
}

// Topics lists the topics that lists of operations create, one after the other, with all
// the partitions that they come to have.
func Topics(lists ...[]Op) []Topic {
	var all []Topic
	for _, ops := range lists {
		for j := range ops {
			op := &ops[j]
			if op.F != history.CreateTopic && op.F != history.AddPartitions {
				continue
			}
			i := slices.IndexFunc(all, func(t Topic) bool { return t.Name == op.Path })
			switch {
			case i >= 0:
				all[i].Partitions = max(all[i].Partitions, op.Log.number("partitions", 1))
			case op.F == history.CreateTopic:
				all = append(all, Topic{op.Path, op.Log.number("partitions", 1)})
			}
		}
	}
	return all
}

// everybody is a client of brokers.
func everybody(int) bool { return true }

// createsTopic is the setup of one topic.
func createsTopic(name string, partitions int, settings ...string) []Op {
	args := append([]string{fmt.Sprintf("partitions=%d", partitions)}, settings...)
	ops := []Op{{F: history.CreateTopic, Path: name, Log: LogArgs{Args: strings.Join(args, " ")}}}
	number(ops, setupID)
	return ops
}

// partition names partition k of a topic.
func partition(topic string, k int) string { return topic + "-" + strconv.Itoa(k) }

// partitionsOf names the partitions 0 … n-1 of a topic.
func partitionsOf(topic string, n int) []string {
	names := make([]string, n)
	for k := range names {
		names[k] = partition(topic, k)
	}
	return names
}

// brokerLog is the first thing that people want of a log: what was acknowledged by all
// in-sync replicas is read by everybody, in one order, while brokers fail.
func brokerLog() Workload {
	return Workload{
		Name:      "broker/log",
		Doc:       "unique records sent to the partitions of a topic with acks=all, and polled by readers of some of them",
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 4)
			s.Mix = swarm(r, []Weight{{"send", 10}, {"keyed", 2}, {"poll", 6}, {"assign", 1}}, "keyed", "assign")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return logOps(r, s, kind) }, func(client int) []Op { return logFarewell(s, client) })
		},
		Setup:      func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...) },
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll},
	}
}

// logFarewell is the least that makes a history worth judging.
func logFarewell(s Shape, client int) []Op {
	p := partition(logTopic, client%s.Keys)
	return []Op{{F: history.Send, Path: p}, {F: history.Assign, Path: p, Log: LogArgs{From: "beginning"}}, {F: history.Poll}}
}

func logOps(r *rand.Rand, s Shape, kind string) []Op {
	p := partition(logTopic, s.key(r))
	switch kind {
	case "send":
		return []Op{{F: history.Send, Path: p}}
	case "keyed":
		return []Op{{F: history.Send, Path: logTopic, Log: LogArgs{Key: fmt.Sprintf("k%d", r.IntN(8))}}}
	case "poll":
		return []Op{{F: history.Poll}}
	case "assign":
		parts := partitionsOf(logTopic, s.Keys)
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return []Op{{
			F: history.Assign, Path: strings.Join(parts[:1+r.IntN(len(parts))], ","),
			Log: LogArgs{From: choose(r, "beginning", "beginning", "end")},
		}}
	}
	panic("workloads: broker/log knows no kind " + kind)
}
