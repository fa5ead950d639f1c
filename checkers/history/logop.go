package history

import (
	"fmt"
	"strings"
	"time"
)

// Functions of broker workloads. Send and Poll read as those of Jepsen's Kafka
// workload. Path is a partition, "orders-0", or a topic, "orders".
const (
	// Send appends a record to a partition, or to the one that its key chooses.
	Send F = "send"
	// Poll takes what has come on the partitions that the client reads.
	Poll F = "poll"
	// Scan reads a partition from its beginning to its end, as somebody who was never
	// there before.
	Scan F = "scan"
	// Assign makes the client read the partitions of Path, a list with commas, from
	// From on; Subscribe makes it a member of a group that shares out the topics of
	// Path.
	Assign    F = "assign"
	Subscribe F = "subscribe"
	// Unsubscribe ends the membership.
	Unsubscribe F = "unsubscribe"
	// Commit saves the client's position on every partition that it reads, Committed
	// reads what was saved of a partition.
	Commit    F = "commit"
	Committed F = "committed"
	// EndOffset asks for the end of a partition.
	EndOffset F = "end-offset"
	// FindOffset asks for the first record that was made at a time or later: as long before
	// the operation as Args say, back=200 in milliseconds.
	FindOffset F = "find-offset"
	// What administrators do.
	CreateTopic   F = "create-topic"
	DeleteTopic   F = "delete-topic"
	AddPartitions F = "add-partitions"
	Reassign      F = "reassign"
	Elect         F = "elect"
	SetConfig     F = "set-config"
	DeleteRecords F = "delete-records"
	DeleteOffsets F = "delete-offsets"
	DeleteGroup   F = "delete-group"
	// SetBroker changes the dynamic configuration of a broker, Path being its number, or of
	// all that say nothing else, "all". Describe and DescribeBroker read what is said of a
	// topic and of brokers.
	SetBroker      F = "set-broker"
	Describe       F = "describe"
	DescribeBroker F = "describe-broker"
	// TooLarge sends a record that is longer than the topic says it may be.
	TooLarge F = "send-too-large"
)

// TooLargePrefix is how the value begins that a [TooLarge] sends: the rest is noise.
func TooLargePrefix(op int) string { return fmt.Sprintf("too-large %d ", op) }

// Unknown is an offset that nobody told.
const Unknown int64 = -1

// LogOp is what an operation on brokers has besides.
type LogOp struct {
	// Key is the key of a record that is sent; Keyless if it has none.
	Key     string `json:"key,omitempty"`
	Keyless bool   `json:"keyless,omitempty"`
	// Tombstone: the record that is sent has a key and no value. Its value here is that of
	// a header.
	Tombstone bool `json:"tombstone,omitempty"`
	// Acks is how a send is to be acknowledged: 0, 1, or -1 for all in-sync replicas.
	Acks int16 `json:"acks,omitempty"`
	// From is where an assign begins: beginning, end or committed.
	From string `json:"from,omitempty"`
	// Group is the consumer group, Znodes that its offsets are kept in the
	// coordinator's tree.
	Group  string `json:"group,omitempty"`
	Znodes bool   `json:"znodes,omitempty"`
	// Args are those of an administrator's operation, as the plan has them.
	Args string `json:"args,omitempty"`

	// As is under whose name and from which address the client asks, "User:c1@10.0.0.7",
	// "" if nobody asks for names here. Super: nothing is refused it.
	As    string `json:"as,omitempty"`
	Super bool   `json:"super,omitempty"`
	// Names are those of topics, or entries of a resource, that were listed.
	Names []string `json:"names,omitempty"`

	// Broker is who answered, 0 for nobody; Err what it answered, 0 for no error.
	Broker int32 `json:"broker,omitempty"`
	Err    int16 `json:"kafkaErr,omitempty"`
	// Partition is the one a send went to, "orders-0"; Offset where its record is, or
	// what an end-offset, a commit or a committed is about. Epoch is the leader epoch
	// that was answered.
	Partition string `json:"partition,omitempty"`
	Offset    int64  `json:"offset"`
	Epoch     int32  `json:"epoch,omitempty"`
	// Producer, ProducerEpoch and Sequence are those of a send by an idempotent
	// producer; Producer is 0 for others.
	Producer      int64 `json:"producer,omitempty"`
	ProducerEpoch int16 `json:"producerEpoch,omitempty"`
	Sequence      int32 `json:"sequence,omitempty"`
	// Attempts is how often a send went out, or a commit that may have been performed.
	Attempts int `json:"attempts,omitempty"`
	// Records are those that a poll brought, in order; Positions, by partition, from
	// where the client reads on after it, or what a commit saved.
	Records   []Record   `json:"records,omitempty"`
	Positions []Position `json:"positions,omitempty"`
	// Jumps are the positions that changed before these records otherwise than by
	// reading on.
	Jumps []Jump `json:"jumps,omitempty"`
	// Generation and Member are those of a group's member, Instance the name of a static
	// one; Moved says that the group shared out its partitions anew since the client's last
	// operation, and nobody knows how.
	Generation int32  `json:"generation,omitempty"`
	Member     string `json:"member,omitempty"`
	Instance   string `json:"instance,omitempty"`
	Moved      bool   `json:"moved,omitempty"`
	// Says are the keys that are said of what a describe is about, as key=value, sorted.
	Says []string `json:"says,omitempty"`
}

// Record is a record that a client was given.
type Record struct {
	Partition string `json:"partition"`
	Offset    int64  `json:"offset"`
	Key       string `json:"key,omitempty"`
	Value     string `json:"value"`
	// Tombstone: it has a key and no value. Value is what a header says then, so that one
	// is told from another.
	Tombstone bool `json:"tombstone,omitempty"`
}

// Position is an offset of a partition.
type Position struct {
	Partition string `json:"partition"`
	Offset    int64  `json:"offset"`
}

// Jump is a position that changed otherwise than by reading on. From is Unknown if
// there was none before; Why is begin, out-of-range, truncated or [Given].
type Jump struct {
	Partition string `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
	Why       string `json:"why"`
}

// Given is why a member's position jumped that was given a partition, by its group: To
// what the group has committed, Unknown if nothing.
const Given = "given"

// LogEventKind says what happened to a partition that readers must reckon with.
type LogEventKind string

// The kinds of LogEvent.
const (
	// UncleanElection: a replica that was not in sync became the leader. Offset is
	// the end of its log: what was acknowledged from there on may be lost.
	UncleanElection LogEventKind = "unclean-election"
	// LastReplicaLost: the only in-sync replica came back from a crash with a shorter
	// log, which ends at Offset (KIP-966).
	LastReplicaLost LogEventKind = "last-replica-lost"
	// LedInVain: a replica that lost what was acknowledged from Offset on, as above, was
	// deposed before it began to lead. Nothing is lost by that; but until it hears of it, its
	// Broker tells what it knows.
	LedInVain LogEventKind = "led-in-vain"
	// StartMoved: records below Offset were deleted, by age, size or on request.
	StartMoved LogEventKind = "start-moved"
	// CompactedTo: below Offset, only the last record of each key is sure to be left.
	CompactedTo LogEventKind = "compacted"
	// TopicDeleted: the topic, and everything in it, was deleted.
	TopicDeleted LogEventKind = "topic-deleted"
	// OffsetForgotten: what Group had committed of the partition, Offset, was deleted: by
	// age, with its topic, or on request.
	OffsetForgotten LogEventKind = "offset-forgotten"
	// GroupForgotten: nothing is left of Group, which may begin anew. It has no Partition.
	GroupForgotten LogEventKind = "group-forgotten"
)

// LogEvent is something that explains a loss.
type LogEvent struct {
	At        time.Duration `json:"at"`
	Kind      LogEventKind  `json:"kind"`
	Partition string        `json:"partition"`
	Offset    int64         `json:"offset"`
	Group     string        `json:"group,omitempty"`
	// Why is why the start moved, "" if nobody says.
	Why string `json:"why,omitempty"`
	// Broker is who leads in vain.
	Broker int32 `json:"broker,omitempty"`
}

// ByAge is why the start of a log moved if what was before it had got too old.
const ByAge = "retention-time"

// partitionLine is a LogEvent as a line of JSON.
type partitionLine struct {
	Type string `json:"type"`
	LogEvent
}

// Partition writes what happened to a partition.
func (e *Encoder) Partition(l *LogEvent) error { return e.write(partitionLine{"partition", *l}) }

// onLogs reports whether a function is one of broker workloads.
func (f F) onLogs() bool {
	switch f {
	case Send, Poll, Scan, Assign, Subscribe, Unsubscribe, Commit, Committed, EndOffset, FindOffset,
		CreateTopic, DeleteTopic, AddPartitions, Reassign, Elect, SetConfig, DeleteRecords, DeleteOffsets, DeleteGroup,
		Grant, Revoke, Entries, ListTopics, SetBroker, Describe, DescribeBroker, TooLarge, SetQuota,
		ListGroups, DescribeGroup, Rights, AskFor, LogIn, SetPassword, Passwords:
		return true
	}
	return false
}

// OnLogs reports whether the operation was one on brokers.
func (op *Op) OnLogs() bool { return op.F.onLogs() }

// ednLog renders the :value of an operation on brokers. Send and poll have the form of
// Jepsen's jepsen.tests.kafka: micro-operations in a vector.
func (op *Op) ednLog(end bool) string {
	l := op.Log
	if l == nil {
		l = &LogOp{Offset: Unknown}
	}
	switch op.F {
	case Send:
		value := ednString(op.Value)
		if end && l.Offset != Unknown {
			return fmt.Sprintf("[[:send %s [%d %s]]]", ednString(l.Partition), l.Offset, value)
		}
		return fmt.Sprintf("[[:send %s %s]]", ednString(op.Path), value)
	case Poll, Scan:
		if !end {
			return "[[:poll]]"
		}
		return "[[:poll " + ednRecords(l.Records) + "]]"
	case Assign, Subscribe:
		var names []string
		for _, name := range strings.Split(op.Path, ",") {
			names = append(names, ednString(name))
		}
		return "[" + strings.Join(names, " ") + "]"
	case EndOffset, FindOffset, Commit, Committed:
		if end {
			return fmt.Sprintf("[%s %d]", ednString(op.Path), l.Offset)
		}
	}
	return fmt.Sprintf("[%s %s]", ednString(op.Path), ednString(l.Args))
}

// ednRecords renders records by partition, in the order in which partitions first
// came.
func ednRecords(records []Record) string {
	var order []string
	by := map[string][]string{}
	for _, r := range records {
		if by[r.Partition] == nil {
			order = append(order, r.Partition)
		}
		by[r.Partition] = append(by[r.Partition], fmt.Sprintf("[%d %s]", r.Offset, ednString(r.Value)))
	}
	for i, name := range order {
		order[i] = ednString(name) + " [" + strings.Join(by[name], " ") + "]"
	}
	return "{" + strings.Join(order, ", ") + "}"
}
