// Package group coordinates groups of consumers and keeps their offsets: the classic
// protocol of Kafka (joins, syncs, heartbeats), as one broker runs it for the partitions
// of the topic of offsets that it leads.
//
// A group lives in the partition of that topic which the hash of its name says. Its
// members and its offsets are records there, so that whoever leads the partition next
// knows them; a coordinator serves from its memory what it has read and written there.
//
// The life of a group:
//
//	empty       no members, perhaps offsets
//	preparing   the members are asked to join; who does, waits for the others
//	completing  a generation has begun; its leader is asked to assign partitions
//	stable      everybody has been told the assignment, which is in the log
//	dead        gone, or being given to another coordinator
//
// What a coordinator acknowledges is in the log with all in-sync replicas. A write whose
// outcome it was not told is refused, and may turn up with the next coordinator: to
// clients that is an unknown outcome.
//
// The package is a state machine. It knows the topic of offsets and the znodes of old
// clients by its [Host] only.
package group
