package checkers

import (
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/models"
)

// Verdict is what a judge says about a history.
type Verdict string

// Verdicts, from best to worst news.
const (
	// Pass: everything asked for was checked and holds.
	Pass Verdict = "pass"
	// Violation: a guarantee is broken, the findings say which.
	Violation Verdict = "violation"
	// Unknown: a search outgrew its budget before it found an answer.
	Unknown Verdict = "unknown"
	// Vacuous: too little happened for silence to mean anything.
	Vacuous Verdict = "vacuous"
)

// Judges that Options.Judges names. Each implies the witness.
const (
	// Witness replays the committed log and holds every reply against it.
	Witness = "witness"
	// Register searches a linearization of every versioned znode.
	Register = "register"
	// Directory searches a linearization of every parent's set of children.
	Directory = "directory"
	// Queue searches a linearization of every plain queue, Fence one of the tokens
	// that the resources behind locks took and refused.
	Queue = "queue"
	Fence = "fence"
	// Log judges what clients of brokers sent and read. It does not imply the witness,
	// which is left out where nobody but brokers used the coordinator.
	Log = "log"
	// Session is the witness alone, for workloads of sessions and ephemerals.
	Session = "session"
)

// Options say how to judge. The zero value runs the witness.
type Options struct {
	// Judges lists Witness, Register, Directory, Queue, Fence, Session and Log.
	Judges []string
	// Require lists functions of which at least one operation must have ended ok,
	// or the verdict is vacuous.
	Require []history.F
	// Claims lists what some client must have claimed, likewise.
	Claims []history.ClaimKind
	// StepBudget bounds the steps of all searches together, 0 for DefaultBudget.
	StepBudget int
	// Strong holds synced reads to linearizability. The classic sync does not
	// promise it (ZOOKEEPER-1675): a deposed leader answers syncs too.
	Strong bool
}

// DefaultBudget is how many steps of a model a verdict spends on searches, some
// tenths of a second. The witness has judged everything before; a search is the
// second opinion.
const DefaultBudget = 500_000

// Count is one line of a report's table.
type Count struct {
	Name string
	N    int
}

// Report is a verdict with its reasons.
type Report struct {
	Verdict Verdict
	// Findings are the broken guarantees, the first layer's that found any, in
	// the order of the log.
	Findings []guarantee.Finding
	// Notes say what was not checked, and why a verdict is vacuous or unknown.
	Notes []string
	// Counted says how much was judged: operations by outcome, transactions,
	// windows searched.
	Counted []Count
	// Linear is the search that failed, for drawing, else nil.
	Linear *models.Result
}
