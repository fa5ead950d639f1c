package broker_test

import (
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
