package workloads

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// producer is the one that is acknowledged in a way.
func (c *BrokerClient) producer(a Acks) *client.Producer {
	if c.producers[a] == nil {
		cfg := client.ProducerConfig{
			Acks: a.Wire(), Idempotent: c.cfg.Idempotent && a == AcksAll, Linger: c.cfg.Linger,
			DeliveryTimeout: c.cfg.DeliveryTimeout, NoRetries: !c.cfg.Retries, Codec: c.cfg.Codec, BatchBytes: c.cfg.BatchBytes,
		}
		c.producers[a] = c.cluster.NewProducer(cfg)
	}
	return c.producers[a]
}

// send appends one record.
func (c *BrokerClient) send(op Op) {
	tp := partitionOf(op.Path)
	r := client.Record{Topic: tp.Topic, Partition: tp.Partition, Value: []byte(op.Value)}
	if op.Log.Key != "" {
		r.Key = []byte(op.Log.Key)
	}
	if op.Log.Tombstone {
		r.Value, r.Headers = nil, []kmsg.Header{{Key: valueHeader, Value: []byte(op.Value)}}
	}
	c.sentAt = c.env.WallMillis()
	c.producer(op.Log.Acks).Send(r, func(s client.Sent) {
		c.ended(op.ID, outcomeOf(s.Outcome), func(l *history.LogOp) {
			if s.Partition >= 0 {
				l.Partition = partitionName(client.TopicPartition{Topic: tp.Topic, Partition: s.Partition})
			}
			l.Offset, l.Err, l.Attempts, l.Broker = s.Offset, int16(s.Code), s.Attempts, s.Broker
			if s.Producer >= 0 {
				l.Producer, l.ProducerEpoch, l.Sequence = s.Producer, s.Epoch, s.Sequence
			}
		})
	})
}

// valueHeader is the header that tells a tombstone, which has no value, from others.
const valueHeader = "value"

// valueOf is what a record is known by.
func valueOf(r *client.Consumed) string {
	for _, h := range r.Headers {
		if r.Value == nil && h.Key == valueHeader {
			return string(h.Value)
		}
	}
	return string(r.Value)
}

// reader is the consumer of the client's polls.
func (c *BrokerClient) reader() *client.Consumer {
	if c.consumer == nil {
		c.consumer = c.cluster.NewConsumer(client.ConsumerConfig{
			Reset: client.ResetEarliest, MaxWait: c.cfg.FetchWait, Sessionless: !c.cfg.Sessions, Rack: c.cfg.Rack,
		})
	}
	return c.consumer
}

// assign makes the client read some partitions.
func (c *BrokerClient) assign(op Op) {
	var parts []client.TopicPartition
	for _, name := range strings.Split(op.Path, ",") {
		parts = append(parts, partitionOf(name))
	}
	c.rec.clients[c.cfg.Index].subscribed = nil
	c.quit()
	c.reader().Assign(parts)
	if op.Log.From == "committed" {
		c.resume(op, parts)
		return
	}
	for _, tp := range parts {
		c.reader().SeekToEnd(tp, op.Log.From != "end")
	}
	c.ended(op.ID, history.OK, func(*history.LogOp) {})
}

// resume has the client read on where a group is, once it is told, and from the beginning
// where the group has not been.
func (c *BrokerClient) resume(op Op, parts []client.TopicPartition) {
	slices.SortFunc(parts, client.TopicPartition.Compare)
	c.offsetsOf(op.Log, false).Fetch(parts, func(f client.Fetched) {
		if f.Err != nil || f.Code != wire.OK {
			c.reader().Assign(nil)
			c.ended(op.ID, history.Fail, func(l *history.LogOp) { l.Err = int16(f.Code) })
			return
		}
		for _, o := range f.Offsets {
			if o.Offset >= 0 {
				c.reader().Seek(o.TopicPartition, o.Offset, o.Epoch)
			}
		}
		c.ended(op.ID, history.OK, func(l *history.LogOp) {
			for _, o := range f.Offsets {
				l.Positions = append(l.Positions, history.Position{Partition: partitionName(o.TopicPartition), Offset: o.Offset})
			}
		})
	})
}

// pollMost is how many records a poll takes.
const pollMost = 100

// poll takes what has come. It fails if nothing is assigned; to bring nothing is no
// failure.
func (c *BrokerClient) poll(op Op) {
	if c.member != nil {
		c.member.poll(func(outcome history.Outcome, fill func(*history.LogOp)) { c.ended(op.ID, outcome, fill) })
		return
	}
	reader := c.reader()
	if len(reader.Assigned()) == 0 {
		c.ended(op.ID, history.Fail, func(*history.LogOp) {})
		return
	}
	reader.Poll(pollMost, c.cfg.PollWait, func(p client.Polled) {
		c.ended(op.ID, history.OK, func(l *history.LogOp) { c.took(l, reader, p) })
		resume(reader, p)
	})
}

// took records what a poll brought, and where it left the client.
func (c *BrokerClient) took(l *history.LogOp, from *client.Consumer, p client.Polled) {
	for i := range p.Records {
		r := &p.Records[i]
		l.Records = append(l.Records, history.Record{
			Partition: partitionName(r.TopicPartition), Offset: r.Offset, Key: string(r.Key), Value: valueOf(r), Tombstone: r.Value == nil,
		})
	}
	for _, j := range p.Jumps {
		l.Jumps = append(l.Jumps, history.Jump{Partition: partitionName(j.TopicPartition), From: j.From, To: j.To, Why: j.Why.String()})
	}
	for _, tp := range from.Assigned() {
		offset, _ := from.Position(tp)
		l.Positions = append(l.Positions, history.Position{Partition: partitionName(tp), Offset: offset})
	}
}
