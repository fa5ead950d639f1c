package logs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// keyed is what the history knows of the record at an offset, be it there in the end or
// not.
type keyed struct {
	key, value string
	keyless    bool
	tombstone  bool
	// sent is when it was sent, op by which operation.
	sent time.Duration
	op   int
}

// doubt is a record of which nobody knows whether, or how often, it is there: one that was
// not acknowledged, or was sent again. If it is, it supersedes others.
type doubt struct {
	sent      time.Duration
	tombstone bool
}

// knowledge is what the history knows of the keys in a partition.
type knowledge struct {
	at      map[int64]keyed
	offsets []int64 // of at, ascending
	keys    map[string][]int64
	doubts  map[string][]doubt
}

// learn gathers what is known of all partitions.
func (j *judge) learn() {
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		switch {
		case op.F == history.Send && op.Outcome != history.Fail && op.Log != nil:
			j.learnSend(i, op)
		case reads(op) && op.Log != nil:
			for _, r := range op.Log.Records {
				if s, ok := j.senders[r.Value]; ok {
					j.partition(r.Partition).know(r.Offset, keyed{r.Key, r.Value, j.h.Ops[s].Log.Keyless, r.Tombstone, j.h.Ops[s].Invoke, s})
				}
			}
		}
	}
	for _, p := range j.sorted() {
		p.known.offsets = slices.Sorted(maps.Keys(p.known.at))
		for _, o := range p.known.offsets {
			k := p.known.at[o].key
			p.known.keys[k] = append(p.known.keys[k], o)
		}
	}
}

// learnSend: where a record is that all in-sync replicas acknowledged is known. Where
// records may be lost, it may be so in vain.
func (j *judge) learnSend(i int, op *history.Op) {
	l := op.Log
	for _, p := range j.places(op) {
		told := op.Outcome == history.OK && l.Acks == allAcks && l.Offset != history.Unknown
		if told && (p.lossy < 0 || l.Offset < p.lossy) {
			p.know(l.Offset, keyed{l.Key, op.Value, l.Keyless, l.Tombstone, op.Invoke, i})
		} else {
			told = false
		}
		if !told || mayRepeat(op) {
			p.known.doubts[l.Key] = append(p.known.doubts[l.Key], doubt{op.Invoke, l.Tombstone})
		}
	}
}

// know enters a record. If two are known at one offset, that is for others to judge.
func (p *partition) know(offset int64, k keyed) {
	if _, twice := p.known.at[offset]; !twice && (p.lossy < 0 || offset < p.lossy || p.at[offset].Value == k.value) {
		p.known.at[offset] = k
	}
}

// blames says which guarantee falls if who read at a time did not see the record at an
// offset, "" if none: compaction may have taken it. In the end nothing is on its way any
// more, so a record that nobody has seen is none that supersedes another, unless it is
// gone in its turn, as a tombstone may be.
func (j *judge) blames(p *partition, offset int64, by time.Duration, end bool) string {
	k, known := p.known.at[offset]
	if !known || k.keyless || p.superseded(offset, k.key, by, end) {
		return ""
	}
	if !k.tombstone {
		return CompactionKeeps
	}
	if j.h.Rules.ClocksWrong || by-k.sent >= j.least(p, "delete.retention.ms", j.h.Rules.DeleteRetention, day)-clockStep {
		return ""
	}
	return TombstoneShown
}

// superseded reports whether a record of the same key that is further back may have been
// sent by a time.
func (p *partition) superseded(offset int64, key string, by time.Duration, end bool) bool {
	offsets := p.known.keys[key]
	at, _ := slices.BinarySearch(offsets, offset+1)
	for _, later := range offsets[at:] {
		if p.known.at[later].sent <= by {
			return true
		}
	}
	return slices.ContainsFunc(p.known.doubts[key], func(d doubt) bool {
		return d.sent <= by && (d.tombstone || !end || p.lossy >= 0)
	})
}

const (
	day = 24 * time.Hour
	// clockStep is how exact the clocks of brokers are, twice.
	clockStep = 2 * time.Millisecond
)

// least is the smallest value in milliseconds that a topic ever had for a setting: brokers
// hear of a change some time after it was made, and may be asked for one in vain.
func (j *judge) least(p *partition, setting string, common, without time.Duration) time.Duration {
	least := without
	if common > 0 {
		least = common
	}
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if (op.F != history.SetConfig && op.F != history.CreateTopic) || op.Log == nil || op.Path != topicOf(p.name) {
			continue
		}
		for _, word := range strings.Fields(op.Log.Args) {
			name, value, _ := strings.Cut(word, "=")
			if n, err := strconv.ParseInt(value, 10, 64); name == setting && err == nil && n >= 0 {
				least = min(least, time.Duration(n)*time.Millisecond)
			}
		}
	}
	return least
}

// retired: what was deleted for its age was old.
func (j *judge) retired() {
	if j.h.Rules.ClocksWrong {
		return
	}
	for _, p := range j.sorted() {
		start := int64(0)
		for _, e := range p.events {
			if e.Kind != history.StartMoved || e.Offset <= start {
				continue
			}
			if e.Why == history.ByAge {
				j.retiredAt(p, start, e)
			}
			start = e.Offset
		}
	}
}

// retiredAt checks what one deletion took. What compaction had taken before is not among it;
// and where records have been lost since, it took one of those, and not what is there now.
func (j *judge) retiredAt(p *partition, from int64, e history.LogEvent) {
	keep, compacted := j.least(p, "retention.ms", j.h.Rules.Retention, 7*day), p.compactedBy(e.At)
	at, _ := slices.BinarySearch(p.known.offsets, from)
	for _, o := range p.known.offsets[at:] {
		if o >= e.Offset {
			return
		}
		if p.lostSince(o, e.At) {
			return
		}
		k := p.known.at[o]
		if e.At-k.sent < keep-clockStep && (o >= compacted || j.blames(p, o, e.At, false) != "") {
			j.report(RetentionAge, fmt.Sprintf("But offset %d of %s was deleted for its age at %v, with retention.ms=%d.", o, p.name, e.At, keep.Milliseconds()), k.op)
			return
		}
	}
}

// lostSince reports whether records were lost after a time, from that offset or before on.
func (p *partition) lostSince(offset int64, t time.Duration) bool {
	return slices.ContainsFunc(p.events, func(e history.LogEvent) bool {
		loss := e.Kind == history.UncleanElection || e.Kind == history.LastReplicaLost
		return loss && e.At > t && e.Offset <= offset
	})
}

// startBy and compactedBy are how far the log had been deleted, or compacted, by a time.
func (p *partition) startBy(t time.Duration) int64 { return p.furthest(history.StartMoved, t) }

func (p *partition) compactedBy(t time.Duration) int64 { return p.furthest(history.CompactedTo, t) }

func (p *partition) furthest(kind history.LogEventKind, by time.Duration) (offset int64) {
	for _, e := range p.events {
		if e.Kind == kind && e.At <= by {
			offset = max(offset, e.Offset)
		}
	}
	return offset
}

// times: what is told of a time is the first record of then or later. A leader that was
// deposed and does not know it may know of none, or not of the last; and of two records
// that were made within the step of a clock, either may be meant.
func (j *judge) times() {
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if op.F != history.FindOffset || op.Outcome != history.OK || op.Log.Offset == history.Unknown || j.h.Rules.ClocksWrong {
			continue
		}
		p := j.partition(op.Path)
		back, _ := strconv.ParseInt(strings.TrimPrefix(op.Log.Args, "back="), 10, 64)
		asked := op.Invoke - time.Duration(back)*time.Millisecond
		if k, known := p.known.at[op.Log.Offset]; known && k.sent < asked-clockStep {
			j.report(OffsetByTime, fmt.Sprintf("But offset %d of %s was told for %v, and its record was made at %v.", op.Log.Offset, p.name, asked, k.sent), i, k.op)
			continue
		}
		j.earlier(p, i, asked)
	}
}

// earlier looks for a record before the one that was told for a time.
func (j *judge) earlier(p *partition, i int, asked time.Duration) {
	op := &j.h.Ops[i]
	compacted := p.compactedBy(op.Return)
	at, _ := slices.BinarySearch(p.known.offsets, p.startBy(op.Return))
	for _, o := range p.known.offsets[at:] {
		k := p.known.at[o]
		switch {
		case o >= op.Log.Offset:
			return
		case k.sent < asked+clockStep, p.excuses(o), o < compacted && j.blames(p, o, op.Return, false) == "":
		default:
			j.report(OffsetByTime, fmt.Sprintf("But offset %d of %s was told for %v, and the record at offset %d was made at %v.", op.Log.Offset, p.name, asked, o, k.sent), i, k.op)
			return
		}
	}
}
