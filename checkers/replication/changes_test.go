package replication

import "github.com/stampede-sim/stampede/checkers/history"

// changes are the good scenes about clusters that change: replicas that move, topics that
// come and go, controllers that take over, and what brokers go by.
var changes = []goodScene{
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
	{"a crash brings back a replica of a topic that was deleted and made again, and its broker opens that first", false, usual + `
		commit 0..3
		doomed
		b3 deletes
		b3 crashes
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
	{"a follower dies with what it has told nobody of, and who told of it deleted it and, when they had begun anew, that", false, usual + `
		b1 appends 0..3
		b3 copies 0..3
		doomed
		b1 deletes
		b3 deletes
		b1 opens 0..0
		b1 deletes
		b3 opens 0..0
		b3 deletes
		b2 crashes
		b2 opens 0..4 like b3`, nil},
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
		b3 obeys 1 number 9
		b3 obeys 2 number 1
		b3 crashes
		b3 obeys 1 number 8
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
