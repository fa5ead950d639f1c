// Package replica is one partition as one broker sees it: as its leader, who knows how
// far the followers have come, who is in sync and what is committed; or as a follower,
// who copies and is brought back in line. It is pure: time is passed in, the log is
// an interface, and what is to be written or sent is the caller's to do.
//
// # What makes replication safe
//
// Four rules, of KIP-320 and its specification; each has a place here.
//
//  1. A new leader epoch makes a follower reconcile its log with the leader's before it
//     takes anything: it says with each fetch of which epoch its last record is, and is
//     told where the logs part ([Partition.Fetched], [Partition.Truncate]).
//  2. It does so with the leader of that very epoch: whoever asks names the epoch, and
//     is refused by a leader of another ([Partition.Check]).
//  3. The high watermark rises only on positions that were fetched in the leader's own
//     epoch: all positions are forgotten when an epoch begins ([Partition.Lead]).
//  4. Into the in-sync replicas comes only who has reached the high watermark and the
//     start of the leader's epoch ([Partition.Expandable], KAFKA-7128).
//
// # In-sync replicas on their way
//
// The leader writes the in-sync replicas to the state znode, and for a while does not
// know whether they stand there. Whoever might stand there may be elected; so all who
// might are counted: a replica that is being added, from the moment of asking; one that
// is being removed, until the removal is known (KIP-497, which calls this the maximal
// ISR). A write whose fate cannot be learned keeps both counted until the controller
// begins another epoch.
package replica
