package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// What operators ask of a broker about itself.

// describeCluster says who is there, by the listener that was asked (KIP-700).
func (s *Server) describeCluster(x *exchange) {
	answer := kmsg.NewPtrDescribeClusterResponse()
	answer.ClusterID, answer.ControllerID = s.clusterID, s.metadata.controller
	listener := listenerOf(x.channel.port)
	for _, id := range s.metadata.ids() {
		p := s.metadata.brokers[id]
		if e, has := p.endpoints[listener]; has {
			answer.Brokers = append(answer.Brokers, kmsg.DescribeClusterResponseBroker{NodeID: id, Host: e.host, Port: e.port, Rack: p.rack})
		}
	}
	if x.Body.(*kmsg.DescribeClusterRequest).IncludeClusterAuthorizedOperations {
		answer.ClusterAuthorizedOperations = s.authorizedCluster(x)
	}
	x.reply(answer)
}

// logDir is the name of the only directory of logs, as Kafka's default has it.
const logDir = "/tmp/kafka-logs"

// describeLogDirs says how much the logs here take, of all partitions or of some
// (KIP-113). How far a replica is behind is what it knows to be committed and lacks, which
// is nothing but while it copies.
func (s *Server) describeLogDirs(x *exchange) {
	r := x.Body.(*kmsg.DescribeLogDirsRequest)
	dir := kmsg.NewDescribeLogDirsResponseDir()
	dir.Dir = logDir
	for _, of := range s.sortedReplicas() {
		if !wantsDir(r, of.tp) {
			continue
		}
		if n := len(dir.Topics); n == 0 || dir.Topics[n-1].Topic != of.tp.Topic {
			dir.Topics = append(dir.Topics, kmsg.DescribeLogDirsResponseDirTopic{Topic: of.tp.Topic})
		}
		t := &dir.Topics[len(dir.Topics)-1]
		t.Partitions = append(t.Partitions, kmsg.DescribeLogDirsResponseDirTopicPartition{
			Partition: of.tp.Partition, Size: of.log.Size(), OffsetLag: max(0, of.log.HighWatermark()-of.log.End()),
		})
	}
	answer := kmsg.NewPtrDescribeLogDirsResponse()
	answer.Dirs = append(answer.Dirs, dir)
	x.reply(answer)
}

// wantsDir reports whether a request is about a partition: null is about all.
func wantsDir(r *kmsg.DescribeLogDirsRequest, tp znodes.TopicPartition) bool {
	if r.Topics == nil {
		return true
	}
	for i := range r.Topics {
		for _, number := range r.Topics[i].Partitions {
			if r.Topics[i].Topic == tp.Topic && number == tp.Partition {
				return true
			}
		}
	}
	return false
}

// describeProducers says which idempotent producers a leader remembers (KIP-664). None is
// in a transaction.
func (s *Server) describeProducers(x *exchange) {
	r := x.Body.(*kmsg.DescribeProducersRequest)
	answer := kmsg.NewPtrDescribeProducersResponse()
	for _, t := range r.Topics {
		out := kmsg.NewDescribeProducersResponseTopic()
		out.Topic = t.Topic
		for _, number := range t.Partitions {
			out.Partitions = append(out.Partitions, s.producersOf(znodes.TopicPartition{Topic: t.Topic, Partition: number}))
		}
		answer.Topics = append(answer.Topics, out)
	}
	x.reply(answer)
}

func (s *Server) producersOf(tp znodes.TopicPartition) kmsg.DescribeProducersResponseTopicPartition {
	out := kmsg.NewDescribeProducersResponseTopicPartition()
	out.Partition = tp.Partition
	switch r := s.replicas[tp]; {
	case r == nil:
		out.ErrorCode = int16(s.absent(tp))
	case !r.Leads():
		out.ErrorCode = int16(wire.NotLeaderOrFollower)
	default:
		for _, p := range r.log.Producers() {
			one := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
			one.ProducerID, one.ProducerEpoch, one.LastSequence, one.LastTimestamp = p.ID, int32(p.Epoch), p.LastSequence, p.LastTimestamp
			one.CoordinatorEpoch = -1
			out.ActiveProducers = append(out.ActiveProducers, one)
		}
	}
	return out
}
