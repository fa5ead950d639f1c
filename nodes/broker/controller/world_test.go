package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/controller"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	zkfacts "github.com/stampede-sim/stampede/nodes/coordinator/facts"
	zk "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// Session timeouts of most, and of those who have to bear being paused.
const (
	sessionTimeout = time.Second
	patient        = 6 * time.Second
)

// cluster is a world with three coordinators, some brokers that consist of a controller
// and obey all control requests, and an operator who reads and writes znodes.
type cluster struct {
	t       *testing.T
	world   *sim.World
	servers []node.ID
	hosts   map[string]node.ID
	brokers map[int32]*fake
	op      *operator
	// facts are those of brokers, and of the elections of controllers.
	facts []string
	tune  func(*controller.Config)
	seen  map[string]int
	// judge holds every state that is committed against the one before.
	judge     *replication.Checker
	convicted bool
}

func newCluster(t *testing.T, brokers int, tune ...func(*controller.Config)) *cluster {
	return newSeeded(t, 1, brokers, tune...)
}

func newSeeded(t *testing.T, seed uint64, brokers int, tune ...func(*controller.Config)) *cluster {
	c := &cluster{
		t: t, world: sim.NewWorld(sim.Config{Seed: seed, Wire: true}), hosts: map[string]node.ID{}, brokers: map[int32]*fake{},
		tune: func(cfg *controller.Config) {
			for _, f := range tune {
				f(cfg)
			}
		},
		seen: map[string]int{},
	}
	t.Cleanup(c.world.Close)
	c.world.OnEvent(c.note)
	var members []coordinator.Member
	for i := range 3 {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
	}
	for i := range members {
		cfg := coordinator.Config{
			Sid: int64(i + 1), Members: members, Tick: 300 * time.Millisecond, SnapCount: 500, CommitLogCount: 100,
			DiskSync: true, ElectionTimeoutMax: time.Second,
		}
		id := c.world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) })
		c.servers = append(c.servers, id)
		c.world.Start(id)
	}
	c.op = &operator{c: c}
	c.world.Start(c.world.Add("operator", "operator", func() node.Node { return c.op }))
	var list []replication.Broker
	for i := range brokers {
		id := int32(i + 1)
		f := &fake{c: c, number: id, timeout: sessionTimeout}
		name := fmt.Sprintf("b%d", id)
		f.id = c.world.Add(name, "broker", func() node.Node { f.reset(); return f })
		c.hosts[name], c.brokers[id] = f.id, f
		list = append(list, replication.Broker{ID: id, Node: f.id, Name: name})
	}
	c.judgeStates(list)
	c.run(2 * time.Second)
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		for _, path := range znodes.PersistentRoots {
			s.Ensure(t, path)
		}
	})
	return c
}

// judgeStates has the coordinators' transactions judged, each once, in order.
func (c *cluster) judgeStates(brokers []replication.Broker) {
	c.judge = replication.New(replication.Config{Brokers: brokers, MinInsync: 1})
	var last zk.Zxid
	c.world.OnEvent(func(s sim.Seen) {
		if s.Event.Kind != zkfacts.Applied {
			return
		}
		if txn := s.Event.Body.(*zk.Txn); txn.Zxid > last {
			last = txn.Zxid
			c.judge.Committed(s.Step, s.At, txn)
		}
	})
}

// note keeps the facts that tests look at.
func (c *cluster) note(s sim.Seen) {
	if s.Event.Kind.System == "controller" || s.Event.Kind == node.Role && s.Node > c.servers[2] {
		c.facts = append(c.facts, s.Event.String())
		c.seen[s.Event.Kind.Name]++
	}
}

// start starts brokers one after the other, so that the first is the controller.
func (c *cluster) start(ids ...int32) {
	c.t.Helper()
	for _, id := range ids {
		c.world.Start(c.brokers[id].id)
		c.run(300 * time.Millisecond)
	}
}

func (c *cluster) run(d time.Duration) {
	c.t.Helper()
	c.world.Run(c.world.Now() + d)
	if f := c.world.Failure(); f != nil {
		c.t.Fatalf("step %d %s: %s\n%s", f.Step, f.Name, f.Reason, f.Stack)
	}
	if f := c.judge.Finding(); f != nil && !c.convicted {
		c.convicted = true
		c.t.Errorf("%s\n%s", f.Explanation, strings.Join(f.Evidence, "\n"))
	}
}

// crash crashes brokers in the same moment.
func (c *cluster) crash(ids ...int32) {
	for _, id := range ids {
		c.world.Crash(c.brokers[id].id, sim.LoseAll)
		c.brokers[id].ctl = nil
	}
}

// expire lets sessions of dead brokers expire.
func (c *cluster) expire() { c.t.Helper(); c.run(3 * sessionTimeout) }

// controllers lists who thinks to be the controller, with the epoch.
func (c *cluster) controllers() (list []string) {
	for id := int32(1); int(id) <= len(c.brokers); id++ {
		if f := c.brokers[id]; f.ctl != nil {
			if epoch, active := f.ctl.Active(); active {
				list = append(list, fmt.Sprintf("b%d@%d", id, epoch))
			}
		}
	}
	return list
}

// lines compares lists of lines.
func (c *cluster) lines(what string, got []string, want ...string) {
	c.t.Helper()
	if !slices.Equal(got, want) {
		c.t.Fatalf("%s\n\t%s\nwant\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// state is a partition as its znode has it.
func (c *cluster) state(name string, n int32) (text string) {
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		p := znodes.TopicPartition{Topic: name, Partition: n}
		r := s.Do(t, zookeeper.Sync("/"), zookeeper.Get(znodes.StatePath(p)))[1]
		if !r.OK() {
			text = "none"
			return
		}
		st, err := znodes.DecodeState(p, r.Data)
		if err != nil {
			panic(err)
		}
		text = fmt.Sprintf("leader %d epoch %d isr %v version %d by %d", st.Leader, st.LeaderEpoch, st.Isr, r.Stat.Version, st.ControllerEpoch)
		if st.Recovering {
			text += " recovering"
		}
	})
	return text
}

func (c *cluster) expectState(name string, n int32, want string) {
	c.t.Helper()
	if got := c.state(name, n); got != want {
		c.t.Fatalf("%s-%d: %s, want %s", name, n, got, want)
	}
}

// children lists the children of a znode.
func (c *cluster) children(path string) (names []string) {
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		names = s.Do(t, zookeeper.Sync("/"), zookeeper.Children(path))[1].Children
	})
	return names
}

// create writes a topic with this assignment, as any broker may.
func (c *cluster) create(name string, replicas ...[]int32) {
	c.t.Helper()
	z := znodes.Topic{ID: znodes.TopicID{byte(len(c.facts)), 1}}
	for _, list := range replicas {
		z.Partitions = append(z.Partitions, znodes.Assignment{Replicas: list})
	}
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		s.One(t, zookeeper.Create(znodes.TopicPath(name), z.Encode()))
	})
	c.run(300 * time.Millisecond)
}

// setIsr writes in-sync replicas as the leader would, and tells the controller.
func (c *cluster) setIsr(name string, n int32, isr ...int32) {
	c.t.Helper()
	p := znodes.TopicPartition{Topic: name, Partition: n}
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		r := s.Do(t, zookeeper.Sync("/"), zookeeper.Get(znodes.StatePath(p)))[1]
		st, err := znodes.DecodeState(p, r.Data)
		if err != nil {
			panic(err)
		}
		st.Isr = isr
		s.One(t, zookeeper.Set(znodes.StatePath(p), st.Encode(), r.Stat.Version))
		s.One(t, zookeeper.CreateSequential(znodes.IsrChangePath(), znodes.EncodePartitions([]znodes.TopicPartition{p})))
	})
	c.run(300 * time.Millisecond)
}

// put creates or deletes a znode; nil data deletes.
func (c *cluster) put(path string, data []byte) {
	c.op.do(func(s *zookeeper.Session, t *node.Task) { s.One(t, zookeeper.Create(path, data)) })
	c.run(300 * time.Millisecond)
}

// operator is a process with a session that does what tests say.
type operator struct {
	node.Base
	c       *cluster
	session *zookeeper.Session
	env     node.Env
}

func (o *operator) Boot(env node.Env) {
	o.env = env
	o.session = zookeeper.New(env, zookeeper.Config{Servers: o.c.servers, Timeout: patient}, o)
	o.session.Start()
}
func (o *operator) SessionBegan()                              {}
func (o *operator) SessionConnected()                          {}
func (o *operator) SessionDisconnected()                       {}
func (o *operator) SessionExpired()                            { panic("the operator's session expired") }
func (o *operator) Receive(c node.ConnID, m node.Message)      { o.session.Receive(c, m) }
func (o *operator) Closed(c node.ConnID, why node.CloseReason) { o.session.Closed(c, why) }
func (o *operator) Timer(tag node.Tag)                         { o.session.Timer(tag) }
func (o *operator) Decode(c node.ConnID, f []byte) (node.Message, error) {
	return o.session.Decode(c, f)
}

// do runs something in a task, and the world until it has ended.
func (o *operator) do(body func(*zookeeper.Session, *node.Task)) {
	o.c.t.Helper()
	done := false
	o.later(func(s *zookeeper.Session, t *node.Task) {
		body(s, t)
		done = true
	})
	for i := 0; !done; i++ {
		if i > 1000 {
			o.c.t.Fatal("the operator waits for ever")
		}
		o.c.run(10 * time.Millisecond)
	}
}

// later runs something in a task.
func (o *operator) later(body func(*zookeeper.Session, *node.Task)) {
	o.c.world.At(o.c.world.Now(), "operator", func() {
		o.env.Go("operator", func(t *node.Task) { body(o.session, t) })
	})
}

// fake is a broker that is a controller, and otherwise obeys.
type fake struct {
	node.Base
	c       *cluster
	id      node.ID
	number  int32
	env     node.Env
	session *zookeeper.Session
	ctl     *controller.Controller
	epoch   int64
	conns   map[node.ConnID]bool
	// orders are the control requests that it has had.
	orders []string
	// silent: it answers nothing. refuse: it answers with this error.
	silent bool
	refuse wire.ErrorCode
	known  []int32 // who the controller is, as told
	// timeout is that of its session.
	timeout time.Duration
	// member is what it does beyond obeying, if anything.
	member *member
}

func (f *fake) reset() {
	f.session, f.ctl, f.conns = nil, nil, map[node.ConnID]bool{}
}

func (f *fake) Boot(env node.Env) {
	f.env = env
	f.session = zookeeper.New(env, zookeeper.Config{Servers: f.c.servers, Timeout: f.timeout, TimerKind: 10}, f)
	cfg := controller.Config{
		Broker: f.number, Hosts: f.c.hosts, TimerKind: 1, SocketTimeout: time.Second, NoRebalance: true,
		Elected: func(id, epoch int32) { f.known = append(f.known, id) },
	}
	f.c.tune(&cfg)
	f.ctl = controller.New(env, f.session, cfg)
	f.session.Start()
	if f.member != nil {
		f.member.boot()
	}
}

func (f *fake) SessionBegan() {
	f.env.Go("register", func(t *node.Task) {
		host := fmt.Sprintf("b%d", f.number)
		b := znodes.Broker{
			Endpoints: []znodes.Endpoint{
				{Listener: "CLIENT", Security: znodes.Plaintext, Host: host, Port: 9092},
				{Listener: "REPLICATION", Security: znodes.Plaintext, Host: host, Port: 9093},
			},
			JMXPort: -1, Timestamp: f.env.WallMillis(),
		}
		for {
			r := f.session.CreateEphemeral(t, znodes.BrokerPath(f.number), b.Encode())
			if r.OK() {
				f.epoch = int64(r.Stat.Czxid)
				f.ctl.Registered()
				return
			}
			if r.Over() {
				return
			}
			t.Sleep(100 * time.Millisecond) // an earlier life's session is not over yet
		}
	})
}
func (f *fake) SessionConnected()    {}
func (f *fake) SessionDisconnected() {}
func (f *fake) SessionExpired()      { f.ctl.Expired(); f.session.Restart() }

func (f *fake) Accept(c node.ConnID, _ node.ID, port node.Port) {
	if port != wire.ReplicaPort {
		panic("somebody dials another port")
	}
	f.conns[c] = true
}

func (f *fake) Receive(c node.ConnID, m node.Message) {
	switch {
	case f.conns[c]:
		r := m.(*wire.Request)
		if f.member != nil {
			f.member.heard(c, r)
			return
		}
		f.orders = append(f.orders, describe(r.Body))
		if !f.silent {
			f.env.Send(c, &wire.Response{Correlation: r.Correlation, Body: f.obey(r.Body)})
		}
	case f.session.Owns(c):
		f.session.Receive(c, m)
	default:
		f.ctl.Receive(c, m)
	}
}

func (f *fake) Closed(c node.ConnID, why node.CloseReason) {
	switch {
	case f.conns[c]:
		delete(f.conns, c)
	case f.session.Owns(c):
		f.session.Closed(c, why)
	case f.ctl.Owns(c):
		f.ctl.Closed(c)
	}
}

func (f *fake) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	switch {
	case f.conns[c]:
		return wire.DecodeRequest(frame)
	case f.session.Owns(c):
		return f.session.Decode(c, frame)
	}
	return f.ctl.Decode(c, frame)
}

func (f *fake) Timer(tag node.Tag) {
	if !f.ctl.Timer(tag) {
		f.session.Timer(tag)
	}
}

// obey answers a control request, with the error of the moment for each partition.
func (f *fake) obey(body kmsg.Request) kmsg.Response {
	answer := body.ResponseKind()
	switch r := body.(type) {
	case *kmsg.LeaderAndISRRequest:
		a := answer.(*kmsg.LeaderAndISRResponse)
		for _, t := range r.TopicStates {
			one := kmsg.NewLeaderAndISRResponseTopic()
			one.TopicID = t.TopicID
			for _, p := range t.PartitionStates {
				part := kmsg.NewLeaderAndISRResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, int16(f.refuse)
				one.Partitions = append(one.Partitions, part)
			}
			a.Topics = append(a.Topics, one)
		}
	case *kmsg.StopReplicaRequest:
		a := answer.(*kmsg.StopReplicaResponse)
		for _, t := range r.Topics {
			for _, p := range t.PartitionStates {
				part := kmsg.NewStopReplicaResponsePartition()
				part.Topic, part.Partition, part.ErrorCode = t.Topic, p.Partition, int16(f.refuse)
				a.Partitions = append(a.Partitions, part)
			}
		}
	}
	return answer
}

// take returns the orders since the last call.
func (f *fake) take() []string {
	list := f.orders
	f.orders = nil
	return list
}

// describe is a control request in one line.
func describe(body kmsg.Request) string {
	var b strings.Builder
	switch r := body.(type) {
	case *kmsg.LeaderAndISRRequest:
		fmt.Fprintf(&b, "lead b%d@%d", r.ControllerID, r.ControllerEpoch)
		for _, t := range r.TopicStates {
			for _, p := range t.PartitionStates {
				fmt.Fprintf(&b, " %s-%d leader %d epoch %d isr %v version %d replicas %v", t.Topic, p.Partition, p.Leader, p.LeaderEpoch, p.ISR, p.ZKVersion, p.Replicas)
				if len(p.AddingReplicas)+len(p.RemovingReplicas) > 0 {
					fmt.Fprintf(&b, "+%v-%v", p.AddingReplicas, p.RemovingReplicas)
				}
				if p.IsNew {
					b.WriteString(" new")
				}
			}
		}
	case *kmsg.UpdateMetadataRequest:
		fmt.Fprintf(&b, "know b%d@%d live", r.ControllerID, r.ControllerEpoch)
		for _, l := range r.LiveBrokers {
			fmt.Fprintf(&b, " %d", l.ID)
		}
		for _, t := range r.TopicStates {
			for _, p := range t.PartitionStates {
				fmt.Fprintf(&b, " %s-%d leader %d epoch %d isr %v", t.Topic, p.Partition, p.Leader, p.LeaderEpoch, p.ISR)
				if len(p.OfflineReplicas) > 0 {
					fmt.Fprintf(&b, " offline %v", p.OfflineReplicas)
				}
			}
		}
	case *kmsg.StopReplicaRequest:
		fmt.Fprintf(&b, "stop b%d@%d", r.ControllerID, r.ControllerEpoch)
		for _, t := range r.Topics {
			for _, p := range t.PartitionStates {
				fmt.Fprintf(&b, " %s-%d epoch %d", t.Topic, p.Partition, p.LeaderEpoch)
				if p.Delete {
					b.WriteString(" delete")
				}
			}
		}
	}
	return b.String()
}

// remove deletes a znode.
func (c *cluster) remove(path string) {
	c.op.do(func(s *zookeeper.Session, t *node.Task) { s.One(t, zookeeper.Delete(path, -1)) })
}

// set writes a znode, whatever its version.
func (c *cluster) set(path string, data []byte) {
	c.op.do(func(s *zookeeper.Session, t *node.Task) { s.One(t, zookeeper.Set(path, data, -1)) })
	c.run(300 * time.Millisecond)
}

// block keeps a broker away from the coordinators, until "island" is unblocked.
func (c *cluster) block(broker int32) {
	c.world.Block("island", func(from, to node.ID, _ node.Port) bool {
		return (from == c.brokers[broker].id || to == c.brokers[broker].id) && (from <= c.servers[2] || to <= c.servers[2])
	})
}

// expectAssignments counts the partitions of a topic.
func (c *cluster) expectAssignments(name string, want int) {
	c.t.Helper()
	c.op.do(func(s *zookeeper.Session, t *node.Task) {
		r := s.Do(t, zookeeper.Sync("/"), zookeeper.Get(znodes.TopicPath(name)))[1]
		topic, err := znodes.DecodeTopic(name, r.Data)
		if err != nil || len(topic.Partitions) != want {
			c.t.Errorf("%s has %d partitions, want %d (%v)", name, len(topic.Partitions), want, err)
		}
	})
}
