package log

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Config is what a topic's configuration says about logs, in Kafka's names and units.
type Config struct {
	// SegmentBytes is when a segment is full (segment.bytes). Small ones cost files,
	// large ones recovery.
	SegmentBytes int64
	// SegmentMillis is how old a segment may get (segment.ms), by the timestamps of
	// its batches, less SegmentJitterMillis, which differs between partitions.
	SegmentMillis, SegmentJitterMillis int64
	// IndexIntervalBytes is how much of a log lies between two entries of its index
	// (index.interval.bytes).
	IndexIntervalBytes int64
	// IndexBytes bounds an index (segment.index.bytes); a full one rolls the segment.
	IndexBytes int64
	// MaxMessageBytes bounds a batch (max.message.bytes).
	MaxMessageBytes int
	// Delete and Compact are the cleanup.policy; both may be on.
	Delete, Compact bool
	// RetentionMillis and RetentionBytes bound what Delete keeps; -1 is no bound.
	RetentionMillis, RetentionBytes int64
	// MinDirtyPermille is min.cleanable.dirty.ratio in thousandths.
	MinDirtyPermille int64
	// MinCompactionLagMillis protects young records from compaction,
	// MaxCompactionLagMillis makes it due whatever the ratio.
	MinCompactionLagMillis, MaxCompactionLagMillis int64
	// DeleteRetentionMillis is how long a compacted log shows tombstones
	// (delete.retention.ms).
	DeleteRetentionMillis int64
	// LogAppendTime: records get the time of their append (message.timestamp.type).
	LogAppendTime bool
	// TimestampBeforeMaxMillis and TimestampAfterMaxMillis are how far the timestamps
	// of producers may be off the broker's clock.
	TimestampBeforeMaxMillis, TimestampAfterMaxMillis int64
	// ProducerExpiryMillis is how long a producer that is silent is remembered
	// (producer.id.expiration.ms).
	ProducerExpiryMillis int64
	// Compression is what batches are stored in (compression.type).
	Compression Compression
	// Bugs are the switched-on bugs of the zoo.
	Bugs bugs.Set
}

const (
	hour  = 3600 * 1000
	day   = 24 * hour
	never = 1<<63 - 1
)

// Defaults are Kafka's.
func Defaults() Config {
	return Config{
		SegmentBytes: 1 << 30, SegmentMillis: 7 * day, IndexIntervalBytes: 4096, IndexBytes: 10 << 20,
		MaxMessageBytes: 1048588, Delete: true, RetentionMillis: 7 * day, RetentionBytes: -1,
		MinDirtyPermille: 500, MaxCompactionLagMillis: never, DeleteRetentionMillis: day,
		TimestampBeforeMaxMillis: never, TimestampAfterMaxMillis: never, ProducerExpiryMillis: day,
	}
}

// Validate says what no log can work with.
func (c *Config) Validate() error {
	for _, f := range []struct {
		name        string
		value, from int64
	}{
		{"segment.bytes", c.SegmentBytes, 14}, {"segment.ms", c.SegmentMillis, 1}, {"segment.jitter.ms", c.SegmentJitterMillis, 0},
		{"index.interval.bytes", c.IndexIntervalBytes, 0}, {"segment.index.bytes", c.IndexBytes, timeEntryBytes},
		{"max.message.bytes", int64(c.MaxMessageBytes), 0}, {"retention.ms", c.RetentionMillis, -1}, {"retention.bytes", c.RetentionBytes, -1},
		{"min.cleanable.dirty.ratio", c.MinDirtyPermille, 0}, {"min.compaction.lag.ms", c.MinCompactionLagMillis, 0},
		{"max.compaction.lag.ms", c.MaxCompactionLagMillis, 1}, {"delete.retention.ms", c.DeleteRetentionMillis, 0},
		{"message.timestamp.before.max.ms", c.TimestampBeforeMaxMillis, 0}, {"message.timestamp.after.max.ms", c.TimestampAfterMaxMillis, 0},
		{"producer.id.expiration.ms", c.ProducerExpiryMillis, 1},
	} {
		if f.value < f.from {
			return fmt.Errorf("log: %s is %d, below %d", f.name, f.value, f.from)
		}
	}
	if c.MinDirtyPermille > 1000 {
		return fmt.Errorf("log: min.cleanable.dirty.ratio is %d thousandths", c.MinDirtyPermille)
	}
	if c.MinCompactionLagMillis > c.MaxCompactionLagMillis {
		return fmt.Errorf("log: min.compaction.lag.ms is %d, above max.compaction.lag.ms %d", c.MinCompactionLagMillis, c.MaxCompactionLagMillis)
	}
	return nil
}
