package broker

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/fetchsession"
	"github.com/stampede-sim/stampede/nodes/broker/replica"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
)

// fetchers are the conversations with the leaders whom replicas here follow, one with
// each broker, in the order of their IDs.
type fetchers []*fetcher

// fetcher copies from one leader. It has one request under way at a time, for all
// partitions that it follows there.
type fetcher struct {
	leader int32
	caller *wire.Caller // nil while nobody knows where the leader is
	// replicas are in the order in which they came.
	replicas []*localReplica
	// asked are the questions under way, one for each partition that is wanted; heard are
	// those before, whose answers are being taken while others are asked already. session
	// is that with the leader, which knows of some of them.
	asked, heard []question
	session      fetchsession.Asker
	want         []fetchsession.Part // of the request that is being made
	// silent is set while a request is under way, whose answer is taken by hear.
	silent node.TimerID
	hear   func(kmsg.Response, error)
	// resting: the leader could not be reached, and is left alone for a while.
	resting bool
}

// question is what was asked for one partition.
type question struct {
	of *localReplica
	replica.Fetch
}

// following is what a replica that follows knows of its conversation.
type following struct {
	from *fetcher
	// until is when a partition may be asked for again that was refused; blocked, that it
	// may not at all: until a controller says something new, or the leader where its log
	// begins and ends.
	until   time.Duration
	blocked bool
	// held came, and is appended when the log is settled, see takeHeld.
	held *kmsg.FetchResponseTopicPartition
}

// find finds the conversation with a leader, or where it would be.
func (f fetchers) find(leader int32) (at int, found bool) {
	return slices.BinarySearchFunc(f, leader, func(g *fetcher, id int32) int { return int(g.leader - id) })
}

// with is the conversation with a leader, nil if there is none.
func (f fetchers) with(leader int32) *fetcher {
	if at, found := f.find(leader); found {
		return f[at]
	}
	return nil
}

// add has a replica copied from its leader.
func (f *fetchers) add(r *localReplica, sessionless bool) {
	leader := r.Leader()
	if leader < 0 {
		return
	}
	at, found := f.find(leader)
	if !found {
		*f = slices.Insert(*f, at, &fetcher{leader: leader, session: fetchsession.Asker{Sessionless: sessionless}})
	}
	from := (*f)[at]
	from.replicas = append(from.replicas, r)
	r.follow = following{from: from}
}

// remove ends that. What was asked for the replica may still be answered, and is not
// heard then.
func (f fetchers) remove(r *localReplica) {
	if from := r.follow.from; from != nil {
		from.replicas = slices.DeleteFunc(from.replicas, func(o *localReplica) bool { return o == r })
	}
	r.follow = following{}
}

// wake has everybody ask who can.
func (f fetchers) wake(s *Server) {
	for _, each := range slices.Clone(f) { // who has nothing left to follow leaves
		each.ask(s)
	}
}

// callerOf finds the fetcher's end of a connection.
func (f fetchers) callerOf(c node.ConnID) *wire.Caller {
	for _, g := range f {
		if g.caller != nil && g.caller.Owns(c) {
			return g.caller
		}
	}
	return nil
}

// ask sends the next request, unless one is under way or there is nothing to ask for.
func (f *fetcher) ask(s *Server) {
	if len(f.asked) > 0 || f.resting || !f.find(s) {
		return
	}
	if f.hear == nil {
		f.hear = func(answer kmsg.Response, err error) {
			s.env.StopTimer(f.silent)
			f.answered(s, answer, err)
		}
	}
	if len(f.replicas) == 0 {
		f.caller.Hangup()
		s.fetchers = slices.DeleteFunc(s.fetchers, func(o *fetcher) bool { return o == f })
		return
	}
	if request := f.request(s); len(f.asked) > 0 {
		f.silent = f.impatience(s)
		f.caller.Call(request, f.hear)
	}
}

// impatience ends the connection of a request that is not answered in time.
func (f *fetcher) impatience(s *Server) node.TimerID {
	return s.env.SetTimer(s.cfg.ReplicaSocketTimeout, node.Tag{Kind: tagSilent, Arg: uint64(f.leader)})
}

// call sends another request to the leader.
func (f *fetcher) call(s *Server, request kmsg.Request, done func(kmsg.Response, error)) {
	silent := f.impatience(s)
	f.caller.Call(request, func(answer kmsg.Response, err error) {
		s.env.StopTimer(silent)
		done(answer, err)
	})
}

// find looks up where the leader is. Who does not know yet is told soon.
func (f *fetcher) find(s *Server) bool {
	if f.caller == nil {
		if to, known := s.nodeOf(f.leader, replicaListener); known {
			f.caller = wire.NewCaller(s.env, to, wire.ReplicaPort, "replica-"+HostOf(s.cfg.ID))
		}
	}
	return f.caller != nil
}

// request asks for all partitions that may be asked for.
func (f *fetcher) request(s *Server) *kmsg.FetchRequest {
	r := fetchsession.NewRequest()
	r.Version, r.ReplicaID = 12, s.cfg.ID
	r.MaxWaitMillis, r.MinBytes = int32(s.cfg.ReplicaFetchWait/time.Millisecond), int32(s.cfg.ReplicaFetchMinBytes)
	r.MaxBytes = int32(s.cfg.ReplicaResponseBytes)
	want := f.want[:0]
	for _, of := range f.replicas {
		if !s.askable(of) {
			continue
		}
		q := of.Question()
		want = append(want, fetchsession.Part{
			Topic: of.tp.Topic, Number: of.tp.Partition, MaxBytes: int32(s.cfg.ReplicaFetchBytes),
			Epoch: q.Epoch, Offset: q.Offset, Start: q.Start, LastEpoch: q.LastEpoch,
		})
		f.asked = append(f.asked, question{of, q})
	}
	if f.want = want; len(want) > 0 {
		f.session.Prepare(r, want)
	}
	return r
}

// askable reports whether a partition may be asked for now: not while a truncation is on
// its way to the disk, or nothing that comes could be appended.
func (s *Server) askable(r *localReplica) bool {
	return !r.follow.blocked && r.follow.held == nil && s.env.Now() >= r.follow.until && r.log.Settled()
}

// answered takes the answer to a request, or that there will be none.
func (f *fetcher) answered(s *Server, answer kmsg.Response, err error) {
	asked := f.asked
	f.asked, f.heard = f.heard[:0], asked
	r, ok := answer.(*kmsg.FetchResponse)
	if err != nil || !ok {
		f.session.Lost()
		f.rest(s)
		return
	}
	f.session.Answered(r) // if it begins anew, the next request tells
	for i := range r.Topics {
		t := &r.Topics[i]
		for j := range t.Partitions {
			s.answeredFor(find(asked, t.Topic, t.Partitions[j].Partition), &t.Partitions[j])
		}
	}
	f.ask(s)
}

// find finds the question about a partition. A leader answers what was asked.
func find(asked []question, topic string, partition int32) question {
	tp := znodes.TopicPartition{Topic: topic, Partition: partition}
	at := slices.IndexFunc(asked, func(q question) bool { return q.of.tp == tp })
	if at < 0 {
		panic("broker: an answer about " + tp.String() + ", which was not asked for")
	}
	return asked[at]
}

// rest leaves a leader alone that could not be reached.
func (f *fetcher) rest(s *Server) {
	f.resting = true
	f.caller.Hangup()
	f.caller = nil // who comes back may be elsewhere
	s.env.SetTimer(s.cfg.ReplicaFetchBackoff, node.Tag{Kind: tagRested, Arg: uint64(f.leader)})
}

// leaderSilent ends the connection to a leader that has not answered.
func (s *Server) leaderSilent(leader int32) {
	if f := s.fetchers.with(leader); f != nil && f.caller != nil {
		f.caller.Hangup()
	}
}

// leaderRested tries a leader again that could not be reached.
func (s *Server) leaderRested(leader int32) {
	if f := s.fetchers.with(leader); f != nil {
		f.resting = false
		f.ask(s)
	}
}

// answeredFor takes the answer for one partition, if it still applies.
func (s *Server) answeredFor(q question, p *kmsg.FetchResponseTopicPartition) {
	r := q.of
	if r.follow.from == nil || !r.Applies(q.Fetch) {
		return
	}
	switch code := wire.ErrorCode(p.ErrorCode); {
	case code == wire.OK && p.DivergingEpoch.Epoch >= 0:
		s.disk(r, r.Truncate(p.DivergingEpoch.Epoch, p.DivergingEpoch.EndOffset, p.LogStartOffset))
	case code == wire.OK:
		s.copy(r, p)
	case code == wire.OffsetOutOfRange:
		s.askBounds(r, q)
	case code == wire.FencedLeaderEpoch:
		r.follow.blocked = true // a controller will say what we missed
	default:
		s.postpone(r)
	}
}

// postpone leaves a partition alone for a while. Its leader may not know yet that it
// leads.
func (s *Server) postpone(r *localReplica) {
	r.follow.until = s.env.Now() + s.cfg.ReplicaFetchBackoff
	s.env.SetTimer(s.cfg.ReplicaFetchBackoff, node.Tag{Kind: tagPostponed})
}

// disk takes the outcome of something that was done to a log.
func (s *Server) disk(r *localReplica, err error) {
	if err != nil {
		s.logFailed(r, err)
	}
	s.touch(r)
}
