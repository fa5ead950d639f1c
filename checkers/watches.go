package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// arrival is something that a client received on a connection: one of the three is
// an index into the history, the others are none.
type arrival struct {
	session          int64
	conn, order      int
	op, event, rearm int
}

// watches checks, connection by connection, what clients were told of what they
// watched. A reply bears the zxid of the state it shows, so for every watch the log
// says which transaction fires it, and for every reply whether it shows that one.
func (w *witness) watches() {
	list := w.arrivals()
	if len(list) == 0 {
		return
	}
	index := w.indexWatches()
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].session == list[0].session && list[n].conn == list[0].conn {
			n++
		}
		c := watcher{witness: w, index: index, armed: map[watchKey]*armedWatch{}, list: list[:n]}
		for i := range c.list {
			c.next(i)
		}
		list = list[n:]
	}
}

// arrivals lists everything in the order that each connection received it, nothing
// for a history without watches.
func (w *witness) arrivals() []arrival {
	var list []arrival
	watched := len(w.h.Events)+len(w.h.Rearms) > 0
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		watched = watched || op.Watch
		if op.Order > 0 {
			list = append(list, arrival{op.Session, op.Conn, op.Order, i, none, none})
		}
	}
	if !watched {
		return nil
	}
	for i, e := range w.h.Events {
		list = append(list, arrival{e.Session, e.Conn, e.Order, none, i, none})
	}
	for i, r := range w.h.Rearms {
		list = append(list, arrival{r.Session, r.Conn, r.Order, none, none, i})
	}
	slices.SortStableFunc(list, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.conn, b.conn), cmp.Compare(a.order, b.order))
	})
	return list
}

// watchKey names a watch of a connection.
type watchKey struct {
	kind watchKind
	path string
}

// armedWatch is a watch that has not fired.
type armedWatch struct {
	op    int     // that set it, none if the client brought it along
	due   trigger // what fires it
	fires bool    // false: nothing ever does
	spent bool    // reported as late or lost: no more is said of it
}

// watcher walks what one connection received.
type watcher struct {
	*witness
	index  watchIndex
	list   []arrival
	armed  map[watchKey]*armedWatch
	told   wire.Zxid // the highest of an event so far
	missed []int     // events of what was missed, before the rearming is confirmed
}

// next takes one arrival.
func (c *watcher) next(i int) {
	switch a := c.list[i]; {
	case a.rearm != none:
		c.rearm(&c.h.Rearms[a.rearm])
	case a.event != none:
		c.event(a.event)
	case replied(&c.h.Ops[a.op]):
		c.reply(i, a.op)
	}
}

// reply: what a reply shows has been told before.
func (c *watcher) reply(i, at int) {
	op := &c.h.Ops[at]
	for _, k := range c.overdue(op.Zxid) {
		c.untold(i, at, k)
	}
	for _, e := range c.missed {
		c.blame(WatchOnce, fmt.Sprintf("But %s, and the client had brought no watch to this connection.", describeEvent(&c.h.Events[e])), c.h.Events[e].At)
	}
	c.missed = nil
	if !op.Watch {
		return
	}
	switch {
	case op.F == history.Children && op.Outcome == history.OK:
		c.arm(watchKey{childWatch, op.Path}, op.Zxid, at)
	case op.F == history.Get && op.Outcome == history.OK, op.F == history.Exists && (op.Outcome == history.OK || op.Err == wire.ErrNoNode):
		c.arm(watchKey{dataWatch, op.Path}, op.Zxid, at)
	}
}

// arm enters a watch set at z.
func (c *watcher) arm(k watchKey, z wire.Zxid, op int) {
	due, fires := c.index[k.kind][k.path].after(z)
	c.armed[k] = &armedWatch{op: op, due: due, fires: fires}
}

// overdue lists the watches that a state of zxid z has seen fire, and that were not
// told, in the order of the log.
func (c *watcher) overdue(z wire.Zxid) []watchKey {
	var out []watchKey
	for k, a := range c.armed { //sim:unordered sorted below
		if a.fires && !a.spent && a.due.zxid <= z {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b watchKey) int {
		return cmp.Or(cmp.Compare(c.armed[a].due.zxid, c.armed[b].due.zxid), cmp.Compare(a.path, b.path), cmp.Compare(a.kind, b.kind))
	})
	return out
}

// untold reports a watch that should have fired before reply i of the list: late if
// its event is still to come, lost if not.
func (c *watcher) untold(i, at int, k watchKey) {
	a, op := c.armed[k], &c.h.Ops[at]
	a.spent = true
	refs := []int{at, ^a.due.txn}
	if a.op != none && a.op != at {
		refs = append(refs, a.op)
	}
	later := slices.IndexFunc(c.list[i:], func(m arrival) bool {
		if m.event == none {
			return false
		}
		e := &c.h.Events[m.event]
		return e.Path == k.path && e.Type == a.due.event && e.Zxid == a.due.zxid
	})
	if later >= 0 {
		c.blame(WatchOrder, fmt.Sprintf("But op %d was answered at %v, and only then came: %s.",
			op.ID, op.Zxid, describeEvent(&c.h.Events[c.list[i+later].event])), op.Return, refs...)
		return
	}
	id, which := WatchKept, "was watched since before"
	if a.op == none {
		id, which = WatchSurvives, "was watched by a watch brought along"
	}
	c.blame(id, fmt.Sprintf("But %s %s, was %v at %v, and op %d was answered at %v without a word of it.",
		k.path, which, a.due.event, a.due.zxid, op.ID, op.Zxid), op.Return, refs...)
}

// event: an event is due to a watch, and uses it up.
func (c *watcher) event(i int) {
	e := &c.h.Events[i]
	if e.Zxid == wire.NoZxid {
		c.missed = append(c.missed, i)
		return
	}
	due := c.spend(e)
	refs := []int{}
	if t, found := slices.BinarySearchFunc(c.h.Log, e.Zxid, func(a history.Applied, z wire.Zxid) int { return cmp.Compare(a.Txn.Zxid, z) }); found {
		refs = append(refs, ^t)
	}
	if !due {
		c.blame(WatchOnce, fmt.Sprintf("But %s, and no watch of this connection was to fire so.", describeEvent(e)), e.At, refs...)
	} else if e.Zxid < c.told {
		c.blame(WatchOrder, fmt.Sprintf("But %s, after an event of %v.", describeEvent(e), c.told), e.At, refs...)
	}
	c.told = max(c.told, e.Zxid)
}

// spend uses up the watches that an event is due to, and those found to be late or
// lost, whose event may come or not. It reports whether there was one.
func (c *watcher) spend(e *history.WatchEvent) bool {
	due := false
	for _, kind := range []watchKind{dataWatch, childWatch} {
		k := watchKey{kind, e.Path}
		if a := c.armed[k]; a != nil && (a.spent || a.fires && a.due.zxid == e.Zxid && a.due.event == e.Type) {
			due = true
			delete(c.armed, k)
		}
	}
	return due
}

// rearm: a server that takes over watches tells what was missed, no more and no
// less, before it confirms, and keeps the rest.
func (c *watcher) rearm(r *history.Rearm) {
	due := map[watchKey]wire.EventType{}
	take := func(kind watchKind, absent bool, paths []string) {
		for _, path := range paths {
			k := watchKey{kind, path}
			if e, missed := c.index.missed(kind, absent, path, r.Seen, r.Zxid); missed {
				due[k] = e
			} else {
				c.arm(k, r.Zxid, none)
			}
		}
	}
	take(dataWatch, false, r.Data)
	take(dataWatch, true, r.Exist)
	take(childWatch, false, r.Child)
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

func sortedWatches(due map[watchKey]wire.EventType) []watchKey {
	out := make([]watchKey, 0, len(due))
	for k := range due { //sim:unordered sorted below
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b watchKey) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.kind, b.kind)) })
	return out
}

// blame enters a finding about a connection, with operations (index) and
// transactions (^index) as evidence, unless one of them is explained already.
func (c *watcher) blame(id, explanation string, at time.Duration, refs ...int) {
	if slices.ContainsFunc(refs, func(i int) bool { return c.blamed[i] }) {
		return
	}
	if c.counts[id]++; c.counts[id] > findingsPerGuarantee {
		return
	}
	f := guarantee.Finding{Guarantee: id, Explanation: sentence(id) + " " + explanation, At: at}
	for _, i := range refs {
		if i >= 0 {
			f.Ops = append(f.Ops, c.h.Ops[i].ID)
		}
	}
	f.Evidence = c.received(at, refs)
	c.findings = append(c.findings, f)
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
			r := &c.h.Rearms[m.rearm]
			out = append(out, fmt.Sprintf("[%s] session %#x/%d: watches brought, seen %v: data %v, exist %v, children %v -> taken over at %v",
				when(r.At), r.Session, r.Conn, r.Seen, r.Data, r.Exist, r.Child, r.Zxid))
		}
	}
	return out
}

// describeEvent renders an event as part of a sentence and as a line of evidence.
func describeEvent(e *history.WatchEvent) string {
	s := fmt.Sprintf("session %#x/%d was told at %s that %s is %v", e.Session, e.Conn, when(e.At), e.Path, e.Type)
	if e.Zxid != wire.NoZxid {
		s += " at " + e.Zxid.String()
	}
	return s
}
