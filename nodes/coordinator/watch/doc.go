// Package watch keeps what the clients of one server wait for: one-shot watches on the
// data of znodes (getData, exists) and on their children (getChildren), and the
// watches of addWatch that stay, on one znode or on everything below it, as in Apache
// ZooKeeper 3.9.
//
// Watches of several kinds on one path are independent of each other, and yet one
// thing that happens is told a connection once, however many of its watches it fires.
//
//	kind        created  deleted  data  children  below it
//	Data           x        x      x
//	Child                   x              x
//	Persistent     x        x      x       x
//	Recursive      x        x      x               created, deleted, data
//
// Watches live on the server that a client is connected to, in memory, and go with
// the connection. The table is pure: it is told what a transaction did and answers
// who is to be notified.
package watch
