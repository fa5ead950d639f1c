package broker

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// startTimers begins what a broker does now and then.
func (s *Server) startTimers() {
	s.env.SetTimer(s.cfg.ReplicaLag/2, node.Tag{Kind: tagReviewIsr})
	s.env.SetTimer(s.cfg.MarkInterval, node.Tag{Kind: tagMarks})
	s.env.SetTimer(s.cfg.PointInterval, node.Tag{Kind: tagPoints})
	s.env.SetTimer(s.cfg.RetentionInterval, node.Tag{Kind: tagRetain})
	s.env.SetTimer(s.cfg.CleanerInterval, node.Tag{Kind: tagClean})
}

// noteMarks notes the high watermarks. They may be behind when they are read: a follower
// is told anew, and a leader finds out.
func (s *Server) noteMarks() {
	s.env.Go("high watermarks", func(t *node.Task) {
		s.saveMarks(t)
		s.env.SetTimer(s.cfg.MarkInterval, node.Tag{Kind: tagMarks})
	})
}

func (s *Server) saveMarks(t *node.Task) error {
	return s.saveOffsets(t, highWatermarks)
}

// checkpoint is a file that has one offset of each log.
type checkpoint int

const (
	highWatermarks checkpoint = iota
	recoveryPoints
	logStarts
	cleanerOffsets
	checkpointFiles // how many there are
)

var checkpointTable = [checkpointFiles]struct {
	name string
	of   func(*ledger) int64
}{
	highWatermarks: {log.HighWatermarks, (*ledger).markToNote},
	recoveryPoints: {log.RecoveryPoints, (*ledger).RecoveryPoint},
	logStarts:      {log.LogStarts, (*ledger).Start},
	cleanerOffsets: {log.CleanerOffsets, (*ledger).Cleaned},
}

// markToNote is the high watermark.
func (l *ledger) markToNote() int64 {
	if l.s.cfg.Bugs.Has(bugs.MarkNotedAhead) {
		return l.End()
	}
	return l.HighWatermark()
}

// noted is what one of these files is known to say.
type noted struct {
	saving bool // a task is writing it
	// speaks has the directories of logs that it may say something about.
	speaks map[string]bool
}

// saveOffsets notes one offset of each log. Who comes while another task is at the same
// file, which is rare, waits.
func (s *Server) saveOffsets(t *node.Task, which checkpoint) error {
	n := &s.noted[which]
	for n.saving {
		t.Sleep(time.Millisecond)
	}
	n.saving = true
	offsets, speaks := log.Offsets{}, map[string]bool{}
	var starts facts.Starts
	for _, r := range s.sortedReplicas() {
		dir := r.log.Dir()
		starts = append(starts, facts.Start{Partition: r.Name(), Offset: r.log.Start()})
		offsets[dir], speaks[dir], n.speaks[dir] = checkpointTable[which].of(r.log), true, true
	}
	err := s.save(t, checkpointTable[which].name, offsets.Encode())
	n.saving = false
	if err == nil {
		n.speaks = speaks
	}
	if err == nil && which == logStarts {
		s.env.Observe(node.Event{Kind: facts.StartsNoted, Body: starts})
	}
	return err
}

// save makes a content that of a file. A disk that does not take it ends the broker, as
// Kafka's ends when the last of its log directories is offline: what is not noted of a log
// cannot be known after a crash, and a disk that fails here will fail elsewhere.
func (s *Server) save(t *node.Task, name string, content []byte) error {
	err := log.Save(t, s.env.Disk(), name, content)
	if err != nil {
		s.giveUp(name, err)
	}
	return err
}

// giveUp ends a broker whose disk did not take a file.
func (s *Server) giveUp(name string, err error) {
	s.env.Observe(node.Event{Kind: facts.DirectoryOffline, Text: name})
	s.env.Exit(err.Error())
}

// notePoints notes what is durable, where logs begin, and where compaction has been.
func (s *Server) notePoints() {
	s.env.Go("recovery points", func(t *node.Task) {
		s.savePoints(t)
		s.env.SetTimer(s.cfg.PointInterval, node.Tag{Kind: tagPoints})
	})
}

func (s *Server) savePoints(t *node.Task) error {
	points := map[*localReplica]int64{}
	for _, r := range s.sortedReplicas() {
		points[r] = r.log.RecoveryPoint()
	}
	if err := s.saveOffsets(t, recoveryPoints); err != nil {
		return err
	}
	for _, r := range s.sortedReplicas() {
		if point, saved := points[r]; saved {
			r.log.RecoveryPointSaved(point)
		}
	}
	if s.cfg.Bugs.Has(bugs.StartsUnnoted) {
		return s.saveOffsets(t, cleanerOffsets)
	}
	if err := s.saveOffsets(t, logStarts); err != nil {
		return err
	}
	return s.saveOffsets(t, cleanerOffsets)
}
