package fetchsession

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Context is a request that has been taken, and knows how it is to be answered.
type Context struct {
	cache    *Cache
	follower bool
	parts    []Part
	err      wire.ErrorCode
	// wantsSession: the request asks for a session. session is the one that it goes on
	// with, and epoch what that must still be when it is answered.
	wantsSession bool
	session      *session
	epoch        int32
}

// newAnswer makes an answer that is in one piece with the room for what it mostly says:
// records of one partition, and the high watermark of the one before.
func newAnswer() *kmsg.FetchResponse {
	a := &struct {
		kmsg.FetchResponse
		topics [1]kmsg.FetchResponseTopic
		parts  [2]kmsg.FetchResponseTopicPartition
	}{}
	a.Default()
	a.topics[0].Partitions = a.parts[:0]
	a.Topics = a.topics[:0]
	return &a.FetchResponse
}

// Parts are what the request wants, in the order in which it is to be read.
func (x *Context) Parts() []Part { return x.parts }

// Refused reports whether the request can be answered without reading anything.
func (x *Context) Refused() bool { return x.err != wire.OK }

// Answer makes the answer of what was read of each part, in their order, of which it keeps
// nothing. It is called once, when the answer is about to leave: a session notes what its
// asker is told.
func (x *Context) Answer(read []kmsg.FetchResponseTopicPartition) *kmsg.FetchResponse {
	answer := newAnswer()
	switch s := x.session; {
	case x.err != wire.OK:
		answer.ErrorCode = int16(x.err)
		return answer
	case s != nil && s.epoch != x.epoch:
		// The asker has lost patience and asked again on another connection.
		answer.ErrorCode, answer.SessionID = int16(wire.InvalidFetchSessionEpoch), s.id
		return answer
	case s != nil:
		answer.SessionID = s.id
		answer.Topics = s.news(answer.Topics, x.parts, read, x.cache.cfg.Bugs)
	case x.wantsSession:
		if s := x.cache.begin(x.parts, x.follower); s != nil {
			answer.SessionID = s.id
			s.news(nil, x.parts, read, x.cache.cfg.Bugs)
		}
		answer.Topics = byTopic(x.parts, slices.Clone(read))
	default:
		answer.Topics = byTopic(x.parts, slices.Clone(read))
	}
	return answer
}

// news appends those parts of which there is something new, laid out as in an answer; it notes
// that they were told. The parts are those of the session, in its order. Those that were
// given records go behind those that were not.
func (s *session) news(news []kmsg.FetchResponseTopic, parts []Part, read []kmsg.FetchResponseTopicPartition, b bugs.Set) []kmsg.FetchResponseTopic {
	given, idle := s.given[:0], s.parts[:0]
	for i, known := range s.parts {
		if known.tell(&read[i], b) {
			news = add(news, parts[i].Topic, &read[i])
		}
		if len(read[i].RecordBatches) > 0 {
			given = append(given, known)
		} else {
			idle = append(idle, known)
		}
	}
	s.parts, s.given = append(idle, given...), given
	return news
}

// add appends a part to an answer, behind others of its topic if they are the last.
func add(to []kmsg.FetchResponseTopic, topic string, read *kmsg.FetchResponseTopicPartition) []kmsg.FetchResponseTopic {
	if n := len(to); n == 0 || to[n-1].Topic != topic {
		t := kmsg.NewFetchResponseTopic()
		t.Topic = topic
		if n < cap(to) {
			t.Partitions = to[:n+1][n].Partitions // the room of a new answer
		}
		to = append(to, t)
	}
	last := &to[len(to)-1]
	last.Partitions = append(last.Partitions, *read)
	return to
}

// tell notes what the asker is told of a part, and reports whether it has to be. What was
// an error has to be told again when it is over, whatever was told before it, and so has
// the high watermark to a follower whose log parts from ours: it took it for nothing then,
// and may lack no record once it has cut its log.
func (p *cached) tell(read *kmsg.FetchResponseTopicPartition, b bugs.Set) bool {
	news := read.HighWatermark != p.mark || read.LogStartOffset != p.start ||
		read.ErrorCode != 0 || read.DivergingEpoch.Epoch >= 0 || read.PreferredReadReplica >= 0 ||
		len(read.RecordBatches) > 0 && !b.Has(bugs.SessionMissesRecords)
	p.mark, p.start = read.HighWatermark, read.LogStartOffset
	if read.ErrorCode != 0 || read.DivergingEpoch.Epoch >= 0 {
		p.mark = -1
	}
	return news
}

// byTopic lays out what was read, topics as they follow each other.
func byTopic(parts []Part, read []kmsg.FetchResponseTopicPartition) []kmsg.FetchResponseTopic {
	var all []kmsg.FetchResponseTopic
	for i := 0; i < len(parts); {
		end := i + 1
		for end < len(parts) && parts[end].Topic == parts[i].Topic {
			end++
		}
		t := kmsg.NewFetchResponseTopic()
		t.Topic, t.Partitions = parts[i].Topic, read[i:end:end]
		all = append(all, t)
		i = end
	}
	return all
}
