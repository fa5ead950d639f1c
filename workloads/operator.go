package workloads

import (
	"math/rand/v2"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const operated = "/o"

// operator is about the people who run an ensemble: they put four-letter words to
// servers that come and go, while clients create, change and delete. What a server
// says of its tree must be true of the tree at the zxid it names.
func operator() Workload {
	return Workload{
		Name: "operator",
		Doc:  "four-letter words put to every server while znodes and sessions come and go; what servers say of their trees must be so",
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 6)
			s.Mix = swarm(r, []Weight{
				{"summary", 10}, {"hash", 4}, {"words", 6}, {"write", 6}, {"create", 8}, {"delete", 4}, {"ephemeral", 6},
				{"watch", 4}, {"move", 1}, {"hang", 1}, {"close", 1},
			}, "hash", "words", "delete", "ephemeral", "watch", "move", "hang", "close")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return operatorOps(r, s, kind) }, func(client int) []Op {
				return []Op{
					{F: history.Create, Path: operated + "/s-", Mode: wire.ModePersistentSequential},
					{F: history.Ask, Value: string(admin.Srvr), Server: client},
					{F: SyncChildren, Path: operated},
				}
			})
		},
		Setup:      func(s Shape) []Op { return creates(operated, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(SyncChildren, s, operated) },
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Create, history.Ask},
	}
}

func operatorOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(operated, s.key(r))
	switch kind {
	case "summary":
		return []Op{{F: history.Ask, Value: string(choose(r, admin.Srvr, admin.Stat)), Server: r.IntN(maxServers)}}
	case "hash":
		return []Op{{F: history.Ask, Value: string(admin.Hash), Server: r.IntN(maxServers)}}
	case "words":
		return []Op{{F: history.Ask, Value: string(admin.Words[r.IntN(len(admin.Words))]), Server: r.IntN(maxServers)}}
	case "write":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "create":
		return []Op{{F: history.Create, Path: choose(r, path, operated+"/s-"), Mode: wire.ModePersistentSequential}}
	case "delete":
		return []Op{{F: history.Delete, Path: choose(r, path, operated+"/s-"+LastCreated), Version: Any}}
	case "ephemeral":
		return []Op{{F: history.Create, Path: below(path), Mode: wire.ModeEphemeral}}
	case "watch":
		return []Op{{F: history.Get, Path: path, Watch: true}}
	}
	return sessionOps(r, s, kind)
}

// maxServers is one more than the greatest index in a plan's questions; clients
// take it modulo the number of servers there are.
const maxServers = 8

// wordNames are the words that a plan may ask.
func wordNames() []string {
	var names []string
	for _, w := range admin.Words {
		names = append(names, string(w))
	}
	return names
}

func isWord(value string) bool { return slices.Contains(wordNames(), value) }
