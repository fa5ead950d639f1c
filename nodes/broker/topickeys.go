package broker

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicKey is one key of the configuration of a topic.
type topicKey struct {
	name  string
	kind  kmsg.ConfigType
	read  func(*topicConfig) string
	write func(*topicConfig, string) error
}

// topicKeys are the keys that mean something here, by name.
var topicKeys = []topicKey{
	{"cleanup.policy", kmsg.ConfigTypeList, readPolicy, writePolicy},
	number("delete.retention.ms", func(c *topicConfig) *int64 { return &c.log.DeleteRetentionMillis }),
	number("index.interval.bytes", func(c *topicConfig) *int64 { return &c.log.IndexIntervalBytes }),
	number("max.compaction.lag.ms", func(c *topicConfig) *int64 { return &c.log.MaxCompactionLagMillis }),
	{"max.message.bytes", kmsg.ConfigTypeInt, func(c *topicConfig) string { return strconv.Itoa(c.log.MaxMessageBytes) },
		func(c *topicConfig, value string) (err error) {
			c.log.MaxMessageBytes, err = strconv.Atoi(value)
			return err
		}},
	{"message.timestamp.type", kmsg.ConfigTypeString, readTimestampType, writeTimestampType},
	{"min.cleanable.dirty.ratio", kmsg.ConfigTypeDouble, readRatio, writeRatio},
	number("min.compaction.lag.ms", func(c *topicConfig) *int64 { return &c.log.MinCompactionLagMillis }),
	number("min.insync.replicas", func(c *topicConfig) *int64 { return &c.minInsync }),
	number("retention.bytes", func(c *topicConfig) *int64 { return &c.log.RetentionBytes }),
	number("retention.ms", func(c *topicConfig) *int64 { return &c.log.RetentionMillis }),
	number("segment.bytes", func(c *topicConfig) *int64 { return &c.log.SegmentBytes }),
	number("segment.index.bytes", func(c *topicConfig) *int64 { return &c.log.IndexBytes }),
	number("segment.jitter.ms", func(c *topicConfig) *int64 { return &c.log.SegmentJitterMillis }),
	number("segment.ms", func(c *topicConfig) *int64 { return &c.log.SegmentMillis }),
	{"unclean.leader.election.enable", kmsg.ConfigTypeBoolean, func(c *topicConfig) string { return strconv.FormatBool(c.unclean) },
		func(c *topicConfig, value string) (err error) { c.unclean, err = strconv.ParseBool(value); return err }},
}

// number is a key with a whole number.
func number(name string, at func(*topicConfig) *int64) topicKey {
	return topicKey{name, kmsg.ConfigTypeLong, func(c *topicConfig) string { return strconv.FormatInt(*at(c), 10) },
		func(c *topicConfig, value string) (err error) {
			*at(c), err = strconv.ParseInt(value, 10, 64)
			return err
		}}
}

func readPolicy(c *topicConfig) string {
	switch {
	case c.log.Delete && c.log.Compact:
		return "compact,delete"
	case c.log.Compact:
		return "compact"
	}
	return "delete"
}

func writePolicy(c *topicConfig, value string) error {
	c.log.Delete, c.log.Compact = false, false
	for _, one := range strings.Split(value, ",") {
		switch strings.TrimSpace(one) {
		case "delete":
			c.log.Delete = true
		case "compact":
			c.log.Compact = true
		default:
			return errors.New("want delete, compact or both")
		}
	}
	return nil
}

func readTimestampType(c *topicConfig) string {
	if c.log.LogAppendTime {
		return "LogAppendTime"
	}
	return "CreateTime"
}

func writeTimestampType(c *topicConfig, value string) error {
	if value != "LogAppendTime" && value != "CreateTime" {
		return errors.New("want CreateTime or LogAppendTime")
	}
	c.log.LogAppendTime = value == "LogAppendTime"
	return nil
}

func readRatio(c *topicConfig) string {
	return fmt.Sprintf("%d.%03d", c.log.MinDirtyPermille/1000, c.log.MinDirtyPermille%1000)
}

// writeRatio reads "0.5" as 500 thousandths.
func writeRatio(c *topicConfig, value string) error {
	whole, rest, _ := strings.Cut(value, ".")
	n, err := strconv.ParseInt(whole+(rest + "000")[:3], 10, 64)
	if err == nil {
		c.log.MinDirtyPermille = n
	}
	return err
}
