package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/replica"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// retrieval is a request to fetch, with its answer. It waits until there is as much as
// its sender wants, something to tell it, or no more time.
type retrieval struct {
	x       *exchange
	request *kmsg.FetchRequest
	// follower is the broker that fetches, -1 if a consumer does.
	follower int32
	answer   *kmsg.FetchResponse
	// bytes is how much the answer holds; urgent, that it says something that must not
	// wait: an error, where logs part, or a high watermark that a follower lacks.
	bytes  int
	urgent bool
	// may says which topics the sender may read, as far as that is decided.
	may map[string]bool
}

// fetch reads from partitions: all that there is for followers, what is committed for
// consumers.
func (s *Server) fetch(x *exchange) {
	r := x.Body.(*kmsg.FetchRequest)
	f := &retrieval{x: x, request: r, follower: r.ReplicaID}
	if r.SessionID != 0 {
		// There are no sessions of fetches here, and so none that could go on (KIP-227).
		answer := kmsg.NewPtrFetchResponse()
		answer.ErrorCode = int16(wire.FetchSessionIDNotFound)
		x.reply(answer)
		return
	}
	f.read(s, true /* first */)
	if !f.complete() {
		s.delay(f, f.replicas(s), time.Duration(r.MaxWaitMillis)*time.Millisecond)
		return
	}
	f.send(s)
}

// complete reports whether the answer is worth sending.
func (f *retrieval) complete() bool {
	return f.urgent || f.bytes >= int(f.request.MinBytes) || f.request.MaxWaitMillis <= 0 || len(f.request.Topics) == 0
}

// try implements delayed.
func (f *retrieval) try(s *Server) bool {
	f.read(s, false)
	if !f.complete() {
		return false
	}
	f.send(s)
	return true
}

// expire implements delayed.
func (f *retrieval) expire(s *Server) {
	f.read(s, false)
	f.send(s)
}

func (f *retrieval) send(s *Server) {
	if f.follower >= 0 {
		f.told(s)
	}
	f.x.reply(f.answer)
}

// told notes which high watermarks a follower is being sent.
func (f *retrieval) told(s *Server) {
	for i := range f.answer.Topics {
		t := &f.answer.Topics[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			if r := s.replicas[znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}]; r != nil && p.ErrorCode == 0 {
				r.Told(f.follower, p.HighWatermark)
			}
		}
	}
}

// replicas are those that the request waits for.
func (f *retrieval) replicas(s *Server) []*localReplica {
	var all []*localReplica
	for i := range f.request.Topics {
		t := &f.request.Topics[i]
		for j := range t.Partitions {
			if r := s.replicas[znodes.TopicPartition{Topic: t.Topic, Partition: t.Partitions[j].Partition}]; r != nil {
				all = append(all, r)
			}
		}
	}
	return all
}

// read makes the answer anew. Only the first time does it say how far a follower has
// come: the request is as old as that.
func (f *retrieval) read(s *Server, first bool) {
	f.answer, f.bytes, f.urgent = kmsg.NewPtrFetchResponse(), 0, false
	left := min(int(f.request.MaxBytes), s.cfg.FetchBytes)
	for i := range f.request.Topics {
		in := &f.request.Topics[i]
		out := kmsg.NewFetchResponseTopic()
		out.Topic = in.Topic
		out.Partitions = make([]kmsg.FetchResponseTopicPartition, len(in.Partitions))
		for j := range in.Partitions {
			p := &out.Partitions[j]
			p.Default()
			p.Partition = in.Partitions[j].Partition
			s.readPart(f, in.Topic, &in.Partitions[j], p, left-f.bytes, first)
			f.bytes += len(p.RecordBatches)
			f.urgent = f.urgent || p.ErrorCode != 0 || p.DivergingEpoch.Epoch >= 0
		}
		f.answer.Topics = append(f.answer.Topics, out)
	}
}

// readPart reads from one partition. An answer that holds nothing yet takes a first
// batch whatever its size, or a fetch might never get past it (KIP-74).
func (s *Server) readPart(f *retrieval, topic string, in *kmsg.FetchRequestTopicPartition, out *kmsg.FetchResponseTopicPartition, room int, first bool) {
	tp := znodes.TopicPartition{Topic: topic, Partition: in.Partition}
	r := s.replicas[tp]
	out.HighWatermark, out.LastStableOffset, out.LogStartOffset = -1, -1, -1
	switch {
	case !s.mayRead(f, topic):
		out.ErrorCode = int16(wire.TopicAuthorizationFailed)
		return
	case r == nil:
		out.ErrorCode = int16(s.absent(tp))
		return
	}
	upTo, code := s.admit(f, r, in, out, first)
	if out.ErrorCode = int16(code); code != wire.OK || out.DivergingEpoch.Epoch >= 0 {
		return
	}
	out.LastStableOffset, out.LogStartOffset = r.log.LastStable(), r.log.Start()
	if room <= 0 && f.bytes > 0 {
		return
	}
	records, code := r.log.Read(in.FetchOffset, upTo, min(room, int(in.PartitionMaxBytes)))
	out.ErrorCode = int16(code)
	if len(records) > max(room, 0) && f.bytes > 0 {
		return // for the next answer: this one is full
	}
	out.RecordBatches = records
}

// admit says up to where may be read, and whether at all.
func (s *Server) admit(f *retrieval, r *localReplica, in *kmsg.FetchRequestTopicPartition, out *kmsg.FetchResponseTopicPartition, first bool) (upTo int64, code wire.ErrorCode) {
	if f.follower >= 0 {
		return s.admitFollower(f, r, in, out, first)
	}
	// Before KIP-392, which is when requests began to name a rack, only leaders served.
	a := r.Consumed(replica.Fetch{Epoch: in.CurrentLeaderEpoch, Offset: in.FetchOffset, LastEpoch: in.LastFetchedEpoch}, f.request.Version < 11)
	out.HighWatermark = a.HighWatermark
	diverge(out, a)
	if s.cfg.Bugs.Has(bugs.ReadsUncommitted) {
		return r.log.End(), a.Code
	}
	return a.HighWatermark, a.Code
}

// admitFollower counts what a follower says it has, and lets it read to the end.
func (s *Server) admitFollower(f *retrieval, r *localReplica, in *kmsg.FetchRequestTopicPartition, out *kmsg.FetchResponseTopicPartition, first bool) (upTo int64, code wire.ErrorCode) {
	if !first {
		out.HighWatermark = r.log.HighWatermark()
		f.urgent = f.urgent || r.NeedsMark(f.follower)
		return r.log.End(), r.Check(in.CurrentLeaderEpoch, true)
	}
	a := r.Fetched(replica.Fetch{
		Replica: f.follower, Epoch: in.CurrentLeaderEpoch,
		Offset: in.FetchOffset, Start: in.LogStartOffset, LastEpoch: in.LastFetchedEpoch,
	}, s.env.Now())
	out.HighWatermark = a.HighWatermark
	if a.Code == wire.OK && !a.Diverges {
		s.welcome(r, f.follower)
		f.urgent = f.urgent || a.Lacking
	}
	if a.Raised {
		s.touch(r)
	}
	diverge(out, a)
	return r.log.End(), a.Code
}

// diverge writes into an answer where the logs part.
func diverge(out *kmsg.FetchResponseTopicPartition, a replica.Answer) {
	if a.Diverges {
		out.DivergingEpoch.Epoch, out.DivergingEpoch.EndOffset = a.DivergingEpoch, a.DivergingEnd
	}
}
