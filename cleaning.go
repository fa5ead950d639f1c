package stampede

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/node"
)

// CleaningKnobs are about what makes logs smaller. The zero value is what brokers do
// without being told.
type CleaningKnobs struct {
	// Cleanup is the cleanup.policy of topics that say nothing: delete (or ""), compact,
	// or compact+delete. CleanerInterval is how often a broker looks for logs to compact.
	Cleanup         string
	CleanerInterval time.Duration
	// SegmentAge, Retention, RetentionBytes, DirtyPermille, CompactionLag and
	// DeleteRetention are segment.ms, retention.ms, retention.bytes,
	// min.cleanable.dirty.ratio in thousandths and one more, min.compaction.lag.ms and
	// delete.retention.ms.
	SegmentAge, Retention          time.Duration
	RetentionBytes, DirtyPermille  int
	CompactionLag, DeleteRetention time.Duration
}

// cleaningKnobs lists the knobs of cleaning.
var cleaningKnobs = []knob{
	feature(knob{
		name: "cleanup", doc: "what makes logs smaller unless a topic says otherwise: delete, compact or compact+delete",
		get: func(k *Knobs) string { return k.Cleanup },
		set: func(k *Knobs, s string) error {
			if k.Cleanup = s; !slices.Contains(cleanups, s) {
				return errors.New("want delete, compact or compact+delete")
			}
			return nil
		},
	}),
	feature(span("cleaner-interval", 0, time.Hour, "time between looks for logs to compact", func(k *Knobs) *time.Duration { return &k.CleanerInterval })),
	feature(span("segment-age", 0, day, "age at which a log segment is closed", func(k *Knobs) *time.Duration { return &k.SegmentAge })),
	feature(span("retention", 0, day, "age at which records are deleted", func(k *Knobs) *time.Duration { return &k.Retention })),
	feature(number("retention-bytes", 0, 1<<30, "length of a log beyond which its beginning is deleted", func(k *Knobs) *int { return &k.RetentionBytes })),
	feature(number("dirty-permille", 0, 1000, "thousandths of a log, and one more, that are dirty when it is compacted", func(k *Knobs) *int { return &k.DirtyPermille })),
	feature(span("compaction-lag", 0, day, "age below which records are not compacted", func(k *Knobs) *time.Duration { return &k.CompactionLag })),
	feature(span("delete-retention", 0, day, "how long a compacted log shows tombstones", func(k *Knobs) *time.Duration { return &k.DeleteRetention })),
}

// cleanups are the values of the knob cleanup. A comma would part two knobs.
var cleanups = []string{"", "delete", "compact", "compact+delete"}

// logs is the configuration of logs.
func (b BrokerKnobs) logs() log.Config {
	c := log.Defaults()
	c.SegmentBytes, c.IndexIntervalBytes = int64(b.SegmentBytes), int64(b.IndexBytes)
	c.Compression = log.CompressionNamed(b.CompressionType)
	if b.Cleanup != "" {
		c.Delete, c.Compact = strings.Contains(b.Cleanup, "delete"), strings.Contains(b.Cleanup, "compact")
	}
	for _, of := range []struct {
		knob time.Duration
		to   *int64
	}{
		{b.SegmentAge, &c.SegmentMillis}, {b.Retention, &c.RetentionMillis}, {b.CompactionLag, &c.MinCompactionLagMillis}, {b.DeleteRetention, &c.DeleteRetentionMillis},
	} {
		if of.knob > 0 {
			*of.to = of.knob.Milliseconds()
		}
	}
	if b.RetentionBytes > 0 {
		c.RetentionBytes = int64(b.RetentionBytes)
	}
	if b.DirtyPermille > 0 {
		c.MinDirtyPermille = int64(b.DirtyPermille) - 1
	}
	return c
}

// cleaningWindows are those of logs that are compacted all the time: between writing a
// segment anew and each of its names, and between the deletion of one file and the next.
func cleaningWindows() []*node.EventKind {
	return []*node.EventKind{facts.CleanedWritten, facts.SwapNamed, facts.SwapInstalled, facts.Compacted, facts.StartAdvanced}
}

// brokersMistime reports whether the clocks of brokers or their clients go wrong.
func (p Plan) brokersMistime() bool {
	return p.Knobs.Brokers > 0 && slices.ContainsFunc(p.Faults, func(f faults.Fault) bool {
		return (f.Kind == faults.Skew || f.Kind == faults.Drift) && f.Target.Name != serverGroup && !slices.Contains(p.Knobs.serverNames(), f.Target.Name)
	})
}
