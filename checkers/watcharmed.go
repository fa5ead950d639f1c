package checkers

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// armedWatch is a watch that is set on the server of a connection.
type armedWatch struct {
	key   watchKey
	op    int      // that set it, none if the client brought it along
	fires triggers // all that ever fires it
	at    int      // of those, the next
	heard bool     // it has told something
	spent bool     // reported as late or lost: no more is said of it
	left  bool     // the client takes it for used up: it stays on this server alone
}

// waiting is what fires an armed watch next.
type waiting struct {
	trigger
	of *armedWatch
	at int // of of, when this was entered; what is entered later replaces it
}

// dueHeap gives what is due next. Watches that are gone leave their entries behind.
type dueHeap []waiting

// Len is for package heap, as are the others.
func (h dueHeap) Len() int { return len(h) }

// Less orders by what happened first.
func (h dueHeap) Less(i, j int) bool {
	a, b := &h[i], &h[j]
	return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.of.key.kind, b.of.key.kind), cmp.Compare(a.of.key.path, b.of.key.path)) < 0
}

// Swap exchanges two.
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push adds one.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(waiting)) }

// Pop takes the last.
func (h *dueHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// arm enters a watch set at z.
func (c *watcher) arm(k watchKey, z wire.Zxid, op int) {
	if old := c.armed[k]; old != nil && k.kind.stays() {
		return // it is there already
	}
	fires := c.index.of(k)
	a := &armedWatch{key: k, op: op, fires: fires, at: fires.after(z)}
	c.armed[k] = a
	delete(c.removed, k)
	delete(c.withheld, k)
	c.wait(a)
}

// wait enters what fires a watch next.
func (c *watcher) wait(a *armedWatch) {
	if a.at < len(a.fires) {
		heap.Push(&c.due, waiting{a.fires[a.at], a, a.at})
	}
}

// proof is an arrival that shows what the server had done before.
type proof struct {
	at   time.Duration
	said string
	op   int // index of the operation, none for another arrival
}

// tellBy: all that was due and lies before what has arrived has been told.
func (c *watcher) tellBy(before func(trigger) bool, p proof) {
	for len(c.due) > 0 && before(c.due[0].trigger) {
		w := heap.Pop(&c.due).(waiting)
		a := w.of
		if c.armed[a.key] != a || a.spent || a.at != w.at {
			continue
		}
		secret := !c.told[w.seq] && !reference.Grants(w.list, reference.MayRead, c.sure)
		switch {
		case !c.told[w.seq] && !secret:
			c.told[w.seq] = true
			c.untold(a, w.trigger, p)
		case a.key.kind.stays():
			a.at++
			c.wait(a)
		default: // it was used up without a word, or another was reported for it
			delete(c.armed, a.key)
			c.withheld[a.key] = secret && !a.left
		}
	}
}

// untold reports something that should have been told before: late if its event is
// still to come, lost if not.
func (c *watcher) untold(a *armedWatch, t trigger, p proof) {
	a.spent = true
	refs := []int{^t.txn}
	if p.op != none {
		refs = append(refs, p.op)
	}
	if a.op != none && a.op != p.op {
		refs = append(refs, a.op)
	}
	later := slices.IndexFunc(c.list[c.at+1:], func(m arrival) bool {
		return m.event != none && slices.ContainsFunc(c.index.find(&c.h.Events[m.event]), func(o trigger) bool { return o.seq == t.seq })
	})
	if later >= 0 {
		c.blame(WatchOrder, fmt.Sprintf("But %s, and only then came: %s.",
			p.said, describeEvent(&c.h.Events[c.list[c.at+1+later].event])), p.at, refs...)
		return
	}
	id, which := WatchKept, "was watched since before"
	switch {
	case a.op == none && !a.heard:
		id, which = WatchSurvives, "was watched by a watch brought along"
	case a.key.kind.stays():
		id, which = WatchPersistent, "is under a watch that stays"
	}
	c.blame(id, fmt.Sprintf("But %s %s, was %v at %v, and %s without a word of it.", t.path, which, t.event, t.zxid, p.said), p.at, refs...)
}

// concerning lists the watches that may have to do with an event: those on its path,
// and the recursive ones above it.
func concerning(e *history.WatchEvent) []watchKey {
	list := []watchKey{{dataWatch, e.Path}, {childWatch, e.Path}, {persistentWatch, e.Path}}
	for above := e.Path; ; above = reference.Parent(above) {
		list = append(list, watchKey{recursiveWatch, above})
		if above == "/" {
			return list
		}
	}
}

func (c *watcher) concerns(e *history.WatchEvent, which func(watchKey) bool) bool {
	return slices.ContainsFunc(concerning(e), which)
}

// covers reports whether something that happened is due to a watch.
func (c *watcher) covers(e *history.WatchEvent, t trigger) bool {
	return c.concerns(e, func(k watchKey) bool {
		a := c.armed[k]
		if a == nil || a.spent || k.kind == recursiveWatch && t.event == wire.NodeChildrenChanged || a.at == len(a.fires) {
			return false
		}
		return a.fires[a.at].seq == t.seq || k.kind.stays() && a.fires[a.at].seq < t.seq
	})
}

// tell notes that something was told: one-shot watches that it fires are gone.
func (c *watcher) tell(e *history.WatchEvent, t trigger) {
	c.told[t.seq] = true
	for _, k := range concerning(e) {
		a := c.armed[k]
		switch {
		case a == nil || a.spent:
		case k.kind.stays():
			a.heard = true
		case a.at < len(a.fires) && a.fires[a.at].seq == t.seq:
			delete(c.armed, k)
		}
	}
}

// late reports whether an event may belong to a watch that was reported as late or
// lost. After that nobody knows what the server has in its table.
func (c *watcher) late(e *history.WatchEvent) bool {
	for _, k := range concerning(e) {
		if a := c.armed[k]; a != nil && a.spent {
			if !k.kind.stays() {
				delete(c.armed, k)
			}
			return true
		}
	}
	return false
}
