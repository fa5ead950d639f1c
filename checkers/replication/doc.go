// Package replication holds brokers to the invariants of Kafka's replication while they
// run. It is told every fact that a broker states and every transaction that the
// coordinator commits, keeps a mirror of each replica's log and of the znodes that say
// who leads, and stops at the first invariant that breaks.
//
// # What it trusts
//
// Who leads and who is in sync is what the committed state znodes say, whatever brokers
// believe: a deposed leader believes much. What a log holds is what its owner says it
// appended and cut; the checksum of a batch tells two batches apart. Nothing here calls
// a broker's code.
//
// # The ledger
//
// A record is committed when its leader's high watermark passes it. The ledger of a
// partition has every committed batch; it only grows. Everything follows from it: an
// in-sync replica holds it all, so a leader does that was chosen among them; nobody
// cuts it; a second record at one of its offsets is a lost one.
//
// # Losses that are explained
//
// Kafka promises to keep a committed record as long as one of the replicas that were in
// sync keeps it. It does not sync before it acknowledges. So a record may go that way:
// an unclean election, where it is allowed, chooses a replica without it; or a replica
// that is still taken for in sync comes back from a crash with a shorter log and leads
// (KIP-966). Then the ledger is cut to what that leader has, and the history says so,
// for the judges of what clients saw. Any other loss is a violation.
package replication

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the invariants.
const (
	OneLeaderPerEpoch  = "k7-one-leader-per-epoch"
	Contiguous         = "k6-contiguous-log"
	HighWatermarkGrows = "k8-high-watermark"
	StrongIsr          = "k9-in-sync-replicas-hold-committed"
	IsrOfAssigned      = "k10-isr-of-assigned"
	LeaderInSync       = "k11-leader-in-sync"
	ElectionClean      = "k12-clean-election"
	LeaderCompleteness = "k13-leader-completeness"
	StateCAS           = "k14-partition-state-cas"
	ControllerFenced   = "k15-controller-fenced"
	LogMatching        = "k16-log-matching"
	LogStart           = "k18-log-start"
	SequenceWhole      = "k19-producer-sequence"
	AckCommitted       = "k1-acknowledged-is-committed"
	AckMinInsync       = "k2-acknowledged-by-min-insync"
	OneController      = "k5-one-controller-per-epoch"
	LeaderEpochGrows   = "k3-leader-epoch"
)

const (
	sourceTLA = "Gustafson: kafka-specification (TLA+), Kip320: "
	sourceKIP = "Kafka Improvement Proposal "
)

// Guarantees lists the invariants this package checks.
var Guarantees = []guarantee.Guarantee{
	{ID: AckCommitted, Sentence: "A producer that wants all acknowledgements is told of success when its records are committed.", Source: "Kafka documentation: acks"},
	{ID: AckMinInsync, Sentence: "A producer that wants all acknowledgements is told of success only with min.insync.replicas in-sync replicas.", Source: "Kafka documentation: min.insync.replicas"},
	{ID: LeaderEpochGrows, Sentence: "The leader epoch of a partition grows whenever its leader changes, and never falls.", Source: sourceKIP + "101"},
	{ID: OneController, Sentence: "A controller epoch has at most one controller.", Source: "KAFKA-6082"},
	{ID: Contiguous, Sentence: "A leader gives each record the offset after the last, in its own leader epoch, and epochs never fall along a log.", Source: sourceKIP + "101"},
	{ID: OneLeaderPerEpoch, Sentence: "In a leader epoch of a partition only the broker appends as its leader that the state znode names.", Source: sourceTLA + "leader epochs"},
	{ID: HighWatermarkGrows, Sentence: "The high watermark of a leader does not fall within its leader epoch, and a follower's never passes what is committed.", Source: sourceTLA + "ValidHighWatermark"},
	{ID: StrongIsr, Sentence: "Every replica that the state znode calls in sync holds every committed record.", Source: sourceTLA + "StrongIsr"},
	{ID: IsrOfAssigned, Sentence: "The in-sync replicas are among those that the partition is assigned to.", Source: "KAFKA-9672"},
	{ID: LeaderInSync, Sentence: "The leader is one of the in-sync replicas.", Source: sourceTLA + "LeaderInIsr"},
	{ID: ElectionClean, Sentence: "Unless unclean elections are allowed, a new leader is one of the last in-sync replicas.", Source: "Kafka documentation: unclean.leader.election.enable"},
	{ID: LeaderCompleteness, Sentence: "A leader that was elected among the in-sync replicas holds every committed record.", Source: sourceTLA + "StrongIsr"},
	{ID: StateCAS, Sentence: "What a leader takes for the in-sync replicas in a version of the state znode is what that version says.", Source: "KAFKA-1382, KAFKA-2729"},
	{ID: ControllerFenced, Sentence: "A controller that has been replaced changes no partition.", Source: "KAFKA-6082"},
	{ID: LogMatching, Sentence: "Below their high watermarks, all replicas of a partition hold the same records.", Source: "Vanlightly: kafka-tlaplus, LogMatching"},
	{ID: LogStart, Sentence: "A log begins at or below its high watermark, and never earlier than before.", Source: "KAFKA-5634"},
	{ID: SequenceWhole, Sentence: "The batches that an idempotent producer has in a partition have the sequence numbers 0, 1, 2 and so on, without a gap or a repetition.", Source: sourceKIP + "98"},
}

// sentences has the sentence of each guarantee.
var sentences = func() map[string]string {
	m := map[string]string{}
	for _, g := range Guarantees {
		m[g.ID] = g.Sentence
	}
	return m
}()
