package log

import (
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Read returns whole batches from the one that holds an offset on, of those that end
// below upTo: the high watermark for consumers, the end of the log for replicas. They
// are at most maxBytes, except that the first is returned whatever its size (KIP-74),
// and all of one segment. The first may begin before the offset. Nobody may change
// what is returned; it is a view of the disk.
func (l *Log) Read(from, upTo int64, maxBytes int) ([]byte, wire.ErrorCode) {
	if from < l.start || from > l.end {
		return nil, wire.OffsetOutOfRange
	}
	for i := l.floor(from); i < len(l.segs); i++ {
		s := l.segs[i]
		if s.base >= upTo {
			break
		}
		if from >= s.next {
			continue
		}
		at, err := s.locate(l.disk, from)
		if err != nil {
			return nil, wire.CorruptMessage
		}
		end, err := s.locate(l.disk, upTo)
		if err != nil {
			return nil, wire.CorruptMessage
		}
		if l.cfg.Bugs.Has(bugs.GapSkipsBatch) && i > l.floor(from) {
			at = s.behind(l.disk, at, end)
		}
		if at < end {
			return l.slice(s, at, end, maxBytes)
		}
		if end < s.size {
			break // the next batch is not below upTo
		}
	}
	return nil, wire.OK
}

// behind is where the second of the batches from a position on begins, the position itself
// if there is none.
func (s *segment) behind(d node.Disk, at, end int64) int64 {
	next := at
	s.walk(d, at, end, func(pos int64, _ batch.Batch) bool {
		next = pos
		return pos == at
	})
	return next
}

// slice returns the batches between two positions, as many as there is room for.
func (l *Log) slice(s *segment, at, end int64, maxBytes int) ([]byte, wire.ErrorCode) {
	if end-at <= int64(maxBytes) {
		return l.disk.ReadAt(s.name, at, int(end-at)), wire.OK
	}
	upto, err := s.walk(l.disk, at, end, func(pos int64, b batch.Batch) bool {
		return pos == at || pos-at+batchSize(b) <= int64(maxBytes)
	})
	if err != nil || upto == at {
		return nil, wire.CorruptMessage
	}
	return l.disk.ReadAt(s.name, at, int(upto-at)), wire.OK
}

// Batches shows the header of each batch that reaches the start of the log, or lies
// behind it, in the order of offsets.
func (l *Log) Batches(see func(batch.Batch)) error { return l.visit(l.start, see) }

// batchSize is how long a batch is of which at least the header is there.
func batchSize(header batch.Batch) int64 {
	n, err := batch.Size(header)
	if err != nil {
		panic("log: a batch that was one is none: " + err.Error())
	}
	return int64(n)
}

// TimedOffset is where a search by time ended.
type TimedOffset struct {
	Offset    int64
	Timestamp int64
	// Epoch is the leader epoch of the offset.
	Epoch int32
}

// OffsetForTime finds the first record at or behind the start of the log whose
// timestamp is at least time. False if there is none.
func (l *Log) OffsetForTime(time int64) (TimedOffset, bool) {
	for _, s := range l.segs {
		passed := s.highest.time < time || s.highest.time == time && l.cfg.Bugs.Has(bugs.EqualTimePassedOver)
		if passed || s.next <= l.start {
			continue
		}
		if found, ok := l.searchTime(s, time); ok {
			return found, true
		}
	}
	return TimedOffset{NoOffset, batch.NoTimestamp, NoEpoch}, false
}

func (l *Log) searchTime(s *segment, time int64) (found TimedOffset, ok bool) {
	first := s.times.floor(time, s.base)
	if l.cfg.Bugs.Has(bugs.TimeIndexOneTooFar) {
		first = s.times.after(time, first)
	}
	from := s.index.floor(max(first, l.start))
	s.walk(l.disk, from, s.size, func(at int64, b batch.Batch) bool {
		if b.MaxTimestamp() < time || b.LastOffset() < l.start {
			return true
		}
		whole := batch.Batch(l.disk.ReadAt(s.name, at, int(batchSize(b))))
		var rec batch.Record
		for r := whole.Records(); r.Next(&rec) && !ok; {
			if rec.Timestamp >= time && rec.Offset >= l.start {
				found, ok = TimedOffset{rec.Offset, rec.Timestamp, b.LeaderEpoch()}, true
			}
		}
		return !ok
	})
	return found, ok
}

// MaxTimestamp finds the first record that has the highest timestamp (KIP-734). False
// if there is no record.
func (l *Log) MaxTimestamp() (TimedOffset, bool) {
	highest := batch.NoTimestamp
	for _, s := range l.segs {
		highest = max(highest, s.highest.time)
	}
	if highest == batch.NoTimestamp {
		return TimedOffset{NoOffset, batch.NoTimestamp, NoEpoch}, false
	}
	return l.OffsetForTime(highest)
}
