package stampede

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

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
		Settle: k.BrokerSession/2 + 2*k.ReplicaLag, Notice: k.BrokerSession, Patience: k.RequestTimeout, Expiry: k.DeliveryTimeout,
		Ports: []string{"broker", "replica", "client"}, Peers: "replica", Service: "broker",
		Files:   p.brokerFiles(),
		Moments: marks(append(brokerMoments(), p.Knobs.accessMoments()...)), Windows: marks(windows),
		Cuts: marks([]*node.EventKind{facts.Truncated, facts.StartedOver}), Joins: marks([]*node.EventKind{facts.BecameFollower}),
		Reigns:       marks([]*node.EventKind{facts.BecameLeader}),
		Coordinators: serverGroup, Sessions: "client",
		Asks:      marks([]*node.EventKind{facts.ElectionTried, facts.StateProposed, facts.IsrProposed}),
		Orders:    marks([]*node.EventKind{facts.LeaderElected, facts.StateWritten, facts.BrokerChanged}),
		Takeovers: takeovers(), Moves: moves(),
	}
}

// moves are elections of others though who led lives.
func moves() []string {
	return []string{facts.LeaderElected.CaseMark(facts.ElectedPreferred), facts.LeaderElected.CaseMark(facts.ElectedReassigned)}
}

// brokerBlinks are the moments after which what has its own consequences is over at the
// end of the step: see [CrashPoints].
func brokerBlinks() []string {
	return marks([]*node.EventKind{
		facts.ControllerElected, facts.ControllerResigned, facts.IsrProposed, facts.IsrCommitted, facts.BecameLeader,
		facts.Truncated, facts.Truncated, facts.StartedOver, facts.StartedOver,
	})
}

// groupBlinks are those of a rebalance, and of a coordinator that begins.
func groupBlinks() []string {
	return marks([]*node.EventKind{facts.GroupAssigned, facts.GroupAssigned, facts.GroupsLoading, facts.Generation})
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
	shape, harsh := p.brokerFaultShape(), profile == faults.Swarm || profile == faults.Heavy
	stream := func(label string) *rand.Rand { return sim.NewStream(seed, p.Scenario+" "+label) }
	plan := faults.Draw(stream("broker-faults"), profile, shape)
	if r := stream("broker-wipes"); harsh && r.IntN(12) == 0 {
		plan = append(plan, faults.DrawWipes(r, shape)...)
	}
	if r := stream("broker-stories"); p.Knobs.Stories && harsh {
		told := faults.DrawStories(r, shape)
		if r.IntN(4) != 0 {
			return told // anything else might spoil it
		}
		plan = append(plan, told...)
	}
	if harsh {
		plan = append(plan, p.aimedFaults(stream, shape)...)
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

// aimedFaults are those of some seeds that wait for moments which chance hardly hits: see
// docs/COVERAGE.md.
func (p Plan) aimedFaults(stream func(string) *rand.Rand, shape faults.Shape) (plan []faults.Fault) {
	if r := stream("broker-takeovers"); r.IntN(4) == 0 {
		plan = append(plan, faults.DrawTakeovers(r, shape)...)
	}
	if r := stream("broker-relapses"); p.Knobs.Unclean && r.IntN(4) == 0 {
		plan = append(plan, faults.DrawRelapses(r, shape)...)
	}
	if r := stream("broker-handovers"); r.IntN(4) == 0 {
		plan = append(plan, faults.DrawHandovers(r, shape)...)
	}
	if r := stream("broker-windows"); r.IntN(4) == 0 {
		plan = append(plan, faults.DrawBlinks(r, shape, brokerBlinks())...)
	}
	if r := stream("group-windows"); p.Knobs.GroupKnobs.on() && r.IntN(4) == 0 {
		plan = append(plan, faults.DrawBlinks(r, shape, groupBlinks())...)
	}
	return plan
}
