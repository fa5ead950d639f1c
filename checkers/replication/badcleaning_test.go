package replication

import "strings"

// badCleaning are the bad scenes about what is taken out of logs, and what is known of producers.
var badCleaning = []badScene{
	{"a record that is not committed supersedes one that is", CompactedBelow, usual + `
		commit 0..4
		b1 appends 5..9
		b1 compacts 9`},
	{"deleted records come back that were noted as deleted", StartKept, usual + `
		commit 0..6
		b1 forgets 4
		b1 notes 4
		b1 crashes
		b1 opens 0..7 start 2 mark 7`},
	{"deleted records come back after a stop in order", StartKept, usual + `
		commit 0..6
		b1 forgets 4
		b1 closes
		b1 dies
		b1 opens 0..7 start 2 mark 7`},
	{"a broker goes on deleting and notes nothing of it", StartKept, usual + `
		commit 0..6
		b1 forgets 2
		b1 notes 2
		b1 forgets 4` + strings.Repeat(`
		wait`, 14) + `
		b1 forgets 5`},
	{"a topic is gone before a broker that is away has deleted its replica", DeletedEverywhere, usual + `
		b3 crashes
		doomed
		b1 deletes
		b2 deletes
		gone`},
	{"a topic is gone before a broker has deleted its replica that was given another once", DeletedEverywhere, usual + `
		doomed
		b1 deletes
		b2 deletes
		b3 crashes
		b3 opens 0..0
		b3 registers 90
		gone`},
	{"a log is cut for its age that is to be kept for longer by now", ConfigInForce, usual + `
		b1 takes topics/orders retention.ms=50
		commit 0..4
		b1 takes topics/orders retention.ms=90
		b1 forgets 4 why retention-time left -1 age 80`},
	{"a log is cut for its length that is to be kept whole by now", ConfigInForce, usual + `
		b1 takes brokers/<default> log.retention.bytes=-1
		commit 0..4
		b1 forgets 4 why retention-size left 5000 age -1`},
	{"a log is cut for its age that is only to be compacted by now", ConfigInForce, usual + `
		b1 takes topics/orders cleanup.policy=compact
		commit 0..4
		b1 forgets 4 why retention-time left -1 age 80`},
	{"a log is compacted that is only to be cut for its age by now", ConfigInForce, usual + `
		b1 takes topics/orders cleanup.policy=delete
		commit 0..4
		b1 begins-compacting 4`},
	{"a compaction takes a record that is too young by now", CompactionWaits, usual + `
		b1 takes topics/orders min.compaction.lag.ms=20
		commit 0..4
		b1 compacts 4 now 100 from k0@0^85,k0@1^79,k0@2^70 to k0@2^70`},
	{"a compaction gives a record another value", CompactionLeaves, usual + `
		commit 0..6
		b1 compacts 4 from k0@0=a,k1@1=b to k0@0=a,k1@1=a`},
	{"a follower never had the last record of a key, below where both have been compacted", CompactedAlike, usual + `
		commit 0..6
		b1 compacts 4 from k0@0,k1@1 to k0@0,k1@1
		b2 compacts 4 from k0@0 to k0@0`},
	{"a follower has the last record of a key, and its leader has not", CompactedAlike, usual + `
		commit 0..6
		b2 compacts 4 from k0@0,k1@1 to k0@0,k1@1
		b1 compacts 4 from k0@0 to k0@0`},
	{"a follower copies a compacted log with a hole", CompactedAlike, usual + `
		commit 0..3
		commit 4..9
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 compacts 6 from k0@0,k1@1,k0@4 to k1@1,k0@4
		b3 starts-over 0
		b3 copies 1..3 sum other
		b3 copies 4..9
		b3 believes 10
		b3 compacts 6 from k0@4 to k0@4`},
	{"two compacted replicas have other values", CompactedAlike, usual + `
		commit 0..6
		b1 compacts 4 from k0@0=a to k0@0=a
		b2 compacts 4 from k0@0=b to k0@0=b`},
	{"a follower shows what was deleted", CompactedAlike, usual + `
		commit 0..6
		b1 compacts 4 from k0@0,!k0@2 to !k0@2~50
		b2 compacts 4 from k0@0 to k0@0`},
	{"a compaction takes the last record of a key", CompactionLeaves, usual + `
		commit 0..4
		b1 compacts 4 from k0@0,k1@1,k0@2 to k0@2`},
	{"a compaction takes a record that is too young", CompactionWaits, usual + `
		commit 0..4
		b1 compacts 4 now 100 from k0@0^85,k0@1^91,k0@2^95 to k0@2^95`},
	{"a log is cut for its age that is only to be compacted", RetentionAllowed, `config cleanup.policy=compact` + usual + `
		commit 0..4
		b1 forgets 4 why retention-time`},
	{"a compaction adds a record", CompactionLeaves, usual + `
		commit 0..4
		b1 compacts 4 from k0@0,k1@1 to k0@0,k1@1,k0@2`},
	{"a compaction changes a key", CompactionLeaves, usual + `
		commit 0..4
		b1 compacts 4 from k0@0,k1@1 to k0@0,k2@1`},
	{"what a compaction left is gone at the next", CompactionLeaves, usual + `
		commit 0..4
		commit 5..9
		b1 compacts 4 from k0@0,k1@1 to k0@0,k1@1
		b1 compacts 9 from k1@1,k3@6 to k1@1,k3@6`},
	{"what a compaction left is gone after a crash", CompactionLeaves, usual + `
		commit 0..4
		commit 5..9
		b2 believes 10
		b2 compacts 4 from k0@0,k1@1 to k0@0,k1@1
		b2 crashes
		b2 opens 5..10 start 0`},
	{"a compaction takes a tombstone and leaves what it deleted", CompactionLeaves, usual + `
		commit 0..4
		b1 compacts 4 now 90 from k0@0,!k0@2~80 to k0@0`},
	{"a compaction takes a tombstone that nobody was shown", TombstoneStays, usual + `
		commit 0..4
		b1 compacts 4 now 90 from k0@0,!k0@2`},
	{"a compaction takes a tombstone before its time", TombstoneStays, usual + `
		commit 0..4
		b1 compacts 4 now 79 from !k0@2~80`},
	{"a compaction sets the time of a tombstone too early", TombstoneStays, usual + `
		commit 0..4
		b1 compacts 4 now 90 from !k0@2 to !k0@2~139`},
	{"a compaction keeps a tombstone whose time is over", TombstoneStays, usual + `
		commit 0..4
		b1 compacts 4 now 90 from !k0@2~90 to !k0@2~90`},
	{"a compaction that finds a tombstone again gives it more time", TombstoneStays, usual + `
		commit 0..4
		b1 compacts 4 now 40 from !k0@2~80 to !k0@2~90`},
	{"a log that is too long loses more than it must", RetentionLeaves, usual + `
		commit 0..4
		b1 forgets 2 left 99 why retention-size`},
	{"a block of producer IDs is taken twice", ProducerIDsApart, `
		block 0..999
		block 1000..1999
		block 1000..1999`},
	{"a batch is refused that is the next", SequenceTaken, usual + `
		commit 0..1 producer 7/0/0
		b1 refuses 1 producer 7/0/2`},
	{"a batch is refused that is there", SequenceTaken, usual + `
		commit 0..0 producer 7/0/0
		commit 1..2 producer 7/0/1
		b1 appends 3..3 producer 7/0/3
		b1 refuses 2 producer 7/0/1`},
}
