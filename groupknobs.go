package stampede

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/group/assign"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/workloads"
)

// GroupKnobs are how groups of consumers are run, if the workload is about them. The zero
// value is Kafka's defaults, which are too patient for a short run.
type GroupKnobs struct {
	// Assignor shares partitions out; StaticMembers have names by which they return.
	Assignor      string
	StaticMembers bool
	// GroupSession is how long a member may be silent, GroupRebalance how long it may take
	// to join again, GroupDelay how long the first member of a group waits for others.
	GroupSession, GroupRebalance, GroupDelay time.Duration
	// OffsetsPartitions, OffsetsReplication and OffsetsSegment are those of the topic of
	// offsets.
	OffsetsPartitions, OffsetsReplication, OffsetsSegment int
	// AutoCommit is the time between commits that nobody asks for, 0 for none.
	AutoCommit time.Duration
	// GroupMax is how many members a group may have, OffsetRetention how long its offsets
	// outlive it; 0 for no bound and Kafka's default.
	GroupMax        int
	OffsetRetention time.Duration
	// OffsetCheck is how often a coordinator looks which offsets have expired, 0 for
	// Kafka's default.
	OffsetCheck time.Duration
	// LoadStep is the time between two reads of a coordinator that takes over, LoadBytes
	// how much it reads at once; 0 for the defaults.
	LoadStep  time.Duration
	LoadBytes int
}

// groupKnobs lists the knobs of groups.
var groupKnobs = []knob{
	feature(knob{
		name: "assignor", doc: "how members share partitions out: range, roundrobin, sticky or cooperative-sticky",
		get: func(k *Knobs) string { return k.Assignor },
		set: func(k *Knobs, s string) error {
			if _, ok := assign.ByName(s, nil, nil, bugs.Set{}); !ok && s != "" {
				return fmt.Errorf("want one of %s", strings.Join(assign.Names, ", "))
			}
			k.Assignor = s
			return nil
		},
	}),
	feature(flag("static-members", "members of groups have names by which they return", func(k *Knobs) *bool { return &k.StaticMembers })),
	feature(span("group-session", 0, time.Hour, "silence after which a member of a group is taken for dead", func(k *Knobs) *time.Duration { return &k.GroupSession })),
	feature(span("group-rebalance", 0, time.Hour, "time that a member may take to join again", func(k *Knobs) *time.Duration { return &k.GroupRebalance })),
	feature(span("group-delay", 0, time.Hour, "time that the first member of a group waits for others", func(k *Knobs) *time.Duration { return &k.GroupDelay })),
	feature(number("offsets-partitions", 0, 50, "partitions of the topic of offsets", func(k *Knobs) *int { return &k.OffsetsPartitions })),
	feature(number("offsets-replication", 0, 7, "replicas of the topic of offsets", func(k *Knobs) *int { return &k.OffsetsReplication })),
	feature(number("offsets-segment", 0, 1<<30, "length of a segment of the topic of offsets", func(k *Knobs) *int { return &k.OffsetsSegment })),
	feature(span("auto-commit", 0, time.Hour, "time between commits that members make by themselves", func(k *Knobs) *time.Duration { return &k.AutoCommit })),
	feature(number("group-max", 0, 1000, "members that a group may have", func(k *Knobs) *int { return &k.GroupMax })),
	feature(span("offset-retention", 0, day, "time that offsets outlive their group", func(k *Knobs) *time.Duration { return &k.OffsetRetention })),
	feature(span("offset-check", 0, time.Hour, "how often coordinators of groups look which offsets have expired", func(k *Knobs) *time.Duration { return &k.OffsetCheck })),
	feature(span("load-step", 0, time.Minute, "time between two reads of a coordinator that takes over", func(k *Knobs) *time.Duration { return &k.LoadStep })),
	feature(number("load-bytes", 0, 1<<30, "bytes that a coordinator which takes over reads at once", func(k *Knobs) *int { return &k.LoadBytes })),
}

// retentionChecks is how often offsets are looked at before they are too old.
const retentionChecks = 4

// on reports whether the knobs say anything.
func (g GroupKnobs) on() bool { return g != GroupKnobs{} }

// validate rejects what would let a group never come to rest.
func (g GroupKnobs) validate() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"group-session", g.GroupSession}, {"group-rebalance", g.GroupRebalance}} {
		if g.on() && d.value < time.Millisecond {
			return fmt.Errorf("knob %s=%v: at least 1ms where there are groups", d.name, d.value)
		}
	}
	return nil
}

// members are the knobs as clients take them.
func (g GroupKnobs) members() workloads.GroupConfig {
	return workloads.GroupConfig{
		Assignor: g.Assignor, Static: g.StaticMembers, Session: g.GroupSession, Rebalance: g.GroupRebalance, AutoCommit: g.AutoCommit,
	}
}

// configureGroups is what the knobs make of a broker's configuration.
//
// The topic of offsets must have replicas enough to be written, and not more than there are
// brokers.
func (b BrokerKnobs) configureGroups(cfg *broker.Config) {
	g := b.GroupKnobs
	if !g.on() {
		return
	}
	cfg.OffsetsLoadBytes, cfg.OffsetsCodec = g.LoadBytes, batch.Codec(b.OffsetsCodec)
	cfg.OffsetsPartitions, cfg.OffsetsSegmentBytes = g.OffsetsPartitions, g.OffsetsSegment
	cfg.OffsetsReplication = min(b.Brokers, max(g.OffsetsReplication, b.MinInsync+1))
	if b.CleanerInterval == 0 {
		cfg.CleanerInterval = b.MarkInterval
	}
	cfg.Groups = group.Config{
		MinSessionTimeout: time.Millisecond, InitialRebalanceDelay: g.GroupDelay, MaxSize: g.GroupMax,
		OffsetRetention: g.OffsetRetention, RetentionCheck: g.OffsetCheck, LoadStep: g.LoadStep,
	}
	if g.OffsetCheck == 0 {
		cfg.Groups.RetentionCheck = g.OffsetRetention / retentionChecks
	}
	if g.GroupDelay == 0 {
		cfg.Groups.InitialRebalanceDelay = -1 // 0 stands for the default
	}
}

// groupBound is the longest that groups may take to come to rest once brokers have: the
// sessions of the dead end, and everybody joins twice.
func (g GroupKnobs) groupBound() time.Duration {
	return 3 * (g.GroupSession + 2*g.GroupRebalance + g.GroupDelay)
}

// offsetPartitions names the partitions of the topic of offsets.
func (g GroupKnobs) offsetPartitions() []string {
	names := make([]string, g.OffsetsPartitions)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", group.Topic, i)
	}
	return slices.Clip(names)
}

// groupShape is what the generator of faults must know of groups.
func (g GroupKnobs) groupShape() faults.GroupShape {
	return faults.GroupShape{
		Session: g.GroupSession, Patience: g.GroupRebalance, Partitions: g.offsetPartitions(),
		Steps: marks([]*node.EventKind{
			facts.GroupsLoading, facts.GroupsLoaded, facts.MemberNamed, facts.Rebalancing, facts.Generation, facts.GroupsWriting, facts.GroupAssigned,
			facts.MemberGone, facts.MemberReplaced, facts.CommitTaken, facts.CommitStored, facts.CommitFenced,
		}),
		Own: marks([]*node.EventKind{facts.MemberLeads, facts.MemberLeads, facts.MemberOwns}),
	}
}
