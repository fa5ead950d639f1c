package workloads

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// brokerOffsets is about what groups note of how far they are: in the topic of offsets,
// whose leaders die, are deposed and change while commits are on their way, and in znodes,
// as the oldest clients do. Some clients are members of a group, others assign themselves.
func brokerOffsets() Workload {
	return Workload{
		Name:      "broker/offsets",
		Doc:       "offsets committed and read back, with brokers and in znodes, while coordinators of groups change",
		Knobs:     groupKnobs,
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 2)
			s.Mix = swarm(r, []Weight{
				{"send", 6}, {"poll", 6}, {"commit", 8}, {"commit-znodes", 3}, {"committed", 8}, {"committed-znodes", 3}, {"resume", 2},
				{"subscribe", 1}, {"unsubscribe", 1}, {"move", 2}, {"forget", 1},
			}, "commit-znodes", "committed-znodes", "subscribe", "unsubscribe", "move", "forget")
			if r.IntN(3) > 0 { // where nothing is forgotten, a search can tell more
				s.Mix[len(s.Mix)-1].Weight = 0
			}
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			turns := outline(r, s, func(kind string) []Op { return offsetsOps(r, s, kind) }, func(client int) []Op { return offsetsFarewell(s, client) })
			for client := range s.Clients {
				turns = append(turns, turn{0, client, []Op{resumes(s, client)}})
			}
			return s.nameGroups(turns)
		},
		Setup: func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op {
			ops := finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...)
			for _, g := range offsetGroups {
				for i, path := range partitionsOf(logTopic, s.Keys) {
					one := Op{F: history.Committed, Path: path, Client: i % s.Clients, Log: LogArgs{Group: g}}
					ops = append(ops, one)
					one.Log.Znodes = true
					ops = append(ops, one)
				}
			}
			number(ops, finalID)
			return ops
		},
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll, history.Commit, history.Committed},
	}
}

// offsetGroups are the groups: of clients that assign themselves, and of members.
var offsetGroups = []string{"alone", "members"}

// memberName is the group that a client means. Every third is a member from time to time.
func memberName(client int) string { return offsetGroups[min(client%3, 1)^1] }

// resumes is how a client of that kind begins to read.
func resumes(s Shape, client int) Op {
	if memberName(client) == offsetGroups[1] {
		return Op{F: history.Subscribe, Client: client, Path: logTopic}
	}
	return Op{F: history.Assign, Client: client, Path: strings.Join(partitionsOf(logTopic, s.Keys), ","), Log: LogArgs{From: "committed"}}
}

// nameGroups puts turns in order, and fills in which group each client means where it does
// not name another.
func (s Shape) nameGroups(turns []turn) []Op {
	plan := inOrder(turns)
	for i := range plan {
		op := &plan[i]
		switch {
		case op.F == history.Commit, op.F == history.Subscribe, op.F == history.Assign && op.Log.From == "committed":
			op.Log.Group = memberName(op.Client)
		}
	}
	number(plan, FirstID)
	return plan
}

// offsetsFarewell is the least that makes a history worth judging.
func offsetsFarewell(s Shape, client int) []Op {
	p := partition(logTopic, client%s.Keys)
	return []Op{{F: history.Send, Path: p}, resumes(s, client), {F: history.Poll}, {F: history.Commit}, {F: history.Committed, Path: p, Log: LogArgs{Group: offsetGroups[0]}}}
}

func offsetsOps(r *rand.Rand, s Shape, kind string) []Op {
	p, g := partition(logTopic, s.key(r)), choose(r, offsetGroups...)
	switch kind {
	case "commit", "commit-znodes":
		return []Op{{F: history.Poll}, {F: history.Commit, Log: LogArgs{Znodes: kind == "commit-znodes"}}}
	case "committed", "committed-znodes":
		return []Op{{F: history.Committed, Path: p, Log: LogArgs{Group: g, Znodes: kind == "committed-znodes"}}}
	case "resume":
		parts := partitionsOf(logTopic, s.Keys)
		return []Op{{F: history.Assign, Path: strings.Join(parts[:1+r.IntN(len(parts))], ","), Log: LogArgs{From: "committed"}}}
	case "subscribe":
		return []Op{{F: history.Subscribe, Path: logTopic}}
	case "unsubscribe":
		return []Op{{F: history.Unsubscribe}}
	case "move":
		return moveOps(r)
	case "forget":
		if r.IntN(2) == 0 {
			return []Op{{F: history.DeleteGroup, Log: LogArgs{Group: g}}}
		}
		return []Op{{F: history.DeleteOffsets, Path: p, Log: LogArgs{Group: g}}}
	}
	return logOps(r, s, kind)
}

// moveOps has a partition of the topic of offsets led by another broker: brokers change
// places, and the first of them is elected.
func moveOps(r *rand.Rand) []Op {
	p := partition("__consumer_offsets", r.IntN(2))
	var order []string
	for _, i := range r.Perm(maxReplicas) {
		order = append(order, fmt.Sprint(i+1))
	}
	return []Op{{F: history.Reassign, Path: p, Log: LogArgs{Args: "replicas=" + strings.Join(order, ",")}}, {F: history.Elect, Path: p}}
}
