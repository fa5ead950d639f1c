package workloads

import (
	"fmt"
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
)

// brokerAcks is about what is promised to those who do not wait for everybody: nothing,
// or as much as one leader. In half of the seeds, replicas that are not in sync may
// lead. So records are lost; each loss needs something that explains it.
func brokerAcks() Workload {
	return Workload{
		Name: "broker/acks",
		Doc:  "records sent with acks 0, 1 and all, with unclean elections in some seeds: what is lost must be explained",
		Knobs: func(r *rand.Rand) []string {
			return []string{fmt.Sprintf("unclean=%v", r.IntN(2) == 0), "idempotent=false"}
		},
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 3)
			s.Mix = swarm(r, []Weight{{"send", 4}, {"send-1", 4}, {"send-0", 2}, {"poll", 5}, {"assign", 1}, {"end-offset", 1}}, "send-1", "send-0", "assign", "end-offset")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return acksOps(r, s, kind) }, func(client int) []Op { return logFarewell(s, client) })
		},
		Setup:      func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...) },
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll},
	}
}

func acksOps(r *rand.Rand, s Shape, kind string) []Op {
	p := partition(logTopic, s.key(r))
	switch kind {
	case "send-1":
		return []Op{{F: history.Send, Path: p, Log: LogArgs{Acks: AcksLeader}}}
	case "send-0":
		return []Op{{F: history.Send, Path: p, Log: LogArgs{Acks: AcksNone}}}
	case "end-offset":
		return []Op{{F: history.EndOffset, Path: p}}
	}
	return logOps(r, s, kind)
}

// brokerIdempotent is about producers that number what they send: however often a
// request is repeated, to whichever leader, each record is there once and in order.
func brokerIdempotent() Workload {
	return Workload{
		Name: "broker/idempotent",
		Doc:  "producers with IDs send in bursts and again what was not acknowledged; nothing is there twice, or out of order",
		Knobs: func(*rand.Rand) []string {
			return []string{"idempotent=true", "retries=true"}
		},
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 2)
			s.Burst, s.BurstLen = choose(r, 10, 30, 60), 1+r.IntN(8)
			s.Mix = swarm(r, []Weight{{"send", 10}, {"poll", 3}, {"assign", 1}}, "poll", "assign")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			plan := timeline(r, s, func(kind string) []Op { return logOps(r, s, kind) }, func(client int) []Op { return logFarewell(s, client) })
			if r.IntN(2) == 0 {
				stream(plan)
			}
			return plan
		},
		Setup:      func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...) },
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll},
	}
}

// stream lets sends follow each other without waiting for what was sent before, so that
// batches of different ages are on their way together, and expire one by one.
func stream(plan []Op) {
	for i := range plan {
		plan[i].Pipelined = plan[i].Pipelined || plan[i].F == history.Send && !plan[i].Patient
	}
}
