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
// # What is on its way
//
// A file that ends in .cleaned is what compaction has not finished, in .swap what it has
// finished and not put into place, in .deleted what is no part of the log any more, in
// .tmp what is not complete. A crash leaves any of them; [Open] finishes what is .swap, and
// drops the others. In a directory with a file "deletion" all else is deleted, see [Doomed].
//
// # What is durable
//
// An append is in the page cache and no further when it is acknowledged: Kafka trusts
// in its replicas, not in its disks. The recovery point is the offset below which all
// is durable; a flush raises it, see [Log.Work]. After an unclean stop [Open] believes
// what lies below it and looks at each batch above it.
//
// Recovery rests on a few orders that hold whatever a crash does to the directory.
// Segments disappear from the front in ascending order and from the back in descending
// order, each only when the one before it is durably gone. So what a crash brings back
// is always the neighbour of what is there, and a gap between two segments is always
// one where a tail was lost: what is behind it goes. A truncation is durable before
// anything is appended in the place of what it cut off, and the checkpoint of epochs
// follows it. No segment begins below what a checkpoint of before a truncation may say
// is durable.
//
// # Failures
//
// What a client did wrong, or may try again, is an error code. A disk that fails takes
// the log offline (KAFKA-10778): nothing of what failed is believed, no producer and
// no offset has moved (KAFKA-6683, KAFKA-7866), and nothing can be appended until the
// broker opens the log anew.
//
// # What the owner of a log does
//
// At the start of a broker: [TakeCleanMarker]; [LoadOffsets] of each checkpoint; [Open]
// of each of [Partitions] that is not [Doomed]. After any call that may have left chores, and they say so by
// [Log.Pending]: [Log.Work], and [Log.Synced] for each completion; or [Log.Settle] from a
// task. From time to time: [Log.RecoveryPoint] of all logs into the checkpoint with
// [Save], then [Log.RecoveryPointSaved]; high watermarks and log starts likewise;
// [Log.Retain]; [Log.Compact] from a task, if [Log.Compactable]; [Log.ExpireProducers].
// Before the first append to a new log: no checkpoint speaks of the one that its directory
// had before, and [SaveTopicID], see [Log.Hold]. To remove one: [Log.Retire] and [Delete]. At
// a clean stop: [Log.Close], [Log.Settle], the checkpoints, [MarkClean].
//
// A truncation takes effect at once for everybody who asks, but its files do so when
// the chores are done. Until then, see [Log.Settled], appends are refused with
// LEADER_NOT_AVAILABLE, which clients and followers answer by trying again.
//
// # Not here
//
// Transactions: their batches pass through and control batches outlive compaction, but
// no index of aborted ones exists and the last stable offset is the high watermark.
package log
