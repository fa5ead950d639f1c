package client

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/fetchsession"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// Reset is what a consumer does whose position is not in the log
// (auto.offset.reset).
type Reset uint8

const (
	// ResetLatest goes to the end.
	ResetLatest Reset = iota
	// ResetEarliest goes to the beginning.
	ResetEarliest
	// ResetNone stays, says so in a poll, and reads on when its owner has sought.
	ResetNone
)

// ConsumerConfig is what a [Consumer] has to be told.
type ConsumerConfig struct {
	Reset Reset
	// Isolation goes to brokers as it is: 0 reads all that is committed by replication,
	// 1 nothing beyond the last stable offset.
	Isolation int8
	// MinBytes is what a broker waits for, MaxWait how long. Default 1 byte, 500 ms.
	MinBytes int32
	MaxWait  time.Duration
	// MaxBytes bounds an answer, PartitionBytes what it has of one partition; a first
	// batch that is larger comes all the same. Default 50 MiB, 1 MiB.
	MaxBytes, PartitionBytes int32
	// Rack makes leaders name a replica that is nearer, if they have one (KIP-392).
	Rack string
	// Sessionless has each fetch name all that it wants (KIP-227).
	Sessionless bool
}

// Validate reports nonsense, and fills in defaults.
func (c *ConsumerConfig) Validate() error {
	if c.MaxWait < 0 || c.MinBytes < 0 || c.MaxBytes < 0 || c.PartitionBytes < 0 {
		return errors.New("client: a negative limit of fetches; use 0 for the default")
	}
	if c.Isolation < 0 || c.Isolation > 1 {
		return fmt.Errorf("client: isolation level %d; use 0 or 1", c.Isolation)
	}
	defaultTo(&c.MinBytes, 1)
	defaultTo(&c.MaxWait, 500*time.Millisecond)
	defaultTo(&c.MaxBytes, 50<<20)
	defaultTo(&c.PartitionBytes, 1<<20)
	return nil
}

// Consumed is one record that was read.
type Consumed struct {
	TopicPartition
	Offset      int64
	LeaderEpoch int32
	// Timestamp is in milliseconds.
	Timestamp  int64
	Key, Value []byte
	Headers    []kmsg.Header
}

// Jump is a position that changed otherwise than by reading on.
type Jump struct {
	TopicPartition
	// From is where the consumer was, -1 if nowhere yet. To is where it went.
	From, To int64
	Why      JumpReason
}

// JumpReason says why a position jumped.
type JumpReason uint8

// The reasons.
const (
	// JumpBegin: there was no position.
	JumpBegin JumpReason = iota
	// JumpOutOfRange: the broker has nothing at the position; [ConsumerConfig.Reset] says where to.
	JumpOutOfRange
	// JumpTruncated: what was read last is not in the log any more, which is another
	// from To on (KIP-320).
	JumpTruncated
)

// String returns the reason in a word.
func (r JumpReason) String() string {
	return [...]string{"begin", "out-of-range", "truncated"}[r]
}

// Stuck is a partition that needs its owner to seek: with [ResetNone], or since it may
// not be read.
type Stuck struct {
	TopicPartition
	Code wire.ErrorCode
	// Position is where the consumer is; Diverged is where the log becomes another, -1
	// unless it was truncated.
	Position, Diverged int64
}

// Polled is what a poll brought. All may be empty: then its time was over.
type Polled struct {
	// Records are in order within a partition.
	Records []Consumed
	// Jumps are before the records.
	Jumps []Jump
	Stuck []Stuck
	Err   error
}

// Consumer reads partitions that it is assigned by its owner. Make it with
// [NewConsumer].
type Consumer struct {
	c   *Cluster
	cfg ConsumerConfig
	// lane is for fetches, which wait at the broker; asks for what must not wait.
	lane, asks int

	parts []*source // sorted
	// fetching are the brokers that have not answered a fetch, sessions those with brokers
	// that were ever asked.
	fetching map[int32]bool
	sessions map[int32]*fetchsession.Asker
	poll     *poll
	jumps    []Jump
	next     int    // which of parts a poll begins with, for fairness
	pumping  *waker // calls pump
	closed   bool
}

// poll is one that has not ended.
type poll struct {
	max   int
	done  func(Polled)
	limit alarm.Alarm
}

// NewConsumer makes a consumer of nothing. A config that [ConsumerConfig.Validate]
// rejects is a bug and panics.
func (c *Cluster) NewConsumer(cfg ConsumerConfig) *Consumer {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	s := &Consumer{c: c, cfg: cfg, fetching: map[int32]bool{}, sessions: map[int32]*fetchsession.Asker{}}
	s.pumping = newWaker(c, s.pump)
	s.lane, s.asks = c.join(s), c.newLane()
	return s
}

// Assign makes the consumer read these partitions and no others. It keeps the
// positions of those that it has; others begin where [Consumer.Seek] says, or by
// default where [ConsumerConfig.Reset] does.
func (s *Consumer) Assign(parts []TopicPartition) {
	sorted := slices.Clone(parts)
	slices.SortFunc(sorted, TopicPartition.Compare)
	var kept []*source
	for _, tp := range slices.Compact(sorted) {
		p := s.find(tp)
		if p == nil {
			p = &source{s: s, at: tp, offset: -1, epoch: -1, known: -1, preferred: -1, start: -1, end: -1}
			p.reset(s.cfg.Reset, JumpBegin)
			s.c.Want(tp.Topic)
		}
		kept = append(kept, p)
	}
	for _, p := range s.parts {
		p.dropped = !slices.Contains(kept, p)
	}
	s.parts = kept
	s.forgetJumps(func(tp TopicPartition) bool { return s.find(tp) == nil })
	s.soon()
}

// Assigned lists what the consumer reads, sorted.
func (s *Consumer) Assigned() []TopicPartition {
	var all []TopicPartition
	for _, p := range s.parts {
		all = append(all, p.at)
	}
	return all
}

// find returns the partition if it is assigned.
func (s *Consumer) find(tp TopicPartition) *source {
	i, ok := slices.BinarySearchFunc(s.parts, tp, func(p *source, tp TopicPartition) int { return p.at.Compare(tp) })
	if !ok {
		return nil
	}
	return s.parts[i]
}

// Seek makes a partition be read from an offset on. epoch is the leader epoch of the
// record before it, as it was committed or read, -1 if that is not known.
func (s *Consumer) Seek(tp TopicPartition, offset int64, epoch int32) {
	p := s.find(tp)
	if p == nil {
		panic(fmt.Sprintf("client: seek in %v, which is not assigned", tp))
	}
	p.moveTo(offset, epoch)
	p.begin()
	s.forgetJumps(func(at TopicPartition) bool { return at == tp })
	s.soon()
}

// forgetJumps forgets jumps to positions that their owner has given up before it heard of
// them.
func (s *Consumer) forgetJumps(of func(TopicPartition) bool) {
	s.jumps = slices.DeleteFunc(s.jumps, func(j Jump) bool { return of(j.TopicPartition) })
}

// SeekToEnd makes a partition be read from its end on, or from its beginning.
func (s *Consumer) SeekToEnd(tp TopicPartition, beginning bool) {
	p := s.find(tp)
	if p == nil {
		panic(fmt.Sprintf("client: seek in %v, which is not assigned", tp))
	}
	to := ResetLatest
	if beginning {
		to = ResetEarliest
	}
	p.reset(to, JumpBegin)
	s.forgetJumps(func(at TopicPartition) bool { return at == tp })
	s.soon()
}

// Position is the offset of the record that will be read next, and the leader epoch of
// the one before; -1 as long as there is none.
func (s *Consumer) Position(tp TopicPartition) (offset int64, epoch int32) {
	if p := s.find(tp); p != nil && p.phase != resetting {
		return p.offset, p.epoch
	}
	return -1, -1
}

// Bounds are the offset at which the log begins and that up to which all is committed, as
// the last fetch of the partition told them; -1 before.
func (s *Consumer) Bounds(tp TopicPartition) (start, end int64) {
	if p := s.find(tp); p != nil {
		return p.start, p.end
	}
	return -1, -1
}

// Poll calls done once: with up to max records as soon as there are some, or when wait
// is over. There is one poll at a time.
func (s *Consumer) Poll(max int, wait time.Duration, done func(Polled)) {
	if s.poll != nil {
		panic("client: polled while a poll is pending")
	}
	if s.closed {
		s.c.tell(func() { done(Polled{Err: ErrClosed}) })
		return
	}
	s.soon() // before the limit, so that a poll that does not wait still asks
	s.poll = &poll{max: max, done: done}
	s.poll.limit = s.c.clock.After(wait, func() {
		s.poll.limit = 0
		s.deliver(true)
	})
}

// Close ends the poll that is pending.
func (s *Consumer) Close() { s.shutDown() }

func (s *Consumer) shutDown() {
	if s.closed {
		return
	}
	s.closed = true
	s.pumping.stop()
	s.finish(Polled{Err: ErrClosed})
}

func (s *Consumer) metadataChanged() {
	for _, p := range s.parts {
		if _, known := s.c.leader(p.at); !known && s.c.hides(p.at.Topic) && p.phase != stuck {
			p.stay(wire.TopicAuthorizationFailed, -1)
		}
		p.leaderMayHaveChanged()
	}
	s.soon()
}

// soon arranges that pump runs when the present callback is over.
func (s *Consumer) soon() { s.wakeIn(0) }

// wakeIn arranges that pump runs after d, unless it will anyway before.
func (s *Consumer) wakeIn(d time.Duration) {
	switch {
	case s.closed:
	case d <= 0:
		s.pumping.soon()
	default:
		s.pumping.in(d)
	}
}

// pump answers the poll if it can, and asks brokers for what is missing.
func (s *Consumer) pump() {
	s.deliver(false)
	for _, p := range s.parts {
		p.advance()
	}
	if s.poll != nil {
		s.fetch()
	}
}

// deliver ends the poll with what there is, or, if its time is over, with nothing.
func (s *Consumer) deliver(over bool) {
	if s.poll == nil {
		return
	}
	var result Polled
	for i := range s.parts {
		p := s.parts[(s.next+i)%len(s.parts)]
		if p.phase == stuck && !p.reported {
			p.reported = true
			result.Stuck = append(result.Stuck, Stuck{p.at, p.code, p.offset, p.diverged})
		}
		n := min(len(p.buffer), s.poll.max-len(result.Records))
		if n > 0 {
			result.Records = append(result.Records, p.take(n)...)
		}
		if len(p.buffer) == 0 {
			p.skip()
		}
	}
	if len(result.Records) == 0 && len(result.Stuck) == 0 && !over {
		return
	}
	s.next++
	s.finish(result)
}

func (s *Consumer) finish(result Polled) {
	if s.poll == nil {
		return
	}
	done := s.poll.done
	s.c.clock.Stop(&s.poll.limit)
	s.poll = nil
	result.Jumps, s.jumps = s.jumps, nil
	s.c.tell(func() { done(result) })
}
