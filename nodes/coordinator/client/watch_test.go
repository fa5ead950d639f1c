package client

import (
	"reflect"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// watch submits a read that asks for a watch, and answers it.
func (s *script) watch(op wire.OpCode, path string, xid int32, err wire.ErrorCode) {
	s.c.Submit(op, &wire.PathRequest{Path: path, Watch: true}, func(Result) {})
	s.reply(xid, wire.Zxid(10+xid), err)
}

func (s *script) event(zxid wire.Zxid, what wire.EventType, path string) {
	s.c.Receive(s.env.last().id, &wire.Reply{Xid: wire.XidNotification, Zxid: zxid, Body: &wire.WatcherEvent{Type: what, Path: path}})
}

// rearming is what the newest connection was asked to take over, nil if nothing.
func (s *script) rearming() *wire.SetWatchesRequest {
	if sent := s.env.last().sent; len(sent) > 1 {
		if r := sent[1].(*wire.Request); r.Type == wire.OpSetWatches {
			return r.Body.(*wire.SetWatchesRequest)
		}
	}
	return nil
}

func TestWatchesTravelToTheNextServer(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.watch(wire.OpGetData, "/data", 1, wire.OK)
	s.watch(wire.OpExists, "/there", 2, wire.OK)
	s.watch(wire.OpExists, "/absent", 3, wire.ErrNoNode)
	s.watch(wire.OpGetChildren2, "/dir", 4, wire.OK)
	s.watch(wire.OpGetData, "/nothing", 5, wire.ErrNoNode)
	s.watch(wire.OpGetData, "/fired", 6, wire.OK)
	s.event(17, wire.NodeDataChanged, "/fired")
	s.c.Submit(wire.OpGetData, &wire.PathRequest{Path: "/lost", Watch: true}, func(Result) {})
	s.reset()
	s.submit("queued", wire.OpSetData)
	s.accept(7, 9*time.Second)
	want := &wire.SetWatchesRequest{Seen: 16, Data: []string{"/data", "/there"}, Exist: []string{"/absent"}, Child: []string{"/dir"}}
	if got := s.rearming(); !reflect.DeepEqual(got, want) {
		t.Fatalf("brought %+v, want %+v", got, want)
	}
	s.event(wire.NoZxid, wire.NodeDeleted, "/data")
	s.reply(wire.XidSetWatches, 20, wire.OK)
	s.reply(8, 21, wire.OK)
	s.expect("connected session=7 conn=1", "data-changed /fired at 0:17 session=7 conn=1 order=7",
		"disconnected session=7 conn=1", "connected session=7 conn=2",
		"deleted /data at none session=7 conn=2 order=1", "rearmed at 0:20 session=7 conn=2 order=2",
		"queued sure ok sent=true xid=8 conn=2")
}

func TestDeletionUsesUpAllWatchesOfAPath(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.watch(wire.OpGetData, "/a", 1, wire.OK)
	s.watch(wire.OpGetChildren2, "/a", 2, wire.OK)
	s.event(13, wire.NodeDeleted, "/a")
	s.reset()
	s.accept(7, 9*time.Second)
	if got := s.rearming(); got != nil {
		t.Errorf("brought %+v, want nothing", got)
	}
}

// An event does not say to which watch of its path it is due, so it uses up both,
// though a server that is brought the two keeps the one for the absent znode: so does
// ZooKeeper's client, which wakes both watchers.
func TestWhatWasMissedUsesUpDataAndExistence(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.watch(wire.OpGetData, "/a", 1, wire.OK)
	s.watch(wire.OpExists, "/a", 2, wire.ErrNoNode) // its deletion was withheld
	s.reset()
	s.accept(7, 9*time.Second)
	s.event(wire.NoZxid, wire.NodeDeleted, "/a")
	s.reply(wire.XidSetWatches, 20, wire.OK)
	s.reset()
	s.accept(7, 9*time.Second)
	if got := s.rearming(); got != nil {
		t.Errorf("brought %+v, want nothing", got)
	}
}

func TestWatchesEndWithTheSession(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.watch(wire.OpGetData, "/a", 1, wire.OK)
	s.c.Restart()
	s.accept(8, 9*time.Second)
	if got := s.rearming(); got != nil {
		t.Errorf("brought %+v, want nothing", got)
	}
}

func TestRefusedSetWatchesSendsTheClientOn(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.watch(wire.OpGetData, "/a", 1, wire.OK)
	s.reset()
	s.accept(7, 9*time.Second)
	s.reply(wire.XidSetWatches, 20, wire.ErrSessionMoved)
	s.accept(7, 9*time.Second)
	if got := s.rearming(); got == nil || len(got.Data) != 1 {
		t.Errorf("brought %+v to the third server, want the watch", got)
	}
}

// batches is what the newest connection was asked to take over, in order.
func (s *script) batches() (out []string) {
	for _, m := range s.env.last().sent[1:] {
		if r := m.(*wire.Request); r.Xid == wire.XidSetWatches {
			out = append(out, r.String())
		}
	}
	return out
}

// request submits a request about watches, and answers it.
func (s *script) request(op wire.OpCode, body wire.Record, xid int32, err wire.ErrorCode) {
	s.c.Submit(op, body, func(Result) { s.log = append(s.log, op.String()+" "+err.String()) })
	s.reply(xid, wire.Zxid(10+xid), err)
}

func TestWatchesForGoodTravelUntilTheyAreRemoved(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/a"}, 1, wire.OK)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/b", Mode: wire.WatchRecursive}, 2, wire.OK)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/c", Mode: wire.WatchRecursive}, 3, wire.OK)
	s.watch(wire.OpGetData, "/c", 4, wire.OK)
	s.event(15, wire.NodeDataChanged, "/a")
	s.request(wire.OpRemoveWatches, &wire.WatchesRequest{Path: "/c", Type: wire.RecursiveWatches}, 5, wire.OK)
	s.request(wire.OpRemoveWatches, &wire.WatchesRequest{Path: "/b", Type: wire.PersistentWatches}, 6, wire.ErrNoWatcher)
	s.request(wire.OpCheckWatches, &wire.WatchesRequest{Path: "/a", Type: wire.AnyWatches}, 7, wire.OK)
	s.expect("connected session=7 conn=1", "addWatch ok", "addWatch ok", "addWatch ok",
		"data-changed /a at 0:15 session=7 conn=1 order=5",
		"persistent-watch-removed /c at none session=7 conn=1 order=6", "removeWatches ok",
		"removeWatches no-watcher", "checkWatches ok")
	s.reset()
	s.accept(7, 9*time.Second)
	r := s.env.last().sent[1].(*wire.Request)
	want := &wire.SetWatches2Request{
		SetWatchesRequest: wire.SetWatchesRequest{Seen: 17, Data: []string{"/c"}, Exist: []string{}, Child: []string{}},
		Persistent:        []string{"/a"}, Recursive: []string{"/b"},
	}
	if r.Type != wire.OpSetWatches2 || !reflect.DeepEqual(r.Body, want) {
		t.Errorf("brought %v %+v, want %+v", r.Type, r.Body, want)
	}
}

func TestRemovalTellsOfEverySortOnce(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.watch(wire.OpExists, "/a", 1, wire.ErrNoNode)
	s.watch(wire.OpGetChildren, "/a", 2, wire.OK)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/a"}, 3, wire.OK)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/a", Mode: wire.WatchRecursive}, 4, wire.OK)
	s.log = nil
	s.request(wire.OpRemoveWatches, &wire.WatchesRequest{Path: "/a", Type: wire.AnyWatches}, 5, wire.OK)
	s.expect("data-watch-removed /a at none session=7 conn=1 order=5", "child-watch-removed /a at none session=7 conn=1 order=5",
		"persistent-watch-removed /a at none session=7 conn=1 order=5", "removeWatches ok")
	if !s.c.watches.none() {
		t.Errorf("left are %+v", s.c.watches)
	}
}

// TestBatchesSeeTheSame: a connection that breaks between two batches of watches must
// not let those of the second pass for up to date.
func TestBatchesSeeTheSame(t *testing.T) {
	s := begin(t, func(c *Config) { c.WatchBatch = 3 })
	s.accept(7, 9*time.Second)
	s.watch(wire.OpGetData, "/a", 1, wire.OK)
	s.watch(wire.OpGetData, "/b", 2, wire.OK)
	s.watch(wire.OpGetChildren, "/c", 3, wire.OK)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/d", Mode: wire.WatchRecursive}, 4, wire.OK)
	s.request(wire.OpAddWatch, &wire.AddWatchRequest{Path: "/e", Mode: wire.WatchRecursive}, 5, wire.OK)
	first, second, third := "REQ setWatches since=0:15 data=2 exist=0 child=0 xid=-8",
		"REQ setWatches2 since=0:15 data=0 exist=0 child=1 persistent=0 recursive=1 xid=-8",
		"REQ setWatches2 since=0:15 data=0 exist=0 child=0 persistent=0 recursive=1 xid=-8"
	for range 2 {
		s.reset()
		s.accept(7, 9*time.Second)
		if got := s.batches(); !reflect.DeepEqual(got, []string{first, second, third}) {
			t.Fatalf("brought %q", got)
		}
		s.reply(wire.XidSetWatches, 20, wire.OK)
	}
	s.reply(wire.XidSetWatches, 22, wire.OK)
	s.reply(wire.XidSetWatches, 21, wire.OK)
	s.reset()
	s.accept(7, 9*time.Second)
	if got := s.batches(); len(got) != 3 || got[0] != "REQ setWatches since=0:22 data=2 exist=0 child=0 xid=-8" {
		t.Errorf("once all were answered, brought %q", got)
	}
}
