package replication

import "github.com/stampede-sim/stampede/checkers/history"

// lostAll is how the last in-sync replica comes back from a crash with one record of four,
// and leads.
const lostAll = usual + `
	commit 0..3
	isr b1
	b1 knows b1 version 1
	b1 crashes
	elect nobody epoch 2 isr b1
	b1 opens 0..0
	elect b1 epoch 3 isr b1
	b1 leads
`

// losses are the good scenes about records that were committed and are lost, each in a way
// that is explained: by unclean elections, and by last replicas.
var losses = []goodScene{
	{"unclean elections are allowed, and one loses what was committed", true, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		b1 acks 6
		elect b3 epoch 2 isr b3
		b3 leads
		b3 tells 4
		b3 appends 4..4
		b3 marks 5
		b1 follows
		b1 cuts 4
		b1 copies 4..4
		b1 believes 5`, []history.LogEvent{{Kind: history.UncleanElection, Offset: 4}}},
	{"an unclean election loses nothing", true, usual + `
		commit 0..3
		isr b1
		elect b3 epoch 2 isr b3
		b3 leads`, nil},
	{"an operator asks for an unclean election", false, usual + `
		commit 0..3
		isr b1
		permit
		elect b3 epoch 2 isr b3
		b3 leads`, nil},
	{"unclean elections were allowed when the election was prepared", false, `config unclean.leader.election.enable=true` + usual + `
		isr b1
		config unclean.leader.election.enable=false
		elect b3 epoch 2 isr b3
		b3 leads`, nil},
	{"a leader deposed by an unclean election goes on committing, in vain", true, usual + `
		commit 0..3
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		elect b3 epoch 2 isr b3
		b1 appends 4..4 epoch 1
		b1 marks 5 epoch 1
		b1 acks 4 epoch 1
		b3 leads
		b3 appends 4..5
		b3 marks 6
		b1 appends 5..6 epoch 1
		b1 marks 7 epoch 1
		b2 copies 4..4 epoch 1
		b2 believes 5 epoch 1`, []history.LogEvent{{Kind: history.UncleanElection, Offset: 4}}},
	{"a leader in sync that lost its end is elected, and hears of it when it is deposed", false, usual + `
		commit 0..3
		b1 crashes
		b1 opens 0..0
		elect b1 epoch 2 isr b1,b2
		elect b2 epoch 3 isr b2
		b1 leads epoch 2
		b2 leads epoch 3
		b1 follows epoch 3
		b1 copies 0..3 epoch 1
		commit 4..4`, []history.LogEvent{{Kind: history.LedInVain, Broker: 1}}},
	{"an unclean leader dies before it began, and is elected again from among those in sync", true, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		elect b3 epoch 2 isr b3
		b3 crashes
		elect nobody epoch 3 isr b3
		b3 opens 0..4 mark 4
		elect b3 epoch 4 isr b3
		b3 leads
		b3 appends 4..4
		b3 marks 5`, []history.LogEvent{{Kind: history.UncleanElection, Offset: 4}}},
	{"an unclean leader hears of it when a better one has been elected", true, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		elect b3 epoch 2 isr b3
		elect b1 epoch 3 isr b1
		b1 leads
		b3 leads epoch 2 isr b3
		b3 appends 4..4 epoch 2
		b3 marks 5 epoch 2
		commit 7..7
		b3 follows
		b3 cuts 4
		b3 copies 4..6 epoch 1
		b3 copies 7..7
		b3 believes 8`, []history.LogEvent{{Kind: history.LedInVain, Offset: 4, Broker: 3}, {Kind: history.UncleanElection, Offset: 4}}},
	{"the last in-sync replica loses its tail in a crash, and leads", false, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		b1 crashes
		elect nobody epoch 2 isr b1
		b1 opens 0..4 mark 4
		elect b1 epoch 3 isr b1
		b1 leads
		b1 appends 4..4
		b1 marks 5
		b2 follows
		b2 copies 4..4
		b2 believes 5`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 4}}},
	{"what an in-sync replica lost that led comes back with another, whom it has not met", false, usual + `
		commit 0..3
		b2 crashes
		b2 opens 0..0
		elect b2 epoch 2 isr b2,b3
		b2 leads
		b2 appends 0..0
		elect b3 epoch 3 isr b2,b3
		b3 leads
		b2 follows
		b2 cuts 0
		b2 copies 0..3 epoch 1
		b2 believes 4
		commit 4..4`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}}},
	{"a leader that hung hears what a follower sent before a crash took what it had", false, usual + `
		commit 0..3
		b1 appends 4..4
		b2 copies 4..4
		b3 copies 4..4
		b1 hears b2 at 4
		b2 crashes
		b2 opens 0..4 mark 4
		b1 hears b2 at 5 life 0
		b1 hears b3 at 5
		b1 marks 5
		b2 follows
		b1 hears b2 at 4
		b2 copies 4..4
		b1 hears b2 at 5
		b2 believes 5`, nil},
	{"a leader that was cut off hears what a follower tried to send again before a crash took what it had", false, usual + `
		commit 0..3
		b1 appends 4..4
		b2 copies 4..4
		b3 copies 4..4
		b1 hears b2 at 4
		b2 crashes
		b2 opens 0..4 mark 4
		b1 hears b2 at 5 life 0
		b1 hears b2 at 5 life 9
		b1 hears b3 at 5
		b1 marks 5
		b2 follows
		b1 hears b2 at 4
		b2 copies 4..4
		b1 hears b2 at 5
		b2 believes 5`, nil},
	{"a leader commits by what a follower had before a crash took it", false, usual + `
		commit 0..3
		b1 appends 4..4
		b2 copies 4..4
		b1 hears b2 at 5
		b2 crashes
		b2 opens 0..4 mark 4
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 marks 5
		b2 follows
		b1 hears b2 at 4
		b2 copies 4..4
		b1 hears b2 at 5
		b2 believes 5
		commit 5..5`, nil},
	{"a leader that hung commits by what a crash took of who was elected, and committed something else", false, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 appends 0..0
		b2 copies 0..0
		b2 crashes
		b2 opens
		elect b2 epoch 2 isr b2
		b2 leads
		b2 appends 0..0
		b2 marks 1
		b1 hears b2 at 1 life 0 epoch 1
		b1 marks 1 epoch 1
		b1 acks 0 epoch 1
		b1 follows
		b1 cuts 0
		b1 copies 0..0 epoch 2
		b1 believes 1`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}}},
	{"a leader that hung commits by what a crash took of who was elected, and commits later", false, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 appends 0..0
		b2 copies 0..0
		b2 crashes
		b2 opens
		elect b2 epoch 2 isr b2
		b2 leads
		b1 hears b2 at 1 life 0 epoch 1
		b1 marks 1 epoch 1
		b2 appends 0..0
		b2 marks 1`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}}},
	{"the last in-sync replica loses its tail, and its process dies before it opens its log", false, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		b1 crashes
		elect nobody epoch 2 isr b1
		b1 dies
		b1 opens 0..4 mark 4
		elect b1 epoch 3 isr b1
		b1 leads`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 4}}},
	{"what was deleted comes to an end with a log that begins before it, and its leader was elected twice", false, usual + `
		commit 0..0
		commit 1..5
		b1 forgets 3 why delete-records
		isr b1
		b1 knows b1 version 1
		b1 crashes
		elect nobody epoch 2 isr b1
		b1 opens 0..0
		elect b1 epoch 3 isr b1
		elect b1 epoch 4 isr b1
		b1 leads epoch 3
		b1 appends 0..0 epoch 3
		b1 marks 1 epoch 3
		b1 leads
		b1 serves 0..0`, []history.LogEvent{
		{Kind: history.StartMoved, Offset: 3, Why: "delete-records"}, {Kind: history.LedInVain, Broker: 1},
		{Kind: history.LastReplicaLost}, {Kind: history.LastReplicaLost},
	}},
	{"a follower has what was never committed where its leader has deleted, and hides it", true, usual + `
		b1 appends 0..1
		b2 copies 0..1
		isr b1
		elect b3 epoch 2 isr b3
		b3 leads
		commit 0..1
		b3 forgets 2 why delete-records
		b2 follows
		b2 believes 2
		b2 forgets 2
		b3 appends 2..2
		b2 copies 2..2
		b3 hears b2 at 3
		b3 marks 3
		b2 believes 3
		b2 serves 2..2`, []history.LogEvent{{Kind: history.StartMoved, Offset: 2, Why: "delete-records"}}},
	{"the last in-sync replica loses everything twice, and readers are told so twice", false, lostAll + `
		commit 0..0
		b1 crashes
		elect nobody epoch 4 isr b1
		b1 opens 0..0
		elect b1 epoch 5 isr b1
		b1 leads`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}, {Kind: history.LastReplicaLost, Offset: 0}}},
	{"a follower has what was lost, and the leader has deleted what came in its place", false, lostAll + `
		commit 0..1
		commit 2..3
		b1 forgets 4
		b2 follows
		commit 4..4
		b2 copies 4..4
		b2 believes 5
		b2 forgets 4`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}, {Kind: history.StartMoved, Offset: 4, Why: "leader"}}},
	{"the last in-sync replica, which begins in the middle of a batch, loses all in a crash, and leads", false, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		b1 forgets 5
		b1 crashes
		elect nobody epoch 2 isr b1
		b1 opens 5..5 mark 5
		elect b1 epoch 3 isr b1
		b1 leads
		b1 appends 5..5
		b1 marks 6
		b2 follows
		b2 starts-over 5
		b2 copies 5..5
		b2 believes 6`, []history.LogEvent{{Kind: history.StartMoved, Offset: 5, Why: "leader"}, {Kind: history.LastReplicaLost, Offset: 4}}},
	{"a deposed leader that committed alone is elected uncleanly, and goes on from its mark", true, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		elect b2 epoch 2 isr b2
		b1 appends 4..4 epoch 1
		b1 marks 5 epoch 1
		b2 leads
		elect b1 epoch 3 isr b1
		b1 leads mark 5
		b2 follows
		b2 copies 4..4 epoch 1
		b2 believes 5`, []history.LogEvent{{Kind: history.UncleanElection, Offset: 4}}},
	{"a deposed leader is elected uncleanly, where other records were committed since, and serves up to its mark", true, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		elect b2 epoch 2 isr b2
		b1 appends 4..4 epoch 1
		b1 marks 5 epoch 1
		b2 leads
		b2 appends 4..4
		b2 marks 5
		elect b1 epoch 3 isr b1
		b1 leads mark 5
		b1 serves 0..4`, []history.LogEvent{{Kind: history.UncleanElection, Offset: 4}, {Kind: history.UncleanElection, Offset: 4}}},
	{"a leader begins in the middle of an epoch, and does not know the ends of those before", false, usual + `
		commit 0..3
		elect b1 epoch 3 isr b1
		b1 leads
		commit 4..6
		b1 forgets 5
		b1 diverges b2 epoch 1 end 5`, []history.LogEvent{{Kind: history.StartMoved, Offset: 5, Why: "leader"}}},
	{"a follower of before a loss comes back, where all that differs was deleted since", false, usual + `
		commit 0..0
		commit 1..1
		b3 crashes
		isr b1
		b1 knows b1 version 1
		b1 crashes
		b1 opens 0..0
		elect b1 epoch 2 isr b1
		b1 leads
		b1 appends 0..0
		b1 appends 1..1
		b1 marks 2
		b1 forgets 2 why delete-records
		b3 opens 0..2
		b3 follows
		b3 believes 2
		b3 forgets 2`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}, {Kind: history.StartMoved, Offset: 2, Why: "delete-records"}}},
	{"a follower that has heard of no loss deletes for its age what it has, and not what is there now", false, usual + `
		commit 0..0
		commit 1..1
		isr b1
		b1 knows b1 version 1
		b1 crashes
		b1 opens 0..0
		elect b1 epoch 2 isr b1
		b1 leads
		b1 appends 0..0
		b1 appends 1..1
		b1 marks 2
		b3 forgets 2 why retention-time`, []history.LogEvent{{Kind: history.LastReplicaLost, Offset: 0}, {Kind: history.StartMoved, Offset: 2}}},
}
