package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// rearm: a server that takes over watches tells what was missed, no more and no
// less, before it confirms, and keeps the rest.
func (c *watcher) rearm(r *history.Rearm) {
	c.tellBy(func(t trigger) bool { return t.zxid <= r.Zxid }, proof{
		at: r.At, said: fmt.Sprintf("watches were taken over at %v", r.Zxid), op: none,
	})
	due := map[watchKey]wire.EventType{}
	take := func(kind watchKind, absent bool, paths []string) {
		for _, path := range paths {
			k := watchKey{kind, path}
			e, missed := c.index.missed(kind, absent, path, r.Seen, r.Zxid)
			if missed && !kind.stays() {
				due[k] = e
			} else {
				c.seenTruly(r, k, absent)
				c.arm(k, r.Zxid, none)
				c.leave(k, c.heard[k])
			}
			delete(c.carried, k)
		}
	}
	take(dataWatch, false, r.Data)
	take(dataWatch, true, r.Exist)
	take(childWatch, false, r.Child)
	take(persistentWatch, false, r.Persistent)
	take(recursiveWatch, false, r.Recursive)
	for _, i := range c.missed {
		if e := &c.h.Events[i]; !settle(due, e) {
			c.blame(WatchSurvives, fmt.Sprintf("But %s; that was not missed by a watch that the client brought at %v, having seen %v.",
				describeEvent(e), r.Zxid, r.Seen), e.At)
		}
	}
	c.missed = nil
	for _, k := range sortedWatches(due) {
		c.blame(WatchSurvives, fmt.Sprintf("But session %#x brought its watch on %s to connection %d at %v, having seen %v, and was not told: %v.",
			r.Session, k.path, r.Conn, r.Zxid, r.Seen, due[k]), r.At)
	}
}

// forget takes what an event uses up from the watches of the client, which is not told
// to which of them an event is due: as in ZooKeeper it wakes them all. The server may
// keep one of them:
//
//	The client watches the data of /r. Another deletes /r, which the client may
//	not read: the watch is used up without a word. The client asks whether /r
//	exists, and no: now it has two watches, and brings both to the next server.
//	That tells it of the deletion, for the first, and keeps the second. The client
//	has woken both, and brings neither to the server after that.
func (c *watcher) forget(e *history.WatchEvent) {
	var kinds []watchKind
	if e.Type != wire.NodeChildrenChanged {
		kinds = append(kinds, dataWatch)
	}
	if e.Type == wire.NodeChildrenChanged || e.Type == wire.NodeDeleted {
		kinds = append(kinds, childWatch)
	}
	for _, kind := range kinds {
		k := watchKey{kind, e.Path}
		delete(c.carried, k)
		delete(c.withheld, k)
		c.heard[k] = true // it may be in a request that is not confirmed yet
		c.leave(k, true)
	}
}

// leave notes that the client takes a watch for used up that its server has.
func (c *watcher) leave(k watchKey, left bool) {
	if a := c.armed[k]; a != nil && left {
		a.left = true
	}
}

// settle takes an event off those that are due.
func settle(due map[watchKey]wire.EventType, e *history.WatchEvent) bool {
	for _, kind := range []watchKind{dataWatch, childWatch} {
		k := watchKey{kind, e.Path}
		if due[k] == e.Type {
			delete(due, k)
			return true
		}
	}
	return false
}

func sortedWatches[V any](set map[watchKey]V) []watchKey {
	out := make([]watchKey, 0, len(set))
	for k := range set { //sim:unordered sorted below
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b watchKey) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.kind, b.kind)) })
	return out
}

// received lists the references, and what the connection received around a time.
func (c *watcher) received(at time.Duration, refs []int) []string {
	var out []string
	for _, i := range refs {
		out = append(out, c.evidence(i))
	}
	for _, m := range c.list {
		switch {
		case m.event != none && c.h.Events[m.event].At == at:
			out = append(out, describeEvent(&c.h.Events[m.event]))
		case m.rearm != none && c.h.Rearms[m.rearm].At <= at:
			out = append(out, describeRearm(&c.h.Rearms[m.rearm]))
		}
	}
	return out
}

// describeRearm renders what a client brought as a line of evidence.
func describeRearm(r *history.Rearm) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] session %#x/%d: watches brought, seen %v: data %v, exist %v, children %v", when(r.At), r.Session, r.Conn, r.Seen, r.Data, r.Exist, r.Child)
	if len(r.Persistent)+len(r.Recursive) > 0 {
		fmt.Fprintf(&b, ", persistent %v, recursive %v", r.Persistent, r.Recursive)
	}
	fmt.Fprintf(&b, " -> taken over at %v", r.Zxid)
	return b.String()
}

// describeEvent renders an event as part of a sentence and as a line of evidence.
func describeEvent(e *history.WatchEvent) string {
	s := fmt.Sprintf("session %#x/%d was told at %s that %s is %v", e.Session, e.Conn, when(e.At), e.Path, e.Type)
	if e.Zxid != wire.NoZxid {
		s += " at " + e.Zxid.String()
	}
	return s
}
