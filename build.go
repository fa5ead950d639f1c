package stampede

import (
	"time"

	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
	"github.com/stampede-sim/stampede/workloads"
)

// newRun builds the world of a plan and boots everybody.
func newRun(p Plan, o RunOptions) *run {
	scenario, err := Lookup(p.Scenario)
	if err != nil {
		panic("stampede: " + err.Error())
	}
	r := &run{plan: p, workload: scenario.workload(), world: sim.NewWorld(p.Knobs.world(p.Seed))}
	r.recorder = workloads.NewRecorder(p.Shape.Clients, r.world.Now)
	r.recorder.Hear(r.asked)
	r.ensemble = newEnsemble(p.Knobs)
	r.windows = newWindows(p.Knobs.size() + p.Knobs.Brokers + p.Shape.Clients)
	r.zombies = newZombies(p.Knobs, r.world.Processes, &r.windows)
	r.rights, r.usage = r.newRights(), r.newUsage()
	r.replication, r.seats = r.newReplication(), &replicas{knobs: p.Knobs, by: map[string]*seats{}}
	r.groups = r.newGroups()
	r.checker = live.New(r.ensemble.servers, ghost{r.world}, live.Config{
		Groups: p.Knobs.judgedGroups(), Initial: p.Knobs.initialConfig(), Tick: p.Knobs.Tick, DriftPPM: faults.MaxDrift, Wall: r.world.WallMillis,
		LeaderRefuses: p.Knobs.leaderRefuses(), Committed: r.committed(), MaxClientCnxns: p.Knobs.MaxClientCnxns, MaxCnxns: p.Knobs.MaxCnxns,
		Reaping: p.Knobs.reaping(), PreparedDisks: p.Knobs.PreparedDisks,
	})
	if o.Trace != nil {
		r.world.SetTrace(o.Trace)
	}
	r.addServers()
	r.addBrokers()
	r.addClients()
	r.watch(o)
	vocabulary := p.vocabulary()
	vocabulary.Replicas = func(s faults.Select, of string) []node.ID { return r.seats.choose(r.world, s, of) }
	r.injector = faults.Apply(r.world, p.Faults, faults.Options{From: p.Knobs.WarmUp, Vocabulary: vocabulary})
	for _, process := range r.world.Processes() {
		r.world.Start(process.ID)
	}
	return r
}

// addServers adds zk1 … zkN, whose process IDs are 0 … N-1: the voters, then the
// observers, then the spares.
func (r *run) addServers() {
	k := r.plan.Knobs
	var members []coordinator.Member
	for sid := 1; sid <= k.size(); sid++ {
		members = append(members, coordinator.Member{Sid: int64(sid), Node: serverID(sid), Observer: k.observes(sid), Spare: k.spare(sid)})
	}
	r.servers = make([]*coordinator.Server, k.size())
	for sid, name := range k.serverNames() {
		cfg := coordinator.Config{
			Sid: int64(sid + 1), Members: members, Groups: k.groups(), Tick: k.Tick,
			InitLimit: k.InitLimit, SyncLimit: k.SyncLimit,
			SnapCount: k.SnapCount, CommitLogCount: k.CommitLogCount, DiskSync: k.DiskSync, CounterLimit: uint32(k.CounterLimit),
			Standalone: k.alone(), LeaderRefuses: k.leaderRefuses(),
			MaxClientCnxns: k.MaxClientCnxns, MaxCnxns: k.MaxCnxns,
			FourLetterWords: admin.Whitelist(admin.Words), DigestInterval: 16,
			ReadOnlyMode: k.ReadOnlyAfter > 0, ReadOnlyAfter: k.ReadOnlyAfter,
			LocalSessions: k.LocalSessions, UpgradeSessions: k.UpgradeSessions,
			SnapshotNodes: k.SnapshotNodes, SnapRetain: k.SnapRetain, PurgeInterval: k.PurgeInterval,
			MaxSnapSyncs: k.SnapSyncs, MaxDiffSyncs: k.DiffSyncs, SnapshotSizePercent: k.SnapshotPercent,
			ReapInterval: k.reapInterval(), ReapsPerMinute: k.ReapsPerMinute, NeverUsed: k.NeverUsed, ExtendedTypes: k.ExtendedTypes, EnforceQuota: k.EnforceQuota, MaxBuffer: k.MaxBuffer, OutstandingLimit: k.OutstandingLimit, VersionStart: int32(k.VersionStart), SequenceStart: int32(k.SequenceStart),
			PreparedDisks: k.PreparedDisks, ReconfigEnabled: k.Reconfig, SkipACL: k.SkipACL,
			ElectionTimeoutMax: k.ElectionMax, Bugs: r.plan.Bugs,
			SuperDigest: acl.Digest(workloads.Superuser.Secret), Vouched: r.plan.vouched(),
		}
		id := r.world.Add(name, serverGroup, func() node.Node {
			r.servers[sid] = coordinator.New(cfg)
			return r.servers[sid]
		})
		if k.PreparedDisks {
			r.world.DiskOf(id).Put(store.Prepared, nil)
		}
	}
}

// addClients adds c0 … with their parts of the plan.
func (r *run) addClients() {
	shape := r.plan.Shape
	setup, final := r.workload.Setup(shape), r.workload.FinalReads(shape)
	r.recorder.Expect(len(setup) + len(r.plan.Ops) + len(final))
	r.finals = len(final)
	r.clients = make([]actor, shape.Clients)
	for i := range shape.Clients {
		make := r.coordinatorClient
		if r.workload.OnBrokers != nil && r.workload.OnBrokers(i) {
			make = r.brokerClient
		}
		begin := make(i, workloads.OpsOf(setup, i), workloads.OpsOf(r.plan.Ops, i), workloads.OpsOf(final, i))
		r.world.Add(clientName(i), clientGroup, func() node.Node {
			r.clients[i] = begin()
			return r.clients[i]
		})
	}
}

// actor is a client of the workload.
type actor interface {
	node.Node
	// State says what it is doing, for people.
	State() string
}

// coordinatorClient prepares a client of the coordinator.
func (r *run) coordinatorClient(i int, setup, ops, final []workloads.Op) func() actor {
	k := r.plan.Knobs
	var servers []node.ID
	for _, s := range r.ensemble.servers {
		servers = append(servers, s.ID)
	}
	cfg := workloads.ClientConfig{
		Index: i, Servers: servers,
		SessionTimeout: k.SessionTimeout, ConnectTimeout: k.patience(), OpTimeout: k.OpTimeout,
		Setup: setup, Ops: ops, Final: final,
		CanBeReadOnly: i < k.ReadOnlyClients,
		StartAt:       k.WarmUp, StopAt: k.healAt() + k.calm(), FinalAt: k.healAt() + k.calm(),
		WatchBatch: k.WatchBatch, Bugs: r.plan.Bugs,
		Record: r.recorder, Vouched: append(k.certificates(i), wire.Identity{Scheme: "ip", ID: wire.Address(k.clientID(i))}),
	}
	return func() actor { return workloads.NewClient(cfg) }
}

// supervision is after how long a process that exited by itself is started again,
// as an operator's supervisor would.
const supervision = time.Second

// watch puts the checkers between the nodes and the faults: a fact is judged
// before a fault may strike at it.
func (r *run) watch(o RunOptions) {
	servers := node.ID(r.plan.Knobs.size())
	r.world.OnEvent(func(s sim.Seen) {
		r.marks.add(&s.Event)
		r.windows.observe(&s)
		if s.Node < servers {
			r.ensemble.observe(&s)
			r.checker.Observe(s.Step, s.At, s.Node, s.Event)
			if r.checker.Finding() != nil {
				r.world.Stop("a live invariant is broken")
			}
		}
		if r.replication != nil {
			r.observeBrokers(s)
		}
		if o.Observe != nil {
			o.Observe(s)
		}
	})
	r.world.OnProcess(func(c sim.ProcessChange) {
		if c.Kind == sim.Crashed || c.Kind == sim.Exited {
			r.windows.died(c)
		}
		switch {
		case c.Node < servers:
			r.changed(c)
		case r.plan.Knobs.brokerOf(c.Node) > 0:
			r.brokerChanged(c)
		}
	})
}

// changed follows the life of a server.
func (r *run) changed(c sim.ProcessChange) {
	switch c.Kind {
	case sim.Booted:
		r.checker.Booted(c.Node)
	case sim.Crashed, sim.Exited:
		r.ensemble.lost(c.Node)
		r.checker.Crashed(c.Node)
	}
	r.supervise(c)
}

// supervise starts a process again that ended by itself, unless an operator ended it.
func (r *run) supervise(c sim.ProcessChange) {
	if c.Kind != sim.Exited {
		return
	}
	r.world.At(c.At+supervision, "supervisor", func() {
		if !r.world.Processes()[c.Node].Up && !r.injector.Away(c.Node) {
			r.world.Start(c.Node)
		}
	})
}

// ghost shows the live checker the disks and connections of the world.
type ghost struct{ world *sim.World }

func (g ghost) Files(id node.ID) []string { return g.world.DiskOf(id).Files() }

func (g ghost) Read(id node.ID, file string) ([]byte, bool) { return g.world.DiskOf(id).View(file) }

func (g ghost) Durable(id node.ID, file string) ([]byte, bool) {
	return g.world.DiskOf(id).DurableView(file)
}

func (g ghost) Rotten(id node.ID, file string) bool { return g.world.DiskOf(id).Rotten(file) }

func (g ghost) Clients(id node.ID) []node.ID { return g.world.Peers(id, wire.ClientPort) }

func (g ghost) DurableSize(id node.ID, file string) int64 {
	return g.world.DiskOf(id).DurableSize(file)
}
