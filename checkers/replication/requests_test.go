package replication

// requests are the good scenes about what operators ask for: elections, reassignments,
// deletions, and other configurations.
var requests = []goodScene{
	{"elections are told as they are", false, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b1 follows
		b2 leads
		isr b2
		b1 elects-nobody of b2
		isr b1,b2
		b1 told nobody
		elect b1 epoch 3 isr b1,b2
		b1 told done
		b1 told not-needed
		elect nobody epoch 4 isr b1,b2
		b1 elects-nobody of b1,b2
		b1 told nobody alive b2
		b1 told nobody alive b4 unclean 0
		elect b2 epoch 5 isr b1,b2
		b1 told done unclean 1`, nil},
	{"a deposed controller tells of an election what is not so any more", false, usual + `
		elect b1 epoch 2 isr b1,b2,b3
		controller b2
		elect b3 epoch 3 isr b1,b2,b3
		b1 told done`, nil},
	{"what was asked for is done some time after all have come to rest", false, usual + `
		errand preferred_replica_election
		errand reassign_partitions
		unrest
		wait
		unrest
		errand-done preferred_replica_election
		unrest
		wait
		unrest
		wait
		unrest
		errand-done reassign_partitions
		rest`, nil},
	{"a leader goes by what it has taken last, and not by what the znodes say", false, usual + `
		says topics/orders max.message.bytes=50 compression.type=lz4 min.insync.replicas=3
		b1 appends 0..0 bytes 1000 acks -1
		b1 too-long 1001
		b1 appends 1..1 bytes 1000
		b1 takes topics/orders segment.bytes=500
		b1 rolls 2 long 2001
		b1 appends 2..2 bytes 900
		b1 rolls 3 asked 0
		b1 appends 3..3 bytes 500
		b1 takes topics/orders segment.bytes=100 max.message.bytes=50 compression.type=lz4
		b1 takes brokers/<default> max.message.bytes=9 message.max.bytes=40 log.roll.ms=70 compression.type=zstd
		b1 rolls 4 old 71
		b1 appends 4..4 bytes 50 codec lz4 was gzip
		b1 too-long 45 codec gzip
		b1 takes topics/orders
		b1 takes brokers/1 compression.type=uncompressed
		b1 appends 5..5 bytes 40 codec none was gzip
		b1 too-long 41 codec none`, nil},
	{"a log that was cut grows beyond the length of a segment", false, usual + `
		b1 appends 0..3 bytes 900
		elect b2 epoch 2 isr b1,b2,b3
		b1 follows
		b1 cuts 0
		elect b1 epoch 3 isr b1,b2,b3
		b1 leads
		b1 appends 0..0 bytes 900
		b1 appends 1..1 bytes 900
		b1 appends 2..2 bytes 900
		b1 appends 3..3 bytes 900
		b1 appends 4..4 bytes 900`, nil},
	{"too few are in sync by what a leader goes by", false, usual + `
		says topics/orders min.insync.replicas=2
		b1 takes topics/orders min.insync.replicas=2
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 too-few b1
		b1 too-few-after b1
		b1 appends 0..0 bytes 5
		b1 hears b2 at 1
		b1 proposes b1,b2
		b1 too-few b1
		b1 appends 1..1 bytes 5`, nil},
}

var badRequests = []badScene{
	{"an election of the preferred leader is told to be done, and another leads", ElectionAsked, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b1 told done`},
	{"an election of the preferred leader is told to be needless, and another leads", ElectionAsked, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b1 told not-needed`},
	{"an election of the preferred leader is told to be in vain, which is alive and in sync", ElectionAsked, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b1 elects-nobody of b1,b2,b3
		b1 told nobody`},
	{"an unclean election is told to be done, and nobody leads", ElectionAsked, usual + `
		elect nobody epoch 2 isr b1
		b1 told done unclean 1`},
	{"an unclean election is told to be in vain, and there is who could lead", ElectionAsked, usual + `
		elect nobody epoch 2 isr b1
		b1 told nobody alive b3 unclean 1`},
	{"a reassignment is never ended", AskedIsDone, `
		topic b1,b2,b3 adding b1 removing b3
		controller b1
		elect b1 epoch 1 isr b1,b2,b3
		all open
		b1 leads epoch 1
		b2 follows epoch 1
		b3 follows epoch 1
		unrest
		wait
		unrest
		wait
		wait
		unrest`},
	{"an election that an operator has left in the tree is never held", AskedIsDone, usual + `
		errand preferred_replica_election
		unrest
		wait
		wait
		wait
		unrest`},
	{"a batch is taken that is too long by what the topic says", ConfigInForce, usual + `
		b1 takes topics/orders max.message.bytes=50
		b1 appends 0..0 bytes 50
		b1 appends 1..1 bytes 51`},
	{"a batch is taken that is too long by what is said of the broker again", ConfigInForce, usual + `
		b1 takes brokers/<default> message.max.bytes=50
		b1 takes topics/orders max.message.bytes=90
		b1 appends 0..0 bytes 90
		b1 takes topics/orders
		b1 appends 1..1 bytes 90`},
	{"a batch is refused that was too long before", ConfigInForce, usual + `
		b1 takes topics/orders max.message.bytes=50
		b1 too-long 51
		b1 takes topics/orders max.message.bytes=60
		b1 too-long 51`},
	{"a batch is stored in the codec of before", ConfigInForce, usual + `
		b1 takes brokers/1 compression.type=lz4
		b1 appends 0..0 bytes 5 codec lz4 was gzip
		b1 takes brokers/1
		b1 appends 1..1 bytes 5 codec lz4 was gzip`},
	{"a segment is too long by now", ConfigInForce, usual + `
		b1 appends 0..0 bytes 900
		b1 appends 1..1 bytes 100
		b1 takes topics/orders segment.bytes=1000
		b1 appends 2..2 bytes 1`},
	{"a log that was cut grows beyond the length of a segment, and beyond where it ended", ConfigInForce, usual + `
		b1 appends 0..3 bytes 900
		elect b2 epoch 2 isr b1,b2,b3
		b1 follows
		b1 cuts 0
		elect b1 epoch 3 isr b1,b2,b3
		b1 leads
		b1 appends 0..3 bytes 900
		b1 appends 4..4 bytes 900
		b1 appends 5..5 bytes 900`},
	{"a segment begins where the last is short enough by now", ConfigInForce, usual + `
		b1 takes topics/orders segment.bytes=1000
		b1 rolls 0 long 1001
		b1 takes topics/orders
		b1 rolls 0 long 1001`},
	{"a segment begins where the last is young enough by now", ConfigInForce, usual + `
		b1 takes brokers/<default> log.roll.ms=70 log.roll.jitter.ms=10
		b1 rolls 0 old 61
		b1 takes brokers/1 log.roll.ms=71
		b1 rolls 0 old 61`},
	{"a record for all is taken with as many in sync as sufficed before", ConfigInForce, usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 appends 0..0 bytes 5 acks -1
		b1 takes topics/orders min.insync.replicas=2
		b1 appends 1..1 bytes 5
		b1 appends 2..2 bytes 5 acks -1`},
	{"a record for all is refused with as many in sync as suffice by now", ConfigInForce, usual + `
		b1 takes topics/orders min.insync.replicas=2
		b1 too-few b1
		b1 takes topics/orders
		b1 too-few b1`},
	{"a record for all is said to have come too late with as many in sync as suffice by now", ConfigInForce, usual + `
		b1 takes topics/orders min.insync.replicas=2
		b1 too-few-after b1
		b1 takes topics/orders min.insync.replicas=1
		b1 too-few-after b1`},
	{"success is told with as many in sync as sufficed before", ConfigInForce, usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 appends 0..0 bytes 5
		b1 marks 1
		b1 acks 0
		b1 takes topics/orders min.insync.replicas=2
		b1 acks 0`},
	{"a topic is never deleted", AskedIsDone, usual + `
		doomed
		unrest
		wait
		wait
		wait
		unrest`},
}
