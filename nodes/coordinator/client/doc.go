// Package client is the client half of the coordinator's session protocol: a
// state machine that keeps one session alive over whichever server answers, and
// carries requests in the order they were submitted.
//
// It lives inside a [node.Node], which forwards it the callbacks of its
// connections and timers, and starts nothing of its own. It follows the Java
// client of Apache ZooKeeper 3.9 where that is observable: the read timeout is
// two thirds of the negotiated session timeout, pings go out at half of that,
// lastZxidSeen moves only with replies to requests, and only a server may call a
// session expired.
//
// Watches that have not fired, and those of addWatch, go with the session to the next
// server, ahead of every request, split if they are many. There is one watcher a path
// and kind: who wants several shares their events out himself, and checkWatches, by
// which the Java client takes away one of several, is a question here.
//
// # What a result means
//
// The harness judges servers by what its clients saw, so the one thing this
// package must never do is claim more than it knows. [Result.Sure] is false for
// a write that was sent and not answered: it may have happened, or happen later.
// A read that was lost has no effect and fails for sure, and so does a request
// that never left. The client never retries.
//
// # Who it is
//
// What [Client.Authenticate] was told is shown to every server that accepts the
// session, before its watches and its requests. A server that does not believe it ends
// the session for this client.
//
// # Callbacks
//
// The done functions and the [Listener] are called from inside the forwarded
// callbacks, after the client has settled its own state, and may call it again.
package client
