package workloads

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// brokerGroups is about consumers that share out the partitions of a topic, while they
// come, leave, die and fall silent: whatever the group goes through, each record reaches
// one of its members at least once.
func brokerGroups() Workload {
	return Workload{
		Name:      "broker/groups",
		Doc:       "groups of consumers whose members come, leave and die; every record reaches each group at least once",
		Knobs:     groupKnobs,
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 4)
			s.Mix = swarm(r, []Weight{
				{"send", 10}, {"poll", 10}, {"commit", 3}, {"committed", 1}, {"subscribe", 1}, {"unsubscribe", 1}, {"brief", 1}, {"late", 1},
			}, "subscribe", "unsubscribe", "committed", "commit", "brief", "late")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			turns := outline(r, s, func(kind string) []Op { return groupsOps(r, s, kind) }, func(client int) []Op { return groupsFarewell(s, client) })
			for client := range s.Clients {
				turns = append(turns, turn{0, client, []Op{{F: history.Subscribe, Client: client, Path: logTopic, Log: LogArgs{Group: groupOf(s, client)}}}})
			}
			return s.joinGroups(turns)
		},
		Setup: func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op {
			ops := finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...)
			for g := range groupsOf(s) {
				for i, path := range partitionsOf(logTopic, s.Keys) {
					ops = append(ops, Op{F: history.Committed, Path: path, Client: i % s.Clients, Log: LogArgs{Group: groupName(g), From: "end"}})
				}
			}
			number(ops, finalID)
			return ops
		},
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll, history.Commit, history.Committed},
	}
}

// joinGroups puts turns in order, and fills in which group each client means.
func (s Shape) joinGroups(turns []turn) []Op {
	plan := inOrder(turns)
	for i := range plan {
		if op := &plan[i]; op.F == history.Subscribe || op.F == history.Committed {
			op.Log.Group = groupOf(s, op.Client)
		}
	}
	number(plan, FirstID)
	return plan
}

// groupsOf is how many groups there are: members should not be alone in theirs.
func groupsOf(s Shape) int {
	if s.Clients >= 4 {
		return 2
	}
	return 1
}

func groupName(k int) string { return fmt.Sprintf("g%d", k) }

// groupOf is the group that a client is a member of, from time to time.
func groupOf(s Shape, client int) string { return groupName(client % groupsOf(s)) }

// groupsFarewell is the least that makes a history worth judging: everybody is a member in
// the end.
func groupsFarewell(s Shape, client int) []Op {
	p := partition(logTopic, client%s.Keys)
	return []Op{{F: history.Send, Path: p}, {F: history.Subscribe, Path: logTopic}, {F: history.Poll}, {F: history.Commit}, {F: history.Committed, Path: p}}
}

func groupsOps(r *rand.Rand, s Shape, kind string) []Op {
	switch kind {
	case "subscribe":
		op := Op{F: history.Subscribe, Path: choose(r, logTopic, logTopic+","+briefTopic)}
		if r.IntN(4) == 0 { // by the name of another, who is fenced or fences
			op.Log.Args = fmt.Sprintf("instance=c%d", r.IntN(s.Clients))
		}
		return []Op{op}
	case "brief":
		return briefOps(r)
	case "late":
		return []Op{{F: history.AskFor, Path: logTopic, Log: LogArgs{Args: "kind=" + lateSync}}}
	case "unsubscribe":
		return []Op{{F: history.Unsubscribe}}
	case "commit":
		return []Op{{F: history.Commit}}
	case "committed":
		return []Op{{F: history.Committed, Path: partition(logTopic, s.key(r))}}
	}
	return logOps(r, s, kind)
}

// briefTopic comes and goes, with what groups have committed of it.
const briefTopic = "brief"

// briefOps changes what there is to subscribe to, or uses it.
func briefOps(r *rand.Rand) []Op {
	switch r.IntN(6) {
	case 0, 1:
		return []Op{{F: history.CreateTopic, Path: briefTopic, Log: LogArgs{Args: fmt.Sprintf("partitions=%d", 1+r.IntN(2))}}}
	case 2:
		return []Op{{F: history.DeleteTopic, Path: briefTopic}}
	case 3:
		return []Op{{F: history.AddPartitions, Path: briefTopic, Log: LogArgs{Args: fmt.Sprintf("partitions=%d", 2+r.IntN(3))}}}
	}
	return []Op{{F: history.Send, Path: partition(briefTopic, 0)}}
}

// groupKnobs draws how groups are run: sessions that end within a pause, and a topic of
// offsets that is small enough for its leaders to matter.
func groupKnobs(r *rand.Rand) []string {
	millis := func(least, most int) time.Duration {
		return time.Duration(least+r.IntN(most-least+1)) * time.Millisecond
	}
	words := []string{
		"assignor=" + choose(r, "range", "roundrobin", "cooperative-sticky", "cooperative-sticky"),
		fmt.Sprintf("static-members=%v", r.IntN(3) == 0),
		fmt.Sprintf("group-session=%v", millis(300, 3000)),
		fmt.Sprintf("group-rebalance=%v", millis(300, 3000)),
		fmt.Sprintf("group-delay=%v", choose(r, 0, 0, millis(1, 500))),
		fmt.Sprintf("offsets-partitions=%d", choose(r, 1, 1, 2, 3)),
		fmt.Sprintf("offsets-replication=%d", choose(r, 1, 2, 3, 3)),
		fmt.Sprintf("offsets-segment=%d", choose(r, 3000, 8000, 1<<16)),
	}
	if r.IntN(2) == 0 {
		words = append(words, fmt.Sprintf("auto-commit=%v", millis(50, 1000)))
	}
	if r.IntN(4) == 0 {
		words = append(words, fmt.Sprintf("group-max=%d", 1+r.IntN(3)))
	}
	if r.IntN(3) == 0 {
		words = append(words, fmt.Sprintf("offset-retention=%v", millis(500, 4000)))
	}
	if r.IntN(2) == 0 {
		words = append(words, fmt.Sprintf("offset-check=%v", millis(100, 2000)))
	}
	if r.IntN(2) == 0 {
		words = append(words, fmt.Sprintf("load-step=%v", millis(1, 50)), fmt.Sprintf("load-bytes=%d", choose(r, 300, 1000, 5000)))
	}
	if r.IntN(5) == 0 { // drawn last, so that other seeds stay what they were before it was there
		words[0] = "assignor=sticky"
	}
	return words
}
