package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// The requests for the controller. Every broker takes them, and one that is not the
// controller says so.

func (s *Server) createTopics(x *exchange) {
	s.controller.CreateTopics(x.Body.(*kmsg.CreateTopicsRequest), s.admitter(x, 6), func(r *kmsg.CreateTopicsResponse) { x.reply(r) })
}

func (s *Server) deleteTopics(x *exchange) {
	if _, active := s.controller.Active(); active && s.cfg.NoDelete {
		s.refuseDeletions(x)
		return
	}
	s.controller.DeleteTopics(x.Body.(*kmsg.DeleteTopicsRequest), s.admitter(x, 5), func(r *kmsg.DeleteTopicsResponse) { x.reply(r) })
}

// refuseDeletions answers where topics may not be deleted (delete.topic.enable).
func (s *Server) refuseDeletions(x *exchange) {
	r := x.Body.(*kmsg.DeleteTopicsRequest)
	answer := kmsg.NewPtrDeleteTopicsResponse()
	code := wire.TopicDeletionDisabled
	if r.Version < 3 {
		code = wire.InvalidRequest // the only code that so old a client knows
	}
	for _, name := range r.TopicNames {
		t := kmsg.NewDeleteTopicsResponseTopic()
		t.Topic, t.ErrorCode = &name, int16(code)
		answer.Topics = append(answer.Topics, t)
	}
	for _, asked := range r.Topics {
		t := kmsg.NewDeleteTopicsResponseTopic()
		t.Topic, t.TopicID, t.ErrorCode = asked.Topic, asked.TopicID, int16(code)
		answer.Topics = append(answer.Topics, t)
	}
	x.reply(answer)
}

func (s *Server) createPartitions(x *exchange) {
	s.controller.CreatePartitions(x.Body.(*kmsg.CreatePartitionsRequest), s.admitter(x, 3), func(r *kmsg.CreatePartitionsResponse) { x.reply(r) })
}

func (s *Server) electLeaders(x *exchange) {
	s.controller.ElectLeaders(x.Body.(*kmsg.ElectLeadersRequest), func(r *kmsg.ElectLeadersResponse) { x.reply(r) })
}

func (s *Server) alterAssignments(x *exchange) {
	s.controller.AlterPartitionAssignments(x.Body.(*kmsg.AlterPartitionAssignmentsRequest), func(r *kmsg.AlterPartitionAssignmentsResponse) { x.reply(r) })
}

func (s *Server) listReassignments(x *exchange) {
	s.controller.ListPartitionReassignments(x.Body.(*kmsg.ListPartitionReassignmentsRequest), func(r *kmsg.ListPartitionReassignmentsResponse) { x.reply(r) })
}

func (s *Server) controlledShutdown(x *exchange) {
	s.controller.ControlledShutdown(x.Body.(*kmsg.ControlledShutdownRequest), func(r *kmsg.ControlledShutdownResponse) { x.reply(r) })
}
