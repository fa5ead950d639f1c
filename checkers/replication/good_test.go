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

// good are the good scenes about the life of a partition; deletions, changes, requests and losses are
// the others.
var good = []goodScene{
	{"a broker that reaches no coordinator hears of nothing while the znode of its last life stands", false, usual + `
		rest
		b3 dies
		b3 deaf
		b3 opens
		b3 follows
		unrest
		wait
		wait
		wait
		unrest
		b3 hears-again
		rest`, nil},
	{"a crash brings the marker of a clean stop back before any log was opened", false, usual + `
		b2 closes
		b2 dies
		b2 crashes
		b2 finds closed
		b2 opens
		b2 crashes
		b2 finds torn
		b2 opens`, nil},
	{"a leader that is about to write who is in sync waits until it is written", false, usual + `
		commit 0..0
		b1 appends 1..1
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		b1 proposes b1,b2
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		isr b1,b2
		b1 knows b1,b2 version 1`, nil},
	{"blocks of producer IDs are taken, and some left out", false, `
		block 0..999
		block 1000..1999
		block 3000..3999`, nil},
	{"batches are refused: of other sizes, too old, too new, or of another epoch", false, usual + `
		commit 0..0 producer 7/0/0
		commit 1..2 producer 7/0/1
		commit 3..3 producer 7/0/3
		commit 4..4 producer 7/0/4
		commit 5..5 producer 7/0/5
		commit 6..6 producer 7/0/6
		b1 refuses 1 producer 7/0/0
		b1 refuses 1 producer 7/0/1
		b1 refuses 1 producer 7/0/8
		b1 refuses 1 producer 7/1/1
		b1 refuses 1 producer 8/0/0`, nil},
	{"one is taken in who was gone and is back, and goes again", false, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 lists b1,b2
		b1 hears b3 at 0
		b1 lists b1,b2,b3
		b1 proposes b1,b2,b3
		b1 lists b1,b2
		isr b1,b2,b3
		b1 knows b1,b2,b3 version 2`, nil},
	{"a deposed leader gives up at once who was not assigned when it was to lead, and is again", false, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		elect b3 epoch 3 isr b1,b3
		b2 leads epoch 2
		b2 proposes b2,b3 version 1 early`, nil},
	{"a follower that has all of a log comes back after long with nothing", false, usual + `
		commit 0..0
		wait
		b1 hears b2 at 1
		wait
		b1 hears b2 at 1
		wait
		b1 hears b2 at 1
		wait
		b1 hears b2 at 1
		wait
		b3 crashes
		b3 opens
		b3 follows
		b1 hears b3 at 0`, nil},
	{"a follower comes into sync behind the end of the log, and is given up before it gets there", false, `
		topic b1,b2,b3
		controller b1
		elect b1 epoch 1 isr b1,b3
		all open
		b1 leads epoch 1
		b3 follows epoch 1
		b1 appends 0..0
		b2 follows epoch 1
		b1 hears b2 at 0
		b1 proposes b1,b2,b3 early
		isr b1,b2,b3
		b1 knows b1,b2,b3 version 1
		b1 hears b3 at 1
		b1 proposes b1,b3 early`, nil},
	{"a log that is at its end for long is no reason to give anybody up when it grows", false, usual + `
		commit 0..0
		wait
		b1 hears b2 at 1
		wait
		b1 hears b2 at 1
		wait
		b1 hears b2 at 1
		wait
		b1 hears b2 at 1
		wait
		b1 appends 1..1
		b1 hears b2 at 2`, nil},
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
		b1 proposes b1,b2,b3 early
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
	{"a controller tells a leader who is in sync, and elects another of whom it has not heard", false, `config min.insync.replicas=2` + usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 hears b2 at 0
		b1 proposes b1,b2
		isr b1,b2
		elect b2 epoch 2 isr b1,b2
		b1 appends 0..0 epoch 1 acks -1`, nil},
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
		b1 proposes b1,b2,b3 early
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
	{"a producer begins in the middle that the log has nothing of", false, usual + `
		commit 0..1 producer 7/3/40
		commit 2..3 producer 7/3/42
		commit 4..5 producer 7/4/0
		commit 6..6 producer 8/0/2147483647
		commit 7..7 producer 8/0/0`, nil},
	{"who asks for a time is told what there is below the high watermark", false, usual + `
		commit 0..4
		b1 appends 5..5
		b1 seeks 20 finds 1 among 0@10,1@20,2@20,3@15,5@40
		b1 seeks 16 finds 1 among 0@10,1@20,2@20,3@15,5@40
		b1 seeks 5 finds 0 among 0@10,1@20,2@20,3@15,5@40
		b1 seeks 21 finds -1 among 0@10,1@20,2@20,3@15,5@40`, nil},
	{"what was deleted with the front of a log may be known or not", false, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 8/0/0
		commit 4..4
		all forgets 4
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads producers 7/0/1@1*1
		elect b3 epoch 3 isr b1,b2,b3
		b3 leads producers nothing`, []history.LogEvent{{Kind: history.StartMoved, Offset: 4, Why: "leader"}}},
	{"what compaction has emptied may be known or not", false, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 7/0/2
		commit 4..4 producer 8/0/0
		b2 compacts 4 from k0@0,k0@3 to k0@3
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads producers 8/0/0@4*1
		elect b3 epoch 3 isr b1,b2,b3
		b3 leads`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 4}}},
	{"a log that was compacted and thrown away comes back, and what is known of its producers", false, usual + `
		commit 0..1 producer 7/0/0
		commit 2..4
		b2 compacts 2 from k0@0,k0@1 to k0@1
		all forgets 5
		isr b1
		b2 starts-over 5
		b2 crashes
		b2 opens 2..5 producers 7/0/1@1*1`, []history.LogEvent{{Kind: history.CompactedTo, Offset: 2}, {Kind: history.StartMoved, Offset: 5, Why: "leader"}}},
	{"a producer is forgotten with its records", false, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3
		b1 forgets 2
		commit 4..4 producer 7/0/9`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "leader"}}},
}

// TestGoodScenes: nothing that is legal is blamed, and losses are told.
func TestGoodScenes(t *testing.T) {
	for _, g := range slices.Concat(good, deletions, changes, requests, losses) {
		t.Run(g.name, func(t *testing.T) {
			s := newStage(t, g.unclean)
			s.play(g.scene)
			if f := s.c.Finding(); f != nil {
				t.Fatalf("%s is said to fall: %s %v", f.Guarantee, f.Explanation, f.Evidence)
			}
			told := s.c.Events()
			for i := range told {
				told[i].Partition, told[i].At = "", 0
			}
			if !slices.Equal(told, g.told) {
				t.Errorf("the history is told of %v, want %v", told, g.told)
			}
		})
	}
}
