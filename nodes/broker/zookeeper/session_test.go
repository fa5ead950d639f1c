package zookeeper_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// cluster is a world with three coordinators and some brokers that only have a session.
type cluster struct {
	t       *testing.T
	world   *sim.World
	servers []node.ID
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{t: t, world: sim.NewWorld(sim.Config{Seed: 1, Wire: true})}
	t.Cleanup(c.world.Close)
	var members []coordinator.Member
	for i := range 3 {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
	}
	for i := range members {
		cfg := coordinator.Config{
			Sid: int64(i + 1), Members: members, Tick: 100 * time.Millisecond, SnapCount: 50, CommitLogCount: 10,
			DiskSync: true, ElectionTimeoutMax: time.Second,
		}
		id := c.world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) })
		c.servers = append(c.servers, id)
		c.world.Start(id)
	}
	c.run(2 * time.Second)
	return c
}

func (c *cluster) run(d time.Duration) {
	c.t.Helper()
	c.world.Run(c.world.Now() + d)
	if f := c.world.Failure(); f != nil {
		c.t.Fatalf("step %d %s: %s\n%s", f.Step, f.Name, f.Reason, f.Stack)
	}
}

// broker is a process that has a session and plays one task.
type broker struct {
	node.Base
	*zookeeper.Session
	cluster *cluster
	env     node.Env
	id      node.ID
	play    func(*broker, *node.Task)
	expired func()
	log     []string
}

// broker starts a process and gives it time to play.
func (c *cluster) broker(play func(*broker, *node.Task)) *broker {
	b := &broker{cluster: c, play: play}
	b.expired = func() { b.Restart() }
	b.id = c.world.Add(fmt.Sprintf("b%d", len(c.world.Processes())), "broker", func() node.Node { return b })
	c.world.Start(b.id)
	return b
}

func (b *broker) Boot(env node.Env) {
	b.env = env
	b.Session = zookeeper.New(env, zookeeper.Config{Servers: b.cluster.servers, Timeout: time.Second}, b)
	b.Start()
	env.Go("play", func(t *node.Task) { b.play(b, t) })
}
func (b *broker) Opened(node.ConnID)                         {}
func (b *broker) Receive(c node.ConnID, m node.Message)      { b.Session.Receive(c, m) }
func (b *broker) Closed(c node.ConnID, why node.CloseReason) { b.Session.Closed(c, why) }
func (b *broker) Timer(tag node.Tag)                         { b.Session.Timer(tag) }
func (b *broker) Decode(c node.ConnID, f []byte) (m node.Message, e error) {
	return b.Session.Decode(c, f)
}
func (b *broker) SessionBegan()        { b.say("began %d", b.Term()) }
func (b *broker) SessionConnected()    {}
func (b *broker) SessionDisconnected() { b.say("disconnected") }
func (b *broker) SessionExpired()      { b.say("expired"); b.expired() }

func (b *broker) say(format string, args ...any) { b.log = append(b.log, fmt.Sprintf(format, args...)) }

func (b *broker) expect(want ...string) {
	b.cluster.t.Helper()
	if !slices.Equal(b.log, want) {
		b.cluster.t.Fatalf("the broker saw\n\t%s\nwant\n\t%s", strings.Join(b.log, "\n\t"), strings.Join(want, "\n\t"))
	}
	b.log = nil
}

// lose cuts the connection when a reply would come, n times: what was asked has happened
// and nobody tells.
func (c *cluster) lose(b *broker, n int) {
	c.world.Rule("lose", func(_, to node.ID, _ node.Port, m node.Message) sim.Verdict {
		if _, reply := m.(*wire.Reply); reply && n > 0 && to == b.id {
			n--
			return sim.Drop
		}
		return sim.Pass
	})
}

func TestOperations(t *testing.T) {
	b := newCluster(t).broker(func(b *broker, t *node.Task) {
		one := func(what string, op zookeeper.Op) zookeeper.Reply {
			r := b.One(t, op)
			b.say("%s: %v", what, &r)
			return r
		}
		one("create", zookeeper.Create("/a", []byte("x")))
		one("again", zookeeper.Create("/a", nil))
		r := one("get", zookeeper.Get("/a"))
		b.say("data %s version %d", r.Data, r.Stat.Version)
		one("set", zookeeper.Set("/a", []byte("y"), 0))
		one("stale set", zookeeper.Set("/a", []byte("y"), 0))
		r = one("sequential", zookeeper.CreateSequential("/a/n_", nil))
		b.say("made %s", r.Path)
		one("child", zookeeper.Create("/a/b", nil))
		r = one("children", zookeeper.Children("/a"))
		b.say("children %v", r.Children)
		r = one("multi", zookeeper.Multi(zookeeper.Check("/a", 1), zookeeper.Set("/a/b", []byte("z"), 0), zookeeper.Delete("/a/n_0000000000", -1)))
		b.say("results %d, version %d", len(r.Results), r.Results[1].Stat.Version)
		r = one("failed multi", zookeeper.Multi(zookeeper.Check("/a", 1), zookeeper.Delete("/a/b", 7), zookeeper.Delete("/a", -1)))
		b.say("failed %d", r.Failed)
		one("ensure", zookeeper.Exists("/p/q/r"))
		ensured := b.Ensure(t, "/p/q/r")
		b.say("ensured %v", &ensured)
		one("now", zookeeper.Exists("/p/q/r"))
		replies := b.Do(t, zookeeper.Get("/a"), zookeeper.Get("/nowhere"), zookeeper.Sync("/"))
		b.say("three: %v, %v, %v", &replies[0], &replies[1], &replies[2])
		b.say("none: %d", len(b.Do(t)))
	})
	b.cluster.run(3 * time.Second)
	b.expect("began 0", "create: ok", "again: node-exists", "get: ok", "data x version 0", "set: ok", "stale set: bad-version",
		"sequential: ok", "made /a/n_0000000000", "child: ok", "children: ok", "children [b n_0000000000]",
		"multi: ok", "results 3, version 1", "failed multi: bad-version", "failed 1",
		"ensure: no-node", "ensured ok", "now: ok", "three: ok, no-node, ok", "none: 0")
}

// TestLostReplies cuts the connection before the answer to a write.
func TestLostReplies(t *testing.T) {
	for _, c := range []struct {
		what string
		lose int
		body func(*broker, *node.Task) zookeeper.Reply
		want string
	}{
		{"a plain write is unknown", 1, func(b *broker, t *node.Task) zookeeper.Reply {
			return b.One(t, zookeeper.Set("/a", []byte("new"), 0))
		}, "unknown (connection-loss) adopted=false version=0"},
		{"a read is asked again", 1, func(b *broker, t *node.Task) zookeeper.Reply {
			return b.One(t, zookeeper.Get("/a"))
		}, "ok adopted=false version=0"},
		{"one's own write is recognised", 1, func(b *broker, t *node.Task) zookeeper.Reply {
			return b.Set(t, "/a", []byte("new"), 0)
		}, "ok adopted=true version=1"},
		{"also if looking is interrupted", 2, func(b *broker, t *node.Task) zookeeper.Reply {
			return b.Set(t, "/a", []byte("new"), 0)
		}, "ok adopted=true version=1"},
		{"an ephemeral is recognised", 1, func(b *broker, t *node.Task) zookeeper.Reply {
			return b.CreateEphemeral(t, "/e", nil)
		}, "ok adopted=true version=0"},
		{"roots are created in any case", 3, func(b *broker, t *node.Task) zookeeper.Reply {
			return b.Ensure(t, "/r/s")
		}, "ok adopted=false version=0"},
	} {
		t.Run(c.what, func(t *testing.T) {
			cl := newCluster(t)
			b := cl.broker(func(b *broker, task *node.Task) {
				b.One(task, zookeeper.Create("/a", []byte("old")))
				cl.lose(b, c.lose)
				r := c.body(b, task)
				b.log = []string{fmt.Sprintf("%v adopted=%v version=%d", &r, r.Adopted, r.Stat.Version)}
				b.play = nil
			})
			cl.run(4 * time.Second)
			b.expect(c.want)
		})
	}
}

// TestSomebodyElseWrote: after a lost reply the znode has the next version, and not with
// our data.
func TestSomebodyElseWrote(t *testing.T) {
	c := newCluster(t)
	var other *broker
	b := c.broker(func(b *broker, t *node.Task) {
		b.One(t, zookeeper.Create("/a", []byte("old")))
		c.world.Rule("never arrives", func(from, _ node.ID, _ node.Port, m node.Message) sim.Verdict {
			if r, ok := m.(*wire.Request); ok && from == b.id && r.Type == wire.OpSetData {
				return sim.Drop
			}
			return sim.Pass
		})
		r := b.Set(t, "/a", []byte("mine"), 0)
		b.log = []string{fmt.Sprintf("%v %s version=%d", &r, r.Data, r.Stat.Version)}
	})
	other = c.broker(func(b *broker, t *node.Task) {
		t.Sleep(300 * time.Millisecond)
		b.One(t, zookeeper.Set("/a", []byte("theirs"), zookeeper.AnyVersion))
	})
	c.run(4 * time.Second)
	b.expect("bad-version theirs version=1")
	if len(other.log) != 1 {
		t.Errorf("the other saw %v", other.log)
	}
}

// TestNotWantedAnyMore: a write is lost, and when that is found out the znode has gone, and
// another has come to the same version.
func TestNotWantedAnyMore(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		c, replaced := newCluster(t), false
		b := c.broker(func(b *broker, t *node.Task) {
			b.One(t, zookeeper.Create("/a", []byte("old")))
			c.world.Rule("is lost", func(from, _ node.ID, _ node.Port, m node.Message) sim.Verdict {
				if r, ok := m.(*wire.Request); ok && from == b.id && r.Type == wire.OpSetData && !replaced {
					return sim.Drop
				}
				return sim.Pass
			})
			b.SetWhile(t, "/a", []byte("mine"), 0, func() bool { return wanted })
			for !replaced {
				t.Sleep(time.Millisecond)
			}
			r := b.One(t, zookeeper.Get("/a"))
			b.log = []string{string(r.Data)}
		})
		c.broker(func(b *broker, t *node.Task) {
			t.Sleep(300 * time.Millisecond)
			b.One(t, zookeeper.Multi(zookeeper.Delete("/a", zookeeper.AnyVersion), zookeeper.Create("/a", []byte("another's"))))
			replaced = true
		})
		c.run(4 * time.Second)
		b.expect(map[bool]string{true: "mine", false: "another's"}[wanted])
	}
}

// TestWatches: a handler hears once for each time it looked.
func TestWatches(t *testing.T) {
	c := newCluster(t)
	b := c.broker(func(b *broker, t *node.Task) {
		hear := func(e zookeeper.Event) { b.say("%v %s", e.Type, e.Path) }
		b.OnNode("/a", hear)
		b.OnChildren("/a", hear)
		b.One(t, zookeeper.Exists("/a"))
		b.One(t, zookeeper.Create("/a", nil))
		b.One(t, zookeeper.Set("/a", nil, 0)) // nobody looked since
		b.Do(t, zookeeper.Get("/a"), zookeeper.Get("/a"), zookeeper.Children("/a"))
		b.One(t, zookeeper.Set("/a", nil, 1))
		b.One(t, zookeeper.Create("/a/b", nil))
		b.One(t, zookeeper.Create("/a/c", nil))
		b.Do(t, zookeeper.Get("/a"), zookeeper.Children("/a"))
		b.Do(t, zookeeper.Delete("/a/b", -1), zookeeper.Delete("/a/c", -1))
		b.One(t, zookeeper.Children("/a"))
		b.OnChildren("/a", nil) // does not listen any more, though the watch is set
		b.One(t, zookeeper.Delete("/a", -1))
	})
	c.run(3 * time.Second)
	b.expect("began 0", "created /a", "data-changed /a", "children-changed /a", "children-changed /a", "deleted /a")
}

// TestExpiryDuringPause: the process stands still for longer than its session lasts.
// What it had asked ends, and so does what it asks before it begins anew; its ephemeral
// is gone and can be made again.
func TestExpiryDuringPause(t *testing.T) {
	c := newCluster(t)
	b := c.broker(func(b *broker, t *node.Task) {
		made := b.CreateEphemeral(t, "/e", nil)
		b.say("made %v", &made)
		for b.Term() == 0 {
			r := b.One(t, zookeeper.Get("/e"))
			if r.Over() {
				b.say("read %v", &r)
				break
			}
			t.Sleep(50 * time.Millisecond)
		}
		again := b.One(t, zookeeper.Get("/e"))
		b.say("without a session: %v", &again)
		b.Restart()
		again = b.CreateEphemeral(t, "/e", nil)
		b.say("made %v, by the present session %v", &again, again.Stat.EphemeralOwner == b.ID())
	})
	b.expired = func() {}
	c.run(time.Second)
	c.world.Pause(b.id)
	c.run(5 * time.Second)
	c.world.Resume(b.id)
	c.run(3 * time.Second)
	b.expect("began 0", "made ok", "disconnected", "expired", "read session-expired", "without a session: session-expired",
		"began 1", "made ok, by the present session true")
}

// TestAnswersBelongToTheirSession: a task that waits while its session ends and the next
// begins is told so, and does not go on in the new one.
func TestAnswersBelongToTheirSession(t *testing.T) {
	c := newCluster(t)
	b := c.broker(func(b *broker, t *node.Task) {
		b.One(t, zookeeper.Create("/a", nil))
		t.Sleep(time.Second)
		b.say("asks")
		replies := b.Do(t, zookeeper.Get("/a"), zookeeper.Set("/a", nil, 0), zookeeper.Get("/a"))
		b.say("%v, %v, %v in session %d", &replies[0], &replies[1], &replies[2], b.Term())
		next := b.One(t, zookeeper.Get("/a"))
		b.say("next %v version %d", &next, next.Stat.Version)
	})
	c.run(500 * time.Millisecond)
	c.world.Block("island", func(from, to node.ID, _ node.Port) bool { return from == b.id || to == b.id })
	c.run(5 * time.Second)
	c.world.Unblock("island")
	c.run(20 * time.Second)
	b.expect("began 0", "disconnected", "asks", "expired",
		"session-expired, session-expired, session-expired in session 1", "began 1", "next ok version 0")
}

// TestLeftoverEphemeral: what an earlier session of the same broker has left is in
// nobody's way, what another broker has made is.
func TestLeftoverEphemeral(t *testing.T) {
	c := newCluster(t)
	b := c.broker(func(b *broker, t *node.Task) {
		b.CreateEphemeral(t, "/e", []byte("1"))
		b.Restart() // without closing: the old session lasts on
		r := b.CreateEphemeral(t, "/e", []byte("2"))
		b.say("%v by this session %v", &r, r.Stat.EphemeralOwner == b.ID())
		r = b.CreateEphemeral(t, "/e", []byte("2"))
		b.say("%v by this session %v, adopted %v", &r, r.Stat.EphemeralOwner == b.ID(), r.Adopted)
	})
	c.run(2 * time.Second)
	other := c.broker(func(o *broker, t *node.Task) {
		r := o.CreateEphemeral(t, "/e", nil)
		o.say("%v, it is %v, owned by the first %v", &r, string(r.Data), r.Stat.EphemeralOwner == b.ID())
	})
	c.run(2 * time.Second)
	b.expect("began 0", "disconnected", "began 1", "ok by this session true", "ok by this session true, adopted false")
	other.expect("began 0", "node-exists, it is 2, owned by the first true")
	if wire.ErrNodeExists.String() != "node-exists" {
		t.Error("the expectation above names another error")
	}
}
