package broker

import (
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// boot opens the logs that are there, and then registers: nobody shall count on a broker
// that does not know yet what it has.
func (s *Server) boot(t *node.Task) {
	s.zk.Start()
	if !s.ownDisk() || !s.openLogs(t) {
		return
	}
	s.recovered = true
	s.startTimers()
	if s.began {
		s.register(t)
	}
}

// ownDisk reports whether the disk is that of this broker; one of another is left alone.
func (s *Server) ownDisk() bool {
	text, exists := s.env.Disk().Read(log.MetaProperties)
	if !exists {
		return true
	}
	meta, ok := log.ParseMeta(string(text))
	if ok && meta.BrokerID == s.cfg.ID {
		s.diskOf = meta.ClusterID
		return true
	}
	s.env.Exit("broker: " + log.MetaProperties + " is not that of this broker: " + string(text))
	return false
}

// checkpoints are what a broker noted now and then of all its logs.
type checkpoints struct{ recovery, marks, starts, cleaned log.Offsets }

// loadCheckpoints reads them. One that is damaged says nothing: the logs know best.
func (s *Server) loadCheckpoints() checkpoints {
	load := func(which checkpoint) log.Offsets {
		o, ok := log.LoadOffsets(s.env.Disk(), checkpointTable[which].name)
		if !ok {
			o = log.Offsets{}
		}
		speaks := map[string]bool{}
		for dir := range o { //sim:unordered each for itself
			speaks[dir] = true
		}
		s.noted[which].speaks = speaks
		return o
	}
	return checkpoints{load(recoveryPoints), load(highWatermarks), load(logStarts), load(cleanerOffsets)}
}

// openLogs opens the logs of all partitions that the disk has. What their topics say of
// them must be known before: in a log that is compacted a gap is no damage.
func (s *Server) openLogs(t *node.Task) bool {
	_, clean, err := log.TakeCleanMarker(t, s.env.Disk())
	if s.cfg.Bugs.Has(bugs.CleanMarkerKept) && clean {
		err = log.MarkClean(t, s.env.Disk(), s.epoch)
	}
	if err != nil {
		s.env.Exit(err.Error())
		return false
	}
	if clean {
		s.observe(facts.LogsFound, 1)
	} else {
		s.observe(facts.LogsFound)
	}
	s.awaitBrokerConfig(t)
	c := s.loadCheckpoints()
	for _, dir := range log.Partitions(s.env.Disk()) {
		topic, partition, ok := log.ParseDir(dir)
		if !ok {
			continue
		}
		tp := znodes.TopicPartition{Topic: topic, Partition: partition}
		if log.Doomed(s.env.Disk(), dir) {
			s.observeOf(tp.String(), facts.DoomedFound)
			s.remove(dir)
			continue
		}
		s.awaitTopicConfig(t, topic)
		s.openReplica(tp, s.topicOn(dir), log.Options{
			Clean: clean, RecoveryPoint: c.recovery[dir], HighWatermark: c.marks[dir], Start: c.starts[dir], Cleaned: c.cleaned[dir],
			Now: s.env.WallMillis(),
		})
	}
	return true
}

// awaitTopicConfig reads the configuration of a topic, in whichever session.
func (s *Server) awaitTopicConfig(t *node.Task, topic string) {
	for s.configs[topic] == nil {
		path := znodes.ConfigPath(znodes.TopicConfig, topic)
		if r := s.zk.One(t, zookeeper.Get(path)); !r.Over() {
			s.takeTopicConfig(topic, decodeConfig(path, &r))
			continue
		}
		t.Sleep(registerAgain)
	}
}

// topicOn is the ID of the topic that a directory is of, zero if that was not noted.
func (s *Server) topicOn(dir string) (id znodes.TopicID) {
	text, _ := s.env.Disk().Read(dir + log.PartitionMetadata)
	if noted, ok := log.ParseTopicID(string(text)); ok {
		id, _ = znodes.ParseTopicID(noted)
	}
	return id
}

// noteCluster notes which cluster the disk is of, or finds that it is of another.
func (s *Server) noteCluster(t *node.Task) bool {
	switch s.diskOf {
	case s.clusterID:
		return true
	case "":
		s.diskOf = s.clusterID
		// Whoever starts it again tries again; a broker that stayed would never register.
		return s.save(t, log.MetaProperties, log.Meta{ClusterID: s.clusterID, BrokerID: s.cfg.ID}.Encode()) == nil
	}
	s.env.Exit("broker: the disk is of cluster " + s.diskOf + ", and the coordinators are of " + s.clusterID)
	return false
}

// observeTail states what a crash has cost a log.
func (s *Server) observeTail(r *localReplica, found log.Recovered) {
	if found.Dropped > 0 {
		r.log.observe(facts.TailTorn, r.log.End(), found.Dropped)
	}
	for what, files := range [...]int{found.Cleaned, found.Swaps, found.Deleted} {
		if files > 0 {
			r.log.observe(facts.LeftoverFound, int64(files), 0, 0, int64(what))
		}
	}
}

// observeOpened states that a replica exists, and what its log holds.
func (s *Server) observeOpened(r *localReplica) {
	body := &facts.Opened{Topic: r.Topic(), Producers: r.log.KnownProducers()}
	r.log.Batches(func(b batch.Batch) {
		body.Batches = append(body.Batches, facts.Batch{
			First: b.BaseOffset(), Last: b.LastOffset(), Epoch: int64(b.LeaderEpoch()), Checksum: int64(b.CRC()), Producer: producerOf(b),
		})
	})
	s.env.Observe(node.Event{
		Kind: facts.ReplicaOpened, N: [4]int64{r.log.Start(), r.log.End(), r.log.HighWatermark()}, Text: r.Name(), Body: body,
	})
}
