package wire

import (
	"fmt"
	"strconv"
)

// EventType says what happened to a znode (Watcher.Event.EventType).
type EventType int32

// Events that servers send, and those that a client tells itself of watches that it
// had removed.
const (
	NodeCreated            EventType = 1
	NodeDeleted            EventType = 2
	NodeDataChanged        EventType = 3
	NodeChildrenChanged    EventType = 4
	DataWatchRemoved       EventType = 5
	ChildWatchRemoved      EventType = 6
	PersistentWatchRemoved EventType = 7
)

var eventNames = map[EventType]string{
	NodeCreated: "created", NodeDeleted: "deleted", NodeDataChanged: "data-changed", NodeChildrenChanged: "children-changed",
	DataWatchRemoved: "data-watch-removed", ChildWatchRemoved: "child-watch-removed", PersistentWatchRemoved: "persistent-watch-removed",
}

// Local reports whether an event is one that no server sends.
func (e EventType) Local() bool { return e >= DataWatchRemoved }

// WatchMode is the kind of watch that addWatch sets (ZooDefs.AddWatchModes).
type WatchMode int32

// Modes of addWatch.
const (
	WatchPersistent WatchMode = 0 // on one znode, data and children
	WatchRecursive  WatchMode = 1 // on a znode and all below it, without lists of children
)

// String returns the mode as a word.
func (m WatchMode) String() string {
	switch m {
	case WatchPersistent:
		return "persistent"
	case WatchRecursive:
		return "recursive"
	}
	return "mode" + strconv.Itoa(int(m))
}

// WatchType names kinds of watches in checkWatches and removeWatches
// (Watcher.WatcherType).
type WatchType int32

// Types of watches.
const (
	ChildWatches      WatchType = 1
	DataWatches       WatchType = 2
	AnyWatches        WatchType = 3
	PersistentWatches WatchType = 4
	RecursiveWatches  WatchType = 5
)

// WatchTypes lists every type by its number, from 1.
var WatchTypes = [...]string{ChildWatches: "children", DataWatches: "data", AnyWatches: "any", PersistentWatches: "persistent", RecursiveWatches: "recursive"}

// Known reports whether there is such a type.
func (w WatchType) Known() bool { return ChildWatches <= w && w <= RecursiveWatches }

// String returns the type as a word.
func (w WatchType) String() string {
	if w.Known() {
		return WatchTypes[w]
	}
	return "type" + strconv.Itoa(int(w))
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

// SetWatches2Request is a SetWatchesRequest of a client that has persistent watches,
// too. Those are set again, whatever happened meanwhile.
type SetWatches2Request struct {
	SetWatchesRequest
	Persistent, Recursive []string
}

// AddWatchRequest asks for a persistent watch on a path, whether or not there is a
// znode.
type AddWatchRequest struct {
	Path string
	Mode WatchMode
}

// WatchesRequest, of checkWatches or removeWatches, asks whether the connection has
// watches of a type on a path, or for their removal. NoWatcher is the answer if it
// has none.
type WatchesRequest struct {
	Path string
	Type WatchType
}

// ErrorReply answers addWatch: an error code, which is always 0.
type ErrorReply struct{ Err ErrorCode }

func (*WatcherEvent) isRecord()      {}
func (*SetWatchesRequest) isRecord() {}
func (*AddWatchRequest) isRecord()   {}
func (*WatchesRequest) isRecord()    {}
func (*ErrorReply) isRecord()        {}

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

func (r *SetWatches2Request) visit(c *coder) {
	r.SetWatchesRequest.visit(c)
	c.strs("persistentWatches", &r.Persistent)
	c.strs("persistentRecursiveWatches", &r.Recursive)
}

func (r *SetWatches2Request) brief() string {
	return fmt.Sprintf("%s persistent=%d recursive=%d", r.SetWatchesRequest.brief(), len(r.Persistent), len(r.Recursive))
}

func (r *AddWatchRequest) visit(c *coder) {
	c.str("path", &r.Path)
	c.int32("mode", (*int32)(&r.Mode))
}

func (r *WatchesRequest) visit(c *coder) {
	c.str("path", &r.Path)
	c.int32("type", (*int32)(&r.Type))
}
