package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// requests are those that nothing else here sends, by name: each as small as it can be, and,
// where only brokers send it, of a time that is long over.
var requests = map[string]func(TopicPartition) kmsg.Request{
	"DescribeLogDirs":      func(TopicPartition) kmsg.Request { return kmsg.NewPtrDescribeLogDirsRequest() },
	"DescribeClientQuotas": func(TopicPartition) kmsg.Request { return kmsg.NewPtrDescribeClientQuotasRequest() },
	"DescribeProducers": func(tp TopicPartition) kmsg.Request {
		t := kmsg.NewDescribeProducersRequestTopic()
		t.Topic, t.Partitions = tp.Topic, []int32{tp.Partition}
		ask := kmsg.NewPtrDescribeProducersRequest()
		ask.Topics = append(ask.Topics, t)
		return ask
	},
	"AlterConfigs": func(tp TopicPartition) kmsg.Request {
		one := kmsg.NewAlterConfigsRequestResource()
		one.ResourceType, one.ResourceName = kmsg.ConfigResourceTypeTopic, tp.Topic
		ask := kmsg.NewPtrAlterConfigsRequest()
		ask.Resources, ask.ValidateOnly = append(ask.Resources, one), true
		return ask
	},
	"DescribeConfigs": func(tp TopicPartition) kmsg.Request {
		one := kmsg.NewDescribeConfigsRequestResource()
		one.ResourceType, one.ResourceName = kmsg.ConfigResourceTypeTopic, tp.Topic
		ask := kmsg.NewPtrDescribeConfigsRequest()
		ask.Resources = append(ask.Resources, one)
		return ask
	},
	"ListPartitionReassignments": func(TopicPartition) kmsg.Request { return kmsg.NewPtrListPartitionReassignmentsRequest() },
	"LeaderAndISR": func(TopicPartition) kmsg.Request {
		ask := kmsg.NewPtrLeaderAndISRRequest()
		ask.ControllerID, ask.ControllerEpoch, ask.BrokerEpoch = -1, -1, 1
		return ask
	},
	"StopReplica": func(TopicPartition) kmsg.Request {
		ask := kmsg.NewPtrStopReplicaRequest()
		ask.ControllerID, ask.ControllerEpoch, ask.BrokerEpoch = -1, -1, 1
		return ask
	},
	"UpdateMetadata": func(TopicPartition) kmsg.Request {
		ask := kmsg.NewPtrUpdateMetadataRequest()
		ask.ControllerID, ask.ControllerEpoch, ask.BrokerEpoch = -1, -1, 1
		return ask
	},
}

// Ask has any broker answer a request of a kind that nothing else here sends, about a
// partition if it is about any. What matters is whether the broker does.
func (a *Admin) Ask(kind string, tp TopicPartition, done func(Done)) {
	ask, known := requests[kind]
	if !known {
		a.c.tell(func() { done(Done{Outcome: Failed, Err: ErrUnsupported}) })
		return
	}
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request { return ask(tp) },
		code: codeOf,
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// codeOf is the error in the answer to an Ask. Where there is none, it succeeded.
func codeOf(r kmsg.Response) wire.ErrorCode {
	var code int16
	switch r := r.(type) {
	case *kmsg.DescribeLogDirsResponse:
		code = r.ErrorCode
	case *kmsg.DescribeClientQuotasResponse:
		code = r.ErrorCode
	case *kmsg.DescribeProducersResponse:
		code = r.Topics[0].Partitions[0].ErrorCode
	case *kmsg.DescribeConfigsResponse:
		code = r.Resources[0].ErrorCode
	case *kmsg.ListPartitionReassignmentsResponse:
		code = r.ErrorCode
	case *kmsg.AlterConfigsResponse:
		code = r.Resources[0].ErrorCode
	case *kmsg.LeaderAndISRResponse:
		code = r.ErrorCode
	case *kmsg.StopReplicaResponse:
		code = r.ErrorCode
	case *kmsg.UpdateMetadataResponse:
		code = r.ErrorCode
	}
	return wire.ErrorCode(code)
}
