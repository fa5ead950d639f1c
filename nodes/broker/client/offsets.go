package client

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Commit is an offset to be committed: that of the next record to be read.
type Commit struct {
	TopicPartition
	Offset int64
	// Epoch is the leader epoch of the record before it, -1 if that is not known.
	Epoch    int32
	Metadata string
}

// Committed is how a commit ended.
type Committed struct {
	// Outcome is Succeeded if all offsets are committed, Failed if none is for sure.
	Outcome Outcome
	// Codes are what the coordinator last said of each, and Err why it said nothing.
	Codes []wire.ErrorCode
	Err   error
	// Generation and Member are under what it was asked; -1 and "" for a group of
	// clients that assign themselves.
	Generation int32
	Member     string
	// Broker is who answered last, -1 if nobody did. Attempts is how many requests may
	// have been performed.
	Broker   int32
	Attempts int
}

// Offsets are the committed offsets of a group. Make them with [Cluster.NewOffsets], or
// have those of a [Member].
type Offsets struct {
	c     *Cluster
	group string
	lane  int
	// as is under what to commit; ok is false if nothing can be committed now.
	as func() (who membership, ok bool)
	// znodes: the offsets are kept in the coordinator's tree, which any broker writes.
	znodes bool

	coordinator int32 // -1 if it is not known
	// queue are the requests that have not ended. Only the first is being asked, so that
	// a commit that is repeated cannot undo a later one.
	queue    []*offsetRequest
	asking   bool
	failures int
	closed   bool
}

// membership is under what a member speaks.
type membership struct {
	generation int32
	member     string
	instance   *string
}

// offsetRequest is a commit or a fetch of offsets.
type offsetRequest struct {
	who      membership
	body     func() kmsg.Request
	deadline time.Duration
	// perhaps: an attempt may have been performed. attempts counts those.
	perhaps  bool
	attempts int
	// answered takes an answer, and reports whether to ask again.
	answered func(kmsg.Response) (again bool)
	// giveUp ends it without an answer.
	giveUp func(error)
	// once: it is not repeated if it may have been performed. Nothing keeps the attempts
	// of two brokers in order that write the same znode.
	once bool
}

// NewOffsets are the offsets of a group whose clients assign partitions themselves.
func (c *Cluster) NewOffsets(group string) *Offsets {
	o := &Offsets{c: c, group: group, coordinator: -1}
	o.as = func() (membership, bool) { return membership{generation: -1}, true }
	o.lane = c.join(o)
	return o
}

// NewStoredOffsets are the offsets that a group keeps in znodes, as clients did before
// groups had a coordinator: any broker takes them, and asks for no membership.
func (c *Cluster) NewStoredOffsets(group string) *Offsets {
	o := c.NewOffsets(group)
	o.znodes = true
	return o
}

func (o *Offsets) metadataChanged() {}

func (o *Offsets) shutDown() {
	o.closed = true
	for len(o.queue) > 0 {
		o.drop(ErrClosed)
	}
}

// drop ends the first request without an answer.
func (o *Offsets) drop(err error) {
	first := o.queue[0]
	o.queue = o.queue[1:]
	o.asking = false
	first.giveUp(err)
}

// enqueue has a request asked behind those before it.
func (o *Offsets) enqueue(r *offsetRequest) {
	r.deadline = o.c.env.Now() + o.c.cfg.RequestTimeout
	o.queue = append(o.queue, r)
	if o.closed {
		o.drop(ErrClosed)
		return
	}
	o.pump()
}

// pump asks the first request, or first who coordinates.
func (o *Offsets) pump() {
	if o.asking || o.closed || len(o.queue) == 0 {
		return
	}
	o.asking = true
	first := o.queue[0]
	if o.coordinator < 0 {
		o.find(first)
		return
	}
	o.c.call(o.lane, o.coordinator, o.inVersion(first.body()), func(r kmsg.Response, err error) {
		if o.over(first) {
			return
		}
		o.asking = false
		if err != nil {
			o.coordinator = -1
			if sent(err) {
				first.perhaps = true
				first.attempts++
				if first.once {
					o.drop(err)
					o.pump()
					return
				}
			}
			o.later(err)
			return
		}
		if first.answered(r) {
			o.later(nil)
			return
		}
		o.failures = 0
		o.queue = o.queue[1:]
		o.pump()
	})
}

// find looks for the coordinator, or for any broker that can reach the tree, and goes on.
func (o *Offsets) find(first *offsetRequest) {
	found := func(broker int32, code wire.ErrorCode, err error) {
		if o.over(first) {
			return
		}
		o.asking = false
		switch {
		case err == nil && code == wire.GroupAuthorizationFailed:
			o.drop(Refused{code})
			o.pump()
			return
		case err != nil || code != wire.OK:
			o.later(ErrNotSent)
			return
		}
		o.coordinator = broker
		o.pump()
	}
	switch ids := o.c.metadata.ids; {
	case !o.znodes:
		o.c.findCoordinator(o.lane, o.group, found)
	case len(ids) == 0:
		o.c.refresh()
		o.c.clock.After(0, func() { found(-1, wire.OK, ErrNotSent) })
	default:
		o.c.clock.After(0, func() { found(ids[o.c.env.Rand().IntN(len(ids))], wire.OK, nil) })
	}
}

// inVersion has a request sent in its oldest version if that is the one for znodes.
func (o *Offsets) inVersion(r kmsg.Request) kmsg.Request {
	if o.znodes {
		return oldest{r}
	}
	return r
}

// over reports whether a request is not the one that is being asked any more.
func (o *Offsets) over(r *offsetRequest) bool { return len(o.queue) == 0 || o.queue[0] != r }

// later asks the first request again, if it has time.
func (o *Offsets) later(why error) {
	o.failures++
	wait := o.c.backoff(o.failures)
	if o.closed || o.c.env.Now()+wait >= o.queue[0].deadline {
		if why == nil {
			why = ErrExpired
		}
		o.drop(why)
		o.pump()
		return
	}
	o.asking = true
	first := o.queue[0]
	o.c.clock.After(wait, func() {
		if !o.over(first) {
			o.asking = false
			o.pump()
		}
	})
}

// Commit commits offsets, and calls done once.
func (o *Offsets) Commit(offsets []Commit, done func(Committed)) {
	who, ok := o.as()
	result := Committed{Outcome: Failed, Codes: make([]wire.ErrorCode, len(offsets)), Generation: who.generation, Member: who.member, Broker: -1}
	if !ok {
		result.Err = ErrNoMember
		o.c.tell(func() { done(result) })
		return
	}
	r := &offsetRequest{who: who, once: o.znodes}
	r.body = func() kmsg.Request { return o.commitRequest(who, offsets) }
	r.answered = func(a kmsg.Response) (again bool) {
		result.Codes, result.Broker = commitCodes(a.(*kmsg.OffsetCommitResponse), offsets), o.coordinator
		again, perhaps := o.judge(result.Codes)
		r.perhaps = r.perhaps || perhaps
		if perhaps || !again {
			r.attempts++
		}
		if again {
			return true
		}
		result.Outcome, result.Attempts = outcomeOf(result.Codes, r.perhaps), r.attempts
		o.c.tell(func() { done(result) })
		return false
	}
	r.giveUp = func(err error) {
		result.Err, result.Outcome, result.Attempts = err, Failed, r.attempts
		if refused, ok := err.(Refused); ok {
			result.Codes = slices.Repeat([]wire.ErrorCode{refused.Code}, len(offsets))
		}
		if r.perhaps {
			result.Outcome = Unknown
		}
		o.c.tell(func() { done(result) })
	}
	o.enqueue(r)
}

func (o *Offsets) commitRequest(who membership, offsets []Commit) kmsg.Request {
	ask := kmsg.NewPtrOffsetCommitRequest()
	ask.Group, ask.Generation, ask.MemberID, ask.InstanceID = o.group, who.generation, who.member, who.instance
	for _, c := range offsets {
		part := kmsg.NewOffsetCommitRequestTopicPartition()
		part.Partition, part.Offset, part.LeaderEpoch, part.Metadata = c.Partition, c.Offset, c.Epoch, kmsg.StringPtr(c.Metadata)
		if n := len(ask.Topics); n == 0 || ask.Topics[n-1].Topic != c.Topic {
			t := kmsg.NewOffsetCommitRequestTopic()
			t.Topic = c.Topic
			ask.Topics = append(ask.Topics, t)
		}
		t := &ask.Topics[len(ask.Topics)-1]
		t.Partitions = append(t.Partitions, part)
	}
	return ask
}

// commitCodes are the errors of an answer, in the order of the offsets.
func commitCodes(r *kmsg.OffsetCommitResponse, offsets []Commit) []wire.ErrorCode {
	byName := map[TopicPartition]wire.ErrorCode{}
	for _, t := range r.Topics {
		for _, p := range t.Partitions {
			byName[TopicPartition{t.Topic, p.Partition}] = wire.ErrorCode(p.ErrorCode)
		}
	}
	var codes []wire.ErrorCode
	for _, c := range offsets {
		codes = append(codes, byName[c.TopicPartition])
	}
	return codes
}

// judge looks whether to ask again, and whether the coordinator may have written what it
// does not acknowledge. It says NOT_COORDINATOR also if it was deposed in between.
func (o *Offsets) judge(codes []wire.ErrorCode) (again, perhaps bool) {
	for _, code := range codes {
		switch code {
		case wire.CoordinatorLoadInProgress:
			again = true
		case wire.NotCoordinator, wire.CoordinatorNotAvailable:
			o.coordinator = -1
			again, perhaps = true, true
		case wire.RequestTimedOut, wire.Unknown:
			perhaps = true
		}
	}
	return again, perhaps
}

// outcomeOf sums up what became of several offsets.
func outcomeOf(codes []wire.ErrorCode, perhaps bool) Outcome {
	good := 0
	for _, code := range codes {
		if code == wire.OK {
			good++
		}
	}
	switch {
	case good == len(codes):
		return Succeeded
	case good == 0 && !perhaps:
		return Failed
	}
	return Unknown
}

// Fetched are committed offsets.
type Fetched struct {
	Err error
	// Code is what is wrong with all of them.
	Code wire.ErrorCode
	// Offsets are in the order of the question. An offset of -1 was never committed.
	Offsets []Commit
	// Broker is who answered, -1 if nobody did.
	Broker int32
}

// Fetch asks for committed offsets, and calls done once.
func (o *Offsets) Fetch(parts []TopicPartition, done func(Fetched)) {
	r := &offsetRequest{}
	r.body = func() kmsg.Request {
		ask := kmsg.NewPtrOffsetFetchRequest()
		ask.Group, ask.RequireStable = o.group, true
		ask.Topics = []kmsg.OffsetFetchRequestTopic{}
		for _, p := range parts {
			if n := len(ask.Topics); n == 0 || ask.Topics[n-1].Topic != p.Topic {
				t := kmsg.NewOffsetFetchRequestTopic()
				t.Topic = p.Topic
				ask.Topics = append(ask.Topics, t)
			}
			t := &ask.Topics[len(ask.Topics)-1]
			t.Partitions = append(t.Partitions, p.Partition)
		}
		return ask
	}
	r.answered = func(a kmsg.Response) (again bool) {
		result := fetchedOffsets(a.(*kmsg.OffsetFetchResponse), parts)
		result.Broker = o.coordinator
		switch result.Code {
		case wire.NotCoordinator, wire.CoordinatorNotAvailable:
			o.coordinator = -1
			return true
		case wire.CoordinatorLoadInProgress, wire.UnstableOffsetCommit:
			return true
		}
		o.c.tell(func() { done(result) })
		return false
	}
	r.giveUp = func(err error) {
		result := Fetched{Err: err, Broker: -1}
		if refused, ok := err.(Refused); ok {
			result.Code = refused.Code
		}
		o.c.tell(func() { done(result) })
	}
	o.enqueue(r)
}

func fetchedOffsets(r *kmsg.OffsetFetchResponse, parts []TopicPartition) Fetched {
	result := Fetched{Code: wire.ErrorCode(r.ErrorCode)}
	byName := map[TopicPartition]Commit{}
	for _, t := range r.Topics {
		for _, p := range t.Partitions {
			at := TopicPartition{t.Topic, p.Partition}
			c := Commit{TopicPartition: at, Offset: p.Offset, Epoch: p.LeaderEpoch}
			if p.Metadata != nil {
				c.Metadata = *p.Metadata
			}
			if result.Code == wire.OK {
				result.Code = wire.ErrorCode(p.ErrorCode)
			}
			byName[at] = c
		}
	}
	for _, p := range parts {
		result.Offsets = append(result.Offsets, byName[p])
	}
	return result
}
