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
	{"a topic is never deleted", AskedIsDone, usual + `
		doomed
		unrest
		wait
		wait
		wait
		unrest`},
}
