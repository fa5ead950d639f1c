package workloads

import (
	"fmt"
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
)

// accessTopics are the topics of the workload about access: two that begin alike, and one
// that does not.
var accessTopics = []string{"orders", "order-log", "secrets"}

// brokerAccess is about who may do what while that changes: client 0 is a super user, the
// others may do what they are granted, which some of them may grant themselves. Everybody
// tries everything, all the time.
func brokerAccess() Workload {
	return Workload{
		Name: "broker/access",
		Doc:  "rights on topics, groups and the cluster granted and revoked, one by one and by prefixes, while clients that have them and clients that have not use them",
		Knobs: func(r *rand.Rand) []string {
			return append([]string{
				"access=true", fmt.Sprintf("open-access=%v", r.IntN(6) == 0),
				"sasl=" + choose(r, "", "", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
				fmt.Sprintf("raw-logins=%v", r.IntN(3) == 0),
			}, accessGroupKnobs(r)...)
		},
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 2)
			s.Mix = swarm(r, []Weight{
				{"send", 10}, {"poll", 5}, {"assign", 2}, {"grant", 6}, {"revoke", 4}, {"entries", 2}, {"topics", 3},
				{"create-topic", 2}, {"delete-topic", 1}, {"set-config", 1}, {"delete-records", 1}, {"end-offset", 1}, {"quota", 3},
				{"rights", 2}, {"commit", 4}, {"committed", 2}, {"member", 3}, {"groups", 2}, {"delete-group", 2},
				{"administer", 2}, {"ask-for", 3}, {"log-in", 5}, {"set-password", 3}, {"passwords", 1},
			}, "log-in", "set-password", "passwords", "rights", "administer", "ask-for", "commit", "committed", "member", "groups", "delete-group", "quota", "assign", "entries", "create-topic", "delete-topic", "set-config", "delete-records", "end-offset")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			turns := outline(r, s, func(kind string) []Op { return brokerAccessOps(r, s, kind) }, func(client int) []Op { return brokerAccessFarewell(s, client) })
			turns = append(turns, turn{0, 0, []Op{entryOp(history.Grant, accessGroups[0], "on=Group kind=literal who=User:* op=Read host=*")}})
			plan := inOrder(turns)
			for i := range plan { // who administers is mostly who may
				if op := &plan[i]; (op.F == history.Grant || op.F == history.Revoke || op.F == history.Entries || op.F == history.SetQuota || op.F == history.SetPassword) && r.IntN(5) > 0 {
					op.Client = 0
				}
			}
			number(plan, FirstID)
			return plan
		},
		Setup: func(s Shape) []Op {
			var ops []Op
			for _, topic := range accessTopics {
				ops = append(ops, Op{F: history.CreateTopic, Path: topic, Log: LogArgs{Args: fmt.Sprintf("partitions=%d", s.Keys)}})
			}
			// Everybody has a right of its own to begin with, and one may give others theirs.
			for c := 1; c < s.Clients; c++ {
				ops = append(ops, entryOp(history.Grant, "orders", "on=Topic kind=literal who=%s op=All host=*", user(c)))
			}
			ops = append(ops, entryOp(history.Grant, "kafka-cluster", "on=Cluster kind=literal who=%s op=Alter host=*", user(1)))
			number(ops, setupID)
			return ops
		},
		FinalReads: func(s Shape) []Op {
			var ops []Op
			for _, topic := range accessTopics {
				for _, path := range partitionsOf(topic, s.Keys) {
					ops = append(ops, Op{F: history.Poll, Path: path})
				}
			}
			for c := range s.Clients {
				ops = append(ops, Op{F: history.ListTopics, Client: c})
			}
			number(ops, finalID)
			return ops
		},
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Grant, history.ListTopics},
	}
}

// user is the principal of a client.
func user(client int) string { return fmt.Sprintf("User:c%d", client) }

// entryOp is an operation on access control entries.
func entryOp(f history.F, name, format string, args ...any) Op {
	return Op{F: f, Path: name, Log: LogArgs{Args: fmt.Sprintf(format, args...)}}
}

// brokerAccessFarewell is the least that makes a history worth judging: a right is granted
// to everybody and tried by all, with one that nobody was granted.
func brokerAccessFarewell(s Shape, client int) []Op {
	ops := []Op{
		{F: history.Send, Path: partition("secrets", client%s.Keys)}, {F: history.Send, Path: partition("orders", client%s.Keys)}, {F: history.ListTopics},
		entryOp(history.Entries, "orders", "on=Topic kind=literal"),
	}
	ops = append(ops, accessGroupFarewell(s, client)...)
	if client == 0 {
		ops = append(ops, entryOp(history.Grant, "order", "on=Topic kind=prefixed who=User:* op=Write host=*"))
	}
	return append(ops, Op{F: history.Send, Path: partition("order-log", client%s.Keys)})
}

func brokerAccessOps(r *rand.Rand, s Shape, kind string) []Op {
	topic := choose(r, accessTopics...)
	p := partition(topic, s.key(r))
	switch kind {
	case "send":
		return []Op{{F: history.Send, Path: p}}
	case "poll":
		return []Op{{F: history.Poll}}
	case "assign":
		return []Op{{F: history.Assign, Path: p, Log: LogArgs{From: "beginning"}}}
	case "grant":
		return []Op{drawEntry(r, s, history.Grant)}
	case "revoke":
		return []Op{drawEntry(r, s, history.Revoke)}
	case "entries":
		return []Op{entryOp(history.Entries, topic, "on=Topic kind=literal")}
	case "topics":
		return []Op{{F: history.ListTopics}}
	case "create-topic":
		return []Op{{F: history.CreateTopic, Path: fmt.Sprintf("own%d", r.IntN(4)), Log: LogArgs{Args: "partitions=1"}}}
	case "delete-topic":
		return []Op{{F: history.DeleteTopic, Path: fmt.Sprintf("own%d", r.IntN(4))}}
	case "set-config":
		return []Op{{F: history.SetConfig, Path: topic, Log: LogArgs{Args: "min.insync.replicas=1"}}}
	case "delete-records":
		return []Op{{F: history.DeleteRecords, Path: p, Log: LogArgs{Args: fmt.Sprintf("before=%d", r.IntN(5))}}}
	case "quota":
		key, rate := "producer_byte_rate", choose(r, 0, 300, 1000, 5000)
		if r.IntN(3) == 0 {
			key, rate = "consumer_byte_rate", choose(r, 0, 3000, 20000)
		}
		return []Op{{F: history.SetQuota, Path: fmt.Sprintf("c%d", 1+r.IntN(max(1, s.Clients-1))), Log: LogArgs{Args: fmt.Sprintf("of=%s key=%s rate=%d", choose(r, "user", "client", "both"), key, rate)}}}
	case "end-offset":
		return []Op{{F: history.EndOffset, Path: p}}
	}
	switch kind {
	case "administer":
		return []Op{choose(r,
			Op{F: history.AddPartitions, Path: fmt.Sprintf("own%d", r.IntN(4)), Log: LogArgs{Args: fmt.Sprintf("partitions=%d", 2+r.IntN(3))}},
			Op{F: history.Elect, Path: p},
			Op{F: history.Reassign, Path: p, Log: LogArgs{Args: "replicas=" + someBrokers(r)}},
		)}
	case "ask-for":
		kind := choose(r, "DescribeLogDirs", "DescribeClientQuotas", "DescribeProducers", "DescribeConfigs", "AlterConfigs", "ListPartitionReassignments", "LeaderAndISR", "StopReplica", "UpdateMetadata")
		return []Op{{F: history.AskFor, Path: p, Log: LogArgs{Args: "kind=" + kind}}}
	case "log-in", "set-password", "passwords":
		return loginOps(r, s, kind)
	}
	return accessGroupOps(r, p, kind)
}

// drawEntry draws an entry: mostly one that allows one client one thing on one topic, and
// now and then one for all of them, on all that begins so, or that denies.
func drawEntry(r *rand.Rand, s Shape, f history.F) Op {
	who := user(1 + r.IntN(max(1, s.Clients-1)))
	if r.IntN(6) == 0 {
		who = "User:*"
	}
	op := choose(r, "Read", "Write", "Write", "Describe", "Delete", "AlterConfigs", "All")
	host := "*"
	if r.IntN(8) == 0 {
		host = fmt.Sprintf("10.0.0.%d", r.IntN(addresses))
	}
	deny := 0
	if r.IntN(4) == 0 {
		deny = 1
	}
	name, on, kind := choose(r, accessTopics...), "Topic", "literal"
	switch r.IntN(10) {
	case 0, 1, 2:
		name, kind = choose(r, "order", "orders", "s", "own"), "prefixed"
	case 3:
		kind = "all"
	case 4:
		name, on, op = "kafka-cluster", "Cluster", choose(r, "Create", "Alter", "Describe", "IdempotentWrite")
	case 5:
		name, op = fmt.Sprintf("own%d", r.IntN(4)), choose(r, "Create", "Delete", "All")
	case 6, 7:
		name, on, kind, op = drawGroupEntry(r)
	}
	return entryOp(f, name, "on=%s kind=%s who=%s op=%s host=%s deny=%d", on, kind, who, op, host, deny)
}
