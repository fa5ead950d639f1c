package coordinator_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

func readOnlyMode(c *coordinator.Config) {
	c.ReadOnlyMode, c.ReadOnlyAfter = true, 500*time.Millisecond
	c.LocalSessions, c.UpgradeSessions = true, true
}

// asking adds a client that accepts read-only servers, if willing.
func (e *ensemble) asking(name string, willing bool, body func(s *scripted, t *node.Task)) {
	id := e.world.Add(name, "client", func() node.Node {
		cfg := client.Config{Servers: e.servers, SessionTimeout: time.Second, CanBeReadOnly: willing}
		return &scripted{cfg: cfg, body: body}
	})
	e.world.Start(id)
}

func TestAServerAloneServesReadOnlyUntilItIsNotAlone(t *testing.T) {
	e := newEnsemble(t, 3, readOnlyMode)
	e.script(func(s *scripted, task *node.Task) {
		s.call(task, wire.OpCreate, create("/a", wire.ModePersistent))
		s.call(task, wire.OpCloseSession, &wire.Empty{})
	})
	e.world.Crash(e.servers[1], sim.LoseAll)
	e.world.Crash(e.servers[2], sim.LoseAll)
	e.run(5 * time.Second)

	var before, after int64
	var write wire.ErrorCode
	e.asking("willing", true, func(s *scripted, task *node.Task) {
		if r := s.call(task, wire.OpGetData, &wire.PathRequest{Path: "/a"}); r.Err != wire.OK {
			t.Errorf("read: %v", r.Err)
		}
		before = s.zk.Session()
		for _, op := range []wire.OpCode{wire.OpSync, wire.OpSetData} {
			body := map[wire.OpCode]wire.Record{
				wire.OpSync: &wire.SyncRequest{Path: "/a"}, wire.OpSetData: &wire.SetDataRequest{Path: "/a", Version: -1},
			}[op]
			if r := s.call(task, op, body); r.Err != wire.ErrNotReadOnly {
				t.Errorf("%v at a read-only server: %v", op, r.Err)
			}
		}
		for write = wire.ErrNotReadOnly; write != wire.OK; task.Sleep(50 * time.Millisecond) {
			write = s.call(task, wire.OpSetData, &wire.SetDataRequest{Path: "/a", Version: -1}).Err
		}
		after = s.zk.Session()
	})
	refused := true
	e.asking("unwilling", false, func(s *scripted, task *node.Task) {
		s.call(task, wire.OpGetData, &wire.PathRequest{Path: "/a"})
		refused = false
	})
	e.run(3 * time.Second)
	if before == 0 || after != 0 || !refused || e.seen[facts.ReadOnlyUnwanted] == 0 {
		t.Fatalf("session %#x, then %#x; the unwilling client was refused %v", before, after, refused)
	}
	e.world.Start(e.servers[1])
	e.run(5 * time.Second)
	if after == 0 || after == before || refused {
		t.Errorf("after healing: session %#x, then %#x; refused %v", before, after, refused)
	}
	if e.seen[facts.ReadOnlyEnded] == 0 {
		t.Error("read-only mode did not end")
	}
}

func TestAReadOnlyServerTakesNoSessionThatAllKnow(t *testing.T) {
	e := newEnsemble(t, 3, readOnlyMode)
	e.run(2 * time.Second)
	answered := 0
	e.asking("owner", true, func(s *scripted, task *node.Task) {
		s.call(task, wire.OpCreate, create("/e", wire.ModeEphemeral)) // the session is known to all now
		for {
			if r := s.call(task, wire.OpExists, &wire.PathRequest{Path: "/e"}); r.Err == wire.OK {
				answered++
			}
			task.Sleep(10 * time.Millisecond)
		}
	})
	e.run(time.Second)
	e.world.Crash(e.servers[1], sim.LoseAll)
	e.world.Crash(e.servers[2], sim.LoseAll)
	e.run(2 * time.Second)
	then := answered
	e.run(5 * time.Second)
	if answered != then || e.seen[facts.ReadOnlyGlobal] == 0 {
		t.Errorf("%d reads answered to a session that the read-only server cannot keep", answered-then)
	}
}

// greeter asks one server for a session, as a client that has seen a zxid.
type greeter struct {
	node.Base
	to   node.ID
	seen wire.Zxid
	in   *bool
}

func (g *greeter) Boot(env node.Env) {
	conn := env.Dial(g.to, wire.ClientPort)
	env.Send(conn, &wire.ConnectRequest{LastZxidSeen: g.seen, TimeoutMs: 1000})
}

func (g *greeter) Receive(_ node.ConnID, m node.Message) {
	*g.in = m.(*wire.ConnectResponse).TimeoutMs > 0
}

func (g *greeter) Decode(_ node.ConnID, frame []byte) (node.Message, error) {
	return wire.DecodeConnectResponse(frame)
}

// What a read-only server has shown may be cut when it finds a leader. Whoever saw it
// is let in all the same, by everybody and before there is a write in the new epoch;
// whoever saw a write of that epoch that a server lacks is not.
func TestATailThatWasCutKeepsNobodyOut(t *testing.T) {
	e := newEnsemble(t, 3, readOnlyMode)
	e.script(func(s *scripted, task *node.Task) {
		s.call(task, wire.OpCreate, create("/a", wire.ModePersistent))
		s.call(task, wire.OpCloseSession, &wire.Empty{})
	})
	leader := e.role("leader")[0]
	e.world.Crash(leader, sim.LoseAll)
	e.run(3 * time.Second)
	e.world.Start(leader) // epoch 2, in which nothing is written
	e.run(3 * time.Second)
	for _, tt := range []struct {
		name string
		seen wire.Zxid
		want bool
	}{
		{"cut", wire.MakeZxid(1, 1000), true},
		{"ahead", wire.MakeZxid(2, 1), false},
	} {
		for i, to := range e.servers {
			in := false
			id := e.world.Add(tt.name+strconv.Itoa(i), "client", func() node.Node { return &greeter{to: to, seen: tt.seen, in: &in} })
			e.world.Start(id)
			e.run(500 * time.Millisecond)
			if in != tt.want {
				t.Errorf("%s: server %d let in a client that has seen %v: %v, want %v", tt.name, i+1, tt.seen, in, tt.want)
			}
		}
	}
}
