package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// cluster is a small world of three coordinators, some brokers and scripted clients, for
// tests of single behaviours; whole runs are judged elsewhere.
type cluster struct {
	t       testing.TB
	world   *sim.World
	zk      []node.ID
	brokers []node.ID // broker n is brokers[n-1]
	servers []*broker.Server
	facts   []sim.Seen
	seen    map[*node.EventKind]int
	quiet   bool // facts are not kept
}

func newCluster(t *testing.T, n int, tune ...func(*broker.Config)) *cluster {
	return newSeededCluster(t, 1, n, tune...)
}

func newSeededCluster(t *testing.T, seed uint64, n int, tune ...func(*broker.Config)) *cluster {
	return startCluster(t, sim.Config{Seed: seed, Wire: true}, n, tune...)
}

func startCluster(t testing.TB, cfg sim.Config, n int, tune ...func(*broker.Config)) *cluster {
	c := &cluster{t: t, world: sim.NewWorld(cfg), seen: map[*node.EventKind]int{}}
	t.Cleanup(c.world.Close)
	c.world.OnEvent(func(s sim.Seen) {
		if !c.quiet {
			c.seen[s.Event.Kind]++
			c.facts = append(c.facts, s)
		}
	})
	var members []coordinator.Member
	for i := range 3 {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
	}
	for i := range members {
		cfg := coordinator.Config{Sid: int64(i + 1), Members: members, Tick: 100 * time.Millisecond, ElectionTimeoutMax: time.Second}
		c.zk = append(c.zk, c.world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) }))
	}
	hosts := map[string]node.ID{}
	for id := int32(1); id <= int32(n); id++ {
		hosts[broker.HostOf(id)] = node.ID(len(members)) + node.ID(id) - 1
	}
	for id := int32(1); id <= int32(n); id++ {
		cfg := broker.Config{
			ID: id, Hosts: hosts, Coordinators: c.zk, SessionTimeout: time.Second, ReplicaLag: 2 * time.Second,
			ReplicaFetchBackoff: 100 * time.Millisecond, ReplicaSocketTimeout: 3 * time.Second, RequestTimeout: 2 * time.Second,
		}
		for _, f := range tune {
			f(&cfg)
		}
		c.servers = append(c.servers, nil)
		c.brokers = append(c.brokers, c.world.Add(broker.HostOf(id), "broker", func() node.Node {
			c.servers[id-1] = broker.New(cfg)
			return c.servers[id-1]
		}))
	}
	for _, p := range c.world.Processes() {
		c.world.Start(p.ID)
	}
	return c
}

func (c *cluster) run(d time.Duration) {
	c.world.Run(c.world.Now() + d)
	if f := c.world.Failure(); f != nil {
		c.t.Helper() // which is slow, and benchmarks call this often
		c.t.Fatalf("step %d %s: %s\n%s", f.Step, f.Name, f.Reason, f.Stack)
	}
}

// script is a client process that plays one task over raw connections.
type script struct {
	node.Base
	t       testing.TB
	env     node.Env
	callers map[node.ID]*wire.Caller
	body    func(*script, *node.Task)
	done    bool
	more    []*wire.Caller // that the body has made itself
}

// expects gives everybody a while and wants then what was told to have been that.
func (c *cluster) expects(got *string, within time.Duration) func(what, want string) {
	return func(what, want string) {
		c.t.Helper()
		c.run(within)
		if *got != want {
			c.t.Fatalf("%s: %q, want %q", what, *got, want)
		}
		*got = ""
	}
}

// client has a new process play, and returns it; its done says whether it came to its end.
func (c *cluster) client(body func(*script, *node.Task)) *script {
	s := &script{t: c.t, body: body}
	c.world.Start(c.world.Add(fmt.Sprintf("c%d", len(c.world.Processes())), "client", func() node.Node { return s }))
	return s
}

func (s *script) Boot(env node.Env) {
	s.env, s.callers = env, map[node.ID]*wire.Caller{}
	env.Go("script", func(t *node.Task) {
		s.body(s, t)
		s.done = true
	})
}

func (s *script) callerOf(conn node.ConnID) *wire.Caller {
	for _, c := range s.more {
		if c.Owns(conn) {
			return c
		}
	}
	for id := range node.ID(16) {
		if c := s.callers[id]; c != nil && c.Owns(conn) {
			return c
		}
	}
	return nil
}

func (s *script) Receive(conn node.ConnID, m node.Message) {
	if c := s.callerOf(conn); c != nil {
		c.Receive(conn, m)
	}
}

func (s *script) Closed(conn node.ConnID, _ node.CloseReason) {
	if c := s.callerOf(conn); c != nil {
		c.Closed(conn)
	}
}

func (s *script) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	return s.callerOf(conn).Decode(frame)
}

// ask sends a request and awaits its response, nil if none comes.
func (s *script) ask(t *node.Task, to node.ID, body kmsg.Request) kmsg.Response {
	if s.callers[to] == nil {
		s.callers[to] = wire.NewCaller(s.env, to, wire.ClientPort, "script")
	}
	var answer kmsg.Response
	var done node.Signal
	late := s.env.SetTimer(askTimeout, node.Tag{Arg: uint64(to)})
	s.callers[to].Call(body, func(r kmsg.Response, _ error) { answer = r; done.Set(nil) })
	t.Await(&done)
	s.env.StopTimer(late)
	return answer
}

// askTimeout is how long a script waits for a response. Only Hangup ends what takes longer.
const askTimeout = 2 * time.Second

func (s *script) Timer(tag node.Tag) {
	s.callers[node.ID(tag.Arg)].Hangup()
}
