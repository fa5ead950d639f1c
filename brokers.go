package stampede

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/groups"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	brokerwire "github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
	"github.com/stampede-sim/stampede/workloads"
)

// brokerGroup is the group of the processes that are brokers.
const brokerGroup = "broker"

// brokerID is the process of a broker: brokers come behind the coordinator's servers.
func (k Knobs) brokerID(broker int32) node.ID { return node.ID(k.size() + int(broker) - 1) }

// brokerOf is the broker that a process is, 0 for another.
func (k Knobs) brokerOf(id node.ID) int32 {
	if n := int(id) - k.size() + 1; n >= 1 && n <= k.Brokers {
		return int32(n)
	}
	return 0
}

// hosts is the name service of the cluster.
func (k Knobs) hosts() map[string]node.ID {
	hosts := map[string]node.ID{}
	for n := range int32(k.Brokers) {
		hosts[broker.HostOf(n+1)] = k.brokerID(n + 1)
	}
	return hosts
}

// addBrokers adds b1 … bN.
func (r *run) addBrokers() {
	k := r.plan.Knobs
	for i, name := range k.brokerNames() {
		cfg := r.brokerConfig(int32(i + 1))
		r.world.Add(name, brokerGroup, func() node.Node { return broker.New(cfg) })
	}
}

// brokerClient prepares a client of brokers. Operations go on while the coordinator
// settles, and brokers after it.
func (r *run) brokerClient(i int, setup, ops, final []workloads.Op) func() actor {
	k := r.plan.Knobs
	stop := k.healAt() + k.calm() + k.settleBrokers()
	cfg := workloads.BrokerClientConfig{
		Index: i, Hosts: k.hosts(), Bootstrap: k.brokerNames(),
		RequestTimeout: k.RequestTimeout, DeliveryTimeout: k.DeliveryTimeout, Linger: k.Linger, PollWait: k.PollWait, FetchWait: k.FetchWait,
		Retries: k.Retries, Idempotent: k.Idempotent, Sessions: k.FetchSessions > 0, Rack: k.rackOf(i), Codec: k.codecOf(i), BatchBytes: k.BatchBytes,
		HeedsThrottle: k.heedsThrottle(i), As: k.principal(i), Super: i == 0, Login: k.login(i), RawLogin: k.RawLogins && i%2 == 1, AutoCreate: k.AutoCreate,
		Groups: k.members(),
		Setup:  setup, Ops: ops, Final: final, Finals: r.finals,
		StartAt: k.WarmUp, StopAt: stop, FinalAt: stop,
		Settled: func() bool {
			return r.replication.Pending() == "" && r.groups.Pending() == "" && (r.rights == nil || r.rights.Pending() == "") && (r.usage == nil || r.usage.Pending() == "")
		},
		Record: r.recorder, Bugs: r.plan.Bugs,
	}
	return func() actor { return workloads.NewBrokerClient(cfg) }
}

// racks is how many there are: brokers and clients stand in them by turns.
const racks = 3

// rackOf is where a client says it stands: one in four does not.
func (b BrokerKnobs) rackOf(client int) string {
	if !b.FollowerReads || client%4 == 3 {
		return ""
	}
	return fmt.Sprintf("rack%d", client%racks)
}

// brokerConfig is what the knobs make of a broker's configuration.
func (r *run) brokerConfig(id int32) broker.Config {
	var coordinators []node.ID
	for _, s := range r.ensemble.servers {
		coordinators = append(coordinators, s.ID)
	}
	cfg, err := r.plan.Knobs.configured(r.plan.Knobs.brokerConfig(id, coordinators))
	if err != nil {
		panic(err) // plans with such knobs are refused
	}
	cfg.Bugs = r.plan.Bugs
	r.plan.configureAccess(&cfg)
	return cfg
}

// brokerConfig is what the knobs make of it, but for keys without a knob of their own.
func (k Knobs) brokerConfig(id int32, coordinators []node.ID) broker.Config {
	cfg := broker.Config{
		ID: id, Rack: fmt.Sprintf("rack%d", id%racks), Hosts: k.hosts(), Coordinators: coordinators, SessionTimeout: k.BrokerSession,
		ReplicaLag: k.ReplicaLag, ReplicaFetchWait: k.ReplicaWait, ReplicaFetchBackoff: k.ReplicaBackoff, ReplicaSocketTimeout: k.RequestTimeout + k.ReplicaWait,
		MarkInterval: k.MarkInterval, PointInterval: 4 * k.MarkInterval, RetentionInterval: k.MarkInterval, CleanerInterval: k.CleanerInterval,
		Partitions: 1, Replication: k.Replication, MinInsync: k.MinInsync, Unclean: k.Unclean,
		ShutdownBackoff: k.ReplicaBackoff, RequestTimeout: k.RequestTimeout, Log: k.logs(),
		NoAutoCreate:      !k.AutoCreate,
		FetchSessionSlots: k.FetchSessions, FetchSessionIdle: k.FetchIdle, SessionlessFetches: k.FetchSessions == 0,
	}
	if k.FollowerReads {
		cfg.ReplicaSelector = broker.ReadFromRack
	}
	if k.limits() {
		cfg.QuotaWindows, cfg.ControllerQuotaWindows = quotaWindows, mutationWindows
	}
	k.configureGroups(&cfg)
	return cfg
}

// replicas follows who leads and follows in which partition, for faults that aim at
// them.
type replicas struct {
	knobs Knobs
	by    map[string]*seats
}

// seats are the roles in one partition, as those who took them say.
type seats struct {
	epoch  int64
	leader node.ID
	// isr is the in-sync replicas, as a bit set of brokers; follows says in which epoch
	// a process follows.
	isr     int64
	follows map[node.ID]int64
}

func (r *replicas) observe(s sim.Seen) {
	e := s.Event
	switch e.Kind {
	case facts.BecameLeader:
		p := r.of(e.Text)
		if e.N[0] >= p.epoch {
			p.epoch, p.leader = e.N[0], s.Node
			if reign, ok := e.Body.(*facts.Reign); ok {
				p.isr = reign.Isr
			}
		}
		delete(p.follows, s.Node)
	case facts.BecameFollower:
		r.of(e.Text).follows[s.Node] = e.N[0]
	case facts.IsrCommitted, facts.IsrAdopted:
		if p := r.of(e.Text); p.leader == s.Node {
			p.isr = e.N[0]
		}
	case facts.ReplicaDeleted:
		delete(r.of(e.Text).follows, s.Node)
	}
}

func (r *replicas) of(partition string) *seats {
	if r.by[partition] == nil {
		r.by[partition] = &seats{leader: node.Nobody, follows: map[node.ID]int64{}}
	}
	return r.by[partition]
}

// choose is whom a selector means of a partition.
func (r *replicas) choose(world *sim.World, s faults.Select, partition string) []node.ID {
	p := r.by[partition]
	if p == nil {
		return nil
	}
	var ids []node.ID
	for _, info := range world.Processes() {
		n := r.knobs.brokerOf(info.ID)
		if n == 0 || !info.Up {
			continue
		}
		_, follows := p.follows[info.ID]
		switch {
		case s == faults.Leader && info.ID == p.leader, s == faults.Follower && follows && info.ID != p.leader, s == faults.InSync && p.isr&(1<<n) != 0:
			ids = append(ids, info.ID)
		}
	}
	return ids
}

// brokerPorts names the listeners of a broker.
var brokerPorts = []faults.Port{
	{Name: "broker", Number: brokerwire.ClientPort},
	{Name: "replica", Number: brokerwire.ReplicaPort},
}

// newReplication makes the judge of replication as it happens, nil without brokers.
func (r *run) newReplication() *replication.Checker {
	k := r.plan.Knobs
	if k.Brokers == 0 {
		return nil
	}
	cfg := r.brokerConfig(1)
	logs := cfg.Log
	return replication.New(replication.Config{
		Brokers: r.brokers(), Unclean: k.Unclean, MinInsync: k.MinInsync,
		Compacts: logs.Compact, RetentionBytes: logs.RetentionBytes, DeleteRetentionMillis: logs.DeleteRetentionMillis,
		Deletes: logs.Delete, CompactionLagMillis: logs.MinCompactionLagMillis,
		Patience: k.settleBrokers(), Lag: k.ReplicaLag, Points: cfg.PointInterval,
		Limits: &replication.Limits{
			MessageBytes: int64(logs.MaxMessageBytes), SegmentBytes: logs.SegmentBytes, SegmentMillis: logs.SegmentMillis, JitterMillis: logs.SegmentJitterMillis,
			MinInsync: int64(max(cfg.MinInsync, 1)), Compression: logs.Compression.String(),
			RetentionBytes: logs.RetentionBytes, RetentionMillis: logs.RetentionMillis, CompactionLagMillis: logs.MinCompactionLagMillis,
			Deletes: logs.Delete, Compacts: logs.Compact,
		},
	})
}

// brokers are those that there are, for judges.
func (r *run) brokers() []replication.Broker {
	var all []replication.Broker
	for n := range int32(r.plan.Knobs.Brokers) {
		all = append(all, replication.Broker{ID: n + 1, Node: r.plan.Knobs.brokerID(n + 1), Name: broker.HostOf(n + 1)})
	}
	return all
}

// newGroups makes the judge of groups, which asks that of replication.
func (r *run) newGroups() *groups.Checker {
	if r.replication == nil {
		return nil
	}
	retention := r.brokerConfig(1).Groups.OffsetRetention
	if retention == 0 {
		retention = group.DefaultRetention
	}
	return groups.New(groups.Config{
		Brokers: r.brokers(), Logs: r.replication, DriftPPM: faults.MaxDrift, Retention: retention,
		Wall: r.world.WallMillis,
	})
}

// committed tells the judges of brokers what the coordinator's tree comes to.
func (r *run) committed() func(uint64, time.Duration, *wire.Txn) {
	if r.replication == nil {
		return nil
	}
	return func(step uint64, at time.Duration, txn *wire.Txn) {
		r.replication.Committed(step, at, txn)
		r.zombies.committed(step, txn)
		r.groups.Committed(txn)
		if r.rights != nil {
			r.rights.Committed(step, at, txn)
		}
		if r.usage != nil {
			r.usage.Committed(step, at, txn)
		}
	}
}

// asked tells the judge of replication what an operator permits: a leader who was not in
// sync.
func (r *run) asked(op *history.Op) {
	if r.replication != nil && op.F == history.Elect && strings.Contains(op.Log.Args, "unclean=1") {
		r.replication.Permit(op.Path)
	}
}

// observeBrokers hands a fact to who follows brokers.
func (r *run) observeBrokers(s sim.Seen) {
	r.seats.observe(s)
	r.forgets(s)
	if id := r.plan.Knobs.brokerOf(s.Node); id > 0 {
		r.zombies.observe(id, &s.Event)
	}
	r.replication.Observe(s.Step, s.At, s.Node, s.Event)
	if r.replication.Finding() != nil {
		r.world.Stop("an invariant of replication is broken")
		return
	}
	r.groups.Observe(s.Step, s.At, s.Node, s.Event)
	if r.groups.Finding() != nil {
		r.world.Stop("an invariant of groups is broken")
	}
	if r.usage != nil {
		r.usage.Observe(s.Step, s.At, s.Node, s.Event)
		if r.usage.Finding() != nil {
			r.world.Stop("somebody had more than his quota, or waited for something else")
		}
	}
	if r.rights != nil {
		r.rights.Observe(s.Step, s.At, s.Node, s.Event)
		if r.rights.Finding() != nil {
			r.world.Stop("somebody had a right that was not his, or had not one that was")
		}
	}
}

// forgets notes what groups are made to forget, which explains that they do.
func (r *run) forgets(s sim.Seen) {
	e := history.LogEvent{At: s.At, Group: s.Event.Text}
	switch s.Event.Kind {
	case facts.OffsetGone:
		e.Kind, e.Partition, e.Offset = history.OffsetForgotten, s.Event.Body.(string), s.Event.N[0]
	case facts.GroupDead:
		e.Kind = history.GroupForgotten
	default:
		return
	}
	r.forgotten = append(r.forgotten, e)
}

// brokerChanged follows the life of a broker.
func (r *run) brokerChanged(c sim.ProcessChange) {
	switch c.Kind {
	case sim.Booted:
		r.replication.Booted(c.Node, c.Spoiled)
	case sim.Crashed, sim.Exited:
		r.replication.Crashed(c.Node)
		r.groups.Crashed(c.Node)
		r.zombies.died(r.plan.Knobs.brokerOf(c.Node))
	}
	if c.Kind == sim.Booted || c.Kind == sim.Crashed || c.Kind == sim.Exited {
		if r.rights != nil {
			r.rights.Changed(c.Node, c.At)
		}
		if r.usage != nil {
			r.usage.Changed(c.Node, c.At)
		}
	}
	r.supervise(c)
}

// settleBrokers is about how long brokers need after the coordinator has settled.
func (k Knobs) settleBrokers() time.Duration {
	if k.Brokers == 0 {
		return 0
	}
	return k.BrokerSession + 2*k.ReplicaLag + k.RequestTimeout
}
