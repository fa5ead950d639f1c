package broker

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/log"
)

// setting is the side of a key of [config.Brokers] that is ours: the field it sets. A
// value that is written has been checked against the key. What a broker is given with
// the place where it runs, as its number, is read only.
type setting struct {
	key   string
	read  func(*Config) string
	write func(*Config, string)
}

// settings are all keys that set something, by name.
var settings = func() []setting {
	all := slices.Concat(placeSettings, generalSettings, accessSettings, logSettings, replicationSettings, groupSettings)
	slices.SortFunc(all, func(a, b setting) int { return strings.Compare(a.key, b.key) })
	return all
}()

// settingOf finds the setting of a key, nil if it has none.
func settingOf(key string) *setting {
	at, known := slices.BinarySearchFunc(settings, key, func(s setting, key string) int { return strings.Compare(s.key, key) })
	if !known {
		return nil
	}
	return &settings[at]
}

// whole is a key with a number.
func whole[N int | int32 | int64](key string, at func(*Config) *N) setting {
	return setting{key,
		func(c *Config) string { return strconv.FormatInt(int64(*at(c)), 10) },
		func(c *Config, value string) {
			n, _ := strconv.ParseInt(value, 10, 64)
			*at(c) = N(n)
		},
	}
}

// span is a key with a time in some unit.
func span(key string, unit time.Duration, at func(*Config) *time.Duration) setting {
	return setting{key,
		func(c *Config) string { return strconv.FormatInt(int64(*at(c)/unit), 10) },
		func(c *Config, value string) {
			n, _ := strconv.ParseInt(value, 10, 64)
			*at(c) = time.Duration(min(n, int64(longest/unit))) * unit
		},
	}
}

// longest is as good as for ever, and can be added to a time.
const longest = 100 * 365 * 24 * time.Hour

func millis(key string, at func(*Config) *time.Duration) setting {
	return span(key, time.Millisecond, at)
}

// truth is a key that turns something on, or off where the field says what is off.
func truth(key string, off bool, at func(*Config) *bool) setting {
	return setting{key,
		func(c *Config) string { return strconv.FormatBool(*at(c) != off) },
		func(c *Config, value string) { *at(c) = (value == "true") != off },
	}
}

// sentinel is a key of which one value stands in the field as another: as what the field
// has for none, where zero asks for a default.
func sentinel(s setting, said, stands string) setting {
	return setting{s.key,
		func(c *Config) string {
			if value := s.read(c); value != stands {
				return value
			}
			return said
		},
		func(c *Config, value string) {
			if value == said {
				value = stands
			}
			s.write(c, value)
		},
	}
}

// placeSettings are about where a broker runs, which is not for a file to decide here:
// hosts are processes of a world, and each broker has the two listeners that there are.
var placeSettings = []setting{
	{key: "broker.id", read: func(c *Config) string { return strconv.Itoa(int(c.ID)) }},
	{key: "broker.rack", read: func(c *Config) string { return c.Rack }},
	{key: "zookeeper.connect", read: func(c *Config) string {
		var hosts []string
		for _, id := range c.Coordinators {
			hosts = append(hosts, fmt.Sprintf("zk%d:2181", id+1))
		}
		return strings.Join(hosts, ",")
	}},
	{key: "listeners", read: listenersOf},
	{key: "advertised.listeners", read: listenersOf},
	{key: "listener.security.protocol.map", read: func(c *Config) string {
		spoken := "PLAINTEXT"
		if c.SASL != nil {
			spoken = "SASL_PLAINTEXT"
		}
		return clientListener + ":" + spoken + "," + replicaListener + ":PLAINTEXT"
	}},
	{key: "inter.broker.listener.name", read: func(*Config) string { return replicaListener }},
	{key: "security.inter.broker.protocol", read: func(*Config) string { return "PLAINTEXT" }},
}

func listenersOf(c *Config) string {
	host := HostOf(c.ID)
	return fmt.Sprintf("%s://%s:%d,%s://%s:%d", clientListener, host, clientTCP, replicaListener, host, replicaTCP)
}

// rackAware is the name of [ReadFromRack].
const rackAware = "org.apache.kafka.common.replica.RackAwareReplicaSelector"

func readSelector(c *Config) string {
	if c.ReplicaSelector == ReadFromRack {
		return rackAware
	}
	return ""
}

var generalSettings = []setting{
	millis("zookeeper.session.timeout.ms", func(c *Config) *time.Duration { return &c.SessionTimeout }),
	millis("request.timeout.ms", func(c *Config) *time.Duration { return &c.RequestTimeout }),
	millis("controller.socket.timeout.ms", func(c *Config) *time.Duration { return &c.ControllerTimeout }),
	truth("auto.create.topics.enable", true, func(c *Config) *bool { return &c.NoAutoCreate }),
	truth("delete.topic.enable", true, func(c *Config) *bool { return &c.NoDelete }),
	whole("num.partitions", func(c *Config) *int { return &c.Partitions }),
	whole("message.max.bytes", func(c *Config) *int { return &c.Log.MaxMessageBytes }),
	whole("fetch.max.bytes", func(c *Config) *int { return &c.FetchBytes }),
	sentinel(whole("max.incremental.fetch.session.cache.slots", func(c *Config) *int { return &c.FetchSessionSlots }), "0", "-1"),
	{"replica.selector.class", readSelector, func(c *Config, value string) {
		if c.ReplicaSelector = ReadFromLeader; value == rackAware {
			c.ReplicaSelector = ReadFromRack
		}
	}},
	whole("controlled.shutdown.max.retries", func(c *Config) *int { return &c.ShutdownRetries }),
	millis("controlled.shutdown.retry.backoff.ms", func(c *Config) *time.Duration { return &c.ShutdownBackoff }),
	whole("producer.id.expiration.ms", func(c *Config) *int64 { return &c.Log.ProducerExpiryMillis }),
}

var logSettings = []setting{
	whole("log.segment.bytes", func(c *Config) *int64 { return &c.Log.SegmentBytes }),
	whole("log.roll.ms", func(c *Config) *int64 { return &c.Log.SegmentMillis }),
	whole("log.roll.jitter.ms", func(c *Config) *int64 { return &c.Log.SegmentJitterMillis }),
	whole("log.retention.ms", func(c *Config) *int64 { return &c.Log.RetentionMillis }),
	whole("log.retention.bytes", func(c *Config) *int64 { return &c.Log.RetentionBytes }),
	millis("log.retention.check.interval.ms", func(c *Config) *time.Duration { return &c.RetentionInterval }),
	{"log.cleanup.policy", readPolicy, writePolicy},
	whole("log.index.interval.bytes", func(c *Config) *int64 { return &c.Log.IndexIntervalBytes }),
	whole("log.index.size.max.bytes", func(c *Config) *int64 { return &c.Log.IndexBytes }),
	{"log.message.timestamp.type", readTimestampType, func(c *Config, value string) { c.Log.LogAppendTime = value == appendTime }},
	whole("log.message.timestamp.before.max.ms", func(c *Config) *int64 { return &c.Log.TimestampBeforeMaxMillis }),
	whole("log.message.timestamp.after.max.ms", func(c *Config) *int64 { return &c.Log.TimestampAfterMaxMillis }),
	millis("log.cleaner.backoff.ms", func(c *Config) *time.Duration { return &c.CleanerInterval }),
	whole("log.cleaner.delete.retention.ms", func(c *Config) *int64 { return &c.Log.DeleteRetentionMillis }),
	{"log.cleaner.min.cleanable.ratio", readRatio, func(c *Config, value string) { c.Log.MinDirtyPermille, _ = config.Permille(value) }},
	whole("log.cleaner.min.compaction.lag.ms", func(c *Config) *int64 { return &c.Log.MinCompactionLagMillis }),
	whole("log.cleaner.max.compaction.lag.ms", func(c *Config) *int64 { return &c.Log.MaxCompactionLagMillis }),
	millis("log.flush.offset.checkpoint.interval.ms", func(c *Config) *time.Duration { return &c.PointInterval }),
	truth("unclean.leader.election.enable", false, func(c *Config) *bool { return &c.Unclean }),
	{"compression.type", func(c *Config) string { return c.Log.Compression.String() }, func(c *Config, value string) {
		c.Log.Compression = log.CompressionNamed(value)
	}},
	whole("min.insync.replicas", func(c *Config) *int { return &c.MinInsync }),
}

const appendTime = "LogAppendTime"

func readPolicy(c *Config) string {
	switch {
	case c.Log.Delete && c.Log.Compact:
		return "compact,delete"
	case c.Log.Compact:
		return "compact"
	}
	return "delete"
}

func writePolicy(c *Config, value string) {
	items := config.Items(value)
	c.Log.Delete, c.Log.Compact = slices.Contains(items, "delete"), slices.Contains(items, "compact")
}

func readTimestampType(c *Config) string {
	if c.Log.LogAppendTime {
		return appendTime
	}
	return "CreateTime"
}

func readRatio(c *Config) string { return thousandths(c.Log.MinDirtyPermille) }

// thousandths writes 500 as 0.5, and 2000 as 2.
func thousandths(n int64) string {
	text := fmt.Sprintf("%d.%03d", n/1000, n%1000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

var replicationSettings = []setting{
	whole("default.replication.factor", func(c *Config) *int { return &c.Replication }),
	millis("replica.lag.time.max.ms", func(c *Config) *time.Duration { return &c.ReplicaLag }),
	millis("replica.fetch.wait.max.ms", func(c *Config) *time.Duration { return &c.ReplicaFetchWait }),
	whole("replica.fetch.min.bytes", func(c *Config) *int { return &c.ReplicaFetchMinBytes }),
	whole("quota.window.num", func(c *Config) *int { return &c.QuotaWindows.Number }),
	span("quota.window.size.seconds", time.Second, func(c *Config) *time.Duration { return &c.QuotaWindows.Size }),
	whole("controller.quota.window.num", func(c *Config) *int { return &c.ControllerQuotaWindows.Number }),
	span("controller.quota.window.size.seconds", time.Second, func(c *Config) *time.Duration { return &c.ControllerQuotaWindows.Size }),
	whole("replica.fetch.max.bytes", func(c *Config) *int { return &c.ReplicaFetchBytes }),
	whole("replica.fetch.response.max.bytes", func(c *Config) *int { return &c.ReplicaResponseBytes }),
	millis("replica.fetch.backoff.ms", func(c *Config) *time.Duration { return &c.ReplicaFetchBackoff }),
	millis("replica.socket.timeout.ms", func(c *Config) *time.Duration { return &c.ReplicaSocketTimeout }),
	millis("replica.high.watermark.checkpoint.interval.ms", func(c *Config) *time.Duration { return &c.MarkInterval }),
	truth("auto.leader.rebalance.enable", true, func(c *Config) *bool { return &c.NoRebalance }),
	span("leader.imbalance.check.interval.seconds", time.Second, func(c *Config) *time.Duration { return &c.RebalanceInterval }),
	sentinel(whole("leader.imbalance.per.broker.percentage", func(c *Config) *int { return &c.ImbalancePercent }), "0", "-1"),
}

var groupSettings = []setting{
	millis("group.min.session.timeout.ms", func(c *Config) *time.Duration { return &c.Groups.MinSessionTimeout }),
	millis("group.max.session.timeout.ms", func(c *Config) *time.Duration { return &c.Groups.MaxSessionTimeout }),
	sentinel(millis("group.initial.rebalance.delay.ms", func(c *Config) *time.Duration { return &c.Groups.InitialRebalanceDelay }), "0", "-1"),
	sentinel(whole("group.max.size", func(c *Config) *int { return &c.Groups.MaxSize }), "2147483647", "0"),
	whole("offset.metadata.max.bytes", func(c *Config) *int { return &c.Groups.MaxMetadata }),
	millis("offsets.commit.timeout.ms", func(c *Config) *time.Duration { return &c.OffsetsCommitTimeout }),
	whole("offsets.load.buffer.size", func(c *Config) *int { return &c.OffsetsLoadBytes }),
	span("offsets.retention.minutes", time.Minute, func(c *Config) *time.Duration { return &c.Groups.OffsetRetention }),
	millis("offsets.retention.check.interval.ms", func(c *Config) *time.Duration { return &c.Groups.RetentionCheck }),
	whole("offsets.topic.num.partitions", func(c *Config) *int { return &c.OffsetsPartitions }),
	whole("offsets.topic.replication.factor", func(c *Config) *int { return &c.OffsetsReplication }),
	whole("offsets.topic.segment.bytes", func(c *Config) *int { return &c.OffsetsSegmentBytes }),
	{"offsets.topic.compression.codec", func(c *Config) string { return strconv.Itoa(int(c.OffsetsCodec)) }, func(c *Config, value string) {
		n, _ := strconv.Atoi(value)
		c.OffsetsCodec = batch.Codec(n)
	}},
}

// Configured is a configuration with the keys of a server.properties set, as
// [config.File.Values] has them; those about the place of the broker stay.
func (c Config) Configured(values map[string]string) (Config, error) {
	c = c.withDefaults()
	layers := config.Layers{Static: values}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		k := config.Brokers.Lookup(name)
		if k == nil || k.Use != config.Works {
			return c, fmt.Errorf("broker: %s sets nothing", name)
		}
		if err := k.Check(values[name]); err != nil {
			return c, fmt.Errorf("broker: %s: %w", name, err)
		}
	}
	apply := func(s *setting) {
		value, from, ok := layers.Value(config.Brokers.Lookup(s.key))
		if ok && from != kmsg.ConfigSourceDefaultConfig && s.write != nil {
			s.write(&c, value)
		}
	}
	apply(settingOf(authorizerKey)) // without one, what else is said of it has no place
	for i := range settings {
		apply(&settings[i])
	}
	return c, errors.Join(c.checkDurations(), c.checkCounts(), c.Log.Validate())
}

// statics are the keys that a configuration gives another value than Kafka does: what a
// file would have to say.
func (c *Config) statics() map[string]string {
	said := map[string]string{}
	for i := range settings {
		s := &settings[i]
		value := s.read(c)
		if usual, _, ok := (&config.Layers{}).Value(config.Brokers.Lookup(s.key)); (!ok && value != "") || ok && value != usual {
			said[s.key] = value
		}
	}
	return said
}
