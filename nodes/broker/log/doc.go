// Package log is one partition's log on the disk of a broker: segments of record
// batches with their indexes, the leader epochs, the state of idempotent producers,
// and what brings all of it back after a crash, or makes it smaller.
//
// # Files
//
// A partition has the files of a directory that is named after it, "topic-0/…":
// <20-digit base offset>.log with the batches; .index from offsets to positions;
// .timeindex from timestamps to offsets; .snapshot, the producers as of its offset;
// leader-epoch-checkpoint; partition.metadata. A broker has the checkpoints of all its
// partitions (see [Offsets]), meta.properties, and .kafka_cleanshutdown. Names and
// layouts are Kafka's.
//
// # What is durable
//
// An append is in the page cache and no further when it is acknowledged: Kafka trusts
// in its replicas, not in its disks. The recovery point is the offset below which all
// is durable; a flush raises it, see [Log.Work]. After an unclean stop [Open] believes
// what lies below it and looks at each batch above it.
//
// Two orders hold whatever a crash does to the directory, and recovery rests on them.
// Segments disappear from the front in ascending order and from the back in descending
// order, each only when the one before it is durably gone. So what a crash brings back
// is always the neighbour of what is there, and a gap between two segments is always
// one where a tail was lost: what is behind it goes.
//
// # Failures
//
// What a client did wrong, or may try again, is an error code. A disk that fails takes
// the log offline (KAFKA-10778): nothing of what failed is believed, no producer and
// no offset has moved (KAFKA-6683, KAFKA-7866), and nothing can be appended until the
// broker opens the log anew.
//
// # Not here
//
// Transactions: their batches pass through and control batches outlive compaction, but
// no index of aborted ones exists and the last stable offset is the high watermark.
package log
