package checkers

import (
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

var watchAbsence = watch(op{F: history.Exists, Path: "/r"})

// absent performs an exists that finds nothing.
func (e *ensemble) absent(c *client) {
	o := e.read(c, watchAbsence)
	o.Outcome, o.Err, o.OutStat = history.Fail, wire.ErrNoNode, nil
}

// wokenTogether has session 2 watch the data of /r, which is deleted when it may no
// longer read it, and then its absence. It moves and is told of the deletion, for the
// first watch, by the server that keeps the second; the client has done with both
// (coordinator/acl, seed 1172). Ops 0 to 4, transactions 2 to 4.
func wokenTogether(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.current(b)
	e.read(b, watch(get("/r")))
	e.write(a, op{F: history.SetACL, Path: "/r", Value: "x509:CN=a:31", Version: -1})
	e.write(a, op{F: history.Delete, Path: "/r", Version: -1})
	e.current(b)
	e.absent(b)
	e.move(b, 1)
	e.current(b)
	e.event(b, wire.NodeDeleted, "/r", wire.NoZxid)
	e.rearm(b, []string{"/r"}, []string{"/r"}, nil)
}

// moveOn takes session 2 to a server to which it brings nothing.
func moveOn(e *ensemble, b *client) {
	e.move(b, 0)
	e.current(b)
	e.read(b, get("/"))
}

// wokenTogetherCases are what may come after wokenTogether, and what may not.
var wokenTogetherCases = []struct {
	want, how string
	then      func(e *ensemble, a, b *client)
}{
	{"", "neither watch is brought along", func(e *ensemble, _, b *client) { moveOn(e, b) }},
	{"", "the requests are two, and the first has the watch that fires", func(e *ensemble, _, b *client) {
		e.h.Rearms[0].Exist = nil
		e.rearm(b, nil, []string{"/r"}, nil)
		moveOn(e, b)
	}},
	{"", "the server tells of the creation", func(e *ensemble, a, b *client) {
		e.event(b, wire.NodeCreated, "/r", e.write(a, create("/r")).Zxid)
		e.current(b)
		e.read(b, get("/r"))
		moveOn(e, b)
	}},
	{WatchSurvives, "the server does not", func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		e.current(b)
		e.read(b, get("/r"))
	}},
	{"", "the server has the watch removed, the client none", func(e *ensemble, _, b *client) {
		e.watches(b, namedWatch(history.RemoveWatch, "/r", wire.DataWatches), wire.OK)
		e.read(b, get("/"))
	}},
	{WatchRemoved, "the client takes it for its own", func(e *ensemble, _, b *client) {
		e.watches(b, namedWatch(history.RemoveWatch, "/r", wire.DataWatches), wire.OK)
		e.event(b, wire.DataWatchRemoved, "/r", wire.NoZxid)
		e.read(b, get("/"))
	}},
	{WatchRemoved, "the server has lost it", func(e *ensemble, _, b *client) {
		e.watches(b, namedWatch(history.CheckWatch, "/r", wire.DataWatches), wire.ErrNoWatcher)
	}},
	{WatchSurvives, "what is watched anew is not brought along", func(e *ensemble, _, b *client) {
		e.absent(b)
		moveOn(e, b)
	}},
}

func TestEventsWakeAllWatchesOfAPath(t *testing.T) {
	for _, tc := range wokenTogetherCases {
		t.Run(tc.want+" "+tc.how, func(t *testing.T) {
			f := fixture{story: func(e *ensemble, a, b *client) {
				wokenTogether(e, a, b)
				tc.then(e, a, b)
			}}
			w := runWitness(f.record())
			switch {
			case tc.want == "" && len(w.findings) > 0:
				t.Errorf("got %v", w.findings)
			case tc.want != "" && (len(w.findings) == 0 || w.findings[0].Guarantee != tc.want):
				t.Errorf("got %v", w.findings)
			}
		})
	}
}
