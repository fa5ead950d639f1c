package client

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// phase is where a consumer stands with a partition.
type phase uint8

const (
	// resetting: there is no position; the offset to begin with has to be asked for.
	resetting phase = iota
	// validating: the leader may have changed, and it has to be asked whether what was
	// read last is still in its log (KIP-320).
	validating
	// fetchable: there is a position.
	fetchable
	// stuck: the owner has to seek.
	stuck
)

// source is one partition that is read.
type source struct {
	s       *Consumer
	at      TopicPartition
	dropped bool // not assigned any more

	phase phase
	// offset is that of the next record for the owner, and epoch the leader epoch of the
	// one before it, -1 if that is not known.
	offset int64
	epoch  int32
	// known is the leader epoch that the position was last validated for, -1 if none.
	known int32
	// moves counts the changes of the position and its phase. An answer to a question
	// that was asked before the last one is of no use (KAFKA-8429).
	moves uint64

	// buffer are records from offset on that were fetched, and behind the offset after
	// them, of which the epoch is behindEpoch. Nothing is fetched while there are any.
	buffer      []Consumed
	behind      int64
	behindEpoch int32

	// To reset: where to, and why.
	to  Reset
	why JumpReason

	// start and end are the bounds of the log that the last fetch told, -1 before.
	start, end int64

	asking    bool          // a question about the offset is pending
	failures  int           // in a row
	notBefore time.Duration // of the next question or fetch
	fetching  bool          // part of a fetch that is pending

	// preferred is the replica to fetch from, -1 for the leader, until preferredUntil.
	preferred      int32
	preferredUntil time.Duration

	// If stuck: why, and whether the owner was told, which is once.
	code     wire.ErrorCode
	diverged int64
	reported bool
}

// moveTo puts the position somewhere else, and forgets what was fetched.
func (p *source) moveTo(offset int64, epoch int32) {
	p.offset, p.epoch = offset, epoch
	p.buffer, p.behind, p.behindEpoch = nil, offset, epoch
	p.moves++
	p.asking, p.diverged = false, -1
}

// begin makes the position be used, once its leader has been asked about it.
func (p *source) begin() {
	p.phase, p.known = fetchable, -1
	p.leaderMayHaveChanged()
}

// reset gives the position up, for another that has to be asked for.
func (p *source) reset(to Reset, why JumpReason) {
	p.phase, p.to, p.why = resetting, to, why
	p.moveTo(p.offset, p.epoch)
}

// leaderMayHaveChanged sees whether the position has to be validated: by a leader of
// another epoch than before, if it is known what was read last.
func (p *source) leaderMayHaveChanged() {
	leader, _ := p.s.c.leader(p.at)
	if p.phase != fetchable || leader.Epoch <= p.known {
		return
	}
	p.preferred = -1
	if p.epoch < 0 {
		p.known = leader.Epoch
		return
	}
	p.phase = validating
	p.asking = false
	p.moves++
}

// take hands out n records.
func (p *source) take(n int) []Consumed {
	records := p.buffer[:n]
	p.buffer = p.buffer[n:]
	last := &records[n-1]
	p.offset, p.epoch = last.Offset+1, last.LeaderEpoch
	return records
}

// skip moves the position, when all records have been handed out, behind what brought
// none: batches that compaction emptied, and what is not for applications.
func (p *source) skip() {
	if p.phase == fetchable && p.behind > p.offset {
		p.offset, p.epoch = p.behind, p.behindEpoch
	}
}

// advance asks what has to be asked before the partition can be fetched.
func (p *source) advance() {
	if p.phase != resetting && p.phase != validating || p.asking || p.waits() {
		return
	}
	leader, ok := p.s.c.leader(p.at)
	if !ok {
		p.s.c.refresh()
		p.pause()
		return
	}
	p.asking = true
	if p.phase == resetting {
		p.askOffset(leader)
	} else {
		p.askEpoch(leader)
	}
}

// waits reports whether a pause is not over, and has the consumer woken when it is.
func (p *source) waits() bool {
	rest := p.notBefore - p.s.c.env.Now()
	if rest > 0 {
		p.s.wakeIn(rest)
	}
	return rest > 0
}

// pause makes the partition wait before anything else is asked.
func (p *source) pause() {
	p.failures++
	p.notBefore = p.s.c.env.Now() + p.s.c.backoff(p.failures)
	p.s.wakeIn(p.notBefore - p.s.c.env.Now())
}

// current calls f with an answer unless the position has moved since the question.
func (p *source) current(f func(kmsg.Response, error)) func(kmsg.Response, error) {
	asked := p.moves
	return func(r kmsg.Response, err error) {
		if p.dropped || p.s.closed || p.moves != asked {
			return
		}
		p.asking = false
		f(r, err)
		p.s.soon()
	}
}

// The timestamps that stand for the ends of a log in ListOffsets.
const (
	latest   = -1
	earliest = -2
)

// askOffset asks the leader where the log begins or ends.
func (p *source) askOffset(leader Partition) {
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Partition, part.CurrentLeaderEpoch, part.Timestamp = p.at.Partition, leader.Epoch, latest
	if p.to == ResetEarliest {
		part.Timestamp = earliest
	}
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = p.at.Topic
	topic.Partitions = append(topic.Partitions, part)
	ask := kmsg.NewPtrListOffsetsRequest()
	ask.ReplicaID, ask.IsolationLevel = -1, p.s.cfg.Isolation
	ask.Topics = append(ask.Topics, topic)
	p.s.c.call(p.s.asks, leader.Leader, ask, p.current(func(r kmsg.Response, err error) {
		if err != nil {
			p.retry(wire.NetworkException)
			return
		}
		answer := &r.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
		if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK {
			p.retry(code)
			return
		}
		from := p.offset
		p.moveTo(answer.Offset, answer.LeaderEpoch)
		p.phase, p.known, p.failures = fetchable, leader.Epoch, 0
		p.s.jumps = append(p.s.jumps, Jump{p.at, from, p.offset, p.why})
		p.leaderMayHaveChanged()
	}))
}

// askEpoch asks the leader where the epoch of the last record ends in its log.
func (p *source) askEpoch(leader Partition) {
	part := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
	part.Partition, part.CurrentLeaderEpoch, part.LeaderEpoch = p.at.Partition, leader.Epoch, p.epoch
	topic := kmsg.NewOffsetForLeaderEpochRequestTopic()
	topic.Topic = p.at.Topic
	topic.Partitions = append(topic.Partitions, part)
	ask := kmsg.NewPtrOffsetForLeaderEpochRequest()
	ask.ReplicaID = -1
	ask.Topics = append(ask.Topics, topic)
	p.s.c.call(p.s.asks, leader.Leader, ask, p.current(func(r kmsg.Response, err error) {
		if err != nil {
			p.retry(wire.NetworkException)
			return
		}
		answer := &r.(*kmsg.OffsetForLeaderEpochResponse).Topics[0].Partitions[0]
		if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK {
			p.retry(code)
			return
		}
		p.failures = 0
		p.validated(leader, answer.LeaderEpoch, answer.EndOffset)
	}))
}

// validated takes where the last epoch that is at most that of the last record ends in
// the leader's log. If that is before the position, or there is no such epoch, what was
// read has been lost. An older epoch alone proves nothing: the end of a log is told
// with the epoch of its leader, who may never have written in it.
func (p *source) validated(leader Partition, epoch int32, end int64) {
	if epoch < 0 || end < 0 {
		p.truncated(-1, -1)
		return
	}
	if end < p.offset {
		p.truncated(end, epoch)
		return
	}
	p.phase, p.known = fetchable, leader.Epoch
	p.leaderMayHaveChanged()
}

// truncated goes where the log becomes another than was read, if that is known, unless
// the owner wants to be asked.
func (p *source) truncated(end int64, epoch int32) {
	switch {
	case p.s.cfg.Reset == ResetNone:
		p.stay(wire.OffsetOutOfRange, end)
	case end < 0:
		p.reset(p.s.cfg.Reset, JumpTruncated)
	default:
		from := p.offset
		p.moveTo(min(end, from), epoch)
		p.begin()
		if p.offset != from {
			p.s.jumps = append(p.s.jumps, Jump{p.at, from, p.offset, JumpTruncated})
		}
	}
}

// stay makes the partition wait for its owner.
func (p *source) stay(code wire.ErrorCode, diverged int64) {
	p.moveTo(p.offset, p.epoch)
	p.phase, p.code, p.diverged, p.reported = stuck, code, diverged, false
}

// retry takes an error that another broker, or the same later, may not give.
func (p *source) retry(code wire.ErrorCode) {
	if !code.Retriable() && code != wire.Unknown {
		p.stay(code, -1)
		return
	}
	p.s.c.refresh()
	p.pause()
}
