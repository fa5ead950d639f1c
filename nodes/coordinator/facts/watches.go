package facts

import "github.com/stampede-sim/stampede/nodes/node"

// cases makes a kind whose last number tells the rows of a rule apart.
func cases(k *node.EventKind, names ...string) *node.EventKind {
	k.Cases, k.Fields[3] = names, "case"
	return k
}

// Watches, with a case for each row of the rules that say what sets a watch, what
// fires it, and what becomes of it when its client comes back or takes it away. Conn
// is the connection it is of, event a wire.EventType, type a wire.WatchType.
var (
	WatchSet = cases(kind(90, true, "watch-set", "serving server: a request left a watch; an exists does so on a znode that is present and on one that is absent", "session", "conn", ""),
		"data", "present", "absent", "child", "persistent", "recursive")
	WatchFired = cases(kind(91, true, "watch-fired", "serving server: a transaction fired a watch; below is what a recursive one tells of descendants", "zxid", "event", ""),
		"data-created", "data-deleted", "data-changed", "child-deleted", "child-children",
		"persistent-created", "persistent-deleted", "persistent-changed", "persistent-children",
		"recursive-created", "recursive-deleted", "recursive-changed", "below-created", "below-deleted", "below-changed")
	WatchRearmed = cases(kind(92, true, "watch-rearmed", "serving server: a client that reconnected brought a watch that stays set", "session", "conn", ""),
		"data", "exist", "child", "persistent", "recursive")
	WatchCaughtUp = cases(kind(93, true, "watch-caught-up", "serving server: a client that reconnected had missed an event", "session", "event", ""),
		"data-deleted", "data-changed", "exist-created", "child-deleted", "child-children")
	WatchToldOnce  = kind(120, true, "watch-told-once", "serving server: a deletion fired watches on data and children of one connection, which hears of it once", "zxid")
	WatchModesMeet = kind(121, true, "watch-modes-meet", "serving server: one event is due to watches of several modes of one connection, which hears of it once", "zxid", "event")
	WatchRemoved   = cases(kind(122, true, "watch-removed", "serving server: a client had watches of a type removed", "session", "conn", ""),
		"children", "data", "any", "persistent", "recursive")
	WatchNotRemoved = cases(kind(123, true, "watch-not-removed", "serving server: a client wanted watches of a type removed, and has none", "session", "conn", ""),
		"children", "data", "any", "persistent", "recursive")
	WatchChecked    = cases(kind(124, true, "watch-checked", "serving server: a client asked whether it has a watch of a type", "session", "type", ""), "yes", "no")
	WatchesBatched  = kind(125, true, "watches-batched", "client: brought its watches in this many requests", "session", "batches")
	WatchesDropped  = kind(126, true, "watches-dropped", "serving server: a connection is gone, and all its watches with it", "conn", "watches")
	WatchWithheld   = kind(128, true, "watch-withheld", "serving server: an event was due to a connection that may not read what it is about, and is not told", "zxid", "event")
	WatchedByNobody = kind(127, true, "watched-by-nobody", "serving server: a connection that went had read requests with watches waiting, which leave none", "conn")
)
