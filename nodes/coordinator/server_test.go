package coordinator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// ensemble is a small world of servers and one client, for tests of single
// behaviours; whole runs are judged elsewhere.
type ensemble struct {
	t       *testing.T
	world   *sim.World
	servers []node.ID
	seen    map[*node.EventKind]int
	facts   []sim.Seen
}

func newEnsemble(t *testing.T, n int, tune func(*coordinator.Config)) *ensemble {
	e := &ensemble{t: t, world: sim.NewWorld(sim.Config{Seed: 1, Wire: true}), seen: map[*node.EventKind]int{}}
	t.Cleanup(e.world.Close)
	var members []coordinator.Member
	for i := range n {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
	}
	for i := range n {
		cfg := coordinator.Config{
			Sid: int64(i + 1), Members: members, Tick: 100 * time.Millisecond,
			SnapCount: 20, CommitLogCount: 10, DiskSync: true, ElectionTimeoutMax: time.Second,
		}
		if tune != nil {
			tune(&cfg)
		}
		id := e.world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) })
		e.servers = append(e.servers, id)
	}
	e.world.OnEvent(func(s sim.Seen) {
		e.seen[s.Event.Kind]++
		e.facts = append(e.facts, s)
	})
	for _, id := range e.servers {
		e.world.Start(id)
	}
	return e
}

func (e *ensemble) run(d time.Duration) {
	e.t.Helper()
	e.world.Run(e.world.Now() + d)
	if f := e.world.Failure(); f != nil {
		e.t.Fatalf("step %d %s: %s\n%s", f.Step, f.Name, f.Reason, f.Stack)
	}
}

func (e *ensemble) role(role string) []node.ID {
	var out []node.ID
	for _, p := range e.world.Processes() {
		if p.Group == "zk" && p.Up && p.Role == role {
			out = append(out, p.ID)
		}
	}
	return out
}

// scripted is a client process that runs one task.
type scripted struct {
	node.Base
	cfg  client.Config
	zk   *client.Client
	body func(s *scripted, t *node.Task)
}

func (s *scripted) Boot(env node.Env) {
	s.zk = client.New(env, s.cfg, s)
	s.zk.Start()
	env.Go("script", func(t *node.Task) { s.body(s, t) })
}
func (s *scripted) SessionEvent(client.Event)                            {}
func (s *scripted) WatchEvent(client.WatchEvent)                         {}
func (s *scripted) WatchesRearmed(client.Rearmed)                        {}
func (s *scripted) Authenticating(client.Authentication)                 {}
func (s *scripted) Opened(c node.ConnID)                                 { s.zk.Opened(c) }
func (s *scripted) Receive(c node.ConnID, m node.Message)                { s.zk.Receive(c, m) }
func (s *scripted) Closed(c node.ConnID, why node.CloseReason)           { s.zk.Closed(c, why) }
func (s *scripted) Timer(tag node.Tag)                                   { s.zk.Timer(tag) }
func (s *scripted) Decode(c node.ConnID, b []byte) (node.Message, error) { return s.zk.Decode(c, b) }

// call submits one request and awaits its result.
func (s *scripted) call(t *node.Task, op wire.OpCode, body wire.Record) client.Result {
	var out client.Result
	var done node.Signal
	s.zk.Submit(op, body, func(r client.Result) { out = r; done.Set(nil) })
	t.Await(&done)
	return out
}

func (e *ensemble) client(body func(s *scripted, t *node.Task)) {
	id := e.world.Add(fmt.Sprintf("c%d", len(e.world.Processes())), "client", func() node.Node {
		return &scripted{cfg: client.Config{Servers: e.servers, SessionTimeout: time.Second}, body: body}
	})
	e.world.Start(id)
}

func TestEnsembleElectsAndServes(t *testing.T) {
	for _, n := range []int{1, 3, 5} {
		e := newEnsemble(t, n, nil)
		e.run(3 * time.Second)
		if len(e.role("leader")) != 1 || len(e.role("follower")) != n-1 {
			t.Fatalf("%d servers: leaders %v followers %v", n, e.role("leader"), e.role("follower"))
		}
		finished := false
		e.client(func(s *scripted, task *node.Task) {
			s.call(task, wire.OpCreate, &wire.CreateRequest{Path: "/a", ACL: wire.OpenACL})
			for i := range 60 {
				r := s.call(task, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Data: []byte{byte(i)}, Version: int32(i)})
				if r.Err != wire.OK {
					t.Errorf("write %d: %v", i, r.Err)
				}
			}
			r := s.call(task, wire.OpGetData, &wire.PathRequest{Path: "/a"})
			if d := r.Body.(*wire.DataReply); d.Data[0] != 59 || d.Stat.Version != 60 {
				t.Errorf("read %+v", d)
			}
			finished = true
		})
		e.run(10 * time.Second)
		if !finished {
			t.Errorf("%d servers: the client did not finish", n)
		}
		if e.seen[facts.SnapshotTaken] == 0 {
			t.Error("no snapshot was taken")
		}
	}
}

func TestLeaderCrashAndReturn(t *testing.T) {
	e := newEnsemble(t, 3, nil)
	e.run(3 * time.Second)
	wrote := 0
	e.client(func(s *scripted, task *node.Task) {
		s.call(task, wire.OpCreate, &wire.CreateRequest{Path: "/a", ACL: wire.OpenACL})
		for {
			if r := s.call(task, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Version: -1}); r.Err == wire.OK {
				wrote++
			}
		}
	})
	for range 5 {
		e.run(2 * time.Second)
		leader := e.role("leader")
		if len(leader) != 1 {
			t.Fatalf("leaders %v", leader)
		}
		before := wrote
		e.world.Crash(leader[0], sim.LoseAll)
		e.run(4 * time.Second)
		if wrote == before {
			t.Fatal("no write after the leader's crash")
		}
		e.world.Start(leader[0])
	}
	e.run(4 * time.Second)
	if len(e.role("follower")) != 2 {
		t.Errorf("followers %v", e.role("follower"))
	}
}

// Every server keeps serving through its own restart from disk.
func TestWholeEnsembleRestarts(t *testing.T) {
	e := newEnsemble(t, 3, nil)
	e.run(3 * time.Second)
	value := byte(0)
	e.client(func(s *scripted, task *node.Task) {
		s.call(task, wire.OpCreate, &wire.CreateRequest{Path: "/a", ACL: wire.OpenACL})
		for range 30 {
			s.call(task, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Data: []byte{1}, Version: -1})
		}
		task.Sleep(12 * time.Second)
		s.call(task, wire.OpSync, &wire.SyncRequest{Path: "/a"})
		for {
			r := s.call(task, wire.OpGetData, &wire.PathRequest{Path: "/a"})
			if d, ok := r.Body.(*wire.DataReply); ok {
				value = d.Data[0]
			}
			task.Sleep(time.Second)
		}
	})
	e.run(6 * time.Second)
	for _, id := range e.servers {
		e.world.Crash(id, sim.LoseAll)
	}
	for _, id := range e.servers {
		e.world.Start(id)
	}
	e.run(14 * time.Second)
	if value != 1 {
		t.Error("the value was lost")
	}
}
