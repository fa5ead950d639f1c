package workloads

import (
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// producer is the one that is acknowledged in a way.
func (c *BrokerClient) producer(a Acks) *client.Producer {
	if c.producers[a] == nil {
		cfg := client.ProducerConfig{
			Acks: a.Wire(), Idempotent: c.cfg.Idempotent && a == AcksAll, Linger: c.cfg.Linger,
			DeliveryTimeout: c.cfg.DeliveryTimeout, NoRetries: !c.cfg.Retries,
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
	c.producer(op.Log.Acks).Send(r, func(s client.Sent) {
		c.ended(op.ID, outcomeOf(s.Outcome), func(l *history.LogOp) {
			if s.Partition >= 0 {
				l.Partition = partitionName(client.TopicPartition{Topic: tp.Topic, Partition: s.Partition})
			}
			l.Offset, l.Err, l.Attempts = s.Offset, int16(s.Code), s.Attempts
			if s.Producer >= 0 {
				l.Producer, l.ProducerEpoch, l.Sequence = s.Producer, s.Epoch, s.Sequence
			}
		})
	})
}

// reader is the consumer of the client's polls.
func (c *BrokerClient) reader() *client.Consumer {
	if c.consumer == nil {
		c.consumer = c.cluster.NewConsumer(client.ConsumerConfig{Reset: client.ResetEarliest, MaxWait: c.cfg.PollWait})
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
	c.offsetsOf(op.Log).Fetch(parts, func(f client.Fetched) {
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
	})
}

// took records what a poll brought, and where it left the client.
func (c *BrokerClient) took(l *history.LogOp, from *client.Consumer, p client.Polled) {
	for _, r := range p.Records {
		l.Records = append(l.Records, history.Record{
			Partition: partitionName(r.TopicPartition), Offset: r.Offset, Key: string(r.Key), Value: string(r.Value), Tombstone: r.Value == nil,
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

// final makes the final reads: each reads a partition from its beginning to its end, as
// somebody who was never there before.
func (c *BrokerClient) final(t *node.Task) {
	for _, op := range c.cfg.Final[c.rec.clients[c.cfg.Index].final:] {
		for !c.tryFinal(t, op) {
			c.carryOn(t)
		}
		c.rec.clients[c.cfg.Index].final++
	}
	for c.rec.clients[c.cfg.Index].subscribed != nil && c.rec.Finals() < c.cfg.Finals {
		c.carryOn(t)
	}
}

// tryFinal makes one attempt.
func (c *BrokerClient) tryFinal(t *node.Task, op Op) bool {
	if op.F == history.Committed {
		return c.tryCommitted(t, op)
	}
	tp := partitionOf(op.Path)
	fresh := c.cluster.NewConsumer(client.ConsumerConfig{Reset: client.ResetNone, MaxWait: c.cfg.PollWait})
	defer fresh.Close()
	fresh.Assign([]client.TopicPartition{tp})
	fresh.SeekToEnd(tp, false)
	c.rec.Invoke(history.Op{ // before the end is asked for: what is sent from now on may be behind it
		ID: op.ID, Client: c.cfg.Index, F: history.Poll, Path: op.Path, Server: int(node.Nobody), Final: true,
		Log: &history.LogOp{From: "beginning", Offset: history.Unknown},
	})
	end, ok := c.position(t, fresh, tp)
	if !ok {
		return false
	}
	fresh.SeekToEnd(tp, true)
	var all history.LogOp
	for at, empty := int64(-1), 0; at < end; at, _ = fresh.Position(tp) {
		before := len(all.Records)
		var done node.Signal
		fresh.Poll(pollMost, c.cfg.RequestTimeout, func(p client.Polled) {
			c.took(&all, fresh, p)
			done.Set(nil)
		})
		t.Await(&done)
		if len(all.Records) > before {
			empty = 0
		} else if empty++; empty > finalTries {
			return false
		}
	}
	c.rec.Return(op.ID, func(h *history.Op) {
		all.From, all.Offset, all.Positions = "beginning", end, nil
		h.Outcome, h.Log = history.OK, &all
	})
	return true
}

// finalTries is how many polls without a record a final read bears.
const finalTries = 20

// position awaits the position of a consumer, which it has to ask for.
func (c *BrokerClient) position(t *node.Task, s *client.Consumer, tp client.TopicPartition) (int64, bool) {
	for range finalTries {
		var done node.Signal
		s.Poll(1, c.cfg.PollWait, func(client.Polled) { done.Set(nil) })
		t.Await(&done)
		if offset, _ := s.Position(tp); offset >= 0 {
			return offset, true
		}
		t.Sleep(time.Millisecond)
	}
	return 0, false
}
