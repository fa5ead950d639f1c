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
//
// # What is not blamed
//
// A broker that is deposed and does not know it acts on, in its old epoch: it leads,
// appends, even begins to lead when an order reaches it late. All of that is judged by
// what its epoch allows, and by nothing that happened after its successor was elected.
// A crash may come between a write and the fact about it, and may undo a truncation; what
// a broker finds when it opens a log is taken for what it holds. That a joining replica is
// alive is not judged: the leader knows it only by and by.
package replication

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the invariants.
const (
	AckCommitted       = "k1-acknowledged-is-committed"
	OffsetByTime       = "k8-offset-by-time"
	AckMinInsync       = "k2-acknowledged-by-min-insync"
	AppendMinInsync    = "k2-appended-by-min-insync"
	CommitMinInsync    = "k2-committed-by-min-insync"
	LeaderEpochGrows   = "k3-leader-epoch"
	OneController      = "k5-one-controller-per-epoch"
	RecoveredWritten   = "k6-recovered-written"
	CleanStopBelieved  = "k6-clean-stop-believed"
	Contiguous         = "k6-contiguous-log"
	OneLeaderPerEpoch  = "k7-one-leader-per-epoch"
	HighWatermarkGrows = "k8-high-watermark"
	MarkFollowed       = "k8-followed-high-watermark"
	EndTold            = "k8-end-offset-of-epoch"
	ReadsCommitted     = "k8-consumer-reads-committed"
	StrongIsr          = "k9-in-sync-replicas-hold-committed"
	CountsInSync       = "k9-all-in-sync-counted"
	MarkFetched        = "k9-high-watermark-fetched"
	PreferredInSync    = "k9-preferred-replica-in-sync"
	IsrOfAssigned      = "k10-isr-of-assigned"
	LeaderInSync       = "k11-leader-in-sync"
	ElectionClean      = "k12-clean-election"
	ElectionAsked      = "k12-election-as-asked"
	LeaderExpands      = "k12-leader-expands-isr"
	JoinerCaughtUp     = "k12-joiner-caught-up"
	JoinerLives        = "k12-joiner-lives"
	LaggardsLeave      = "k12-laggards-leave-isr"
	LeaderCompleteness = "k13-leader-completeness"
	StateCAS           = "k14-partition-state-cas"
	ControllerFenced   = "k15-controller-fenced"
	ControllerObeyed   = "k15-controller-obeyed"
	ReplicaFenced      = "k15-replica-fenced"
	ProducerFenced     = "k15-producer-fenced"
	LogMatching        = "k16-log-matching"
	EpochNoted         = "k17-epoch-noted"
	LogStart           = "k18-log-start"
	StartKept          = "k18-log-start-kept"
	DeletionTold       = "k18-deletion-told"
	CompactedBelow     = "k18-compacted-below-high-watermark"
	CompactedAlike     = "k18-compacted-alike"
	CompactionLeaves   = "k18-compaction-leaves-last"
	TombstoneStays     = "k18-tombstone-stays"
	CompactionWaits    = "k18-compaction-waits"
	RetentionAllowed   = "k18-retention-allowed"
	RetentionLeaves    = "k18-retention-leaves-enough"
	ProducerIDsApart   = "k19-producer-ids-apart"
	SequenceTaken      = "k19-sequence-taken"
	SequenceWhole      = "k19-producer-sequence"
	ProducersKnown     = "k19-producers-known"
	AskedIsDone        = "k30-asked-is-done"
	TopicIdentity      = "k31-topic-identity"
	DeletedEverywhere  = "k31-deleted-everywhere"
	MetadataTold       = "k32-metadata-told"
	ConfigFollowed     = "k33-configuration-followed"
	ConfigInForce      = "k33-configuration-in-force"
)

const (
	sourceTLA    = "Gustafson: kafka-specification (TLA+), Kip320: "
	sourceVan    = "Vanlightly: kafka-tlaplus: "
	sourceKIP    = "Kafka Improvement Proposal "
	sourceManual = "Kafka documentation: "
)

// Guarantees lists the invariants this package checks.
var Guarantees = []guarantee.Guarantee{
	{ID: AckCommitted, Sentence: "A producer that wants all acknowledgements is told of success when its records are committed.", Source: sourceManual + "acks"},
	{ID: AckMinInsync, Sentence: "A producer that wants all acknowledgements is told of success only with min.insync.replicas in-sync replicas.", Source: sourceManual + "min.insync.replicas"},
	{ID: AppendMinInsync, Sentence: "A leader appends what a producer wants on all in-sync replicas only while there are min.insync.replicas of them.", Source: sourceManual + "min.insync.replicas"},
	{ID: CommitMinInsync, Sentence: "A leader commits nothing while fewer than min.insync.replicas are in sync, or than there are.", Source: "KAFKA-15583"},
	{ID: LeaderEpochGrows, Sentence: "The leader epoch of a partition grows whenever its leader changes, and never falls.", Source: sourceKIP + "101"},
	{ID: OneController, Sentence: "A controller epoch has at most one controller.", Source: "KAFKA-6082"},
	{ID: Contiguous, Sentence: "A leader gives each record the offset after the last, in its own leader epoch, and epochs never fall along a log.", Source: sourceKIP + "101"},
	{ID: RecoveredWritten, Sentence: "What a broker finds in a log when it opens it, it has written there, and it comes in order.", Source: sourceManual + "log recovery"},
	{ID: CleanStopBelieved, Sentence: "A broker takes its logs for cleanly closed only when it finds them first after it has closed them all.", Source: "KAFKA-10471"},
	{ID: OneLeaderPerEpoch, Sentence: "In a leader epoch of a partition only the broker acts as its leader that the state znode names.", Source: sourceTLA + "leader epochs"},
	{ID: HighWatermarkGrows, Sentence: "The high watermark of a leader does not fall within its reign, nor pass the end of its log; nobody raises it by beginning to lead or to follow, or by being started again.", Source: sourceTLA + "ValidHighWatermark"},
	{ID: MarkFollowed, Sentence: "The high watermark of a follower never passes what is committed, and falls only where its log is cut.", Source: sourceTLA + "ValidHighWatermark"},
	{ID: EndTold, Sentence: "A leader tells consumers that a partition ends at its high watermark, and only when all that was there when its epoch began is committed.", Source: sourceKIP + "207"},
	{ID: ReadsCommitted, Sentence: "What a consumer is given, by a leader or a follower, lies below the high watermark there, and is committed.", Source: sourceKIP + "392"},
	{ID: OffsetByTime, Sentence: "The offset that a leader tells for a time is that of the first record in its log that was made then or later, if consumers may read it.", Source: sourceManual + "ListOffsets; KIP-79"},
	{ID: StrongIsr, Sentence: "Every replica that the state znode calls in sync holds every committed record.", Source: sourceTLA + "StrongIsr"},
	{ID: CountsInSync, Sentence: "A leader that is not deposed waits with its high watermark for all that the state znode calls in sync.", Source: sourceVan + "ReplicationQuorumSuperset"},
	{ID: MarkFetched, Sentence: "The high watermark rests on what followers have fetched in the leader's own epoch.", Source: sourceKIP + "320"},
	{ID: PreferredInSync, Sentence: "A leader sends consumers only to replicas that are in sync and have what is asked for.", Source: sourceKIP + "392"},
	{ID: IsrOfAssigned, Sentence: "The in-sync replicas are among those that the partition is assigned to.", Source: "KAFKA-9672"},
	{ID: LeaderInSync, Sentence: "The leader is one of the in-sync replicas.", Source: sourceTLA + "LeaderInIsr"},
	{ID: ElectionClean, Sentence: "Unless unclean elections are allowed, a new leader is one of the last in-sync replicas.", Source: sourceManual + "unclean.leader.election.enable"},
	{ID: ElectionAsked, Sentence: "Who asks for an election is told that it is done, or not needed, when the preferred replica leads, or any if that was asked for; and that it cannot be when the preferred replica is dead or not in sync.", Source: sourceKIP + "460"},
	{ID: LeaderExpands, Sentence: "Only its leader takes a replica into the in-sync replicas of a partition; an election leaves them as they are, or fewer.", Source: sourceTLA + "ControllerElectLeader"},
	{ID: JoinerCaughtUp, Sentence: "A leader takes in only who has fetched, in its reign, up to the high watermark and to where the reign began.", Source: "KAFKA-7128"},
	{ID: JoinerLives, Sentence: "A leader takes in only whose broker is alive, as far as it was told.", Source: "KIP-497, KIP-841"},
	{ID: LaggardsLeave, Sentence: "A leader puts out of the in-sync replicas who has been behind for replica.lag.time.max.ms, and nobody else.", Source: sourceManual + "replica.lag.time.max.ms"},
	{ID: LeaderCompleteness, Sentence: "A leader that was elected among the in-sync replicas holds every committed record.", Source: sourceVan + "LeaderCompleteness"},
	{ID: StateCAS, Sentence: "What a leader or the controller takes for the state of a partition in a version is what that version says.", Source: "KAFKA-1382, KAFKA-2729"},
	{ID: ControllerFenced, Sentence: "A controller that has been replaced changes no partition.", Source: "KAFKA-6082"},
	{ID: ControllerObeyed, Sentence: "A broker that has heard of a controller obeys no earlier one, no order meant for an earlier life of it, and none that its controller has sent before one that it has obeyed.", Source: sourceKIP + "380"},
	{ID: ReplicaFenced, Sentence: "A replica does not go back to an earlier leader epoch, nor is it stopped by the word of one.", Source: "KAFKA-1188"},
	{ID: ProducerFenced, Sentence: "After a batch of a producer's epoch, none of an earlier epoch is committed.", Source: sourceKIP + "98"},
	{ID: LogMatching, Sentence: "Below their high watermarks, all replicas of a partition hold the same records.", Source: sourceVan + "LogMatching"},
	{ID: EpochNoted, Sentence: "A leader notes where its epoch begins before it leads, and tells followers the ends of epochs as its log has them.", Source: "KAFKA-7415"},
	{ID: LogStart, Sentence: "A log begins at or below its high watermark, never earlier than before, and no later than where somebody deleted what was before.", Source: "KAFKA-5634"},
	{ID: StartKept, Sentence: "A broker notes on its disk where its logs begin, when it stops in order and every log.flush.start.offset.checkpoint.interval.ms, and no log of it begins earlier after that.", Source: sourceManual + "log.flush.start.offset.checkpoint.interval.ms"},
	{ID: DeletionTold, Sentence: "A leader tells a client that records are deleted when the logs of all replicas begin behind them that it takes for alive, and tells of no low watermark that one of these has not reached.", Source: sourceKIP + "107"},
	{ID: CompactedBelow, Sentence: "A log is compacted only below its high watermark.", Source: "KAFKA-13194"},
	{ID: CompactedAlike, Sentence: "Where two replicas have been compacted, both have the same last record of each key, except that one may have let a tombstone go.", Source: sourceManual + "log compaction"},
	{ID: CompactionLeaves, Sentence: "A compaction adds no record, and leaves the last one of each key, or, if that is a tombstone whose time is over, none of the key.", Source: sourceManual + "log compaction"},
	{ID: TombstoneStays, Sentence: "A compaction takes a tombstone when delete.retention.ms have passed since the first one that kept it, and not before.", Source: sourceKIP + "534"},
	{ID: CompactionWaits, Sentence: "A record that no compaction has kept is safe from compaction for min.compaction.lag.ms.", Source: sourceManual + "min.compaction.lag.ms"},
	{ID: RetentionAllowed, Sentence: "Records are deleted for their age or number only where cleanup.policy has said so.", Source: sourceManual + "cleanup.policy"},
	{ID: RetentionLeaves, Sentence: "What is deleted because a log is too long leaves retention.bytes of it.", Source: sourceManual + "retention.bytes"},
	{ID: ProducerIDsApart, Sentence: "A block of producer IDs that a broker takes begins behind all that were taken.", Source: sourceKIP + "98"},
	{ID: SequenceTaken, Sentence: "A leader refuses for its sequence number neither the next batch of a producer nor one of the latest five that it has.", Source: sourceKIP + "98"},
	{ID: SequenceWhole, Sentence: "The batches that an idempotent producer has in a partition have the sequence numbers 0, 1, 2 and so on, without a gap or a repetition.", Source: sourceKIP + "98"},
	{ID: ProducersKnown, Sentence: "A replica that opens its log, cuts it or begins to lead knows of each idempotent producer the latest batches that are in the log, and none that is not.", Source: sourceKIP + "98"},
	{ID: AskedIsDone, Sentence: "When a cluster has come to rest, no reassignment, election or deletion of a topic that somebody asked for is left undone.", Source: sourceKIP + "455"},
	{ID: MetadataTold, Sentence: "What a broker tells clients of a partition its state znode has said in one of its versions; when a cluster has come to rest, all brokers tell what the znodes say, and who is registered.", Source: sourceManual + "UpdateMetadata"},
	{ID: ConfigFollowed, Sentence: "When a cluster has come to rest, every broker goes by what the znodes say of all brokers, of itself and of its topics.", Source: sourceKIP + "226"},
	{ID: ConfigInForce, Sentence: "A broker takes records, stores them, begins segments, deletes and compacts what is old and counts the in-sync replicas by the configuration that it has taken last.", Source: sourceKIP + "226"},
	{ID: TopicIdentity, Sentence: "A topic that is created under the name of a deleted one begins empty, with an ID that no topic had.", Source: sourceKIP + "516"},
	{ID: DeletedEverywhere, Sentence: "A topic is gone from the coordinators only when all brokers that have replicas of it have deleted them.", Source: sourceManual + "delete.topic.enable"},
}

// sentences has the sentence of each guarantee.
var sentences = func() map[string]string {
	m := map[string]string{}
	for _, g := range Guarantees {
		m[g.ID] = g.Sentence
	}
	return m
}()
