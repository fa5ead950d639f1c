// Package wire holds what ZooKeeper servers and clients say to each other and
// write to disk: transaction ids, operation and error codes, requests and
// replies, transactions, quorum packets, election notifications, and their jute
// encoding (big-endian, as zookeeper.jute of Apache ZooKeeper 3.9 defines it).
//
// The package knows shapes, not rules: it decides nothing. Checkers may use its
// types because a transaction is part of the specification, not of a program.
//
// Transactions, stats and byte slices inside messages are immutable once made;
// many messages may share them.
package wire
