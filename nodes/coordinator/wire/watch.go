package wire

import (
	"fmt"
	"strconv"
)

// EventType says what happened to a znode (Watcher.Event.EventType).
type EventType int32

// Events that servers send.
const (
	NodeCreated         EventType = 1
	NodeDeleted         EventType = 2
	NodeDataChanged     EventType = 3
	NodeChildrenChanged EventType = 4
)

var eventNames = map[EventType]string{
	NodeCreated: "created", NodeDeleted: "deleted", NodeDataChanged: "data-changed", NodeChildrenChanged: "children-changed",
}

// String returns the event as lower-case words joined by dashes.
func (e EventType) String() string {
	if s, ok := eventNames[e]; ok {
		return s
	}
	return "event" + strconv.Itoa(int(e))
}

// SyncConnected is the only state that servers put into an event.
const SyncConnected int32 = 3

// WatcherEvent is the body of a notification: a watch fired. The header of the
// [Reply] that carries it bears the zxid of the transaction that fired it, NoZxid
// for what a client missed while it was away.
type WatcherEvent struct {
	Type  EventType
	State int32
	Path  string
}

// SetWatchesRequest carries a client's watches to the server it reconnected to.
// Seen is the last zxid the client saw: what changed since then is told at once,
// the rest is watched. Exist lists the paths where the client found no znode.
type SetWatchesRequest struct {
	Seen               Zxid
	Data, Exist, Child []string
}

func (*WatcherEvent) isRecord()      {}
func (*SetWatchesRequest) isRecord() {}

func (e *WatcherEvent) visit(c *coder) {
	c.int32("type", (*int32)(&e.Type))
	c.int32("state", &e.State)
	c.str("path", &e.Path)
}

func (r *SetWatchesRequest) visit(c *coder) {
	c.zxid("relativeZxid", &r.Seen)
	c.strs("dataWatches", &r.Data)
	c.strs("existWatches", &r.Exist)
	c.strs("childWatches", &r.Child)
}

func (r *SetWatchesRequest) brief() string {
	return fmt.Sprintf(" since=%s data=%d exist=%d child=%d", r.Seen, len(r.Data), len(r.Exist), len(r.Child))
}
