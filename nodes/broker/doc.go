// Package broker is a Kafka-compatible broker whose cluster keeps its metadata in a
// ZooKeeper-compatible coordinator. It is a [node.Node]: the world calls it.
//
// This package composes. The rules are below it: replica knows when records are
// committed and who is in sync, log and batch know the bytes on the disk, controller
// decides who leads, zookeeper is the session, wire the connections. What is here, one
// chapter a file:
//
//	server        the callbacks of a node, and whom they concern
//	channels      connections that were accepted: requests in order, one in process
//	apis          which requests are known, in which versions, and who handles them
//	registration  the session with the coordinator, and the znode that says we live
//	replicas      the partitions that have a replica here, and their logs
//	control       what the controller orders: lead, follow, stop
//	metadata      what the controller tells about everybody else
//	produce, fetch, offsets, epochs, records
//	              what clients and followers ask of a leader
//	purgatory     requests that wait for something to happen to a partition
//	fetchers      following: one conversation with each leader
//	isr           who is in sync, written to the state znode by the leader itself
//	checkpoints   what is noted on the disk now and then
//	producers     IDs for producers
//	admin         requests for the controller
//	shutdown      leaving in order
//	access        who may do what: entries in znodes, copied and followed
//	rights, gates, groupgates
//	              which rights each request needs, and what becomes of one that lacks some
//	accessadmin   changing and showing those entries
//	identity      who a client is, and how it proves that
//	clientconfigs what is said of users and applications
//	throttle, quotaadmin
//	              how much they may have, and who has to wait
//
// Acknowledgements do not rest on a sync of the disk, here as in Kafka: they rest on
// the copies on the other in-sync replicas, and a broker that lost its page cache is
// brought back in line by truncation. The few files that a restart trusts are
// replaced atomically.
package broker
