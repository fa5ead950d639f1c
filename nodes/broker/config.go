package broker

import (
	"errors"
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// maxID bounds the IDs of brokers: facts write sets of them as bits.
const maxID = 62

// Config is the configuration of one broker (server.properties). Zero numbers and
// durations take the defaults stated here, which are those of Kafka.
type Config struct {
	// ID is the broker's (broker.id), 1..62. Its host is HostOf(ID).
	ID int32
	// Rack is where the broker stands (broker.rack), for the placement of replicas and
	// for consumers that read from the nearest; "" is nowhere in particular.
	Rack string
	// Hosts is the name service: the process behind each host that a listener of the
	// cluster may name.
	Hosts map[string]node.ID
	// Coordinators are the servers that keep the metadata (zookeeper.connect).
	Coordinators []node.ID
	// SessionTimeout is how long the coordinators wait for a word before they take the
	// broker for dead (zookeeper.session.timeout.ms), default 18 s. Small, and a slow
	// election of theirs costs the cluster all its leaders.
	SessionTimeout time.Duration

	// ReplicaLag is after how long behind its leader a follower is not in sync any more
	// (replica.lag.time.max.ms), default 30 s. It bounds how long a dead follower delays
	// producers who want all acknowledgements.
	ReplicaLag time.Duration
	// ReplicaFetchWait is how long a leader holds a follower's fetch back when there is
	// nothing new (replica.fetch.wait.max.ms), default 500 ms. It must be below ReplicaLag.
	ReplicaFetchWait time.Duration
	// ReplicaFetchMinBytes is what a follower waits for (replica.fetch.min.bytes), default 1.
	ReplicaFetchMinBytes int
	// ReplicaFetchBytes bounds what a follower takes of a partition at a time
	// (replica.fetch.max.bytes), default 1 MiB, and ReplicaResponseBytes of all of them
	// (replica.fetch.response.max.bytes), default 10 MiB. A first batch is never too long.
	ReplicaFetchBytes, ReplicaResponseBytes int
	// ReplicaFetchBackoff is how long a follower leaves a partition or a leader alone
	// that refused it (replica.fetch.backoff.ms), default 1 s.
	ReplicaFetchBackoff time.Duration
	// ReplicaSocketTimeout is how long a follower waits for a response before it dials
	// anew (replica.socket.timeout.ms), default 30 s.
	ReplicaSocketTimeout time.Duration

	// MarkInterval is how often high watermarks are noted on the disk
	// (replica.high.watermark.checkpoint.interval.ms), default 5 s. PointInterval is the
	// same for recovery points and log starts
	// (log.flush.offset.checkpoint.interval.ms), default 60 s.
	MarkInterval, PointInterval time.Duration
	// RetentionInterval is how often logs are searched for what is too old or too much
	// (log.retention.check.interval.ms), default 5 min.
	RetentionInterval time.Duration

	// CleanerInterval is how often logs are searched for what compaction is due of
	// (log.cleaner.backoff.ms), default 15 s.
	CleanerInterval time.Duration

	// Partitions and Replication are those of topics whose creator does not say
	// (num.partitions, default.replication.factor), default 1.
	Partitions, Replication int
	// MinInsync is how many in-sync replicas a record needs whose producer wants all of
	// them (min.insync.replicas), default 1. A topic may say otherwise.
	MinInsync int
	// Unclean lets a replica lead that was not in sync when no other is alive
	// (unclean.leader.election.enable): available, and with holes. A topic may say otherwise.
	Unclean bool

	// NoAutoCreate leaves topics alone that somebody asks for and that are not there
	// (auto.create.topics.enable=false), NoDelete those that there are
	// (delete.topic.enable=false).
	NoAutoCreate, NoDelete bool
	// NoRebalance, RebalanceInterval and ImbalancePercent are those of the controller
	// (auto.leader.rebalance.enable=false, leader.imbalance.check.interval.seconds,
	// leader.imbalance.per.broker.percentage), default 300 s and 10, negative for none.
	NoRebalance       bool
	RebalanceInterval time.Duration
	ImbalancePercent  int
	// ControllerTimeout is how long the controller waits for a broker
	// (controller.socket.timeout.ms), default 30 s.
	ControllerTimeout time.Duration

	// Log is what the logs of topics go by that do not say otherwise; its zero stands for
	// [log.Defaults].
	Log log.Config
	// Groups is what the coordinator of groups goes by (group.*, offsets.*); its partitions
	// and timers are the broker's to say.
	Groups group.Config
	// OffsetsPartitions, OffsetsReplication and OffsetsSegmentBytes are those of the topic
	// of offsets (offsets.topic.num.partitions, offsets.topic.replication.factor,
	// offsets.topic.segment.bytes), default 50, 3 and 100 MiB. While there are fewer brokers
	// than replicas, there is no such topic, and no group.
	OffsetsPartitions, OffsetsReplication, OffsetsSegmentBytes int
	// OffsetsCodec compresses what is written there (offsets.topic.compression.codec).
	OffsetsCodec batch.Codec

	// OffsetsCommitTimeout is how long a commit waits for the in-sync replicas
	// (offsets.commit.timeout.ms), default 5 s, OffsetsLoadBytes how much of a partition of
	// offsets is read at a time (offsets.load.buffer.size), default 5 MiB.
	OffsetsCommitTimeout time.Duration
	OffsetsLoadBytes     int
	// ChangeRetention is for how long a broker leaves a notification of a configuration or
	// of access control entries in the tree, default 15 min, as Kafka's. It must be longer than sessions live without a
	// word: who was away for less reads the notification, who was away for longer has
	// another session, and reads everything.
	ChangeRetention time.Duration

	// FetchBytes bounds every response to a fetch (fetch.max.bytes), default 55 MiB.
	FetchBytes int
	// FetchSessionSlots is how many sessions of fetches a broker keeps
	// (max.incremental.fetch.session.cache.slots), default 1000, below 0 for none. FetchSessionIdle is how
	// long one is safe from others after it was given or used, which in Kafka is 2 min and
	// cannot be changed. SessionlessFetches has followers do without (KIP-227).
	FetchSessionSlots  int
	FetchSessionIdle   time.Duration
	SessionlessFetches bool
	// ReplicaSelector says whom consumers that name a rack are sent to
	// (replica.selector.class).
	ReplicaSelector ReplicaSelector
	// ShutdownRetries is how often a broker asks the controller to take its leaderships
	// before it stops without (controlled.shutdown.max.retries), default 3, and
	// ShutdownBackoff how long it waits in between (controlled.shutdown.retry.backoff.ms),
	// default 5 s.
	ShutdownRetries int
	ShutdownBackoff time.Duration
	// RequestTimeout is how long the broker waits for the controller
	// (request.timeout.ms), default 30 s.
	RequestTimeout time.Duration

	// Access, if there is one, has every request authorised (authorizer.class.name), by
	// entries in znodes.
	Access *acl.Config
	// Principals are whom the transport of clients vouches for, by process, as the
	// certificates of TLS do. Others are anonymous.
	Principals map[node.ID]string
	// SASL, if there is one, has clients prove who they are; what their transport vouches
	// for then counts for nothing.
	SASL *SASLConfig
	// Quotas has brokers hold clients to the quotas that are said of them, measured over
	// QuotaWindows (quota.window.num, quota.window.size.seconds), default 11 of 1 s.
	Quotas       bool
	QuotaWindows quota.Windows
	// ControllerQuotaWindows are those that bound how many changes may be made at once
	// (controller.quota.window.num, controller.quota.window.size.seconds), default 11 of 1 s.
	ControllerQuotaWindows quota.Windows

	// Bugs are the switched-on bugs; zero for the correct build.
	Bugs bugs.Set
}

// ReplicaSelector is a way to choose the replica that a consumer reads from.
type ReplicaSelector uint8

const (
	// ReadFromLeader sends nobody elsewhere.
	ReadFromLeader ReplicaSelector = iota
	// ReadFromRack sends consumers to a replica in their rack, if there is one
	// (RackAwareReplicaSelector, KIP-392).
	ReadFromRack
)

// HostOf is the host name of a broker: that of its process.
func HostOf(id int32) string { return fmt.Sprintf("b%d", id) }

// withDefaults returns the configuration with zero values filled in.
func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	count := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	def(&c.SessionTimeout, 18*time.Second)
	def(&c.ReplicaLag, 30*time.Second)
	def(&c.ReplicaFetchWait, 500*time.Millisecond)
	count(&c.ReplicaFetchMinBytes, 1)
	count(&c.ReplicaFetchBytes, 1<<20)
	count(&c.ReplicaResponseBytes, 10<<20)
	def(&c.ReplicaFetchBackoff, time.Second)
	def(&c.ReplicaSocketTimeout, 30*time.Second)
	def(&c.MarkInterval, 5*time.Second)
	def(&c.PointInterval, time.Minute)
	def(&c.RetentionInterval, 5*time.Minute)
	def(&c.CleanerInterval, 15*time.Second)
	count(&c.QuotaWindows.Number, 11)
	def(&c.QuotaWindows.Size, time.Second)
	count(&c.ControllerQuotaWindows.Number, 11)
	def(&c.ControllerQuotaWindows.Size, time.Second)
	count(&c.Partitions, 1)
	count(&c.Replication, 1)
	count(&c.MinInsync, 1)
	if c.Log == (log.Config{}) {
		c.Log = log.Defaults()
	}
	c.Log.Bugs = c.Bugs
	count(&c.OffsetsPartitions, 50)
	count(&c.OffsetsReplication, 3)
	count(&c.OffsetsSegmentBytes, 100<<20)
	c.Groups = c.Groups.WithDefaults()
	def(&c.RebalanceInterval, 300*time.Second)
	count(&c.ImbalancePercent, 10)
	def(&c.ControllerTimeout, 30*time.Second)
	def(&c.OffsetsCommitTimeout, 5*time.Second)
	count(&c.OffsetsLoadBytes, 5<<20)
	def(&c.ChangeRetention, 15*time.Minute)
	count(&c.FetchBytes, 55<<20)
	count(&c.FetchSessionSlots, 1000)
	def(&c.FetchSessionIdle, 2*time.Minute)
	count(&c.ShutdownRetries, 3)
	def(&c.ShutdownBackoff, 5*time.Second)
	def(&c.RequestTimeout, 30*time.Second)
	return c
}

// Validate reports the first nonsensical setting.
func (c Config) Validate() error {
	c = c.withDefaults()
	if c.ID < 1 || c.ID > maxID {
		return fmt.Errorf("broker: ID %d is not in 1..%d", c.ID, maxID)
	}
	if _, known := c.Hosts[HostOf(c.ID)]; !known {
		return fmt.Errorf("broker: nobody knows the process of host %s: Hosts must name all brokers", HostOf(c.ID))
	}
	if len(c.Coordinators) == 0 {
		return errors.New("broker: no coordinator is named, so there is nowhere to register")
	}
	if c.ReplicaFetchWait >= c.ReplicaLag {
		return fmt.Errorf("broker: fetches of followers wait %v, but after %v without one a follower is out of sync", c.ReplicaFetchWait, c.ReplicaLag)
	}
	if c.ChangeRetention <= c.SessionTimeout {
		return fmt.Errorf("broker: notifications of changes go after %v, and a session that hears of none may live for %v", c.ChangeRetention, c.SessionTimeout)
	}
	if !c.OffsetsCodec.Known() {
		return fmt.Errorf("broker: offsets.topic.compression.codec is %d, and the last codec is %d", c.OffsetsCodec, batch.Zstd)
	}
	return errors.Join(c.checkDurations(), c.checkCounts(), c.Log.Validate())
}

func (c Config) checkDurations() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"SessionTimeout", c.SessionTimeout}, {"ReplicaLag", c.ReplicaLag}, {"ReplicaFetchWait", c.ReplicaFetchWait},
		{"ReplicaFetchBackoff", c.ReplicaFetchBackoff}, {"ReplicaSocketTimeout", c.ReplicaSocketTimeout},
		{"MarkInterval", c.MarkInterval}, {"PointInterval", c.PointInterval}, {"RetentionInterval", c.RetentionInterval}, {"CleanerInterval", c.CleanerInterval},
		{"ShutdownBackoff", c.ShutdownBackoff}, {"RequestTimeout", c.RequestTimeout}, {"RebalanceInterval", c.RebalanceInterval},
		{"ControllerTimeout", c.ControllerTimeout}, {"OffsetsCommitTimeout", c.OffsetsCommitTimeout}, {"FetchSessionIdle", c.FetchSessionIdle},
	} {
		if d.value < time.Millisecond {
			return fmt.Errorf("broker: %s is %v, below 1ms", d.name, d.value)
		}
	}
	return nil
}

func (c Config) checkCounts() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"ReplicaFetchMinBytes", c.ReplicaFetchMinBytes}, {"ReplicaFetchBytes", c.ReplicaFetchBytes},
		{"ReplicaResponseBytes", c.ReplicaResponseBytes}, {"Partitions", c.Partitions}, {"Replication", c.Replication},
		{"MinInsync", c.MinInsync},
		{"OffsetsPartitions", c.OffsetsPartitions}, {"OffsetsReplication", c.OffsetsReplication}, {"OffsetsSegmentBytes", c.OffsetsSegmentBytes},
		{"FetchBytes", c.FetchBytes}, {"ShutdownRetries", c.ShutdownRetries}, {"OffsetsLoadBytes", c.OffsetsLoadBytes},
	} {
		if n.value < 1 {
			return fmt.Errorf("broker: %s is %d, below 1", n.name, n.value)
		}
	}
	return nil
}
