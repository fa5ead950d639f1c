package replication

import (
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// moved4 is what clients have to reckon with when a log begins at 4 that began at 0.
var moved4 = []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}}

// deletions are the good scenes about records that are gone, or are not shown any more, as
// they shall be: on request, for their age or their number, or because others superseded them.
var deletions = []goodScene{
	{"records are deleted on request, which a crash takes back", false, usual + `
		commit 0..3
		commit 4..6
		b1 forgets 4
		b2 forgets 4
		b1 crashes
		b1 opens 0..7 mark 7
		elect b2 epoch 2 isr b2,b3
		b2 leads
		b1 follows
		b1 forgets 4
		isr b1,b2,b3
		elect b1 epoch 3 isr b1,b2,b3
		b1 leads`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}}},
	{"what was deleted last comes back after a crash, and what was noted does not", false, usual + `
		commit 0..6
		b1 notes 0
		b1 forgets 4
		b1 notes 4
		wait
		b1 forgets 5
		b1 crashes
		b1 opens 0..7 start 4 mark 7
		b1 forgets 5
		b1 closes
		b1 dies
		b1 opens 0..7 start 5 mark 7`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}, {Kind: history.StartMoved, Offset: 5, Why: "leader"}}},
	{"a log is cut as its topic says by now, and where it was cut before", false, usual + `
		b1 takes topics/orders retention.ms=50 retention.bytes=200 cleanup.policy=compact
		commit 0..6
		b1 forgets 2 why retention-time left -1 age -1
		b1 takes topics/orders retention.ms=50 retention.bytes=200
		b1 forgets 4 why retention-size left 200 age 51
		b1 takes topics/orders min.compaction.lag.ms=20
		b1 compacts 7 now 100 from k0@4^80,k0@5^70 to k0@5^70`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "retention-time"}, {Kind: history.StartMoved, Offset: 4, Why: "retention-size"}, {Kind: history.CompactedTo, Offset: 7}}},
	{"a lost log begins anew, whatever was noted of it", false, usual + `
		commit 0..3
		commit 4..6
		b3 forgets 4 why retention-size left 100
		b3 notes 4
		b3 crashes
		b3 opens 0..0
		b3 follows
		b3 copies 0..3
		b3 copies 4..6
		b3 crashes
		b3 opens 0..7`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "retention-size"}}},
	{"who stood still has noted nothing", false, usual + `
		commit 0..6
		b1 forgets 5
		b3 forgets 4` + strings.Repeat(`
		wait`, 14) + `
		b3 forgets 5`, []history.LogEvent{{Kind: history.StartMoved, Offset: 5, Why: "leader"}}},
	{"a topic is gone, one broker having lost its disk, and another what said that its replica is deleted", false, usual + `
		commit 0..3
		b3 crashes
		doomed
		b2 stops by 1
		b2 deletes
		b2 crashes
		b2 opens 0..4
		b1 stops by 1
		b1 deletes
		b3 registers 90
		gone`, []history.LogEvent{{Kind: history.TopicDeleted, Offset: 4}}},
	{"a topic is gone, and what said that its replica, which had no records, is deleted has been lost", false, usual + `
		doomed
		b2 stops by 1
		b2 deletes
		b2 crashes
		b2 opens
		b2 registers 90
		b1 stops by 1
		b1 deletes
		b3 stops by 1
		b3 deletes
		gone`, []history.LogEvent{{Kind: history.TopicDeleted}}},
	{"records are deleted where all live replicas have hidden them", false, usual + `
		commit 0..6
		b1 peers b1,b3
		b1 forgets 4
		b3 forgets 4
		b1 reports low 4 asked 4
		b1 peers b1,b2,b3
		b2 forgets 4
		b1 reports low 4 asked 4`, moved4},
	{"where a log begins that was deleted from is known from before a crash", false, usual + `
		commit 0..6
		b1 peers b1,b2,b3
		b1 forgets 4
		b2 forgets 4
		b3 forgets 4
		b2 crashes
		b2 opens 0..7 mark 7
		b1 reports low 4 below 4
		b3 crashes
		b3 opens 0..0
		b1 reports low 4 below 4`, moved4},
	{"who comes or goes in a reassignment need not have deleted anything", false, usual + `
		commit 0..6
		b1 peers b1,b2,b3,b4
		topic b1,b2,b3,b4 adding b4 removing b3
		b1 forgets 4
		b2 forgets 4
		b1 reports low 4 asked 4`, moved4},
	{"who was to come is not waited for when it goes again", false, usual + `
		commit 0..6
		topic b1,b2,b3,b4 adding b4
		elect b1 epoch 2 isr b1,b2,b3
		b1 leads
		b1 peers b1,b2,b3,b4
		b1 forgets 4
		b2 forgets 4
		b3 forgets 4
		b1 reports low 4 asked 4`, moved4},
	{"who is deposed counts whom it knew", false, usual + `
		commit 0..6
		b1 peers b1,b2,b3
		b1 forgets 4
		topic b1,b2,b3,b4 adding b4
		elect b2 epoch 2 isr b1,b2,b3
		b1 peers b1
		b1 reports low 4 asked 4 epoch 1`, moved4},
	{"retention differs between replicas, and one starts over", false, usual + `
		commit 0..3
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 4..6
		b1 forgets 4
		b3 starts-over 4
		b3 copies 4..6
		b3 believes 7
		b1 hears b3 at 7
		b1 proposes b1,b2,b3
		isr b1,b2,b3
		b1 knows b1,b2,b3 version 2
		rest`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}}},
	{"a log that was thrown away comes back in a crash", false, usual + `
		commit 0..3
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 4..6
		b1 forgets 4
		b3 starts-over 4
		b3 copies 4..6
		b3 crashes
		b3 opens 0..4
		b3 follows
		b3 copies 4..6
		b3 believes 7
		b1 forgets 7
		b3 starts-over 7
		b3 crashes
		b3 opens 0..7
		b3 follows
		b3 believes 7`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}, {Kind: history.StartMoved, Offset: 7, Why: "leader"}}},
	{"a log is compacted", false, usual + `
		commit 0..6
		b1 compacts 5 now 90 from k0@0,k1@1,!k0@2,@3,!k2@4~90 to k1@1,!k0@2~140`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 5}}},
	{"a log is compacted again, by a clock that has gone back", false, usual + `
		commit 0..6
		b1 compacts 3 now 100 from k0@0^90 to k0@0^90
		b1 compacts 5 now 95 behind 3 from k0@0^90,k0@4^80 to k0@4^80`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 3}, {Kind: history.CompactedTo, Offset: 5}}},
	{"a young record is compacted, as its topic may say so", false, "config min.compaction.lag.ms=2" + usual + `
		commit 0..4
		b1 compacts 4 now 100 from k0@0^91,k0@1^97,k0@2^98 to k0@2^98`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}}},
	{"a log is cut for its age that was only to be compacted once", false, "config cleanup.policy=compact" + usual + `
		commit 0..6
		config cleanup.policy=compact,delete
		config cleanup.policy=compact
		b1 forgets 2 why retention-time`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "retention-time"}}},
	{"a log is cut for its age that went by the default once", false, usual + `
		commit 0..6
		config cleanup.policy=compact
		b1 forgets 2 why retention-time`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "retention-time"}}},
	{"a leader comes back without its log, and leads on, as its topic is being deleted", false, usual + `
		b1 appends 0..0
		b2 copies 0..0
		doomed
		b1 crashes
		b1 opens
		b1 leads epoch 1
		b1 appends 0..0 epoch 1 sum other
		b1 hears b2 at 1
		b1 hears b3 at 1
		b1 marks 1
		b2 believes 1`, nil},
	{"replicas are compacted, one further than the other, which has let a tombstone go", false, usual + `
		commit 0..9
		b1 compacts 4 now 90 from k0@0=a,k1@1=b,!k2@2~80 to k0@0=a,k1@1=b
		b2 compacts 8 now 20 from k0@0=a,k1@1=b,!k2@2~80,k0@5=c to k1@1=b,!k2@2~80,k0@5=c`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}, {Kind: history.CompactedTo, Offset: 8}}},
	{"replicas are compacted, of which one has copied from who was further, and had a tombstone", false, usual + `
		commit 0..3
		commit 4..9
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 compacts 4 from k0@0,k1@1 to k0@0,k1@1
		b2 compacts 8 from k0@0,k1@1,!k1@5~0 to k0@0
		b3 starts-over 0
		b3 copies 0..3 sum other
		b3 copies 4..9
		b3 believes 10
		b3 compacts 4 from k0@0 to k0@0`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}, {Kind: history.CompactedTo, Offset: 8}}},
	{"replicas are compacted, of which one was away while a tombstone was there", false, usual + `
		commit 0..3
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 4..9
		b1 compacts 8 from k0@0,!k0@5~0
		b3 copies 4..9
		b3 believes 10
		b3 compacts 8 from k0@0 to k0@0`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 8}}},
	{"replicas are compacted, of which one was away while a tombstone was there that a third still has", false, usual + `
		commit 0..3
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 4..9
		b2 compacts 8 from k0@0,!k0@5 to !k0@5~50
		b1 compacts 8 from k0@0,!k0@5~0
		b3 copies 4..9
		b3 believes 10
		b3 compacts 8 from k0@0 to k0@0`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 8}}},
	{"replicas are compacted, of which one was away while a tombstone was there that a third has not come to", false, usual + `
		commit 0..0
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 1..9
		b2 compacts 4 from k0@0,k0@3 to k0@3
		b1 compacts 8 from k0@0,k0@3,!k0@5~0
		b3 copies 1..9
		b3 believes 10
		b3 compacts 8 from k0@0 to k0@0`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}, {Kind: history.CompactedTo, Offset: 8}}},
	{"replicas are compacted, of which two were away while a tombstone was there, one for longer", false, usual + `
		commit 0..1
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 2..3
		b1 proposes b1
		isr b1
		b1 knows b1 version 2
		commit 4..9
		b1 compacts 8 from k0@0,k0@3,!k0@5~0
		b3 copies 2..3
		b3 copies 4..9
		b2 copies 4..9
		b3 believes 10
		b2 believes 10
		b3 compacts 8 from k0@0 to k0@0
		b2 compacts 8 from k0@0,k0@3 to k0@3`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 8}}},
	{"replicas are compacted, of which one lost what had superseded a record", false, usual + `
		commit 0..3
		commit 4..9
		b2 compacts 8 from k0@0,k0@5 to k0@5
		isr b1
		b1 knows b1 version 1
		b1 crashes
		b1 opens 0..4 mark 4
		elect b1 epoch 2 isr b1
		b1 leads
		b1 compacts 4 from k0@0 to k0@0`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 8}, {Kind: history.LastReplicaLost, Offset: 4}}},
	{"a log is shorter because it was too long, and a topic may say how long that is", false, "config retention.bytes=10" + usual + `
		commit 0..6
		b1 forgets 2 left 10 why retention-size`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "retention-size"}}},
	{"who lost its disk starts over where a log ends of which nothing is left", false, usual + `
		commit 0..3
		b1 forgets 4
		b2 forgets 4
		b3 crashes
		b3 opens 0..0
		b3 follows
		b3 starts-over 4
		rest`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}}},
	{"the only replica in sync comes back without its disk, where all that it had was deleted", false, usual + `
		commit 0..3
		b1 forgets 4
		isr b1
		b1 knows b1 version 1
		b1 crashes
		b1 opens 0..0
		elect b1 epoch 2 isr b1
		b1 leads
		b1 appends 0..0
		b1 marks 1`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}, {Kind: history.LastReplicaLost, Offset: 0}}},
	{"a second compaction is cut short by a crash", false, usual + `
		commit 0..3
		commit 4..6
		b2 compacts 4 from k0@0,k1@1 to k0@0,k1@1
		b2 begins-compacting 7
		b2 crashes
		b2 opens 4..7 start 0 mark 7
		b2 follows
		b2 compacts 7 from k0@5 to k0@5`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}, {Kind: history.CompactedTo, Offset: 7}}},
	{"a compaction is cut short by a crash", false, usual + `
		commit 0..3
		commit 4..6
		b2 compacts 4
		b2 crashes
		b2 opens 4..7 start 0
		elect b2 epoch 2 isr b2,b3
		b2 leads`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}}},
	{"the only replica in sync comes back from a crash with less than it had compacted", false, usual + `
		commit 0..3
		commit 4..6
		b1 compacts 4
		isr b1
		b1 knows b1 version 1
		b1 crashes
		b1 opens 0..0
		elect b1 epoch 2 isr b1
		b1 leads
		b1 appends 0..0
		b1 marks 1`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}, {Kind: history.LastReplicaLost, Offset: 0}}},
	{"a replica copies what is left of a compacted log", false, usual + `
		commit 0..3
		commit 4..6
		b1 compacts 4
		isr b1
		b1 knows b1 version 1
		b3 starts-over 0
		b3 copies 2..3 sum other
		b3 copies 4..6
		b3 believes 7
		b1 hears b3 at 7
		b1 proposes b1,b3
		isr b1,b3`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}}},
}
