package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// deletion is a request to delete records, with its answer as far as it is known.
type deletion struct {
	waiter
	x      *exchange
	answer *kmsg.DeleteRecordsResponse
	parts  []deleted
}

type deleted struct {
	topic, partition int // in the answer
	replica          *localReplica
	upTo             int64
}

// allRecords stands for all that are committed.
const allRecords int64 = -1

// deleteRecords hides the records below an offset, here and then on all followers, which
// is waited for (KIP-107).
func (s *Server) deleteRecords(x *exchange) {
	r := x.Body.(*kmsg.DeleteRecordsRequest)
	d := &deletion{x: x, answer: kmsg.NewPtrDeleteRecordsResponse()}
	var waitFor []*localReplica
	for i := range r.Topics {
		t := &r.Topics[i]
		topic := kmsg.NewDeleteRecordsResponseTopic()
		topic.Topic = t.Topic
		for j := range t.Partitions {
			out := kmsg.NewDeleteRecordsResponseTopicPartition()
			out.Partition, out.LowWatermark = t.Partitions[j].Partition, -1
			replica, upTo, code := s.hide(znodes.TopicPartition{Topic: t.Topic, Partition: out.Partition}, t.Partitions[j].Offset)
			if out.ErrorCode = int16(code); code == wire.OK {
				d.parts = append(d.parts, deleted{i, j, replica, upTo})
				waitFor = append(waitFor, replica)
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		d.answer.Topics = append(d.answer.Topics, topic)
	}
	if !d.try(s) {
		s.delay(d, waitFor, time.Duration(r.TimeoutMillis)*time.Millisecond)
	}
}

// hide moves the start of a log that is led here: never beyond what is committed, or a
// later leader might have what is gone here.
func (s *Server) hide(tp znodes.TopicPartition, upTo int64) (*localReplica, int64, wire.ErrorCode) {
	r := s.replicas[tp]
	if r == nil {
		return nil, 0, s.absent(tp)
	}
	if code := r.Check(noEpoch, true); code != wire.OK {
		return nil, 0, code
	}
	if upTo == allRecords {
		upTo = r.log.HighWatermark()
	}
	most := r.log.HighWatermark()
	if s.cfg.Bugs.Has(bugs.DeletesBeyondMark) {
		most = r.log.End()
	}
	if upTo < 0 || upTo > most {
		return nil, 0, wire.OffsetOutOfRange
	}
	if upTo > r.log.Start() {
		r.log.Log.AdvanceStart(upTo)
		r.log.observe(facts.StartAdvanced, upTo, r.log.HighWatermark(), -1, startDeleteRecords)
		s.work(r)
		s.touch(r)
	}
	return r, upTo, wire.OK
}

// try implements delayed.
func (d *deletion) try(s *Server) bool { return d.finish(s, wire.OK) }

// expire implements delayed.
func (d *deletion) expire(s *Server) { d.finish(s, wire.RequestTimedOut) }

// finish answers if all live replicas have deleted what they should, or with an error for
// those partitions where they have not.
func (d *deletion) finish(s *Server, otherwise wire.ErrorCode) bool {
	for _, part := range d.parts {
		out := &d.answer.Topics[part.topic].Partitions[part.partition]
		out.LowWatermark, out.ErrorCode = part.replica.LowWatermark(s.metadata.alive), 0
		if s.cfg.Bugs.Has(bugs.DeletionToldAlone) {
			out.LowWatermark = part.replica.log.Start()
		}
		switch {
		case !part.replica.Leads():
			out.LowWatermark, out.ErrorCode = -1, int16(wire.NotLeaderOrFollower) // of the followers it knows nothing any more
		case out.LowWatermark >= part.upTo:
		case otherwise == wire.OK:
			return false
		default:
			out.ErrorCode = int16(otherwise)
		}
	}
	d.state()
	d.x.reply(d.answer)
	return true
}

// state states what the client is told of logs from which something was deleted.
func (d *deletion) state() {
	asked := d.x.Body.(*kmsg.DeleteRecordsRequest)
	for _, part := range d.parts {
		if out := &d.answer.Topics[part.topic].Partitions[part.partition]; out.ErrorCode == 0 {
			part.replica.log.observe(facts.DeletionTold, out.LowWatermark, asked.Topics[part.topic].Partitions[part.partition].Offset, int64(part.replica.LeaderEpoch()), part.upTo)
		}
	}
}
