package checkers

import (
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// watch makes a read ask for a watch.
func watch(o op) op {
	o.Watch = true
	return o
}

// event notifies a client.
func (e *ensemble) event(c *client, what wire.EventType, path string, z wire.Zxid) {
	c.order++
	e.h.Events = append(e.h.Events, history.WatchEvent{
		At: e.now, Client: int(c.session), Session: c.session, Conn: c.conn, Server: c.server, Order: c.order,
		Type: what, Path: path, Zxid: z,
	})
}

// rearm confirms a setWatches on a fresh connection.
func (e *ensemble) rearm(c *client, data, exist, child []string) {
	c.order++
	e.h.Rearms = append(e.h.Rearms, history.Rearm{
		At: e.now, Client: int(c.session), Session: c.session, Conn: c.conn, Server: c.server, Order: c.order,
		Seen: c.seen, Zxid: e.servers[c.server].Last(), Data: data, Exist: exist, Child: child,
	})
}

// current lets a client's server catch up.
func (e *ensemble) current(c *client) { e.catchUp(c.server, len(e.h.Log)) }

// session 2 watches /r, which session 1 sets twice; ops 0 to 4, transactions 2 to 4.
func watchStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.read(b, watch(get("/r")))
	set1 := e.write(a, set("/r", "v1"))
	e.current(b)
	e.event(b, wire.NodeDataChanged, "/r", set1.Zxid)
	e.read(b, get("/r"))
	e.write(a, set("/r", "v2"))
}

// session 2 watches /r, its children and the absence of /n, moves, misses a change
// of /r and a child of it, and hears of /n; ops 0 to 6.
func movingWatchStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.read(b, watch(get("/r")))
	e.read(b, watch(children("/r")))
	e.read(b, watch(op{F: history.Exists, Path: "/n"}))
	e.write(a, set("/r", "v1"))
	e.write(a, create("/r/c"))
	e.move(b, 0)
	e.current(b)
	e.event(b, wire.NodeDataChanged, "/r", wire.NoZxid)
	e.event(b, wire.NodeChildrenChanged, "/r", wire.NoZxid)
	e.rearm(b, []string{"/r"}, []string{"/n"}, []string{"/r"})
	made := e.write(a, create("/n"))
	e.current(b)
	e.event(b, wire.NodeCreated, "/n", made.Zxid)
	e.read(b, get("/n"))
}

// spoiledWatches are further ways to break the guarantees of watches, and ways that
// only seem to.
var spoiledWatches = []struct {
	want, how string
	story     func(e *ensemble, a, b *client)
	spoil     func(h *history.History)
}{
	{"", "the connection ends before the event", watchStory, func(h *history.History) {
		h.Events, h.Ops[3].Order, h.Ops[3].Conn = nil, 1, 2
	}},
	{"", "the read that asked for the watch was not answered", watchStory, func(h *history.History) {
		h.Events, h.Ops[1] = nil, op{ID: 1, F: history.Get, Path: "/r", Session: 2, Conn: 1, Xid: 1, Watch: true, Return: history.Never}
		h.Ops[3].Conn = 2
	}},
	{WatchOnce, "nobody watched", watchStory, func(h *history.History) { h.Ops[1].Watch = false }},
	{WatchOnce, "the event is of another kind", watchStory, func(h *history.History) {
		h.Events[0].Type = wire.NodeDeleted
	}},
	{WatchOnce, "something was missed by no watch", watchStory, func(h *history.History) {
		h.Events = append([]history.WatchEvent{h.Events[0]}, h.Events...)
		h.Events[0].Zxid, h.Events[0].Order = wire.NoZxid, 0
	}},
	{WatchKept, "the event is of the change after the first", watchStory, func(h *history.History) {
		h.Events[0].Zxid, h.Events[0].Order = h.Log[4].Txn.Zxid, 3
		h.Ops[3].Order = 2
	}},
	{WatchSurvives, "what was missed is not told", movingWatchStory, func(h *history.History) { h.Events = h.Events[1:] }},
	{WatchSurvives, "what was not missed is told", movingWatchStory, func(h *history.History) {
		h.Events[0].Path = "/n"
		h.Rearms[0].Data, h.Rearms[0].Exist = nil, nil
		h.Events = h.Events[:2]
	}},
	{WatchOrder, "events change places", func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		e.write(a, create("/s"))
		e.current(b)
		e.read(b, watch(get("/r")))
		e.read(b, watch(get("/s")))
		e.event(b, wire.NodeDataChanged, "/r", e.write(a, set("/r", "v1")).Zxid)
		e.event(b, wire.NodeDataChanged, "/s", e.write(a, set("/s", "v1")).Zxid)
	}, func(h *history.History) { h.Events[0].Order, h.Events[1].Order = 4, 3 }},
}

func TestSpoiledWatches(t *testing.T) {
	for _, tc := range spoiledWatches {
		t.Run(tc.want+" "+tc.how, func(t *testing.T) {
			f := fixture{story: tc.story}
			if w := runWitness(f.record()); len(w.findings) > 0 {
				t.Fatalf("before: %v", w.findings)
			}
			h := f.record()
			tc.spoil(h)
			w := runWitness(h)
			switch {
			case tc.want == "" && len(w.findings) > 0:
				t.Errorf("got %v", w.findings)
			case tc.want != "" && (len(w.findings) == 0 || w.findings[0].Guarantee != tc.want):
				t.Errorf("got %v", w.findings)
			}
		})
	}
}
