package log

import (
	"bytes"
	"fmt"
	"math"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Compacted says what [Log.Compact] did.
type Compacted struct {
	// Upto is where compaction has been now; nothing was done if From is there, too.
	From, Upto int64
	// Before and After are the bytes of the segments that were looked at.
	Before, After int64
	// Records is how many were dropped.
	Records int
	// Abandoned: the log was cut meanwhile, and what was not in place was given up.
	Abandoned bool
}

// Compactable reports whether compaction is due, and of which offsets: enough of the
// log is dirty, or a part of it has been for too long.
func (l *Log) Compactable(now int64) (from, upto int64, due bool) {
	from, upto = l.dirty, l.cleanable(now)
	clean, dirty, oldest := int64(0), int64(0), int64(math.MaxInt64)
	for _, s := range l.segs {
		switch {
		case s.base >= upto:
		case s.next <= from:
			clean += s.size
		default:
			dirty += s.size
			if s.first >= 0 {
				oldest = min(oldest, s.first)
			}
		}
	}
	if upto <= from || dirty == 0 {
		return from, from, false
	}
	late := oldest <= now && now-oldest > l.cfg.MaxCompactionLagMillis
	return from, upto, late || 1000*dirty > l.cfg.MinDirtyPermille*(clean+dirty)
}

// cleanable is where compaction must stop: it takes whole segments, none that is
// active, too young, or not known to be durable whatever happens. What is above the
// last stable offset may yet be cut off, and then what it superseded must be there
// (KAFKA-13194).
func (l *Log) cleanable(now int64) int64 {
	bound := min(l.LastStable(), l.active().base, l.recovery, l.saved)
	if l.cfg.Bugs.Has(bugs.CompactsBeyondMark) {
		bound = min(l.active().base, l.recovery, l.saved)
	}
	for i, s := range l.segs {
		young := l.cfg.MinCompactionLagMillis > 0 && s.next > l.dirty && l.latest(s) > now-l.cfg.MinCompactionLagMillis
		if young || i+1 == len(l.segs) || l.segs[i+1].base > bound {
			return s.base
		}
	}
	return l.end
}

// compaction is one pass over a log.
type compaction struct {
	*Log
	t    *node.Task
	now  int64
	upto int64
	// newest is the last offset of each key in the dirty part.
	newest map[string]int64
	began  int // the cuts of the log then
	build  batch.Builder
	out    Compacted
}

// Compact drops the records that later ones of the same key supersede, and tombstones
// whose time is over, from what [Log.Compactable] says, from inside a task. Offsets
// stay as they are. It is abandoned if the log is cut meanwhile. The error is that of
// the disk, which takes the log offline, or one that says which batch is damaged.
//
// A pass learns the keys of the dirty part, then copies the segments, a group at a
// time, into one file that ends in .cleaned; makes it durable; calls it .swap, durably;
// and then puts it into the place of the first of the group, and removes the others, in
// order, each when the one before is durably gone, before it goes on. A crash before the
// .swap leaves the old segments, and one after it leaves at least the .swap. If some of
// the others come back, they are the last ones, and the new segment ends where the first
// of them begins.
//
//	0, 1 and 2 become one segment, which holds a batch of 2 only. If 1 came back and 2
//	did not, the batch would be behind 1's beginning, and lost.
func (l *Log) Compact(t *node.Task, now int64) (Compacted, error) {
	from, upto, due := l.Compactable(now)
	c := compaction{Log: l, t: t, now: now, upto: upto, newest: map[string]int64{}, began: l.cuts, out: Compacted{From: from, Upto: from}}
	if !due || l.closed || l.failed != nil || !l.Settled() {
		return c.out, l.failed
	}
	l.step(Compacting, upto)
	if err := c.collect(from); err != nil {
		return c.out, err
	}
	for begin := int64(0); ; {
		group := c.group(begin)
		if len(group) == 0 {
			break
		}
		begin = group[len(group)-1].base + 1
		if err := c.rewrite(group); err != nil || c.out.Abandoned {
			return c.out, err
		}
	}
	l.dirty, c.out.Upto = max(l.dirty, upto), upto
	return c.out, nil
}

// collect finds the newest offset of each key in the dirty part.
func (c *compaction) collect(from int64) error {
	for _, s := range c.segs {
		if s.base >= c.upto || s.next <= from {
			continue
		}
		err := c.each(s, func(b batch.Batch) error {
			if b.Has(batch.Control) {
				return nil
			}
			var rec batch.Record
			r := b.Records()
			for r.Next(&rec) {
				if rec.Value == nil && c.cfg.Bugs.Has(bugs.TombstonesOverlooked) {
					continue
				}
				if rec.Key != nil && rec.Offset >= from {
					c.newest[string(rec.Key)] = rec.Offset
				}
			}
			return r.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each shows the batches of a segment. A damaged one ends it: to write it anew, with a
// CRC that fits, would hide the damage for good.
func (c *compaction) each(s *segment, see func(batch.Batch) error) error {
	r := batch.Read(c.disk.ReadAt(s.name, 0, int(s.size)))
	for r.Next() {
		err := r.Batch.Check()
		if err == nil {
			err = see(r.Batch)
		}
		if err != nil {
			return fmt.Errorf("log: compact %s: %w", s.name, err)
		}
	}
	if r.Err != nil || len(r.Rest()) > 0 {
		return fmt.Errorf("log: compact %s: no batch after offset %d", s.name, s.next)
	}
	return nil
}

// group returns neighbours, from the first that begins at or behind an offset on, which
// together are no larger than one segment may be.
func (c *compaction) group(begin int64) (group []*segment) {
	size := int64(0)
	for _, s := range c.segs {
		if s.base < begin {
			continue
		}
		size += s.size
		if s.base >= c.upto || len(group) > 0 && (size > c.cfg.SegmentBytes || s.next-group[0].base > math.MaxInt32) {
			break
		}
		group = append(group, s)
	}
	return group
}

// rewrite puts the cleaned content of a group into its place.
func (c *compaction) rewrite(group []*segment) error {
	var content []byte
	same := len(group) == 1
	for _, s := range group {
		c.out.Before += s.size
		err := c.each(s, func(b batch.Batch) error {
			kept, err := c.clean(b)
			same = same && bytes.Equal(kept, b)
			content = append(content, kept...)
			return err
		})
		if err != nil {
			return err
		}
	}
	c.out.After += int64(len(content))
	if same {
		return nil
	}
	return c.swap(group, content)
}

// clean returns what is left of a batch, nil if nothing is.
func (c *compaction) clean(b batch.Batch) (batch.Batch, error) {
	if b.Has(batch.Control) {
		return b, nil
	}
	dropped, tombstones := 0, false
	var rec batch.Record
	r := b.Records()
	for r.Next(&rec) {
		if !c.keeps(b, &rec) {
			dropped++
		} else if rec.Value == nil {
			tombstones = true
		}
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	c.out.Records += dropped
	stamp := tombstones && !b.Has(batch.DeleteHorizon)
	switch {
	case dropped < b.Count() && dropped == 0 && !stamp:
		return b, nil
	case dropped < b.Count():
		horizon := batch.NoTimestamp
		if stamp {
			horizon = c.now + c.cfg.DeleteRetentionMillis
			if c.cfg.Bugs.Has(bugs.TombstoneTimedBySender) {
				horizon = b.MaxTimestamp() + c.cfg.DeleteRetentionMillis
			}
		}
		return b.Filtered(&c.build, func(rec *batch.Record) bool { return c.keeps(b, rec) }, horizon)
	case b.Idempotent() && c.producers.lastOf(b), b.NextOffset() == c.upto:
		// Its sequence must outlive its records, or the producer's next batch would be
		// accepted whatever its number. And what is compacted ends with a batch:
		//
		//	b1 ends at 8, with a tombstone; b2 at 9. b2 compacts up to 8, without the tombstone,
		//	and loses 8 with its power. From 7 there is nothing to copy, and b1 never gets to 8.
		return b.Emptied(), nil
	}
	return nil, nil
}

// keeps decides on one record. Without a key nobody can ask for it. A tombstone is shown
// until the time that was stamped when it was first looked at, so that readers who are
// behind learn of it (KIP-534).
func (c *compaction) keeps(b batch.Batch, rec *batch.Record) bool {
	if rec.Key == nil || rec.Offset < c.newest[string(rec.Key)] {
		return false
	}
	return rec.Value != nil || !b.Has(batch.DeleteHorizon) || c.now < b.Horizon()
}

// swap replaces the files of a group by one.
func (c *compaction) swap(group []*segment, content []byte) error {
	name := group[0].name
	c.compacting = name
	err := c.disk.WriteFile(name+cleaned, content)
	if err == nil {
		c.step(CleanedWritten, group[0].base)
		if !c.cfg.Bugs.Has(bugs.CleanedUnsynced) {
			err = c.t.Sync(name + cleaned)
		}
	}
	if err == nil && !c.abandoned() {
		if err = c.disk.Rename(name+cleaned, name+swap); err == nil {
			c.step(SwapNamed, group[0].base)
			err = c.t.SyncDir()
		}
		if err == nil && !c.abandoned() {
			err = c.install(group, content)
		}
	}
	c.compacting = ""
	return c.failing(err)
}

// abandoned reports whether the log was cut since the pass began.
func (c *compaction) abandoned() bool {
	c.out.Abandoned = c.began != c.cuts && !c.cfg.Bugs.Has(bugs.CleaningOutlivesCut) || c.failed != nil
	return c.out.Abandoned
}

// abandon gives up what a compaction has not put into place, durably, before anything
// is appended: a .swap that a crash brings back would undo what was done since.
func (l *Log) abandon() {
	l.cuts++
	if l.compacting != "" {
		l.begin(chore{kind: removeFile, name: l.compacting + cleaned}, chore{kind: removeFile, name: l.compacting + swap}, chore{kind: syncNames})
	}
}

// failing takes the log offline if there is an error.
func (c *compaction) failing(err error) error {
	if err != nil {
		c.offline("compact", err)
	}
	return c.failed
}

// install puts a finished file into the place of a group, at once, and waits until the rest of
// the group is durably gone. What a crash brought back of it would be clean by what the
// cleaner's checkpoint says, and by the next segment, which supersedes it no more:
//
//	k=1 at 5 is left out of the segment that 0 to 8 become. The tombstone of k at 12, which
//	was kept for a while, goes. A crash brings the file back that 5 was in, and k=1 with it.
//
// Kafka renames and goes on, and trusts the order in which file systems do that.
func (c *compaction) install(group []*segment, content []byte) error {
	s := newSegment(c.dir, group[0].base, group[len(group)-1].born)
	for r := batch.Read(content); r.Next(); {
		s.take(r.Batch, int64(len(r.Batch)), c.cfg.IndexIntervalBytes)
	}
	if s.highest.time >= 0 && s.times.accepts(s.highest) {
		s.times = append(s.times, s.highest)
	}
	err := c.disk.Rename(s.name+swap, s.name)
	if err == nil {
		c.step(SwapInstalled, s.base)
		err = c.writeIndex(s)
	}
	if err != nil {
		return err
	}
	c.work.add(chore{kind: syncNames})
	for _, old := range group[1:] {
		c.work.add(chore{kind: removeSegment, seg: old}, chore{kind: syncNames})
	}
	at := c.floor(s.base)
	c.segs = append(append(c.segs[:at:at], s), c.segs[at+len(group):]...)
	if len(group) == 1 {
		return nil
	}
	err = c.through(c.t, c.work.last())
	c.abandoned()
	return err
}

// writeIndex replaces the index files of a segment. They are durable before the next
// clean stop believes them.
func (l *Log) writeIndex(s *segment) error {
	if err := l.disk.WriteFile(s.file(indexFile), s.index.encode(s.base)); err != nil {
		return err
	}
	if err := l.disk.WriteFile(s.file(timeFile), s.times.encode(s.base)); err != nil {
		return err
	}
	l.work.add(chore{kind: syncFile, name: s.file(indexFile)}, chore{kind: syncFile, name: s.file(timeFile)})
	return nil
}
