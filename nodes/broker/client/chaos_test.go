package client

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// mishaps are what a broker may do with a produce, before it appends and after.
var (
	before = []verdict{{hangUp: true}, {ignore: true}, {code: wire.NotEnoughReplicas}, {code: wire.LeaderNotAvailable}, {code: wire.MessageTooLarge}}
	after  = []verdict{{hangUp: true}, {ignore: true}, {code: wire.RequestTimedOut}, {code: wire.NotEnoughReplicasAfterAppend}, {code: wire.NotLeaderOrFollower}}
)

// fortune is a wheel of mishaps, drawn before the world turns: inside of it nothing may
// be drawn, since a draw may panic.
type fortune struct {
	wheel []int // below 0 is luck
	at    int
}

func drawFortune(t *rapid.T) *fortune {
	return &fortune{wheel: rapid.SliceOfN(rapid.IntRange(-12, 4), 1, 40).Draw(t, "wheel")}
}

func (f *fortune) pick(from []verdict) verdict {
	n := f.wheel[f.at%len(f.wheel)]
	f.at++
	if n < 0 {
		return verdict{}
	}
	return from[n%len(from)]
}

// TestResultsAreTrue holds what a producer says of its records against the log, which
// knows. Brokers lose requests and answers, refuse, and leaders move.
func TestResultsAreTrue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, func(c *Config) { c.RequestTimeout = 2 * time.Second })
		defer r.w.Close()
		fortune := drawFortune(rt)
		mishap := func(from []verdict) func(int32, kmsg.Request) verdict {
			return func(_ int32, req kmsg.Request) verdict {
				if _, ok := req.(*kmsg.ProduceRequest); ok {
					return fortune.pick(from)
				}
				return verdict{}
			}
		}
		r.before, r.after = mishap(before), mishap(after)
		cfg := ProducerConfig{
			Acks: -1, Idempotent: rapid.Bool().Draw(rt, "idempotent"), MaxInFlight: rapid.IntRange(1, 5).Draw(rt, "in flight"),
			BatchBytes: rapid.SampledFrom([]int{1, 200, 4000}).Draw(rt, "batch bytes"), DeliveryTimeout: 20 * time.Second,
		}
		p := r.c.NewProducer(cfg)
		ends := map[string]Sent{}
		total := 0
		for range rapid.IntRange(1, 12).Draw(rt, "bursts") {
			for range rapid.IntRange(1, 6).Draw(rt, "records") {
				value := fmt.Sprint(total)
				total++
				p.Send(Record{Topic: "t", Value: []byte(value)}, func(e Sent) {
					if _, twice := ends[value]; twice {
						rt.Fatalf("%s ended twice", value)
					}
					ends[value] = e
				})
			}
			if rapid.IntRange(0, 4).Draw(rt, "move") == 0 {
				r.topics["t"][0].lead(int32(rapid.IntRange(1, 3).Draw(rt, "leader")))
			}
			r.run(time.Duration(rapid.IntRange(0, 900).Draw(rt, "pause")) * time.Millisecond)
		}
		r.run(time.Minute)
		if len(ends) != total {
			rt.Fatalf("%d records of %d ended", len(ends), total)
		}
		judge(rt, r, cfg, ends)
	})
}

// judge is the dumb twin: it looks every record up.
func judge(t *rapid.T, r *rig, cfg ProducerConfig, ends map[string]Sent) {
	copies, highest := map[string][]int64{}, -1
	for _, line := range r.log("t", 0) {
		var offset int64
		at, value, _ := strings.Cut(line, ":")
		fmt.Sscan(at, &offset)
		copies[value] = append(copies[value], offset)
		var n int
		fmt.Sscan(value, &n)
		ordered := cfg.Idempotent || cfg.MaxInFlight == 1
		if ordered && n < highest && len(copies[value]) == 1 {
			t.Fatalf("the log has %s after %d", value, highest)
		}
		highest = max(highest, n)
	}
	for value, e := range ends {
		n := len(copies[value])
		switch {
		case e.Outcome == Failed && n > 0:
			t.Fatalf("%s failed for sure (%v, %v), and is at %v", value, e.Code, e.Err, copies[value])
		case e.Outcome == Succeeded && (n == 0 || copies[value][n-1] != e.Offset && copies[value][0] != e.Offset):
			t.Fatalf("%s is said to be at %d, and is at %v", value, e.Offset, copies[value])
		case n > 1 && cfg.Idempotent:
			t.Fatalf("%s is in the log %d times", value, n)
		case n > e.Attempts:
			t.Fatalf("%s is in the log %d times after %d attempts", value, n, e.Attempts)
		}
	}
}

// TestConsumerReadsTheLog holds what a consumer reads against the log, while fetches
// are lost and leaders move.
func TestConsumerReadsTheLog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, func(c *Config) { c.RequestTimeout = 2 * time.Second })
		defer r.w.Close()
		fortune := drawFortune(rt)
		r.after = func(_ int32, req kmsg.Request) verdict {
			if _, versions := req.(*kmsg.ApiVersionsRequest); versions {
				return verdict{}
			}
			return fortune.pick(before[:2])
		}
		s := r.c.NewConsumer(ConsumerConfig{Reset: ResetEarliest})
		s.Assign([]TopicPartition{t0})
		var got []string
		var poll func()
		most := rapid.IntRange(1, 5).Draw(rt, "most records of a poll")
		poll = func() {
			s.Poll(most, 300*time.Millisecond, func(p Polled) {
				for _, rec := range p.Records {
					got = append(got, fmt.Sprintf("%d:%s", rec.Offset, rec.Value))
				}
				poll()
			})
		}
		poll()
		for i := range rapid.IntRange(1, 8).Draw(rt, "batches") {
			build := batch.NewBuilder(batch.Plain())
			for j := range rapid.IntRange(1, 4).Draw(rt, "records") {
				build.Add(batch.Record{Value: fmt.Appendf(nil, "%d/%d", i, j)})
			}
			part := r.topics["t"][0]
			r.brokers[part.leader].append(part, build.Build())
			if rapid.Bool().Draw(rt, "move") {
				part.lead(int32(rapid.IntRange(1, 3).Draw(rt, "leader")))
			}
			r.run(time.Duration(rapid.IntRange(0, 2000).Draw(rt, "pause")) * time.Millisecond)
		}
		r.after = nil
		r.run(20 * time.Second)
		if want := r.log("t", 0); strings.Join(got, " ") != strings.Join(want, " ") {
			rt.Fatalf("read %q of %q", got, want)
		}
	})
}
