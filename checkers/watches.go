package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// arrival is something that a client received on a connection: one of the first three
// is an index into the history, the others are none.
type arrival struct {
	session          int64
	conn, order      int
	op, event, rearm int
	auth             *history.Auth // an answered credential; then the others are none
}

// watches checks, session by session, what clients were told of what they watched. A
// reply bears the zxid of the state it shows, and a connection delivers in order. So
// for every watch the log says which transactions fire it, and everything that arrives
// says which of them the server must have told before.
func (w *witness) watches() {
	list := w.arrivals()
	if len(list) == 0 {
		return
	}
	index := w.indexWatches()
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].session == list[0].session {
			n++
		}
		c := watcher{witness: w, index: index, armed: map[watchKey]*armedWatch{}}
		c.session(list[:n])
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
		watched = watched || op.Watch || aboutWatches(op.F)
		if op.Order > 0 {
			list = append(list, arrival{op.Session, op.Conn, op.Order, i, none, none, nil})
		}
	}
	if !watched {
		return nil
	}
	for i, e := range w.h.Events {
		list = append(list, arrival{e.Session, e.Conn, e.Order, none, i, none, nil})
	}
	for i, r := range w.h.Rearms {
		list = append(list, arrival{r.Session, r.Conn, r.Order, none, none, i, nil})
	}
	for i := range w.h.Auths {
		if a := &w.h.Auths[i]; a.Answered {
			list = append(list, arrival{a.Session, a.Conn, a.Order, none, none, none, a})
		}
	}
	slices.SortStableFunc(list, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.conn, b.conn), cmp.Compare(a.order, b.order))
	})
	return list
}

// aboutWatches reports whether a function is about watches and nothing else.
func aboutWatches(f history.F) bool {
	return f == history.AddWatch || f == history.RemoveWatch || f == history.CheckWatch
}

// watcher walks what the connections of one session received.
type watcher struct {
	*witness
	index *watchIndex
	// carried are the watches that the session had when its last connection ended,
	// and that it did not bring to this one yet, with the zxid at which each was to
	// fire next, 0 for never.
	carried map[watchKey]wire.Zxid

	// The rest is of the present connection.
	list    []arrival
	armed   map[watchKey]*armedWatch
	due     dueHeap           // the next to fire each of them
	told    map[int]bool      // seq of what was told, or is a finding already
	removed map[watchKey]bool // what removeWatches took away
	// who are the identities that the server knows as of the present arrival, sure those
	// as of the one before: of what happened between the two nobody knows more.
	who, sure []wire.Identity
	withheld  map[watchKey]bool // one-shot watches used up without a word
	heard     map[watchKey]bool // one-shot watches that an event used up for the client
	missed    []int             // events of what was missed, before the rearming is confirmed
	owner     int               // the operation that removed watches last
	local     []wire.EventType  // what its client must still tell itself of that
	at        int               // index in list
}

// session walks the connections one after the other.
func (c *watcher) session(list []arrival) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].conn == list[0].conn {
			n++
		}
		c.connect(list[:n])
		for c.at = range c.list {
			c.next(c.list[c.at])
		}
		c.disconnect()
		list = list[n:]
	}
}

// connect begins a connection: the server knows no watch of it.
func (c *watcher) connect(list []arrival) {
	c.list, c.armed, c.due = list, map[watchKey]*armedWatch{}, nil
	c.told, c.removed, c.withheld = map[int]bool{}, map[watchKey]bool{}, map[watchKey]bool{}
	c.heard = map[watchKey]bool{}
	c.who = c.identities.vouched[connection{list[0].session, list[0].conn}]
	c.sure = c.who
	c.missed, c.local = nil, nil
}

// disconnect keeps in mind what the client has to bring to its next connection.
func (c *watcher) disconnect() {
	c.selfTold()
	if c.carried == nil {
		c.carried = map[watchKey]wire.Zxid{}
	}
	for k, a := range c.armed { //sim:unordered one set into another
		if a.spent || a.left {
			continue
		}
		if c.carried[k] = 0; a.at < len(a.fires) {
			c.carried[k] = a.fires[a.at].zxid
		}
	}
}

// next takes one arrival.
func (c *watcher) next(a arrival) {
	if a.event == none || !c.h.Events[a.event].Type.Local() {
		c.selfTold()
	}
	switch {
	case a.auth != nil:
		c.who = c.identities.with(c.who, a.auth)
		return // it bears no zxid
	case a.rearm != none:
		c.rearm(&c.h.Rearms[a.rearm])
	case a.event != none:
		c.event(a.event)
	case replied(&c.h.Ops[a.op]):
		c.reply(a.op)
	default:
		return
	}
	c.sure = c.who
}

// reply: what a reply shows has been told before.
func (c *watcher) reply(at int) {
	op := &c.h.Ops[at]
	c.tellBy(func(t trigger) bool { return t.zxid <= op.Zxid }, proof{
		at: op.Return, said: fmt.Sprintf("op %d was answered at %v", op.ID, op.Zxid), op: at,
	})
	for _, e := range c.missed {
		c.blame(WatchOnce, fmt.Sprintf("But %s, and the client had brought no watch to this connection.", describeEvent(&c.h.Events[e])), c.h.Events[e].At)
	}
	c.missed = nil
	c.notBrought(op)
	switch {
	case aboutWatches(op.F):
		c.request(at, op)
	case !op.Watch:
	case op.F == history.Children && op.Outcome == history.OK:
		c.arm(watchKey{childWatch, op.Path}, op.Zxid, at)
	case op.F == history.Get && op.Outcome == history.OK, op.F == history.Exists && (op.Outcome == history.OK || op.Err == wire.ErrNoNode):
		c.arm(watchKey{dataWatch, op.Path}, op.Zxid, at)
	}
}

// notBrought: the watches of a session go with it to the next server, before any
// request does.
func (c *watcher) notBrought(op *history.Op) {
	for _, k := range sortedWatches(c.carried) {
		c.blame(WatchSurvives, fmt.Sprintf("But session %#x had a %v watch on %s, did not bring it to connection %d, and op %d was answered there.",
			op.Session, k.kind, k.path, op.Conn, op.ID), op.Return)
	}
	clear(c.carried)
}

// event: an event is due to a watch, and uses it up if that is for once.
func (c *watcher) event(i int) {
	e := &c.h.Events[i]
	switch {
	case e.Type.Local():
		c.removal(e)
		return
	case e.Zxid == wire.NoZxid:
		c.missed = append(c.missed, i)
	default:
		c.fired(e)
	}
	c.forget(e)
}

// fired: of all that an event may tell, it tells the first that is due. What was to be
// told before it has been told.
func (c *watcher) fired(e *history.WatchEvent) {
	for _, t := range c.index.find(e) {
		if c.told[t.seq] || !c.covers(e, t) {
			continue
		}
		c.tellBy(func(o trigger) bool { return o.seq < t.seq }, proof{at: e.At, said: describeEvent(e), op: none})
		c.tell(e, t)
		if !reference.Grants(t.list, reference.MayRead, c.who) {
			c.blame(WatchReadable, fmt.Sprintf("But %s, and the client is %s and the list %s.", describeEvent(e), names(c.who), wire.FormatACL(t.list)), e.At, ^t.txn)
		}
		return
	}
	if !c.late(e) {
		c.undue(e)
	}
}

// undue reports an event that no watch was to give.
func (c *watcher) undue(e *history.WatchEvent) {
	refs := []int{}
	if t, found := slices.BinarySearchFunc(c.h.Log, e.Zxid, func(a history.Applied, z wire.Zxid) int { return cmp.Compare(a.Txn.Zxid, z) }); found {
		refs = append(refs, ^t)
	}
	switch {
	case c.concerns(e, func(k watchKey) bool { return c.removed[k] }):
		c.blame(WatchRemoved, fmt.Sprintf("But %s, which only a watch could tell that was removed.", describeEvent(e)), e.At, refs...)
	case c.concerns(e, func(k watchKey) bool { return k.kind.stays() && c.armed[k] != nil }):
		c.blame(WatchPersistent, fmt.Sprintf("But %s, which was told already or is nothing that its watch covers.", describeEvent(e)), e.At, refs...)
	default:
		c.blame(WatchOnce, fmt.Sprintf("But %s, and no watch of this connection was to fire so.", describeEvent(e)), e.At, refs...)
	}
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
