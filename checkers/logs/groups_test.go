package logs

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// The operations of groupStory, by what they are.
const (
	sendA = iota
	sendB
	sendC
	pollFirst  // of member m1, in generation 1
	saveFirst  // of 2
	askFirst   // by a third client
	pollSecond // of member m2, in generation 2, which begins where m1 committed
	saveSecond // of 3
	finalRead
	finalOffset
)

// groupStory is a run in which a member reads two of three records and commits, and another,
// which is given the partition in the next generation, the last.
func groupStory() *history.History {
	h := &history.History{}
	add := func(client int, op history.Op, l history.LogOp) *history.Op {
		at := len(h.Ops) * 10
		op.ID, op.Client, op.Process, op.Outcome, op.Log = len(h.Ops)+1, client, client, history.OK, &l
		op.Invoke, op.Return = time.Duration(at), time.Duration(at+5)
		h.Ops = append(h.Ops, op)
		return &h.Ops[len(h.Ops)-1]
	}
	for i, value := range []string{"a", "b", "c"} {
		add(0, history.Op{F: history.Send, Path: "orders-0", Value: value}, history.LogOp{Keyless: true, Acks: -1, Partition: "orders-0", Offset: int64(i), Attempts: 1})
	}
	record := func(offset int64, value string) history.Record {
		return history.Record{Partition: "orders-0", Offset: offset, Value: value}
	}
	given := func(at int64) []history.Jump {
		return []history.Jump{{Partition: "orders-0", From: history.Unknown, To: at, Why: history.Given}}
	}
	save := func(client, generation int, member string, offset int64) {
		add(client, history.Op{F: history.Commit}, history.LogOp{
			Group: "g", Generation: int32(generation), Member: member, Broker: 1, Offset: history.Unknown, Attempts: 1,
			Positions: []history.Position{{Partition: "orders-0", Offset: offset}},
		})
	}
	add(1, history.Op{F: history.Poll}, history.LogOp{
		Group: "g", Generation: 1, Member: "m1", Offset: history.Unknown, Jumps: given(history.Unknown), Records: []history.Record{record(0, "a"), record(1, "b")},
	})
	save(1, 1, "m1", 2)
	add(3, history.Op{F: history.Committed, Path: "orders-0"}, history.LogOp{Group: "g", Broker: 1, Offset: 2})
	add(2, history.Op{F: history.Poll}, history.LogOp{
		Group: "g", Generation: 2, Member: "m2", Offset: history.Unknown, Jumps: given(2), Records: []history.Record{record(2, "c")},
	})
	save(2, 2, "m2", 3)
	add(3, history.Op{F: history.Poll, Path: "orders-0", Final: true}, history.LogOp{
		Offset: 3, Records: []history.Record{record(0, "a"), record(1, "b"), record(2, "c")},
	})
	add(3, history.Op{F: history.Committed, Path: "orders-0", Final: true}, history.LogOp{Group: "g", Broker: 2, Offset: 3})
	return h
}

// spoiledGroups are ways to make the story of a group wrong, and ways that are not wrong.
var spoiledGroups = []struct {
	name  string
	want  string
	spoil func(*history.History)
}{
	{"as it was", "", func(*history.History) {}},
	{"the second member begins too early, as it is told", "", func(h *history.History) {
		h.Ops[pollSecond].Log.Jumps[0].To = 0
		h.Ops[pollSecond].Log.Records = append([]history.Record{{Partition: "orders-0", Offset: 0, Value: "a"}, {Partition: "orders-0", Offset: 1, Value: "b"}}, h.Ops[pollSecond].Log.Records...)
	}},
	{"the second member begins behind where it should", GroupStart, func(h *history.History) {
		h.Ops[pollSecond].Log.Jumps[0].To = 1
	}},
	{"the second member begins before where it should", GroupStart, func(h *history.History) {
		h.Ops[pollSecond].Log.Jumps[0].To = 3
	}},
	{"what it should begin with was deleted", "", func(h *history.History) {
		h.Ops[pollSecond].Log.Jumps[0].To = 1
		h.Partitions = []history.LogEvent{{Kind: history.StartMoved, Partition: "orders-0", Offset: 2}}
	}},
	{"nobody was given a record", GroupDelivery, func(h *history.History) {
		h.Ops[pollFirst].Log.Records = h.Ops[pollFirst].Log.Records[:1]
	}},
	{"nobody was given a record that was deleted", "", func(h *history.History) {
		h.Ops[pollFirst].Log.Records = h.Ops[pollFirst].Log.Records[:1]
		h.Partitions = []history.LogEvent{{Kind: history.StartMoved, Partition: "orders-0", Offset: 2}}
	}},
	{"nobody was given a record, and the group has not committed past it", "", func(h *history.History) {
		h.Ops[pollSecond].Log.Records = nil
		h.Ops[saveSecond].Log.Positions[0].Offset, h.Ops[finalOffset].Log.Offset = 2, 2
	}},
	{"somebody commits in the group's name what nobody was given", "", func(h *history.History) {
		h.Ops[pollSecond].Log.Records = nil
		h.Ops[saveSecond].Log.Member, h.Ops[saveSecond].Log.Generation = "", -1
	}},
	{"two members read the partition in one generation", GroupExclusive, func(h *history.History) {
		h.Ops[pollSecond].Log.Generation = 1
	}},
	{"a member that hung reads in a generation that was lost before, and is counted again", "", func(h *history.History) {
		h.Ops[pollSecond].Log.Generation = 1
		h.Partitions = []history.LogEvent{{At: h.Ops[pollFirst].Invoke - 1, Kind: history.LastReplicaLost, Partition: history.OffsetsTopic + "-0"}}
	}},
	{"the partition in which another group lives lost its log before", GroupExclusive, func(h *history.History) {
		h.Ops[pollSecond].Log.Generation = 1
		h.Partitions = []history.LogEvent{{At: h.Ops[pollFirst].Invoke - 1, Kind: history.LastReplicaLost, Partition: history.OffsetsTopic + "-0"}}
		h.Log = []history.Applied{{Txn: &wire.Txn{Body: &wire.CreateTxn{Path: "/brokers/topics/" + history.OffsetsTopic, Data: []byte(`{"partitions":{"0":[1],"1":[1]}}`)}}}}
	}},
	{"two members read the partition in one generation, and another loses its log afterwards", GroupExclusive, func(h *history.History) {
		h.Ops[pollSecond].Log.Generation = 1
		h.Partitions = []history.LogEvent{{At: h.Ops[pollSecond].Return + 1, Kind: history.LastReplicaLost, Partition: history.OffsetsTopic + "-0"}}
	}},
	{"a static member returns under another ID", "", func(h *history.History) {
		h.Ops[pollSecond].Log.Generation = 1
		h.Ops[pollFirst].Log.Instance, h.Ops[pollSecond].Log.Instance = "i", "i"
	}},
	{"an old generation commits", GenerationFenced, func(h *history.History) {
		h.Ops[saveFirst].Log.Generation = 3
	}},
	{"the group was deleted, and began anew", "", func(h *history.History) {
		h.Ops[saveFirst].Log.Generation = 3
		h.Partitions = []history.LogEvent{{Kind: history.GroupForgotten, Group: "g", At: time.Duration(50)}}
	}},
	{"the topic of offsets lost its end", "", func(h *history.History) {
		h.Ops[saveFirst].Log.Generation = 3
		h.Partitions = []history.LogEvent{{Kind: history.LastReplicaLost, Partition: "__consumer_offsets-0", At: time.Duration(50)}}
	}},
	{"an old generation commits whose commit overlaps", "", func(h *history.History) {
		h.Ops[saveFirst].Log.Generation, h.Ops[saveFirst].Return = 3, time.Duration(72)
		h.Ops[askFirst].Log.Broker = 3
	}},
	{"a broker forgets what it acknowledged", CommittedKept, func(h *history.History) {
		h.Ops[askFirst].Log.Offset = history.Unknown
	}},
	{"a broker that lost what it acknowledged was elected, and deposed before it knew", "", func(h *history.History) {
		h.Ops[askFirst].Log.Offset = history.Unknown
		h.Partitions = []history.LogEvent{{Kind: history.LedInVain, Partition: "__consumer_offsets-0", Broker: 1, At: h.Ops[askFirst].Invoke}}
	}},
	{"another broker was, and forgets nothing for this one", CommittedKept, func(h *history.History) {
		h.Ops[askFirst].Log.Offset = history.Unknown
		h.Partitions = []history.LogEvent{{Kind: history.LedInVain, Partition: "__consumer_offsets-0", Broker: 2, At: h.Ops[askFirst].Invoke}}
	}},
	{"a broker leads in vain, and in the end less is told", CommittedKept, func(h *history.History) {
		h.Ops[finalOffset].Log.Offset = 2
		h.Partitions = []history.LogEvent{{Kind: history.LedInVain, Partition: "__consumer_offsets-0", Broker: 2, At: h.Ops[finalOffset].Invoke}}
	}},
	{"a broker that acknowledged nothing knows nothing", "", func(h *history.History) {
		h.Ops[askFirst].Log.Offset, h.Ops[askFirst].Log.Broker = history.Unknown, 2
	}},
	{"what was committed was deleted", "", func(h *history.History) {
		h.Ops[askFirst].Log.Offset = history.Unknown
		h.Partitions = []history.LogEvent{{Kind: history.OffsetForgotten, Group: "g", Partition: "orders-0", At: time.Duration(50)}}
	}},
	{"what another group had committed was deleted", CommittedKept, func(h *history.History) {
		h.Ops[askFirst].Log.Offset = history.Unknown
		h.Partitions = []history.LogEvent{{Kind: history.OffsetForgotten, Group: "h", Partition: "orders-0", At: time.Duration(50)}}
	}},
	{"what was committed was deleted, as far as anybody knows", "", func(h *history.History) {
		h.Ops[askFirst].Log.Offset = history.Unknown
		h.Ops = append(h.Ops, history.Op{
			ID: 99, F: history.DeleteGroup, Invoke: time.Duration(42), Return: history.Never, Outcome: history.Info, Log: &history.LogOp{Group: "g", Offset: history.Unknown},
		})
	}},
	{"in the end an older offset is told", CommittedKept, func(h *history.History) {
		h.Ops[finalOffset].Log.Offset = 2
	}},
	{"in the end an older offset is told, whose commit never returned", "", func(h *history.History) {
		h.Ops[finalOffset].Log.Offset = 2
		h.Ops[saveFirst].Outcome, h.Ops[saveFirst].Return = history.Info, history.Never
	}},
	{"an offset is told that nobody committed", CommittedBySome, func(h *history.History) {
		h.Ops[askFirst].Log.Offset = 1
	}},
	{"an offset is told before it is committed", CommittedBySome, func(h *history.History) {
		h.Ops[askFirst].Log.Offset = 3
	}},
	{"an offset is told whose commit was refused", CommittedBySome, func(h *history.History) {
		h.Ops[saveFirst].Outcome = history.Fail
	}},
}

// TestGroupsAreJudged: each spoiled story falls by its guarantee, and by no other.
func TestGroupsAreJudged(t *testing.T) {
	for _, s := range spoiledGroups {
		h := groupStory()
		s.spoil(h)
		v, got := Judge(h), ""
		if len(v.Missing) > 0 {
			t.Errorf("%s: nothing is judged: %v", s.name, v.Missing)
		}
		for _, f := range v.Findings {
			if got != "" && got != f.Guarantee {
				t.Errorf("%s: falls by %s, too", s.name, f.Guarantee)
			}
			got = f.Guarantee
		}
		if got != s.want {
			t.Errorf("%s: falls by %q, want %q: %v", s.name, got, s.want, v.Findings)
		}
	}
}

// TestGroupsAreCounted: a report says how much there was to judge of groups.
func TestGroupsAreCounted(t *testing.T) {
	want := []Count{{"answers about committed offsets", 2}, {"records that reached a group", 3}}
	if got := Judge(groupStory()).Counts[3:]; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("counted %v, want %v", got, want)
	}
}
