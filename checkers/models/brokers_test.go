package models

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

// Short forms of operations on orders-0.
func sent(value string, offset int64) history.Op {
	return history.Op{F: history.Send, Value: value, Outcome: history.OK, Log: &history.LogOp{Acks: allAcks, Partition: "orders-0", Offset: offset}}
}

func maybeSent(value string) history.Op {
	return history.Op{F: history.Send, Value: value, Outcome: history.Info, Log: &history.LogOp{Acks: allAcks, Offset: history.Unknown}}
}

func numberedSend(value string, offset int64, producer int64, epoch int16, sequence int32) history.Op {
	op := sent(value, offset)
	op.Log.Producer, op.Log.ProducerEpoch, op.Log.Sequence = producer, epoch, sequence
	return op
}

func inTheEnd(values ...string) history.Op {
	op := history.Op{F: history.Poll, Path: "orders-0", Final: true, Outcome: history.OK, Log: &history.LogOp{}}
	for i, v := range values {
		op.Log.Records = append(op.Log.Records, history.Record{Partition: "orders-0", Offset: int64(i), Value: v})
	}
	return op
}

func endsAt(end int64, epoch int32) history.Op {
	return history.Op{F: history.EndOffset, Path: "orders-0", Outcome: history.OK, Log: &history.LogOp{Offset: end, Epoch: epoch}}
}

func commits(offset int64, generation int32, o history.Outcome) history.Op {
	return history.Op{F: history.Commit, Outcome: o, Log: &history.LogOp{Group: "g", Generation: generation, Positions: []history.Position{{Partition: "orders-0", Offset: offset}}}}
}

func reads(offset int64, final bool) history.Op {
	return history.Op{F: history.Committed, Path: "orders-0", Final: final, Outcome: history.OK, Log: &history.LogOp{Group: "g", Offset: offset}}
}

func says(args string, o history.Outcome) history.Op {
	return history.Op{F: history.SetConfig, Path: "orders", Outcome: o, Log: &history.LogOp{Args: args}}
}

func isSaid(words ...string) history.Op {
	return history.Op{F: history.Describe, Path: "orders", Final: true, Outcome: history.OK, Log: &history.LogOp{Says: words}}
}

// brokerCases are small histories and what each search says of them.
var brokerCases = []struct {
	name   string
	search func(*history.History, *Budget) []Result
	h      *timeline
	want   porcupine.CheckResult
}{
	{"records in order, with gaps", ProduceLogs, new(timeline).op(0, 1, sent("a", 0)).op(2, 3, sent("b", 5)), porcupine.Ok},
	{"records at once, either way", ProduceLogs, new(timeline).op(0, 9, sent("a", 5)).op(1, 8, sent("b", 0)), porcupine.Ok},
	{"a later record comes first", ProduceLogs, new(timeline).op(0, 1, sent("a", 5)).op(2, 3, sent("b", 0)), porcupine.Illegal},
	{"two records at an offset", ProduceLogs, new(timeline).op(0, 9, sent("a", 5)).op(1, 8, sent("b", 5)), porcupine.Illegal},
	{"an unknown record was late", ProduceLogs, new(timeline).op(0, 0, maybeSent("a")).op(2, 3, sent("b", 0)).op(8, 9, inTheEnd("b", "a")), porcupine.Ok},
	{"an unknown record comes before its sending", ProduceLogs, new(timeline).op(0, 1, sent("b", 1)).op(2, 0, maybeSent("a")).op(8, 9, inTheEnd("a", "b")), porcupine.Illegal},
	{"an unknown record that is not there", ProduceLogs, new(timeline).op(0, 1, sent("b", 0)).op(2, 0, maybeSent("a")).op(8, 9, inTheEnd("b")), porcupine.Ok},

	{"the end grows", EndOffsets, new(timeline).op(0, 1, endsAt(3, 1)).op(2, 3, endsAt(5, 1)).op(4, 5, endsAt(5, 2)), porcupine.Ok},
	{"the end falls within a reign", EndOffsets, new(timeline).op(0, 1, endsAt(3, 1)).op(2, 3, endsAt(2, 1)), porcupine.Illegal},
	{"a deposed leader tells an old end", EndOffsets, new(timeline).op(0, 1, endsAt(3, 1)).op(2, 3, endsAt(9, 2)).op(4, 5, endsAt(4, 1)), porcupine.Ok},
	{"a new leader tells less than its predecessor", EndOffsets, new(timeline).op(0, 1, endsAt(3, 1)).op(2, 3, endsAt(1, 2)), porcupine.Illegal},
	{"two ask at once", EndOffsets, new(timeline).op(0, 9, endsAt(5, 1)).op(1, 8, endsAt(3, 1)), porcupine.Ok},

	{"a key is said, and said again", Settings, new(timeline).op(0, 1, says("a.b=1", history.OK)).op(2, 3, says("a.b=3", history.OK)).op(4, 5, isSaid("a.b=3")), porcupine.Ok},
	{"what was said first is there in the end", Settings, new(timeline).op(0, 1, says("a.b=1", history.OK)).op(2, 3, says("a.b=3", history.OK)).op(4, 5, isSaid("a.b=1")), porcupine.Illegal},
	{"a key that was taken back is there", Settings, new(timeline).op(0, 1, says("a.b=1", history.OK)).op(2, 3, says("a.b!=", history.OK)).op(4, 5, isSaid("a.b=1")), porcupine.Illegal},
	{"a change that was refused was made", Settings, new(timeline).op(0, 1, says("a.b=1", history.Fail)).op(4, 5, isSaid("a.b=1")), porcupine.Illegal},
	{"a change that was tried was made", Settings, new(timeline).op(0, 1, says("a.b=1 validate=1", history.OK)).op(4, 5, isSaid("a.b=1")), porcupine.Illegal},
	{"a change that nobody asked for", Settings, new(timeline).op(0, 1, says("", history.OK)).op(4, 5, isSaid("c.d=1")), porcupine.Illegal},
	{"an unknown change happened", Settings, new(timeline).op(0, 1, says("a.b=1", history.OK)).op(2, 0, says("a.b=2", history.Info)).op(4, 5, isSaid("a.b=2")), porcupine.Ok},
	{"an unknown change did not happen", Settings, new(timeline).op(0, 1, says("a.b=1", history.OK)).op(2, 0, says("a.b=2", history.Info)).op(4, 5, isSaid("a.b=1")), porcupine.Ok},
	{"a list grows from its default", Settings, new(timeline).op(0, 1, says("cleanup.policy+=compact", history.OK)).op(4, 5, isSaid("cleanup.policy=delete,compact")), porcupine.Ok},
	{"a list is overwritten by what was appended", Settings, new(timeline).op(0, 1, says("cleanup.policy+=compact", history.OK)).op(4, 5, isSaid("cleanup.policy=compact")), porcupine.Illegal},
	{"a list shrinks", Settings, new(timeline).op(0, 1, says("cleanup.policy=compact,delete", history.OK)).op(2, 3, says("cleanup.policy-=delete", history.OK)).op(4, 5, isSaid("cleanup.policy=compact")), porcupine.Ok},
	{"a list is subtracted from until nothing is left", Settings, new(timeline).op(0, 1, says("cleanup.policy-=delete", history.OK)), porcupine.Illegal},
	{"offsets are committed and read", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 3, reads(3, false)).op(4, 5, commits(7, 2, history.OK)).op(6, 7, reads(7, true)), porcupine.Ok},
	{"an old offset is read while all is in flux", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 3, commits(7, 1, history.OK)).op(4, 5, reads(3, false)), porcupine.Ok},
	{"an old offset is read in the end", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 3, commits(7, 1, history.OK)).op(4, 5, reads(3, true)), porcupine.Illegal},
	{"an offset is read that nobody committed", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 3, reads(4, false)), porcupine.Illegal},
	{"a generation that is over commits", GroupOffsets, new(timeline).op(0, 1, commits(3, 2, history.OK)).op(2, 3, commits(2, 1, history.OK)), porcupine.Illegal},
	{"an unknown commit happened", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 0, commits(7, 1, history.Info)).op(4, 5, reads(7, true)), porcupine.Ok},
	{"an unknown commit did not happen", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 0, commits(7, 1, history.Info)).op(4, 5, reads(3, true)), porcupine.Ok},
	{"a commit that was refused is read", GroupOffsets, new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 3, commits(7, 1, history.Fail)).op(4, 5, reads(7, true)), porcupine.Illegal},

	{"numbers and offsets go together", Producers, new(timeline).op(0, 1, numberedSend("a", 0, 7, 0, 0)).op(2, 3, numberedSend("b", 4, 7, 0, 1)).op(4, 5, numberedSend("c", 6, 7, 1, 0)), porcupine.Ok},
	{"numbers begin again behind the last", Producers, new(timeline).op(0, 1, numberedSend("a", 0, 7, 0, 1<<31-1)).op(2, 3, numberedSend("b", 4, 7, 0, 0)), porcupine.Ok},
	{"two in flight are exchanged", Producers, new(timeline).op(0, 9, numberedSend("a", 4, 7, 0, 0)).op(1, 8, numberedSend("b", 0, 7, 0, 1)), porcupine.Illegal},
	{"a number is given twice", Producers, new(timeline).op(0, 1, numberedSend("a", 0, 7, 0, 0)).op(2, 3, numberedSend("b", 4, 7, 0, 0)), porcupine.Illegal},
	{"an epoch that is over goes on", Producers, new(timeline).op(0, 1, numberedSend("a", 0, 7, 1, 0)).op(2, 3, numberedSend("b", 4, 7, 0, 5)), porcupine.Illegal},
}

func TestBrokerSearches(t *testing.T) {
	for _, c := range brokerCases {
		got := c.search(&c.h.h, &Budget{Steps: 10_000})
		if len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %v", c.name, got, c.want)
		}
	}
}

// cluster is a history of the state of orders-0 and of the controller.
type cluster struct{ h history.History }

// wrote enters a version into the committed log.
func (c *cluster) wrote(at time.Duration, version, leader int32, epoch int64, isr string) *cluster {
	data := fmt.Appendf(nil, `{"leader":%d,"leader_epoch":%d,"controller_epoch":1,"isr":%s,"version":1}`, leader, epoch, isr)
	return c.commit(at, &wire.SetDataTxn{Path: "/brokers/topics/orders/partitions/0/state", Data: data, Version: version})
}

func (c *cluster) ruled(at time.Duration, epoch int) *cluster {
	return c.commit(at, &wire.MultiTxn{Parts: []wire.SubTxn{{Body: &wire.SetDataTxn{Path: "/controller_epoch", Data: fmt.Append(nil, epoch)}}}})
}

func (c *cluster) commit(at time.Duration, body wire.TxnBody) *cluster {
	c.h.Log = append(c.h.Log, history.Applied{At: at, Txn: &wire.Txn{Body: body}})
	return c
}

// told enters what a broker says.
func (c *cluster) told(from, to time.Duration, op history.StateOp) *cluster {
	op.Call, op.Return, op.Partition = from, to, "orders-0"
	if op.F == history.Rule {
		op.Partition = ""
	}
	c.h.States = append(c.h.States, op)
	return c
}

func isr(by int32, expect, epoch, set int64, o history.Outcome) history.StateOp {
	op := history.StateOp{F: history.WriteIsr, By: by, Leader: by, Expect: expect, Version: -1, Epoch: epoch, Isr: set, Outcome: o}
	if o == history.OK {
		op.Version = expect + 1
	}
	return op
}

func elects(by int32, version int64, leader int32, epoch, set int64) history.StateOp {
	return history.StateOp{F: history.WriteState, By: by, Leader: leader, Expect: -1, Version: version, Epoch: epoch, Isr: set, Outcome: history.OK}
}

func rules(by int32, epoch int64) history.StateOp {
	return history.StateOp{F: history.Rule, By: by, Epoch: epoch, Outcome: history.OK}
}

const never = history.Never

// clusterCases are the same for the state of a partition and the controller.
var clusterCases = []struct {
	name   string
	search func(*history.History, *Budget) []Result
	h      *cluster
	want   porcupine.CheckResult
}{
	{"elected, shrunk, and elected again", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").told(0, 2, elects(3, 0, 1, 0, 6)).
		wrote(5, 1, 1, 0, "[1]").told(4, 6, isr(1, 0, 0, 2, history.OK)).wrote(8, 2, 2, 1, "[2]").told(0, 9, elects(3, 2, 2, 1, 4)), porcupine.Ok},
	{"what nobody tells the log does", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").wrote(2, 1, 2, 1, "[2]").told(3, 4, isr(2, 1, 1, 6, history.OK)).wrote(4, 2, 2, 1, "[1,2]"), porcupine.Ok},
	{"an unknown write happened", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").told(2, never, isr(1, 0, 0, 2, history.Info)).wrote(3, 1, 1, 0, "[1]").
		told(4, 6, isr(1, 1, 0, 6, history.OK)).wrote(5, 2, 1, 0, "[1,2]"), porcupine.Ok},
	{"an unknown write did not happen", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").told(2, never, isr(1, 0, 0, 2, history.Info)).
		wrote(3, 1, 2, 1, "[2]").told(0, 4, elects(3, 1, 2, 1, 4)), porcupine.Ok},
	{"refused, another having been elected", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").wrote(3, 1, 2, 1, "[2]").told(2, 6, isr(1, 0, 0, 2, history.Fail)), porcupine.Ok},
	{"refused, and nobody else has written", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").told(2, 3, isr(1, 0, 0, 2, history.Fail)).
		wrote(5, 1, 2, 1, "[2]").told(0, 6, elects(3, 1, 2, 1, 4)), porcupine.Illegal},
	{"a refused write is taken for done", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").wrote(3, 1, 2, 1, "[2]").told(0, 4, elects(3, 1, 2, 1, 4)).
		told(2, 6, isr(1, 0, 0, 2, history.OK)), porcupine.Illegal},
	{"two replace one version", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").wrote(3, 1, 1, 0, "[1]").told(2, 6, isr(1, 0, 0, 2, history.OK)).
		told(2, 6, isr(1, 0, 0, 6, history.OK)), porcupine.Illegal},
	{"a controller keeps the epoch", PartitionStates, new(cluster).wrote(1, 0, 1, 0, "[1,2]").wrote(3, 1, 1, 0, "[1]").told(0, 6, elects(3, 1, 1, 0, 2)), porcupine.Illegal},

	{"controllers follow each other", Controllers, new(cluster).ruled(0, 0).ruled(1, 1).told(0, 2, rules(1, 1)).ruled(3, 2).ruled(5, 3).told(0, 6, rules(2, 3)), porcupine.Ok},
	{"two controllers in an epoch", Controllers, new(cluster).ruled(1, 1).told(0, 2, rules(1, 1)).told(0, 3, rules(2, 1)), porcupine.Illegal},
	{"an epoch is left out", Controllers, new(cluster).ruled(1, 1).told(0, 2, rules(1, 1)).ruled(3, 3).told(0, 4, rules(1, 3)), porcupine.Illegal},
}

func TestClusterSearches(t *testing.T) {
	for _, c := range clusterCases {
		got := c.search(&c.h.h, &Budget{Steps: 10_000})
		if len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %v", c.name, got, c.want)
		}
	}
}

// TestDeletedTopicsAreNotSearched: versions begin anew with a topic of the same name.
func TestDeletedTopicsAreNotSearched(t *testing.T) {
	c := new(cluster).wrote(1, 0, 1, 0, "[1,2]").commit(2, &wire.DeleteTxn{Path: "/brokers/topics/orders"}).wrote(3, 0, 1, 0, "[1,2]")
	if got := PartitionStates(&c.h, &Budget{Steps: 1000}); len(got) != 0 {
		t.Errorf("searched %+v", got)
	}
}

// TestLossesBindNobody: what was told before an unclean election may be lost.
func TestLossesBindNobody(t *testing.T) {
	h := new(timeline).op(0, 1, sent("a", 5)).op(2, 3, sent("b", 0)).op(4, 5, endsAt(9, 1)).op(6, 7, endsAt(1, 2)).h
	h.Partitions = []history.LogEvent{{Kind: history.UncleanElection, Partition: "orders-0"}}
	for _, search := range Brokers {
		if got := search(&h, &Budget{Steps: 1000}); len(got) != 0 {
			t.Errorf("searched %+v", got)
		}
	}
}

// pairs is the dumb twin of the searches whose objects order what happens: an order
// exists if one exists of every two operations.
func pairs(ops []history.Op, first func(a, b *history.Op) bool) bool {
	for i := range ops {
		for j := range ops {
			a, b := &ops[i], &ops[j]
			if i != j && a.Return < b.Invoke && !first(a, b) || i < j && !first(a, b) && !first(b, a) {
				return false
			}
		}
	}
	return true
}

// TestTwinsOfBrokerSearches draws small histories, and compares searches with pairs.
func TestTwinsOfBrokerSearches(t *testing.T) {
	twins := []struct {
		name   string
		search func(*history.History, *Budget) []Result
		draw   func(*rapid.T, int) history.Op
		first  func(a, b *history.Op) bool
	}{
		{"produce log", ProduceLogs, func(t *rapid.T, i int) history.Op {
			return sent(fmt.Sprint(i), rapid.Int64Range(0, 9).Draw(t, "offset"))
		},
			func(a, b *history.Op) bool { return a.Log.Offset < b.Log.Offset }},
		{"end offset", EndOffsets, func(t *rapid.T, _ int) history.Op {
			return endsAt(rapid.Int64Range(0, 4).Draw(t, "end"), rapid.Int32Range(0, 2).Draw(t, "epoch"))
		}, func(a, b *history.Op) bool { return a.Log.Epoch > b.Log.Epoch || a.Log.Offset <= b.Log.Offset }},
		{"producer", Producers, func(t *rapid.T, i int) history.Op {
			return numberedSend(fmt.Sprint(i), rapid.Int64Range(0, 9).Draw(t, "offset"), 7, rapid.Int16Range(0, 1).Draw(t, "epoch"), rapid.Int32Range(0, 5).Draw(t, "sequence"))
		}, func(a, b *history.Op) bool {
			x, y := a.Log, b.Log
			return x.Offset < y.Offset && (x.ProducerEpoch < y.ProducerEpoch || x.ProducerEpoch == y.ProducerEpoch && x.Sequence < y.Sequence)
		}},
	}
	for _, w := range twins {
		t.Run(w.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				l := new(timeline)
				for i := range rapid.IntRange(1, 6).Draw(t, "operations") {
					from := rapid.IntRange(0, 20).Draw(t, "from")
					l.op(time.Duration(from), time.Duration(from+rapid.IntRange(0, 10).Draw(t, "takes")), w.draw(t, i))
				}
				want := porcupine.Illegal
				if pairs(l.h.Ops, w.first) {
					want = porcupine.Ok
				}
				if got := w.search(&l.h, &Budget{Steps: 1_000_000}); got[0].Outcome != want {
					t.Fatalf("%v, want %v: %+v", got[0].Outcome, want, got[0].Ops)
				}
			})
		})
	}
}

// TestTwinOfGroupOffsets: an order is looked for among all orders.
func TestTwinOfGroupOffsets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := new(timeline)
		for range rapid.IntRange(1, 5).Draw(t, "operations") {
			from := rapid.IntRange(0, 12).Draw(t, "from")
			op := commits(rapid.Int64Range(1, 3).Draw(t, "offset"), rapid.Int32Range(1, 2).Draw(t, "generation"), history.OK)
			if rapid.Bool().Draw(t, "read") {
				op = reads(rapid.Int64Range(1, 3).Draw(t, "offset"), rapid.Bool().Draw(t, "final"))
			}
			l.op(time.Duration(from), time.Duration(from+rapid.IntRange(0, 8).Draw(t, "takes")), op)
		}
		want := porcupine.Illegal
		if someOrder(l.h.Ops, nil) {
			want = porcupine.Ok
		}
		if got := GroupOffsets(&l.h, &Budget{Steps: 1_000_000}); got[0].Outcome != want {
			t.Fatalf("%v, want %v", got[0].Outcome, want)
		}
	})
}

// someOrder tries every order of the operations left that time allows after those done.
func someOrder(left, done []history.Op) bool {
	if len(left) == 0 {
		return obeysGroup(done)
	}
	for i := range left {
		if slices.ContainsFunc(left, func(o history.Op) bool { return o.Return < left[i].Invoke }) {
			continue
		}
		if someOrder(slices.Delete(slices.Clone(left), i, i+1), append(slices.Clip(done), left[i])) {
			return true
		}
	}
	return false
}

// obeysGroup reads one order from the beginning for each operation.
func obeysGroup(order []history.Op) bool {
	for i := range order {
		var ever []int64
		generation := int32(-1)
		for _, before := range order[:i] {
			if before.F == history.Commit {
				ever, generation = append(ever, before.Log.Positions[0].Offset), max(generation, before.Log.Generation)
			}
		}
		op := &order[i]
		switch {
		case op.F == history.Commit && op.Log.Generation < generation,
			op.F == history.Committed && !op.Final && !slices.Contains(ever, op.Log.Offset),
			op.Final && (len(ever) == 0 || ever[len(ever)-1] != op.Log.Offset):
			return false
		}
	}
	return true
}

// TestBrokerSearchesAreBounded: a search that outgrows its budget says that it knows
// nothing.
func TestBrokerSearchesAreBounded(t *testing.T) {
	l := new(timeline)
	for i := range 12 {
		l.op(0, 100, sent(fmt.Sprint(i), int64(11-i)))
	}
	if got := ProduceLogs(&l.h, &Budget{Steps: 5}); got[0].Outcome != porcupine.Unknown {
		t.Errorf("%v with five steps", got[0].Outcome)
	}
}

// TestDeletedOffsetsAreNotSearched: a coordinator may begin after the deletion that the one
// before did not live to tell of, and what it knows then no order of commits explains.
func TestDeletedOffsetsAreNotSearched(t *testing.T) {
	deletion := func(o history.Outcome) history.Op {
		return history.Op{F: history.DeleteOffsets, Path: "orders-0", Outcome: o, Log: &history.LogOp{Group: "g"}}
	}
	for o, want := range map[history.Outcome]int{history.OK: 0, history.Info: 0, history.Fail: 1} {
		h := new(timeline).op(0, 1, commits(3, 1, history.OK)).op(2, 3, deletion(o)).op(4, 5, reads(history.Unknown, true))
		if got := GroupOffsets(&h.h, &Budget{Steps: 10_000}); len(got) != want || want > 0 && got[0].Outcome != porcupine.Illegal {
			t.Errorf("a deletion that ends with %v: %+v", o, got)
		}
	}
}
