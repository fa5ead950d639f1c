package stampede

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/groups"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/checkers/logs"
	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/checkers/rights"
	"github.com/stampede-sim/stampede/checkers/usage"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/sim"
)

// Nondeterministic is the verdict on a plan whose second run had another hash
// than its first: the harness itself is broken, and no other verdict counts.
const Nondeterministic checkers.Verdict = "nondeterministic"

// Guarantees that the run itself checks, next to those of the judges.
const (
	// Liveness: servers and brokers that are healed converge within a bound.
	Liveness = "liveness"
	// NoPanic: no node fails an assertion of its own.
	NoPanic = "no-panic"
	// PossibleMessages and SessionProtocol: nor one about what others told it.
	PossibleMessages = "d16-possible-messages"
	SessionProtocol  = "session-protocol"
)

var own = []guarantee.Guarantee{
	{
		ID: Liveness, Source: "Junqueira, Reed, Serafini: Zab, DSN 2011; liveness with a quorum of timely processes",
		Sentence: "Once every process is up and the network is whole, the ensemble elects a leader that every server follows, the brokers have a controller and every partition a leader with all its replicas in sync, and every client is served, within a bound.",
	},
	{
		ID: NoPanic, Source: "the assertions of the nodes",
		Sentence: "No server or client fails an assertion of its own.",
	},
	{
		ID: PossibleMessages, Source: "Ouyang et al.: Multi-Grained Specifications for ZooKeeper (Remix); during-action checks; ZOOKEEPER-4394",
		Sentence: "No server meets what the protocol rules out in its state: a proposal that leaves a gap, a commit of anything but the oldest proposal, an acknowledgement of what was not proposed.",
	},
	{
		ID: SessionProtocol, Source: "ZOOKEEPER client protocol",
		Sentence: "A server tells a client only what it asked for: each request is answered once, under its xid, in its own session.",
	},
}

// assertions says what the assertions of nodes are about, by how they begin.
var assertions = []struct{ prefix, guarantee string }{
	{"zab: ", PossibleMessages},
	{"coordinator: the leader ", PossibleMessages},
	{"client: server ", SessionProtocol},
}

// asserted is the guarantee that falls with an assertion.
func asserted(reason string) string {
	for _, a := range assertions {
		if strings.HasPrefix(reason, a.prefix) {
			return a.guarantee
		}
	}
	return NoPanic
}

// Guarantees lists everything that a run may find broken, by ID.
func Guarantees() []guarantee.Guarantee {
	all := slices.Concat(own, live.Guarantees, replication.Guarantees, groups.Guarantees, rights.Guarantees, usage.Guarantees, logs.Guarantees, checkers.Guarantees)
	slices.SortStableFunc(all, func(a, b guarantee.Guarantee) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b guarantee.Guarantee) bool { return a.ID == b.ID })
}

// Result is what a run came to. Its JSON form holds what people and pipelines
// ask for; the rest is for Go.
type Result struct {
	Scenario string           `json:"scenario"`
	Seed     uint64           `json:"seed"`
	Verdict  checkers.Verdict `json:"verdict"`
	// Guarantee is the ID of what broke, Explanation its sentence with evidence,
	// or why a verdict is unknown or vacuous. Both are empty for a pass.
	Guarantee   string `json:"guarantee,omitempty"`
	Explanation string `json:"explanation,omitempty"`
	// Hash is the fingerprint of every event of the run, 16 hexadecimal digits.
	Hash   string `json:"hash"`
	Events uint64 `json:"events"`
	// VirtualSeconds passed in the world, WallSeconds outside.
	VirtualSeconds float64  `json:"virtual_seconds"`
	WallSeconds    float64  `json:"wall_seconds"`
	Ops            OpCounts `json:"ops"`
	// Faults counts what was injected by kind, Marks what happened by name: facts
	// the nodes stated and incidents of the world ("sim.…").
	Faults map[string]int    `json:"faults"`
	Marks  map[string]uint64 `json:"marks"`
	Bugs   string            `json:"bugs,omitempty"`
	// Knobs are all settings of the run, Artifacts the files written about it.
	Knobs     map[string]string `json:"knobs"`
	Artifacts []string          `json:"artifacts,omitempty"`

	// Plan is what was run, History what the clients saw, Findings what broke,
	// Notes what the judges say about their work.
	Plan     Plan                `json:"-"`
	History  *history.History    `json:"-"`
	Findings []guarantee.Finding `json:"-"`
	Notes    []string            `json:"-"`
	// Report is the judges' verdict, zero if a live invariant ended the run.
	Report checkers.Report `json:"-"`
	// Spans are the faults as they happened, Skipped counts those that found
	// nobody to hit.
	Spans   []faults.Span  `json:"-"`
	Skipped map[string]int `json:"-"`
	// Checkpoints are intermediate hashes by which two runs can be compared.
	Checkpoints []sim.Checkpoint `json:"-"`
	// Answers are to the questions of RunOptions.Ask.
	Answers []Answer `json:"-"`
	// Stack is the stack of a node that panicked.
	Stack string `json:"-"`
}

// OpCounts counts the clients' operations by outcome.
type OpCounts struct {
	OK   int `json:"ok"`
	Fail int `json:"fail"`
	Info int `json:"info"`
}

// Failed reports whether the run shows a bug, of the system or of the harness.
func (r *Result) Failed() bool {
	return r.Verdict == checkers.Violation || r.Verdict == Nondeterministic
}

// blame enters broken guarantees. The first one names the result.
func (r *Result) blame(findings ...guarantee.Finding) {
	if len(findings) == 0 {
		return
	}
	r.Findings = append(r.Findings, findings...)
	r.Verdict = checkers.Violation
	r.Guarantee, r.Explanation = r.Findings[0].Guarantee, r.Findings[0].Explanation
}
