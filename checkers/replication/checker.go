package replication

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Broker is one member of the cluster.
type Broker struct {
	ID   int32
	Node node.ID
	Name string
}

// Config is what the cluster is judged by.
type Config struct {
	Brokers []Broker
	// Unclean and MinInsync are those of topics that do not say otherwise.
	Unclean   bool
	MinInsync int
}

// Checker watches one cluster. It is told every fact, crash and commit in order, and
// keeps the first violation.
type Checker struct {
	cfg     Config
	brokers []*member
	byNode  map[node.ID]*member
	byID    map[int32]*member

	topics      map[string]*topic
	partitions  map[string]*partition
	controller  int32 // of the znode, 0 for none
	epoch       int64 // the controller epoch of the znode
	controllers map[int64]int32
	registered  map[int32]bool

	events  []history.LogEvent
	now     moment
	finding *guarantee.Finding
}

// member is a broker and what it is doing.
type member struct {
	Broker
	up bool
}

// moment is what is being checked and where it came from: a fact, or else what.
type moment struct {
	step  uint64
	at    time.Duration
	event node.Event
	what  string
}

func (m moment) String() string {
	if m.what != "" {
		return m.what
	}
	return fmt.Sprintf("stated %v", m.event)
}

// New returns a checker of a cluster that has not started yet.
func New(cfg Config) *Checker {
	c := &Checker{
		cfg: cfg, byNode: map[node.ID]*member{}, byID: map[int32]*member{}, topics: map[string]*topic{}, partitions: map[string]*partition{},
		controllers: map[int64]int32{}, registered: map[int32]bool{},
	}
	for _, b := range cfg.Brokers {
		m := &member{Broker: b}
		c.brokers = append(c.brokers, m)
		c.byNode[b.Node], c.byID[b.ID] = m, m
	}
	return c
}

// Booted tells that a broker's process starts.
func (c *Checker) Booted(id node.ID) {
	if m := c.byNode[id]; m != nil {
		m.up = true
	}
}

// Crashed tells that a broker's process is gone, for whatever reason.
func (c *Checker) Crashed(id node.ID) {
	m := c.byNode[id]
	if m == nil {
		return
	}
	m.up = false
	for _, p := range c.sorted() {
		p.replica(m).stops()
	}
}

// Finding returns the first violation, nil if there is none.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Events are what explains losses, in order.
func (c *Checker) Events() []history.LogEvent { return slices.Clone(c.events) }

// Observe takes one fact, as it is stated. After the first violation it does nothing:
// what follows from a broken state proves nothing.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {
	m := c.byNode[id]
	if m == nil || c.finding != nil || e.Text == "" || !isFact(e.Kind) {
		return
	}
	c.now = moment{step: step, at: at, event: e}
	p := c.partition(e.Text)
	r := p.replica(m)
	switch e.Kind {
	case facts.ReplicaOpened:
		c.opened(p, r, e)
	case facts.LeaderAppended:
		c.leaderAppended(p, r, e)
	case facts.FollowerAppended:
		c.followerAppended(p, r, e)
	case facts.Truncated:
		c.truncated(p, r, e.N[0])
	case facts.StartedOver:
		c.startedOver(p, r, e.N[0])
	case facts.StartAdvanced:
		c.startAdvanced(p, r, e.N[0], e.N[1])
	case facts.Compacted:
		c.compacted(p, r, e.N[0])
	case facts.ReplicaDeleted:
		delete(p.replicas, m.ID)
	case facts.BecameLeader:
		c.becameLeader(p, r, e)
	case facts.BecameFollower:
		r.leads, r.epoch = false, e.N[0]
	case facts.HighWatermark:
		c.highWatermark(p, r, e.N[0], e.N[1])
	case facts.FollowedMark:
		c.followedMark(p, r, e.N[0])
	case facts.IsrCommitted, facts.IsrAdopted:
		c.isrKnown(p, r, e)
	case facts.Acknowledged:
		c.acknowledged(p, r, e.N[0], e.N[1])
	}
}

// isFact reports whether a kind is one that the checker reads.
func isFact(k *node.EventKind) bool { return k.System == "kafka" }

// partition finds a partition by name, or begins it.
func (c *Checker) partition(name string) *partition {
	p := c.partitions[name]
	if p == nil {
		p = newPartition(name)
		c.partitions[name] = p
	}
	return p
}

// sorted lists the partitions by name.
func (c *Checker) sorted() []*partition {
	all := make([]*partition, 0, len(c.partitions))
	for _, p := range c.partitions { //sim:unordered sorted below
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *partition) int { return strings.Compare(a.name, b.name) })
	return all
}

// explain records what readers must reckon with.
func (c *Checker) explain(kind history.LogEventKind, p *partition, offset int64) {
	c.events = append(c.events, history.LogEvent{At: c.now.at, Kind: kind, Partition: p.name, Offset: offset})
}

// fail reports that a guarantee broke at the present fact. detail goes on where the
// guarantee's sentence ends.
func (c *Checker) fail(who, id, detail string, evidence ...string) {
	if c.finding != nil {
		return
	}
	c.finding = &guarantee.Finding{
		Guarantee: id, Explanation: strings.TrimSuffix(sentences[id], ".") + "; but " + detail,
		Step: c.now.step, At: c.now.at, Node: who,
		Evidence: append(evidence, fmt.Sprintf("step %d: %s%v at %v", c.now.step, prefix(who), c.now, c.now.at)),
	}
}

// prefix is a name with a blank, or nothing.
func prefix(who string) string {
	if who == "" {
		return ""
	}
	return who + " "
}

// names renders a bit set of brokers for people.
func (c *Checker) names(set int64) string {
	var all []string
	for _, id := range facts.Members(set) {
		name := fmt.Sprintf("broker %d", id)
		if m := c.byID[id]; m != nil {
			name = m.Name
		}
		all = append(all, name)
	}
	if len(all) == 0 {
		return "nobody"
	}
	return strings.Join(all, ", ")
}
