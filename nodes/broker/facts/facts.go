// Package facts is the vocabulary in which a broker says what it did: the event kinds
// it passes to node.Env.Observe. Live checkers hold the invariants of replication
// against these facts, faults can strike at them, and their counts are the coverage
// marks of a run.
//
// A fact is stated at the moment it becomes true for the broker that states it, before
// the message that tells others leaves. The Text of a fact about a partition is its
// name, "orders-0"; a set of brokers is a bit set, in which broker n has bit n.
package facts

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// firstCode keeps the codes of brokers apart from those of coordinators.
const firstCode = 0x400

func kind(code uint64, path bool, name, doc string, fields ...string) *node.EventKind {
	k := &node.EventKind{System: "kafka", Name: name, Code: firstCode + code, Doc: doc, Path: path}
	copy(k.Fields[:], fields)
	All = append(All, k)
	return k
}

// All lists every kind of this package, in declaration order.
var All []*node.EventKind

// Set is the bit set of some brokers.
func Set(brokers []int32) int64 {
	var set int64
	for _, id := range brokers {
		set |= 1 << id
	}
	return set
}

// Members lists the brokers of a bit set, ascending.
func Members(set int64) []int32 {
	var all []int32
	for rest := uint64(set); rest != 0; rest &= rest - 1 {
		all = append(all, int32(bits.TrailingZeros64(rest)))
	}
	return all
}

// TopicID tells which of the topics that had a name in turn something belongs to.
type TopicID [16]byte

// Opened is the body of [ReplicaOpened]: what recovery made of the log. A crash may have
// taken its end, and may as well have brought back what was cut off or appended without
// that anybody was told, so nobody can say but who has read it.
type Opened struct {
	// Topic is the ID of the topic, zero if the disk does not say.
	Topic TopicID
	// Batches are all from the start of the log on, ascending.
	Batches []Batch
	// Producers are what recovery made of those with an ID.
	Producers ProducersKnown
}

// String is for traces, which need not repeat whole logs.
func (o *Opened) String() string {
	return fmt.Sprintf("batches=%d topic=%x", len(o.Batches), o.Topic[:4])
}

// Batch is a batch in a log: its offsets, leader epoch, checksum and producer, which is
// nil without one.
type Batch struct {
	First, Last, Epoch, Checksum int64
	Producer                     *Producer
}

// Producer is an idempotent producer of a batch.
type Producer struct {
	ID    int64
	Epoch int16
	// FirstSequence and Records say which of the producer's records they are.
	FirstSequence, Records int32
}

// ProducersKnown is what a broker knows of the idempotent producers of a log, by which it
// tells what it has appended before; the body of [Truncated], and part of others.
type ProducersKnown []ProducerKnown

// ProducerKnown is one of them: its epoch, where its latest batch in the log ends, the last
// sequence number of that, and how many of its batches would be recognised.
type ProducerKnown struct {
	ID           int64
	Epoch        int16
	LastSequence int32
	LastOffset   int64
	Batches      int
}

// String is for traces, which need not repeat them all.
func (k ProducersKnown) String() string { return fmt.Sprintf("producers=%d", len(k)) }

// Sent is the body of [LeaderAppended]: which acknowledgements the producer wants, and who it
// is if it is idempotent.
type Sent struct {
	Acks     int16
	Producer *Producer
	// Bytes and Codec are those of the batch as it is stored, Was is the codec in which it
	// was sent.
	Bytes      int
	Was, Codec string
}

// String is for traces.
func (s *Sent) String() string {
	if s.Producer == nil {
		return fmt.Sprintf("acks=%d", s.Acks)
	}
	return fmt.Sprintf("acks=%d %v", s.Acks, *s.Producer)
}

// Life of a broker.
var (
	Registered       = kind(1, true, "registered", "the broker's ephemeral znode exists; brokerEpoch is its czxid", "broker", "zxid")
	SessionLost      = kind(2, true, "session-lost", "the coordinator said that the broker's session is over", "broker")
	Disconnected     = kind(140, true, "session-disconnected", "the connection broke that the broker had to a coordinator; its session goes on elsewhere, if it goes on", "broker")
	LogsClosed       = kind(160, true, "logs-closed", "all logs are closed, and the disk has them and what is noted of them; a marker will tell the next start that this was a clean stop")
	LogsFound        = kind(161, true, "logs-found", "the broker will open what logs the disk has; believed is 1 if there was the marker of a clean stop, after which they need not be looked through", "believed")
	ShutdownComplete = kind(3, true, "shut-down", "the controller moved all leaders away before the broker stopped", "broker")
)

// The log of a replica. Offsets are of records; end is one beyond the last.
var (
	ReplicaOpened    = kind(5, true, "replica-opened", "the replica exists with this log; the body is *Opened", "start", "end", "highWatermark")
	LeaderAppended   = kind(6, true, "leader-appended", "a batch that a client sent was appended; the body is what it *Sent", "first", "last", "leaderEpoch", "checksum")
	FollowerAppended = kind(7, true, "follower-appended", "a batch that a leader sent was appended; the body may be a *Producer", "first", "last", "leaderEpoch", "checksum")
	Truncated        = kind(8, true, "truncated", "the log was cut: it ends at to, having ended at from; the body is the ProducersKnown that are left", "to", "from", "highWatermark", "path")
	StartedOver      = kind(9, true, "started-over", "the log was thrown away whole and begins at start, where the leader's does", "start", "from", "", "path")
	EpochStarted     = kind(10, true, "epoch-started", "the leader epoch was noted to begin at this offset", "leaderEpoch", "start")
	SegmentRolled    = kind(11, true, "segment-rolled", "a new segment begins at this offset, as one of RollReasons says; with what was to come, the last would have had so many bytes and have been so old, in milliseconds", "start", "bytes", "age", "why")
	RollWaits        = kind(142, true, "roll-waits", "a new segment should begin at this offset, and cannot as long as the disk may have no name for the first one", "end")
	StartAdvanced    = kind(12, true, "start-advanced", "the log begins later than before; left is how many bytes there were behind the last segment that went only because the log was too long, -1 if none did; the body may be an Age", "start", "highWatermark", "left", "reason")
	Compacting       = kind(46, true, "compacting", "from now on what later records of the same key supersede may be gone below this offset", "upTo")
	Compacted        = kind(13, true, "compacted", "what later records of the same key supersede was removed below this offset; the body is a *Compaction", "upTo", "removed")
	TailTorn         = kind(14, true, "tail-torn", "recovery cut the log at the first batch that could not be read", "end", "lostBytes")
	ReplicaDeleted   = kind(15, true, "replica-deleted", "the replica and its log are gone", "")
	ReplicaStopped   = kind(144, true, "replica-stopped", "takes the order of a controller that the replica is to stop, and maybe to go, if it is there; leaderEpoch is below 0 if that does not say", "controllerEpoch", "zxid", "leaderEpoch")
	StartsNoted      = kind(145, true, "starts-noted", "it is on the disk where logs begin; the body are its Starts", "")
	CleanedWritten   = kind(17, true, "cleaned-written", "compaction has written the segment that begins here anew, under a name that means nothing", "start")
	SwapNamed        = kind(18, true, "swap-named", "the segment that compaction wrote is durable, and has the name that makes it count", "start")
	SwapInstalled    = kind(19, true, "swap-installed", "the segment that compaction wrote took the place of the one that begins here", "start")
	CleanSlate       = kind(132, true, "clean-slate", "nothing on the disk speaks of the log any more that the directory of this one had before", "")
	DoomedFound      = kind(156, true, "doomed-found", "removed what a crash had left of a log that was to be deleted, or that was not begun", "")
	LeftoverFound    = kind(131, true, "leftover-found", "a log was opened with the files of something that a crash had cut short", "files", "", "", "what")
	DirectoryOffline = kind(130, true, "directory-offline", "the disk did not take a file that is about all logs, or about whose log it is; the broker gives up", "")
	LogOffline       = kind(16, false, "log-offline", "the disk failed, and the replica takes nothing more", "end")
)

// RollReasons are why a segment begins, by the last number of [SegmentRolled]: there was to
// be one, the last would have become too long or too old, or its offsets or its index too
// much.
var RollReasons = []string{"asked", "long", "old", "index"}

// The numbers of [RollReasons].
const (
	RollAsked = iota
	RollLong
	RollOld
	RollIndex
)

// StartReasons are the cases of [StartAdvanced].
var StartReasons = []string{"retention-time", "retention-size", "delete-records", "leader"}

// Age is the body of [StartAdvanced] where that is for the age of records or the length of a
// log: how old, in milliseconds, the youngest segment was that went for its age, -1 if none
// did.
type Age int64

// String is for traces.
func (a Age) String() string { return fmt.Sprintf("age=%d", int64(a)) }

// TruncationPaths are the cases of [Truncated], by how the follower knew where to cut: both
// have the epoch in which the logs part, and agree up to the earlier of its ends (KIP-101,
// told in the answer to a fetch by KIP-595); the follower has epochs that the leader has
// not, and gives them up (KIP-279); its log is longer than the leader's, whose epochs say
// nothing of it.
var TruncationPaths = []string{"shared-epoch", "foreign-epochs", "beyond-leader"}

// The numbers of [TruncationPaths].
const (
	CutSharedEpoch = iota
	CutForeignEpochs
	CutBeyondLeader
)

// RestartPaths are the cases of [StartedOver]: the log ended before the leader's begins;
// or it was empty, and the first batch that came begins before it, as batches come whole.
var RestartPaths = []string{"ended-before-leader", "begins-in-batch"}

// The numbers of [RestartPaths].
const (
	EndedBeforeLeader = iota
	BeginsInBatch
)

// Leftovers are the cases of [LeftoverFound]: a segment that compaction had not finished,
// one that it had finished and not put into place, and a part of one that was deleted.
var Leftovers = []string{"cleaned", "swap", "deleted"}

// Starts is the body of [StartsNoted], in the order of their partitions.
type Starts []Start

// Start is where the log of a partition begins.
type Start struct {
	Partition string
	Offset    int64
}

// String is for traces.
func (s Starts) String() string {
	words := make([]string, len(s))
	for i, of := range s {
		words[i] = fmt.Sprintf("%s=%d", of.Partition, of.Offset)
	}
	return strings.Join(words, " ")
}

// Compaction is the body of [Compacted]: the records below the offset before and after, as
// the files have them, and the clock of the broker, in milliseconds, when it began.
type Compaction struct {
	Now, From     int64
	Before, After []Keyed
}

// String is for traces.
func (c *Compaction) String() string {
	return fmt.Sprintf("now=%d records=%d left=%d", c.Now, len(c.Before), len(c.After))
}

// Keyed is a record of which only the key is of interest: whether it has one, whether it
// deletes it, and when it may be gone then, -1 if that is not known yet. Sum tells two values
// apart.
type Keyed struct {
	Offset, Horizon    int64
	Time               int64
	Key                string
	Keyless, Tombstone bool
	Sum                uint32
}

// Replication.
var (
	BecameLeader     = kind(20, true, "became-leader", "the replica leads in this epoch, from this log end; the body is its *Reign", "leaderEpoch", "version", "end", "highWatermark")
	BecameFollower   = kind(21, true, "became-follower", "the replica follows in this epoch", "leaderEpoch", "leader", "end", "highWatermark")
	HighWatermark    = kind(22, true, "high-watermark", "leader: all records below it are committed; set is the in-sync replicas counted", "highWatermark", "leaderEpoch", "set", "end")
	FollowedMark     = kind(23, true, "followed-high-watermark", "follower: took this high watermark from its leader", "highWatermark", "leaderEpoch")
	FollowerFetched  = kind(24, false, "follower-fetched", "leader: a follower asked for what follows its log end", "replica", "end", "leaderEpoch", "via")
	Diverged         = kind(25, true, "diverged", "leader: told a follower where their logs part", "replica", "epoch", "end")
	IsrProposed      = kind(26, true, "isr-proposed", "leader: is about to write these in-sync replicas", "set", "version", "leaderEpoch", "change")
	IsrCommitted     = kind(27, true, "isr-committed", "leader: knows that the state znode has these in-sync replicas, in this version", "set", "version", "leaderEpoch", "change")
	IsrRefused       = kind(28, true, "isr-refused", "leader: somebody else wrote the state znode since", "set", "version", "leaderEpoch")
	IsrAdopted       = kind(29, true, "isr-adopted", "leader: found that its write whose reply was lost had happened", "set", "version", "leaderEpoch")
	EpochFenced      = kind(30, true, "leader-epoch-fenced", "leader: refused a request of an older leader epoch", "leaderEpoch", "asked")
	EpochUnknown     = kind(31, true, "leader-epoch-unknown", "replica: refused a request of a leader epoch that it has not heard of", "leaderEpoch", "asked")
	ControllerStale  = kind(32, true, "controller-fenced", "refused a request of a controller that has been replaced", "controllerEpoch", "asked")
	BrokerEpochStale = kind(33, true, "broker-epoch-fenced", "refused a request that was meant for an earlier life of the broker", "zxid", "asked")
	Acknowledged     = kind(34, true, "acknowledged", "told a client that its records, the last of them here, are written as it asked", "last", "acks", "leaderEpoch")
	MinIsrRefused    = kind(35, true, "min-isr-refused", "refused records, there being fewer in-sync replicas than min.insync.replicas", "set", "min")
	TooLong          = kind(134, false, "batch-too-long", "refused a batch for its length, which is more than max.message.bytes; sent tells in which codec", "bytes", "", "", "sent")
	MinIsrAfter      = kind(36, true, "min-isr-after-append", "could not promise records that were appended: the in-sync replicas became too few", "last", "set")
	ProduceTimedOut  = kind(37, true, "produce-timed-out", "gave up waiting for the high watermark to pass records", "last", "highWatermark")
	OffsetUnready    = kind(38, true, "offset-not-available", "did not tell the end of the log, the high watermark being behind the start of the epoch", "highWatermark", "epochStart")
	EndOffsetTold    = kind(43, false, "end-offset-told", "told where that ends which consumers may read", "highWatermark", "leaderEpoch")
	DeletionTold     = kind(141, false, "deletion-told", "leader: told a client who wanted its records gone below asked, -1 for all that are committed, which are those below upTo, that all live replicas begin at low or later", "low", "asked", "leaderEpoch", "upTo")
	OffsetSought     = kind(45, false, "offset-sought", "told the first record below end, -1 for none, with a timestamp of asked or later; the body is Times", "asked", "told", "end")
	ControllerObeyed = kind(44, false, "controller-obeyed", "takes an order of a controller that was meant for the broker registered so, -1 if it does not say, and which of those that it sent", "controllerEpoch", "zxid", "number")
	OrderLate        = kind(155, false, "order-late", "refused an order behind which its controller has sent another", "number", "asked", "controllerEpoch")
)

// Times is the body of [OffsetSought]: the records of the log, found without an index.
type Times []Timed

// Timed is the timestamp of a record.
type Timed struct{ Offset, Timestamp int64 }

// String is for traces.
func (t Times) String() string { return fmt.Sprintf("records=%d", len(t)) }

// Configuration.
var (
	ConfigTaken = kind(129, true, "config-taken", "goes by this configuration of the entity in the text from now on; the body is its Settings", "keys")
)

// Settings is the body of [ConfigTaken]: what is said, by key.
type Settings map[string]string

// String is for traces.
func (s Settings) String() string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(s)) {
		words = append(words, key+"="+s[key])
	}
	return strings.Join(words, " ")
}

// IsrChanges are the cases of [IsrProposed] and [IsrCommitted].
var IsrChanges = []string{"shrink", "expand"}

func init() {
	StartAdvanced.Cases, LeftoverFound.Cases = StartReasons, Leftovers
	IsrProposed.Cases, IsrCommitted.Cases = IsrChanges, IsrChanges
	Truncated.Cases, StartedOver.Cases = TruncationPaths, RestartPaths
}

// Reign is the body of [BecameLeader].
type Reign struct {
	// Topic is the ID of the topic.
	Topic TopicID
	// Isr are the in-sync replicas that the controller named, as a bit set.
	Isr int64
	// ControllerEpoch is that of the controller that said so.
	ControllerEpoch int32
	// Producers are those that the leader goes on with.
	Producers ProducersKnown
}

// Fetches in sessions (KIP-227), and of consumers that read from whom is near (KIP-392).
var (
	FetchSessionBegun   = kind(4, true, "fetch-session-begun", "somebody who fetches from so many partitions, a follower or not, was given a session", "parts", "follower")
	FetchSessionEnded   = kind(39, true, "fetch-session-ended", "a session for so many partitions is over, though they are wanted", "parts", "", "", "how")
	FetchSessionRefused = kind(47, true, "fetch-session-refused", "a fetch cannot go on in a session: there is none, -1, or its next request is another", "asked", "expected")
	PreferredNamed      = kind(48, true, "preferred-named", "leader: sent a consumer that reads from this offset to a replica that is nearer", "replica", "offset", "leaderEpoch")
	ConsumerServed      = kind(49, false, "consumer-served", "gave a consumer the records from first on, all of them below end; the leader in this epoch or not", "first", "end", "leaderEpoch", "leads")
)

// FetchSessionEnds are the cases of [FetchSessionEnded]: another took its place, or who
// had it began anew.
var FetchSessionEnds = []string{"evicted", "replaced"}

func init() { FetchSessionEnded.Cases = FetchSessionEnds }

// Recoded: what was sent in one codec is stored in another, as compression.type wants.
var Recoded = kind(133, true, "batch-recoded", "leader: stored a batch in another codec than that in which it was sent", "first", "sent", "stored")

// Producers with an ID.
var (
	DuplicateBatch  = kind(40, true, "duplicate-batch", "a batch was appended before and is answered with its offset", "first", "sequence")
	OutOfSequence   = kind(41, true, "out-of-sequence", "a batch is not the next of its producer, the body", "sequence", "expected")
	ProducerEpochUp = kind(42, true, "producer-epoch-raised", "a producer began a new epoch", "producer", "epoch")
)
