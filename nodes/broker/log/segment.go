package log

import (
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/node"
)

// segment is a stretch of the log: a file of batches, and how to find them.
type segment struct {
	dir  string
	base int64
	name string // of the file
	// size is how long the file is, or will be when the chores are done.
	size int64
	// next is the offset behind the last batch, base if there is none.
	next int64
	// index and times are what the files of these names hold.
	index offsetIndex
	times timeIndex
	// indexed is where the latest entry of the index points to, or the beginning.
	indexed int64
	// Every batch before the position lastAt ends below lastBase. They are those of the
	// last batch, which nearly everybody reads; 0 if it is not known.
	lastBase, lastAt int64
	// highest is the highest timestamp, with the last offset of the first batch that
	// has it.
	highest moment
	// first is the highest timestamp of the first batch: the segment's age counts
	// from it, or from born, the broker's clock, if there is none.
	first, born int64
}

func newSegment(dir string, base, now int64) *segment {
	return &segment{
		dir: dir, base: base, name: fileName(dir, base, logFile), next: base,
		highest: moment{batch.NoTimestamp, base}, first: batch.NoTimestamp, born: now,
	}
}

func (s *segment) file(ending string) string { return fileName(s.dir, s.base, ending) }

// take accounts for a batch that lies at the end of the segment, and returns whether
// it is time for entries in the indexes.
func (s *segment) take(b batch.Batch, size int64, interval int64) (due bool) {
	if s.size == 0 {
		s.first = b.MaxTimestamp()
	}
	if b.MaxTimestamp() > s.highest.time {
		s.highest = moment{b.MaxTimestamp(), b.LastOffset()}
	}
	if due = s.size-s.indexed > interval; due {
		s.index = append(s.index, position{b.LastOffset(), s.size})
		s.indexed = s.size
		if s.times.accepts(s.highest) {
			s.times = append(s.times, s.highest)
		}
	}
	s.lastBase, s.lastAt = b.BaseOffset(), s.size
	s.size += size
	s.next = b.NextOffset()
	return due
}

// window is how much of a file is read at a time.
const window = 64 << 10

// walk visits the batches from a position that one begins at up to another. visit gets
// at least the header of each. It ends early when visit says so, or at something that
// is no batch, with the position of that.
func (s *segment) walk(d node.Disk, from, to int64, visit func(at int64, b batch.Batch) bool) (at int64, err error) {
	var view []byte
	begin := from // of the view
	for at = from; at < to; {
		if int(at-begin)+batch.HeaderBytes > len(view) {
			view, begin = d.ReadAt(s.name, at, int(min(window, to-at))), at
		}
		b := view[min(int(at-begin), len(view)):]
		size, err := batch.Size(b)
		if err != nil || size == 0 || len(b) < batch.HeaderBytes || at+int64(size) > to {
			return at, err
		}
		if !visit(at, batch.Batch(b[:min(size, len(b))])) {
			return at, nil
		}
		at += int64(size)
	}
	return at, nil
}

// locate returns the position of the first batch that ends at or behind an offset, the
// end if there is none.
func (s *segment) locate(d node.Disk, offset int64) (at int64, err error) {
	if offset >= s.next {
		return s.size, nil
	}
	from := s.index.floor(offset)
	if offset >= s.lastBase {
		from = max(from, s.lastAt)
	}
	return s.walk(d, from, s.size, func(_ int64, b batch.Batch) bool { return b.LastOffset() < offset })
}

// cut drops the batches from a position on, at which an offset would follow.
func (s *segment) cut(d node.Disk, at, next int64) error {
	s.index, s.times = s.index.cut(next), s.times.cut(next)
	s.indexed = 0
	if n := len(s.index); n > 0 {
		s.indexed = s.index[n-1].at
	}
	s.size, s.next = at, next
	s.lastBase, s.lastAt = 0, 0
	return s.tail(d)
}

// tail finds out what the indexes do not say: the highest timestamp, and the first
// one. The index may be shorter than the log by any amount.
func (s *segment) tail(d node.Disk) error {
	s.highest, s.first = moment{batch.NoTimestamp, s.base}, batch.NoTimestamp
	from := int64(0)
	if n := len(s.times); n > 0 {
		s.highest = s.times[n-1]
		from = s.index.floor(s.highest.last)
	}
	_, err := s.walk(d, 0, s.size, func(_ int64, b batch.Batch) bool {
		s.first = b.MaxTimestamp()
		return false
	})
	if err != nil {
		return err
	}
	_, err = s.walk(d, from, s.size, func(_ int64, b batch.Batch) bool {
		if b.MaxTimestamp() > s.highest.time {
			s.highest = moment{b.MaxTimestamp(), b.LastOffset()}
		}
		return true
	})
	return err
}

// age is how old the segment is at a batch with a timestamp, or now if it has none.
func (s *segment) age(time, now int64) int64 {
	if s.first >= 0 && time >= 0 {
		return time - s.first
	}
	return now - s.born
}
