package groups

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Topic is the name of the topic of offsets.
const Topic = history.OffsetsTopic

// Logs is what the judge of replication knows, which is [replication.Checker].
type Logs interface {
	// Partitions is how many partitions a topic has, and how many it was created with.
	Partitions(topic string) (now, least int)
	// TopicEnded reports whether a topic of a name was deleted some time.
	TopicEnded(name string) bool
	// Named is the broker that leads a partition in an epoch, Leads who does now.
	Named(partition string, epoch int64) int32
	Leads(partition string) (broker int32, epoch int64)
	// HasCommitted and Holds tell of batches; see there.
	HasCommitted(partition string, b replication.Held) (committed, judged bool)
	Holds(partition string, broker int32) (all []replication.Held, ok bool)
}

// Config is what groups are judged by.
type Config struct {
	Brokers []replication.Broker
	Logs    Logs
	// DriftPPM is by how much the clock of a broker may be faster than the world's.
	DriftPPM int64
	// Wall is what the clock of a broker shows now, in ms.
	Wall func(node.ID) int64
	// Retention is how long offsets are kept that nobody uses.
	Retention time.Duration
}

// Checker watches the groups of one cluster. It is told every fact, crash and commit in
// order, and keeps the first violation.
type Checker struct {
	cfg     Config
	byNode  map[node.ID]*broker
	brokers []*broker

	// written is what every batch of the topic of offsets says, by its name.
	written map[place]*writing
	// fates is what holds of a group over all reigns.
	fates  map[string]*fate
	znodes map[string]*register
	// said are the offsets that were ever told to anybody.
	said map[said]bool

	now     moment
	finding *guarantee.Finding
}

// broker is a coordinator of groups.
type broker struct {
	replication.Broker
	// reigns are those of this life, by partition.
	reigns map[int]*reign
	// taken are the offsets that were taken last, until their record is written.
	taken *facts.GroupCommit
	// stated is when it stated anything last, awake since when it has never been silent for
	// longer than nap: it may have hung before.
	stated, awake time.Duration
	// seen says which version of a znode this broker has written or read last.
	seen map[string]int
}

// said is an offset at which a group was said to be.
type said struct {
	group, partition string
	offset           int64
}

// place names a batch of the topic of offsets.
type place struct {
	partition int
	replication.Held
}

// moment is what is being checked.
type moment struct {
	step  uint64
	at    time.Duration
	event node.Event
}

// New returns a checker of a cluster that has not started yet.
func New(cfg Config) *Checker {
	c := &Checker{cfg: cfg, byNode: map[node.ID]*broker{}, written: map[place]*writing{}, fates: map[string]*fate{}, znodes: map[string]*register{}, said: map[said]bool{}}
	for _, b := range cfg.Brokers {
		m := &broker{Broker: b}
		m.forget()
		c.byNode[b.Node] = m
		c.brokers = append(c.brokers, m)
	}
	return c
}

// forget is the end of a life.
func (b *broker) forget() {
	b.reigns, b.seen, b.taken = map[int]*reign{}, map[string]int{}, nil
}

// Crashed tells that a broker's process is gone, for whatever reason.
func (c *Checker) Crashed(id node.ID) {
	if b := c.byNode[id]; b != nil {
		b.forget()
	}
}

// Finding returns the first violation, nil if there is none.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Observe takes one fact, as it is stated. After the first violation it does nothing.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {
	if c.finding != nil {
		return
	}
	c.now = moment{step, at, e}
	if e.Kind == facts.MemberOwns || e.Kind == facts.MemberReads {
		c.owns(e.Text, e.N[0], e.Body.(*facts.Ownership))
		c.begins(e.Text, e.Body.(*facts.Ownership))
		return
	}
	if e.Kind == facts.MemberBeats {
		c.beats(e.Text, e.Body.(string), int32(e.N[1]), time.Duration(e.N[2]))
		return
	}
	b := c.byNode[id]
	if b == nil {
		return
	}
	b.wakes(at)
	if e.Kind == facts.OffsetsTold {
		for _, o := range e.Body.([]facts.GroupOffset) {
			c.said[said{e.Text, o.Partition, o.Offset}] = true
		}
	}
	switch e.Kind {
	case facts.GroupsLoading:
		c.loading(b, int(e.N[0]), e.N[1])
	case facts.GroupsLoaded:
		c.loaded(b, int(e.N[0]), e.N[1], e.Body.(*facts.GroupsImage))
	case facts.GroupsUnloaded:
		delete(b.reigns, int(e.N[0]))
	case facts.GroupsDamaged:
		if r := b.reigns[int(e.N[0])]; r != nil {
			r.unknown = true
		}
	case facts.GroupsWriting:
		c.writing(b, e)
	case facts.GroupsTold:
		c.groupsTold(b, e.Body.([]facts.GroupListed), e.N[0] == 0)
	case facts.StoredTold:
		c.storedTold(b, e.Text, e.Body.(string), e.N[0])
	case facts.StoredRead:
		c.storedRead(b, e.Text, e.Body.(string), e.N[0])
	case facts.SessionLost:
		clear(b.seen)
	default:
		if ofGroup[e.Kind] {
			c.ofGroup(b, e)
		}
	}
}

// ofGroup are the kinds of facts whose text is the name of a group.
var ofGroup = map[*node.EventKind]bool{
	facts.Rebalancing: true, facts.Generation: true, facts.GroupAssigned: true, facts.MemberGone: true, facts.MemberReplaced: true,
	facts.OffsetGone: true, facts.GroupDead: true, facts.JoinTold: true, facts.ShareTold: true, facts.MemberHeard: true, facts.MemberSays: true,
	facts.CommitTaken: true, facts.CommitTold: true, facts.OffsetsTold: true, facts.GroupGoneTold: true, facts.GroupTold: true, facts.BeatTold: true, facts.LeaveTold: true,
}

// ofGroup takes a fact about a group, which only its coordinator may state.
func (c *Checker) ofGroup(b *broker, e node.Event) {
	partition, ok := c.partitionOf(e.Text)
	if !ok {
		return
	}
	r := b.reigns[partition]
	if r == nil || !r.served {
		c.fail(b.Name, OneCoordinator, fmt.Sprintf("%s acts for group %s of %s, %s", b.Name, e.Text, name(partition), r))
		return
	}
	if r.unknown {
		c.followed(r, e)
		return
	}
	g := r.group(e.Text)
	if g.state == completing && !g.led && e.Kind != facts.JoinTold {
		c.fail(b.Name, LeaderPresent, fmt.Sprintf("generation %d of group %s has begun, of %s, and nobody was told that it leads", g.generation, g.name, g.who()))
		return
	}
	if c.outstayed(r, g); c.finding != nil {
		return
	}
	switch e.Kind {
	case facts.Rebalancing:
		g.state, g.called = preparing, c.now.at
	case facts.Generation:
		c.began(r, g, e.N[0], e.Body.([]string))
	case facts.GroupAssigned:
		c.assigned(r, g, e.N[0], e.Body.([]facts.GroupShare))
	case facts.MemberGone:
		c.memberGone(r, g, e.Body.(string), facts.GoneHow[e.N[3]])
	case facts.MemberReplaced:
		c.replaced(r, g, e.Body.(facts.Replacement))
	case facts.MemberSays:
		g.said[e.Body.(*facts.Saying).Member] = e.Body.(*facts.Saying).Metadata
	case facts.JoinTold:
		c.joinTold(r, g, e.Body.(string), e.N[0], time.Duration(e.N[1])*time.Millisecond)
		g.led = g.led || e.N[2] == 1
	case facts.ShareTold:
		c.shareTold(r, g, e.N[0], e.Body.(facts.GroupShare))
		c.asked(r, g, e.Body.(facts.GroupShare).Member, e.N[1])
	case facts.BeatTold:
		c.asked(r, g, e.Body.(string), e.N[0])
	case facts.LeaveTold:
		c.leaveTold(r, g, e.Body.(string))
	case facts.MemberHeard:
		c.heard(r, g, e.Body.(string))
	case facts.CommitTaken:
		c.commitTaken(r, g, e.N[0], e.Body.(*facts.GroupCommit))
	case facts.CommitTold:
		c.commitTold(r, g, e.Body.(*facts.GroupCommit))
	case facts.OffsetsTold:
		c.offsetsTold(r, g, e.Body.([]facts.GroupOffset))
	case facts.OffsetGone:
		c.offsetGone(r, g, e.Body.(string), facts.OffsetGoneHow[e.N[3]])
	case facts.GroupDead:
		c.dead(r, g)
	case facts.GroupGoneTold:
		c.deletionTold(r, g, e.Body.([]string))
	case facts.GroupTold:
		c.groupTold(r, g, e.Body.(*facts.GroupDescription))
	}
}

// followed takes what somebody does of whose memory nothing is known, after a loss that
// is explained: clients are told all the same, and remember.
func (c *Checker) followed(r *reign, e node.Event) {
	switch e.Kind {
	case facts.ShareTold:
		share := e.Body.(facts.GroupShare)
		if parts, ok := decode(share.Assignment); ok {
			c.fate(e.Text).told(e.N[0], share.Member, parts)
		}
	case facts.GroupDead:
		delete(c.fates, e.Text)
	case facts.CommitTaken:
		r.broker.taken = nil
	}
}

// partitionOf is the partition of the topic of offsets that a group lives in; ok is false
// before there are any.
func (c *Checker) partitionOf(group string) (partition int, ok bool) {
	n, _ := c.cfg.Logs.Partitions(Topic)
	if n == 0 {
		return 0, false
	}
	return history.HomeOf(group, n), true
}

// name is that of a partition of the topic of offsets.
func name(partition int) string { return fmt.Sprintf("%s-%d", Topic, partition) }

// fail reports that a guarantee broke at the present fact. detail goes on where the
// guarantee's sentence ends.
func (c *Checker) fail(who, id, detail string) {
	if c.finding != nil {
		return
	}
	c.finding = &guarantee.Finding{
		Guarantee: id, Explanation: strings.TrimSuffix(sentences[id], ".") + "; but " + detail,
		Step: c.now.step, At: c.now.at, Node: who,
		Evidence: []string{strings.TrimSpace(fmt.Sprintf("step %d: %s stated %v at %v", c.now.step, who, c.now.event, c.now.at))},
	}
}

// Committed takes the next transaction of the coordinator's committed log.
func (c *Checker) Committed(txn *wire.Txn) { c.apply(txn.Body, txn.Session) }
