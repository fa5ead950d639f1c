package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/client"
)

// BenchmarkClients measures records on their way from an idempotent producer, a batch
// each and ten at a time, over three replicas to a consumer.
func BenchmarkClients(b *testing.B) {
	c := newBenchCluster(b)
	c.run(5 * time.Second)
	app := c.application()
	app.NewAdmin().CreateTopic(client.NewTopic{Name: "t", Partitions: 10, Replication: 3}, func(client.Done) {})
	c.run(5 * time.Second)
	p := app.NewProducer(client.ProducerConfig{Acks: -1, Idempotent: true, BatchBytes: 1})
	s := app.NewConsumer(client.ConsumerConfig{Reset: client.ResetEarliest})
	var parts []client.TopicPartition
	for i := range int32(10) {
		parts = append(parts, client.TopicPartition{Topic: "t", Partition: i})
	}
	s.Assign(parts)
	read, left := 0, b.N
	var poll func()
	poll = func() {
		s.Poll(500, time.Second, func(r client.Polled) {
			read += len(r.Records)
			poll()
		})
	}
	poll()
	value := []byte("a value of some length, as they are")
	var send func(partition int32)
	send = func(partition int32) {
		if left > 0 {
			left--
			p.Send(client.Record{Topic: "t", Partition: partition, Value: value}, func(client.Sent) { send(partition) })
		}
	}
	b.ResetTimer()
	for i := range int32(10) {
		send(i)
	}
	for read < b.N {
		c.run(time.Second)
	}
	b.ReportMetric(float64(c.world.Steps())/float64(b.N), "events/op")
}

// BenchmarkPacedClients measures a virtual second of ten clients that begin 20 operations
// each in it: sends that want all acknowledgements, with a batch for every record or with
// records that wait for others, or sends and polls by turns.
func BenchmarkPacedClients(b *testing.B) {
	for _, linger := range []time.Duration{0, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond} {
		b.Run(fmt.Sprintf("sends/linger=%v", linger), func(b *testing.B) { benchPaced(b, false, linger) })
	}
	b.Run("sends and polls", func(b *testing.B) { benchPaced(b, true, 0) })
}

func benchPaced(b *testing.B, polls bool, linger time.Duration) {
	c := newBenchCluster(b)
	c.run(5 * time.Second)
	app := c.application()
	app.NewAdmin().CreateTopic(client.NewTopic{Name: "t", Partitions: 10, Replication: 3}, func(client.Done) {})
	c.run(5 * time.Second)
	var begin []func(turn int)
	sent := 0
	for i := range int32(10) {
		app := c.application()
		p := app.NewProducer(client.ProducerConfig{Acks: -1, Idempotent: true, Linger: linger})
		s := app.NewConsumer(client.ConsumerConfig{Reset: client.ResetEarliest, MaxWait: 50 * time.Millisecond})
		s.Assign([]client.TopicPartition{{Topic: "t", Partition: i}})
		polling := false
		operate := func(turn int) {
			if polls && turn%2 == 1 {
				if !polling {
					polling = true
					s.Poll(100, 50*time.Millisecond, func(client.Polled) { polling = false })
				}
				return
			}
			p.Send(client.Record{Topic: "t", Partition: i, Value: []byte("a value of some length, as they are")}, func(client.Sent) { sent++ })
		}
		begin = append(begin, func(turn int) { app.Do(func() { operate(turn) }) })
	}
	second := func() {
		for turn := range 20 {
			for _, f := range begin {
				f(turn)
				c.run(5 * time.Millisecond)
			}
		}
	}
	second() // connections
	from := c.world.Steps()
	sent = 0
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		second()
	}
	wall := b.Elapsed().Seconds()
	b.ReportMetric(float64(c.world.Steps()-from)/wall, "events/s")
	b.ReportMetric(float64(c.world.Steps()-from)/float64(b.N), "events/virtual-s")
	b.ReportMetric(float64(sent)/wall, "records/s")
	b.ReportMetric(float64(b.N)/wall, "virtual-s/s")
}
