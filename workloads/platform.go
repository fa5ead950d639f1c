package workloads

import (
	"math/rand/v2"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
)

// platform is both systems in use at once: half of the clients write znodes while the
// other half send and read records, over one coordinator. Whatever befalls it, befalls
// brokers and clients alike.
func platform() Workload {
	registerShape, logShape := register(), brokerLog()
	return Workload{
		Name:      "platform/all",
		Doc:       "registers in the coordinator's tree and records on brokers, side by side",
		OnBrokers: odd,
		Draw: func(r *rand.Rand) Shape {
			s, other := registerShape.Draw(r), logShape.Draw(r)
			s.Clients = 2 * max(1, s.Clients/2)
			s.Mix = append(s.Mix, other.Mix...)
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			half := s
			half.Clients = s.Clients / 2
			znodes, records := shareOut(s.Mix)
			half.Mix = znodes
			turns := outline(r, half, func(kind string) []Op { return registerOps(r, s, kind) }, func(client int) []Op { return registerFarewell(s, client) })
			dealTurns(turns, 0)
			half.Mix = records
			logs := outline(r, half, func(kind string) []Op { return logOps(r, s, kind) }, func(client int) []Op { return logFarewell(s, client) })
			dealTurns(logs, 1)
			plan := inOrder(append(turns, logs...))
			number(plan, FirstID)
			return plan
		},
		Setup: func(s Shape) []Op {
			topic := createsTopic(logTopic, s.Keys)
			deal(topic, 1)
			all := append(creates(registers, s.Keys), topic...)
			number(all, setupID)
			return all
		},
		FinalReads: func(s Shape) []Op {
			znodes := finals(history.SyncGet, s, children(registers, s.Keys)...)
			partitions := finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...)
			for i := range znodes {
				znodes[i].Client, partitions[i].Client = 0, 1
			}
			all := append(znodes, partitions...)
			number(all, finalID)
			return all
		},
		Judges:     []string{"witness", "register", "log"},
		NeedsKinds: []history.F{history.Set, history.SyncGet, history.Send, history.Poll},
	}
}

// odd clients are those of brokers.
func odd(client int) bool { return client%2 == 1 }

// deal gives the operations of clients 0, 1, 2 … to every other client.
func deal(ops []Op, first int) {
	for i := range ops {
		ops[i].Client = 2*ops[i].Client + first
	}
}

// dealTurns is deal for whole turns.
func dealTurns(turns []turn, first int) {
	for i := range turns {
		turns[i].client = 2*turns[i].client + first
		deal(turns[i].ops, first)
	}
}

// shareOut parts a mix into what is done to znodes and what is done to records. Where
// nothing is left of a side, it does the plainest thing.
func shareOut(mix []Weight) (znodes, records []Weight) {
	for _, w := range mix {
		switch w.Name {
		case "send", "keyed", "poll", "assign":
			records = append(records, w)
		default:
			znodes = append(znodes, w)
		}
	}
	return orElse(znodes, "sync-get"), orElse(records, "send")
}

func orElse(mix []Weight, kind string) []Weight {
	if slices.ContainsFunc(mix, func(w Weight) bool { return w.Weight > 0 }) {
		return mix
	}
	return []Weight{{kind, 1}}
}
