package controller

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Config is what a controller has to be told. Zero durations and numbers take the
// defaults stated here, which are those of Kafka.
type Config struct {
	// Broker is the broker it lives in (broker.id).
	Broker int32
	// Listener is the listener of brokers to which it talks
	// (inter.broker.listener.name); default "REPLICATION".
	Listener string
	// Hosts is the name service: the process behind each host that a listener may name.
	Hosts map[string]node.ID
	// Elected is told who the controller is, in which epoch, whenever that is news;
	// [Nobody] if there is none. Epoch is known only of oneself, else 0.
	Elected func(broker, epoch int32)

	// Unclean lets a replica lead that was not in sync, if no other lives
	// (unclean.leader.election.enable). A topic may say otherwise.
	Unclean bool
	// Partitions and Replication are those of topics whose creator does not say
	// (num.partitions, default.replication.factor); default 1.
	Partitions, Replication int
	// NoRebalance leaves leaderships where elections have put them
	// (auto.leader.rebalance.enable=false).
	NoRebalance bool
	// RebalanceInterval is how often leaderships are compared with the preferred ones
	// (leader.imbalance.check.interval.seconds), default 300 s.
	RebalanceInterval time.Duration
	// ImbalancePercent is how many of the partitions that prefer a broker may be led by
	// others before they are moved back (leader.imbalance.per.broker.percentage),
	// default 10; negative for none.
	ImbalancePercent int
	// SocketTimeout is how long a broker may take to answer a control request before the
	// controller dials anew and repeats it (controller.socket.timeout.ms), default 30 s.
	SocketTimeout time.Duration

	// CheckTopicConfig reports what is wrong with the configuration of a topic; nil takes
	// everything.
	CheckTopicConfig func(map[string]string) error

	// TimerKind is the first of the [TimerKinds] timer tag kinds that are the
	// controller's.
	TimerKind uint32
	// Bugs are the switched-on bugs.
	Bugs bugs.Set
}

// Nobody is no broker.
const Nobody int32 = -1

const (
	// retryBackoff is how long a broker is left alone that could not be reached.
	retryBackoff = 100 * time.Millisecond
	// firstRebalance is when a new controller first looks at preferred leaders.
	firstRebalance = 5 * time.Second
)

// withDefaults returns the configuration with zero values filled in.
func (c Config) withDefaults() Config {
	if c.Listener == "" {
		c.Listener = "REPLICATION"
	}
	if c.Elected == nil {
		c.Elected = func(int32, int32) {}
	}
	c.Partitions, c.Replication = max(c.Partitions, 1), max(c.Replication, 1)
	if c.RebalanceInterval == 0 {
		c.RebalanceInterval = 300 * time.Second
	}
	if c.ImbalancePercent == 0 {
		c.ImbalancePercent = 10
	}
	c.ImbalancePercent = max(c.ImbalancePercent, 0)
	if c.SocketTimeout == 0 {
		c.SocketTimeout = 30 * time.Second
	}
	return c
}
