// Package story plays stories of a cluster: scripts, as package internal/script reads
// them, that start coordinators and brokers in a simulated world, have clients act and
// things go wrong, and hold what a person would want to see of it under each command.
//
//	# Broker 1 dies; who was in sync takes over.
//	start brokers=3
//	----
//	…
//
//	crash b1
//	----
//
//	run 5s
//	----
//	zk: the session of b1 is over; /brokers/ids/1 and /controller are gone
//	b2 is the controller of epoch 2
//	…
//
// The judges of the coordinator and of replication watch, and a finding ends the story.
// Its last command may be "again bug=NAME": the story is played once more from the
// beginning, by servers with that planted bug, until a guarantee falls that the catalogue
// of bugs says it breaks. So a story tells how a protocol protects itself, and proves that
// without the protection somebody would notice.
//
// docs/STORIES.md has the language. A story is about what happens, not when: no output
// holds times, and the network takes the same time for every message, so that a change of
// the code changes a story only if it changes what is told.
package story
