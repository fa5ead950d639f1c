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

// watches performs an operation that is about watches.
func (e *ensemble) watches(c *client, o op, err wire.ErrorCode) {
	started := e.start(c, o)
	started.Outcome, started.Err = history.OK, err
	if err != wire.OK {
		started.Outcome = history.Fail
	}
	e.finish(c, started, e.servers[c.server].Last())
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

// Short forms for the stories.
func addWatch(path string, mode wire.WatchMode) op {
	return op{F: history.AddWatch, Path: path, Mode: int32(mode)}
}

func namedWatch(f history.F, path string, t wire.WatchType) op {
	return op{F: f, Path: path, Mode: int32(t)}
}

// session 2 watches /r for good and all below it, and the data of /r once; /r, a child
// and a grandchild come and change. Ops 0 to 8, transactions 2 to 6.
func persistentStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.watches(b, addWatch("/r", wire.WatchRecursive), wire.OK)
	e.watches(b, addWatch("/r", wire.WatchPersistent), wire.OK)
	e.read(b, watch(get("/r")))
	e.event(b, wire.NodeDataChanged, "/r", e.write(a, set("/r", "v1")).Zxid) // to three watches, told once
	made := e.write(a, create("/r/c")).Zxid
	e.event(b, wire.NodeCreated, "/r/c", made)       // to the recursive one
	e.event(b, wire.NodeChildrenChanged, "/r", made) // to the other
	e.event(b, wire.NodeCreated, "/r/c/d", e.write(a, create("/r/c/d")).Zxid)
	e.event(b, wire.NodeDataChanged, "/r", e.write(a, set("/r", "v2")).Zxid)
	e.current(b)
	e.read(b, get("/r"))
}

// session 2 watches all below /r for good and its data once, moves, brings both in two
// requests, and hears of a child. Ops 0 to 4, transactions 2 and 3.
func movingPersistentStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.watches(b, addWatch("/r", wire.WatchRecursive), wire.OK)
	e.read(b, watch(get("/r")))
	e.move(b, 0)
	e.current(b)
	e.rearm(b, []string{"/r"}, nil, nil)
	e.rearm(b, nil, nil, nil)
	e.h.Rearms[1].Recursive = []string{"/r"}
	e.event(b, wire.NodeCreated, "/r/c", e.write(a, create("/r/c")).Zxid)
	e.read(b, get("/r"))
}

// session 2 watches all below /r for good, and the absence of /r/secret, which is then
// created for others to read, and of which it is told nothing; the watch on it alone is
// used up. Ops 0 to 6, transactions 2 to 5.
func secretStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.watches(b, addWatch("/r", wire.WatchRecursive), wire.OK)
	absent := e.read(b, watch(op{F: history.Exists, Path: "/r/secret"}))
	absent.Outcome, absent.Err, absent.OutStat = history.Fail, wire.ErrNoNode, nil
	e.event(b, wire.NodeCreated, "/r/open", e.write(a, create("/r/open")).Zxid)
	made := create("/r/secret")
	made.ACL = "x509:CN=a:31"
	e.write(a, made)
	e.event(b, wire.NodeDataChanged, "/r", e.write(a, set("/r", "v1")).Zxid)
	e.current(b)
	e.watches(b, namedWatch(history.CheckWatch, "/r/secret", wire.DataWatches), wire.ErrNoWatcher)
}

// session 2 has watches of three kinds on /r and takes two away, one of which it never
// had on /n. Ops 0 to 7, transactions 2 and 3.
func removedStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.watches(b, addWatch("/r", wire.WatchRecursive), wire.OK)
	e.read(b, watch(get("/r")))
	e.read(b, watch(children("/r")))
	e.watches(b, namedWatch(history.CheckWatch, "/n", wire.AnyWatches), wire.ErrNoWatcher)
	e.watches(b, namedWatch(history.CheckWatch, "/r", wire.RecursiveWatches), wire.OK)
	e.watches(b, namedWatch(history.RemoveWatch, "/r", wire.AnyWatches), wire.OK)
	for _, what := range []wire.EventType{wire.DataWatchRemoved, wire.ChildWatchRemoved, wire.PersistentWatchRemoved} {
		e.h.Events = append(e.h.Events, history.WatchEvent{
			At: e.now, Client: 2, Session: 2, Conn: b.conn, Server: b.server, Order: b.order, Type: what, Path: "/r", Zxid: wire.NoZxid,
		})
	}
	e.write(a, set("/r", "v1"))
}

// spoiledWatches are further ways to break the guarantees of watches, and ways that
// only seem to.
var spoiledWatches = []spoiling{
	{"", "the connection ends before the event", watchStory, func(h *history.History) {
		h.Events[0].Conn, h.Events[0].Order, h.Events[0].Zxid = 2, 1, wire.NoZxid
		h.Rearms = []history.Rearm{{Session: 2, Conn: 2, Order: 2, Seen: h.Ops[1].Zxid, Zxid: h.Ops[3].Zxid, Data: []string{"/r"}}}
		h.Ops[3].Order, h.Ops[3].Conn = 3, 2
	}},
	{"", "the read that asked for the watch was not answered", watchStory, func(h *history.History) {
		h.Events, h.Ops[1] = nil, op{ID: 1, F: history.Get, Path: "/r", Session: 2, Conn: 1, Xid: 1, Watch: true, Return: history.Never}
		h.Ops[3].Conn = 2
	}},
	{WatchOnce, "nobody watched", watchStory, func(h *history.History) { h.Ops[1].Watch = false }},
	{WatchOnce, "an event of another kind comes, too", watchStory, func(h *history.History) {
		h.Events = append([]history.WatchEvent{h.Events[0]}, h.Events...)
		h.Events[0].Type, h.Events[0].Order = wire.NodeDeleted, 0
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
	{"", "a znode is watched for good that is not there", func(e *ensemble, a, b *client) {
		e.current(b)
		e.watches(b, addWatch("/r", wire.WatchPersistent), wire.OK)
		e.event(b, wire.NodeCreated, "/r", e.write(a, create("/r")).Zxid)
	}, func(h *history.History) {}},
	{WatchPersistent, "an event comes twice", persistentStory, func(h *history.History) {
		h.Events = append(h.Events, h.Events[1])
		h.Events[len(h.Events)-1].Order = 10
	}},
	{WatchOnce, "what is below is told of to a watch on one znode", persistentStory, func(h *history.History) {
		h.Ops[1].Mode = int32(wire.WatchPersistent)
	}},
	{WatchPersistent, "a list of children is told to a recursive watch", persistentStory, func(h *history.History) {
		h.Ops[2].Mode = int32(wire.WatchRecursive)
	}},
	{WatchOrder, "of one transaction the parent is told first", persistentStory, func(h *history.History) {
		h.Events[1].Order, h.Events[2].Order = h.Events[2].Order, h.Events[1].Order
	}},
	{WatchPersistent, "an event is lost, and a later one comes", persistentStory, func(h *history.History) {
		h.Events, h.Ops = append(h.Events[:1], h.Events[4]), h.Ops[:8]
	}},
	{"", "nothing comes any more, nor any reply", persistentStory, func(h *history.History) {
		h.Events, h.Ops = h.Events[:2], h.Ops[:8]
	}},
	{"", "what is deleted could not be read", secretStory, func(h *history.History) { h.Ops = h.Ops[:6] }},
	{WatchPersistent, "what may be read is kept back", secretStory, func(h *history.History) { h.Events = h.Events[1:] }},
	{WatchRemoved, "a one-shot watch outlives what it may not tell", secretStory, func(h *history.History) {
		h.Ops[6].Outcome, h.Ops[6].Err = history.OK, wire.OK
	}},
	{WatchRemoved, "a watch is removed that was not there", removedStory, func(h *history.History) {
		h.Ops[4].Outcome, h.Ops[4].Err = history.OK, wire.OK
	}},
	{WatchRemoved, "a watch is not found that is there", removedStory, func(h *history.History) {
		h.Ops[5].Outcome, h.Ops[5].Err = history.Fail, wire.ErrNoWatcher
	}},
	{WatchRemoved, "the client does not tell itself", removedStory, func(h *history.History) { h.Events = h.Events[:2] }},
	{WatchRemoved, "the client tells itself of another znode", removedStory, func(h *history.History) { h.Events[1].Path = "/n" }},
	{WatchSurvives, "a persistent watch that was brought along is silent", movingPersistentStory, func(h *history.History) {
		h.Events = nil
	}},
	{WatchSurvives, "a watch is not brought along", movingPersistentStory, func(h *history.History) {
		h.Rearms, h.Events = h.Rearms[:1], nil
	}},
	{WatchSurvives, "a watch is brought as of a time it has not seen", movingWatchStory, func(h *history.History) {
		h.Rearms[0].Seen = h.Rearms[0].Zxid
		h.Events = h.Events[2:]
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
	for _, s := range spoiledWatches {
		s.judge(t)
	}
}
