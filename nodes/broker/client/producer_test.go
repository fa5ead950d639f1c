package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// sends collects what becomes of records.
type sends struct {
	*rig
	p    *Producer
	ends []string
}

func newSends(t *testing.T, cfg ProducerConfig) *sends {
	r := newRig(t)
	return &sends{rig: r, p: r.c.NewProducer(cfg)}
}

// send writes a value, by its name, to partition 0 of t.
func (s *sends) send(values ...string) {
	for _, v := range values {
		s.p.Send(Record{Topic: "t", Partition: 0, Value: []byte(v)}, func(e Sent) {
			s.ends = append(s.ends, fmt.Sprintf("%s %v @%d %v x%d", v, e.Outcome, e.Offset, e.Code, e.Attempts))
		})
	}
}

// expect runs the world for a minute and compares all endings since the last call.
func (s *sends) expect(want ...string) {
	s.Helper()
	s.run(time.Minute)
	if !slices.Equal(s.ends, want) {
		s.Fatalf("the records ended\n\t%s\nwant\n\t%s", strings.Join(s.ends, "\n\t"), strings.Join(want, "\n\t"))
	}
	s.ends = nil
}

func (s *sends) expectLog(want ...string) {
	s.Helper()
	if got := s.log("t", 0); !slices.Equal(got, want) {
		s.Fatalf("the log is %q, want %q", got, want)
	}
}

// produce makes a verdict on the nth produce request.
func produce(n int, v verdict) func(int32, kmsg.Request) verdict {
	return func(_ int32, r kmsg.Request) verdict {
		if _, ok := r.(*kmsg.ProduceRequest); ok {
			if n--; n == 0 {
				return v
			}
		}
		return verdict{}
	}
}

func TestRecordsSentTogetherShareABatch(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1})
	s.send("a", "b")
	s.expect("a ok @0 NONE x1", "b ok @1 NONE x1")
	if n := len(s.topics["t"][0].batches); n != 1 {
		t.Errorf("there are %d batches, want 1", n)
	}
	s.expectLog("0:a", "1:b")
}

func TestNoResultBeforeSendReturns(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1})
	s.p.Close()
	s.send("late")
	if s.ends != nil {
		t.Fatal("a result came before Send returned")
	}
	s.expect("late failed @-1 NONE x0")
}

// The broker appends and its connection breaks: nobody can tell.
func TestLostAnswerIsUnknown(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1, NoRetries: true})
	s.after = produce(1, verdict{hangUp: true})
	s.send("a")
	s.expect("a unknown @-1 NONE x1")
	s.expectLog("0:a")
}

// A request that waits for a connection which does not open has not left.
func TestUnreachableBrokerFailsForSure(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, DeliveryTimeout: 10 * time.Second})
	s.send("first")
	s.expect("first ok @0 NONE x1")
	s.w.Crash(0, 0)
	s.run(time.Second)
	s.send("a")
	s.run(30 * time.Second)
	if len(s.ends) != 1 || !strings.HasPrefix(s.ends[0], "a failed @-1") {
		t.Fatalf("the records ended %q, want a failed one", s.ends)
	}
}

// Without idempotence a repetition leaves two copies; with it, one.
func TestRepetition(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		s := newSends(t, ProducerConfig{Acks: -1, Idempotent: idempotent})
		s.after = produce(1, verdict{hangUp: true})
		s.send("a")
		if idempotent {
			s.expect("a ok @0 NONE x2")
			s.expectLog("0:a")
		} else {
			s.expect("a ok @1 NONE x2")
			s.expectLog("0:a", "1:a")
		}
	}
}

func TestTimeoutCostsTheConnection(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, NoRetries: true})
	s.after = produce(1, verdict{ignore: true})
	s.send("a")
	s.expect("a unknown @-1 NONE x1")
	s.send("b")
	s.expect("b ok @1 NONE x1")
}

func TestLeaderMoves(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1})
	s.send("a")
	s.expect("a ok @0 NONE x1")
	s.topics["t"][0].lead(3)
	s.send("b")
	s.expect("b ok @1 NONE x2")
}

// NOT_LEADER_OR_FOLLOWER may come from a leader that appended and was deposed while it
// waited for replicas; without waiting it means that nothing was appended.
func TestErrorsThatLeaveItOpen(t *testing.T) {
	for _, c := range []struct {
		acks int16
		code wire.ErrorCode
		want string
	}{
		{-1, wire.NotLeaderOrFollower, "unknown"},
		{1, wire.NotLeaderOrFollower, "failed"},
		{-1, wire.NotEnoughReplicas, "failed"},
		{-1, wire.NotEnoughReplicasAfterAppend, "unknown"},
		{-1, wire.RequestTimedOut, "unknown"},
		{1, wire.KafkaStorageError, "unknown"},
		{1, wire.MessageTooLarge, "failed"},
		{1, wire.Unknown, "unknown"},
	} {
		s := newSends(t, ProducerConfig{Acks: c.acks, NoRetries: true})
		s.before = produce(1, verdict{code: c.code})
		s.send("a")
		s.expect(fmt.Sprintf("a %s @-1 %v x1", c.want, c.code))
	}
}

// What may have been appended once can never fail for sure, whatever comes after.
func TestOnceUnknownNeverFailed(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1})
	lost := produce(1, verdict{hangUp: true})
	refused := produce(2, verdict{code: wire.MessageTooLarge})
	s.after, s.before = lost, refused
	s.send("a")
	s.expect("a unknown @-1 MESSAGE_TOO_LARGE x2")
}

func TestUnacknowledgedIsAlwaysUnknown(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 0})
	s.send("a")
	s.expect("a unknown @-1 NONE x1")
	s.expectLog("0:a")
}

func TestTopicThatNeverTurnsUp(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1, DeliveryTimeout: 5 * time.Second})
	s.p.Send(Record{Topic: "nowhere", Partition: AnyPartition}, func(e Sent) {
		s.ends = append(s.ends, fmt.Sprintf("%v: %v", e.Outcome, e.Err))
	})
	s.expect("failed: " + ErrExpired.Error())
}

// Five batches are in flight when the first is lost. The others are refused as out of
// order, and all are repeated in order under the sequences that they had.
func TestIdempotentOrderSurvivesALoss(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1})
	s.send("a") // until it is appended, no other batch is in flight
	s.run(time.Minute)
	s.before = produce(1, verdict{code: wire.NotEnoughReplicas})
	s.send("b", "c", "d", "e", "f", "g", "h")
	s.run(time.Minute)
	s.expectLog("0:a", "1:b", "2:c", "3:d", "4:e", "5:f", "6:g", "7:h")
}

// The partition has not heard of the producer when its first batch is refused, and would
// take the second in its stead.
func TestFirstBatchIsNotOvertaken(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1})
	s.before = produce(1, verdict{code: wire.NotEnoughReplicas})
	s.send("a", "b", "c")
	s.expect("a ok @0 NONE x2", "b ok @1 NONE x1", "c ok @2 NONE x1")
	s.expectLog("0:a", "1:b", "2:c")
}

// The same in a new epoch, after a gap, while the leader moves: a is refused for good,
// and b hangs at the leader that was. The next one has heard of neither, refuses what it
// gets first, and would take d, which leaves before c is tried again.
func TestFirstBatchOfEpochIsNotOvertaken(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1, MaxInFlight: 2})
	verdicts := []verdict{{code: wire.MessageTooLarge}, {ignore: true}, {code: wire.NotEnoughReplicas}}
	s.before = func(_ int32, r kmsg.Request) verdict {
		if _, ok := r.(*kmsg.ProduceRequest); !ok || len(verdicts) == 0 {
			return verdict{}
		}
		v := verdicts[0]
		verdicts = verdicts[1:]
		return v
	}
	s.send("a")
	s.run(time.Second)
	s.send("b")
	s.run(10 * time.Millisecond)
	s.topics["t"][0].lead(2)
	s.c.refresh()
	s.run(time.Second)
	s.send("c", "d")
	s.run(2 * time.Minute)
	s.expectLog("0:b", "1:c", "2:d")
}

// A batch is refused for good in the middle. The broker now misses its sequence, so
// that what follows needs a new epoch (KIP-360), in which nothing may be repeated that
// could be there.
func TestGapBeginsNewEpoch(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1})
	s.send("a")
	s.expect("a ok @0 NONE x1")
	s.before = produce(1, verdict{code: wire.MessageTooLarge})
	s.send("b", "c", "d")
	s.run(time.Minute)
	s.expectLog("0:a", "1:c", "2:d")
	if last := s.topics["t"][0].batches[2]; last.ProducerEpoch() != 1 || last.BaseSequence() != 1 {
		t.Errorf("the last batch is %v, want epoch 1 and sequence 1", last)
	}
}

// The answer to b is lost, and then its repetition is refused: b may be in the log. A
// new epoch must not write it again.
func TestAmbiguousBatchIsNotRenumbered(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1, MaxInFlight: 2})
	s.send("a")
	s.expect("a ok @0 NONE x1")
	count := 0
	s.before = func(_ int32, r kmsg.Request) verdict {
		if _, ok := r.(*kmsg.ProduceRequest); ok {
			count++
			if count == 1 { // b
				return verdict{code: wire.MessageTooLarge}
			}
		}
		return verdict{}
	}
	s.after = func(_ int32, r kmsg.Request) verdict {
		if _, ok := r.(*kmsg.ProduceRequest); ok && count == 2 { // c
			return verdict{hangUp: true}
		}
		return verdict{}
	}
	s.send("b", "c", "d")
	s.expect("b failed @-1 MESSAGE_TOO_LARGE x1", "c unknown @-1 NONE x1", "d ok @1 NONE x1")
	s.expectLog("0:a", "1:d")
}

func TestEpochsRunOut(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1})
	s.send("a")
	s.expect("a ok @0 NONE x1")
	s.p.identity.epoch = 32767
	s.p.queues[TopicPartition{"t", 0}].identity.epoch = 32767
	s.before = produce(1, verdict{code: wire.MessageTooLarge})
	s.send("b")
	s.expect("b failed @-1 MESSAGE_TOO_LARGE x1")
	s.send("c")
	s.expect("c ok @1 NONE x1")
	if last := s.topics["t"][0].batches[1]; last.ProducerID() != 2 || last.ProducerEpoch() != 0 {
		t.Errorf("the last batch is %v, want another producer ID", last)
	}
}

// The values are those of Kafka's own test of its hash.
func TestPartitionForKey(t *testing.T) {
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("the hash of %q is %d, want %d", key, got, want)
		}
	}
	if got := PartitionForKey([]byte("21"), 1000); got != int32((-973932308&0x7fffffff)%1000) {
		t.Errorf("the partition is %d", got)
	}
}

// A record waits for others as long as it is told to, until its batch is full or flushed.
func TestLinger(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1, Linger: 50 * time.Millisecond, BatchBytes: 120})
	s.c.Want("t")
	s.run(time.Second)
	batches := func() int { return len(s.topics["t"][0].batches) }
	s.send("a")
	s.run(30 * time.Millisecond)
	s.send("b")
	s.run(10 * time.Millisecond)
	if n := batches(); n != 0 {
		t.Fatalf("after 40 ms there are %d batches", n)
	}
	s.run(30 * time.Millisecond)
	if n := batches(); n != 1 {
		t.Fatalf("after 70 ms there are %d batches", n)
	}
	s.send("c")
	s.p.Flush()
	s.run(10 * time.Millisecond)
	if n := batches(); n != 2 {
		t.Fatalf("after a flush there are %d batches", n)
	}
	s.send("d", "e", "f", "g", "h") // more than fit
	s.run(10 * time.Millisecond)
	if n := batches(); n != 3 {
		t.Fatalf("with a full batch there are %d batches", n)
	}
	s.run(time.Second)
	s.expectLog("0:a", "1:b", "2:c", "3:d", "4:e", "5:f", "6:g", "7:h")
}

// With one request in flight at most, batches of a partition do not overtake each other,
// also without idempotence and when the first of them is refused.
func TestOneInFlightKeepsTheOrder(t *testing.T) {
	s := newSends(t, ProducerConfig{Acks: 1, BatchBytes: 1, MaxInFlight: 1})
	s.before = produce(1, verdict{code: wire.NotEnoughReplicas})
	s.send("a", "b", "c")
	s.run(time.Minute)
	s.expectLog("0:a", "1:b", "2:c")
}
