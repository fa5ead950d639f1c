// Package conformance holds a coordinator to what ZooKeeper answers, byte by byte.
//
// Its scripts (testdata, in the format of package script) are sessions of clients:
// requests, and the replies and watch events that must come back. The same scripts run
// against two targets: [Simulated], our coordinator in a simulated world, over its real
// encoding; and [Apache], a private Apache ZooKeeper over TCP. Both must give the same
// output, so neither a mistake of ours nor a wrong belief about ZooKeeper stays.
//
// The package speaks the protocol by a table of its own (operations, in the notation of
// ZooKeeper's zookeeper.jute), and not by package wire: a codec that agrees only with
// itself would pass its own tests.
//
// What differs from run to run by nature is named instead of left out:
//
//   - A zxid is printed by its distance: z0 is where the server stood when the script's
//     first session was about to be created, so that session is z1, and a write that
//     fails is seen to count. In a later epoch it reads e1.3: one epoch later, counter 3.
//   - A time is printed as the transaction it belongs to: t3 is the time of z3. Two
//     different times for one transaction are shown as such.
//   - Session ids are s1, s2, … in the order they were given out.
//
// Children and paths of ephemerals come in no promised order and are printed sorted.
//
// Commands (see the scripts for all of them):
//
//	serve 3 tick=200ms                   start the target: so many servers
//	connect b timeout=4s server=2        a connection with a new session; "a" if not named
//	connect b session=s1                 … or with one that exists
//	connect b quiet                      … without the ping that asks for the zxid
//	create /x data=hello by=b            an operation, by its name in ZooKeeper's protocol
//	getData /x watch async               … without waiting for the reply
//	replies                              await the replies of async operations
//	events by=b                          what came to b unasked until now
//	end by=b                             await that the server closes the connection
//	pause 1                              server 1 stands still, until: resume 1
//	sleep 500ms ping=(a,b)               let time pass; these keep their sessions
//
// A test fails if an operation or a code of the protocol is met by no script.
//
// A command with only=zookeeper or only=stampede concerns that target alone, one with
// since=3.9.0 no older ZooKeeper. Its story says why.
package conformance
