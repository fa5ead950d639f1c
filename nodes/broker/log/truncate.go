package log

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Truncate cuts the log to what lies below an offset. It goes for the leader epochs
// also if no record lies behind (KAFKA-10706), and the producers are as of there. The
// high watermark does not stay behind the end. What was cut off cannot be read any more;
// the log can be appended to again when it is [Log.Settled].
//
// An offset in the middle of a batch cuts the whole batch.
func (l *Log) Truncate(offset int64) error {
	if l.failed != nil {
		return l.failed
	}
	if offset >= l.end {
		if !l.cfg.Bugs.Has(bugs.StaleEpochKept) {
			l.cutEpochs(offset)
		}
		return nil
	}
	if offset < l.segs[0].base {
		return l.StartOver(offset)
	}
	if err := l.cutSegments(offset); err != nil {
		l.offline("truncate", err)
	}
	return l.failed
}

// cutSegments cuts at an offset that some segment has, or should.
func (l *Log) cutSegments(offset int64) error {
	keep := l.floor(offset)
	s, gone := l.segs[keep], l.segs[keep+1:]
	at, err := s.locate(l.disk, offset)
	if err != nil {
		return err
	}
	next, err := s.nextAt(l.disk, at, offset)
	if err != nil {
		return err
	}
	l.segs = l.segs[: keep+1 : keep+1]
	if err := s.cut(l.disk, at, next); err != nil {
		return err
	}
	l.drop(gone)
	l.shrink(s)
	l.cutEpochs(next)
	l.lower(next)
	return l.rebuildProducers()
}

// cutEpochs forgets the epochs that begin at or behind an offset. The checkpoint follows
// when the records are durably gone: if a crash leaves those, it says their epochs.
func (l *Log) cutEpochs(offset int64) {
	if l.epochs.cutEnd(offset) {
		l.saveEpochs()
	}
}

// nextAt is the offset that follows what lies before a position that an offset was
// found to be at: the offset itself, or where the batch begins that it is in.
func (s *segment) nextAt(d node.Disk, at, offset int64) (next int64, err error) {
	next = offset
	_, err = s.walk(d, at, s.size, func(_ int64, b batch.Batch) bool {
		next = min(offset, b.BaseOffset())
		return false
	})
	return next, err
}

// StartOver empties the log and lets it go on at an offset: for a follower that has
// nothing the leader still has.
func (l *Log) StartOver(offset int64) error {
	if l.failed != nil {
		return l.failed
	}
	gone := l.segs
	s := newSegment(l.dir, offset, l.segs[0].born)
	l.segs = []*segment{s}
	if offset == l.end {
		l.supersede(gone, s)
	} else {
		l.drop(gone)
		l.begin(chore{kind: writeFile, name: s.name})
		l.nameless = l.work.last()
	}
	l.epochs = nil
	l.saveEpochs()
	l.work.add(chore{kind: reach, offset: offset})
	l.producers = producers{}
	l.lower(offset)
	l.start, l.hw, l.dirty = offset, offset, offset
	return nil
}

// drop makes the chores of removing segments at the end of the log, the last first:
// what a crash brings back follows what is there.
func (l *Log) drop(gone []*segment) {
	for i := len(gone) - 1; i >= 0; i-- {
		l.begin(chore{kind: removeSegment, seg: gone[i]}, chore{kind: syncNames})
	}
}

// supersede is drop for a log that goes on where it ended, in a segment that is there before the
// others go, the first one first. Whatever of that a process gets done, the log ends there: it
// may be in sync, and lack nothing.
//
//	All is deleted below 9, where the log of b2 ends, and b2 starts over. It dies with 6 to 8
//	removed, is elected, and gives other records the offsets that readers are through with.
func (l *Log) supersede(gone []*segment, s *segment) {
	if last := gone[len(gone)-1]; last.base == s.base {
		gone = gone[:len(gone)-1]
		l.begin(chore{kind: removeFile, name: last.file(snapshotFile)})
	}
	l.begin(chore{kind: writeFile, name: s.name})
	l.nameless = l.work.last()
	l.begin(chore{kind: syncNames})
	for _, old := range gone {
		l.begin(chore{kind: removeSegment, seg: old}, chore{kind: syncNames})
	}
}

// shrink makes the chores of cutting the files of a segment to what it is now. That is
// durable before anything is appended:
//
//	Batches 4 and 5-6 are cut off, another leader's 4-6 is written in their place, and
//	7 into the next segment. A crash keeps the new segment and loses the cut: 7
//	follows the old 5-6, and nothing looks wrong.
func (l *Log) shrink(s *segment) {
	l.begin(
		chore{kind: cutFile, name: s.file(indexFile), size: int64(len(s.index)) * indexEntryBytes},
		chore{kind: cutFile, name: s.file(timeFile), size: int64(len(s.times)) * timeEntryBytes},
		chore{kind: cutFile, name: s.name, size: s.size},
		chore{kind: syncFile, name: s.name},
	)
}

// begin adds chores without which the log is not settled.
func (l *Log) begin(c ...chore) {
	l.unsettled++
	l.work.add(append(c, chore{kind: settle})...)
}

// Hold has the log take nothing until it is released, as while a truncation is under way:
// its owner has to bring something else to the disk first. Holds are counted.
func (l *Log) Hold() { l.unsettled++ }

// Release ends a [Log.Hold].
func (l *Log) Release() {
	if l.unsettled == 0 {
		panic("log: " + l.dir + " is released, and nobody holds it")
	}
	l.unsettled--
}

// lower takes the offsets back that are above a new end, and snapshots of producers.
func (l *Log) lower(end int64) {
	l.abandon()
	l.end = end
	l.hw = min(l.hw, end)
	l.start = min(l.start, end)
	l.dirty = min(l.dirty, end)
	l.recovery, l.planned = min(l.recovery, end), min(l.planned, end)
	l.point, l.saved = min(l.point, end), min(l.saved, end)
}

// AdvanceStart hides what lies below an offset: because of DeleteRecords, or because
// the leader did. It must not be above the high watermark. Segments that are hidden as
// a whole go with the next [Log.Retain].
func (l *Log) AdvanceStart(offset int64) error {
	if offset > l.hw {
		panic(fmt.Sprintf("log: %s: the start would be %d, above the high watermark %d", l.dir, offset, l.hw))
	}
	l.hide(offset)
	return l.failed
}

// hide moves the start of the log.
func (l *Log) hide(offset int64) {
	if offset <= l.start {
		return
	}
	l.start = offset
	l.dirty = max(l.dirty, offset)
	if l.epochs.cutStart(offset) {
		l.saveEpochs()
	}
}
