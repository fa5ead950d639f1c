package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// copy appends what a leader sent, unless the log has to begin elsewhere first. Where its disk is
// busy with something that came up since the leader was asked, the answer waits: in a session the
// leader would not repeat its high watermark.
func (s *Server) copy(r *localReplica, p *kmsg.FetchResponseTopicPartition) {
	if first, apart := beginsBefore(r, p); apart {
		s.disk(r, r.log.StartOver(first, facts.BeginsInBatch))
		r.follow.held = p
		s.takeHeld(r)
		return
	}
	from := r.log.End()
	code := r.log.AppendAsFollower(p.RecordBatches, s.env.WallMillis())
	s.observeCopied(r, p.RecordBatches, from)
	switch {
	case code == wire.LeaderNotAvailable && !r.log.Settled():
		r.follow.held = p
		s.work(r)
		return
	case code != wire.OK:
		s.work(r)
		s.postpone(r)
		return
	}
	err := r.Copied(p.HighWatermark, p.LogStartOffset)
	s.work(r)
	s.disk(r, err)
}

// beginsBefore reports whether records begin before a log that is empty. It was begun at
// the leader's log start, which may be in the middle of a batch, and that came whole:
// the log must begin where the batch does, and show the leader's start. A log is as good as
// empty if the leader has deleted as much:
//
//	b3, alone in sync, loses its disk, leads on, and deletes below 7, where 6-7 is a batch
//	b2 has 0-26 of before that; it is told to cut them to 7, asks for 7, and gets 6-7
func beginsBefore(r *localReplica, p *kmsg.FetchResponseTopicPartition) (first int64, before bool) {
	b, _, err := batch.Next(p.RecordBatches)
	if err != nil || b == nil || b.BaseOffset() >= r.log.End() || max(r.log.Start(), p.LogStartOffset) < r.log.End() {
		return 0, false
	}
	return b.BaseOffset(), b.LastOffset() >= r.log.End()
}

// takeHeld appends what had to wait, as soon as the disk is done with the log. Records for which
// that was begun elsewhere must not be asked for again: where the batch begins is outside of what
// the leader has, and the log would be begun at the leader's start once more.
func (s *Server) takeHeld(r *localReplica) {
	if p := r.follow.held; p != nil && r.log.Settled() && r.log.Offline() == nil {
		r.follow.held = nil
		s.copy(r, p)
	}
}

// observeCopied states which batches were appended.
func (s *Server) observeCopied(r *localReplica, records []byte, from int64) {
	for each := batch.Read(records); each.Next(); {
		if b := each.Batch; b.BaseOffset() >= from && b.NextOffset() <= r.log.End() {
			e := appending(r, facts.FollowerAppended, r.become(b, b.BaseOffset()), b.BaseOffset(), b.LastOffset(), b.LeaderEpoch())
			if who := producerOf(b); who != nil {
				e.Body = who
			}
			s.env.Observe(e)
		}
	}
}

// bounds is the question where a leader's log begins and ends.
type bounds struct {
	question
	start int64
}

// askBounds asks a leader where its log begins, and then where it ends, because what was
// asked for is outside.
func (s *Server) askBounds(r *localReplica, q question) {
	r.follow.blocked = true
	b := &bounds{question: q}
	s.listOffset(b, earliest, func(start int64) {
		b.start = start
		s.listOffset(b, latest, func(end int64) {
			r.follow.blocked = false
			s.disk(r, r.OutOfRange(b.start, end))
			s.fetchers.wake(s)
		})
	})
}

// The times that stand for an end of a log.
const (
	latest   int64 = -1
	earliest int64 = -2
)

// listOffset asks the leader for one end of its log, and goes on if the question still
// applies when it is answered.
func (s *Server) listOffset(b *bounds, time int64, then func(int64)) {
	from := b.of.follow.from
	if from.caller == nil {
		b.of.follow.blocked = false
		return
	}
	request := kmsg.NewPtrListOffsetsRequest()
	request.Version, request.ReplicaID = 5, s.cfg.ID
	t, p := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
	t.Topic, p.Partition, p.CurrentLeaderEpoch, p.Timestamp = b.of.tp.Topic, b.of.tp.Partition, b.Epoch, time
	t.Partitions = append(t.Partitions, p)
	request.Topics = append(request.Topics, t)
	from.call(s, request, func(answer kmsg.Response, err error) {
		r := b.of
		if r.follow.from != from || !r.Applies(b.Fetch) {
			return
		}
		list, _ := answer.(*kmsg.ListOffsetsResponse)
		if err != nil || list == nil || list.Topics[0].Partitions[0].ErrorCode != 0 {
			r.follow.blocked = false
			s.postpone(r)
			return
		}
		then(list.Topics[0].Partitions[0].Offset)
	})
}
