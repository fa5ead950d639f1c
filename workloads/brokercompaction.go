package workloads

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// brokerCompaction is about logs that are made smaller while they are written, copied and
// read: by age, by size, on request, and key by key. Segments hold a few records, keys
// are few, and brokers look for what can go all the time.
func brokerCompaction() Workload {
	return Workload{
		Name:      "broker/compaction",
		Doc:       "keyed records and tombstones in logs that are compacted, or lose their beginning, while readers scan them",
		Knobs:     cleaningKnobs,
		OnBrokers: everybody,
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 5, 2)
			s.Mix = swarm(r, []Weight{
				{"put", 14}, {"tombstone", 4}, {"poll", 4}, {"assign", 1}, {"scan", 3}, {"configure", 1}, {"delete-records", 1}, {"find-offset", 2},
			}, "find-offset", "tombstone", "poll", "assign", "configure", "delete-records")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			keys := choose(r, 1+r.IntN(6), 5+r.IntN(30)) // with few, none is ever deleted for long
			return timeline(r, s, func(kind string) []Op { return cleaningOps(r, s, kind, keys) }, func(client int) []Op {
				farewell := logFarewell(s, client)
				farewell[0].Log.Key = keyName(0)
				return append(farewell, Op{F: history.Scan, Path: partition(logTopic, client%s.Keys)})
			})
		},
		Setup:      func(s Shape) []Op { return createsTopic(logTopic, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.Poll, s, partitionsOf(logTopic, s.Keys)...) },
		Judges:     []string{"log"},
		NeedsKinds: []history.F{history.Send, history.Poll},
	}
}

// cleaningKnobs are those of logs that are cleaned all the time. Times are around the
// length of a run: what is never due is never seen, and what is always due hides what
// comes of waiting.
func cleaningKnobs(r *rand.Rand) []string {
	millis := func(name string, least, most int) string {
		return fmt.Sprintf("%s=%dms", name, least+r.IntN(most-least))
	}
	knobs := []string{
		"cleanup=" + choose(r, "compact", "compact", "compact", "compact+delete", "compact+delete", "delete"),
		fmt.Sprintf("segment-bytes=%d", 150+r.IntN(1200)), millis("cleaner-interval", 10, 500), millis("mark-interval", 10, 200),
		fmt.Sprintf("dirty-permille=%d", 1+r.IntN(choose(r, 1, 300, 900))),
	}
	if r.IntN(2) == 0 {
		knobs = append(knobs, millis("segment-age", 50, 3000))
	}
	if r.IntN(2) == 0 {
		knobs = append(knobs, millis("retention", 300, 6000))
	}
	if r.IntN(3) == 0 {
		knobs = append(knobs, fmt.Sprintf("retention-bytes=%d", 300+r.IntN(6000)))
	}
	if r.IntN(3) == 0 {
		knobs = append(knobs, millis("compaction-lag", 1, 2000))
	}
	if r.IntN(4) > 0 {
		knobs = append(knobs, millis("delete-retention", 1, choose(r, 100, 1000, 10000)))
	}
	return knobs
}

func keyName(k int) string { return fmt.Sprintf("k%d", k) }

func cleaningOps(r *rand.Rand, s Shape, kind string, keys int) []Op {
	p := partition(logTopic, s.key(r))
	switch kind {
	case "put":
		return []Op{{F: history.Send, Path: p, Log: LogArgs{Key: keyName(r.IntN(keys))}}}
	case "tombstone":
		return []Op{{F: history.Send, Path: p, Log: LogArgs{Key: keyName(r.IntN(keys)), Tombstone: true}}}
	case "scan":
		return []Op{{F: history.Scan, Path: p}}
	case "find-offset":
		return []Op{{F: history.FindOffset, Path: p, Log: LogArgs{Args: fmt.Sprintf("back=%d", r.IntN(3000))}}}
	case "configure":
		return []Op{{F: history.SetConfig, Path: logTopic, Log: LogArgs{Args: cleaningSetting(r)}}}
	case "delete-records":
		return []Op{{F: history.DeleteRecords, Path: p, Log: LogArgs{Args: fmt.Sprintf("before=%d", r.IntN(60))}}}
	}
	return logOps(r, s, kind)
}

// cleaningSetting draws what an operator changes about a log in use.
func cleaningSetting(r *rand.Rand) string {
	millis := func(least, most int) time.Duration { return time.Duration(least+r.IntN(most-least)) * time.Millisecond }
	switch r.IntN(7) {
	case 0:
		return "cleanup.policy=" + choose(r, "compact", "delete", "compact,delete")
	case 1:
		return fmt.Sprintf("retention.ms=%d", millis(300, 6000).Milliseconds())
	case 2:
		return fmt.Sprintf("retention.bytes=%d", choose(r, -1, 300+r.IntN(6000)))
	case 3:
		return fmt.Sprintf("delete.retention.ms=%d", millis(1, 3000).Milliseconds())
	case 4:
		return fmt.Sprintf("min.compaction.lag.ms=%d", choose(r, 0, millis(1, 2000).Milliseconds()))
	case 5:
		return fmt.Sprintf("min.cleanable.dirty.ratio=0.%03d", r.IntN(1000))
	}
	return fmt.Sprintf("segment.bytes=%d", 150+r.IntN(1200))
}
