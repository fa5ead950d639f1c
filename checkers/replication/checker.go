package replication

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
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
	// Compacts: so does cleanup.policy. RetentionBytes and DeleteRetentionMillis are
	// retention.bytes and delete.retention.ms, Deletes and CompactionLagMillis what
	// cleanup.policy and min.compaction.lag.ms say.
	Compacts, Deletes                     bool
	RetentionBytes, DeleteRetentionMillis int64
	CompactionLagMillis                   int64
	// Patience is how long a broker may go by an old configuration when all else has come
	// to rest.
	Patience time.Duration
	// Lag is replica.lag.time.max.ms, within which followers are told how far all of a
	// log that does not grow is committed.
	Lag time.Duration
	// Points is log.flush.start.offset.checkpoint.interval.ms, 0 if that is not known.
	Points time.Duration
	// Limits are what brokers are started with, nil if that is not known.
	Limits *Limits
}

// Checker watches one cluster. It is told every fact, crash and commit in order, and
// keeps the first violation.
type Checker struct {
	cfg     Config
	brokers []*member
	byNode  map[node.ID]*member
	byID    map[int32]*member

	// topics are those that there are, by name; gone those that there were, by ID and
	// name; settings what a topic of a name says for itself.
	topics   map[string]*topic
	gone     map[string]*topic
	settings map[string]*settings
	// ids are whose ID it is or was.
	ids map[facts.TopicID]*topic

	configs configs
	// errands are the znodes in which controllers are told what to do, and which they remove
	// when it is done.
	errands map[string]bool

	// nextProducer is the first producer ID that nobody has taken.
	nextProducer int64

	controller reign
	// registered are the brokers whose znodes stand, with their czxids.
	registered map[int32]int64
	// sessions are those in which a broker has registered.
	sessions map[int64]bool
	// interruptions counts the elections of controllers and the registrations of brokers.
	interruptions int

	events  []history.LogEvent
	states  []history.StateOp
	now     moment
	finding *guarantee.Finding
}

// member is a broker and what it is doing.
type member struct {
	Broker
	up bool
	// spoils counts the times that it started on a disk which may have lost something since
	// the last time.
	spoils int
	// closed: it has closed all its logs, and not found them since.
	closed bool
	// open are its replicas by name. It has one of a name at a time.
	open map[string]*replica
	// life is the czxid of its registration, controllerEpoch the latest controller that it
	// obeyed, both in this life; order is which of its orders, meant for which life.
	life, controllerEpoch int64
	order, orderLife      int64
	// stirred is when it stated a fact last, awake since when it has done so all the time.
	stirred, awake time.Duration
	// taken is what it goes by, by entity.
	taken map[string]facts.Settings
	// force is what comes of that, by topic, as far as it was asked for since the last change.
	force map[string]*Limits
	// told is what it tells clients, by partition, and peers who lives, as it tells them.
	told  map[string]told
	peers int64
	// unled are those that it found in sync when, as the controller, it elected in vain last,
	// by partition.
	unled map[string]int64
}

// moment is what is being checked and where it came from: a fact, a transaction of the
// coordinator, or else that all has come to rest.
type moment struct {
	step  uint64
	at    time.Duration
	event node.Event
	txn   *wire.Txn
	rest  bool
}

func (m moment) String() string {
	switch {
	case m.rest:
		return "the cluster has come to rest"
	case m.txn != nil:
		return fmt.Sprintf("the coordinator committed %v of session %#x", m.txn.Zxid, m.txn.Session)
	}
	return fmt.Sprintf("stated %v", m.event)
}

// New returns a checker of a cluster that has not started yet.
func New(cfg Config) *Checker {
	c := &Checker{
		cfg: cfg, byNode: map[node.ID]*member{}, byID: map[int32]*member{},
		topics: map[string]*topic{}, gone: map[string]*topic{}, settings: map[string]*settings{}, ids: map[facts.TopicID]*topic{},
		configs: configs{said: map[string]map[string]string{}}, errands: map[string]bool{},
		controller: reign{of: map[int64]int32{}}, registered: map[int32]int64{}, sessions: map[int64]bool{},
	}
	for _, b := range cfg.Brokers {
		m := &member{Broker: b, open: map[string]*replica{}, taken: map[string]facts.Settings{}, told: map[string]told{}, unled: map[string]int64{}, force: map[string]*Limits{}}
		c.brokers = append(c.brokers, m)
		c.byNode[b.Node], c.byID[b.ID] = m, m
	}
	return c
}

// Booted tells that a broker's process starts. spoiled says that its disk may have lost
// something since it last did: else, whatever ended the process, all it wrote is there.
func (c *Checker) Booted(id node.ID, spoiled bool) {
	if m := c.byNode[id]; m != nil {
		m.up = true
		if spoiled {
			m.spoils++
		}
	}
}

// Crashed tells that a broker's process is gone, for whatever reason.
func (c *Checker) Crashed(id node.ID) {
	m := c.byNode[id]
	if m == nil {
		return
	}
	m.up, m.life, m.controllerEpoch, m.order, m.orderLife = false, 0, 0, 0, 0
	for _, r := range m.open { //sim:unordered each for itself
		r.stops()
	}
	clear(m.open)
	clear(m.taken)
	clear(m.force)
	clear(m.told)
	m.peers = 0
}

// Finding returns the first violation, nil if there is none.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Events are what explains losses, in order.
func (c *Checker) Events() []history.LogEvent { return slices.Clone(c.events) }

// Observe takes one fact, as it is stated. After the first violation it does nothing:
// what follows from a broken state proves nothing.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {
	m := c.byNode[id]
	if m == nil || c.finding != nil {
		return
	}
	c.now = moment{step: step, at: at, event: e}
	m.stirs(at, c.cfg.Lag)
	c.record(m, e)
	switch e.Kind {
	case facts.Registered:
		m.life = e.N[1]
		c.returned(m)
	case facts.LogsClosed:
		m.closed = true
		c.stoppedInOrder(m)
	case facts.LogsFound:
		c.logsFound(m, e.N[0] != 0)
	case facts.StartsNoted:
		c.startsNoted(m, e.Body.(facts.Starts))
	case facts.ReplicaStopped:
		c.stopped(m, e)
	case facts.ControllerObeyed:
		c.obeyed(m, e.N[0], e.N[1], e.N[2])
	case facts.ControllerElected:
		if c.controller.of[e.N[1]] != m.ID {
			c.fail(m.Name, OneController, fmt.Sprintf("%s takes itself for the controller of epoch %d, which is %s", m.Name, e.N[1], c.names(1<<c.controller.of[e.N[1]]&^1)))
		}
	case facts.StateWritten:
		c.stateKnown(m, e)
	case facts.NoLeaderFound:
		m.unled[e.Text] = e.N[0]
	case facts.ElectionTold:
		c.electionTold(m, e)
	case facts.ConfigTaken:
		c.configTaken(m, e)
	case facts.MetadataTaken:
		c.metadataTaken(m, e)
	case facts.PeersTaken:
		m.peers = e.N[0]
	case facts.ReplicaOpened:
		c.opened(m, e)
	default:
		if r := m.open[e.Text]; r != nil && !r.of.topic.gone {
			c.ofReplica(r.of, r, e)
		} else if r != nil && e.Kind == facts.ReplicaDeleted {
			delete(m.open, e.Text)
			m.forgets(r.of.topic.name)
		}
	}
}

// ofReplica takes a fact about a replica that is open.
func (c *Checker) ofReplica(p *partition, r *replica, e node.Event) {
	switch e.Kind {
	case facts.LeaderAppended:
		c.leaderAppended(p, r, e)
	case facts.FollowerAppended:
		c.followerAppended(p, r, e)
	case facts.Truncated:
		c.truncated(p, r, e.N[0], e.Body.(facts.ProducersKnown))
	case facts.StartedOver:
		c.startedOver(p, r, e.N[0])
	case facts.StartAdvanced:
		c.startAdvanced(p, r, e)
	case facts.Compacting:
		c.compacting(p, r, e.N[0])
	case facts.Compacted:
		c.compacted(p, r, e)
	case facts.ReplicaDeleted:
		c.removed(p, r)
	case facts.EpochStarted:
		c.epochStarted(p, r, e.N[0], e.N[1])
	case facts.Diverged:
		c.diverged(p, r, e.N[1], e.N[2])
	case facts.BecameLeader:
		c.becameLeader(p, r, e)
	case facts.BecameFollower:
		c.becameFollower(r, e.N[0], e.N[1], e.N[3])
	case facts.FollowerFetched:
		if e.N[2] != r.epoch {
			return // it is in another reign, and what it has may be another log's
		}
		r.heard(int32(e.N[0]), e.N[1], e.N[3], c.now.at)
		c.waits(p, r)
	case facts.OutOfSequence:
		c.outOfSequence(p, r, e)
	case facts.HighWatermark:
		c.highWatermark(p, r, e)
	case facts.FollowedMark:
		c.followedMark(p, r, e.N[0])
	case facts.DeletionTold:
		c.deletionTold(p, r, e)
	case facts.EndOffsetTold:
		c.endTold(p, r, e.N[0], e.N[1])
	case facts.IsrProposed:
		c.isrProposed(p, r, e.N[0], e.N[1])
	case facts.IsrCommitted, facts.IsrAdopted, facts.IsrRefused:
		c.isrKnown(p, r, e)
	case facts.SegmentRolled:
		c.rolled(p, r, e)
	case facts.RollWaits:
		r.rollWaits = true
	case facts.TooLong, facts.MinIsrRefused, facts.MinIsrAfter:
		c.declined(p, r, e)
	case facts.Acknowledged:
		c.acknowledged(p, r, e)
	case facts.ConsumerServed, facts.PreferredNamed, facts.OffsetSought:
		c.ofReader(p, r, e)
	}
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
