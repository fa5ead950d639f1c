// Package controller is the controller of a Kafka cluster that keeps its metadata in
// ZooKeeper. Every broker has one; the one that holds the znode /controller decides who
// leads which partition, and tells all brokers.
//
// # Living in a broker
//
// A [Controller] is made by a broker at boot, with its environment and its session. The
// broker forwards it the callbacks of the connections and timers that are its own
// ([Controller.Owns], Receive, Closed, Timer), and tells it of the session:
//
//	the broker's znode was created in a new session    Registered(its czxid)
//	the session expired                                Expired(), then Session.Restart()
//
// In turn the controller calls [Config.Elected] when it learns who the controller is.
// Requests that only the controller answers are handed to it with a function that takes
// the response; whoever is not the controller answers NOT_CONTROLLER.
//
// # One task, one queue
//
// Everything happens in one task that takes one event after the other from a queue:
// a watch that fired, a response, a request, a timer. So an event sees the world as the
// event before has left it, and code is written straight down although it waits for the
// coordinators. Control requests are not waited for: each broker has a queue with one
// request in flight, repeated until it is answered or the broker has gone.
//
// # Zombies
//
// A controller may have been replaced and not know it. So every write is a multi that
// also checks the version of /controller_epoch (KAFKA-6082), and when that check fails,
// or the session is over, the controller abandons the event that it is in the middle of
// and resigns. What it had told brokers before bears an older epoch than what its
// successor tells them, and they know which to believe.
package controller
