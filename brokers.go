package stampede

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/groups"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/log"
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
		RequestTimeout: k.RequestTimeout, DeliveryTimeout: k.DeliveryTimeout, Linger: k.Linger, PollWait: k.PollWait,
		Retries: k.Retries, Idempotent: k.Idempotent, Sessions: k.FetchSessions > 0, Rack: k.rackOf(i),
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

// brokerFaultShape is what the generator of faults must know of the brokers.
func (p Plan) brokerFaultShape() faults.Shape {
	k := p.Knobs
	windows := brokerWindows()
	if k.CleanerInterval > 0 {
		windows = append(windows, cleaningWindows()...)
	}
	return faults.Shape{
		Group: brokerGroup, Voters: k.Brokers, Tolerated: max(1, k.Brokers-1), Names: k.brokerNames(),
		Partitions: p.partitions(),
		Copies:     k.Replication,
		Clients:    p.Shape.Clients, Duration: k.Safety,
		Settle: k.BrokerSession/2 + 2*k.ReplicaLag, Notice: k.BrokerSession, Patience: k.RequestTimeout,
		Ports: []string{"broker", "replica", "client"}, Peers: "replica", Service: "broker",
		Files:   p.brokerFiles(),
		Moments: marks(append(brokerMoments(), p.Knobs.accessMoments()...)), Windows: marks(windows),
		Cuts: marks([]*node.EventKind{facts.Truncated, facts.StartedOver}), Joins: marks([]*node.EventKind{facts.BecameFollower}),
		Reigns:       marks([]*node.EventKind{facts.BecameLeader}),
		Coordinators: serverGroup, Sessions: "client",
		Asks:      marks([]*node.EventKind{facts.ElectionTried, facts.StateProposed, facts.IsrProposed}),
		Orders:    marks([]*node.EventKind{facts.LeaderElected, facts.StateWritten, facts.BrokerChanged}),
		Takeovers: takeovers(),
	}
}

// brokerBlinks are the moments after which what has its own consequences is over at the
// end of the step: see [CrashPoints].
func brokerBlinks() []string {
	return marks([]*node.EventKind{
		facts.ControllerElected, facts.ControllerResigned, facts.IsrProposed, facts.IsrCommitted, facts.BecameLeader,
		facts.Truncated, facts.Truncated, facts.StartedOver, facts.StartedOver, facts.GroupAssigned, facts.GroupsLoading,
	})
}

// takeovers are the steps by which a broker becomes the controller and takes over, and that
// by which it ceases to be it.
func takeovers() []string {
	steps := marks([]*node.EventKind{facts.ElectionTried, facts.ControllerElected, facts.ControllerResigned})
	for i := range facts.FailoverSteps {
		steps = append(steps, facts.FailoverStep.CaseMark(i))
	}
	return steps
}

// brokerFiles are the beginnings of the names of a broker's files, as faults of disks name
// them: each of the checkpoints of the whole broker, and all that a partition has. None of
// them may rot: what a leader has of a record that its followers never fetch again nobody
// reads until it matters.
func (p Plan) brokerFiles() []string {
	if p.Knobs.Brokers == 0 {
		return nil
	}
	files := []string{log.RecoveryPoints, log.HighWatermarks, log.LogStarts, log.CleanerOffsets, log.MetaProperties}
	for _, name := range p.partitions() {
		files = append(files, name+"/", name+"/"+log.EpochCheckpoint)
	}
	return files
}

// atBrokers reports whether only brokers can be meant by a target.
func (p Plan) atBrokers(t faults.Target) bool {
	return t.Name == brokerGroup || t.Select == faults.Controller || slices.Contains(p.Knobs.brokerNames(), t.Name) || slices.Contains(p.partitions(), t.Name)
}

// brokerWindows are the moments that begin something short: a decision that others do not
// know of yet, or a file that says something which another one does not.
func brokerWindows() []*node.EventKind {
	return []*node.EventKind{
		facts.IsrProposed, facts.IsrCommitted, facts.Truncated, facts.StartedOver, facts.StartAdvanced, facts.EpochStarted,
		facts.SegmentRolled, facts.BecameLeader, facts.BecameFollower, facts.Registered, facts.ReplicaOpened, facts.ReplicaDeleted,
	}
}

// brokerMoments are the facts between which a crash matters to replication.
func brokerMoments() []*node.EventKind {
	return []*node.EventKind{
		facts.Registered, facts.SessionLost, facts.LeaderAppended, facts.FollowerAppended, facts.Truncated, facts.HighWatermark, facts.FollowedMark,
		facts.BecameLeader, facts.BecameFollower, facts.Diverged, facts.IsrProposed, facts.IsrCommitted, facts.IsrRefused, facts.Acknowledged,
		facts.EpochStarted, facts.SegmentRolled,
	}
}

// drawBrokerFaults draws what goes wrong where there are brokers: with them, with the
// coordinator, or with both. The streams bear the name of the scenario: it is the same
// cluster in all of them, and would otherwise be broken in the same way by a seed.
func (p Plan) drawBrokerFaults(seed uint64, profile faults.Profile) []faults.Fault {
	shape := p.brokerFaultShape()
	stream := func(label string) *rand.Rand { return sim.NewStream(seed, p.Scenario+" "+label) }
	plan := faults.Draw(stream("broker-faults"), profile, shape)
	if r := stream("broker-wipes"); (profile == faults.Swarm || profile == faults.Heavy) && r.IntN(12) == 0 {
		plan = append(plan, faults.DrawWipes(r, shape)...)
	}
	if r := stream("broker-stories"); p.Knobs.Stories && (profile == faults.Swarm || profile == faults.Heavy) {
		told := faults.DrawStories(r, shape)
		if r.IntN(4) != 0 {
			return told // anything else might spoil it
		}
		plan = append(plan, told...)
	}
	if r := stream("broker-takeovers"); (profile == faults.Swarm || profile == faults.Heavy) && r.IntN(4) == 0 {
		plan = append(plan, faults.DrawTakeovers(r, shape)...)
	}
	if r := stream("broker-relapses"); p.Knobs.Unclean && (profile == faults.Swarm || profile == faults.Heavy) && r.IntN(4) == 0 {
		plan = append(plan, faults.DrawRelapses(r, shape)...)
	}
	if r := stream("broker-windows"); (profile == faults.Swarm || profile == faults.Heavy) && r.IntN(6) == 0 {
		plan = append(plan, faults.DrawBlinks(r, shape, brokerBlinks())...)
	}
	if r := stream("broker-stops"); profile != faults.None && r.IntN(4) == 0 {
		plan = append(plan, faults.DrawStops(r, shape)...)
	}
	switch dice := stream("who-fails"); dice.IntN(4) {
	case 0:
		return p.Faults // the coordinator's alone
	case 1:
		plan = append(plan, p.Faults...)
	}
	if r := stream("group-faults"); p.Knobs.GroupKnobs.on() && profile != faults.None && r.IntN(3) > 0 {
		plan = append(plan, faults.DrawGroups(r, shape, p.Knobs.groupShape())...)
	}
	if r := stream("broker-cleaning"); p.Knobs.CleanerInterval > 0 && profile != faults.None && r.IntN(2) == 0 {
		plan = append(plan, faults.DrawInterruptions(r, shape, marks(cleaningWindows()))...)
	}
	if r := stream("broker-clocks"); p.Knobs.CleanerInterval > 0 && profile != faults.None && r.IntN(3) == 0 {
		plan = append(plan, faults.DrawClocks(r, shape)...) // of what age records are, clocks say
	}
	slices.SortStableFunc(plan, func(a, b faults.Fault) int { return cmp.Compare(a.At, b.At) })
	return plan
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
	logs := r.brokerConfig(1).Log
	return replication.New(replication.Config{
		Brokers: r.brokers(), Unclean: k.Unclean, MinInsync: k.MinInsync,
		Compacts: logs.Compact, RetentionBytes: logs.RetentionBytes, DeleteRetentionMillis: logs.DeleteRetentionMillis,
		Patience: k.settleBrokers(), Lag: k.ReplicaLag,
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
