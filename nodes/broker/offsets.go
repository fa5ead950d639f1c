package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
)

// highestTime stands for the record with the highest timestamp (KIP-734).
const highestTime int64 = -3

// listOffsets says where logs begin and end, or which record is of a time.
func (s *Server) listOffsets(x *exchange) {
	r := x.Body.(*kmsg.ListOffsetsRequest)
	answer := kmsg.NewPtrListOffsetsResponse()
	for i := range r.Topics {
		t := &r.Topics[i]
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = t.Topic
		for j := range t.Partitions {
			out.Partitions = append(out.Partitions, s.listOffsetOf(r, t.Topic, &t.Partitions[j]))
		}
		answer.Topics = append(answer.Topics, out)
	}
	x.reply(answer)
}

func (s *Server) listOffsetOf(req *kmsg.ListOffsetsRequest, topic string, p *kmsg.ListOffsetsRequestTopicPartition) kmsg.ListOffsetsResponseTopicPartition {
	out := kmsg.NewListOffsetsResponseTopicPartition()
	out.Partition = p.Partition
	tp := znodes.TopicPartition{Topic: topic, Partition: p.Partition}
	r := s.replicas[tp]
	if r == nil {
		out.ErrorCode = int16(s.absent(tp))
		return out
	}
	code := r.Check(p.CurrentLeaderEpoch, true)
	if code == wire.OK {
		code = s.locate(req.ReplicaID, r, p.Timestamp, &out)
	}
	out.ErrorCode = int16(code)
	return out
}

// locate finds one offset. Consumers are shown what is committed, replicas everything.
func (s *Server) locate(follower int32, r *localReplica, time int64, out *kmsg.ListOffsetsResponseTopicPartition) wire.ErrorCode {
	end, code := r.log.End(), wire.OK
	if follower < 0 && time != earliest {
		if end, code = r.Latest(); code != wire.OK {
			return code
		}
	}
	switch time {
	case latest:
		out.Offset, out.LeaderEpoch = end, r.LeaderEpoch()
	case earliest:
		out.Offset = r.log.Start()
		out.LeaderEpoch = r.log.EpochAt(out.Offset)
	case highestTime:
		out.Offset, out.Timestamp, out.LeaderEpoch = -1, -1, -1
		if found, ok := r.log.MaxTimestamp(); ok && found.Offset < end {
			out.Offset, out.Timestamp, out.LeaderEpoch = found.Offset, found.Timestamp, found.Epoch
		}
	default:
		out.Offset, out.Timestamp, out.LeaderEpoch = -1, -1, -1
		if found, ok := r.log.OffsetForTime(time); ok && found.Offset < end {
			out.Offset, out.Timestamp, out.LeaderEpoch = found.Offset, found.Timestamp, found.Epoch
		}
		s.stateSought(r, time, out.Offset, end)
	}
	return wire.OK
}

// stateSought states which offset is told for a time, and of which it was chosen.
func (s *Server) stateSought(r *localReplica, asked, told, end int64) {
	all, err := r.log.Times()
	if err != nil {
		return // the disk is at fault
	}
	body := make(facts.Times, len(all))
	for i, t := range all {
		body[i] = facts.Timed{Offset: t.Offset, Timestamp: t.Timestamp}
	}
	s.env.Observe(node.Event{Kind: facts.OffsetSought, Text: r.Name(), N: [4]int64{asked, told, end}, Body: body})
}

// offsetForLeaderEpoch says where leader epochs end, for consumers and followers that
// want to know whether what they have is still what the leader has (KIP-320).
func (s *Server) offsetForLeaderEpoch(x *exchange) {
	r := x.Body.(*kmsg.OffsetForLeaderEpochRequest)
	answer := kmsg.NewPtrOffsetForLeaderEpochResponse()
	for i := range r.Topics {
		t := &r.Topics[i]
		out := kmsg.NewOffsetForLeaderEpochResponseTopic()
		out.Topic = t.Topic
		for j := range t.Partitions {
			p := &t.Partitions[j]
			part := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			part.Partition, part.LeaderEpoch, part.EndOffset = p.Partition, -1, -1
			tp := znodes.TopicPartition{Topic: t.Topic, Partition: p.Partition}
			code := wire.OK
			if held := s.replicas[tp]; held == nil {
				code = s.absent(tp)
			} else {
				code, part.LeaderEpoch, part.EndOffset = held.EndOfEpoch(p.CurrentLeaderEpoch, p.LeaderEpoch)
			}
			part.ErrorCode = int16(code)
			out.Partitions = append(out.Partitions, part)
		}
		answer.Topics = append(answer.Topics, out)
	}
	x.reply(answer)
}
