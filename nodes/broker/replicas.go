package broker

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/replica"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
)

// localReplica is a replica of a partition on this broker: its log, what replication
// knows of it, and who waits for something to happen to it.
type localReplica struct {
	*replica.Partition
	tp  znodes.TopicPartition
	log *ledger
	// number is that of its disk requests.
	number uint64

	waiters []*waiter
	touched bool
	follow  following
}

// replicaFor finds the replica of a partition, or begins one with an empty log.
func (s *Server) replicaFor(tp znodes.TopicPartition, id znodes.TopicID) (*localReplica, wire.ErrorCode) {
	if r := s.replicas[tp]; r != nil && s.sameTopic(r, id) {
		return r, wire.OK
	} else if r != nil {
		return nil, wire.InconsistentTopicID
	}
	r, code := s.openReplica(tp, id, log.Options{Now: s.env.WallMillis()})
	if code == wire.OK {
		s.beginLog(r)
	}
	return r, code
}

// sameTopic reports whether a replica is of the topic with this ID. The name alone does
// not make it so: a topic may have been deleted and created again (KIP-516).
func (s *Server) sameTopic(r *localReplica, id znodes.TopicID) bool {
	if r.Topic() == (facts.TopicID{}) {
		r.SetTopic(facts.TopicID(id)) // nobody had noted it
		s.observeOpened(r)
		s.beginLog(r)
	}
	return r.Topic() == facts.TopicID(id)
}

// dropStrays removes the logs of a former topic of this name: a crash brought back files
// that were deleted, or the topic was deleted while this broker was away. Such a log is
// nobody's, and goes when a controller first says which topic has the name now.
func (s *Server) dropStrays(topic string, id znodes.TopicID) {
	for _, r := range s.sortedReplicas() {
		if of := r.Topic(); r.tp.Topic == topic && r.Role() == replica.Idle && of != (facts.TopicID{}) && of != facts.TopicID(id) {
			s.deleteReplica(r)
		}
	}
}

// openReplica opens the log of a replica, or begins an empty one.
func (s *Server) openReplica(tp znodes.TopicPartition, id znodes.TopicID, o log.Options) (*localReplica, wire.ErrorCode) {
	c := s.configOf(tp.Topic)
	l, found, err := log.Open(s.env.Disk(), log.Dir(tp.Topic, tp.Partition), c.log, o)
	if err != nil {
		s.observeOf(tp.String(), facts.LogOffline, 0)
		s.env.Exit(err.Error())
		return nil, wire.KafkaStorageError
	}
	s.lastNumber++
	r := &localReplica{tp: tp, number: s.lastNumber, log: &ledger{Log: l, s: s}}
	r.log.replica = r
	l.OnStep(r.log.step)
	r.Partition = replica.New(replica.Config{
		Self: s.cfg.ID, Name: tp.String(), Topic: facts.TopicID(id), Lag: s.cfg.ReplicaLag, MinInsync: c.minInsync,
		Alive: s.metadata.alive, Bugs: s.cfg.Bugs,
	}, r.log, s.env)
	s.replicas[tp], s.numbered[r.number] = r, r
	s.observeTail(r, found)
	s.observeOpened(r)
	s.work(r)
	return r, wire.OK
}

// sortedReplicas lists the replicas by topic and number.
func (s *Server) sortedReplicas() []*localReplica {
	all := slices.Collect(maps.Values(s.replicas)) //sim:unordered they are sorted next
	slices.SortFunc(all, func(a, b *localReplica) int { return a.tp.Compare(b.tp) })
	return all
}

// deleteReplica removes a replica and its files. What it waits for from its disk may
// still come.
func (s *Server) deleteReplica(r *localReplica) {
	delete(s.replicas, r.tp)
	if c := s.configs[r.tp.Topic]; c != nil && c.known && !s.hasReplicasOf(r.tp.Topic) {
		delete(s.configs, r.tp.Topic) // another topic may get its name
	}
	r.log.gone = true
	s.observeOf(r.Name(), facts.ReplicaDeleted)
	r.log.Retire()
	s.remove(r.log.Dir())
}

// hasReplicasOf reports whether there is a replica of a topic here: as long as there is, its
// configuration is followed.
func (s *Server) hasReplicasOf(topic string) bool {
	for tp := range s.replicas { //sim:unordered any of them will do
		if tp.Topic == topic {
			return true
		}
	}
	return false
}

// work has the chores of a log done: what it must bring to the disk some time, and what
// has to be on the disk before it can be appended to.
func (s *Server) work(r *localReplica) {
	if r.log.gone {
		return
	}
	if r.log.Pending() {
		r.log.Work(node.Tag{Kind: tagLog, Arg: r.number})
	}
	if err := r.log.Offline(); err != nil {
		s.logFailed(r, err)
	}
}

// logSynced goes on with the chores of a log.
func (s *Server) logSynced(number uint64, err error) {
	r := s.numbered[number]
	if r.log.gone {
		delete(s.numbered, number)
		return
	}
	if r.log.Synced(err) {
		s.work(r)
	}
	s.whenSettled(r)
}

// whenSettled goes on with what waits for a log to take something again.
func (s *Server) whenSettled(r *localReplica) {
	if r.log.Settled() {
		s.takeHeld(r)
		s.fetchers.wake(s)
	}
}

// logFailed ends a broker whose disk failed, as Kafka's does when the last of its log
// directories has: who starts again believes only what is there.
func (s *Server) logFailed(r *localReplica, err error) {
	s.observeOf(r.Name(), facts.LogOffline, r.log.End())
	s.env.Exit(err.Error())
}

// ledger is the log of a replica, which states what happens to it.
type ledger struct {
	*log.Log
	s       *Server
	replica *localReplica
	gone    bool // the files were removed
}

// steps are the facts that state the steps of a log.
var steps = [...]*node.EventKind{
	log.RollWaits: facts.RollWaits, log.Compacting: facts.Compacting, log.CleanedWritten: facts.CleanedWritten, log.SwapNamed: facts.SwapNamed, log.SwapInstalled: facts.SwapInstalled,
}

func (l *ledger) step(s log.Step, base int64) {
	if s == log.Rolled {
		why := l.Roller()
		l.observe(facts.SegmentRolled, base, why.Bytes, why.Age, int64(why.Why))
		return
	}
	l.observe(steps[s], base)
}

// AssignEpoch notes that an epoch begins at the end.
func (l *ledger) AssignEpoch(epoch int32) {
	if epoch == l.LatestEpoch() {
		return // a leader that was started again before anything was elected
	}
	if l.Log.AssignEpoch(epoch); l.LatestEpoch() == epoch {
		l.observe(facts.EpochStarted, int64(epoch), l.End())
	}
	l.s.work(l.replica)
}

// Truncate cuts the log.
func (l *ledger) Truncate(end, path int64) error {
	from := l.End()
	err := l.Log.Truncate(end)
	if l.End() < from {
		l.s.env.Observe(node.Event{
			Kind: facts.Truncated, Text: l.replica.Name(), N: [4]int64{l.End(), from, l.HighWatermark(), path}, Body: l.KnownProducers(),
		})
	}
	l.s.work(l.replica)
	return err
}

// StartOver throws the log away.
func (l *ledger) StartOver(start, path int64) error {
	from := l.End()
	err := l.Log.StartOver(start)
	l.observe(facts.StartedOver, start, from, 0, path)
	l.s.work(l.replica)
	return err
}

// AdvanceStart hides what the leader does not have any more.
func (l *ledger) AdvanceStart(start int64) error {
	err := l.Log.AdvanceStart(start)
	l.observe(facts.StartAdvanced, start, l.HighWatermark(), -1, startLeader)
	l.s.work(l.replica)
	return err
}

// KnownProducers are the idempotent producers that the log knows, for facts.
func (l *ledger) KnownProducers() facts.ProducersKnown {
	var all facts.ProducersKnown
	for _, p := range l.Producers() {
		all = append(all, facts.ProducerKnown{ID: p.ID, Epoch: p.Epoch, LastSequence: p.LastSequence, LastOffset: p.LastOffset, Batches: p.Batches})
	}
	return all
}

// The reasons for which a log begins later, as facts.StartReasons has them.
const (
	startRetentionTime = iota
	startRetentionSize
	startDeleteRecords
	startLeader
)

func (l *ledger) observe(k *node.EventKind, n ...int64) { l.s.observeOf(l.replica.Name(), k, n...) }

// observeOf states a fact about a partition.
func (s *Server) observeOf(name string, k *node.EventKind, n ...int64) {
	e := node.Event{Kind: k, Text: name}
	copy(e.N[:], n)
	s.env.Observe(e)
}
