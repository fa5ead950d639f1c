package broker_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// BenchmarkProduce measures records that are on three replicas before they are
// acknowledged, ten requests under way at a time, with everything that a cluster does
// besides.
func BenchmarkProduce(b *testing.B) {
	c := newBenchCluster(b)
	left := b.N
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		b.ResetTimer()
		var pump []*wire.Caller
		for range 10 {
			pump = append(pump, wire.NewCaller(s.env, c.brokers[0], wire.ClientPort, "bench"))
		}
		s.more = pump
		var done node.Signal
		pending := 0
		var send func(w *wire.Caller)
		send = func(w *wire.Caller) {
			if left == 0 {
				if pending == 0 {
					done.Set(nil)
				}
				return
			}
			left--
			pending++
			r := kmsg.NewPtrProduceRequest()
			r.Version, r.Acks, r.TimeoutMillis = 9, -1, 1500
			one, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
			one.Topic, p.Records = "orders", record("a value of some length, as they are")
			one.Partitions = append(one.Partitions, p)
			r.Topics = append(r.Topics, one)
			w.Call(r, func(kmsg.Response, error) { pending--; send(w) })
		}
		for _, w := range pump {
			send(w)
		}
		task.Await(&done)
	})
	for !s.done {
		c.run(time.Second)
	}
	b.ReportMetric(float64(c.world.Steps())/float64(b.N), "events/op")
}

// BenchmarkIdle measures a second of a cluster to which nothing happens.
func BenchmarkIdle(b *testing.B) {
	c := newBenchCluster(b)
	s := c.client(func(s *script, task *node.Task) { s.create(task, c, "orders", []int32{1, 2, 3}) })
	for !s.done {
		c.run(time.Second)
	}
	b.ResetTimer()
	c.run(time.Duration(b.N) * time.Second)
}

func newBenchCluster(b *testing.B) *cluster {
	c := startCluster(b, sim.Config{Seed: 1}, 3)
	c.quiet = true
	return c
}
