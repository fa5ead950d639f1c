package group

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Config is what a [Coordinator] has to be told. Zero values mean the defaults of Kafka.
type Config struct {
	// Partitions is how many partitions the topic of offsets has. Default 50. It may
	// never change: groups would be looked for elsewhere.
	Partitions int32
	// MinSessionTimeout and MaxSessionTimeout bound what members may ask for. Default
	// 6 s, 30 min.
	MinSessionTimeout, MaxSessionTimeout time.Duration
	// InitialRebalanceDelay is how long the first members of an empty group wait for
	// more. Default 3 s; negative for none.
	InitialRebalanceDelay time.Duration
	// MaxSize is how many members a group may have. Default no limit.
	MaxSize int
	// OffsetRetention is how long offsets outlive the use of their group, and
	// RetentionCheck how often that is looked at. Default 7 days, 10 min.
	OffsetRetention, RetentionCheck time.Duration
	// LoadStep is the time between two reads of a partition that is being loaded. Default
	// 0.5 ms.
	LoadStep time.Duration
	// MaxMetadata is how long the note with an offset may be. Default 4096 bytes.
	MaxMetadata int
	// Bugs are those planted.
	Bugs bugs.Set
	// TimerKind is the one timer tag kind that the coordinator takes for itself.
	TimerKind uint32
}

// DefaultRetention is how long offsets are kept if nobody says otherwise.
const DefaultRetention = 7 * 24 * time.Hour

// newMemberTimeout is how long a member that nobody has heard of may wait in its first
// join before it is taken for gone (KAFKA-7610). Kafka lets nobody configure it.
const newMemberTimeout = 5 * time.Minute

// WithDefaults returns the configuration with zero values filled in.
func (c Config) WithDefaults() Config {
	c.fill()
	return c
}

func (c *Config) fill() {
	def(&c.Partitions, 50)
	def(&c.MinSessionTimeout, 6*time.Second)
	def(&c.MaxSessionTimeout, 30*time.Minute)
	def(&c.InitialRebalanceDelay, 3*time.Second)
	def(&c.OffsetRetention, DefaultRetention)
	def(&c.RetentionCheck, 10*time.Minute)
	def(&c.MaxMetadata, 4096)
	def(&c.LoadStep, 500*time.Microsecond)
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Host is what a coordinator needs of its broker.
type Host interface {
	// Append writes records to a partition of the topic of offsets, as its leader in
	// this epoch, and calls done once they are on all in-sync replicas, or with why that
	// is not known. It may call done at once. Calls for one partition are in the order
	// of the appends.
	Append(partition, epoch int32, records []batch.Record, done func(wire.ErrorCode))
	// Read returns whole batches of a partition of the topic of offsets from an offset
	// on, none at the end of its log, and the offset of the end. What is not there any
	// more it skips. What is below the mark is committed.
	Read(partition int32, from int64) (batches []byte, end, mark int64)
	// Exists reports whether there is such a partition of such a topic.
	Exists(topic string, partition int32) bool
	// Stored reads the offset that an old client keeps in a znode, -1 if it keeps none.
	Stored(group, topic string, partition int32, done func(offset int64, code wire.ErrorCode))
	// Store writes it.
	Store(group, topic string, partition int32, offset int64, done func(code wire.ErrorCode))
}

// Topic is the name of the topic of offsets.
const Topic = "__consumer_offsets"

// PartitionOf is the partition of the topic of offsets that a group lives in: the hash
// of Java's strings, made positive, modulo the number of partitions.
func PartitionOf(group string, partitions int32) int32 {
	var h int32
	for _, r := range group {
		if r >= 0x10000 { // Java counts units of UTF-16
			r -= 0x10000
			h = 31*h + 0xd800 + r>>10
			r = 0xdc00 + r&0x3ff
		}
		h = 31*h + r
	}
	if h < 0 {
		h = -h
	}
	if h < 0 {
		h = 0 // the one number whose negative is itself
	}
	return h % partitions
}
