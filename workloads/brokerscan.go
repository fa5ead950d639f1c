package workloads

import (
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/node"
)

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
	switch op.F {
	case history.Committed:
		return c.tryCommitted(t, op)
	case history.ListTopics:
		return c.tryTopics(t, op)
	case history.Describe, history.DescribeBroker:
		return c.tryDescribe(t, op)
	case history.TooLarge:
		return c.tryTooLarge(t, op)
	}
	c.rec.Invoke(history.Op{ // before the end is asked for: what is sent from now on may be behind it
		ID: op.ID, Client: c.cfg.Index, F: history.Poll, Path: op.Path, Server: int(node.Nobody), Final: true,
		Log: &history.LogOp{From: fromBeginning, Offset: history.Unknown},
	})
	all, ok := c.readThrough(t, partitionOf(op.Path), finalTries)
	if !ok {
		return false
	}
	c.rec.Return(op.ID, func(h *history.Op) { h.Outcome, h.Log = history.OK, all })
	return true
}

// scan reads a partition through, in the middle of a run. It fails if it does not get to
// the end that there was, or if the log begins elsewhere before it has begun to read.
func (c *BrokerClient) scan(op Op) {
	c.env.Go("scan", func(t *node.Task) {
		all, ok := c.readThrough(t, partitionOf(op.Path), scanTries)
		outcome := history.Fail
		if ok {
			outcome = history.OK
		}
		c.ended(op.ID, outcome, func(l *history.LogOp) {
			if l.From = fromBeginning; ok {
				l.Records, l.Offset = all.Records, all.Offset
			}
		})
	})
}

const (
	fromBeginning = "beginning"
	// finalTries is how many polls without a record a final read bears, scanTries a scan.
	finalTries = 20
	scanTries  = 4
)

// readThrough reads a partition from its beginning to where it ends now, as somebody who
// was never there before.
func (c *BrokerClient) readThrough(t *node.Task, tp client.TopicPartition, tries int) (*history.LogOp, bool) {
	fresh := c.cluster.NewConsumer(client.ConsumerConfig{Reset: client.ResetNone, MaxWait: c.cfg.PollWait, Sessionless: !c.cfg.Sessions})
	defer fresh.Close()
	fresh.Assign([]client.TopicPartition{tp})
	fresh.SeekToEnd(tp, false)
	end, ok := c.position(t, fresh, tp, tries)
	if !ok {
		return nil, false
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
		} else if empty++; empty > tries {
			return nil, false
		}
	}
	all.From, all.Offset, all.Positions = fromBeginning, end, nil
	return &all, true
}

// position awaits the position of a consumer, which it has to ask for.
func (c *BrokerClient) position(t *node.Task, s *client.Consumer, tp client.TopicPartition, tries int) (int64, bool) {
	for range tries {
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
