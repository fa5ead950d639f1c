package logs

import (
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// story is a run in which nothing went wrong: three records, two of them read on the
// way, all of them in the end. One send never came back, and was written.
func story() *history.History {
	send := func(id, client int, value string, at time.Duration, offset int64) history.Op {
		return history.Op{
			ID: id, Client: client, Process: client, F: history.Send, Path: "orders-0", Value: value, Invoke: at, Return: at + 5, Outcome: history.OK,
			Log: &history.LogOp{Keyless: true, Acks: -1, Partition: "orders-0", Offset: offset, Attempts: 1},
		}
	}
	read := func(offset int64, value string) history.Record {
		return history.Record{Partition: "orders-0", Offset: offset, Value: value}
	}
	poll := func(id int, at time.Duration, records ...history.Record) history.Op {
		return history.Op{
			ID: id, Client: 2, Process: 2, F: history.Poll, Invoke: at, Return: at + 5, Outcome: history.OK,
			Log: &history.LogOp{Offset: history.Unknown, Records: records},
		}
	}
	lost := send(3, 1, "c", 20, history.Unknown)
	lost.Outcome, lost.Return, lost.Log.Partition = history.Info, history.Never, ""
	last := poll(7, 100, read(0, "a"), read(1, "b"), read(2, "c"))
	last.Path, last.Final, last.Log.Offset = "orders-0", true, 3
	return &history.History{Ops: []history.Op{
		send(1, 0, "a", 0, 0), send(2, 0, "b", 10, 1), lost,
		{ID: 4, Client: 2, Process: 2, F: history.Assign, Path: "orders-0", Invoke: 1, Return: 1, Outcome: history.OK, Log: &history.LogOp{From: "beginning", Offset: history.Unknown}},
		poll(5, 20, read(0, "a")), poll(6, 30, read(1, "b")), last,
	}}
}

// resume has the reader begin where a group is, behind the first record.
func resume(h *history.History) {
	h.Ops[3].Log.From, h.Ops[3].Log.Positions = "committed", []history.Position{{Partition: "orders-0", Offset: 1}}
	h.Ops[4].Log.Records = nil
}

// overtake has the second record stand before the first, both of which one client sent to one
// broker without waiting, and changes something more about them.
func overtake(h *history.History, also func(first, second *history.Op)) {
	first, second := &h.Ops[0], &h.Ops[1]
	second.Client, second.Process, second.Invoke = first.Client, first.Process, 2
	first.Log.Broker, second.Log.Broker = 1, 1
	first.Log.Offset, second.Log.Offset = 1, 0
	h.Ops[4].Log.Records, h.Ops[5].Log.Records = nil, nil
	h.Ops[6].Log.Records[0].Value, h.Ops[6].Log.Records[1].Value = "b", "a"
	also(first, second)
}

// spoiled are ways to make the story wrong, and ways that are not wrong.
var spoiled = []struct {
	name  string
	want  string // "" for no finding
	spoil func(*history.History)
}{
	{"as it was", "", func(*history.History) {}},
	{"a record is taken in the end that is longer than its topic allows", LimitKept, func(h *history.History) { tooLarge(h, history.OK) }},
	{"a record is taken in the end while somebody makes the limit higher", "", func(h *history.History) {
		tooLarge(h, history.OK)
		h.Ops = append(h.Ops, history.Op{ID: 98, F: history.SetConfig, Path: "orders", Outcome: history.OK, Invoke: 40, Return: 62, Log: &history.LogOp{Offset: history.Unknown}})
	}},
	{"somebody reads a record that was taken while the limit was made higher", "", func(h *history.History) { readLarge(h, 99) }},
	{"somebody reads a record as if it were longer than allowed, and nobody sent it", UnsentRead, func(h *history.History) { readLarge(h, 98) }},
	{"a record is refused in the end that is longer than its topic allows", "", func(h *history.History) { tooLarge(h, history.Fail) }},
	{"the last record is gone that was acknowledged", LostWrite, func(h *history.History) {
		h.Ops[5].Log.Records = nil
		h.Ops[6].Log.Records = h.Ops[6].Log.Records[:1]
	}},
	{"the record is gone, and its leader alone had acknowledged it", "", func(h *history.History) {
		h.Ops[5].Log.Records, h.Ops[1].Log.Acks = nil, 1
		h.Ops[6].Log.Records = slices.Delete(h.Ops[6].Log.Records, 1, 2)
	}},
	{"the record is gone by an unclean election", "", func(h *history.History) {
		h.Ops[6].Log.Records = h.Ops[6].Log.Records[:1]
		h.Partitions = []history.LogEvent{{Kind: history.UncleanElection, Partition: "orders-0", Offset: 1}}
	}},
	{"the record is gone by an unclean election that lost later ones only", LostWrite, func(h *history.History) {
		h.Ops[5].Log.Records = nil
		h.Ops[6].Log.Records = h.Ops[6].Log.Records[:1]
		h.Partitions = []history.LogEvent{{Kind: history.UncleanElection, Partition: "orders-0", Offset: 2}}
	}},
	{"what was old was deleted", "", func(h *history.History) {
		h.Ops[6].Log.Records = h.Ops[6].Log.Records[1:]
		h.Partitions = []history.LogEvent{{Kind: history.StartMoved, Partition: "orders-0", Offset: 1}}
	}},
	{"a record was acknowledged and read behind the end that the last reader was told before", "", func(h *history.History) {
		h.Ops[5].Log.Records, h.Ops[5].Return = []history.Record{{Partition: "orders-0", Offset: 1, Value: "b"}}, 102
		h.Ops[1].Return = 101
		h.Ops[6].Log.Records, h.Ops[6].Log.Offset = h.Ops[6].Log.Records[:1], 1
	}},
	{"a record was read and is gone", ReadStays, func(h *history.History) {
		h.Ops[1].Outcome, h.Ops[1].Log.Offset = history.Info, history.Unknown
		h.Ops[6].Log.Records = slices.Delete(h.Ops[6].Log.Records, 1, 2)
	}},
	{"two readers see two records at an offset", InconsistentOffsets, func(h *history.History) {
		h.Ops[1].Outcome, h.Ops[1].Log.Offset = history.Info, history.Unknown
		h.Ops[6].Log.Records[1].Value, h.Ops[6].Log.Records[2].Value = "c", "b"
	}},
	{"the sender was told another offset", InconsistentOffsets, func(h *history.History) {
		h.Ops[6].Log.Records[1].Offset, h.Ops[6].Log.Records[2].Offset = 2, 3
		h.Ops[5].Log.Records[0].Offset = 2
		h.Ops[6].Log.Records[1], h.Ops[6].Log.Offset = history.Record{Partition: "orders-0", Offset: 2, Value: "b"}, 4
	}},
	{"a record is there twice", Duplicate, func(h *history.History) {
		h.Ops[6].Log.Records = append(h.Ops[6].Log.Records, history.Record{Partition: "orders-0", Offset: 3, Value: "a"})
	}},
	{"a record is there twice that was sent twice", "", func(h *history.History) {
		h.Ops[0].Log.Attempts = 2
		h.Ops[6].Log.Records = append(h.Ops[6].Log.Records, history.Record{Partition: "orders-0", Offset: 3, Value: "a"})
	}},
	{"a record is there twice whose sender died", "", func(h *history.History) {
		h.Ops[6].Log.Records = append(h.Ops[6].Log.Records, history.Record{Partition: "orders-0", Offset: 3, Value: "c"})
	}},
	{"a record was sent twice, and the copy that was read first has been deleted", "", func(h *history.History) {
		h.Ops[0].Log.Attempts, h.Ops[0].Log.Offset, h.Ops[0].Return = 2, 3, 50
		h.Ops[6].Log.Offset = 4
		h.Ops[6].Log.Records = append(h.Ops[6].Log.Records[1:], history.Record{Partition: "orders-0", Offset: 3, Value: "a"})
		h.Partitions = []history.LogEvent{{Kind: history.StartMoved, Partition: "orders-0", Offset: 1}}
	}},
	{"an idempotent producer's record is there twice", Duplicate, func(h *history.History) {
		h.Ops[0].Log.Attempts, h.Ops[0].Log.Producer = 2, 7
		h.Ops[6].Log.Records = append(h.Ops[6].Log.Records, history.Record{Partition: "orders-0", Offset: 3, Value: "a"})
	}},
	{"a record is read whose sender knows that it failed", AbortedRead, func(h *history.History) {
		h.Ops[2].Outcome, h.Ops[2].Return = history.Fail, 25
	}},
	{"a record is read that nobody sent", UnsentRead, func(h *history.History) {
		h.Ops[6].Log.Records[2].Value = "x"
	}},
	{"a record is read in another partition", UnsentRead, func(h *history.History) { h.Ops[2].Path = "orders-1" }},
	{"a record is read before it was sent", UnsentRead, func(h *history.History) { h.Ops[2].Invoke = 200 }},
	{"a reader goes back", PollOrder, func(h *history.History) {
		h.Ops[5].Log.Records = []history.Record{{Partition: "orders-0", Offset: 0, Value: "a"}}
	}},
	{"a reader goes back whose position was out of range", "", func(h *history.History) {
		h.Ops[5].Log.Records = []history.Record{{Partition: "orders-0", Offset: 0, Value: "a"}}
		h.Ops[5].Log.Jumps = []history.Jump{{Partition: "orders-0", From: 1, To: 0, Why: "out-of-range"}}
	}},
	{"a reader misses a record where it was sent to", PollSkip, func(h *history.History) {
		h.Ops[5].Log.Records = []history.Record{{Partition: "orders-0", Offset: 1, Value: "b"}}
		h.Ops[5].Log.Jumps = []history.Jump{{Partition: "orders-0", From: 1, To: 0, Why: "begin"}}
	}},
	{"a reader reads what is before where it was sent to", PollOrder, func(h *history.History) {
		h.Ops[5].Log.Records = []history.Record{{Partition: "orders-0", Offset: 1, Value: "b"}}
		h.Ops[5].Log.Jumps = []history.Jump{{Partition: "orders-0", From: 0, To: 2, Why: "begin"}}
	}},
	{"a reader goes on where a group is", "", func(h *history.History) { resume(h) }},
	{"a reader goes on where a group is, and from its beginning", GroupStart, func(h *history.History) {
		resume(h)
		h.Ops[4].Log.Records = []history.Record{{Partition: "orders-0", Offset: 0, Value: "a"}}
		h.Ops[4].Log.Jumps = []history.Jump{{Partition: "orders-0", From: history.Unknown, To: 0, Why: "begin"}}
	}},
	{"a reader misses a record", PollSkip, func(h *history.History) {
		h.Ops[5].Log.Records = []history.Record{{Partition: "orders-0", Offset: 2, Value: "c"}}
	}},
	{"a later record comes first", SendOrder, func(h *history.History) {
		h.Ops[0].Log.Offset, h.Ops[1].Log.Offset = 1, 0
		h.Ops[4].Log.Records, h.Ops[5].Log.Records = nil, nil
		h.Ops[6].Log.Records[0].Value, h.Ops[6].Log.Records[1].Value = "b", "a"
	}},
	{"a record overtakes one that left before it", ProducerOrder, func(h *history.History) { overtake(h, func(first, second *history.Op) {}) }},
	{"a record overtakes one that had to be sent again", "", func(h *history.History) {
		overtake(h, func(first, second *history.Op) { first.Log.Attempts = 2 })
	}},
	{"a record overtakes one that another broker took", "", func(h *history.History) {
		overtake(h, func(first, second *history.Op) { second.Log.Broker = 2 })
	}},
	{"a record overtakes one of another producer", "", func(h *history.History) {
		overtake(h, func(first, second *history.Op) { second.Process = 7 })
	}},
	{"a record overtakes one that its leader alone acknowledged", ProducerOrder, func(h *history.History) {
		overtake(h, func(first, second *history.Op) { first.Log.Acks, second.Log.Acks = 1, 1 })
	}},
	{"a record overtakes one whose partition the key had yet to choose", "", func(h *history.History) {
		overtake(h, func(first, second *history.Op) { first.Path = "orders" })
	}},
	{"a record overtakes one of the same idempotent producer, which sent it again to another broker", ProducerOrder, func(h *history.History) {
		overtake(h, func(first, second *history.Op) {
			first.Log.Producer, second.Log.Producer = 7, 7
			first.Log.Attempts, first.Log.Broker = 2, 2
		})
	}},
	{"a record overtakes one that the same idempotent producer has given up", ProducerOrder, func(h *history.History) {
		overtake(h, func(first, second *history.Op) {
			first.Log.Producer, second.Log.Producer = 7, 7
			first.Outcome, first.Log.Offset = history.Info, history.Unknown
		})
	}},
	{"a record overtakes one where brokers may have forgotten the producer with what was deleted", "", func(h *history.History) {
		overtake(h, func(first, second *history.Op) { first.Log.Producer, second.Log.Producer = 7, 7 })
		h.Partitions = []history.LogEvent{{Kind: history.StartMoved, Partition: "orders-0", Offset: 1}}
	}},
	{"a record is gone that a later one of its key supersedes", "", func(h *history.History) {
		compact(h, "k", "k", "other")
		lose(h, 0)
	}},
	{"the last record of a key is gone", CompactionKeeps, func(h *history.History) {
		compact(h, "k", "other", "k")
		lose(h, 1)
	}},
	{"a record is gone that only one beyond compaction could supersede", LostWrite, func(h *history.History) {
		compact(h, "k", "k", "k")
		h.Partitions[0].Offset = 1
		h.Ops[5].Log.Records = nil
		lose(h, 1)
	}},
	{"a record is gone, and nobody knows whether there was a tombstone", "", func(h *history.History) {
		compact(h, "other", "k", "k")
		h.Ops[2].Log.Tombstone = true
		lose(h, 1, 2)
	}},
	{"a record is gone, and it is not there that may have superseded it", CompactionKeeps, func(h *history.History) {
		compact(h, "other", "k", "k")
		lose(h, 1, 2)
	}},
	{"a record is gone that the log lost where it was not in sync", "", func(h *history.History) {
		compact(h, "other", "k", "k")
		h.Partitions = append(h.Partitions, history.LogEvent{Kind: history.LastReplicaLost, Partition: "orders-0", Offset: 2})
		lose(h, 1, 2)
	}},
	{"a record without a key is gone", "", func(h *history.History) {
		compact(h, "k", "", "other")
		h.Ops[1].Log.Keyless = true
		lose(h, 1)
	}},
	{"a tombstone is gone whose time is over", "", func(h *history.History) {
		compact(h, "k", "k", "other")
		h.Ops[1].Log.Tombstone, h.Rules.DeleteRetention = true, time.Millisecond
		lose(h, 0, 1)
	}},
	{"a tombstone is gone before its time", TombstoneShown, func(h *history.History) {
		compact(h, "k", "k", "other")
		h.Ops[1].Log.Tombstone = true
		lose(h, 0, 1)
	}},
	{"a tombstone is gone before its time, by a clock that is wrong", "", func(h *history.History) {
		compact(h, "k", "k", "other")
		h.Ops[1].Log.Tombstone, h.Rules.ClocksWrong = true, true
		lose(h, 0, 1)
	}},
	{"a scan lacks what was superseded by then", "", func(h *history.History) {
		compact(h, "k", "k", "other")
		scan(h, 50, 3, 1, 2)
	}},
	{"a scan lacks what was superseded later only", CompactionKeeps, func(h *history.History) {
		compact(h, "k", "other", "k")
		scan(h, 12, 2, 1)
	}},
	{"a scan lacks the end", PollSkip, func(h *history.History) {
		compact(h, "k", "other", "k")
		h.Partitions[0].Offset = 2
		scan(h, 50, 3, 0, 1)
	}},
	{"a scan lacks what was deleted", "", func(h *history.History) {
		h.Partitions = []history.LogEvent{{Kind: history.StartMoved, Partition: "orders-0", Offset: 1}}
		scan(h, 50, 3, 1, 2)
	}},
	{"a scan goes back", PollOrder, func(h *history.History) { scan(h, 50, 2, 0, 1, 2, 1) }},
	{"the first record of a time is told", "", func(h *history.History) { find(h, 1) }},
	{"a later record is told than the first of a time", OffsetByTime, func(h *history.History) { find(h, 2) }},
	{"an earlier record is told than the first of a time", OffsetByTime, func(h *history.History) { find(h, 0) }},
	{"a later record is told, by a clock that is wrong", "", func(h *history.History) {
		find(h, 2)
		h.Rules.ClocksWrong = true
	}},
	{"a later record is told than the first of a time, which compaction took", "", func(h *history.History) {
		find(h, 2)
		compact(h, "other", "k", "k")
		lose(h, 1)
	}},
	{"a young record is deleted for its age", RetentionAge, func(h *history.History) {
		h.Partitions = []history.LogEvent{{At: 50, Kind: history.StartMoved, Partition: "orders-0", Offset: 1, Why: history.ByAge}}
	}},
	{"an old record is deleted for its age, and another takes its place", "", func(h *history.History) {
		h.Partitions = []history.LogEvent{
			{At: 50, Kind: history.StartMoved, Partition: "orders-0", Offset: 1, Why: history.ByAge},
			{At: 51, Kind: history.LastReplicaLost, Partition: "orders-0", Offset: 0},
		}
	}},
	{"a young record is deleted for its age, and a later one is lost", RetentionAge, func(h *history.History) {
		h.Partitions = []history.LogEvent{
			{At: 50, Kind: history.StartMoved, Partition: "orders-0", Offset: 1, Why: history.ByAge},
			{At: 51, Kind: history.LastReplicaLost, Partition: "orders-0", Offset: 1},
		}
	}},
	{"an old record is deleted for its age", "", func(h *history.History) {
		h.Rules.Retention = time.Hour
		h.Ops = append(h.Ops, history.Op{F: history.SetConfig, Path: "orders", Log: &history.LogOp{Args: "retention.bytes=5 retention.ms=1", Offset: history.Unknown}})
		h.Partitions = []history.LogEvent{{At: 50, Kind: history.StartMoved, Partition: "orders-0", Offset: 1, Why: history.ByAge}}
	}},
	{"a young record is deleted because the log is too long", "", func(h *history.History) {
		h.Partitions = []history.LogEvent{{At: 50, Kind: history.StartMoved, Partition: "orders-0", Offset: 1, Why: "retention-size"}}
	}},
}

// compact gives the three records of the story keys, in a log that is compacted.
func compact(h *history.History, keys ...string) {
	for i, k := range keys {
		h.Ops[i].Log.Key, h.Ops[i].Log.Keyless = k, false
	}
	for i := range h.Ops {
		for k := range h.Ops[i].Log.Records {
			r := &h.Ops[i].Log.Records[k]
			r.Key = keys[r.Offset]
		}
	}
	h.Partitions = []history.LogEvent{{Kind: history.CompactedTo, Partition: "orders-0", Offset: 3}}
}

// find asks which record was the first of a time between the first and the second. In
// nanoseconds they would be within the step of a clock.
func find(h *history.History, told int64) {
	for i := range h.Ops {
		h.Ops[i].Invoke *= time.Millisecond
		if h.Ops[i].Return != history.Never {
			h.Ops[i].Return *= time.Millisecond
		}
	}
	h.Ops = append(h.Ops, history.Op{
		ID: 8, Client: 1, Process: 1, F: history.FindOffset, Path: "orders-0", Invoke: 60 * time.Millisecond, Return: 61 * time.Millisecond, Outcome: history.OK,
		Log: &history.LogOp{Args: "back=54", Offset: told},
	})
}

// lose takes records out of the final read.
func lose(h *history.History, offsets ...int64) {
	last := h.Ops[6].Log
	last.Records = slices.DeleteFunc(last.Records, func(r history.Record) bool { return slices.Contains(offsets, r.Offset) })
}

// scan adds a scan that brings some of the records of the final read.
func scan(h *history.History, at time.Duration, end int64, offsets ...int64) {
	op := history.Op{
		ID: 8, Client: 1, Process: 1, F: history.Scan, Path: "orders-0", Invoke: at, Return: at + 5, Outcome: history.OK,
		Log: &history.LogOp{From: "beginning", Offset: end},
	}
	for _, o := range offsets {
		op.Log.Records = append(op.Log.Records, h.Ops[6].Log.Records[o])
	}
	h.Ops = append(h.Ops, op)
}

// tooLarge has somebody send in the end what is longer than the topic allows.
func tooLarge(h *history.History, o history.Outcome) {
	h.Ops = append(h.Ops, history.Op{
		ID: 99, F: history.TooLarge, Path: "orders-0", Final: true, Outcome: o, Invoke: 60, Return: 61, Log: &history.LogOp{Acks: -1, Offset: history.Unknown},
	})
}

// readLarge has somebody read in the end what an operation sent that is longer than allowed:
// the one with ID 99, if there was one. The limit was made higher meanwhile.
func readLarge(h *history.History, id int) {
	tooLarge(h, history.OK)
	h.Ops = append(h.Ops, history.Op{
		ID: 97, F: history.SetConfig, Path: "orders", Outcome: history.OK, Invoke: 40, Return: 62, Log: &history.LogOp{Offset: history.Unknown},
	})
	final := &h.Ops[6]
	final.Return = 63
	final.Log.Records = append(final.Log.Records, history.Record{Partition: "orders-0", Offset: final.Log.Offset, Value: history.TooLargePrefix(id) + "noise"})
	final.Log.Offset++
}

// TestJudgeIsJudged: each spoiled story falls by its guarantee, and by no other.
func TestJudgeIsJudged(t *testing.T) {
	broken := map[string]bool{}
	for _, s := range spoiled {
		h := story()
		s.spoil(h)
		v := Judge(h)
		if len(v.Missing) > 0 {
			t.Errorf("%s: nothing is judged: %v", s.name, v.Missing)
		}
		got := ""
		for _, f := range v.Findings {
			if got != "" && got != f.Guarantee {
				t.Errorf("%s: falls by %s, too", s.name, f.Guarantee)
			}
			got = f.Guarantee
		}
		if got != s.want {
			t.Errorf("%s: falls by %q, want %q: %v", s.name, got, s.want, v.Findings)
		}
		broken[s.want] = true
	}
	for _, s := range spoiledGroups {
		broken[s.want] = true
	}
	for _, g := range Guarantees {
		if !broken[g.ID] {
			t.Errorf("no story breaks %s", g.ID)
		}
	}
}

// TestSilenceIsNoSuccess: without a final read that was answered there is no verdict.
func TestSilenceIsNoSuccess(t *testing.T) {
	h := story()
	h.Ops[6].Outcome = history.Info
	if v := Judge(h); len(v.Missing) == 0 {
		t.Error("a final read without an answer passes")
	}
	h.Ops = h.Ops[:6]
	if v := Judge(h); len(v.Missing) == 0 {
		t.Error("a history without final reads passes")
	}
	if v := Judge(story()); v.Counts[0] != (Count{"records sent", 3}) {
		t.Errorf("counted %v", v.Counts)
	}
}

// TestFindingsTellTheStory: operations and their evidence come with a finding.
func TestFindingsTellTheStory(t *testing.T) {
	h := story()
	h.Ops[2].Outcome, h.Ops[2].Return = history.Fail, 25
	f := Judge(h).Findings[0]
	if !slices.Equal(f.Ops, []int{3, 7}) || f.Evidence[0] != `op 3 of c1: send orders-0 "c" acks=-1 from 20ns to 25ns: fail` {
		t.Errorf("ops %v, evidence %q", f.Ops, f.Evidence)
	}
}
