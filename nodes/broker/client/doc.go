// Package client is what talks to brokers: producers, consumers, members of groups and
// administrators, as state machines over one view of the cluster.
//
// They live inside a [node.Node], which forwards a [Cluster] the callbacks of its
// connections and timers; the Cluster hands them on. It keeps the metadata and a
// connection for each broker and each of its users, because a broker answers the
// requests of one connection in order: a fetch that waits for records must not hold up
// a produce, nor a join that waits for others a heartbeat.
//
// # What a result means
//
// The harness judges brokers by what its clients saw, so the one thing this package
// must never do is claim more than it knows. An operation ends once: it succeeded, it
// failed for sure, or nobody can tell ([Outcome]). It failed for sure if no request
// left, or if a broker said that nothing was done; it is unknown if a connection broke,
// a time limit passed, or the broker answered by an error that leaves it open. That is
// so for more of them than one would think: a leader that is deposed while records wait
// to be replicated answers NOT_LEADER_OR_FOLLOWER, and the records are in its log.
//
// # Retries
//
// A producer tries again as Kafka's does, within its delivery timeout; a result counts
// its attempts. With idempotence a batch keeps its sequence as long as it may have been
// appended, and is given up as unknown before it would get another (compare KIP-360).
//
// # Groups
//
// A [Member] is in a generation of its group from the answer to its sync until it joins
// the next. It believes that it has its share until a coordinator says otherwise, as
// Kafka's consumers do; that others may have it by then is what generations in commits
// are for. A commit is repeated until its outcome is known or its time is over, and no
// later one is sent before.
//
// Transactions are not part of this package yet: the isolation level of a consumer goes to
// brokers, and records of aborted transactions are not filtered.
//
// # Callbacks
//
// All callbacks are called from inside a forwarded callback, after everything is
// settled, and never before the function returns that was given them. They may call
// the package again. What is asked for in a forwarded callback, or in [Cluster.Do], leaves
// when that ends: records that are sent in one share batches, and batches requests.
package client
