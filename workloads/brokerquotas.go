package workloads

import (
	"fmt"
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/config"
)

// quotaKeys are what clients may be held to.
var quotaKeys = []string{"producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"}

// brokerQuotas is about clients that want more than they may have: quotas of users, of
// applications, of both and of everybody come, change and go, while all of them write, read
// and change topics as fast as they like.
func brokerQuotas() Workload {
	return Workload{
		Name:      "broker/quotas",
		Doc:       "quotas of bytes, of requests and of changes of topics set, changed and lifted, for clients that do not care",
		OnBrokers: everybody,
		Knobs:     func(*rand.Rand) []string { return []string{"quotas=true"} },
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 2)
			s.Mix = swarm(r, []Weight{
				{"send", 14}, {"poll", 8}, {"assign", 2}, {"quota", 4}, {"create", 4}, {"delete", 3}, {"grow", 2}, {"topics", 2},
			}, "poll", "assign", "create", "delete", "grow", "topics")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return quotasOps(r, s, kind) }, func(client int) []Op { return quotasFarewell(s, client) })
		},
		Setup:      func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...) },
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll, history.SetQuota},
	}
}

// quotasFarewell lifts what is said of anybody, and then uses the log. Each client does so,
// as others may be late and go on to set quotas: whoever is the last lifts them all.
func quotasFarewell(s Shape, client int) []Op {
	ops := []Op{quotaOp(everyone, "user", "all", "0"), quotaOp(everyone, "client", "all", "0")}
	for c := range s.Clients {
		who := fmt.Sprintf("c%d", c)
		ops = append(ops, quotaOp(who, "user", "all", "0"), quotaOp(who, "client", "all", "0"), quotaOp(who, "both", "all", "0"))
	}
	return append(ops, logFarewell(s, client)...)
}

// everyone stands, as the path of a quota, for all of whom nothing particular is said.
const everyone = "everyone"

func quotaOp(path, of, key, rate string) Op {
	return Op{F: history.SetQuota, Path: path, Log: LogArgs{Args: fmt.Sprintf("of=%s key=%s rate=%s", of, key, rate)}}
}

func quotasOps(r *rand.Rand, s Shape, kind string) []Op {
	brief := fmt.Sprintf("brief%d", r.IntN(4))
	switch kind {
	case "send": // who wants no answer is not told to wait, and has to all the same
		return []Op{{F: history.Send, Path: partition(logTopic, s.key(r)), Log: LogArgs{Acks: choose(r, AcksAll, AcksAll, AcksAll, AcksNone)}}}
	case "quota":
		who, of := fmt.Sprintf("c%d", r.IntN(s.Clients)), choose(r, "user", "client", "both")
		if r.IntN(4) == 0 {
			who, of = everyone, choose(r, "user", "user", "client")
		}
		key, rate := drawQuota(r)
		return []Op{quotaOp(who, of, key, rate)}
	case "create":
		return []Op{{F: history.CreateTopic, Path: brief, Log: LogArgs{Args: fmt.Sprintf("partitions=%d oldest=%d", 1+r.IntN(3), r.IntN(4)/3)}}}
	case "delete":
		return []Op{{F: history.DeleteTopic, Path: brief}}
	case "grow":
		return []Op{{F: history.AddPartitions, Path: brief, Log: LogArgs{Args: fmt.Sprintf("partitions=%d", 2+r.IntN(3))}}}
	case "topics":
		return []Op{{F: history.ListTopics}}
	}
	return logOps(r, s, kind)
}

// drawQuota draws a quota that a client of a run comes up against. A client whose requests
// time out while it waits asks again, on another connection; a share of the broker's time
// below what that takes would keep it out for ever.
func drawQuota(r *rand.Rand) (key, rate string) {
	switch key = choose(r, quotaKeys...); key {
	case "producer_byte_rate":
		rate = choose(r, "0", "300", "1000", "5000")
	case "consumer_byte_rate":
		rate = choose(r, "0", "1000", "3000", "20000")
	case "request_percentage":
		rate = choose(r, "0", "0.3", "0.5", "2")
	case "controller_mutation_rate":
		rate = choose(r, "0", "0.5", "1.5", "4")
	}
	return key, rate
}

// quotas are those that an operation sets; "all" keys are lifted together.
func (o Op) quotas() (all []client.Quota) {
	user, application := o.Path, o.Path
	if o.Path == everyone {
		user, application = client.Everybody, client.Everybody
	}
	switch o.Log.word("of", "both") {
	case "user":
		application = ""
	case "client":
		user = ""
	}
	keys := []string{o.Log.word("key", "")}
	if keys[0] == "all" {
		keys = quotaKeys
	}
	rate, _ := config.Permille(o.Log.word("rate", "0"))
	for _, key := range keys {
		all = append(all, client.Quota{User: user, Application: application, Key: key, Thousandths: rate})
	}
	return all
}
