package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// named lists the watches that a checkWatches or removeWatches speaks of.
func named(op *history.Op) []watchKey {
	switch wire.WatchType(op.Mode) {
	case wire.DataWatches:
		return []watchKey{{dataWatch, op.Path}}
	case wire.ChildWatches:
		return []watchKey{{childWatch, op.Path}}
	case wire.PersistentWatches:
		return []watchKey{{persistentWatch, op.Path}}
	case wire.RecursiveWatches:
		return []watchKey{{recursiveWatch, op.Path}}
	}
	return []watchKey{{dataWatch, op.Path}, {childWatch, op.Path}, {persistentWatch, op.Path}, {recursiveWatch, op.Path}}
}

// request takes what is about watches and nothing else: the result of addWatch, of
// checkWatches, of removeWatches.
func (c *watcher) request(at int, op *history.Op) {
	if op.F == history.AddWatch {
		kind := persistentWatch
		if wire.WatchMode(op.Mode) == wire.WatchRecursive {
			kind = recursiveWatch
		}
		if op.Outcome == history.OK {
			c.arm(watchKey{kind, op.Path}, op.Zxid, at)
		}
		return
	}
	var has, held []watchKey // set on the server, and what the client takes for set
	for _, k := range named(op) {
		if a := c.armed[k]; a != nil && a.spent {
			c.forgetRemoved(op)
			return // nobody knows whether the server has it
		} else if a != nil {
			has = append(has, k)
		}
		if a := c.armed[k]; a != nil && !a.left || c.withheld[k] {
			held = append(held, k)
		}
	}
	switch {
	case op.Outcome == history.OK && len(has) == 0:
		c.blame(WatchRemoved, fmt.Sprintf("But op %d was answered ok at %v, and the connection had no %v watch on %s.",
			op.ID, op.Zxid, wire.WatchType(op.Mode), op.Path), op.Return, at)
	case op.Err == wire.ErrNoWatcher && len(has) > 0:
		c.blame(WatchRemoved, fmt.Sprintf("But op %d was answered %v at %v, and the connection had a %v watch on %s.",
			op.ID, op.Err, op.Zxid, has[0].kind, op.Path), op.Return, at)
	case op.F == history.RemoveWatch && op.Outcome == history.OK:
		c.owner, c.local = at, removedEvents(held)
		c.forgetRemoved(op)
	}
}

// forgetRemoved takes the watches away that an operation removed.
func (c *watcher) forgetRemoved(op *history.Op) {
	if op.F != history.RemoveWatch || op.Outcome != history.OK {
		return
	}
	for _, k := range named(op) {
		delete(c.withheld, k)
		if c.armed[k] != nil {
			delete(c.armed, k)
			c.removed[k] = true
		}
	}
}

// removedEvents lists what a client tells itself when these watches are removed, an
// event for each sort.
func removedEvents(had []watchKey) (events []wire.EventType) {
	for _, k := range had {
		e := [...]wire.EventType{wire.DataWatchRemoved, wire.ChildWatchRemoved, wire.PersistentWatchRemoved, wire.PersistentWatchRemoved}[k.kind]
		if !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	return events
}

// removal takes an event that the client gave itself.
func (c *watcher) removal(e *history.WatchEvent) {
	i := slices.Index(c.local, e.Type)
	if i < 0 || c.h.Ops[c.owner].Path != e.Path {
		c.blame(WatchRemoved, fmt.Sprintf("But %s, and nothing of the sort was removed.", describeEvent(e)), e.At)
		return
	}
	c.local = slices.Delete(c.local, i, i+1)
}

// selfTold: the client tells itself of a removal before anything else arrives.
func (c *watcher) selfTold() {
	if len(c.local) == 0 {
		return
	}
	op := &c.h.Ops[c.owner]
	c.blame(WatchRemoved, fmt.Sprintf("But op %d removed watches on %s, and its client was not told: %v.", op.ID, op.Path, c.local[0]), op.Return, c.owner)
	c.local = nil
}

// seenTruly: what a client claims to have seen, when it brings a watch, is no later
// than what that watch has told. carried holds what would have fired it next: if the
// server finds that nothing was missed, that did not happen before.
func (c *watcher) seenTruly(r *history.Rearm, k watchKey, absent bool) {
	due, carried := c.carried[k]
	if carried && due != 0 && due <= r.Zxid && !absent && !k.kind.stays() {
		c.blame(WatchSurvives, fmt.Sprintf("But session %#x had a %v watch on %s that was to fire at %v, and brought it to connection %d as of %v: nobody tells it any more.",
			r.Session, k.kind, k.path, due, r.Conn, r.Seen), r.At)
	}
}
