// Package node is the contract between a node (a server or a client of some
// protocol) and whatever world hosts it: the simulator, a live process on TCP
// and files, or a Maelstrom binary. It imports nothing of this module.
//
// # The rules of a node
//
// A node is single-threaded and deterministic. The world calls it, one callback
// at a time, each to completion; between callbacks the node does not exist as a
// thread of control. A node starts no goroutine, owns no lock and no channel,
// reads no clock but [Env.Now] and [Env.WallMillis], draws no randomness but
// [Env.Rand], and keeps no state outside its own value and its [Disk]. The world
// throws the value away when the process crashes and makes a fresh one, so what
// is not on the disk is gone.
//
// # Four fixed points
//
// Connections are TCP-like: ordered, reliable until they break, and they break
// (see [Node.Closed]). Durability is asynchronous: a write is in the page cache
// until a [Disk.Sync] completes, and a crash keeps an arbitrary legal subset of
// the rest. A message belongs to whoever received it; what several messages
// share (a transaction sent to every follower) is immutable once sent. The same
// code runs in every world.
//
// # Failures
//
// Three kinds, never mixed: a bug panics, and the world turns the panic into a
// violation with seed, step and node; a protocol outcome is a value in a reply;
// a harness problem is a Go error and never occurs inside a node.
package node
