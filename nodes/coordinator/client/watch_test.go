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
