// Package live holds the invariants of the coordinator's protocol against every
// fact the servers state, at the moment they state it. A violation is therefore
// reported at the step where it happens, not when a client first suffers.
//
// The checker is a ghost: it knows every proposal ever issued, which of them
// are committed, and what each disk would still hold after a crash. It shares no
// code with the servers. What it believes comes from their facts, cross-checked
// with the bytes on their disks and with the judges' own reference tree; a
// leader's word about a quorum counts only as far as the acknowledging servers
// stated the same themselves.
//
// # One tree of histories
//
// A leader proposes each transaction on top of everything in its log, so in Zab
// a zxid names not only a transaction but the whole history below it. Every
// proposal is recorded once, with a link to the one below, and each server's log
// and tree are positions in that structure. Most invariants then are one
// comparison: what is appended must sit directly on what was there.
//
// # What is not here
//
// Agreement (D5) follows from prefix consistency. The vote order (D15) is a
// property test of the election package, and the branches that must never be
// taken (D16) are panics of the nodes.
package live
