package stampede

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
	"github.com/stampede-sim/stampede/workloads"
)

// PlanFormat is the version of the text form of plans.
const PlanFormat = 1

// Plan is everything that a run does: what a seed of a scenario came to, as
// values that can be printed, edited, shrunk and run again. The seed still feeds
// the streams of network, disks and nodes.
type Plan struct {
	// Scenario and Seed say where the plan comes from.
	Scenario string
	Seed     uint64
	// Bugs are the planted bugs that the servers run with.
	Bugs bugs.Set
	// Knobs shape the cluster, Shape the workload: what is set up before Ops and
	// read after them.
	Knobs Knobs
	Shape workloads.Shape
	// Faults and Ops are what happens, in order of time.
	Faults []faults.Fault
	Ops    []workloads.Op
}

// PlanOptions change what a seed is turned into. The zero value changes nothing.
type PlanOptions struct {
	// Bugs are the planted bugs.
	Bugs bugs.Set
	// Profile replaces the scenario's habit of faults.
	Profile faults.Profile
	// Knobs are "name=value" settings that win over what was drawn.
	Knobs []string
	// Duration replaces the length of the safety phase.
	Duration time.Duration
}

// snapshotsPerRun bounds about how many snapshots a server takes in a run: a tree
// that grows is written out whole each time, and the square of that hides the rest.
const snapshotsPerRun = 50

// PlanFor turns a seed of a scenario into a plan. The same arguments give the
// same plan; options change only what they name, as far as the rest does not
// depend on it.
func PlanFor(scenario string, seed uint64, o PlanOptions) (Plan, error) {
	s, err := Lookup(scenario)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Scenario: s.Name, Seed: seed, Bugs: o.Bugs, Knobs: drawKnobs(sim.NewStream(seed, "knobs"))}
	if o.Duration > 0 {
		p.Knobs.Safety = o.Duration
	}
	w := s.workload()
	if onBrokers(w) {
		p.Knobs.drawBrokers(sim.NewStream(seed, "brokers"))
		p.Knobs.drawStories(sim.NewStream(seed, "stories"))
		p.Knobs.drawCodecs(sim.NewStream(seed, "codecs"))
		p.Knobs.drawBatches(sim.NewStream(seed, "batches"))
	}
	if w.Knobs != nil {
		o.Knobs = append(w.Knobs(sim.NewStream(seed, "scenario")), o.Knobs...)
	}
	p.Shape = w.Draw(sim.NewStream(seed, "shape"))
	p.Shape.Duration = p.Knobs.Safety
	if w.NamesServers {
		if err := p.Knobs.SetAll(o.Knobs); err != nil {
			return Plan{}, err
		}
		p.Shape.Servers = p.Knobs.size()
	}
	p.Ops = w.Generate(sim.NewStream(seed, "workload"), p.Shape)
	p.Knobs.SnapCount = max(p.Knobs.SnapCount, len(p.Ops)/snapshotsPerRun)
	if err := p.Knobs.override(o.Knobs); err != nil {
		return Plan{}, err
	}
	p.Knobs.crowd(sim.NewStream(seed, "crowd"), p.Shape.Clients)
	if slices.Contains(w.NeedsKinds, history.Ask) {
		p.Knobs.leaveRoom()
	}
	if err := p.Knobs.SetAll(o.Knobs); err != nil {
		return Plan{}, err
	}
	profile := s.Profile
	if o.Profile != "" {
		profile = o.Profile
	}
	p.Faults = drawFaults(seed, profile, p.faultShape())
	if profile == faults.Swarm || profile == faults.Heavy {
		p.loseDisks(sim.NewStream(seed, "wipes"))
	}
	if p.Knobs.Brokers > 0 {
		p.Faults = p.drawBrokerFaults(seed, profile)
	}
	return p, p.Validate()
}

// loseDisks takes the disks of some voters in a few seeds, where servers notice. They
// have no vote any more, so that an ensemble which changes might be left without a quorum.
func (p *Plan) loseDisks(r *rand.Rand) {
	if p.Knobs.Reconfig || p.Knobs.Spares > 0 || p.Knobs.Servers < 3 || r.IntN(8) != 0 {
		return
	}
	p.Knobs.PreparedDisks = true
	p.Faults = append(p.Faults, faults.DrawWipes(r, p.faultShape())...)
	slices.SortStableFunc(p.Faults, func(a, b faults.Fault) int { return cmp.Compare(a.At, b.At) })
}

// override turns knobs by hand. What follows from them follows, unless it was turned
// itself: a slow tick needs a wide bound.
func (k *Knobs) override(words []string) error {
	if err := k.SetAll(words); err != nil || len(words) == 0 {
		return err
	}
	if _, _, err := k.quorum(); err != nil {
		k.Groups = noGroups // drawn for another number of servers, or refused below
	}
	k.derive()
	if err := k.SetAll(words); err != nil {
		return err
	}
	return k.Validate()
}

// drawFaults draws what goes wrong. In half of the seeds with faults, clocks are
// wrong as well, and in some a server claims epochs that nobody hears of. Each has a
// stream of its own, so that none changes what the others come to.
func drawFaults(seed uint64, profile faults.Profile, s faults.Shape) []faults.Fault {
	plan := faults.Draw(sim.NewStream(seed, "faults"), profile, s)
	if profile == faults.None {
		return plan
	}
	if pretenders := sim.NewStream(seed, "pretenders"); profile != faults.Light && pretenders.IntN(16) == 0 {
		plan = append(plan, faults.DrawPretender(pretenders, s)...)
		slices.SortStableFunc(plan, func(a, b faults.Fault) int { return cmp.Compare(a.At, b.At) })
	}
	if r := sim.NewStream(seed, "falters"); (profile == faults.Swarm || profile == faults.Heavy) && r.IntN(6) == 0 {
		plan = append(plan, faults.DrawFalters(r, s, rare())...)
		slices.SortStableFunc(plan, func(a, b faults.Fault) int { return cmp.Compare(a.At, b.At) })
	}
	if clocks := sim.NewStream(seed, "clocks"); clocks.IntN(2) != 0 {
		plan = append(faults.DrawClocks(clocks, s), plan...)
	}
	return plan
}

// Validate reports what cannot be run about a plan and which line to change.
func (p Plan) Validate() error {
	s, err := Lookup(p.Scenario)
	if err != nil {
		return err
	}
	if err := p.Knobs.Validate(); err != nil {
		return err
	}
	if err := p.checkAccess(s.workload()); err != nil {
		return err
	}
	if err := p.Shape.Validate(); err != nil {
		return err
	}
	for _, op := range p.Ops {
		if op.Client < 0 || op.Client >= p.Shape.Clients {
			return fmt.Errorf("%v: there are %d clients; raise clients= in the shape line", op, p.Shape.Clients)
		}
	}
	vocabulary := p.vocabulary()
	for _, f := range p.Faults {
		if f.Kind == faults.Wipe && !p.Knobs.PreparedDisks && !p.atBrokers(f.Target) {
			return fmt.Errorf("%v: servers would take a bare disk for a new one; add knob prepared-disks=true", f)
		}
		if err := f.Check(vocabulary); err != nil {
			return fmt.Errorf("%v: %w", f, err)
		}
	}
	return nil
}

// The groups of processes of a coordinator world.
const (
	serverGroup = "zk"
	clientGroup = faults.ClientGroup
)

// ports names what faults may hit of a connection.
var ports = []faults.Port{
	{Name: "client", Number: wire.ClientPort},
	{Name: "quorum", Number: wire.QuorumPort},
	{Name: "election", Number: wire.ElectionPort},
}

func (k Knobs) serverNames() []string {
	names := make([]string, k.size())
	for i := range names {
		names[i] = fmt.Sprintf("zk%d", i+1)
	}
	return names
}

func clientName(index int) string { return fmt.Sprintf("c%d", index) }

// serverID is the process that runs the server of a sid: servers come first.
func serverID(sid int) node.ID { return node.ID(sid - 1) }

// vocabulary is what the fault lines of this plan may speak of.
func (p Plan) vocabulary() faults.Vocabulary {
	names := append(p.Knobs.serverNames(), p.Knobs.brokerNames()...)
	for i := range p.Shape.Clients {
		names = append(names, clientName(i))
	}
	return faults.Vocabulary{
		Processes:  names,
		Groups:     p.groups(),
		Ports:      slices.Concat(ports, brokerPorts),
		Partitions: p.partitions(),
		Marks:      triggers(),
		Files:      slices.Concat(diskFiles, p.brokerFiles()),
		Reach:      mayRot,
		Voters:     p.Knobs.serverNames()[:p.Knobs.Servers],

		ClientsCrash: p.clientsCrash(),
	}
}

// clientsCrash reports whether all clients are of brokers: those take up their lists again
// after a crash, and record what they died in as of unknown outcome.
func (p Plan) clientsCrash() bool {
	s, err := Lookup(p.Scenario)
	if err != nil {
		return false
	}
	of := s.workload().OnBrokers
	for i := range p.Shape.Clients {
		if of == nil || !of(i) {
			return false
		}
	}
	return true
}

// groups names the groups of processes.
func (p Plan) groups() []string {
	if p.Knobs.Brokers == 0 {
		return []string{serverGroup, clientGroup}
	}
	return []string{serverGroup, brokerGroup, clientGroup}
}

// faultShape is what the generator of faults must know of this plan.
func (p Plan) faultShape() faults.Shape {
	when := moments()
	if p.Knobs.Reconfig && p.Shape.Servers > 0 {
		when = append(when, slices.Concat(reconfigMoments(), reconfigMoments())...)
	}
	return faults.Shape{
		Group:     serverGroup,
		Voters:    p.Knobs.Servers,
		Tolerated: p.Knobs.tolerated(),
		Names:     p.Knobs.serverNames(),
		Clients:   p.Shape.Clients,
		Duration:  p.Knobs.Safety,
		Settle:    p.Knobs.settle(),
		Notice:    p.Knobs.Tick * time.Duration(p.Knobs.SyncLimit),
		Patience:  p.Knobs.SessionTimeout,
		Ports:     []string{"client", "quorum", "election"},
		Peers:     "quorum",
		Service:   "client",
		Files:     diskFiles,
		Rots:      sealedFiles,
		Observers: p.Knobs.Observers,
		Moments:   when,
		Rises:     rises(),
		Joins:     joins(),
		Windows:   brief(),
		Saves:     marks([]*node.EventKind{facts.EpochSaved, facts.HistoryLogged, facts.HistoryDurable, facts.Logged}),
		Claims:    marks([]*node.EventKind{facts.EpochProposed}),
		Cuts:      marks([]*node.EventKind{facts.Truncating, facts.Truncated}),
	}
}
