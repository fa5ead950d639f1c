package log

import (
	"fmt"
	"math"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Appended says where an append went.
type Appended struct {
	// Base and Last are the offsets of its first and last record. Of a duplicate they
	// are those that the original got.
	Base, Last int64
	// Time is that of the append if the topic stamps it, [batch.NoTimestamp] if not.
	Time int64
	// Duplicate: an idempotent producer sent it before, and nothing was appended. Raised:
	// it is the first of a producer that is known in a later epoch than before.
	Duplicate, Raised bool
}

// nowhere is the answer to an append that was refused.
var nowhere = Appended{Base: NoOffset, Last: NoOffset, Time: batch.NoTimestamp}

// AppendAsLeader appends one batch of a producer: validates it, gives it offsets and
// the leader's epoch, and recognises what an idempotent producer sent before (KIP-98).
// The records are not changed. They are in the page cache when this returns. Before the
// log is [Log.Settled] it answers LEADER_NOT_AVAILABLE, and KAFKA_STORAGE_ERROR when it
// is [Log.Offline].
func (l *Log) AppendAsLeader(records []byte, epoch int32, now int64) (Appended, wire.ErrorCode) {
	if code := l.unable(); code != wire.OK {
		return nowhere, code
	}
	b, code := l.validate(records, now)
	if code != wire.OK {
		return nowhere, code
	}
	raised := false
	if b.HasProducer() {
		raised = l.producers.raises(b)
		known, code := l.producers.check(b)
		if code == wire.OutOfOrderSequenceNumber && l.cfg.Bugs.Has(bugs.SequenceGapAccepted) {
			code = wire.OK
		}
		if code != wire.OK {
			return nowhere, code
		}
		if known != nil && !l.cfg.Bugs.Has(bugs.DuplicateAppended) {
			return Appended{Base: known.first(), Last: known.offset, Time: stamped(b, known.time), Duplicate: true}, wire.OK
		}
	}
	b.SetBaseOffset(l.end)
	b.SetLeaderEpoch(epoch)
	if l.write(b, now) != nil {
		return nowhere, wire.KafkaStorageError
	}
	return Appended{Base: b.BaseOffset(), Last: b.LastOffset(), Time: stamped(b, b.MaxTimestamp()), Raised: raised}, wire.OK
}

func stamped(b batch.Batch, time int64) int64 {
	if b.Has(batch.LogAppendTime) {
		return time
	}
	return batch.NoTimestamp
}

// AppendAsFollower appends whole batches as the leader has them, at their offsets. A
// batch that is cut off at the end is left out, and those below the end of the log are
// skipped, as a fetch may begin in the middle of a batch. It stops at a damaged batch,
// with CORRUPT_MESSAGE; what came before is appended. LEADER_NOT_AVAILABLE and
// KAFKA_STORAGE_ERROR are as for a leader.
//
// Offsets that leave a gap are fine, as the leader's log may be compacted. Offsets, or
// an epoch, that go back are a bug, and panic.
func (l *Log) AppendAsFollower(records []byte, now int64) wire.ErrorCode {
	if code := l.unable(); code != wire.OK {
		return code
	}
	whole, code := l.intact(records)
	for len(whole) > 0 {
		part := whole[:l.fitting(whole)]
		if l.write(part, now) != nil {
			return wire.KafkaStorageError
		}
		whole = whole[len(part):]
	}
	if l.cfg.Bugs.Has(bugs.ProducersNotReplicated) {
		l.producers = producers{}
	}
	return code
}

// intact returns the part of a follower's records that is to be appended.
func (l *Log) intact(records []byte) ([]byte, wire.ErrorCode) {
	from, upto, next, epoch := 0, 0, l.end, l.LatestEpoch()
	for r := batch.Read(records); r.Next(); {
		b := r.Batch
		if err := b.Check(); err != nil {
			return records[from:upto], wire.CorruptMessage
		}
		if b.LastOffset() < l.end && upto == from {
			from += len(b)
			upto = from
			continue
		}
		if b.BaseOffset() < next || b.LeaderEpoch() < epoch {
			panic(fmt.Sprintf("log: %s: the leader sends %v for a log that ends at %d in epoch %d", l.dir, b, next, epoch))
		}
		upto, next, epoch = upto+len(b), b.NextOffset(), b.LeaderEpoch()
	}
	if _, err := batch.Size(records[upto:]); err != nil {
		return records[from:upto], wire.CorruptMessage
	}
	return records[from:upto], wire.OK
}

// fitting is how much of some whole batches goes into one segment: all, unless the
// offsets are too far apart for the indexes, or one segment would get too long.
func (l *Log) fitting(whole []byte) (n int) {
	base, size := l.active().base, l.active().size
	for r := batch.Read(whole); r.Next(); n += len(r.Batch) {
		b := r.Batch
		if n == 0 {
			if l.mustRoll(b, int64(len(b)), 0) != mayStay {
				base, size = l.nextBase(b), 0
			}
		} else if size+int64(n+len(b)) > l.cfg.SegmentBytes || b.LastOffset()-base > math.MaxInt32 {
			break
		}
	}
	return n
}

// write puts whole batches with their final offsets at the end of the log. Nothing has
// moved if the disk fails.
func (l *Log) write(batches []byte, now int64) error {
	l.mustBeOpen()
	first := batch.Batch(batches)
	why := l.mustRoll(first, int64(len(batches)), now)
	if why == mayStay && l.nameless >= 0 && l.wantsRoll(first, int64(len(batches)), now) != mayStay {
		l.step(RollWaits, l.end)
	}
	if why != mayStay {
		l.roller = Roller{Why: why, Bytes: l.active().size + int64(len(batches)), Age: l.active().age(first.MaxTimestamp(), now)}
		if err := l.roll(l.nextBase(first), now); err != nil {
			return err
		}
	}
	s := l.active()
	if err := l.disk.Append(s.name, batches); err != nil {
		l.offline("append", err)
		return err
	}
	was := *s
	for r := batch.Read(batches); r.Next(); {
		s.take(r.Batch, int64(len(r.Batch)), l.cfg.IndexIntervalBytes)
	}
	if err := l.writeIndexes(s, len(was.index), len(was.times)); err != nil {
		*s = was
		return err
	}
	for r := batch.Read(batches); r.Next(); {
		l.learn(r.Batch)
	}
	l.end = s.next
	l.name()
	return nil
}

// learn takes note of what a batch that was appended, or found, says.
func (l *Log) learn(b batch.Batch) {
	if e := b.LeaderEpoch(); e >= 0 && e > l.LatestEpoch() {
		l.assignEpoch(e, b.BaseOffset())
	}
	if b.HasProducer() {
		l.producers.update(b)
	}
}

// writeIndexes appends to the files of a segment's indexes what they lack.
func (l *Log) writeIndexes(s *segment, positions, moments int) error {
	if positions < len(s.index) {
		b := l.indexScratch[:0]
		for _, p := range s.index[positions:] {
			b = appendPosition(b, s.base, p)
		}
		l.indexScratch = b
		if err := l.disk.Append(s.file(indexFile), b); err != nil {
			l.offline("append to the index", err)
			return err
		}
	}
	return l.writeTimes(s, moments)
}

func (l *Log) writeTimes(s *segment, moments int) error {
	if moments == len(s.times) {
		return nil
	}
	b := l.indexScratch[:0]
	for _, m := range s.times[moments:] {
		b = appendMoment(b, s.base, m)
	}
	l.indexScratch = b
	if err := l.disk.Append(s.file(timeFile), b); err != nil {
		l.offline("append to the time index", err)
		return err
	}
	return nil
}

// nextBase is where the segment begins that a batch is the first of: at the end of the log,
// also if the leader's has a gap there that compaction left. A gap between segments would
// pass for a tail that was lost. Only one that no index could span comes between.
func (l *Log) nextBase(first batch.Batch) int64 {
	if first.LastOffset()-l.end > math.MaxInt32 {
		return first.BaseOffset()
	}
	return l.end
}

// Roller is why the last segment began, and what the one before would have become.
type Roller struct {
	Why        RollReason
	Bytes, Age int64
}

// RollReason is why a segment begins.
type RollReason uint8

// The reasons, as facts.RollReasons has them.
const (
	rollAsked RollReason = iota
	rollLong
	rollOld
	rollIndex
	mayStay RollReason = 255
)

// mustRoll says why batches of that size, the first of which is known, begin a segment, if
// they do.
func (l *Log) mustRoll(first batch.Batch, size, now int64) RollReason {
	spans := first.LastOffset()-l.active().base <= math.MaxInt32
	if why := l.wantsRoll(first, size, now); l.mayRoll() || !spans {
		return why
	}
	return mayStay
}

// wantsRoll says why they should begin one.
func (l *Log) wantsRoll(first batch.Batch, size, now int64) RollReason {
	s := l.active()
	switch {
	case s.size == 0:
		return mayStay
	case first.LastOffset()-s.base > math.MaxInt32:
		return rollIndex
	case s.size+size > l.cfg.SegmentBytes:
		return rollLong
	case int64(len(s.index)+1)*indexEntryBytes > l.cfg.IndexBytes, int64(len(s.times)+1)*timeEntryBytes > l.cfg.IndexBytes:
		return rollIndex
	case s.age(first.MaxTimestamp(), now) > l.cfg.SegmentMillis-l.cfg.SegmentJitterMillis:
		return rollOld
	}
	return mayStay
}

// mayRoll reports whether a segment can begin at the end of the log. It cannot at or
// below claimed, which a checkpoint on the disk may say is durable though a truncation
// has been below since; unless all before is durable indeed.
//
//	The checkpoint says 15; the log is cut to 5; batches fill the segment up to 9, and
//	others the next one. A crash tears the first. Recovery begins with the segment
//	that 15 is in, and would never look at it.
//
// Nor can it while a crash may leave a second segment without the first, whose name the disk
// has not got yet: what is left would pass for a log that begins there. A follower that copied
// the rest would count as in sync, and might lead. Kafka leaves that to the file system.
func (l *Log) mayRoll() bool {
	return l.nameless < 0 && (l.end > l.claimed || l.recovery >= l.end)
}

// Roll begins a segment at the end of the log, unless the active one is empty or must
// grow. The producers are written down as of there, and all before will be flushed.
func (l *Log) Roll(now int64) {
	if l.failed == nil && l.active().size > 0 && l.mayRoll() && l.Settled() {
		l.roller = Roller{Why: rollAsked}
		l.roll(l.end, now)
	}
}

func (l *Log) roll(base, now int64) error {
	if err := l.closeTimes(); err != nil {
		return err
	}
	s := newSegment(l.dir, base, now)
	err := l.disk.WriteFile(s.name, nil)
	if err == nil {
		err = l.disk.WriteFile(s.file(snapshotFile), l.producers.encode())
	}
	if err != nil {
		l.offline("roll", err)
		return err
	}
	l.segs = append(l.segs, s)
	l.Flush(min(base, l.end))
	l.step(Rolled, base)
	return nil
}

// closeTimes completes the time index of the active segment, which lags behind by as
// much as the index does.
func (l *Log) closeTimes() error {
	s := l.active()
	if s.highest.time < 0 || !s.times.accepts(s.highest) {
		return nil
	}
	s.times = append(s.times, s.highest)
	return l.writeTimes(s, len(s.times)-1)
}
