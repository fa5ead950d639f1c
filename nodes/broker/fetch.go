package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/fetchsession"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/replica"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// retrieval is a request to fetch, with its answer. It waits until there is as much as
// its sender wants, something to tell it, or no more time.
type retrieval struct {
	waiter
	x       *exchange
	request *kmsg.FetchRequest
	// in is what the request wants, which its session knows, and parts that in its order.
	in    fetchsession.Context
	parts []fetchsession.Part
	// of are the replicas of parts as they were found last, see replicaOf; awaited those
	// that it waits for.
	of, awaited []*localReplica
	// follower is the broker that fetches, -1 if a consumer does.
	follower int32
	// read is what was read of each of parts, in a place that others use while this waits.
	read []kmsg.FetchResponseTopicPartition
	// most is how much an answer may hold at all; a first batch may be longer.
	most int
	// bytes is how much that is; urgent, that it says something that must not
	// wait: an error, where logs part, a replica that is nearer. That the high watermark
	// rose can wait: releases 2.4 and 2.5 told followers at once, which asked twice for
	// each record then (KAFKA-9731, KAFKA-9952).
	bytes  int
	urgent bool
	// may says which topics the sender may read, as far as that is decided.
	may map[string]bool
}

// fetch reads from partitions: all that there is for followers, what is committed for
// consumers.
func (s *Server) fetch(x *exchange) {
	r := x.Body.(*kmsg.FetchRequest)
	f := &retrieval{x: x, request: r, in: s.fetchSessions.Open(r), follower: r.ReplicaID}
	if f.in.Refused() {
		x.reply(f.in.Answer(nil))
		return
	}
	f.parts = f.in.Parts()
	room := make([]*localReplica, 2*len(f.parts)) // for both lists, as most fetches wait
	f.of, f.awaited = room[:len(f.parts)], room[len(f.parts):]
	f.readAll(s, true /* first */)
	if !f.complete() {
		s.delay(f, f.await(s), time.Duration(r.MaxWaitMillis)*time.Millisecond)
		return
	}
	f.send(s)
}

// complete reports whether the answer is worth sending.
func (f *retrieval) complete() bool {
	return f.urgent || f.bytes >= min(int(f.request.MinBytes), f.most) || f.request.MaxWaitMillis <= 0 || len(f.parts) == 0
}

// try implements delayed.
func (f *retrieval) try(s *Server) bool {
	if f.follower >= 0 && f.atEnds(s) {
		return false
	}
	f.readAll(s, false)
	if !f.complete() {
		return false
	}
	f.send(s)
	return true
}

// atEnds reports whether a follower that waits has all there is of every partition: what
// happened to one was that more of it is committed. So reading would find nothing.
func (f *retrieval) atEnds(s *Server) bool {
	for i := range f.parts {
		r := f.replicaOf(s, i)
		if r == nil || !r.Leads() || f.parts[i].Epoch != r.LeaderEpoch() || f.parts[i].Offset != r.log.End() {
			return false
		}
	}
	return true
}

// expire implements delayed.
func (f *retrieval) expire(s *Server) {
	f.readAll(s, false)
	f.send(s)
}

func (f *retrieval) send(s *Server) {
	busy := s.chargeHandling(f.x, f.bytes)
	if f.x.throttle = max(busy, s.charge(f.x, consumerRate, int64(f.bytes), busy > 0)); f.x.throttle > 0 {
		f.x.reply(f.in.Throttled())
		return
	}
	f.x.reply(f.in.Answer(f.read))
}

// await lists the replicas that the request waits for.
func (f *retrieval) await(s *Server) []*localReplica {
	all := f.awaited[:0]
	for i := range f.parts {
		if r := f.replicaOf(s, i); r != nil {
			all = append(all, r)
		}
	}
	return all
}

// replicaOf finds the replica that part i is about, nil if there is none here. While a
// fetch waits, it may be deleted, and another be there.
func (f *retrieval) replicaOf(s *Server, i int) *localReplica {
	if f.of[i] == nil || f.of[i].log.gone {
		p := &f.parts[i]
		f.of[i] = s.replicas[znodes.TopicPartition{Topic: p.Topic, Partition: p.Number}]
	}
	return f.of[i]
}

// readAll reads everything anew. Only the first time does it say how far a follower has
// come: the request is as old as that.
func (f *retrieval) readAll(s *Server, first bool) {
	if len(s.readInto) < len(f.parts) {
		s.readInto = make([]kmsg.FetchResponseTopicPartition, len(f.parts))
	}
	f.read, f.bytes, f.urgent = s.readInto[:len(f.parts)], 0, false
	f.most = min(int(f.request.MaxBytes), s.cfg.FetchBytes, s.mostAtOnce(f.x))
	for i := range f.parts {
		p := &f.read[i]
		*p = unread
		p.Partition = f.parts[i].Number
		s.readPart(f, f.replicaOf(s, i), &f.parts[i], p, f.most-f.bytes, first)
		f.bytes += len(p.RecordBatches)
		f.urgent = f.urgent || p.ErrorCode != 0 || p.DivergingEpoch.Epoch >= 0
	}
}

// unread is what is answered of a partition before anything is known of it.
var unread = func() kmsg.FetchResponseTopicPartition {
	p := kmsg.NewFetchResponseTopicPartition()
	p.HighWatermark, p.LastStableOffset, p.LogStartOffset = -1, -1, -1
	return p
}()

// readPart reads from one partition. An answer that holds nothing yet takes a first
// batch whatever its size, or a fetch might never get past it (KIP-74).
func (s *Server) readPart(f *retrieval, r *localReplica, in *fetchsession.Part, out *kmsg.FetchResponseTopicPartition, room int, first bool) {
	switch {
	case !s.mayRead(f, in.Topic):
		out.ErrorCode = int16(wire.TopicAuthorizationFailed)
		return
	case r == nil:
		out.ErrorCode = int16(s.absent(znodes.TopicPartition{Topic: in.Topic, Partition: in.Number}))
		return
	case f.request.Version < zstdFetch && r.log.Config().Compression == log.StoredAs(batch.Zstd):
		// Where producers choose, an old consumer gets what they chose (KIP-110).
		out.ErrorCode = int16(wire.UnsupportedCompressionType)
		return
	}
	upTo, code := s.admit(f, r, in, out, first)
	if out.ErrorCode = int16(code); code != wire.OK || out.DivergingEpoch.Epoch >= 0 {
		return
	}
	out.LastStableOffset, out.LogStartOffset = r.log.LastStable(), r.log.Start()
	if f.follower < 0 {
		if out.PreferredReadReplica = s.nearer(f, r, in.Offset); out.PreferredReadReplica >= 0 {
			f.urgent = true
			return
		}
	}
	if room <= 0 && f.bytes > 0 {
		return
	}
	records, code := r.log.Read(in.Offset, upTo, min(room, int(in.MaxBytes)))
	out.ErrorCode = int16(code)
	if len(records) > max(room, 0) && f.bytes > 0 {
		return // for the next answer: this one is full
	}
	out.RecordBatches = records
	if f.follower < 0 && len(records) > 0 {
		s.served(r, in.Offset, records)
	}
}

// served states what a consumer is given.
func (s *Server) served(r *localReplica, from int64, records []byte) {
	leads, end := int64(0), from
	if r.Leads() {
		leads = 1
	}
	for each := batch.Read(records); each.Next(); {
		end = each.Batch.NextOffset()
	}
	s.observeOf(r.Name(), facts.ConsumerServed, from, end, int64(r.LeaderEpoch()), leads)
}

// nearer is the replica to which the leader sends a consumer that says where it is, -1
// for itself: one in that rack, unless it is there, too (KIP-392).
func (s *Server) nearer(f *retrieval, r *localReplica, offset int64) int32 {
	if s.cfg.ReplicaSelector != ReadFromRack || f.request.Version < 11 || f.request.Rack == "" || !r.Leads() || f.request.Rack == s.cfg.Rack {
		return -1
	}
	to := r.Nearest(offset, func(id int32) bool { return s.metadata.rackOf(id) == f.request.Rack })
	if to >= 0 {
		s.observeOf(r.Name(), facts.PreferredNamed, int64(to), offset, int64(r.LeaderEpoch()))
	}
	return to
}

// admit says up to where may be read, and whether at all.
func (s *Server) admit(f *retrieval, r *localReplica, in *fetchsession.Part, out *kmsg.FetchResponseTopicPartition, first bool) (upTo int64, code wire.ErrorCode) {
	if f.follower >= 0 {
		return s.admitFollower(f, r, in, out, first)
	}
	// Before KIP-392, which is when requests began to name a rack, only leaders served.
	a := r.Consumed(replica.Fetch{Epoch: in.Epoch, Offset: in.Offset, LastEpoch: in.LastEpoch}, f.request.Version < 11)
	out.HighWatermark = a.HighWatermark
	diverge(out, a, r.log.Start())
	if s.cfg.Bugs.Has(bugs.ReadsUncommitted) || s.cfg.Bugs.Has(bugs.FollowerServesAll) && !r.Leads() {
		return r.log.End(), a.Code
	}
	return a.HighWatermark, a.Code
}

// admitFollower counts what a follower says it has, and lets it read to the end.
func (s *Server) admitFollower(f *retrieval, r *localReplica, in *fetchsession.Part, out *kmsg.FetchResponseTopicPartition, first bool) (upTo int64, code wire.ErrorCode) {
	if !first {
		out.HighWatermark = r.log.HighWatermark()
		return r.log.End(), r.Check(in.Epoch, true)
	}
	a := r.Fetched(replica.Fetch{
		Replica: f.follower, Epoch: in.Epoch, Offset: in.Offset, Start: in.Start, LastEpoch: in.LastEpoch, Via: f.x.channel.id,
	}, s.env.Now())
	out.HighWatermark = a.HighWatermark
	if a.Code == wire.OK && !a.Diverges {
		s.welcome(r, f.follower)
	}
	if a.Raised {
		s.touch(r)
	}
	diverge(out, a, r.log.Start())
	return r.log.End(), a.Code
}

// diverge writes into an answer where the logs part, and where this one begins.
func diverge(out *kmsg.FetchResponseTopicPartition, a replica.Answer, start int64) {
	if a.Diverges {
		out.LogStartOffset = start
		out.DivergingEpoch.Epoch, out.DivergingEpoch.EndOffset = a.DivergingEpoch, a.DivergingEnd
	}
}
