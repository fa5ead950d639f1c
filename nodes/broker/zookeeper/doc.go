// Package zookeeper is a broker's session on the coordinator, for code that is written
// straight down: a task asks, awaits, and goes on with the answer. It wraps
// [nodes/coordinator/client], which keeps the session alive.
//
// # What is tried again
//
// A read whose connection broke is asked again on the next. A write whose connection
// broke may have happened, and is not repeated: its reply says Unknown, and whoever
// wrote must look. [Session.Set] and [Session.CreateEphemeral] do that for the two
// cases in which looking can tell, and nothing else here does. What never left waits for
// the next connection.
//
// An answer belongs to the session in which it was asked for. When that session ends,
// everything outstanding ends with ErrSessionExpired, or Unknown if it was a write that
// had left, also if a new session is there by the time the answer is taken.
//
// # Watches
//
// A handler is registered for a path and stays; a read of that path sets the watch for
// it, which fires once. So a handler that wants to hear again reads again, and hears of
// no change twice (this is how Kafka's ZooKeeperClient does it). A handler outlives the
// session, its watch does not.
package zookeeper
