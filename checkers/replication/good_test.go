package replication

import (
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
)

// goodScene is odd and legal. told are the losses that the history is told of, as kind and
// offset.
type goodScene struct {
	name    string
	unclean bool
	scene   string
	told    []history.LogEvent
}

// good are the good scenes but for those of losses.
var good = []goodScene{
	{"all is well", false, usual + `
		commit 0..3
		commit 4..4 producer 7/0/0
		b1 acks 4
		commit 5..6 producer 7/0/1
		b1 tells 7
		rest`, nil},
	{"a leader that wrote nothing in its epoch copies a record of an earlier one", false, usual + `
		commit 0..3
		elect b1 epoch 2 isr b1,b2,b3
		b1 leads
		b1 appends 4..4
		elect b3 epoch 3 isr b1,b2,b3
		b3 leads # it has not got the last record, which nobody took for committed
		elect b1 epoch 4 isr b1,b2,b3
		b1 leads
		b3 follows
		b1 diverges b3 epoch 2 end 5
		b3 copies 4..4 epoch 2
		elect b3 epoch 5 isr b1,b2,b3
		b3 leads
		b3 diverges b1 epoch 2 end 5`, nil},
	{"followers of a log that grows do not know of the last record yet that it is committed", false, usual + `
		commit 0..3
		wait
		b1 appends 4..4
		b2 copies 4..4
		b3 copies 4..4
		b1 hears b2 at 5
		b1 hears b3 at 5
		b1 marks 5
		rest
		wait
		rest
		wait
		unrest # and they should
		b2 believes 5
		unrest
		b1 appends 5..5
		b2 copies 5..5
		b3 copies 5..5
		b1 hears b2 at 6
		b1 hears b3 at 6
		b1 marks 6
		unrest # b3 does not even know of the one before
		b3 believes 5
		rest`, nil},
	{"a follower copies faster than another, and is not told yet what both have", false, usual + `
		commit 0..3
		b1 appends 4..4
		b3 copies 4..4
		wait
		b1 appends 5..5
		b3 copies 5..5
		b2 copies 4..4
		b2 copies 5..5
		b1 hears b2 at 6
		b1 hears b3 at 6
		b1 marks 6
		rest`, nil},
	{"consumers read at followers, which are behind", false, usual + `
		commit 0..3
		b2 serves 0..3
		b1 sends b2 at 4
		b1 proposes b1,b3
		b1 sends b2 at 4
		b1 appends 4..4
		b1 serves 2..3
		b3 serves 3..3`, nil},
	{"a leader dies, the next has a tail that was not committed, which a third then gets", false, usual + `
		commit 0..3
		b1 appends 4..5
		b2 copies 4..5
		b1 crashes
		elect b2 epoch 2 isr b2,b3
		b2 leads
		b3 follows
		b3 copies 4..5 epoch 1
		b2 hears b3 at 6
		b2 marks 6
		b2 tells 6`, nil},
	{"a tail that was not committed is cut off", false, usual + `
		commit 0..3
		b1 appends 4..5
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads
		b2 diverges b1 epoch 1 end 4
		b1 follows
		b1 cuts 4
		b3 follows
		commit 4..4
		b1 believes 5
		b3 believes 5
		rest`, nil},
	{"a deposed leader leads on and commits nothing", false, usual + `
		commit 0..3
		elect b2 epoch 2 isr b1,b2,b3
		b1 appends 4..4 epoch 1
		b2 leads
		b3 follows
		isr b2,b3
		b2 knows b2,b3 version 2
		commit 4..5
		b1 appends 5..5 epoch 1
		b1 follows
		b1 cuts 4
		b1 copies 4..5
		b1 believes 6
		b2 hears b1 at 6
		b2 proposes b1,b2,b3
		isr b1,b2,b3
		b2 knows b1,b2,b3 version 3
		rest`, nil},
	{"a deposed leader commits once more what its successor has, a fetch being on its way", false, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b3 copies 0..0
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads
		b1 hears b2 at 1 epoch 1
		b1 hears b3 at 1 epoch 1
		b1 marks 1 epoch 1
		b1 acks 0 epoch 1`, nil},
	{"somebody hears that it leads when another does already, and lacks what that one committed", false, usual + `
		commit 0..3
		elect b2 epoch 2 isr b1,b2,b3
		elect b3 epoch 3 isr b1,b3
		b3 leads
		b1 follows
		commit 4..6
		b2 leads epoch 2 isr b1,b2,b3
		b2 appends 4..4 epoch 2
		b2 follows epoch 3
		b2 cuts 4
		b2 copies 4..6
		b2 believes 7`, nil},
	{"the in-sync replicas become fewer and more again", false, usual + `
		commit 0..3
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 4..9
		b3 copies 4..9
		b1 hears b3 at 10
		b1 proposes b1,b2,b3
		b1 appends 10..10
		b2 copies 10..10
		b1 hears b2 at 11
		isr b1,b2,b3
		b1 adopts b1,b2,b3 version 2
		b3 copies 10..10
		b1 hears b3 at 11
		b1 marks 11
		b1 acks 10
		b2 believes 11
		b3 believes 11
		rest`, nil},
	{"success is told while the replica that makes enough is on its way in", false, `config min.insync.replicas=2` + usual + `
		commit 0..0
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 proposes b1,b2
		b1 acks 0`, nil},
	{"records for all are taken before it is known that too few are in sync", false, `config min.insync.replicas=2` + usual + `
		b1 appends 0..0 acks -1
		b1 proposes b1
		isr b1
		b1 appends 1..1 acks -1
		b1 knows b1 version 1
		b1 appends 2..2 acks 1`, nil},
	{"a controller tells a leader who is in sync, before it shrinks that", false, `config min.insync.replicas=2` + usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 hears b2 at 0
		b1 proposes b1,b2
		isr b1,b2
		b1 appends 0..0 acks -1
		b1 proposes b1
		isr b1
		b1 appends 1..1 acks -1`, nil},
	{"min.insync.replicas is more than there are replicas", false, `
		config min.insync.replicas=2
		topic b1
		controller b1
		elect b1 epoch 1 isr b1
		all open
		b1 leads
		commit 0..0
		b1 acks 0`, nil},
	{"a leader that has not heard of a higher min.insync.replicas goes by the lower", false, usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 appends 0..0
		b1 marks 1
		config min.insync.replicas=2
		b1 acks 0`, nil},
	{"a follower loses its tail in a crash, and gets it again", false, usual + `
		commit 0..3
		commit 4..6
		b2 crashes
		b2 opens 0..4 mark 4
		b2 follows
		b2 copies 4..6
		b2 believes 7
		b1 hears b2 at 7
		rest`, nil},
	{"a follower is taken in by a fetch that it sent before it crashed", false, usual + `
		b1 proposes b1,b3
		isr b1,b3
		b1 knows b1,b3 version 1
		commit 0..3
		b2 copies 0..3
		b2 crashes
		b1 hears b2 at 4
		b1 proposes b1,b2,b3
		b2 opens 0..0
		isr b1,b2,b3
		b1 knows b1,b2,b3 version 2`, nil},
	{"a crash comes between a write and the fact about it", false, usual + `
		commit 0..3
		b1 appends 4..4
		b1 appends 5..5
		b2 crashes
		b2 opens 0..6 mark 3 like b1
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads
		b1 follows
		b3 follows
		b3 copies 4..4 epoch 1
		b3 copies 5..5 epoch 1
		b2 hears b1 at 6
		b2 hears b3 at 6
		b2 marks 6
		b1 believes 6
		b3 believes 6
		rest`, nil},
	{"a leader dies between its append and the fact about it", false, usual + `
		commit 0..3
		b1 crashes
		b1 opens 0..6 mark 3
		b1 leads
		b1 appends 6..6`, nil},
	{"a truncation comes undone in a crash, and again", false, usual + `
		commit 0..3
		b1 appends 4..7
		b2 copies 4..7
		elect b3 epoch 2 isr b1,b2,b3
		b3 leads
		b3 appends 4..4
		b2 follows
		b2 cuts 4
		b2 crashes
		b2 opens 0..8 mark 4
		b2 follows
		b2 cuts 4
		b2 copies 4..4
		b1 follows
		b1 cuts 4
		b1 copies 4..4
		b3 hears b1 at 5
		b3 hears b2 at 5
		b3 marks 5
		b2 believes 5
		b1 believes 5
		rest`, nil},
	{"a log whose truncation came undone leads, and others follow it", false, usual + `
		commit 0..3
		b1 appends 4..7
		b2 copies 4..7
		elect b3 epoch 2 isr b1,b2,b3
		b3 leads
		b2 follows
		b2 cuts 4
		b2 crashes
		b2 opens 0..8 mark 4
		elect b2 epoch 3 isr b1,b2,b3
		b2 leads
		b3 follows
		b3 copies 4..7 epoch 1
		b1 follows
		b2 hears b1 at 8
		b2 hears b3 at 8
		b2 marks 8`, nil},
	{"a leader is started again within its epoch", false, usual + `
		commit 0..3
		b1 crashes
		b1 opens 0..4 mark 1
		b1 leads
		b1 hears b2 at 4
		b1 hears b3 at 4
		b1 marks 4
		b1 tells 4
		rest`, nil},
	{"back-to-back elections without a record in between", false, usual + `
		commit 0..3
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads
		elect b3 epoch 3 isr b1,b2,b3
		b3 leads
		elect b1 epoch 4 isr b1,b2,b3
		b1 leads
		b1 diverges b2 epoch 1 end 4
		b2 follows
		b3 follows
		commit 4..5
		rest`, nil},
	{"nobody leads for a while, and who was in sync stays so", false, usual + `
		commit 0..3
		isr b1,b2
		elect nobody epoch 2 isr b1,b2
		elect nobody epoch 3 isr b2
		elect b2 epoch 4 isr b2
		b2 leads`, nil},
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
		b3 starts-over 7
		b3 crashes
		b3 opens 0..7
		b3 follows
		b3 believes 7`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}}},
	{"a log is compacted", false, usual + `
		commit 0..6
		b1 compacts 5 now 90 from k0@0,k1@1,!k0@2,@3,!k2@4~90 to k1@1,!k0@2~140`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 5}}},
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
		b2 opens 4..7
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
	{"a producer begins in the middle that the log has nothing of", false, usual + `
		commit 0..1 producer 7/3/40
		commit 2..3 producer 7/3/42
		commit 4..5 producer 7/4/0
		commit 6..6 producer 8/0/2147483647
		commit 7..7 producer 8/0/0`, nil},
	{"a producer is forgotten with its records", false, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3
		b1 forgets 2
		commit 4..4 producer 7/0/9`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "leader"}}},
	{"replicas move to other brokers", false, usual + `
		commit 0..3
		topic b4,b1,b2,b3 adding b4 removing b1
		elect b1 epoch 2 isr b1,b2,b3
		b1 leads
		b2 follows
		b3 follows
		b4 opens
		b4 follows
		b4 copies 0..3 epoch 1
		b1 hears b4 at 4
		b1 proposes b1,b2,b3,b4
		isr b1,b2,b3,b4
		b1 knows b1,b2,b3,b4 version 2
		elect b4 epoch 3 isr b1,b2,b3,b4
		elect b4 epoch 4 isr b2,b3,b4
		b4 leads
		b2 follows
		b3 follows
		topic b4,b2,b3
		b1 deletes
		commit 4..4
		b2 believes 5
		b3 believes 5
		rest`, nil},
	{"a leader takes in whom a cancelled reassignment has just let go", false, usual + `
		topic b1,b2,b3,b4 adding b4
		elect b1 epoch 2 isr b1,b2,b3
		b1 leads
		b1 hears b4 at 0
		b1 proposes b1,b2,b3,b4
		topic b1,b2,b3
		isr b1,b2,b3,b4
		elect b1 epoch 3 isr b1,b2,b3`, nil},
	{"a deleted topic goes replica by replica, and is made again", false, usual + `
		commit 0..3
		doomed
		b2 deletes
		b1 appends 4..4
		b1 hears b2 at 5
		b1 hears b3 at 5
		b1 marks 5
		b1 deletes
		b3 deletes
		gone
		topic b1,b2,b3
		elect b1 epoch 1 isr b1,b2,b3
		all open
		b1 leads epoch 1
		b2 follows epoch 1
		b3 follows epoch 1
		commit 0..1
		rest`, []history.LogEvent{{Kind: history.TopicDeleted, Offset: 5}}},
	{"a broker was away when a topic was deleted and made again, and opens the old one first", false, usual + `
		commit 0..3
		b3 crashes
		doomed
		b1 deletes
		b2 deletes
		gone
		topic b1,b2,b3
		b3 opens 0..4 of 1
		b3 deletes
		elect b1 epoch 1 isr b1,b2,b3
		all open
		b1 leads epoch 1
		b2 follows epoch 1
		b3 follows epoch 1
		commit 0..1
		rest`, []history.LogEvent{{Kind: history.TopicDeleted, Offset: 4}}},
	{"a deletion comes undone in a crash", false, usual + `
		commit 0..3
		topic b1,b2,b3,b4 adding b4
		b4 opens
		b4 copies 0..3 epoch 1
		b4 deletes
		b4 crashes
		b4 opens 0..4`, nil},
	{"a new controller takes over, and the last one's writes are refused", false, usual + `
		commit 0..3
		controller b2
		b2 rules epoch 2
		b3 obeys 1
		b3 obeys 2
		b3 crashes
		b3 obeys 1
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads
		b1 loses b1,b2,b3 version 1 epoch 1
		b2 wrote b1,b2,b3 version 1 leader b2`, nil},
	{"brokers go by what the znodes say, some sooner and some later", false, usual + `
		says brokers/<default> message.max.bytes=9
		says topics/orders segment.bytes=99
		says topics/others segment.bytes=98
		unrest
		all takes brokers/<default> message.max.bytes=9
		b4 takes brokers/<default> message.max.bytes=9
		all takes topics/orders segment.bytes=99
		b3 crashes
		b3 opens 0..0
		b3 follows epoch 1
		unrest
		wait
		wait
		b3 takes brokers/<default> message.max.bytes=9
		b3 takes topics/orders segment.bytes=99
		rest
		says brokers/2 log.roll.ms=7
		unrest
		wait
		b2 takes brokers/2 log.roll.ms=7
		wait
		wait
		rest`, nil},
	{"records are taken by what was said of all brokers before", false, usual + `
		says brokers/<default> min.insync.replicas=3
		says topics/orders min.insync.replicas=2
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 appends 0..0
		b1 marks 1
		b1 acks 0`, nil},
}

// TestGoodScenes: nothing that is legal is blamed, and losses are told.
func TestGoodScenes(t *testing.T) {
	for _, g := range slices.Concat(good, losses) {
		t.Run(g.name, func(t *testing.T) {
			s := newStage(t, g.unclean)
			s.play(g.scene)
			if f := s.c.Finding(); f != nil {
				t.Fatalf("%s is said to fall: %s %v", f.Guarantee, f.Explanation, f.Evidence)
			}
			told := s.c.Events()
			for i := range told {
				told[i].Partition = ""
			}
			if !slices.Equal(told, g.told) {
				t.Errorf("the history is told of %v, want %v", told, g.told)
			}
		})
	}
}
