package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TestOperatorsLook asks a broker what operators ask: who is there, how much its logs
// take, who writes to them.
func TestOperatorsLook(t *testing.T) {
	c := newCluster(t, 3, minInsync(1), racked)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2})
		s.produceNumbered(task, c.brokers[0], "orders", 77)
		task.Sleep(time.Second)

		cluster := kmsg.NewPtrDescribeClusterRequest()
		who, ok := s.ask(task, c.brokers[0], cluster).(*kmsg.DescribeClusterResponse)
		if !ok || who.ErrorCode != 0 || len(who.Brokers) != 3 || who.Brokers[2].Host != "b3" || *who.Brokers[2].Rack != "rack3" || who.ControllerID < 1 || len(who.ClusterID) != 22 {
			s.t.Errorf("the cluster is %+v", who)
		}
		for _, want := range []struct {
			at, bytes int
			about     string
		}{{0, 1, ""}, {1, 1, ""}, {2, 0, ""}, {0, 1, "orders"}, {0, 0, "others"}} {
			if got := s.logBytes(task, c.brokers[want.at], want.about); (got > 0) != (want.bytes > 0) {
				s.t.Errorf("broker %d says that its logs take %d bytes, asked about %q", want.at+1, got, want.about)
			}
		}
		for at, want := range []string{"77/3 1..1", "NOT_LEADER_OR_FOLLOWER", "NOT_LEADER_OR_FOLLOWER"} {
			if got := s.producers(task, c.brokers[at], "orders"); got != want {
				s.t.Errorf("broker %d says that the producers are %q, want %q", at+1, got, want)
			}
		}
		if got := s.producers(task, c.brokers[0], "others"); got != "UNKNOWN_TOPIC_OR_PARTITION" {
			s.t.Errorf("of no topic the producers are %q", got)
		}
		oldest := s.ask(task, c.brokers[0], kmsg.NewPtrApiVersionsRequest()).(*kmsg.ApiVersionsResponse).ApiKeys[0]
		if oldest.ApiKey != 0 || oldest.MinVersion != 0 {
			s.t.Errorf("of Produce the versions are %+v, which librdkafka compresses nothing for", oldest)
		}
	})
	c.converge(s, 60*time.Second)
}

// logBytes is how much the logs of a broker take, of one topic or of all.
func (s *script) logBytes(t *node.Task, at node.ID, topic string) (n int64) {
	r := kmsg.NewPtrDescribeLogDirsRequest()
	r.Version = 4
	if topic != "" {
		r.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: topic, Partitions: []int32{0}}}
	}
	answer, ok := s.ask(t, at, r).(*kmsg.DescribeLogDirsResponse)
	if !ok || answer.ErrorCode != 0 || len(answer.Dirs) != 1 || answer.Dirs[0].TotalBytes != -1 {
		s.t.Fatalf("the directories are %+v", answer)
	}
	for _, one := range answer.Dirs[0].Topics {
		for _, p := range one.Partitions {
			n += p.Size
		}
	}
	return n
}

// producers says who writes to a topic, or what refuses to.
func (s *script) producers(t *node.Task, at node.ID, topic string) (all string) {
	r := kmsg.NewPtrDescribeProducersRequest()
	r.Topics = []kmsg.DescribeProducersRequestTopic{{Topic: topic, Partitions: []int32{0}}}
	answer, ok := s.ask(t, at, r).(*kmsg.DescribeProducersResponse)
	if !ok {
		return "no answer"
	}
	got := answer.Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		return wire.ErrorCode(got.ErrorCode).String()
	}
	for _, p := range got.ActiveProducers {
		all += fmt.Sprintf("%d/%d %d..%d", p.ProducerID, p.ProducerEpoch, p.LastSequence, -p.CoordinatorEpoch)
	}
	return all
}

// produceNumbered appends two records of an idempotent producer.
func (s *script) produceNumbered(t *node.Task, to node.ID, topic string, producer int64) {
	b := batch.NewBuilder(batch.Options{ProducerID: producer, ProducerEpoch: 3, BaseSequence: 0})
	b.Add(batch.Record{Value: []byte("first")})
	b.Add(batch.Record{Value: []byte("second")})
	if _, code := s.produceBatch(t, to, topic, b.Build(), -1); code != wire.OK {
		s.t.Fatalf("producing: %v", code)
	}
}
