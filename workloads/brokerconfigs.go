package workloads

import (
	"fmt"
	"math/rand/v2"

	"github.com/stampede-sim/stampede/checkers/history"
)

// shelfTopic takes no records, so that it may be given any configuration.
const shelfTopic = "shelf"

// brokerConfigs is what operators say of topics and brokers that are in use: limits are
// raised and lowered, lists are appended to and subtracted from, changes are tried and not
// made, and some make no sense. In the end every broker goes by what was said last.
func brokerConfigs() Workload {
	return Workload{
		Name:      "broker/configs",
		Doc:       "configurations of topics and brokers changed under load; in the end all brokers go by what was acknowledged last",
		OnBrokers: everybody,
		Knobs:     func(r *rand.Rand) []string { return []string{fmt.Sprintf("auto-create=%v", r.IntN(2) == 0)} },
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 2)
			s.Mix = swarm(r, []Weight{
				{"send", 8}, {"poll", 3}, {"assign", 1}, {"topic", 5}, {"shelf", 4}, {"brokers", 5}, {"nonsense", 2}, {"describe", 2}, {"want", 2}, {"reassign", 1},
			}, "poll", "assign", "shelf", "brokers", "nonsense", "describe", "want", "reassign")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return configsOps(r, s, kind) }, func(client int) []Op { return configsFarewell(s, client) })
		},
		Setup: func(s Shape) []Op {
			ops := append(createsTopic(logTopic, s.Keys), createsTopic(shelfTopic, 1)...)
			number(ops, setupID)
			return ops
		},
		FinalReads: configsFinals,
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll, history.SetConfig},
	}
}

// configsFarewell lets records be sent again, and sends one.
func configsFarewell(s Shape, client int) []Op {
	return append([]Op{
		{F: history.SetConfig, Path: logTopic, Log: LogArgs{Args: "min.insync.replicas=1 max.message.bytes=" + fmt.Sprint(400+100*client)}},
	}, logFarewell(s, client)...)
}

// configsFinals are what the partitions hold, what is said of everything, and an attempt
// to send what is too long by that.
func configsFinals(s Shape) []Op {
	ops := finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...)
	ops = append(ops, finals(history.Describe, s, logTopic, shelfTopic)...)
	ops = append(ops, finals(history.DescribeBroker, s, allBrokers, "1")...)
	ops = append(ops, finals(history.TooLarge, s, partitionsOf(logTopic, s.Keys)...)...)
	number(ops, finalID)
	return ops
}

func configsOps(r *rand.Rand, s Shape, kind string) []Op {
	args := func(text string) LogArgs {
		if r.IntN(6) == 0 {
			text += " validate=1"
		}
		return LogArgs{Args: text}
	}
	switch kind {
	case "topic":
		return []Op{{F: history.SetConfig, Path: logTopic, Log: args(topicSetting(r))}}
	case "shelf":
		return []Op{{F: history.SetConfig, Path: shelfTopic, Log: args(shelfSetting(r))}}
	case "brokers":
		return []Op{{F: history.SetBroker, Path: someBrokersPath(r), Log: args(brokerSetting(r))}}
	case "nonsense":
		return []Op{nonsense(r)}
	case "describe":
		if r.IntN(2) == 0 {
			return []Op{{F: history.Describe, Path: choose(r, logTopic, shelfTopic)}}
		}
		return []Op{{F: history.DescribeBroker, Path: someBrokersPath(r)}}
	case "want":
		return []Op{{F: history.Send, Path: partition(fmt.Sprintf("wanted%d", r.IntN(3)), 0)}}
	case "reassign":
		return []Op{{F: history.Reassign, Path: partition(logTopic, s.key(r)), Log: LogArgs{Args: "replicas=" + someBrokers(r)}}}
	}
	return logOps(r, s, kind)
}

func someBrokersPath(r *rand.Rand) string { return choose(r, allBrokers, allBrokers, "1", "2", "3") }

// topicSetting changes what the topic with the records says.
func topicSetting(r *rand.Rand) string {
	return choose(r,
		fmt.Sprintf("min.insync.replicas=%d", 1+r.IntN(2)), "min.insync.replicas!=",
		fmt.Sprintf("max.message.bytes=%d", 100+r.IntN(400)), "max.message.bytes!=", "max.message.bytes=5000",
		fmt.Sprintf("segment.bytes=%d", 200+r.IntN(2000)), "segment.bytes!=", "compression.type="+someCompression(r), "compression.type!=",
		fmt.Sprintf("max.message.bytes=%d min.insync.replicas=1", 300+r.IntN(300)))
}

// someCompression is what brokers may store batches in.
func someCompression(r *rand.Rand) string {
	return choose(r, "producer", "uncompressed", "gzip", "snappy", "lz4", "zstd")
}

// shelfSetting changes what the topic without records says.
func shelfSetting(r *rand.Rand) string {
	return choose(r,
		"cleanup.policy+=compact", "cleanup.policy+=compact", "cleanup.policy-=delete", "cleanup.policy+=delete", "cleanup.policy-=compact",
		"cleanup.policy!=", "cleanup.policy=compact,delete", fmt.Sprintf("retention.ms=%d", 1000+r.IntN(1000)), "retention.ms!=")
}

// brokerSetting changes what is said of brokers.
func brokerSetting(r *rand.Rand) string {
	return choose(r,
		fmt.Sprintf("message.max.bytes=%d", 100+r.IntN(900)), "message.max.bytes!=", fmt.Sprintf("min.insync.replicas=%d", 1+r.IntN(2)), "min.insync.replicas!=",
		fmt.Sprintf("log.cleaner.backoff.ms=%d", 100+r.IntN(1000)), "log.cleaner.backoff.ms!=", "compression.type="+someCompression(r), "compression.type!=", fmt.Sprintf("log.roll.ms=%d", 500+r.IntN(5000)), "log.roll.ms!=")
}

// nonsense is a change that is refused.
func nonsense(r *rand.Rand) Op {
	if r.IntN(2) == 0 {
		return Op{F: history.SetBroker, Path: someBrokersPath(r), Log: LogArgs{
			Args: choose(r, "message.max.bytes=-7", "num.partitions=9", "log.roll.ms=soon", "no.such.key=1", "log.retention.hours=3"),
		}}
	}
	return Op{F: history.SetConfig, Path: choose(r, logTopic, shelfTopic), Log: LogArgs{
		Args: choose(r, "min.insync.replicas=0", "segment.bytes=3", "compression.type=lzo", "cleanup.policy=shred", "cleanup.policy+=shred", "retention.ms+=1", "no.such.key=1",
			"retention.ms=77 max.message.bytes=none", "flush.messages=1"),
	}}
}
