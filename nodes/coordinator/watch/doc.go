// Package watch keeps what the clients of one server wait for: two tables of
// one-shot watches, on the data of znodes (getData, exists) and on their children
// (getChildren), as in Apache ZooKeeper.
//
// Watches live on the server that a client is connected to, in memory, and go with
// the connection. The table is pure: it is told what a transaction did and answers
// who is to be notified.
package watch
