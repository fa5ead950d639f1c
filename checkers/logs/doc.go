// Package logs judges what clients of brokers saw: records sent, offsets answered,
// records polled. It knows no broker and no fact but those that explain a loss, so a
// history of a real cluster can be judged as well.
//
// # Versions of a partition
//
// The final reads say what each partition came to: which record is at which offset.
// Every record that was read before must be there, and every one that was acknowledged
// by all in-sync replicas; both at the offset that was told. So the checks need no
// search: each is one pass over the history.
//
// Reads are not linearizable in Kafka. A leader that was deposed and does not know it
// answers fetches and questions for the end of the log, from a prefix of what is
// committed. Reads are therefore held to prefixes: what they bring is right, and in
// order, and may be old.
//
// # What may be lost
//
// A history names the elections of replicas that were not in sync, the last in-sync
// replicas that lost their tail, and what was deleted by age, size, request or
// compaction ([history.LogEvent]). A loss that one of these explains is counted and
// blames nobody. A record that only its leader acknowledged (acks=1) may go with its
// leader; one that nobody acknowledged (acks=0) may never have been there.
//
// # Groups
//
// Who assigns partitions himself is held to reading on from poll to poll. A member of a
// group is so from the time that it is given a partition to the time that it is given it
// again: in between others may have read on, and committed less than was read. A history
// says where members were given what ([history.Given]), so that poll-skip and
// nonmonotonic-poll, which Jepsen allows whoever subscribes, are allowed at these places
// only. Other histories say that positions changed ([history.LogOp.Moved]), and nothing of
// such a poll is held against earlier ones.
//
// A coordinator that was deposed and does not know it goes on telling the offsets that it
// knew. What was acknowledged by another may therefore be told as less; what one has
// acknowledged itself, it tells. When all has settled, everybody does.
//
// # What compaction may take
//
// A record may be missing below an offset that compaction has reached, if the history knows
// of one further back with its key, or of a tombstone that nobody saw. That one must be
// there, or gone for the same reason; so a chain of records that are missing ends with one
// that is there, or with a tombstone, or breaks the guarantee. A reader who is slow sees
// the log of different times, and of different replicas, each of which compacts by itself:
// it may see an old record of a key and, if its tombstone's time is over meanwhile, no
// later one. So what is asked of a read is only that each record it lacks may be lacking.
//
// The anomalies have the names of Jepsen's Kafka workload (jepsen.tests.kafka).
package logs

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the guarantees.
const (
	LostWrite           = "lost-write"
	InconsistentOffsets = "inconsistent-offsets"
	Duplicate           = "duplicate"
	AbortedRead         = "aborted-read"
	UnsentRead          = "unsent-read"
	ReadStays           = "read-stays"
	PollOrder           = "nonmonotonic-poll"
	PollSkip            = "poll-skip"
	SendOrder           = "nonmonotonic-send"
	ProducerOrder       = "producer-order"
	LimitKept           = "message-limit-kept"
	GroupDelivery       = "group-delivery"
	GroupStart          = "group-start"
	GroupExclusive      = "group-exclusive"
	GenerationFenced    = "generation-fenced"
	CommittedKept       = "committed-kept"
	CommittedBySome     = "committed-by-some"
	CompactionKeeps     = "compaction-keeps-last"
	TombstoneShown      = "tombstone-shown"
	RetentionAge        = "retention-by-age"
	OffsetByTime        = "offset-by-time"
)

const (
	source           = "jepsen.tests.kafka: "
	sourceCompaction = "Kafka documentation: log compaction"
)

// Guarantees lists what this package checks.
var Guarantees = []guarantee.Guarantee{
	{ID: LostWrite, Sentence: "A record that all in-sync replicas acknowledged is read at its offset as long as the log reaches back to it.", Source: source + "lost-write"},
	{ID: InconsistentOffsets, Sentence: "An offset of a partition has one record, whoever reads it and whoever was told it.", Source: source + "inconsistent-offsets"},
	{ID: Duplicate, Sentence: "A record that was sent once, or by an idempotent producer, is in a partition once.", Source: source + "duplicate"},
	{ID: AbortedRead, Sentence: "A record whose sender knows that it was not written is read by nobody.", Source: source + "G1a"},
	{ID: UnsentRead, Sentence: "A record that is read was sent to that partition before.", Source: "Kafka documentation: message delivery semantics"},
	{ID: ReadStays, Sentence: "A record that was read is read again at its offset as long as the log reaches back to it.", Source: "Vanlightly: kafka-tlaplus, ConsistentRead"},
	{ID: PollOrder, Sentence: "A reader gets the records of a partition in the order of their offsets, none of them again.", Source: source + "nonmonotonic-poll"},
	{ID: PollSkip, Sentence: "A reader that reads on misses no record of a partition.", Source: source + "poll-skip"},
	{ID: SendOrder, Sentence: "A record that was sent after another was acknowledged has a higher offset in the same partition.", Source: source + "nonmonotonic-send"},
	{ID: ProducerOrder, Sentence: "The records of one idempotent producer stand in a partition in the order in which they were sent, and those of any other, too, that one broker acknowledged to it at the first attempt.",
		Source: "Kafka documentation: enable.idempotence, max.in.flight.requests.per.connection", Not: "how records stand where something was lost, deleted or compacted, which may take what brokers know of producers"},
	{ID: LimitKept, Sentence: "When all has come to rest, a record is refused that is longer than its topic is said to allow.", Source: "Kafka documentation: max.message.bytes; Kafka Improvement Proposal 226"},
	{ID: GroupDelivery, Sentence: "A record below the offset that a group has committed in the end was given to one of its members.", Source: source + "unseen; Kafka documentation: at least once"},
	{ID: GroupStart, Sentence: "Who is given a partition by a group, or takes it up where a group is, misses no record from the offset on that the group is said to have committed.", Source: "Kafka documentation: consumer position and committed offset"},
	{ID: GroupExclusive, Sentence: "In one generation of a group, one member reads a partition.", Source: "Kafka documentation: consumer groups"},
	{ID: GenerationFenced, Sentence: "Once a generation of a group has committed, no offset of an older one is taken.", Source: "Kafka protocol: ILLEGAL_GENERATION"},
	{ID: CommittedKept, Sentence: "An offset that was acknowledged as committed is told by who acknowledged it, and by everybody in the end, or a later one.", Source: "Kafka documentation: offset commit and fetch"},
	{ID: CommittedBySome, Sentence: "An offset that is told as committed was committed before.", Source: "Kafka documentation: offset commit and fetch"},
	{ID: CompactionKeeps, Sentence: "Compaction takes a record only if a later one has its key, or if it deletes its key and has been shown for long enough.", Source: sourceCompaction},
	{ID: TombstoneShown, Sentence: "Who reads within delete.retention.ms of a delete learns of it, or of what came after it.", Source: sourceCompaction + "; KIP-534"},
	{ID: RetentionAge, Sentence: "A record is deleted for its age only when it is older than retention.ms.", Source: "Kafka documentation: retention.ms"},
	{ID: OffsetByTime, Sentence: "The offset that is told for a time is that of the first record of the log that was made then or later.", Source: "Kafka protocol: ListOffsets"},
}
