package client

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/fetchsession"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// fetched is a partition of a fetch, and its moves when the fetch was sent.
type fetched struct {
	p     *source
	moves uint64
}

// fetch asks every broker that owes no answer for what is not there yet.
func (s *Consumer) fetch() {
	wanted := map[int32][]fetched{}
	for _, p := range s.parts {
		if broker, ok := p.wants(); ok && !s.fetching[broker] {
			wanted[broker] = append(wanted[broker], fetched{p, p.moves})
		}
	}
	for _, broker := range s.c.metadata.ids {
		if parts := wanted[broker]; len(parts) > 0 {
			s.fetchFrom(broker, parts)
		}
	}
}

// wants returns the broker that the partition is to be fetched from, if it is.
func (p *source) wants() (broker int32, ok bool) {
	if p.phase != fetchable || p.fetching || len(p.buffer) > 0 || p.waits() {
		return 0, false
	}
	leader, ok := p.s.c.leader(p.at)
	if !ok {
		p.s.c.refresh()
		p.pause()
		return 0, false
	}
	if p.preferred < 0 || p.s.c.env.Now() >= p.preferredUntil {
		return leader.Leader, true
	}
	if _, known := p.s.c.metadata.hosts[p.preferred]; !known {
		// It is newer than what we know of the cluster. The leader would send us there again.
		p.preferred = -1
		p.s.c.refresh()
		p.pause()
		return 0, false
	}
	return p.preferred, true
}

func (s *Consumer) fetchFrom(broker int32, parts []fetched) {
	ask := fetchsession.NewRequest()
	ask.ReplicaID = -1
	ask.MaxWaitMillis = int32(s.cfg.MaxWait / time.Millisecond)
	ask.MinBytes, ask.MaxBytes, ask.IsolationLevel = s.cfg.MinBytes, s.cfg.MaxBytes, s.cfg.Isolation
	ask.Rack = s.cfg.Rack
	want := make([]fetchsession.Part, len(parts))
	for i, f := range parts {
		f.p.fetching = true
		leader, _ := s.c.leader(f.p.at)
		want[i] = fetchsession.Part{
			Topic: f.p.at.Topic, Number: f.p.at.Partition, Epoch: leader.Epoch, LastEpoch: f.p.epoch,
			Offset: f.p.offset, Start: -1, MaxBytes: s.cfg.PartitionBytes,
		}
	}
	session := s.session(broker)
	session.Prepare(ask, want)
	s.fetching[broker] = true
	s.c.call(s.lane, broker, ask, func(r kmsg.Response, err error) {
		delete(s.fetching, broker)
		s.fetchAnswered(session, parts, r, err)
		s.soon()
	})
}

// session is that with a broker.
func (s *Consumer) session(broker int32) *fetchsession.Asker {
	if s.sessions[broker] == nil {
		s.sessions[broker] = &fetchsession.Asker{Sessionless: s.cfg.Sessionless}
	}
	return s.sessions[broker]
}

// fetchAnswered takes the answer to a fetch, which may leave out in a session what has no
// news. What the owner has moved since is of no use: it is not at the position any more
// (KAFKA-2342).
func (s *Consumer) fetchAnswered(session *fetchsession.Asker, parts []fetched, r kmsg.Response, err error) {
	answers := map[TopicPartition]*kmsg.FetchResponseTopicPartition{}
	if err != nil {
		session.Lost()
	} else if answer := r.(*kmsg.FetchResponse); session.Answered(answer) {
		for i := range answer.Topics {
			for j := range answer.Topics[i].Partitions {
				part := &answer.Topics[i].Partitions[j]
				answers[TopicPartition{answer.Topics[i].Topic, part.Partition}] = part
			}
		}
	}
	for _, f := range parts {
		f.p.fetching = false
		if f.p.dropped || s.closed || f.moves != f.p.moves && !s.c.cfg.Bugs.Has(bugs.StaleFetchTaken) {
			continue
		}
		if part := answers[f.p.at]; part != nil {
			f.p.brought(part)
		} else if err != nil {
			f.p.preferred = -1
			f.p.retry(wire.NetworkException)
		}
	}
}

// brought takes what a fetch brought for the partition.
func (p *source) brought(part *kmsg.FetchResponseTopicPartition) {
	code := wire.ErrorCode(part.ErrorCode)
	switch {
	case code == wire.OffsetOutOfRange && p.preferred >= 0:
		p.preferred = -1 // a follower may be behind; its leader knows
	case code == wire.OffsetOutOfRange && p.s.cfg.Reset == ResetNone:
		p.stay(code, -1)
	case code == wire.OffsetOutOfRange:
		p.reset(p.s.cfg.Reset, JumpOutOfRange)
	case code != wire.OK:
		p.preferred = -1
		p.retry(code)
	case part.DivergingEpoch.Epoch >= 0:
		p.truncated(part.DivergingEpoch.EndOffset, part.DivergingEpoch.Epoch)
	case part.PreferredReadReplica >= 0:
		p.preferred = part.PreferredReadReplica
		p.preferredUntil = p.s.c.env.Now() + p.s.c.cfg.MetadataMaxAge
	default:
		p.failures = 0
		p.start, p.end = part.LogStartOffset, part.HighWatermark
		p.unpack(part.RecordBatches)
	}
}

// unpack puts the records from the position on into the buffer. The first batch may
// begin before it, and the last may be cut off.
func (p *source) unpack(b []byte) {
	batches := batch.Read(b)
	for batches.Next() {
		if err := p.open(batches.Batch); err != nil {
			p.retry(wire.CorruptMessage)
			return
		}
	}
	if batches.Err != nil {
		p.retry(wire.CorruptMessage)
	}
}

// open takes the records of one batch. Control batches are not for applications.
func (p *source) open(b batch.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	if b.NextOffset() <= p.behind {
		return nil
	}
	if !b.Has(batch.Control) {
		var rec batch.Record
		records := b.Records()
		for records.Next(&rec) {
			if rec.Offset >= p.behind {
				p.buffer = append(p.buffer, Consumed{p.at, rec.Offset, b.LeaderEpoch(), rec.Timestamp, rec.Key, rec.Value, rec.Headers})
			}
		}
		if records.Err() != nil {
			return fmt.Errorf("client: %v: %w", p.at, records.Err())
		}
	}
	p.behind, p.behindEpoch = b.NextOffset(), b.LeaderEpoch()
	return nil
}
