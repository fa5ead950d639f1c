package workloads

import (
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
)

// Workload is one way of using a system, with what it expects.
type Workload struct {
	// Name is the last part of scenario names, Doc one sentence for lists.
	Name, Doc string
	// Knobs lists "name=value" settings of the servers that the workload is about,
	// instead of what is drawn for all workloads; nil for none.
	Knobs func(r *rand.Rand) []string
	// NamesServers: Shape.Servers is set before Generate.
	NamesServers bool
	// OnBrokers tells the clients of brokers from those of the coordinator; nil if all
	// are the latter.
	OnBrokers func(client int) bool
	// Draw picks the knobs of a seed.
	Draw func(r *rand.Rand) Shape
	// Generate makes the plan: in order of time, numbered from FirstID on.
	Generate func(r *rand.Rand, s Shape) []Op
	// Setup lists what client 0 creates before the start. It must succeed;
	// what exists already counts as created.
	Setup func(s Shape) []Op
	// FinalReads lists the reads after healing, spread over the clients. A client
	// repeats each until a server answers; only the last attempt is recorded.
	FinalReads func(s Shape) []Op
	// Judges names the models that can judge its histories.
	Judges []string
	// NeedsKinds lists the functions of which a history must hold successes to be
	// worth judging.
	NeedsKinds []history.F
	// NeedsClaims lists what some client must have claimed.
	NeedsClaims []history.ClaimKind
}

// The IDs of a run's operations: setup comes first, then the plan, then the
// final reads. Setup attempts after the first, if any, come last.
const (
	setupID = 1
	// FirstID is the ID of a plan's first operation.
	FirstID = 1001
	finalID = 1_000_001
	retryID = 2_000_001
)

// All lists the workloads in a fixed order: those of the coordinator, of brokers, and of
// both.
func All() []Workload {
	return []Workload{
		register(), sequence(), session(), watching(), streaming(), locking(), electing(), localSession(),
		queueing(), waiting(), configuring(), ledgers(), grouping(), lease(), readOnlyMode(), access(), operator(), quotas(), reconfiguring(),
		agreeing(), churn(),
		brokerLog(), brokerAcks(), brokerIdempotent(), brokerTopics(), brokerConfigs(), brokerAccess(), brokerQuotas(), brokerGroups(), brokerOffsets(), brokerCompaction(),
		platform(), tools(),
	}
}

// Lookup finds a workload by name.
func Lookup(name string) (Workload, bool) {
	for _, w := range All() {
		if w.Name == name {
			return w, true
		}
	}
	return Workload{}, false
}

// OpsOf returns the operations of one client, in order.
func OpsOf(ops []Op, client int) []Op {
	n := 0
	for i := range ops {
		if ops[i].Client == client {
			n++
		}
	}
	own := make([]Op, 0, n)
	for i := range ops {
		if ops[i].Client == client {
			own = append(own, ops[i])
		}
	}
	return own
}
