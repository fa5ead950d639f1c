package log

import (
	"errors"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// validate holds what a producer sent to the rules of a leader, and returns a copy
// that may be stamped. A producer sends one batch of format 2 for a partition
// (KIP-98), with offsets from 0 on without gaps.
func (l *Log) validate(records []byte, now int64) (batch.Batch, wire.ErrorCode) {
	sent, rest, err := batch.Next(records)
	switch {
	case err != nil || sent != nil && len(rest) > 0:
		return nil, wire.InvalidRecord
	case sent == nil || sent.Check() != nil:
		return nil, wire.CorruptMessage
	case l.tooLong(sent):
		return nil, wire.MessageTooLarge
	case int64(len(sent)) > l.cfg.SegmentBytes:
		return nil, wire.RecordListTooLarge
	case !sent.Codec().Known():
		return nil, wire.UnsupportedCompressionType
	case sent.BaseOffset() != 0 && !sent.Has(batch.Control):
		return nil, wire.InvalidRecord
	case sent.Count() == 0 || sent.Count() != int(sent.LastOffsetDelta())+1 || sent.Has(batch.LogAppendTime):
		return nil, wire.InvalidRecord
	case sent.HasProducer() != (sent.BaseSequence() != batch.NoProducer) && !sent.Has(batch.Control):
		return nil, wire.InvalidRecord
	}
	highest, code := l.validateRecords(sent, now)
	if code != wire.OK {
		return nil, code
	}
	b, code := l.copied(sent)
	switch {
	case code != wire.OK:
		return nil, code
	case l.cfg.LogAppendTime:
		b.SetLogAppendTime(now)
	case highest != b.MaxTimestamp():
		b.SetMaxTimestamp(highest)
	}
	return b, wire.OK
}

// tooLong reports whether a batch is longer than the topic allows (max.message.bytes).
func (l *Log) tooLong(b batch.Batch) bool {
	return len(b) > l.cfg.MaxMessageBytes && !l.cfg.Bugs.Has(bugs.LengthUnchecked)
}

// copied returns a copy of a batch whose records have been read, in the codec of the topic.
// That may be longer than what was sent, and too long.
func (l *Log) copied(sent batch.Batch) (batch.Batch, wire.ErrorCode) {
	codec := l.cfg.Compression.Of(sent)
	if codec == sent.Codec() {
		l.scratch = append(l.scratch[:0], sent...)
		return l.scratch, wire.OK
	}
	b, err := sent.AppendRecoded(l.scratch[:0], codec, &l.packer)
	if err != nil {
		panic("log: records that were read cannot be read: " + err.Error())
	}
	l.scratch = b
	switch {
	case l.tooLong(b):
		return nil, wire.MessageTooLarge
	case int64(len(b)) > l.cfg.SegmentBytes:
		return nil, wire.RecordListTooLarge
	}
	return b, wire.OK
}

// validateRecords looks at each record, and returns the highest timestamp.
func (l *Log) validateRecords(b batch.Batch, now int64) (highest int64, code wire.ErrorCode) {
	highest = batch.NoTimestamp
	var rec batch.Record
	r := b.Records()
	for n := int64(0); r.Next(&rec); n++ {
		switch {
		case rec.Offset != b.BaseOffset()+n:
			return 0, wire.InvalidRecord
		case l.cfg.Compact && rec.Key == nil && !b.Has(batch.Control):
			return 0, wire.InvalidRecord
		case !l.cfg.LogAppendTime && !l.timely(rec.Timestamp, now):
			return 0, wire.InvalidTimestamp
		}
		highest = max(highest, rec.Timestamp)
	}
	switch {
	case errors.Is(r.Err(), batch.ErrTooLong):
		return 0, wire.InvalidRecord // to be sent again does not make it shorter
	case r.Err() != nil:
		return 0, wire.CorruptMessage
	}
	return highest, wire.OK
}

// timely reports whether the clock of a producer is near enough to that of the broker.
func (l *Log) timely(time, now int64) bool {
	if time < 0 {
		return false
	}
	if time < now {
		return now-time <= l.cfg.TimestampBeforeMaxMillis
	}
	return time-now <= l.cfg.TimestampAfterMaxMillis
}
