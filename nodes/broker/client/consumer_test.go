package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

var t0, t1 = TopicPartition{"t", 0}, TopicPartition{"t", 1}

// reads polls in a loop.
type reads struct {
	*rig
	s   *Consumer
	log []string
}

func newReads(t *testing.T, cfg ConsumerConfig, parts ...TopicPartition) *reads {
	r := newRig(t)
	s := &reads{rig: r, s: r.c.NewConsumer(cfg)}
	s.s.Assign(parts)
	return s
}

// write appends values, a batch each, as the leader of partition 0.
func (r *rig) write(values ...string) {
	for _, v := range values {
		build := batch.NewBuilder(batch.Plain())
		build.Add(batch.Record{Value: []byte(v), Timestamp: 1})
		p := r.topics["t"][0]
		if _, code := r.brokers[p.leader].append(p, build.Build()); code != wire.OK {
			r.Fatal(code)
		}
	}
}

// poll polls once, for a second.
func (s *reads) poll(max int) {
	s.s.Poll(max, time.Second, func(p Polled) {
		for _, j := range p.Jumps {
			s.log = append(s.log, fmt.Sprintf("%v %d->%d", j.Why, j.From, j.To))
		}
		for _, k := range p.Stuck {
			s.log = append(s.log, fmt.Sprintf("stuck %v at %d, diverged at %d", k.Code, k.Position, k.Diverged))
		}
		for _, rec := range p.Records {
			s.log = append(s.log, fmt.Sprintf("%d:%s", rec.Offset, rec.Value))
		}
	})
	s.run(2 * time.Second)
}

func (s *reads) expect(want ...string) {
	s.Helper()
	if !slices.Equal(s.log, want) {
		s.Fatalf("the polls brought\n\t%s\nwant\n\t%s", strings.Join(s.log, "\n\t"), strings.Join(want, "\n\t"))
	}
	s.log = nil
}

func TestReadsFromTheBeginning(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest}, t0)
	s.write("a", "b", "c")
	s.poll(2)
	s.expect("begin -1->0", "0:a", "1:b")
	if _, end := s.s.Bounds(t0); end != 3 {
		t.Errorf("the log ends at %d, want 3", end)
	}
	s.poll(9)
	s.expect("2:c")
	s.poll(9)
	s.expect()
	s.write("d")
	s.poll(9)
	s.expect("3:d")
}

func TestReadsFromTheEnd(t *testing.T) {
	s := newReads(t, ConsumerConfig{}, t0)
	s.write("a")
	s.poll(9)
	s.expect("begin -1->1")
	s.write("b")
	s.poll(9)
	s.expect("1:b")
}

func TestSeek(t *testing.T) {
	s := newReads(t, ConsumerConfig{}, t0, t1)
	s.write("a", "b", "c")
	s.s.Seek(t0, 1, -1)
	s.s.Seek(t1, 0, -1)
	s.poll(1)
	s.expect("1:b")
	s.s.Seek(t0, 0, -1) // what was fetched beyond is forgotten
	s.poll(9)
	s.expect("0:a", "1:b", "2:c")
}

// A batch that begins before the position brings only the records from there on.
// TestSeekForgetsJumps: who has sought need not hear where it would have been otherwise.
func TestSeekForgetsJumps(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest}, t0)
	s.write("a", "b", "c")
	s.run(time.Second) // it asks where the log begins, and goes there
	s.s.Seek(t0, 2, -1)
	s.poll(9)
	s.expect("2:c")
}

func TestRecordsBelowThePositionAreFiltered(t *testing.T) {
	s := newReads(t, ConsumerConfig{}, t0)
	build := batch.NewBuilder(batch.Plain())
	for _, v := range []string{"a", "b", "c"} {
		build.Add(batch.Record{Value: []byte(v)})
	}
	s.brokers[1].append(s.topics["t"][0], build.Build())
	s.s.Seek(t0, 2, -1)
	s.poll(9)
	s.expect("2:c")
}

// Control batches and those that compaction emptied bring nothing and are passed.
func TestPassesWhatBringsNothing(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest}, t0)
	s.write("a", "b", "c")
	p := s.topics["t"][0]
	p.batches[0] = p.batches[0].Emptied()
	o := batch.Plain()
	o.Attributes, o.BaseOffset = batch.Control, 1
	build := batch.NewBuilder(o)
	build.Add(batch.Record{Key: []byte{0, 0, 0, 1}})
	p.batches[1] = build.Build()
	s.poll(9)
	s.expect("begin -1->0", "2:c")
	p.batches[2] = p.batches[2].Emptied()
	p.cut(1)
	if offset, _ := s.s.Position(t0); offset != 3 {
		t.Errorf("the position is %d, want 3", offset)
	}
}

func TestOutOfRange(t *testing.T) {
	for reset, want := range map[Reset]string{
		ResetEarliest: "out-of-range 9->0", ResetLatest: "out-of-range 9->1", ResetNone: "stuck OFFSET_OUT_OF_RANGE at 9, diverged at -1",
	} {
		s := newReads(t, ConsumerConfig{Reset: reset}, t0)
		s.write("a")
		s.s.Seek(t0, 9, -1)
		s.poll(9)
		if len(s.log) == 0 || s.log[0] != want {
			t.Errorf("got %q, want %q", s.log, want)
		}
	}
}

func TestFollowsTheLeader(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest}, t0)
	s.write("a")
	s.poll(9)
	s.expect("begin -1->0", "0:a")
	s.topics["t"][0].lead(3)
	s.write("b")
	s.poll(9)
	s.poll(9)
	s.expect("1:b")
}

// The new leader's log is another from offset 1 on than what was read (KIP-320).
func TestTruncationIsNoticed(t *testing.T) {
	for _, c := range []struct {
		reset Reset
		want  []string
	}{
		{ResetEarliest, []string{"truncated 3->1", "1:B", "2:C", "3:D"}},
		{ResetNone, []string{"stuck OFFSET_OUT_OF_RANGE at 3, diverged at 1"}},
	} {
		s := newReads(t, ConsumerConfig{Reset: c.reset}, t0)
		s.s.Seek(t0, 0, -1)
		s.write("a")
		p := s.topics["t"][0]
		p.lead(1)
		s.write("b", "c")
		s.poll(9)
		s.expect("0:a", "1:b", "2:c")
		p.cut(1)
		p.lead(2)
		s.write("B", "C", "D")
		s.poll(9)
		s.poll(9)
		s.expect(c.want...)
	}
}

// While the leader is asked about the old position, the owner seeks. The answer is
// about a position that is not there any more (KAFKA-8429).
func TestLateAnswerDoesNotMoveThePosition(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest}, t0)
	s.write("a", "b")
	s.before = func(_ int32, r kmsg.Request) verdict {
		if _, ok := r.(*kmsg.ListOffsetsRequest); ok {
			s.s.Seek(t0, 1, -1)
		}
		return verdict{}
	}
	s.poll(9)
	s.expect("1:b")
}

func TestBrokenFetchIsRepeated(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest}, t0)
	s.write("a")
	n := 0
	s.after = func(_ int32, r kmsg.Request) verdict {
		if _, ok := r.(*kmsg.FetchRequest); ok {
			n++
			return verdict{hangUp: n == 1}
		}
		return verdict{}
	}
	s.poll(9)
	s.expect("begin -1->0", "0:a")
}

func TestPreferredReplica(t *testing.T) {
	s := newReads(t, ConsumerConfig{Reset: ResetEarliest, Rack: "r"}, t0)
	s.write("a")
	s.topics["t"][0].preferred = 3
	s.poll(9)
	s.expect("begin -1->0", "0:a")
	if !slices.Contains(s.requests, "b3 Fetch") {
		t.Errorf("the requests were %q, want a fetch from broker 3", s.requests)
	}
}

// Broker 3 still tells of the leader before. That must not lead anybody back.
func TestOlderMetadataArePassedOver(t *testing.T) {
	r := newRig(t)
	r.c.Want("t")
	ask := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr("t")
	ask.Topics = append(ask.Topics, topic)
	old := r.metadata(ask)
	r.topics["t"][0].lead(2)
	r.run(time.Second)
	for id := int32(1); id <= 3; id++ {
		r.stale[id] = old
	}
	r.c.refresh()
	r.run(5 * time.Second)
	if p, _ := r.c.leader(t0); p.Leader != 2 || p.Epoch != 4 {
		t.Errorf("the leader is %+v, want broker 2 in epoch 4", p)
	}
}

func TestCloseEndsThePoll(t *testing.T) {
	s := newReads(t, ConsumerConfig{}, t0)
	var err error
	s.s.Poll(1, time.Hour, func(p Polled) { err = p.Err })
	s.run(time.Second)
	s.c.Close()
	s.run(time.Second)
	if err != ErrClosed {
		t.Errorf("the poll ended with %v", err)
	}
}
