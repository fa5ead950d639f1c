// Package zab is the ZooKeeper Atomic Broadcast protocol after an election:
// discovery, synchronisation and broadcast, as "Zab 1.0" in Apache ZooKeeper
// implements the paper (Junqueira, Reed, Serafini, DSN 2011).
//
// A [Leader] or a [Learner] is one term of one server in one role. It is made
// when an election names a leader and thrown away at the first doubt. It holds
// no clock, no connection and no file: its [Host] does, and tells it what
// happened. That makes every schedule of messages, timeouts and disk
// completions a unit test.
//
//	learner                                  leader
//	  FOLLOWERINFO(acceptedEpoch)  ───────▶    quorum of these: newEpoch = max+1, durable
//	  ◀───────────────────────────  LEADERINFO(newEpoch)
//	acceptedEpoch durable
//	  ACKEPOCH(currentEpoch, last) ───────▶    quorum of these: nobody newer than me
//	  ◀──────────────  DIFF | TRUNC | SNAP, proposals, NEWLEADER
//	(a TRUNC into a snapshot: ACKEPOCH(none) ─▶, and SNAP, proposals, NEWLEADER instead)
//	history durable, then currentEpoch durable
//	  ACK(newEpoch:0)              ───────▶    quorum of these: established, all history committed
//	  ◀───────────────────────────  UPTODATE
//	serving
//	  ◀───────────────────────────  PROPOSAL z
//	z durable
//	  ACK z                        ───────▶    quorum of these: committed, in zxid order
//	  ◀───────────────────────────  COMMIT z
//
// What every message rests on is the whole protocol: no ACK leaves before what
// it claims is durable, and no epoch is announced before it is.
package zab
